"""A simulator in a process of its own, which goes on while the product is killed."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

from core.config import ROOT
from tests.installation import eventually, free_port


class Outside:
    """`url` is what ABONA_SIMULATORS_URL wants; `post` and `state` speak to `/<name>/_sim/`."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name, self.port = name, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "core.simulators", "serve", name, "--port", str(self.port), "--state",
             str(folder)], cwd=ROOT, stderr=subprocess.DEVNULL)
        eventually(self.state)

    def post(self, path: str, **body: Any) -> Any:
        request = urllib.request.Request(f"{self.url}/{self.name}/_sim/{path}", json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def state(self) -> Any:
        """What it holds; None while it does not answer."""
        try:
            with urllib.request.urlopen(f"{self.url}/{self.name}/_sim/state", timeout=10) as answer:
                return json.load(answer)
        except OSError:
            return None

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
