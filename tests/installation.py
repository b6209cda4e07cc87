"""An installation of a test's own: folder, database, and the `abona` command in real processes."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from core import config
from core.config import ROOT

SERVER = os.environ.get("ABONA_TEST_DATABASE_URL", "")
REDIS = os.environ.get("ABONA_TEST_REDIS_URL", "")
PROBE = '''"""A module of a test."""
from core.modules import Manifest
MANIFEST = Manifest(title="Probe")
'''
ABONA = Path(sys.executable).with_name("abona")


@contextmanager
def fresh_database(folder: Path) -> Iterator[str]:
    """The address of an empty database: a file in the folder, or one on the server that the environment names."""
    if not SERVER:
        yield f"sqlite:///{folder / 'test.sqlite'}"
        return
    name = f"abona_test_{uuid.uuid4().hex[:12]}"
    server = sa.create_engine(config._with_driver(SERVER), isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    try:
        yield sa.engine.make_url(config._with_driver(SERVER)).set(database=name).render_as_string(hide_password=False)
    finally:
        with server.connect() as connection:
            connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
        server.dispose()


_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(["__main__", "tests.installation", "core.app", "core.web", "core.admin", "core.commands",
                               "core.backups_cli", "core.restoring", "core.users_cli", "core.simulators"])


def _become(env: dict[str, str], folder: Path) -> None:
    """Make this process what a shell would have started."""
    os.environ.clear()
    os.environ.update(env)
    os.chdir(ROOT)
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    sys.stdin = (folder / "in").open()
    if first := env.get("RUN_FIRST"):
        exec(compile(Path(first).read_text(), first, "exec"), {})


def _command(words: tuple[str, ...], env: dict[str, str], folder: Path) -> None:
    _become(env, folder)
    sys.argv = [str(ABONA), *words]
    from core.cli import main

    main()


def _script(code: str, env: dict[str, str], folder: Path) -> None:
    _become(env, folder)
    exec(compile(code, "<test>", "exec"), {"__name__": "__main__"})


@dataclass
class Result:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON document on standard output; anything more is an error."""
        return json.loads(self.out)


@dataclass
class Installation:
    """`abona(...)` runs a command to its end, `start(...)` leaves it running; both get this installation's settings."""

    folder: Path
    database_url: str
    settings: dict[str, str] = field(default_factory=dict)
    processes: list[subprocess.Popen[str]] = field(default_factory=list)

    def environment(self, **more: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items()
                if not name.startswith("ABONA_") or name == "ABONA_MODULES"}
        own = {"ABONA_INSTANCE": str(self.folder), "ABONA_DATABASE_URL": self.database_url, **self.settings, **more}
        kept.pop("PYTHONDONTWRITEBYTECODE", None)  # many processes start: they need not compile all of it each time
        return {**kept, **own}

    def abona(self, *words: str, stdin: str = "", code: int | None = 0, timeout: float = 120, **env: str) -> Result:
        """Run a command; `code` is the exit status that must come (None: any)."""
        done = self._run(_command, words, stdin, timeout, env)
        if code is not None:
            assert done.code == code, f"abona {' '.join(words)}: {done.code}\n{done.out}\n{done.err}"
        return done

    def _run(self, what: Callable[..., None], given: Any, stdin: str, timeout: float, env: dict[str, str]) -> Result:
        """In a process of its own, forked from one that has loaded the frame already: half the time of a new one."""
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "in").write_text(stdin)
            process = _forks.Process(target=what, args=(given, self.environment(**env), folder))
            process.start()
            process.join(timeout)
            if process.exitcode is None:
                process.kill()
                pytest.fail(f"{given} did not end in {timeout} s")
            return Result(process.exitcode, (folder / "out").read_text(), (folder / "err").read_text())

    def write_module(self, name: str, **files: str) -> Path:
        """Write a module into a folder of this installation and switch it on beside the others; its folder."""
        root = self.folder.parent / "modules_path"
        package = root / name
        package.mkdir(parents=True, exist_ok=True)
        for file, text in {"__init__": PROBE, **files}.items():
            (package / f"{file}.py").write_text(textwrap.dedent(text))
        self.settings["ABONA_MODULES_PATH"] = str(root)
        return package

    def init(self, *words: str) -> Result:
        return self.abona("init", *words)

    def start(self, *words: str, **env: str) -> subprocess.Popen[str]:
        """Start a command that goes on; it is killed when the test ends. Its log is in <folder>/<command>-<n>.log."""
        log = self.folder / f"{words[0]}-{len(self.processes)}.log"
        with log.open("w") as file:
            process = subprocess.Popen([str(ABONA), *words], stdout=file, stderr=file, text=True, cwd=ROOT,
                                       env=self.environment(**env))
        self.processes.append(process)
        return process

    def log(self, process: subprocess.Popen[str]) -> str:
        return next(self.folder.glob(f"*-{self.processes.index(process)}.log")).read_text()

    def python(self, code: str, **env: str) -> str:
        """Run Python inside an app context of this installation; what it prints."""
        head = "from core.app import create_app\nfrom core.db import db\nwith create_app().app_context():\n"
        done = self._run(_script, head + textwrap.indent(textwrap.dedent(code), "    "), "", 120, env)
        assert done.code == 0, done.err
        return done.out.strip()

    @contextmanager
    def app(self, **more: Any) -> Iterator[Flask]:
        """An app of this installation in the test's own process, with its context."""
        from core.app import create_app
        from core.db import db

        own = {name.removeprefix("ABONA_").lower(): value for name, value in self.settings.items()}
        made = create_app(config.load(**{"instance": self.folder, "database_url": self.database_url, "redis_url": "",
                                         "testing": True, **own, **more}))
        with made.app_context():
            try:
                yield made
            finally:
                db.session.remove()
                db.engine.dispose()

    def stop(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait(10)


def eventually(question: Callable[[], Any], seconds: float = 30, every: float = 0.1) -> Any:
    """The first true answer; the test fails after so many seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if answer := question():
            return answer
        time.sleep(every)
    pytest.fail(f"did not happen in {seconds} s")


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class RedisServer:
    """A Redis of the test's own, which it may stop and start again; it keeps nothing."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        eventually(self._answers, 10)

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


@contextmanager
def own_redis() -> Iterator[RedisServer]:
    """A Redis server where Redis is tested at all (ABONA_TEST_REDIS_URL is set); skips elsewhere."""
    if not REDIS:
        pytest.skip("ABONA_TEST_REDIS_URL is not set")
    if not shutil.which("redis-server"):
        pytest.skip("the program redis-server is missing")
    server = RedisServer()
    server.start()
    try:
        yield server
    finally:
        server.stop()
