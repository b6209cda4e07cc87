"""Starts `abona` commands by forking a process that has imported everything: many can be started and killed.

A line of JSON on standard input starts one; its pid is answered. `words` beginning with "@" name a function that is
called in an app context with the rest, its answer printed as JSON. Batches are small, so that a few dozen subscribers
go through as many steps as thousands would.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any, NoReturn


def serve() -> None:
    """Until standard input ends."""
    _import_everything()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # whoever is killed leaves no zombie
    print("ready", flush=True)
    for line in sys.stdin:
        wanted = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _become(wanted)
        print(pid, flush=True)


def _import_everything() -> None:
    import xhtml2pdf.pisa  # noqa: F401
    import zeep  # noqa: F401

    from core import app, cli, simulators, worker  # noqa: F401
    from core.simulators import discovery, serving  # noqa: F401
    from modules.accounting import documents
    from modules.contracts import billing_run
    from modules.notifications import services

    discovery.available()
    billing_run.plan_run.__defaults__ = (12,)
    documents.BATCH = 8  # type: ignore[misc]
    services.BATCH = 10  # type: ignore[misc]


def _become(wanted: dict[str, Any]) -> NoReturn:
    """Run the command in a session of its own, its output in files; its exit status too, if it ends by itself."""
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    files = wanted["files"]
    for number, name in ((0, os.devnull), (1, files + ".out"), (2, files + ".err")):
        descriptor = os.open(name, os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.environ.clear()
    os.environ.update(wanted["environment"])
    _limit(wanted.get("file_size"))
    code = _run(wanted["words"])
    sys.stdout.flush()
    sys.stderr.flush()
    Path(files + ".code").write_text(str(code))
    os._exit(code)


def _limit(file_size: int | None) -> None:
    """No file may become larger: what a full disk looks like to who writes."""
    if file_size:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (file_size, file_size))


def _run(words: list[str]) -> int:
    try:
        if words[0].startswith("@"):
            return _call(words[0][1:], words[1:])
        from core import cli

        sys.argv = ["abona", *words]
        cli.main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    except BaseException:
        import traceback

        traceback.print_exc()
        return 99
    return 0


def _call(name: str, words: list[str]) -> int:
    from core.cli import app

    module, _colon, function = name.partition(":")
    with app().app_context():
        print(json.dumps(getattr(importlib.import_module(module), function)(*words), default=str))
    return 0


if __name__ == "__main__":
    serve()
