"""A made-up provider with its simulator, copied for each test: started, killed, started again, compared."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import time
import urllib.request
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from core import config
from tests.forks import Command, eventually, fork_server
from tests.installation import SERVER, free_port

SUBSCRIBERS = 30
SMALL_BATCHES = Path(__file__).with_name("small_batches.py")
PASSING = 120


@dataclass
class Site:
    """An installation with its database and its simulator."""

    folder: Path
    database_url: str
    settings: dict[str, str] = field(default_factory=dict)
    commands: list[Command] = field(default_factory=list)
    port: int = 0

    # --- processes -----------------------------------------------------------------------------------------

    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ABONA_")}
        return {**kept, "ABONA_INSTANCE": str(self.folder), "ABONA_DATABASE_URL": self.database_url,
                "ABONA_SIMULATORS_URL": f"http://127.0.0.1:{self.port}", "ABONA_PDF_PROCESSES": "1",
                "ABONA_LOG_LEVEL": "WARNING", "RUN_FIRST": str(SMALL_BATCHES), **self.settings}

    def start(self, *words: str, file_size: int | None = None) -> Command:
        """Start a command and leave it running."""
        return self._start(re.sub(r"\W+", "-", words[0]), words=words, file_size=file_size)

    def _start(self, name: str, **what: Any) -> Command:
        command = fork_server(True).start(str(self.folder / f"{name}-{len(self.commands)}"), self.environment(), **what)
        self.commands.append(command)
        return command

    def run(self, *words: str, codes: Sequence[int] = (0,), seconds: float = PASSING) -> Command:
        """Run a command to its end."""
        return self._ended(self.start(*words), codes, seconds)

    def _ended(self, command: Command, codes: Sequence[int] = (0,), seconds: float = PASSING) -> Command:
        code = command.wait(seconds)
        assert code in codes, f"{code}\n{command.out[-3000:]}\n{command.err[-6000:]}"
        return command

    def call(self, name: str, *words: str) -> Any:
        """The answer of `module:function` in an app context of this installation."""
        return json.loads(self._ended(self._start("call", call=[name, *words])).out)

    def simulate(self) -> Command:
        """Start the simulator; it goes on with what it knew."""
        self.port = self.port or free_port()
        command = self.start("simulators", "serve", "--port", str(self.port), "--state",
                             str(self.folder / "simulators"))
        eventually(lambda: self._answers(command), 20, 0.05)
        return command

    def _answers(self, command: Command) -> bool:
        assert command.poll() is None, command.err
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def arca(self, path: str, body: dict[str, Any] | None = None, **query: Any) -> Any:
        """`_sim/<path>` of ARCA."""
        return self.simulator("arca", path, body, **query)

    def simulator(self, service: str, path: str, body: dict[str, Any] | None = None, **query: Any) -> Any:
        """`_sim/<path>` of a simulator: POST with a body, else GET."""
        text = "&".join(f"{name}={value}" for name, value in query.items())
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/{service}/_sim/{path}?{text}",
                                         None if body is None else json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def fault(self, name: str, rate: float, seed: int, **more: Any) -> None:
        """Put a fault of ARCA in force."""
        self.arca("faults", {"fault": name, "rate": rate, "seed": seed, **more})

    def stop(self) -> None:
        for command in self.commands:
            command.kill()

    # --- copies --------------------------------------------------------------------------------------------

    def copy(self, folder: Path) -> Site:
        """The same installation at another place; nothing may be running on this one."""
        shutil.copytree(self.folder, folder, ignore=shutil.ignore_patterns("*.out", "*.err", "*.code"))
        if not SERVER:
            return Site(folder, f"sqlite:///{folder / 'abona.sqlite'}")
        return Site(folder, clone_database(self.database_url))

    def drop(self) -> None:
        if SERVER:
            drop_database(self.database_url)
        shutil.rmtree(self.folder, ignore_errors=True)

    # --- the month -----------------------------------------------------------------------------------------

    def bill(self, *words: str) -> Command:
        """Start `abona billing run` of this month."""
        return self.start("billing", "run", "--period", time.strftime("%Y-%m"), "--wait", "--patience", "60", "--json",
                          *words)

    def finish(self, seconds: float = PASSING) -> Command:
        """Bill to the end; there are refused documents and an exception, hence status 1."""
        return self._ended(self.bill(), (1,), seconds)

    def state(self) -> dict[str, Any]:
        """What there is now, as tests.chaos.state tells it."""
        return dict(self.call("tests.chaos.state:collect"))


def build(folder: Path, load: str = "tests.chaos.state:load", subscribers: int = SUBSCRIBERS) -> Site:
    """The provider that tests copy: loaded by this function, enabled, nothing billed."""
    folder.mkdir(parents=True)
    url = create_database() if SERVER else f"sqlite:///{folder / 'abona.sqlite'}"
    site = Site(folder, url)
    site.simulate()
    site.run("init")
    site.call(load, str(subscribers), f"http://127.0.0.1:{site.port}")
    site.arca("config", {"reg_x_req": 10})
    site.stop()
    site.commands.clear()
    return site


def moments(seed: int, count: int, longest: float) -> list[float]:
    """When to kill, in seconds after the start: half of them while much happens at once, in the beginning."""
    chance = random.Random(seed)
    return [chance.uniform(0.2, longest * (0.4 if chance.random() < 0.5 else 1)) for _number in range(count)]


def create_database() -> str:
    return _on_server("CREATE DATABASE {name}", f"abona_chaos_{uuid.uuid4().hex[:12]}")


def clone_database(url: str) -> str:
    template = sa.engine.make_url(url).database
    return _on_server(f"CREATE DATABASE {{name}} TEMPLATE {template}", f"abona_chaos_{uuid.uuid4().hex[:12]}")


def drop_database(url: str) -> None:
    _on_server("DROP DATABASE IF EXISTS {name} WITH (FORCE)", str(sa.engine.make_url(url).database))


def _on_server(statement: str, name: str) -> str:
    address = config._with_driver(SERVER)
    server = sa.create_engine(address, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(sa.text(statement.format(name=name)))
    server.dispose()
    return sa.engine.make_url(address).set(database=name).render_as_string(hide_password=False)
