"""kill -9 in each write of a session, before and after the router did it: no command twice, no state lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from core import config, schema
from core.app import create_app
from core.config import ROOT
from core.db import db
from core.scope import company_scope
from core.simulators import Running, running
from modules.networking.models import Change, Connection
from tests.forks import eventually
from tests.installation import fresh_database
from tests.modules.networking import crowd

pytestmark = pytest.mark.slow
WORDS = [sys.executable, "-c", "from core.cli import main; main()", "network", "reconcile"]
SET, KICK = "/ppp/secret/set", "/ppp/active/remove"
ADD, CLOSE = "/ip/firewall/address-list/add", "/ip/firewall/connection/remove"


@dataclass
class Place:
    """An installation with one router whose subscribers are all to be cut, and its simulator."""

    app: Flask
    company_id: int
    environment: dict[str, str]
    simulator: Running

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = self.simulator.state("routeros", router="norte")["routers"]["norte"]
        return found

    def reconcile(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(WORDS, cwd=ROOT, env=self.environment, stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL)

    def killed_in_a_write(self, when: str) -> tuple[str, bool] | None:
        """A run that is killed while the router has its write and it has no answer; None where it had none to do."""
        self.simulator.fault("routeros", "hold", when=when)
        process = self.reconcile()
        eventually(lambda: self.state()["held"] or process.poll() is not None, 60, 0.01)
        held = self.state()["held"]
        process.send_signal(signal.SIGKILL)
        code = process.wait()
        still = self.state()["held"]
        self.simulator.post("routeros", "faults", {"fault": "hold", "rate": 0})
        eventually(lambda: not self.state()["held"], 20, 0.01)
        self.simulator.post("routeros", "advance", {"seconds": 5})
        if not held:
            assert code == 0
            return None
        # it was that write that the kill fell into: the router had it, and has it still without an answer
        assert code == -signal.SIGKILL and held == still and len(held) == 1
        return held[0]["command"], held[0]["is_done"]


@contextmanager
def place(folder: Path, people: int, method: str) -> Iterator[Place]:
    with fresh_database(folder, migrated=True) as url, running(["routeros"]) as simulator:
        app = create_app(config.load(instance=folder, database_url=url, redis_url="", secret_key="k", testing=True))
        with app.app_context():
            schema.upgrade()
            company_id = crowd.make(simulator.post, {"norte": people}, method).id
            crowd.cut_all(company_id)
            db.session.remove()
            db.engine.dispose()
        environment = {**os.environ, "ABONA_INSTANCE": str(folder), "ABONA_DATABASE_URL": url, "ABONA_SECRET_KEY": "k",
                       "ABONA_LOG_LEVEL": "ERROR", "ABONA_REDIS_URL": ""}
        yield Place(app, company_id, environment, simulator)


def prove(there: Place, people: int, commands: tuple[str, str]) -> None:
    """Each was written once for each, all of it is known, and what was never answered is on record as such."""
    state = there.state()
    for command in commands:
        times = Counter(name for one in state["log"] if one["command"] == command
                        for name in one["rows"] or [one["words"].get("address")])
        assert set(times.values()) == {1} and len(times) == people, command
    with there.app.app_context(), company_scope(there.company_id):
        states = Counter(db.session.scalars(sa.select(Change.state)))
        assert states["sending"] == 0 and states["unknown"] > 0
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Connection).where(
            Connection.applied == "cut", Connection.waits_since.is_(None), Connection.kick == "")) == people
        db.session.remove()
        db.engine.dispose()


def kill_in_every_write(there: Place) -> Counter[tuple[str, bool]]:
    """Until a run has nothing left to write; in turns before and after the router did what it was told."""
    fell: Counter[tuple[str, bool]] = Counter()
    for number in range(100):
        hit = there.killed_in_a_write(("after", "before")[number % 2])
        if hit is None:
            return fell
        fell[hit] += 1
    raise AssertionError(f"it never comes to an end: {fell}")


def test_a_run_that_is_killed_in_every_write_does_everything_once(tmp_path: Path) -> None:
    people = 200
    with place(tmp_path, people, "pppoe_profile") as there:
        fell = kill_in_every_write(there)
        # 50 ids a sentence
        assert fell == {(SET, True): 2, (SET, False): 2, (KICK, True): 2, (KICK, False): 2}
        assert there.reconcile().wait(60) == 0
        prove(there, people, (SET, KICK))
        seen = there.state()["connected"]
        assert {one["profile"] for one in seen.values()} == {"abona-cut"} and len(seen) == people


@pytest.mark.parametrize("what", ["restore", "plan"])
def test_who_paid_or_has_another_plan_is_thrown_off_once_whatever_is_killed_when(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    """The profile of the cut lists nobody here: no reading tells which sessions are old."""
    people = 60
    monkeypatch.setattr(crowd, "PROFILES", [{"name": "100M", "rate-limit": "20M/100M"},
                                            {"name": "abona-cut", "rate-limit": "64k/64k"}])
    with place(tmp_path, people, "pppoe_profile") as there:
        assert there.reconcile().wait(120) == 0
        there.simulator.post("routeros", "advance", {"seconds": 5})
        assert {one["profile"] for one in there.state()["connected"].values()} == {"abona-cut"}
        with there.app.app_context(), company_scope(there.company_id):
            crowd.restore_all(**({"speed_up_kbps": 50_000, "speed_down_kbps": 300_000} if what == "plan" else {}))
            db.session.remove()
            db.engine.dispose()
        fell = kill_in_every_write(there)
        assert fell[KICK, True] == fell[KICK, False] == fell[SET, True] == fell[SET, False] == 1
        assert there.reconcile().wait(60) == 0
        seen = there.state()["connected"]
        assert len(seen) == people and len({one["profile"] for one in seen.values()}) == 1
        assert "abona-cut" not in {one["profile"] for one in seen.values()}
        times = Counter(name for one in there.state()["log"] if one["command"] == KICK for name in one["rows"])
        assert set(times.values()) == {2} and len(times) == people  # once when they were cut


def test_addresses_are_listed_once_and_what_is_open_is_closed_whatever_is_killed_when(tmp_path: Path) -> None:
    people = 6
    with place(tmp_path, people, "address_list") as there:
        for number in range(1, people + 1):
            there.simulator.post("routeros", "connect", {"router": "norte", "src": f"10.5.0.{number}:51000",
                                                         "dst": "203.0.113.9:443"})
        fell = kill_in_every_write(there)
        assert {command for command, _done in fell} == {ADD, CLOSE} and fell[ADD, True] == fell[ADD, False] == 3
        assert there.state()["flows"] == {}
        entries = [row["address"] for row in there.state()["tables"]["/ip/firewall/address-list"]]
        assert sorted(entries) == [f"10.5.0.{number}" for number in range(1, people + 1)]
        prove(there, people, (ADD, ADD))
