"""A contract whose link is corrected, or that is to hang elsewhere, while it is cut: nobody stays cut for it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from core.db import db
from modules.contracts.models import Contract
from modules.networking import services
from modules.networking.errors import Taken
from modules.networking.models import Change, Connection, Given, Pool, Router
from tests.modules.networking.conftest import Net, connection_of
from tests.modules.networking.test_reconciling import cut, restore

Run = Callable[[], int]


@pytest.fixture
def browser(login: Callable[..., FlaskClient]) -> FlaskClient:
    return login("networking.view_network", "networking.link_contracts", "contracts.view_contracts")


def edit(browser: FlaskClient, contract: Contract, router: Router, **values: str) -> None:
    answer = browser.post(f"/network/contracts/{contract.id}/link",
                          data={"router_id": router.id, "method": "", "address6": "", "pool_id": "0", **values})
    assert answer.status_code == 302, answer.get_data(as_text=True)


def profile_of(net: Net, name: str) -> str:
    return next(row["profile"] for row in net.table("/ppp/secret") if row["name"] == name)


def rows() -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(Connection)) or 0


@pytest.fixture
def u1(net: Net, norte: Router, run_jobs: Run) -> Contract:
    """Cut, and connected with the profile of the cut."""
    cut(net.contracts["u1"])
    run_jobs()
    net.advance()
    assert net.sees("u1") == "abona-cut"
    return net.contracts["u1"]


def test_who_is_cut_while_his_address_is_corrected_is_restored_by_his_payment(
        net: Net, norte: Router, u1: Contract, browser: FlaskClient, run_jobs: Run) -> None:
    edit(browser, u1, norte, key="u1", address="10.5.0.77")
    run_jobs()
    row = connection_of(u1)
    assert (row.address, row.desired, row.applied, row.former) == ("10.5.0.77", "cut", "cut", {"profile": "100M"})
    restore(u1)
    run_jobs()
    net.advance()
    assert (net.sees("u1"), connection_of(u1).applied, connection_of(u1).difference) == ("100M", "on", "")


def test_the_secret_that_a_cut_contract_leaves_is_restored_and_its_own_is_cut(
        net: Net, norte: Router, u1: Contract, browser: FlaskClient, run_jobs: Run) -> None:
    services.unlink(connection_of(net.contracts["u2"]))
    db.session.commit()
    edit(browser, u1, norte, key="u2", address="10.5.0.2")
    run_jobs()
    net.advance()
    assert (net.sees("u1"), net.sees("u2"), connection_of(u1).applied) == ("100M", "abona-cut", "cut")
    run_jobs()
    assert rows() == 2
    told = db.session.execute(sa.select(Change.action, Change.cause).order_by(Change.id)).all()[2:]
    assert [tuple(one) for one in told] == [("restore", "moved"), ("kick", "moved"), ("cut", "linked"),
                                            ("kick", "linked")]


def test_an_entry_of_an_address_list_goes_with_the_address_that_is_corrected(
        net: Net, make_router: Callable[..., Router], make_contract: Callable[..., Contract], browser: FlaskClient,
        run_jobs: Run) -> None:
    router, contract = make_router(method="address_list"), make_contract()
    services.link(contract, router, "casa", address="10.9.0.1")
    cut(contract)
    run_jobs()
    edit(browser, contract, router, key="casa", address="10.9.0.2")
    run_jobs()
    assert [row["address"] for row in net.table("/ip/firewall/address-list")] == ["10.9.0.2"]
    edit(browser, contract, router, key="otra", address="10.9.0.2")  # the same entry
    run_jobs()
    assert [row["address"] for row in net.table("/ip/firewall/address-list")] == ["10.9.0.2"]
    assert (net.count("/ip/firewall/address-list/add"), connection_of(contract).key, rows()) == (2, "otra", 1)


def test_who_is_linked_with_a_place_that_was_just_left_gets_its_profile_back(
        net: Net, norte: Router, u1: Contract, browser: FlaskClient, run_jobs: Run) -> None:
    net.fault("refuse")
    edit(browser, u1, norte, key="u9", address="")
    edit(browser, u1, norte, key="u1", address="10.5.0.1")  # back again before the router answered
    row = connection_of(u1)
    assert (row.former, rows()) == ({"profile": "100M"}, 4)  # u9, which nobody has, is looked at once more
    net.end_faults()
    restore(u1)
    services.try_now(norte)
    db.session.commit()
    run_jobs()
    net.advance()
    assert (net.sees("u1"), profile_of(net, "u1"), rows()) == ("100M", "100M", 3)


def test_an_edit_that_is_refused_leaves_the_link_as_it_is(
        net: Net, norte: Router, u1: Contract, browser: FlaskClient, run_jobs: Run) -> None:
    answer = browser.post(f"/network/contracts/{u1.id}/link", data={
        "router_id": norte.id, "method": "", "key": "u2", "address": "", "address6": "", "pool_id": "0"})
    assert answer.status_code != 302
    assert (connection_of(u1).key, connection_of(u1).former, rows()) == ("u1", {"profile": "100M"}, 3)


def test_the_way_of_who_is_cut_is_changed_only_after_he_is_restored(
        net: Net, norte: Router, u1: Contract, browser: FlaskClient, run_jobs: Run) -> None:
    """One row of a router has the name: with another way it would forget the profile from before the cut."""
    for values in ({"method": "queue"}, {"method": "address_list", "address": "10.5.0.1"}):
        data = {"router_id": norte.id, "key": "u1", "address": "", "address6": "", "pool_id": "0", **values}
        answer = browser.post(f"/network/contracts/{u1.id}/link", data=data)
        assert answer.status_code == 422 and "restablezca" in answer.get_data(as_text=True)
    row = connection_of(u1)
    assert (row.method, row.former, row.contract_id, rows()) == ("", {"profile": "100M"}, u1.id, 3)
    restore(u1)
    run_jobs()
    net.advance()
    assert (net.sees("u1"), profile_of(net, "u1")) == ("100M", "100M")
    edit(browser, u1, norte, key="u1", method="queue", address="")
    assert (connection_of(u1).method, rows()) == ("queue", 3)


def test_the_way_of_who_is_to_be_cut_or_whose_cut_was_not_answered_is_not_changed(
        net: Net, norte: Router, run_jobs: Run) -> None:
    contract = net.contracts["u1"]
    cut(contract)
    services.follow([contract.id])
    with pytest.raises(Taken):
        services.relink(connection_of(contract), norte, "u1", "queue")
    net.fault("half", sentences=8)  # the set is answered, nothing after it
    run_jobs()
    restore(contract)
    services.follow([contract.id])
    row = connection_of(contract)
    assert (row.applied, row.desired, profile_of(net, "u1")) == ("on", "on", "abona-cut")
    with pytest.raises(Taken):
        services.relink(row, norte, "u1", "queue")


def test_who_is_not_on_the_router_at_all_is_found_another_way_though_he_is_to_be_cut(
        net: Net, norte: Router, make_contract: Callable[..., Contract], run_jobs: Run) -> None:
    contract = make_contract()
    services.link(contract, norte, "nadie", method="queue")
    cut(contract)
    run_jobs()
    assert connection_of(contract).difference == "missing"
    assert services.relink(connection_of(contract), norte, "nadie", "hotspot").desired == "cut"


def test_nobody_is_linked_by_another_way_with_a_name_that_is_still_to_be_put_right(
        net: Net, norte: Router, u1: Contract, browser: FlaskClient, make_contract: Callable[..., Contract],
        run_jobs: Run) -> None:
    net.fault("refuse")
    edit(browser, u1, norte, key="u9", address="")
    other = make_contract()
    with pytest.raises(Taken, match="u1"):
        services.link(other, norte, "u1", method="queue")
    net.end_faults()
    services.try_now(norte)
    db.session.commit()
    run_jobs()
    net.advance()
    run_jobs()
    assert (net.sees("u1"), profile_of(net, "u1")) == ("100M", "100M")
    assert services.link(other, norte, "u1", method="queue").key == "u1"


def test_a_name_that_a_left_place_still_has_is_refused_where_the_entry_stays_the_same(
        net: Net, make_router: Callable[..., Router], make_contract: Callable[..., Contract], run_jobs: Run) -> None:
    router, contract = make_router(method="address_list"), make_contract()
    services.link(contract, router, "casa", address="10.9.0.1")
    cut(contract)
    run_jobs()
    services.relink(connection_of(contract), router, "casa", address="10.9.0.2")
    with pytest.raises(Taken, match=r"10\.9\.0\.1"):
        services.relink(connection_of(contract), router, "10.9.0.1", address="10.9.0.2")
    db.session.commit()
    run_jobs()
    assert services.relink(connection_of(contract), router, "10.9.0.1", address="10.9.0.2").key == "10.9.0.1"


@pytest.mark.parametrize("key", ["u1", "u9"])
def test_the_new_address_of_a_pool_stays_given_when_a_contract_hangs_elsewhere(
        net: Net, norte: Router, u1: Contract, browser: FlaskClient, key: str) -> None:
    mine = Pool(name="Norte", ranges="10.6.0.1-10.6.0.9", router=norte)
    db.session.add(mine)
    db.session.flush()
    edit(browser, u1, norte, key=key, address="", pool_id=str(mine.id))
    assert connection_of(u1).address == "10.6.0.1"
    assert [(one.address, one.contract_id) for one in db.session.query(Given)] == [("10.6.0.1", u1.id)]


def test_the_pages_of_a_router_open_while_a_left_place_waits(
        net: Net, norte: Router, u1: Contract, browser: FlaskClient, login: Callable[..., FlaskClient]) -> None:
    edit(browser, u1, norte, key="u9", address="")
    worker = login("networking.view_network", "networking.work_routers", "contracts.view_contracts")
    for answer in (worker.get(f"/network/routers/{norte.id}"), worker.get("/network/connections"),
                   worker.post(f"/network/routers/{norte.id}/preview")):
        assert answer.status_code == 200
        assert "u1" in answer.get_data(as_text=True)
