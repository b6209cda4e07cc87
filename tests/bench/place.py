"""Databases of a benchmark's own, an installation on them, and other processes that work there."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask

from core import config
from core.config import ROOT


@dataclass(frozen=True)
class Place:
    """An installation's folder and database."""

    folder: Path
    url: str

    @property
    def is_sqlite(self) -> bool:
        return self.url.startswith("sqlite")

    def app(self, **more: Any) -> Flask:
        """The app of this installation, in this process."""
        from core.app import create_app

        return create_app(config.load(**{"instance": self.folder, "database_url": self.url, "redis_url": "",
                                         "secret_key": "benchmark", "log_level": "ERROR", **more}))

    def worker(self) -> Worker:
        return Worker(self)

    @contextmanager
    def crew(self) -> Iterator[list[Worker]]:
        """The workers that an installation like this has: one on SQLite, one per core (four at most) on PostgreSQL."""
        count = 1 if self.is_sqlite else min(os.cpu_count() or 1, 4)
        with ExitStack() as stack:
            yield [stack.enter_context(self.worker()) for _number in range(count)]

    @contextmanager
    def copy(self) -> Iterator[str]:
        """The address of a database that is the same now; nobody may be connected to this one."""
        if self.is_sqlite:
            path, source = self.folder / f"control-{uuid.uuid4().hex[:6]}.sqlite", self.folder / "bench.sqlite"
            with closing(sqlite3.connect(source)) as connection:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            shutil.copy(source, path)
            yield f"sqlite:///{path}"
            return
        with _made(self.url, f"TEMPLATE {sa.engine.make_url(self.url).database}") as url:
            yield url


@contextmanager
def place(server: str) -> Iterator[Place]:
    """An empty installation: SQLite where no server is named."""
    folder = Path(tempfile.mkdtemp(prefix="abona-bench-"))
    try:
        if not server:
            yield Place(folder, f"sqlite:///{folder / 'bench.sqlite'}")
        else:
            with _made(config._with_driver(server), "") as url:
                yield Place(folder, url)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _made(url: str, options: str) -> Iterator[str]:
    """A new database on the server of this address."""
    name = f"abona_bench_{uuid.uuid4().hex[:10]}"
    server = sa.create_engine(sa.engine.make_url(url).set(database="postgres"), isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name} {options}"))
    try:
        yield sa.engine.make_url(url).set(database=name).render_as_string(hide_password=False)
    finally:
        with server.connect() as connection:
            connection.execute(sa.text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        server.dispose()


class Worker:
    """A fresh process with the app of a place: `ask("bill", ...)` calls that function of tests.bench.product."""

    def __init__(self, where: Place) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.product", str(where.folder), where.url], cwd=ROOT, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)})

    def ask(self, function: str, **arguments: Any) -> dict[str, Any]:
        self.tell(function, **arguments)
        return self.answer()

    def tell(self, function: str, **arguments: Any) -> None:
        """Ask without waiting for the answer."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps([function, arguments]) + "\n")
        self._process.stdin.flush()

    def answer(self) -> dict[str, Any]:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the measured process ended: {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_error: Any) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(60)
