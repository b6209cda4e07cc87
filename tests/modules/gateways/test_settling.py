"""A gateway's report beside our books: what it cost, what we never heard of, what it paid out into the bank."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from core import jobs
from core.db import db
from modules.accounting import queries
from modules.accounting.models import Account as LedgerAccount
from modules.accounting.models import CashAccount, Posting
from modules.crm.models import Customer
from modules.gateways import booking, files_in, settling
from modules.gateways.models import Account, File, Settlement, Transaction
from modules.gateways.ports import Settled
from modules.gateways.shapes import Reference
from tests.modules.accounting.books import findings

Make = Callable[..., Any]
DAY = dt.date(2026, 11, 9)


@pytest.fixture
def bank(account: Account) -> CashAccount:
    """The bank account into which the gateway pays out."""
    own = LedgerAccount(code="1.9.98", name="Banco de prueba", kind="asset")
    db.session.add(own)
    db.session.flush()
    made = CashAccount(name="Banco de prueba", kind="bank", account_id=own.id)
    db.session.add(made)
    db.session.flush()
    account.bank_account_id = made.id
    db.session.flush()
    return made


@pytest.fixture
def report(account: Account, company: Any) -> Callable[..., Any]:
    """`report(row, …)`: rows of a report are taken."""
    from core import storage

    def take(*rows: Settled) -> Any:
        content = storage.store(repr(rows).encode(), "informe.csv", "text/csv")
        file = File(account_id=account.id, direction="in", kind="statement", name="informe.csv",
                    sha256=f"{content.id}", stored_id=content.id, state="imported")
        db.session.add(file)
        db.session.flush()
        return settling.take(account, settling.numbered(rows), file_id=file.id)

    return take


def row(number: str, kind: str = "payment", gross: str = "100", fee: str = "5", withheld: str = "2",
        **values: Any) -> Settled:
    net = Decimal(gross) - Decimal(fee) - Decimal(withheld)
    return Settled(number, kind, Decimal(gross), Decimal(fee), Decimal(withheld), net,
                   **{"currency": "ARS", "settled_on": DAY, "released_on": dt.date(2026, 11, 19), **values})


def payout(number: str, amount: str, **values: Any) -> Settled:
    return row(number, "payout", f"-{amount}", "0", "0", **values)


def in_bank(place: CashAccount) -> Decimal:
    return db.session.scalar(sa.select(sa.func.sum(Posting.amount)).where(
        Posting.account_id == place.account_id)) or Decimal("0.00")


def test_what_a_payment_cost_is_what_the_report_says(
        account: Account, customer: Customer, told: Make, report: Make, holding: Callable[[], Decimal]) -> None:
    account.fee_percent = Decimal(4)  # our own rule, as the gateway's notice told nothing
    booking.take(account, [told("77", customer=customer.code)])
    assert holding() == Decimal("96.00")
    for _time in range(2):
        report(row("77"))
    (paid,) = db.session.scalars(sa.select(Transaction)).all()
    assert (holding(), paid.fee_booked, paid.withheld_booked) == (Decimal("93.00"), Decimal("5.00"), Decimal("2.00"))
    assert paid.credited_on == dt.date(2026, 11, 19)
    assert db.session.scalar(sa.select(Settlement.transaction_id)) == paid.id
    assert findings() == {}


def test_a_payment_that_nobody_told_is_booked_from_the_report_where_the_gateway_cannot_be_asked(
        account: Account, customer: Customer, report: Make, holding: Callable[[], Decimal]) -> None:
    taken = report(row("78", reference=Reference(customer=customer.code)))
    assert (taken.booked, queries.balance(customer.id), holding()) == (1, Decimal("-100.00"), Decimal("93.00"))
    assert db.session.scalar(sa.select(Settlement.transaction_id)) is not None
    report(row("78", reference=Reference(customer=customer.code)))
    assert queries.balance(customer.id) == Decimal("-100.00") and findings() == {}


def test_one_that_the_gateway_can_be_asked_about_is_read_there(
        account: Account, customer: Customer, told: Make, probe: Any, report: Make) -> None:
    probe.payments["78"] = [told("78", customer=customer.code)]
    report(row("78"))
    assert queries.balance(customer.id) == 0
    db.session.commit()
    jobs.run_jobs()
    assert probe.asked == ["78"] and queries.balance(customer.id) == Decimal("-100.00")
    assert db.session.scalar(sa.select(Settlement.transaction_id)) is not None


def test_a_return_that_nobody_told_is_taken_back(account: Account, customer: Customer, told: Make,
                                                report: Make) -> None:
    booking.take(account, [told("77", customer=customer.code)])
    for _time in range(2):
        report(row("77", "refund", "-40", "0", "0"))
    assert queries.balance(customer.id) == Decimal("-60.00") and findings() == {}


def test_equal_parts_that_were_given_back_are_so_many_returns(
        account: Account, customer: Customer, told: Make, report: Make) -> None:
    """Two on one day, one on the next; whichever report tells them again, none is new."""
    booking.take(account, [told("77", customer=customer.code)])
    part, later = row("77", "refund", "-20", "0", "0"), dt.date(2026, 11, 10)
    third = row("77", "refund", "-20", "0", "0", settled_on=later)
    report(part, part)
    report(third)
    report(part, part, third)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Settlement)) == 3
    assert queries.balance(customer.id) == Decimal("-40.00") and findings() == {}


def test_the_fee_that_comes_back_with_a_return_is_ours_again(
        account: Account, customer: Customer, told: Make, report: Make, holding: Callable[[], Decimal]) -> None:
    booking.take(account, [told("77", customer=customer.code)])
    for _time in range(2):
        report(row("77"), row("77", "refund", "-100", "-5", "-2"))
    assert (holding(), queries.balance(customer.id)) == (Decimal("0.00"), Decimal("0.00"))
    files_in.undo(db.session.scalars(sa.select(File).order_by(File.id.desc())).first(), "de otra cuenta")
    assert holding() == Decimal("0.00"), "the second report was not the first to tell"
    assert findings() == {}


@pytest.mark.parametrize(("fee", "before"), [(None, "96.00"), (Decimal("3.00"), "97.00")])
def test_what_a_report_corrected_is_as_before_when_it_is_taken_back(
        account: Account, customer: Customer, told: Make, report: Make, holding: Callable[[], Decimal],
        fee: Decimal | None, before: str) -> None:
    account.fee_percent = Decimal(4)
    booking.take(account, [told("77", customer=customer.code, fee=fee)])
    assert holding() == Decimal(before)
    report(row("77"))
    assert holding() == Decimal("93.00")
    files_in.undo(db.session.scalars(sa.select(File)).one(), "de otra cuenta")
    (paid,) = db.session.scalars(sa.select(Transaction)).all()
    assert (holding(), paid.fee, paid.credited_on, paid.state) == (Decimal(before), fee, None, "booked")
    assert findings() == {}


def test_what_was_paid_out_lies_in_the_bank_once(account: Account, customer: Customer, told: Make, report: Make,
                                                bank: CashAccount, holding: Callable[[], Decimal]) -> None:
    booking.take(account, [told("77", customer=customer.code)])
    report(row("77"), payout("900", "93"))
    report(payout("900", "93", settled_on=dt.date(2026, 11, 10)))  # the other report says another day
    assert (holding(), in_bank(bank)) == (Decimal("0.00"), Decimal("93.00"))
    assert findings() == {}


def test_a_payout_that_came_back_is_back(account: Account, report: Make, bank: CashAccount,
                                        holding: Callable[[], Decimal]) -> None:
    report(payout("900", "93"), row("900", "payout", "93", "0", "0"))
    assert (holding(), in_bank(bank)) == (Decimal("0.00"), Decimal("0.00"))


def test_payouts_wait_for_somebody_to_say_which_bank_account(account: Account, report: Make, bank: CashAccount) -> None:
    account.bank_account_id = None
    db.session.flush()
    db.session.refresh(account)
    report(payout("900", "93"))
    assert in_bank(bank) == 0
    account.bank_account_id = bank.id
    db.session.flush()
    db.session.refresh(account)
    assert [settling.pay_out_all(account) for _time in range(2)] == [1, 0]
    assert in_bank(bank) == Decimal("93.00")


def test_a_payout_is_taken_back_from_where_it_went(account: Account, report: Make, bank: CashAccount,
                                                   holding: Callable[[], Decimal]) -> None:
    """Also where the gateway pays out into another bank account by now."""
    report(payout("900", "93"))
    account.bank_account = account.cash_account
    db.session.flush()
    settling.forget(account, db.session.scalars(sa.select(Settlement.file_id)).one())
    assert (holding(), in_bank(bank)) == (Decimal("0.00"), Decimal("0.00"))
    assert findings() == {}


def test_a_report_is_taken_back_with_its_payments_and_payouts(
        account: Account, customer: Customer, bank: CashAccount, holding: Callable[[], Decimal], probe: Any,
        monkeypatch: pytest.MonkeyPatch) -> None:
    from modules.gateways import ports
    from modules.gateways.shapes import Control

    rows = [row("78", reference=Reference(customer=customer.code)), payout("900", "50")]

    class Report:
        def read(self, file: Any, access: Any) -> Any:
            yield from rows
            yield Control(2, sum((one.net for one in rows), Decimal(0)))

    monkeypatch.setitem(ports.statements._entries, "probe", Report())
    monkeypatch.delitem(ports.polls._entries, "probe")
    for _time in range(2):
        file = files_in.store(account, io.BytesIO(b"informe"), "informe.csv", "statement")
        db.session.commit()
        assert files_in.prove(file.id)
        files_in.load(file.id)
        assert (queries.balance(customer.id), in_bank(bank), holding()) == (
            Decimal("-100.00"), Decimal("50.00"), Decimal("43.00"))
        assert files_in.undo(file, "Era de otro mes").payments == 1
        db.session.commit()
        assert (queries.balance(customer.id), in_bank(bank), holding()) == (0, 0, 0)
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Settlement)) == 0
    assert findings() == {}
