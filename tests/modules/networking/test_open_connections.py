"""Who is cut by his address does not go on with what he had open, fasttracked past the rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from core.db import db
from core.errors import Unknown
from modules.contracts.models import Contract
from modules.networking import reconciling, services
from modules.networking.drivers.routeros import driver, tables
from modules.networking.drivers.routeros.setup_script import script
from modules.networking.models import Router
from modules.networking.ports import Access
from tests.modules.networking.conftest import Net, connection_of
from tests.modules.networking.test_reconciling import cut, restore

Run = Callable[[], int]
CONNECTIONS, PRINT = "/ip/firewall/connection", "/ip/firewall/connection/print"
REMOVE = "/ip/firewall/connection/remove"
# as the script of the product makes them
RULES = [{"chain": "forward", "action": "accept", "src-address-list": "abona-cut", "dst-address-list": "abona-allowed"},
         {"chain": "forward", "action": "reject", "protocol": "tcp", "src-address-list": "abona-cut"},
         {"chain": "forward", "action": "drop", "src-address-list": "abona-cut"},
         {"chain": "forward", "action": "fasttrack-connection", "src-address-list": "!abona-cut",
          "connection-state": "established,related"},
         {"chain": "forward", "action": "accept", "connection-state": "established,related"}]
LEASES = [{"address": f"10.9.0.{n}", "mac-address": f"02:00:00:00:00:0{n}", "server": "dhcp1"} for n in (1, 2)]


def opens(net: Net, src: str, dst: str = "203.0.113.9:443") -> bool:
    return bool(net.post("connect", router="norte", src=src, dst=dst)["passes"])


@pytest.fixture
def two(net: Net, make_router: Callable[..., Router], make_contract: Callable[..., Contract],
        run_jobs: Run) -> dict[str, Contract]:
    """10.9.0.1 and .2 behind rules as the script makes them; both have something open, fasttracked."""
    router = make_router(method="address_list", simulated={"tables": {"/ip/firewall/filter": RULES}})
    found = {}
    for address in ("10.9.0.1", "10.9.0.2"):
        found[address] = make_contract()
        services.link(found[address], router, address)
        assert opens(net, f"{address}:51000") and opens(net, f"{address}:51001")
    db.session.commit()
    run_jobs()
    assert {row["fasttrack"] for row in net.table(CONNECTIONS)} == {"true"}
    return found


def test_what_he_had_open_is_closed_after_the_cut_and_nobody_else_s(
        net: Net, two: dict[str, Contract], run_jobs: Run) -> None:
    cut(two["10.9.0.1"])
    run_jobs()
    assert net.state()["flows"] == {"10.9.0.2:51000": True, "10.9.0.2:51001": True}
    assert (opens(net, "10.9.0.1:51002"), opens(net, "10.9.0.2:51002")) == (False, True)
    told = [one["command"] for one in net.state()["log"]]
    assert told == ["/ip/firewall/address-list/add", REMOVE]
    restore(two["10.9.0.1"])
    run_jobs()
    assert opens(net, "10.9.0.1:51003") and net.count(REMOVE) == 1


def test_the_simulator_lets_go_on_what_nobody_closed(net: Net, two: dict[str, Contract]) -> None:
    net.post("rows", router="norte", menu="/ip/firewall/address-list",
             rows=[{"list": "abona-cut", "address": "10.9.0.1"}])
    assert net.state()["flows"]["10.9.0.1:51000"] and not opens(net, "10.9.0.1:51002")


def test_a_lease_that_is_cut_has_what_is_open_closed(
        net: Net, make_router: Callable[..., Router], make_contract: Callable[..., Contract], run_jobs: Run) -> None:
    router = make_router(method="lease", simulated={"tables": {"/ip/firewall/filter": RULES,
                                                               "/ip/dhcp-server/lease": LEASES}})
    contract = make_contract()
    services.link(contract, router, "02:00:00:00:00:01")
    assert opens(net, "10.9.0.1:51000") and opens(net, "10.9.0.2:51000")
    cut(contract)
    run_jobs()
    assert net.state()["flows"] == {"10.9.0.2:51000": True} and not opens(net, "10.9.0.1:51001")


def test_what_comes_from_outside_and_what_another_version_prints_is_found() -> None:
    rows = [{".id": "*1", "src-address": "10.9.0.1:51000", "dst-address": "203.0.113.9:443"},
            {".id": "*2", "src-address": "203.0.113.9:5000", "dst-address": "10.9.0.1:80"},
            {".id": "*3", "src-address": "203.0.113.9:5000", "dst-address": "198.51.100.1:80",
             "reply-src-address": "10.9.0.1:80"},
            {".id": "*4", "src-address": "10.9.0.1", "dst-address": "203.0.113.9", "src-port": "51000"},
            {".id": "*5", "src-address": "10.9.0.11:51000", "dst-address": "203.0.113.9:443"},
            {".id": "*6", "src-address": "[2001:db8:1::5]:51000", "dst-address": "[2001:db8:2::1]:443"},
            {".id": "*7", "src-address": "2001:db8:1::5", "dst-address": "2001:db8:2::1"}, {".id": "*8"}]
    assert tables.open_of(rows, ["10.9.0.1"]) == ["*1", "*2", "*3", "*4"]
    assert tables.open_of(rows, ["2001:db8:1::/48"]) == ["*6", "*7"]


def test_it_is_closed_by_the_next_session_where_the_first_was_lost_in_between(
        net: Net, two: dict[str, Contract], run_jobs: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(*_given: Any) -> None:
        raise Unknown("closed by the router")

    cut(two["10.9.0.1"])
    with monkeypatch.context() as broken:
        broken.setattr(driver.Session, "_close", lost)
        run_jobs()
    assert (len(net.state()["flows"]), connection_of(two["10.9.0.1"]).kick) == (4, "open")
    services.try_now(connection_of(two["10.9.0.1"]).router)
    db.session.commit()
    run_jobs()
    assert sorted(net.state()["flows"]) == ["10.9.0.2:51000", "10.9.0.2:51001"]
    assert connection_of(two["10.9.0.1"]).kick == "" and net.count("/ip/firewall/address-list/add") == 1


def test_what_ended_by_itself_does_not_keep_the_others_open(
        net: Net, two: dict[str, Contract], run_jobs: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    known = tables.open_of
    monkeypatch.setattr(tables, "open_of", lambda rows, wanted: ["*FFFF", *known(rows, wanted)])
    cut(two["10.9.0.1"])
    run_jobs()
    assert sorted(net.state()["flows"]) == ["10.9.0.2:51000", "10.9.0.2:51001"]
    assert (connection_of(two["10.9.0.1"]).applied, connection_of(two["10.9.0.1"]).difference) == ("cut", "")


def test_all_connections_are_read_for_a_cut_alone(net: Net, two: dict[str, Contract], run_jobs: Run) -> None:
    assert net.count(PRINT) == 0
    cut(two["10.9.0.1"])
    cut(two["10.9.0.2"])
    run_jobs()
    for _number in range(2):
        services.ask([connection_of(two["10.9.0.1"]).router_id])
        db.session.commit()
        run_jobs()
    restore(two["10.9.0.1"])
    run_jobs()
    assert (net.count(PRINT), net.count(REMOVE)) == (1, 1)


def test_pppoe_is_thrown_off_and_its_connections_are_not_read(net: Net, norte: Router, run_jobs: Run) -> None:
    cut(net.contracts["u1"])
    run_jobs()
    assert (net.count("/ppp/active/remove"), net.count(PRINT)) == (1, 0)


def test_what_would_be_changed_says_it(net: Net, two: dict[str, Contract]) -> None:
    router = connection_of(two["10.9.0.1"]).router
    cut(two["10.9.0.1"])
    services.follow([two["10.9.0.1"].id], "suspended:arrears")
    db.session.commit()
    _about, _seen, steps = reconciling.preview(router)
    assert [step.words for step in steps][1:] == [f"{REMOVE} 10.9.0.1"]
    assert len(net.state()["flows"]) == 4


def test_the_script_takes_who_is_cut_off_the_fast_track_and_closes_what_he_has_open() -> None:
    lines = script(Access("192.0.2.1", 8729, "abona", "secreta"), ["203.0.113.10"], "203.0.113.10").splitlines()
    fast = next(line for line in lines if "fasttrack-connection" in line)
    assert fast == "/ip firewall filter set [find action=fasttrack-connection] src-address-list=!abona-cut"
    closing = '/ip firewall connection remove [find src-address~("^" . $cut . "(:|\\$)")]'
    assert "list=abona-cut" in lines[-1] and closing in lines[-1]
