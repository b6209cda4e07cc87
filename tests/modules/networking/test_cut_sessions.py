"""The page of who is cut knows him by the address of his session, and shows nobody another one's."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from core import clock
from core.db import db
from modules.contracts.models import Contract
from modules.networking import importing, jobs, queries, services
from modules.networking.models import Router
from tests.modules.networking.conftest import PROFILES, Net, connection_of
from tests.modules.networking.test_cut_page import visit
from tests.modules.networking.test_reconciling import cut, later

Run = Callable[[], int]


def read(router: Router, run_jobs: Run) -> None:
    services.ask([router.id])
    db.session.commit()
    run_jobs()


def gets(net: Net, user: str, address: str) -> None:
    """The pool gives him this address: he dials again."""
    net.post("change", router="norte", menu="/ppp/active", where={"name": user}, to={"address": address})


@pytest.fixture
def pool(net: Net, make_router: Callable[..., Router], make_contract: Callable[..., Contract],
         run_jobs: Run) -> Router:
    """u1 and u2, linked without an address."""
    router = make_router(users=2)
    for name in ("u1", "u2"):
        net.contracts[name] = make_contract(pppoe_user=name)
        services.link(net.contracts[name], router, name)
    db.session.commit()
    run_jobs()
    return router


def seen_by(address: str) -> Contract | None:
    db.session.expire_all()
    row = queries.cut_at(address)
    return row.contract if row else None


def test_who_has_an_address_of_a_pool_sees_his_own_page(
        net: Net, pool: Router, client: FlaskClient, run_jobs: Run, frozen: Callable[..., dt.datetime]) -> None:
    cut(net.contracts["u1"])
    run_jobs()
    net.advance()
    later(frozen, 1)
    run_jobs()  # who was thrown off is looked at once more
    assert connection_of(net.contracts["u1"]).session_address == "10.5.0.1"
    assert "No podemos saber" not in visit(client, "10.5.0.1").get_data(as_text=True)
    for address in ("10.5.0.2", "10.5.0.9", ""):
        assert "No podemos saber" in visit(client, address).get_data(as_text=True)


def test_an_address_that_was_given_to_another_one_is_his(net: Net, pool: Router, run_jobs: Run) -> None:
    # the entries of the list do not follow an address that is only written into the table
    net.post("change", router="norte", menu="/ppp/profile", where={"name": "abona-cut"}, to={"address-list": ""})
    for name in ("u1", "u2"):
        cut(net.contracts[name])
    run_jobs()
    net.advance()
    read(pool, run_jobs)
    assert (seen_by("10.5.0.1"), seen_by("10.5.0.2")) == (net.contracts["u1"], net.contracts["u2"])
    gets(net, "u1", "10.5.0.3")
    gets(net, "u2", "10.5.0.1")
    read(pool, run_jobs)
    assert [seen_by(f"10.5.0.{n}") for n in (1, 2, 3)] == [net.contracts["u2"], None, net.contracts["u1"]]
    gets(net, "u1", "10.5.0.1")  # two at once
    read(pool, run_jobs)
    assert [seen_by(f"10.5.0.{n}") for n in (1, 2, 3)] == [None, None, None]


def test_what_was_written_down_yields_to_who_is_connected(net: Net, pool: Router, run_jobs: Run) -> None:
    connection_of(net.contracts["u1"]).address = "10.5.0.2"
    cut(net.contracts["u1"])
    read(pool, run_jobs)
    # u2 has it, and is not cut
    assert (connection_of(net.contracts["u2"]).session_address, seen_by("10.5.0.2")) == ("10.5.0.2", None)


def test_what_was_read_long_ago_is_nobody_s_and_is_read_again_each_hour(
        net: Net, pool: Router, run_jobs: Run, frozen: Callable[..., dt.datetime]) -> None:
    cut(net.contracts["u1"])
    run_jobs()
    net.advance()
    read(pool, run_jobs)
    later(frozen, 119)
    assert seen_by("10.5.0.1") == net.contracts["u1"]
    later(frozen, 1)
    assert seen_by("10.5.0.1") is None
    jobs.look_at_routers()
    db.session.commit()
    run_jobs()
    assert (seen_by("10.5.0.1"), connection_of(net.contracts["u1"]).router.seen_at) == (
        net.contracts["u1"], clock.now())


def test_who_is_found_by_his_address_alone_sees_his_page(
        net: Net, make_router: Callable[..., Router], make_contract: Callable[..., Contract], run_jobs: Run) -> None:
    """The same text as the name of a secret says nothing about who comes from there."""
    queue = {"name": "10.9.0.1", "target": "10.9.0.1/32", "max-limit": "5M/50M"}
    router, contract, other = make_router(method="address_list", simulated={
        "tables": {"/ppp/profile": PROFILES, "/queue/simple": [queue],
                   "/ppp/secret": [{"name": "10.9.0.7", "password": "clave"}]}}), make_contract(), make_contract()
    importing.accept(router, {"10.9.0.1": contract.number},
                     [one for one in importing.read(router) if one.key == "10.9.0.1"])
    connection_of(contract).method = ""
    services.link(other, router, "10.9.0.7", method="pppoe_profile")
    cut(contract)
    cut(other)
    run_jobs()
    assert (seen_by("10.9.0.1"), seen_by("10.9.0.7"), connection_of(contract).address) == (contract, None, "")
