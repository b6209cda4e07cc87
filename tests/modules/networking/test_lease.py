"""A router is one session's for as long as that takes, and no longer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping

import pytest
import sqlalchemy as sa

from core import clock, leases, processes
from core.db import db
from core.models import Lease
from modules.contracts.models import Contract
from modules.networking import reconciling, services
from modules.networking.drivers.routeros import client
from modules.networking.models import Connection, Router
from tests.modules.networking.conftest import Net
from tests.modules.networking.test_reconciling import cut, later

Run = Callable[[], int]
ADD, PEOPLE = "/ip/firewall/address-list/add", 5


@pytest.fixture
def router(make_router: Callable[..., Router], make_contract: Callable[..., Contract]) -> Router:
    """Five who are to be cut by their addresses: what is added is added one by one."""
    made = make_router(method="address_list")
    for number in range(1, PEOPLE + 1):
        contract = make_contract()
        services.link(contract, made, f"10.9.0.{number}")
        cut(contract)
    return made


def before_each_write(monkeypatch: pytest.MonkeyPatch, does: Callable[[int], None]) -> None:
    """`does` with how many were written."""
    real, count = client.Client.write, iter(range(100))

    def write(self: client.Client, path: str, values: Mapping[str, str]) -> None:
        does(next(count))
        real(self, path, values)

    monkeypatch.setattr(reconciling, "BEAT_SECONDS", 0, raising=False)
    monkeypatch.setattr(client.Client, "write", write)


def test_a_session_that_takes_longer_than_the_lease_holds_on_to_its_router(
        net: Net, router: Router, run_jobs: Run, frozen: Callable[..., dt.datetime],
        monkeypatch: pytest.MonkeyPatch) -> None:
    held, name = [], f"networking.router:{router.id}"

    def slow(_number: int) -> None:
        later(frozen, 1.5)
        held.append(leases.holder(name) is not None)

    before_each_write(monkeypatch, slow)
    run_jobs()
    assert held[:PEOPLE] == [True] * PEOPLE and net.count(ADD) == PEOPLE


def test_a_session_whose_router_another_one_took_over_stops(
        net: Net, router: Router, run_jobs: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"networking.router:{router.id}"

    def taken(number: int) -> None:
        if number == 2:
            db.session.execute(sa.update(Lease).where(Lease.name == name).values(
                owner=f"{processes.identity()}#other", until=clock.now() + dt.timedelta(minutes=3)))
            db.session.commit()

    before_each_write(monkeypatch, taken)
    run_jobs()
    assert net.count(ADD) == 2
    assert leases.holder(name) == f"{processes.identity()}#other"
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Connection).where(
        Connection.waits_since.is_not(None))) == PEOPLE
