"""A debtor's life: warned, cut, restored by money, by a promise, by whichever way it comes."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from core.db import db
from core.models import Job
from modules.accounting import payments
from modules.accounting import queries as books
from modules.arrears import late_payers, queries, running, services
from modules.arrears.errors import NoPromise, NotPossible
from modules.arrears.models import Cut, Deed, Promise
from modules.contracts import billing, foresight, plans
from modules.contracts import services as contracts
from modules.contracts.lists_of_billing import EXCEPTIONS
from modules.contracts.models import BillingException, BillingProfile, Charge, Contract, PlanPrice, Suspension
from modules.notifications.models import Message
from tests.modules.arrears.debtors import VAT

DUE = dt.date(2026, 11, 2)


def told() -> list[str]:
    return list(db.session.scalars(sa.select(Message.kind).where(Message.kind.like("arrears.%")).order_by(Message.id)))


def count(model: Any) -> int:
    return db.session.scalar(sa.select(sa.func.count(model.id))) or 0


def test_who_owes_is_told_warned_cut_once_and_back_as_soon_as_the_money_is_there(
        make_contract: Any, owe: Any, pay: Any, run: Any, run_jobs: Any) -> None:
    contract = make_contract()
    owe(contract, "12100", DUE)
    assert run(3) == [("notice", "after_due")] and run(3) == [] and run(10) == []
    assert run(11) == [("notice", "before_cut")]
    assert run(12, 9) == [] and contract.state == "active"
    assert run(12, 10) == [("cut", "overdue")] and run(12, 11) == []
    db.session.refresh(contract)
    assert contract.state == "suspended" and contract.suspensions[-1].cause == "arrears"
    assert told() == ["arrears.overdue", "arrears.cut_warning", "arrears.cut"]
    pay(contract, "12100")
    run_jobs()
    db.session.refresh(contract)
    assert contract.state == "active" and told()[-1] == "arrears.restored"
    assert (count(Cut), count(Deed)) == (1, 4)
    assert db.session.scalars(sa.select(Cut)).one().ended_by == "paid"


def test_a_part_that_leaves_an_old_debt_restores_nothing_and_one_that_leaves_a_young_one_does(
        make_contract: Any, owe: Any, pay: Any, run: Any, run_jobs: Any) -> None:
    contract = make_contract()
    owe(contract, "12100", DUE)
    owe(contract, "5000", dt.date(2026, 11, 9))
    run(12)
    pay(contract, "1000")
    run_jobs()
    db.session.refresh(contract)
    assert contract.state == "suspended"
    pay(contract, "11100")
    run_jobs()
    db.session.refresh(contract)
    assert contract.state == "active"


def test_a_payment_that_is_taken_back_cuts_again_by_the_rules(make_contract: Any, owe: Any, pay: Any, run: Any,
                                                              run_jobs: Any, frozen: Any) -> None:
    contract = make_contract()
    owe(contract, "12100", DUE)
    run(12)
    paid = pay(contract, "12100")
    run_jobs()
    frozen(2026, 11, 16, 12, 30)  # before the hour of cuts, there
    payments.reverse_payment(paid, "Cheque rechazado")
    db.session.commit()
    run_jobs()
    db.session.refresh(contract)
    assert contract.state == "active"
    assert run(16, 10) == [("cut", "overdue")]
    db.session.refresh(contract)
    assert contract.state == "suspended" and count(Cut) == 2


def test_a_promise_restores_at_once_ends_at_a_humane_hour_and_cuts_again_when_broken(
        make_contract: Any, owe: Any, run: Any, frozen: Any, run_jobs: Any) -> None:
    contract = make_contract()
    owe(contract, "12100", DUE)
    run(12, 11)
    made = services.promise(contract, channel="pay_page")
    db.session.commit()
    assert services.promise(contract, channel="pay_page").id == made.id, "a second click finds the first"
    assert contract.state == "active" and db.session.scalars(sa.select(Cut)).one().ended_by == "promise"
    assert made.until == dt.datetime(2026, 11, 16, 13, tzinfo=dt.UTC), "Saturday becomes Monday, ten o'clock there"
    assert queries.standing(contract).promised_until == made.until
    assert run(13) == [] and run(16, 9, 59) == []
    frozen(2026, 11, 16, 13)
    run_jobs()  # the job that the promise left for this minute
    db.session.refresh(contract)
    assert contract.state == "suspended" and db.session.get_one(Promise, made.id).state == "broken"
    assert told()[-2:] == ["arrears.promise_broken", "arrears.cut"] and run(16, 11) == []


def test_a_promise_that_is_kept_changes_nothing(make_contract: Any, owe: Any, pay: Any, run: Any,
                                                run_jobs: Any) -> None:
    contract = make_contract()
    owe(contract, "12100", DUE)
    run(12)
    made = services.promise(contract)
    pay(contract, "12100")
    run_jobs()
    assert run(17) == [] and db.session.get_one(Promise, made.id).state == "kept"
    db.session.refresh(contract)
    assert contract.state == "active"


def test_who_broke_two_promises_gets_no_third_and_reads_why(make_contract: Any, owe: Any, run: Any) -> None:
    contract = make_contract()
    owe(contract, "12100", DUE)
    run(12)
    for day in (16, 18):
        services.promise(contract)
        db.session.commit()
        run(day, 12)
        db.session.refresh(contract)
    assert contract.state == "suspended"
    with pytest.raises(NoPromise, match="because 2 promises were not kept"):
        services.promise(contract)
    found = queries.standing(contract)
    assert not found.can_promise and "11/01/2027" in found.why_no_promise


def test_staff_that_restores_by_hand_is_respected(make_contract: Any, owe: Any, run: Any, run_jobs: Any) -> None:
    contract = make_contract()
    owe(contract, "12100", DUE)
    run(12)
    contracts.restore(contract, reason="She called")
    db.session.commit()
    run_jobs()
    assert run(16) == [] and run(17) == []
    db.session.refresh(contract)
    assert contract.state == "active"


def test_who_paused_by_himself_is_not_restored_by_money(make_contract: Any, owe: Any, pay: Any, run_jobs: Any) -> None:
    contract = make_contract()
    owe(contract, "12100", DUE)
    contracts.suspend(contract, "request")
    db.session.commit()
    pay(contract, "12100")
    run_jobs()
    db.session.refresh(contract)
    assert contract.state == "suspended"


def test_only_the_service_that_was_not_paid_is_cut(isp: Any, make_contract: Any, run: Any, pay: Any,
                                                   run_jobs: Any, frozen: Any) -> None:
    """A second house: each invoice cuts the contract that it bills."""
    first = make_contract()
    second = make_contract(customer=first.customer)
    frozen(2026, 11, 1, 15)
    billing.start_run(isp, dt.date(2026, 11, 1))
    db.session.commit()
    run_jobs()
    pay(first, "12100")  # the oldest: the first one's
    run(24)
    db.session.refresh(first)
    db.session.refresh(second)
    assert (first.state, second.state) == ("active", "suspended")


def parts_of(dry: bool) -> list[tuple[str, str, str, str]]:
    """(contract, action, done or refused, words) of a run, but for notices."""
    found = []
    for part in running.run(running.now(), dry=dry):
        db.session.commit()
        for state, pairs in (("done", part.actions), ("refused", part.refused)):
            found += [(one.number, one.action, state, words) for one, words in pairs if one.action != "notice"]
    return sorted(found)


def test_who_paid_is_back_although_his_days_cannot_be_charged(
        isp: Any, make_contract: Any, profile: Any, run: Any, pay: Any, run_jobs: Any, frozen: Any) -> None:
    """A profile that charges only days in service, and a plan whose price is gone: that is for billing to mend."""
    profile.while_suspended = "prorate"
    contract = make_contract()
    frozen(2026, 11, 1, 15)
    billing.start_run(isp, dt.date(2026, 11, 1))
    db.session.commit()
    run_jobs()
    assert ("cut", "overdue") in run(24)
    db.session.execute(sa.delete(PlanPrice))
    db.session.commit()
    frozen(2026, 11, 26, 14)
    pay(contract, "12100")
    run_jobs()
    db.session.refresh(contract)
    assert contract.state == "active"
    one = db.session.scalars(sa.select(BillingException).where(BillingException.contract_id == contract.id)).one()
    assert one.code == "days_not_charged" and "26/11/2026" in one.message and "by hand" in one.message
    settled = EXCEPTIONS.action("settled")
    assert settled is not None and settled.apply is not None
    settled.apply([one.id], {})
    db.session.commit()
    assert db.session.scalar(sa.select(BillingException.id)) is None


def test_a_cut_is_refused_in_advance_only_where_days_are_credited(
        isp: Any, make_contract: Any, profile: Any, run_jobs: Any, frozen: Any) -> None:
    """Beside a profile that charges days in service, who has another one is cut whatever became of old prices."""
    contract = make_contract()
    frozen(2026, 11, 1, 15)
    billing.start_run(isp, dt.date(2026, 11, 1))
    db.session.commit()
    run_jobs()
    db.session.execute(sa.delete(PlanPrice))
    plain = BillingProfile(name="Plain")
    profile.while_suspended = "prorate"
    db.session.add(plain)
    db.session.commit()
    day = dt.date(2026, 11, 20)
    assert list(foresight.refused_suspensions([contract.id], day)) == [contract.id]
    contract.profile_id = plain.id
    db.session.commit()
    assert foresight.refused_suspensions([contract.id], day) == {}


def test_one_contract_that_refuses_to_be_cut_keeps_nobody_else_in_service(
        isp: Any, make_contract: Any, profile: Any, run: Any, run_jobs: Any, frozen: Any) -> None:
    """Days that are billed are credited with the cut; what one of them cost is known no more."""
    profile.while_suspended = "prorate"
    other = plans.create_plan({"code": "H60", "name": "Plan H60", "taxes": VAT, "includes_tax": True,
                               "period_months": 1, "currency": ""}, Decimal(12100), dt.date(2020, 1, 1))
    refusing = make_contract("Customer 0", plan_id=other.id)
    debtors = [make_contract(f"Customer {number}") for number in range(1, 4)]
    frozen(2026, 11, 1, 15)
    billing.start_run(isp, dt.date(2026, 11, 1))
    db.session.commit()
    run_jobs()
    db.session.execute(sa.delete(PlanPrice).where(PlanPrice.plan_id == other.id))
    db.session.commit()
    frozen(2026, 11, 24, 14)
    said, done = parts_of(dry=True), parts_of(dry=False)
    assert said == done and [row[:3] for row in done] == [
        (refusing.number, "cut", "refused"), *[(one.number, "cut", "done") for one in debtors]]
    assert "price" in done[0][3]
    db.session.expire_all()
    assert [one.state for one in debtors] == ["suspended"] * 3 and refusing.state == "active"
    assert count(Cut) == 3 and told().count("arrears.cut") == 3
    run(24, 12)
    assert count(Cut) == 3 and not db.session.scalars(sa.select(Deed).where(
        Deed.contract_id == refusing.id, Deed.action == "cut")).all(), "nothing of it is half written"


def test_the_surcharge_and_the_charge_for_reconnection_come_once(make_contract: Any, owe: Any, pay: Any, run: Any,
                                                                  run_jobs: Any, profile: Any) -> None:
    profile.reconnection_charge = Decimal(1500)
    db.session.commit()
    contract = make_contract()
    owe(contract, "12100", DUE, second_due_date=dt.date(2026, 11, 9), second_due_total=Decimal("12463.00"))
    assert ("surcharge", "after_second_due") in run(10) and run(10) == []
    run(12)
    pay(contract, "12100")
    run_jobs()
    found = {one.code: one.total for one in db.session.scalars(sa.select(Charge))}
    assert found == {"surcharge": Decimal("363.00"), "reconnection": Decimal("1500.00")}


def test_a_surcharge_is_billed_as_soon_as_an_invoice_brought_it(
        isp: Any, make_contract: Any, owe: Any, run: Any, run_jobs: Any, frozen: Any) -> None:
    late = {"second_due_date": dt.date(2026, 11, 9), "second_due_total": Decimal("12463.00")}
    contract, other = make_contract(), make_contract()
    mine = [owe(one, "12100", DUE, **late).id for one in (contract, other)]
    assert ("surcharge", "after_second_due") in run(10)
    charge = db.session.scalars(sa.select(Charge).where(Charge.contract_id == other.id)).one()
    charge.instalments[0].month = dt.date(2027, 3, 1)
    db.session.commit()
    assert books.surcharge_billed(mine) == set()
    frozen(2026, 12, 1, 15)
    billing.start_run(isp, dt.date(2026, 12, 1))
    db.session.commit()
    run_jobs()
    assert books.surcharge_billed(mine) == {mine[0]}


def test_who_paid_the_second_total_in_time_has_no_gift_of_it(make_contract: Any, owe: Any, pay: Any, frozen: Any,
                                                             run_jobs: Any) -> None:
    contract = make_contract()
    owe(contract, "12100", DUE, second_due_date=dt.date(2026, 11, 9), second_due_total=Decimal("12463.00"))
    frozen(2026, 11, 5, 15)
    pay(contract, "12463")
    run_jobs()
    assert [one.total for one in db.session.scalars(sa.select(Charge))] == [Decimal("363.00")]


def test_one_credit_pays_the_surcharge_of_one_document(make_contract: Any, owe: Any, pay: Any, frozen: Any,
                                                        run_jobs: Any) -> None:
    """Two documents of 100, 110 when late, paid with 210: ten are in favour, and ten are charged, not twenty."""
    contract = make_contract()
    first, second = [owe(contract, "100", DUE, second_due_date=dt.date(2026, 11, 9), second_due_total=Decimal(110))
                     for _number in range(2)]
    frozen(2026, 11, 5, 15)
    paid = pay(contract, "210")
    run_jobs()
    late_payers.surcharge([paid.id])  # told a second time
    db.session.commit()
    assert paid.open_amount == Decimal(10) and (first.open_amount, second.open_amount) == (0, 0)
    assert [one.total for one in db.session.scalars(sa.select(Charge))] == [Decimal(10)]


def test_a_promise_whose_time_is_over_is_not_given_as_the_answer_to_a_new_one(
        make_contract: Any, owe: Any, run: Any, frozen: Any) -> None:
    """The hourly run has not noted it yet: the old one is not kept, and the new one is of its own."""
    contract = make_contract()
    owe(contract, "12100", DUE)
    run(12, 11)
    old = services.promise(contract)
    db.session.commit()
    frozen(2026, 11, 16, 13, 5)
    new = services.promise(contract)
    db.session.commit()
    assert new.id != old.id and new.until > dt.datetime(2026, 11, 17, tzinfo=dt.UTC)
    assert (old.state, new.state) == ("broken", "open")
    assert "arrears.promise_broken" in told()


def test_the_dry_run_says_what_the_run_then_does_and_writes_nothing(make_contract: Any, owe: Any, frozen: Any) -> None:
    for number in range(7):
        owe(make_contract(f"Customer {number}"), "12100", DUE if number % 2 else dt.date(2026, 11, 11))
    frozen(2026, 11, 12, 14)
    before = count(Job), count(Deed), count(Message)

    def all_of(dry: bool) -> list[Any]:
        return [pair for part in running.run(running.now(), dry=dry, size=3) for pair in part.actions]

    said = all_of(dry=True)
    assert (count(Job), count(Deed), count(Message)) == before
    assert len(said) == 7 and all_of(dry=False) == said and all_of(dry=False) == []


def test_two_runs_at_once_cut_once(make_contract: Any, owe: Any, frozen: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second one decided on the facts of before the first one's writing."""
    contract = make_contract()
    owe(contract, "12100", DUE)
    frozen(2026, 11, 12, 14)
    stale = next(iter(running.run(running.now(), dry=True)))
    running.review([contract.customer_id])
    running._perform(stale, running.now())
    assert count(Cut) == 1 and told().count("arrears.cut") == 1


