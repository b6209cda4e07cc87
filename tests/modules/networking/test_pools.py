"""Addresses of pools: never one that somebody has, as the router says too; and of one router, where they are its."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from core.db import db, is_postgresql
from core.errors import DomainError, Rejected, Unavailable
from modules.contracts.models import Contract
from modules.networking import importing, in_use, pools, services
from modules.networking.drivers.routeros.driver import Session
from modules.networking.errors import WrongSetting
from modules.networking.models import Given, InUse, Pool, Router
from tests.modules.networking.conftest import Net, connection_of
from tests.modules.networking.test_reconciling import cut, later
from tests.modules.networking.test_screens import ALL, browser, text

Run = Callable[[], int]
PRINT = "/ip/arp/print"
__all__ = ["ALL", "browser"]


def pool(ranges: str = "10.5.0.1-10.5.0.12", router: Router | None = None, name: str = "Norte") -> Pool:
    made = Pool(name=name, ranges=ranges, router=router)
    db.session.add(made)
    db.session.flush()
    return made


def read(router: Router, run_jobs: Run) -> None:
    services.ask([router.id])
    db.session.commit()
    run_jobs()


@pytest.fixture
def busy(net: Net, norte: Router) -> Router:
    """Beside u1, u2, u3 on 10.5.0.1 to .3: a lease, a device that answers to ARP, a stranger's secret, itself."""
    net.post("rows", router="norte", menu="/ip/dhcp-server/lease", rows=[
        {"address": "10.5.0.4", "mac-address": "02:00:00:00:00:04", "server": "dhcp1"}])
    net.post("rows", router="norte", menu="/ip/arp", rows=[
        {"address": "10.5.0.5", "mac-address": "02:00:00:00:00:05", "interface": "ether2"}])
    net.post("rows", router="norte", menu="/ppp/secret", rows=[
        {"name": "ajeno", "profile": "100M", "remote-address": "10.5.0.6", "local-address": "10.5.0.7"},
        {"name": "dinamico", "profile": "100M", "remote-address": "pool-casas"}])
    net.post("rows", router="norte", menu="/ip/address", rows=[{"address": "10.5.0.8/24", "interface": "ether2"}])
    return norte


def test_what_the_router_says_is_in_use_is_given_to_nobody(
        net: Net, busy: Router, make_contract: Callable[..., Contract], run_jobs: Run) -> None:
    mine = pool(router=busy)
    read(busy, run_jobs)
    assert {row.address for row in db.session.query(InUse)} == {f"10.5.0.{number}" for number in range(1, 9)}
    assert pools.give(mine, make_contract(), busy) == "10.5.0.9"
    assert pools.free_count(mine) == (3, 12)


def test_what_was_read_last_counts_and_what_is_free_again_is_given(
        net: Net, busy: Router, run_jobs: Run, frozen: Callable[..., object]) -> None:
    mine = pool("10.5.0.4-10.5.0.5", busy)
    read(busy, run_jobs)
    net.post("change", router="norte", menu="/ip/dhcp-server/lease", where={"address": "10.5.0.4"}, to=None)
    with pytest.raises(DomainError, match="Norte"):
        pools.give(mine, None)
    later(frozen, 61)
    read(busy, run_jobs)
    assert pools.give(mine, None) == "10.5.0.4"


def test_a_router_that_is_away_leaves_what_it_said(net: Net, busy: Router, run_jobs: Run,
                                                   frozen: Callable[..., object]) -> None:
    mine = pool("10.5.0.4-10.5.0.6\n10.5.0.9", busy)
    read(busy, run_jobs)
    later(frozen, 61)
    net.fault("refuse")
    read(busy, run_jobs)
    db.session.expire_all()
    assert busy.state == "away" and pools.give(mine, None) == "10.5.0.9"


def test_two_readings_at_once_write_each_address_once(net: Net, norte: Router) -> None:
    """A person's import and a session: the second one's rows come in between what the first one reads and writes."""
    in_use.keep(norte.id, {"10.5.0.1"})
    came: list[bool] = []

    def meanwhile(connection: sa.Connection, _cursor: object, statement: str, *_more: object) -> None:
        if statement.startswith("DELETE FROM networking_address_in_use") and not came:
            came.append(True)
            table = InUse.__table__
            assert isinstance(table, sa.Table)
            connection.execute(sa.insert(table).values(company_id=norte.company_id, router_id=norte.id,
                                                       address="10.5.0.4"))

    sa.event.listen(db.engine, "before_cursor_execute", meanwhile)
    try:
        in_use.keep(norte.id, {"10.5.0.4", "10.5.0.5"})
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", meanwhile)
    assert came and {row.address for row in db.session.query(InUse)} == {"10.5.0.4", "10.5.0.5"}


