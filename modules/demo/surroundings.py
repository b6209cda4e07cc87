"""The simulators in a process of their own: those that answer already, else ones that end with the block."""

from __future__ import annotations

import datetime as dt
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import current_app

from core.config import ROOT, Settings
from core.errors import CannotRun, Rejected, Unavailable, Unknown
from core.i18n import _

PATIENCE = 30


class Simulators:
    """Where they are; `post` sets them up."""

    def __init__(self, url: str, process: subprocess.Popen[bytes] | None = None) -> None:
        self.url, self.process = url, process

    def post(self, name: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """POST /<name>/_sim/<path>."""
        request = urllib.request.Request(f"{self.url}/{name}/_sim/{path}", json.dumps(body).encode(),
                                         {"Content-Type": "application/json"})
        with asking(self.url), urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return dict(json.load(answer))

    def hold(self, names: Iterable[str], moment: dt.datetime | None) -> None:
        """Hold the clocks of these at a moment; None lets them go."""
        for name in names:
            self.post(name, "config", {"now": moment.isoformat() if moment else None})

    def stop(self) -> None:
        """End the process, if it is ours."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@contextmanager
def asking(url: str) -> Iterator[None]:
    """What goes wrong between us and a simulator there, as talks with the outside end."""
    try:
        yield
    except urllib.error.HTTPError as error:
        raise Rejected(error.read().decode(errors="replace")[:500]) from error
    except OSError as error:
        refused = isinstance(getattr(error, "reason", error), ConnectionRefusedError)
        raise (Unavailable if refused else Unknown)(_("The simulators at %(url)s do not answer (%(reason)s).", url=url,
                                                      reason=str(error))) from error


@contextmanager
def simulators(port: int | None = None) -> Iterator[Simulators]:
    """Running simulators, also for the rest of this process; what they know is kept in the instance folder.

    `port` is for those that are started here; by default the configured address, or a free port where that is taken.
    """
    settings: Settings = current_app.extensions["abona"]
    found = Simulators(settings.simulators_url.rstrip("/"))
    if port is not None or not answers(found.url):
        found = _start(settings, port)
    current_app.extensions["abona"] = replace(settings, simulators_url=found.url)
    before = os.environ.get("ABONA_SIMULATORS_URL")
    os.environ["ABONA_SIMULATORS_URL"] = found.url  # for workers that are started from here
    try:
        yield found
    finally:
        current_app.extensions["abona"] = settings
        os.environ.pop("ABONA_SIMULATORS_URL")
        if before is not None:
            os.environ["ABONA_SIMULATORS_URL"] = before
        found.stop()


def answers(url: str) -> bool:
    """Whether simulators of this product listen there."""
    try:
        with urllib.request.urlopen(f"{url}/", timeout=2) as answer:
            return "simulators" in json.load(answer)
    except (OSError, ValueError):
        return False


def _start(settings: Settings, port: int | None) -> Simulators:
    """A process whose state outlives it, so that numbers go on after a restart."""
    if port is None:
        wanted = urlsplit(settings.simulators_url)
        local = wanted.hostname in ("127.0.0.1", "localhost")
        port = wanted.port if local and wanted.port and _is_free(wanted.port) else free_port()
    url, folder = f"http://127.0.0.1:{port}", settings.instance / "simulators"
    if answers(url):
        return Simulators(url)
    words = ["serve", "--port", str(port), "--state", str(folder), "--with-parent", str(os.getpid())]
    process = subprocess.Popen([sys.executable, "-m", "core.simulators", *words], cwd=ROOT, start_new_session=True,
                               stdout=subprocess.DEVNULL, stderr=(_log(settings.instance)).open("wb"))
    found = Simulators(url, process)
    end = time.monotonic() + PATIENCE
    while not answers(url):
        if process.poll() is not None or time.monotonic() > end:
            found.stop()
            raise CannotRun(_("To go on, the simulators must start; they did not on port %(port)s: %(reason)s",
                              port=port, reason=_last_line(settings.instance)))
        time.sleep(0.1)
    return found


def _log(instance: Path) -> Path:
    return instance / "simulators.log"


def _last_line(instance: Path) -> str:
    lines = _log(instance).read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else ""


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