@pytest.fixture
def back(make_contract: Any, owe: Any, pay: Any, run: Any, profile: Any) -> Any:
    """`back(3)`: so many who were cut and have paid; nobody heard of it yet."""
    def made(count: int) -> list[Any]:
        profile.reconnection_charge = Decimal(1500)
        found = [make_contract(f"Customer {number}") for number in range(count)]
        for one in found:
            owe(one, "12100", DUE)
        run(12)
        for one in found:
            pay(one, "12100")
        db.session.execute(sa.delete(Job))
        db.session.commit()
        return found

    return made


def test_many_who_paid_are_back_with_a_fixed_number_of_statements(back: Any) -> None:
    """But for the jobs that hear of each, and rows that are written of each, as the database takes them."""
    def statements(count: int) -> int:
        contract_ids = [one.id for one in back(count)]
        sent: list[str] = []
        listen = lambda *arguments: sent.append(arguments[2])  # noqa: E731
        sa.event.listen(db.engine, "before_cursor_execute", listen)
        try:
            running.review([key for (key,) in db.session.execute(sa.select(Contract.customer_id).where(
                Contract.id.in_(contract_ids)))], running.RELIEF)
            db.session.flush()
        finally:
            sa.event.remove(db.engine, "before_cursor_execute", listen)
        db.session.commit()
        rows = db.session.scalars(sa.select(Contract).where(Contract.id.in_(contract_ids))).all()
        assert {one.state for one in rows} == {"active"}
        assert {row.ended_by for row in db.session.scalars(sa.select(Cut).where(
            Cut.contract_id.in_(contract_ids)))} == {"paid"}
        assert {row.last_day for row in db.session.scalars(sa.select(Suspension).where(
            Suspension.contract_id.in_(contract_ids)))} == {dt.date(2026, 11, 11)}
        assert db.session.scalar(sa.select(sa.func.count()).where(
            Charge.contract_id.in_(contract_ids), Charge.code == "reconnection")) == count
        return sum(one.startswith(("SELECT", "UPDATE")) and "core_job" not in one for one in sent)

    few, many = statements(3), statements(12)
    assert many == few


