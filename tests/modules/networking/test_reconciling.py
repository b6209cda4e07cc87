"""What happens to contracts comes onto routers: once, in the right order, proved by reading, whatever goes wrong."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from core import clock
from core.db import db
from core.errors import DomainError
from core.models import Job
from modules.contracts import services as contracts
from modules.contracts.models import Contract, Plan
from modules.networking import reconciling, services
from modules.networking.models import Change, Connection, Router
from tests.modules.networking.conftest import Net, connection_of

Run = Callable[[], int]
SET, KICK = "/ppp/secret/set", "/ppp/active/remove"


def fresh(router: Router) -> Router:
    db.session.expire_all()
    return router


def cut(contract: Contract) -> None:
    contracts.suspend(contract, "arrears")
    db.session.commit()


def restore(contract: Contract) -> None:
    contracts.restore(contract)
    db.session.commit()


def later(frozen: Callable[..., dt.datetime], minutes: float) -> None:
    moment = clock.now() + dt.timedelta(minutes=minutes)
    frozen(moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second)


def test_who_is_cut_comes_back_into_the_profile_of_the_cut(net: Net, norte: Router, run_jobs: Run) -> None:
    assert (net.count(SET), net.sees("u1")) == (0, "100M")
    cut(net.contracts["u1"])
    run_jobs()
    assert net.sees("u1") == ""
    net.advance()
    assert (net.sees("u1"), net.sees("u2")) == ("abona-cut", "100M")
    row = connection_of(net.contracts["u1"])
    assert (row.desired, row.applied, row.former, row.waits_since) == ("cut", "cut", {"profile": "100M"}, None)
    assert row.applied_at == clock.now()


def test_who_paid_gets_the_profile_back_that_he_had(net: Net, norte: Router, run_jobs: Run) -> None:
    cut(net.contracts["u1"])
    run_jobs()
    net.advance()
    restore(net.contracts["u1"])
    run_jobs()
    net.advance()
    assert net.sees("u1") == "100M"
    assert (connection_of(net.contracts["u1"]).applied, net.count(SET), net.count(KICK)) == ("on", 2, 2)


def test_reading_again_writes_nothing(net: Net, norte: Router, run_jobs: Run) -> None:
    cut(net.contracts["u1"])
    run_jobs()
    net.advance()
    before = (net.count(SET), net.count(KICK))
    for _ in range(3):
        services.ask([norte.id])
        db.session.commit()
        run_jobs()
    assert (net.count(SET), net.count(KICK)) == before == (1, 1)


def test_all_restores_come_before_all_cuts_and_stored_state_before_the_kick(
        net: Net, norte: Router, run_jobs: Run) -> None:
    cut(net.contracts["u1"])
    run_jobs()
    net.advance()
    done = len(net.state()["log"])
    cut(net.contracts["u2"])
    cut(net.contracts["u3"])
    restore(net.contracts["u1"])
    run_jobs()
    told = [(one["command"], one["rows"]) for one in net.state()["log"][done:]]
    assert told == [(SET, ["u1"]), (KICK, ["u1"]), (SET, ["u2", "u3"]), (KICK, ["u2", "u3"])]


def test_each_write_is_on_record_without_secrets(net: Net, norte: Router, run_jobs: Run) -> None:
    cut(net.contracts["u1"])
    run_jobs()
    rows = db.session.scalars(sa.select(Change).order_by(Change.id)).all()
    assert [(row.action, row.state, row.cause, row.contract_id) for row in rows] == [
        ("cut", "done", "suspended:arrears", net.contracts["u1"].id),
        ("kick", "done", "suspended:arrears", net.contracts["u1"].id)]
    assert rows[0].words == "/ppp/secret/set profile=abona-cut"


def test_many_changes_before_the_job_begins_are_one_session(net: Net, norte: Router, run_jobs: Run) -> None:
    run_jobs()
    before = db.session.scalar(sa.select(sa.func.count()).select_from(Job).where(
        Job.function == services.JOB, Job.state == "done"))
    for name in ("u1", "u2", "u3"):
        cut(net.contracts[name])
    run_jobs()
    after = db.session.scalar(sa.select(sa.func.count()).select_from(Job).where(
        Job.function == services.JOB, Job.state == "done"))
    assert (before, after - before, net.count(SET)) == (before, 1, 1)


def test_nothing_is_written_before_somebody_armed_the_router(
        net: Net, make_router: Callable[..., Router], make_contract: Callable[..., Contract], run_jobs: Run) -> None:
    router, contract = make_router(armed=False), make_contract()
    services.link(contract, router, "u1")
    cut(contract)
    run_jobs()
    assert (net.count(SET), connection_of(contract).difference) == (0, "still_on")
    about, _seen, steps = reconciling.preview(fresh(router))
    assert (about.serial, [step.words for step in steps]) == (
        "HEX0000001", ["/ppp/secret/set profile=abona-cut", "/ppp/active/remove"])
    services.arm(router)
    db.session.commit()
    run_jobs()
    net.advance()
    assert net.sees("u1") == "abona-cut"


# --- the other ways ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["6.49", "7.12", "7.21"])
def test_a_secret_that_is_switched_off_and_its_session(
        net: Net, make_router: Callable[..., Router], make_contract: Callable[..., Contract], run_jobs: Run,
        version: str) -> None:
    router, contract = make_router(method="pppoe_disable", simulated={"version": version}), make_contract()
    services.link(contract, router, "u1")
    cut(contract)
    run_jobs()
    net.advance()
    assert (net.sees("u1"), connection_of(contract).applied) == ("", "cut")
    restore(contract)
    run_jobs()
    net.advance()
    assert (net.sees("u1"), connection_of(contract).applied) == ("100M", "on")
    assert fresh(router).version.startswith(version)


def test_an_address_list_gets_one_entry_and_loses_all(
        net: Net, make_router: Callable[..., Router], make_contract: Callable[..., Contract], run_jobs: Run) -> None:
    router, contract = make_router(method="address_list", has_ipv6=True), make_contract()
    services.link(contract, router, "10.9.0.1", address6="2001:db8:1::/48")
    cut(contract)
    run_jobs()
    entries = net.table("/ip/firewall/address-list")
    assert [(row["address"], row["list"], row["comment"]) for row in entries] == [
        ("10.9.0.1", "abona-cut", f"abona:contract:{contract.number}")]
    assert [row["address"] for row in net.table("/ipv6/firewall/address-list")] == ["2001:db8:1::/48"]
    net.post("rows", router="norte", menu="/ip/firewall/address-list",
             rows=[{"list": "abona-cut", "address": "10.9.0.1"}])  # an import may hold duplicates
    restore(contract)
    run_jobs()
    assert net.table("/ip/firewall/address-list") == net.table("/ipv6/firewall/address-list") == []
    assert connection_of(contract).applied == "on"


def test_an_address_that_is_somebody_else_s_now_is_not_cut(
        net: Net, make_router: Callable[..., Router], make_contract: Callable[..., Contract], run_jobs: Run) -> None:
    router, contract = make_router(method="address_list"), make_contract(pppoe_user="otro")
    services.link(contract, router, "10.5.0.1")  # u1 has it at the moment
    cut(contract)
    run_jobs()
    assert net.table("/ip/firewall/address-list") == []
    assert connection_of(contract).difference == "address_moved"


def test_a_queue_is_made_slow_and_gets_its_limit_back(
        net: Net, make_router: Callable[..., Router], make_contract: Callable[..., Contract], run_jobs: Run) -> None:
    queues = [{"name": "casa-1", "target": "10.7.0.1/32", "max-limit": "5M/50M"}]
    router, contract = make_router(method="queue", simulated={"tables": {"/queue/simple": queues}}), make_contract()
    services.link(contract, router, "casa-1")
    cut(contract)
    run_jobs()
    assert net.table("/queue/simple")[0]["max-limit"] == "64000/64000"
    restore(contract)
    run_jobs()
    assert net.table("/queue/simple")[0]["max-limit"] == "5000000/50000000"


def test_a_lease_is_made_static_and_keeps_its_other_lists(
        net: Net, make_router: Callable[..., Router], make_contract: Callable[..., Contract], run_jobs: Run) -> None:
    leases = [{"address": "10.8.0.1", "mac-address": "02:00:00:00:00:0A", "dynamic": "true", "address-lists": "vip"}]
    router = make_router(method="lease", simulated={"tables": {"/ip/dhcp-server/lease": leases}})
    contract = make_contract()
    services.link(contract, router, "02:00:00:00:00:0a")
    cut(contract)
    run_jobs()
    row = net.table("/ip/dhcp-server/lease")[0]
    assert (row["address-lists"], row["dynamic"]) == ("vip,abona-cut", "false")
    restore(contract)
    run_jobs()
    assert net.table("/ip/dhcp-server/lease")[0]["address-lists"] == "vip"


def test_a_hotspot_user_is_switched_off(
        net: Net, make_router: Callable[..., Router], make_contract: Callable[..., Contract], run_jobs: Run) -> None:
    tables = {"/ip/hotspot/user": [{"name": "h1"}], "/ip/hotspot/active": [{"user": "h1"}]}
    router, contract = make_router(method="hotspot", simulated={"tables": tables}), make_contract()
    services.link(contract, router, "h1")
    cut(contract)
    run_jobs()
    assert net.table("/ip/hotspot/user")[0]["disabled"] == "true"
    assert connection_of(contract).applied == "cut"


def test_another_plan_is_another_profile_or_limit(
        net: Net, norte: Router, plan: Plan, make_contract: Callable[..., Contract], run_jobs: Run) -> None:
    norte.sets_speed = True
    services.ask([norte.id])
    db.session.commit()
    run_jobs()
    net.advance()
    name = f"abona-100M-{plan.id}"
    assert net.sees("u1") == name
    profile = next(row for row in net.table("/ppp/profile") if row["name"] == name)
    assert profile["rate-limit"] == "20000k/100000k"
    faster = Plan(code="300 M/ñ", name="300 megas", speed_up_kbps=50_000, speed_down_kbps=300_000)
    db.session.add(faster)
    db.session.flush()
    contracts.change_plan(net.contracts["u1"], faster)
    db.session.commit()
    run_jobs()
    net.advance()
    assert (net.sees("u1"), net.sees("u2")) == (f"abona-300-M-{faster.id}", name)
    assert connection_of(net.contracts["u1"]).applied_speed == "50000/300000"


def test_a_contract_that_ended_is_off(net: Net, norte: Router, run_jobs: Run) -> None:
    contracts.end(net.contracts["u1"])
    db.session.commit()
    run_jobs()
    net.advance()
    assert (net.sees("u1"), connection_of(net.contracts["u1"]).applied) == ("", "gone")


# --- faults ------------------------------------------------------------------------------------------------


def test_a_dead_router_costs_one_try_and_is_tried_again_later_and_later(
        net: Net, norte: Router, run_jobs: Run, frozen: Callable[..., dt.datetime]) -> None:
    net.fault("refuse")
    cut(net.contracts["u1"])
    run_jobs()
    waits = []
    for _ in range(7):
        row = fresh(norte)
        assert (row.state, connection_of(net.contracts["u1"]).waits_since is not None) == ("away", True)
        waits.append(round((row.next_try_at - clock.now()).total_seconds() / 60))
        cut(net.contracts["u2"]) if len(waits) == 2 else None
        run_jobs()  # not before its time
        later(frozen, waits[-1])
        run_jobs()
    assert waits == [1, 2, 5, 15, 60, 60, 60]
    assert fresh(norte).away_since == dt.datetime(2026, 11, 10, 15, tzinfo=dt.UTC)
    net.end_faults()
    later(frozen, 60)
    run_jobs()
    net.advance(10)
    assert (net.sees("u1"), net.sees("u2"), fresh(norte).state) == ("abona-cut", "abona-cut", "ok")
    assert (net.count(SET), net.count(KICK), norte.failures) == (1, 1, 0)


@pytest.mark.parametrize("fault", ["dead", "sessions_full", "fatal"])
def test_other_ways_of_not_answering(net: Net, norte: Router, run_jobs: Run, fault: str) -> None:
    net.fault(fault)
    cut(net.contracts["u1"])
    run_jobs()
    assert (fresh(norte).state, norte.failures) == ("away", 1)


@pytest.mark.parametrize(("fault", "code"), [
    ("bad_login", "bad_login"), ("no_rights", "no_rights"), ("other_serial", "other_router"),
    ("cert_changed", "fingerprint")])
def test_a_router_that_refuses_waits_for_a_person_and_is_not_hammered(
        net: Net, norte: Router, run_jobs: Run, fault: str, code: str) -> None:
    net.fault(fault)
    cut(net.contracts["u1"])
    run_jobs()
    assert (fresh(norte).state, norte.trouble_code) == ("stopped", code)
    logins = net.state()["counts"]
    cut(net.contracts["u2"])
    run_jobs()
    assert net.state()["counts"] == logins and net.count(SET) <= 1
    net.end_faults()
    services.try_now(norte)
    db.session.commit()
    run_jobs()
    net.advance()
    assert (net.sees("u1"), net.sees("u2")) == ("abona-cut", "abona-cut")


def test_a_lost_answer_is_unknown_and_the_next_run_reads(
        net: Net, norte: Router, run_jobs: Run, frozen: Callable[..., dt.datetime]) -> None:
    net.fault("half", sentences=8)  # 3 of what it is, 4 tables, and the set are answered
    cut(net.contracts["u1"])
    run_jobs()
    states = [row.state for row in db.session.scalars(sa.select(Change).order_by(Change.id))]
    assert states == ["done", "unknown"] and fresh(norte).state == "away"
    net.end_faults()
    later(frozen, 1)
    run_jobs()
    net.advance()
    assert (net.sees("u1"), net.count(SET), net.count(KICK)) == ("abona-cut", 1, 1)


def test_a_write_whose_answer_is_lost_is_not_sent_twice(
        net: Net, norte: Router, run_jobs: Run, frozen: Callable[..., dt.datetime]) -> None:
    real = reconciling._write

    def first(*values: Any) -> None:
        net.fault("lost_answer", count=1)
        real(*values)

    reconciling._write = first  # type: ignore[assignment]
    try:
        cut(net.contracts["u1"])
        run_jobs()
    finally:
        reconciling._write = real
    later(frozen, 1)
    run_jobs()
    net.advance(100)
    assert (net.sees("u1"), net.count(SET), net.count(KICK)) == ("abona-cut", 1, 1)


def test_one_bad_row_does_not_hold_the_others(net: Net, norte: Router, run_jobs: Run) -> None:
    real = reconciling._write

    def and_one_goes(*values: Any) -> None:
        net.post("change", router="norte", menu="/ppp/secret", where={"name": "u2"}, to=None)
        real(*values)

    reconciling._write = and_one_goes  # type: ignore[assignment]
    try:
        for name in ("u1", "u2", "u3"):
            contracts.suspend(net.contracts[name], "arrears")
        db.session.commit()
        run_jobs()
    finally:
        reconciling._write = real
    net.advance()
    assert (net.sees("u1"), net.sees("u3")) == ("abona-cut", "abona-cut")
    assert connection_of(net.contracts["u2"]).difference == "missing"
    refused = db.session.scalars(sa.select(Change).where(Change.state == "refused")).all()
    assert [row.answer for row in refused] == ["no such item"]


def test_a_router_that_was_reset_is_not_written_to_until_a_person_says_so(
        net: Net, make_router: Callable[..., Router], make_contract: Callable[..., Contract], run_jobs: Run) -> None:
    router = make_router(users=30)
    made = [make_contract() for _ in range(30)]
    for number, contract in enumerate(made, 1):
        services.link(contract, router, f"u{number}")
    db.session.commit()
    run_jobs()
    for number in range(1, 25):
        net.post("change", router="norte", menu="/ppp/secret", where={"name": f"u{number}"}, to=None)
    cut(made[29])
    run_jobs()
    assert (fresh(router).state, router.trouble_code, net.count(SET)) == ("stopped", "guard", 0)
    services.try_now(router, force=True)
    db.session.commit()
    run_jobs()
    assert (fresh(router).state, net.count(SET)) == ("ok", 1)
    assert connection_of(made[0]).difference == "missing"


def test_a_killed_run_leaves_a_mark_and_the_next_one_reads(net: Net, norte: Router, run_jobs: Run) -> None:
    db.session.add(Change(router_id=norte.id, action="cut", words="/ppp/secret/set", state="sending"))
    services.ask([norte.id])
    db.session.commit()
    run_jobs()
    assert db.session.scalar(sa.select(Change.state)) == "unknown"


def test_what_a_technician_changed_is_healed_or_only_listed(net: Net, norte: Router, run_jobs: Run) -> None:
    for heals in (False, True):
        net.post("change", router="norte", menu="/ppp/secret", where={"name": "u3"}, to={"disabled": "true"})
        norte.heals = heals
        services.ask([norte.id])
        db.session.commit()
        run_jobs()
        row = connection_of(net.contracts["u3"])
        state = next(one for one in net.table("/ppp/secret") if one["name"] == "u3")["disabled"]
        assert (row.difference, state) == (("", "false") if heals else ("still_cut", "true"))


def test_what_bears_our_mark_and_is_nobody_s_is_listed_and_left_alone(net: Net, norte: Router, run_jobs: Run) -> None:
    net.post("rows", router="norte", menu="/ip/firewall/address-list",
             rows=[{"list": "abona-cut", "address": "10.5.9.9", "comment": "abona:contract:999"}])
    services.ask([norte.id])
    db.session.commit()
    run_jobs()
    assert [one["name"] for one in fresh(norte).strays] == ["10.5.9.9"]
    assert len(net.table("/ip/firewall/address-list")) == 1


def test_a_name_or_an_address_belongs_to_one_contract(
        net: Net, norte: Router, make_contract: Callable[..., Contract]) -> None:
    other = make_contract()
    for key, address in (("u1", ""), ("u9", "10.5.0.1")):
        with pytest.raises(DomainError, match=net.contracts["u1"].number):
            services.link(other, norte, key, address=address)


def test_what_an_event_missed_is_found_at_night(
        net: Net, norte: Router, run_jobs: Run, frozen: Callable[..., dt.datetime]) -> None:
    db.session.execute(sa.update(Contract).where(Contract.id == net.contracts["u1"].id).values(state="suspended"))
    db.session.commit()
    frozen(2026, 11, 11, 6, 10)  # three in the morning
    from modules.networking import jobs

    jobs.look_at_routers()
    db.session.commit()
    run_jobs()
    net.advance(100_000)
    assert net.sees("u1") == "abona-cut"
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Connection).where(
        Connection.waits_since.is_not(None))) == 0
