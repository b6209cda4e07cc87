"""An installation of a test's own: folder, database, and the `abona` command in real processes."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import textwrap
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from core import config, schema
from core.app import create_app
from core.db import db
from tests.forks import Command, eventually, fork_server

SERVER = os.environ.get("ABONA_TEST_DATABASE_URL", "")
REDIS = os.environ.get("ABONA_TEST_REDIS_URL", "")
PROBE = '''"""A module of a test."""
from core.modules import Manifest
MANIFEST = Manifest(title="Probe")
'''
ABONA = Path(sys.executable).with_name("abona")


@contextmanager
def fresh_database(folder: Path, *, migrated: bool = False) -> Iterator[str]:
    """The address of a database: a file in the folder, or one on the server that the environment names.

    It is empty, or a copy of one that was brought up to date once in this process.
    """
    if not SERVER:
        file = folder / "test.sqlite"
        if migrated:
            shutil.copy(_migrated(), file)
        yield f"sqlite:///{file}"
        return
    with _on_server(f"TEMPLATE {_migrated()}" if migrated else "") as url:
        yield url


@contextmanager
def _on_server(how: str) -> Iterator[str]:
    name = f"abona_test_{uuid.uuid4().hex[:12]}"
    _server(f"CREATE DATABASE {name} {how}")
    try:
        yield sa.engine.make_url(config._with_driver(SERVER)).set(database=name).render_as_string(hide_password=False)
    finally:
        _server(f"DROP DATABASE {name} WITH (FORCE)")


def _server(statement: str) -> None:
    engine = sa.create_engine(config._with_driver(SERVER), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(statement))
    engine.dispose()


@lru_cache(maxsize=1)
def _migrated() -> str:
    """The file or the name of a database at head, to be copied; it lives as long as this process."""
    stack = ExitStack()
    atexit.register(stack.close)
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    url = stack.enter_context(fresh_database(folder))
    app = create_app(config.load(instance=folder, database_url=url, redis_url="", secret_key="t", testing=True))
    with app.app_context():
        schema.upgrade()
        db.session.remove()
        db.engine.dispose()
    return str(sa.engine.make_url(url).database)


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
    processes: list[Command | subprocess.Popen[str]] = field(default_factory=list)

    def environment(self, **more: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items()
                if not name.startswith("ABONA_") or name == "ABONA_MODULES"}
        own = {"ABONA_INSTANCE": str(self.folder), "ABONA_DATABASE_URL": self.database_url,
               "ABONA_PDF_PROCESSES": "1",  # each would load the renderer for the few documents of a test
               **self.settings, **more}
        kept.pop("PYTHONDONTWRITEBYTECODE", None)  # many processes start: they need not compile all of it each time
        return {**kept, **own}

    def abona(self, *words: str, stdin: str = "", code: int | None = 0, timeout: float = 120, **env: str) -> Result:
        """Run a command; `code` is the exit status that must come (None: any)."""
        done = self._run(stdin, timeout, env, words=words)
        if code is not None:
            assert done.code == code, f"abona {' '.join(words)}: {done.code}\n{done.out}\n{done.err}"
        return done

    def _run(self, stdin: str, timeout: float, env: dict[str, str], **what: Any) -> Result:
        with tempfile.TemporaryDirectory() as name:
            (given := Path(name) / "in").write_text(stdin)
            process = self._fork(f"{name}/command", env, stdin=str(given), **what)
            try:
                return Result(process.wait(timeout), process.out, process.err)
            finally:
                if process.returncode is None:
                    process.kill()

    def _fork(self, files: str, env: dict[str, str], **more: Any) -> Command:
        """A process with this installation's settings; where some modules are off, those must not be imported."""
        environment = self.environment(**env)
        return fork_server("ABONA_MODULES" not in environment).start(files, environment, **more)

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

    def start(self, *words: str, **env: str) -> Command:
        """Start a command that goes on; it is killed when the test ends. `log` tells what it wrote."""
        return self._keep(words[0], env, words=words)

    def start_python(self, code: str, **env: str) -> Command:
        """The same for Python inside an app context."""
        return self._keep("python", env, script=_inside_app(code))

    def _keep(self, name: str, env: dict[str, str], **what: Any) -> Command:
        files = str(self.folder / f"{name}-{len(self.processes)}")
        process = self._fork(files, env, err=files + ".out", **what)
        self.processes.append(process)
        return process

    def log(self, process: Command) -> str:
        return process.out

    def python(self, code: str, **env: str) -> str:
        """Run Python inside an app context of this installation; what it prints."""
        done = self._run("", 120, env, script=_inside_app(code))
        assert done.code == 0, done.err
        return done.out.strip()

    @contextmanager
    def app(self, **more: Any) -> Iterator[Flask]:
        """An app of this installation in the test's own process, with its context."""
        from core.app import create_app
        from core.db import db

        own = {name.removeprefix("ABONA_").lower(): value for name, value in self.settings.items()}
        with _forgotten():
            made = create_app(config.load(**{"instance": self.folder, "database_url": self.database_url,
                                             "redis_url": "", "testing": True, **own, **more}))
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


@contextmanager
def _forgotten() -> Iterator[None]:
    """Modules of a test's own are on no other test's disk, and their jobs on no other's list."""
    import modules as package
    from core import jobs, modules

    path = list(package.__path__)
    kept = {id(known): dict(known) for known in (jobs.functions, jobs.schedules)}
    try:
        yield
    finally:
        package.__path__[:] = path
        modules._names_on_disk.cache_clear()
        for known in (jobs.functions, jobs.schedules):
            for name in set(known) - set(kept[id(known)]):
                if name.startswith("modules.probe."):
                    del known[name]  # type: ignore[attr-defined]


def _inside_app(code: str) -> str:
    head = "from core.app import create_app\nfrom core.db import db\nwith create_app().app_context():\n"
    return head + textwrap.indent(textwrap.dedent(code), "    ")


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
