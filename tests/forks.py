"""Processes of the product that tests start: forked (tests.forkserver), watched, told to stop, killed."""

from __future__ import annotations

import atexit
import functools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.config import ROOT


def eventually(question: Callable[[], Any], seconds: float = 120, every: float = 0.1) -> Any:
    """The first true answer; the test fails after so many seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if answer := question():
            return answer
        time.sleep(every)
    pytest.fail(f"did not happen in {seconds} s")


class Command:
    """A process that was started, with the usual names of subprocess.Popen; its files are `<files>.out` and `.err`."""

    def __init__(self, pid: int, files: str, err: str) -> None:
        self.pid, self._files, self._err = pid, files, err
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Its exit status; None while it runs, negative where a signal ended it."""
        path = Path(self._files + ".code")
        if self.returncode is None and path.exists():
            self.returncode = int(path.read_text())
        return self.returncode

    def wait(self, timeout: float = 120) -> int:
        eventually(lambda: self.poll() is not None, timeout, 0.01)
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """SIGKILL for the whole session: children and process groups of its own (RQ's work horses) too."""
        for pid in session(self.pid):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        eventually(lambda: not session(self.pid), 10, 0.01)

    @property
    def out(self) -> str:
        return Path(self._files + ".out").read_text()

    @property
    def err(self) -> str:
        return Path(self._err).read_text()


def session(leader: int) -> list[int]:
    """The living processes of a session."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == leader and fields[0] != "Z":
            found.append(int(path.parent.name))
    return found


class ForkServer:
    """The process that forks, one for the frame and one for the whole product."""

    def __init__(self, whole: bool) -> None:
        # a test may start processes from several threads, and each must get its own answer
        self._asking = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.forkserver", *(["whole"] if whole else [])], cwd=ROOT, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)})
        assert self._process.stdout and self._process.stdout.readline().strip() == "ready"
        atexit.register(self.stop)

    def start(self, files: str, environment: dict[str, str], stdin: str = os.devnull, err: str = "",
              **what: Any) -> Command:
        """Start one of `words=`, `script=`, `call=`; output goes to `<files>.out`, errors to `err` or `<files>.err`."""
        assert self._process.stdin and self._process.stdout
        err = err or files + ".err"
        wanted = {"environment": environment, "in": stdin, "out": files + ".out", "err": err, "code": files + ".code",
                  **what}
        for name in (wanted["out"], err):
            Path(name).touch()  # to be read at once
        with self._asking:
            self._process.stdin.write(json.dumps(wanted) + "\n")
            self._process.stdin.flush()
            pid = int(self._process.stdout.readline())
        return Command(pid, files, err)

    def stop(self) -> None:
        self._process.kill()
        self._process.wait(10)


@functools.cache
def fork_server(whole: bool) -> ForkServer:
    """The one of this test process; `whole` has imported every module, which is right only where all are enabled."""
    return ForkServer(whole)
