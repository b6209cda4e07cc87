"""`abona network reconcile` and `status`: what they say, what they write, and their exit status."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask

from core import checks, schema
from core import cli as frame
from core.db import db
from core.scope import every_company
from modules.contracts import services as contracts
from modules.networking.cli import cli
from modules.networking.models import Connection, Router
from tests.modules.networking.conftest import Net
from tests.modules.networking.test_reconciling import SET, cut, later


@pytest.fixture
def command(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, Any]]:
    """`command("status")`: exit status and JSON."""
    monkeypatch.setattr(frame, "app", lambda: app)
    monkeypatch.setattr(schema, "require_current", lambda: None)  # the test's engine is one connection

    def run(*words: str) -> tuple[int, Any]:
        done = CliRunner().invoke(cli, [*words, "--company", "rcw", "--json"], standalone_mode=False)
        if done.exception:
            raise done.exception
        return done.return_value, json.loads(done.stdout)

    return run


def test_a_dry_run_says_what_the_run_then_writes(net: Net, norte: Router, command: Any) -> None:
    contracts.suspend(net.contracts["u1"], "arrears")
    db.session.commit()
    code, told = command("reconcile", "--dry-run", "--router", "norte")
    assert (code, net.count(SET)) == (0, 0)
    code, done = command("reconcile")
    assert (code, net.count(SET)) == (0, 1)
    assert told["routers"][0]["changes"] == done["routers"][0]["changes"] == [
        {"contract": net.contracts["u1"].number, "action": "cut", "words": "/ppp/secret/set profile=abona-cut"},
        {"contract": net.contracts["u1"].number, "action": "kick", "words": "/ppp/active/remove"}]
    assert command("reconcile")[1]["routers"][0]["changes"] == []


def test_exit_status_tells_an_absent_router_from_one_that_waits_for_a_person(
        net: Net, norte: Router, command: Any) -> None:
    net.fault("refuse")
    assert command("reconcile")[0] == 3
    net.end_faults()
    net.fault("bad_login")
    code, told = command("reconcile")
    assert (code, told["routers"][0]["code"]) == (1, "bad_login")
    code, told = command("status")
    assert (code, told["routers"][0]["state"], told["routers"][0]["linked"]) == (1, "stopped", 3)


def test_the_doctor_tells_who_paid_and_is_still_cut(
        net: Net, norte: Router, run_jobs: Callable[[], int], frozen: Any) -> None:
    def ask(name: str) -> tuple[bool, str]:
        with every_company():
            found = checks.run_all([name])[0]
        return found.ok, found.detail

    cut(net.contracts["u1"])
    run_jobs()
    net.fault("refuse")
    contracts.restore(net.contracts["u1"])
    cut(net.contracts["u2"])
    run_jobs()
    assert ask("connections_still_cut")[0] and ask("connections_still_on")[0]  # still on its way
    later(frozen, 20)
    assert ask("connections_still_cut") == (False, net.contracts["u1"].number)
    assert ask("connections_still_on") == (False, net.contracts["u2"].number)
    assert ask("routers_obey")[0] is False
    db.session.query(Connection).update({"waits_since": None})
    db.session.commit()
    assert ask("connections_still_cut")[0] and ask("routers_without_strangers")[0]