@pytest.mark.parametrize("trouble", [Unavailable("closed by the router"), Rejected("no such command")])
def test_a_router_that_was_brought_where_it_should_be_is_not_away_for_want_of_its_addresses(
        net: Net, busy: Router, run_jobs: Run, frozen: Callable[..., object], monkeypatch: pytest.MonkeyPatch,
        trouble: Exception) -> None:
    pool(router=busy)
    read(busy, run_jobs)
    asked: list[int] = []

    def fails(session: Session) -> set[str]:
        asked.append(1)
        raise trouble

    later(frozen, 61)
    with monkeypatch.context() as patch:
        patch.setattr(Session, "used_addresses", fails)
        cut(net.contracts["u1"])
        run_jobs()
        assert (connection_of(net.contracts["u1"]).applied, busy.state, busy.trouble) == ("cut", "ok", "")
        assert db.session.query(InUse).count() == 8, "what it said before counts"
        read(busy, run_jobs)
        assert len(asked) == 1, "not with each session"
    before = net.count(PRINT)
    later(frozen, 11)
    read(busy, run_jobs)
    assert net.count(PRINT) == before + 1


def test_it_is_asked_once_an_hour_and_only_where_there_is_a_pool(
        net: Net, busy: Router, run_jobs: Run, frozen: Callable[..., object]) -> None:
    read(busy, run_jobs)
    assert (net.count(PRINT), busy.addresses_at) == (0, None)
    other = Router(name="sur", driver="manual")
    db.session.add(other)
    pool(router=other, name="Sur")
    read(busy, run_jobs)
    assert net.count(PRINT) == 0
    pool()
    for _number in range(3):
        read(busy, run_jobs)
    assert net.count(PRINT) == 1
    later(frozen, 61)
    read(busy, run_jobs)
    assert net.count(PRINT) == 2


def test_the_import_takes_them_too(net: Net, busy: Router, browser: FlaskClient) -> None:
    importing.read(busy)
    assert db.session.query(InUse).count() == 0
    browser.post(f"/network/routers/{busy.id}/import", data={})
    assert db.session.query(InUse).count() == 8
    assert "8" in text(browser.get(f"/network/routers/{busy.id}"))


def test_a_pool_of_a_router_serves_the_connections_of_that_router_only(
        net: Net, norte: Router, browser: FlaskClient, make_contract: Callable[..., Contract]) -> None:
    sur = Router(name="sur", driver="manual")
    db.session.add(sur)
    db.session.flush()
    mine, contract = pool("10.30.0.1-10.30.0.2", sur), make_contract()
    db.session.commit()
    form = {"key": "u9", "method": "", "address": "", "pool_id": mine.id, "address6": ""}
    answer = browser.post(f"/network/contracts/{contract.id}/link", data={"router_id": norte.id, **form})
    assert answer.status_code == 422 and "sur" in text(answer)
    assert db.session.query(Given).count() == 0
    with pytest.raises(WrongSetting):
        pools.give(mine, contract, norte)
    assert browser.post(f"/network/contracts/{contract.id}/link",
                        data={"router_id": sur.id, **form}).status_code == 302
    assert (connection_of(contract).router_id, connection_of(contract).address) == (sur.id, "10.30.0.1")
    assert "Norte · sur" in text(browser.get(f"/network/contracts/{make_contract().id}/link"))


def test_the_same_private_address_may_be_somebody_s_on_each_router(
        net: Net, norte: Router, make_contract: Callable[..., Contract]) -> None:
    sur = Router(name="sur", driver="manual")
    db.session.add(sur)
    db.session.flush()
    in_use.keep(norte.id, {"10.5.0.1", "10.5.0.4"})
    assert pools.give(pool("10.5.0.1-10.5.0.4", sur, "Sur"), make_contract(), sur) == "10.5.0.1"
    assert pools.give(pool("10.5.0.1-10.5.0.5", None, "Todos"), make_contract(), sur) == "10.5.0.5"


def test_who_hangs_nowhere_any_more_gives_his_address_back_once_the_router_has_it_no_more(
        net: Net, norte: Router, make_contract: Callable[..., Contract], run_jobs: Run,
        frozen: Callable[..., object]) -> None:
    mine, contract = pool("10.30.0.1-10.30.0.2", norte), make_contract()
    address = pools.give(mine, contract, norte)
    services.link(contract, norte, "u9", address=address)
    assert pools.give(mine, make_contract(), norte) == "10.30.0.2"
    net.post("rows", router="norte", menu="/ppp/secret", rows=[
        {"name": "u9", "profile": "100M", "remote-address": address}])
    services.unlink(connection_of(contract))
    for number in range(2):
        with pytest.raises(DomainError, match="Norte"):
            pools.give(mine, make_contract(), norte)
        if not number:
            read(norte, run_jobs)
    net.post("change", router="norte", menu="/ppp/secret", where={"name": "u9"}, to=None)
    later(frozen, 61)
    read(norte, run_jobs)
    assert pools.give(mine, make_contract(), norte) == address


