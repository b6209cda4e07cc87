"""Who is connected runs with what was stored when he dialled: he is thrown off, whatever is lost in between."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from core.db import db
from core.errors import Unknown
from modules.contracts import services as contracts
from modules.contracts.models import Contract, Plan
from modules.networking import services
from modules.networking.drivers.routeros import driver
from modules.networking.models import Router
from modules.networking.ports import Step
from tests.modules.networking.conftest import Net, connection_of
from tests.modules.networking.test_reconciling import KICK, cut, restore

Run = Callable[[], int]


@contextmanager
def lost_before_the_kick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The connection is lost after what the router stores was written."""
    real = driver.Session.apply

    def apply(self: driver.Session, step: Step) -> dict[int, str]:
        if step.action == "kick":
            raise Unknown("closed by the router")
        return real(self, step)

    with monkeypatch.context() as broken:
        broken.setattr(driver.Session, "apply", apply)
        yield


def again(router: Router, run_jobs: Run) -> None:
    services.try_now(router)
    db.session.commit()
    run_jobs()


@pytest.fixture
def slow(net: Net, norte: Router, run_jobs: Run) -> Contract:
    """Cut into a profile that is slow and lists nobody: nothing on the router says which sessions have it."""
    net.post("change", router="norte", menu="/ppp/profile", where={"name": "abona-cut"},
             to={"address-list": "", "rate-limit": "64k/64k"})
    cut(net.contracts["u1"])
    run_jobs()
    net.advance()
    assert net.sees("u1") == "abona-cut"
    return net.contracts["u1"]


def test_who_paid_is_thrown_off_by_the_next_session_where_the_first_was_lost(
        net: Net, norte: Router, slow: Contract, run_jobs: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with lost_before_the_kick(monkeypatch):
        restore(slow)
        run_jobs()
    assert (net.sees("u1"), connection_of(slow).waits_since is not None) == ("abona-cut", True)
    again(norte, run_jobs)
    net.advance()
    row = connection_of(slow)
    assert (net.sees("u1"), row.applied, row.difference, row.kick) == ("100M", "on", "", "")
    assert (net.count("/ppp/secret/set"), net.count(KICK)) == (2, 2)


def test_a_session_that_is_left_is_said_to_be_cut_where_nothing_may_be_written(
        net: Net, norte: Router, slow: Contract, run_jobs: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with lost_before_the_kick(monkeypatch):
        restore(slow)
        run_jobs()
    norte.armed_at = None
    for _number in range(2):
        again(norte, run_jobs)
        row = connection_of(slow)
        assert (row.applied, row.difference, row.waits_since is None) == ("cut", "still_cut", False)
    services.arm(norte)
    again(norte, run_jobs)
    net.advance()
    assert (net.sees("u1"), connection_of(slow).applied) == ("100M", "on")


def test_another_plan_s_session_is_thrown_off_where_the_first_try_was_lost(
        net: Net, norte: Router, run_jobs: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    norte.sets_speed = True
    again(norte, run_jobs)
    net.advance()
    faster = Plan(code="300M", name="300 megas", speed_up_kbps=50_000, speed_down_kbps=300_000)
    db.session.add(faster)
    db.session.flush()
    kicks, before = net.count(KICK), net.sees("u1")
    with lost_before_the_kick(monkeypatch):
        contracts.change_plan(net.contracts["u1"], faster)
        db.session.commit()
        run_jobs()
    assert (net.sees("u1"), connection_of(net.contracts["u1"]).applied_speed) == (before, "20000/100000")
    again(norte, run_jobs)
    net.advance()
    assert net.sees("u1").startswith("abona-300M") and net.count(KICK) == kicks + 1
    assert connection_of(net.contracts["u1"]).applied_speed == "50000/300000"


def test_a_plan_that_is_faster_now_is_so_for_who_is_connected_too(
        net: Net, norte: Router, plan: Plan, run_jobs: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    norte.sets_speed = True
    again(norte, run_jobs)
    net.advance()
    kicks = net.count(KICK)
    plan.speed_down_kbps = 200_000
    services.follow_all("plan")
    db.session.commit()
    with lost_before_the_kick(monkeypatch):
        run_jobs()
    assert connection_of(net.contracts["u1"]).applied_speed == "20000/100000"
    again(norte, run_jobs)
    net.advance()
    told = [one["rows"] for one in net.state()["log"] if one["command"] == KICK]
    assert told[kicks:] == [["u1", "u2", "u3"]]
    assert connection_of(net.contracts["u1"]).applied_speed == "20000/200000"
    again(norte, run_jobs)
    assert net.count(KICK) == kicks + 1