def test_one_contract_that_refuses_to_come_back_keeps_nobody_else_out(
        back: Any, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    debtors = back(4)
    refusing, restore_many = debtors[1].id, contracts.restore_many

    def restore(rows: Any, reasons: Any) -> None:
        if refusing in {one.id for one in rows}:
            raise NotPossible("Its days cannot be charged.")
        restore_many(rows, reasons)

    monkeypatch.setattr(contracts, "restore_many", restore)
    assert run(12, 12) == [("restore", "paid")] * 3
    db.session.expire_all()
    assert [one.state for one in debtors] == ["active", "suspended", "active", "active"]
    assert not db.session.scalars(sa.select(Deed).where(Deed.contract_id == refusing, Deed.action == "restore")).all()
    assert told().count("arrears.restored") == 3 and count(Charge) == 3
    monkeypatch.undo()
    assert run(12, 13) == [("restore", "paid")]
    assert told().count("arrears.restored") == 4 and count(Charge) == 4


def test_a_run_reads_with_a_fixed_number_of_statements(make_contract: Any, owe: Any, frozen: Any) -> None:
    def statements() -> int:
        sent: list[str] = []
        listen = lambda *arguments: sent.append(arguments[2])  # noqa: E731
        sa.event.listen(db.engine, "before_cursor_execute", listen)
        try:
            list(running.run(running.now(), dry=True))
        finally:
            sa.event.remove(db.engine, "before_cursor_execute", listen)
        return len(sent)

    owe(make_contract("One"), "12100", DUE)
    frozen(2026, 11, 12, 14)
    few = statements()
    for number in range(12):
        owe(make_contract(f"Customer {number}"), "12100", DUE)
    frozen(2026, 11, 12, 14)
    assert statements() == few