def test_the_key_is_the_address_where_it_is_cut_by_address(
        net: Net, norte: Router, make_contract: Callable[..., Contract]) -> None:
    mine, contract = pool("10.30.0.1-10.30.0.2", norte), make_contract()
    services.link(contract, norte, pools.give(mine, contract, norte))
    services.unlink(connection_of(contract))
    assert pools.give(mine, make_contract(), norte) == "10.30.0.2"


def test_a_router_that_is_never_read_gives_an_address_back_at_once(
        net: Net, norte: Router, make_contract: Callable[..., Contract]) -> None:
    sur = Router(name="sur", driver="manual")
    db.session.add(sur)
    db.session.flush()
    mine, contract = pool("10.30.0.1-10.30.0.2", sur), make_contract()
    services.link(contract, sur, "u9", address=pools.give(mine, contract, sur))
    services.unlink(connection_of(contract))
    assert pools.give(mine, make_contract(), sur) == "10.30.0.1"


def test_a_new_pool_has_its_router_asked(net: Net, busy: Router, browser: FlaskClient, run_jobs: Run) -> None:
    run_jobs()
    answer = browser.post("/admin/networking-pool/new/", data={"name": "Casas", "router": busy.id,
                                                               "ranges": "10.5.0.1-10.5.0.12", "notes": ""})
    assert answer.status_code == 302, text(answer)
    run_jobs()
    assert db.session.query(InUse).count() == 8
    assert "12" in text(browser.get("/admin/networking-pool/"))
    made = db.session.query(Pool).one()
    assert "4 / 12" in text(browser.get(f"/admin/networking-pool/details/?id={made.id}"))
    answer = browser.post("/admin/networking-pool/new/", data={"name": "Mal", "router": "", "notes": "",
                                                               "ranges": "10.5.0.1-10.5.0.12\nhola"})
    assert db.session.query(Pool).count() == 1 and "hola" in text(answer)


@pytest.fixture
def sent() -> Iterator[list[str]]:
    """The statements that are sent."""
    statements: list[str] = []

    def listen(*arguments: Any) -> None:
        statements.append(" ".join(arguments[2].split()))

    sa.event.listen(db.engine, "before_cursor_execute", listen)
    yield statements
    sa.event.remove(db.engine, "before_cursor_execute", listen)


def test_pools_that_overlap_are_held_together_before_anybody_looks_for_a_free_address(
        net: Net, norte: Router, sent: list[str]) -> None:
    """Else two who take from two of them at once, which no unique constraint sees, get the same one."""
    one, other = pool("10.30.0.1-10.30.0.2"), pool("10.30.0.1-10.30.0.9", norte, "Casas")
    sent.clear()
    assert [pools.give(one, None), pools.give(other, None, norte)] == ["10.30.0.1", "10.30.0.2"]
    held = [place for place, statement in enumerate(sent) if "ORDER BY networking_pool.id" in statement]
    looked = [place for place, statement in enumerate(sent) if "SELECT networking_given_address" in statement]
    assert len(held) == len(looked) == 2 and held[0] < looked[0] < held[1] < looked[1]
    assert all("FOR UPDATE" in sent[place] for place in held) or not is_postgresql()


def test_the_list_of_pools_asks_as_much_for_a_large_one_as_for_a_small_one(
        net: Net, browser: FlaskClient, norte: Router, sent: list[str]) -> None:
    counts = []
    for name, ranges in (("Chica", "10.30.0.0/30"), ("Grande", "10.32.0.0/13")):
        pool(ranges, name=name)
        db.session.commit()
        browser.get("/admin/networking-pool/")
        sent.clear()
        page = text(browser.get("/admin/networking-pool/"))
        counts.append(len(sent))
    assert counts[0] == counts[1] and "524286" in page.replace(".", "").replace(",", "")
    sent.clear()
    made = db.session.query(Pool).filter_by(name="Grande").one()
    assert "1000+ / 524286" in text(browser.get(f"/admin/networking-pool/details/?id={made.id}"))
    assert sum("networking_given_address" in statement for statement in sent) == 1


@pytest.mark.parametrize("ranges", ["10.6.0.0/24", "10.6.0.4/30", "10.6.0.4/31", "10.6.0.4/32", "2001:db8::/120",
                                    "2001:db8::/127", "2001:db8::1/128"])
def test_a_network_has_the_hosts_that_python_counts_up(ranges: str) -> None:
    hosts = [str(one) for one in ipaddress.ip_network(ranges).hosts()]
    assert list(pools.addresses(ranges)) == hosts and pools.size(f"{ranges}\n10.7.0.1-10.7.0.3") == len(hosts) + 3
