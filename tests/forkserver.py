"""Forks `abona` commands from a process that has imported everything: starting one costs a tenth of a new process.

Run as `python -m tests.forkserver` it knows the frame only, with "whole" every module too. A line of JSON on standard
input starts a process; its pid is answered, and its exit status (-9 where it was killed) is written to a file when it
ends. What to do: `words` of a command, `script` with Python text, or `call` with ["module:function", argument, ...],
whose answer is printed as JSON inside an app context.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import pkgutil
import signal
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

CHILDREN = {signal.SIGCHLD}
running: dict[int, str] = {}


def serve() -> None:
    """Until standard input ends."""
    import_all(whole="whole" in sys.argv)
    gc.freeze()  # the collector of a child need not touch, and so copy, what it shares with all others
    signal.signal(signal.SIGCHLD, _reap)
    print("ready", flush=True)
    for line in sys.stdin:
        wanted = json.loads(line)
        signal.pthread_sigmask(signal.SIG_BLOCK, CHILDREN)  # it must be on the list before it can end
        pid = os.fork()
        if pid == 0:
            _become(wanted)
        running[pid] = wanted["code"]
        signal.pthread_sigmask(signal.SIG_UNBLOCK, CHILDREN)
        print(pid, flush=True)


def import_all(whole: bool) -> None:
    """What a command would import: the frame, and where all modules are enabled those in their order."""
    import openpyxl  # noqa: F401
    import phonenumbers  # noqa: F401
    import zeep  # noqa: F401
    from sqlalchemy.dialects import sqlite  # noqa: F401

    import core
    from core import modules

    _import_files(core)
    if whole:
        from sqlalchemy.orm import configure_mappers

        modules.import_parts(modules.resolve(modules.available()))
        _import_files(modules.package)
        configure_mappers()


def _import_files(package: ModuleType) -> None:
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not {"__main__", "migrations"} & set(found.name.split(".")):
            importlib.import_module(found.name)


def _reap(*_signal: Any) -> None:
    while running:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not pid:
            return
        if path := running.pop(pid, ""):
            _write(path, str(os.waitstatus_to_exitcode(status)))


def _write(path: str, text: str) -> None:
    """At once or, where the test has removed its folder, not at all."""
    try:
        Path(path + ".part").write_text(text)
        os.replace(path + ".part", path)
    except OSError:
        return


def _become(wanted: dict[str, Any]) -> NoReturn:
    """Run it as the leader of a session, as a shell would have started it."""
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, CHILDREN)
    for number, name in ((0, wanted["in"]), (1, wanted["out"]), (2, wanted["err"])):
        descriptor = os.open(name, os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(descriptor, number)
        os.close(descriptor)
    sys.stdin = os.fdopen(0, closefd=False)  # the old one may hold what was read ahead
    os.environ.clear()
    os.environ.update(wanted["environment"])
    if wanted.get("file_size"):  # what a full disk looks like to who writes
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (wanted["file_size"], wanted["file_size"]))
    code = _run(wanted)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _run(wanted: dict[str, Any]) -> int:
    try:
        if first := wanted["environment"].get("RUN_FIRST"):
            exec(compile(Path(first).read_text(), first, "exec"), {})
        if "script" in wanted:
            exec(compile(wanted["script"], "<test>", "exec"), {"__name__": "__main__"})
        elif "call" in wanted:
            _call(*wanted["call"])
        else:
            from core import cli

            sys.argv = [str(Path(sys.executable).with_name("abona")), *wanted["words"]]
            cli.main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        import traceback

        traceback.print_exc()
        return 1
    return 0


def _call(name: str, *words: str) -> None:
    from core.cli import app

    module, _colon, function = name.partition(":")
    with app().app_context():
        print(json.dumps(getattr(importlib.import_module(module), function)(*words), default=str))


if __name__ == "__main__":
    serve()
