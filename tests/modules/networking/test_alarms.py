"""Who paid and is still cut, who is cut and still on: also where only his session is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from core import clock
from core.db import db
from core.models import Company
from modules.networking import checks, moving, queries, services
from modules.networking.drivers.routeros import driver
from modules.networking.models import Connection, Router
from modules.networking.ports import Step
from tests.modules.networking.conftest import Net, connection_of
from tests.modules.networking.test_reconciling import cut, later, restore

Run = Callable[[], int]


def refuses_kicks(monkeypatch: pytest.MonkeyPatch) -> None:
    real = driver.Session.apply

    def apply(self: driver.Session, step: Step) -> dict[int, str]:
        if step.action == "kick":
            return dict.fromkeys(step.connection_ids, "failure: busy")
        return real(self, step)

    monkeypatch.setattr(driver.Session, "apply", apply)


def counts(company: Company) -> str:
    return str(db.session.scalar(sa.select(queries.trouble_counts(company)))).rsplit("/", 2)[0]


@pytest.mark.parametrize("listed", [True, False])
def test_a_session_that_cannot_be_thrown_off_is_an_alarm_both_ways(
        net: Net, norte: Router, company: Company, run_jobs: Run, frozen: Callable[..., dt.datetime],
        monkeypatch: pytest.MonkeyPatch, listed: bool) -> None:
    """`listed`: the profile of the cut puts who has it on a list, so that every reading shows who is connected how."""
    if not listed:
        net.post("change", router="norte", menu="/ppp/profile", where={"name": "abona-cut"}, to={"address-list": ""})
    cut(net.contracts["u1"])
    run_jobs()
    net.advance()
    refuses_kicks(monkeypatch)
    restore(net.contracts["u1"])
    cut(net.contracts["u2"])
    run_jobs()
    assert (net.sees("u1"), net.sees("u2")) == ("abona-cut", "100M")
    assert counts(company) == "0/0" and checks.connections_still_cut()[0]
    later(frozen, 16)
    services.ask([norte.id])
    db.session.commit()
    run_jobs()
    assert counts(company) == "1/1"
    for check, name in ((checks.connections_still_cut, "u1"), (checks.connections_still_on, "u2")):
        assert check() == (False, 1, net.contracts[name].number)


@pytest.mark.parametrize(("name", "desired", "difference", "expected"), [
    ("u1", "on", "still_cut", "1/0"), ("u1", "cut", "still_on", "0/1"), ("u1", "gone", "still_on", "0/1"),
    ("u1", "on", "speed", "0/0"), ("u1", "on", "", "0/0")])
def test_what_is_stored_right_is_an_alarm_while_the_session_is_not(
        net: Net, norte: Router, company: Company, name: str, desired: str, difference: str, expected: str) -> None:
    row = connection_of(net.contracts[name])
    row.desired = row.applied = desired
    row.difference, row.waits_since = difference, clock.now() - dt.timedelta(minutes=16)
    db.session.commit()
    assert counts(company) == expected
    row.waits_since = clock.now() - dt.timedelta(minutes=14)
    db.session.commit()
    assert counts(company) == "0/0"


def test_a_place_that_was_left_and_is_still_cut_is_listed(
        net: Net, norte: Router, company: Company, login: Callable[..., FlaskClient], run_jobs: Run) -> None:
    cut(net.contracts["u1"])
    run_jobs()
    row = connection_of(net.contracts["u1"])
    moving.leave(row)
    row.waits_since = clock.now() - dt.timedelta(minutes=16)
    db.session.commit()
    assert counts(company) == "1/0" and checks.connections_still_cut() == (False, 1, "u1")
    browser = login("networking.view_network", "contracts.view_contracts")
    page = browser.get("/network/connections?which=still_cut").get_data(as_text=True)
    assert "u1" in page and f"/network/routers/{norte.id}" in page
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Connection)) == 3
