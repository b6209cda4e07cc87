"""kill -9 in the middle of a session, again and again: no command twice, nothing lost."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from core import config, schema
from core.app import create_app
from core.config import ROOT
from core.db import db
from core.scope import company_scope
from core.simulators import running
from modules.networking.models import Change, Connection
from tests.installation import fresh_database
from tests.modules.networking import crowd

pytestmark = pytest.mark.slow
PEOPLE, KILLS = 200, 4


def test_a_run_that_is_killed_again_and_again_does_everything_once(tmp_path: Path) -> None:
    chance = random.Random(7)
    with fresh_database(tmp_path, migrated=True) as url, running(["routeros"]) as simulator:
        app = create_app(config.load(instance=tmp_path, database_url=url, redis_url="", secret_key="k", testing=True))
        with app.app_context():
            schema.upgrade()
            company_id = crowd.make(simulator.post, {"norte": PEOPLE}).id
            crowd.cut_all(company_id)
            db.session.remove()
            db.engine.dispose()
        simulator.fault("routeros", "slow", seconds=0.05)
        environment = {**os.environ, "ABONA_INSTANCE": str(tmp_path), "ABONA_DATABASE_URL": url,
                       "ABONA_SECRET_KEY": "k", "ABONA_LOG_LEVEL": "ERROR", "ABONA_REDIS_URL": ""}
        words = [sys.executable, "-c", "from core.cli import main; main()", "network", "reconcile"]
        begun = _commands(simulator)
        for _number in range(KILLS):
            process = subprocess.Popen(words, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)
            end = time.monotonic() + 60
            while _commands(simulator) <= begun and process.poll() is None and time.monotonic() < end:
                time.sleep(0.005)  # until it speaks to the router
            time.sleep(chance.random() * 1.2)
            process.send_signal(signal.SIGKILL)
            process.wait()
            begun = _commands(simulator)
            simulator.post("routeros", "advance", {"seconds": 5})
        assert subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, timeout=120).returncode == 0
        _prove(simulator, app, company_id)


def _commands(simulator: Any) -> int:
    return sum(simulator.state("routeros")["routers"]["norte"]["counts"].values())


def _prove(simulator: Any, app: Any, company_id: int) -> None:
    state = simulator.state("routeros")["routers"]["norte"]
    for command in ("/ppp/secret/set", "/ppp/active/remove"):
        times = Counter(name for one in state["log"] if one["command"] == command for name in one["rows"])
        assert set(times.values()) == {1} and len(times) == PEOPLE, command
    simulator.post("routeros", "advance", {"seconds": 5})
    seen = simulator.state("routeros")["routers"]["norte"]["connected"]
    assert {one["profile"] for one in seen.values()} == {"abona-cut"} and len(seen) == PEOPLE
    with app.app_context(), company_scope(company_id):
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Connection).where(
            Connection.applied == "cut", Connection.waits_since.is_(None), Connection.kick == "")) == PEOPLE
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Change).where(Change.state == "sending")) == 0
        db.session.remove()
        db.engine.dispose()
