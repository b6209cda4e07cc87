"""Parts of payments that are given back, and money that moves without a customer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest
import sqlalchemy as sa

from core import scope
from core.db import db
from modules.accounting import cash, ledger, queries, services, summaries
from modules.accounting.errors import NotPossible, PeriodLocked, WrongAmount
from modules.accounting.models import Account, CashAccount, Entry, Posting
from modules.accounting.payments import Medium, PaymentData, record_payment, reverse_payment
from modules.accounting.refunds import refund_payment
from modules.crm.models import Customer
from tests.modules.accounting.books import findings, issue, open_of

Make = Callable[..., Customer]
DAY = dt.date(2026, 11, 3)


def paid(customer: Customer, amount: str) -> PaymentData:
    return PaymentData(customer.id, [Medium(Decimal(amount), "card")])


@pytest.mark.parametrize(("given_back", "open_amounts", "favour"), [
    ("50", ["0.00", "0.00"], "50.00"),  # what nobody used yet
    ("100", ["0.00", "0.00"], "0.00"),
    ("150", ["0.00", "50.00"], "0.00"),  # then what was paid last
    ("700", ["200.00", "400.00"], "0.00"),
    ("1500", ["1000.00", "400.00"], "0.00"),  # all of it
])
def test_what_a_part_paid_is_open_again(customer: Customer, given_back: str, open_amounts: list[str],
                                        favour: str) -> None:
    first, second = issue(customer, "1000"), issue(customer, "400")
    payment = record_payment(paid(customer, "1500"))
    refund_payment(payment, Decimal(given_back), "La pasarela devolvió una parte")
    assert open_of(first, second) == open_amounts
    assert f"{queries.in_favour(customer.id):.2f}" == favour
    assert queries.balance(customer.id) == Decimal(given_back) - 100
    assert findings() == {}


def test_the_same_part_twice_is_given_back_once(customer: Customer) -> None:
    payment = record_payment(paid(customer, "100"))
    once = refund_payment(payment, Decimal(30), "devuelto", source="mp:1", external_id="refund-7")
    again = refund_payment(payment, Decimal(30), "devuelto", source="mp:1", external_id="refund-7")
    assert (once.id, payment.refunded) == (again.id, Decimal(30))
    with pytest.raises(NotPossible, match="refund-7"):
        refund_payment(payment, Decimal(31), "devuelto", source="mp:1", external_id="refund-7")


@pytest.mark.parametrize("amount", ["0", "-1", "70.01", "0.005"])
def test_no_more_than_is_left_of_the_payment(customer: Customer, amount: str) -> None:
    payment = record_payment(paid(customer, "100"))
    refund_payment(payment, Decimal(30), "devuelto")
    with pytest.raises(WrongAmount):
        refund_payment(payment, Decimal(amount), "devuelto")
    with pytest.raises(NotPossible, match="30"):
        reverse_payment(payment, "todo")
    assert findings() == {}


def test_a_payment_that_was_taken_back_has_no_parts(customer: Customer) -> None:
    payment = record_payment(paid(customer, "100"))
    reverse_payment(payment, "contracargo")
    with pytest.raises(NotPossible):
        refund_payment(payment, Decimal(1), "devuelto")


def test_collected_falls_by_what_was_given_back(customer: Customer) -> None:
    payment = record_payment(paid(customer, "100"))
    refund_payment(payment, Decimal(30), "devuelto")
    assert summaries.by_method("ARS", DAY, DAY) == {"card": Decimal(70)}
    assert summaries.read(DAY)["ARS"].on("collected", DAY) == 70
    with scope.every_company():
        summaries.rebuild()
    assert findings() == {}


def gateway() -> CashAccount:
    found = db.session.scalar(sa.select(CashAccount).where(CashAccount.kind == "gateway"))
    if found is None:
        account = db.session.scalars(sa.select(Account).where(Account.code.is_not(None), Account.kind == "asset",
                                                              Account.name.ilike("%acredit%"))).first()
        assert account is not None
        found = CashAccount(name="Pasarela", kind="gateway", account_id=account.id)
        db.session.add(found)
        db.session.flush()
    return found


def in_account(account: CashAccount) -> Decimal:
    return db.session.scalar(sa.select(sa.func.sum(Posting.amount)).where(
        Posting.account_id == account.account_id)) or Decimal(0)


def test_fees_and_taxes_leave_the_gateway_and_the_rest_reaches_the_bank(customer: Customer) -> None:
    holding = gateway()
    bank = db.session.scalars(sa.select(CashAccount).where(CashAccount.kind == "bank")).one()
    record_payment(PaymentData(customer.id, [Medium(Decimal(1000), "mercadopago", holding.id)]))
    cash.book_kept([cash.Kept(holding, DAY, "ARS", Decimal("60.38"), Decimal("25.00"), "Mercado Pago 123")])
    cash.transfer(holding, bank, Decimal("914.62"), "ARS", DAY, "Liquidación")
    assert (in_account(holding), in_account(bank)) == (0, Decimal("914.62"))
    assert db.session.scalars(sa.select(Entry.kind).order_by(Entry.id)).all() == ["payment", "fee", "transfer"]
    assert findings() == {}


def test_money_does_not_move_within_one_account(customer: Customer) -> None:
    bank = db.session.scalars(sa.select(CashAccount).where(CashAccount.kind == "bank")).one()
    with pytest.raises(NotPossible):
        cash.transfer(bank, bank, Decimal(1), "ARS", DAY)


def test_nothing_is_given_back_in_a_closed_period(customer: Customer) -> None:
    payment = record_payment(paid(customer, "100"))
    services.lock_period(DAY - dt.timedelta(days=1))
    ledger.policy().locked_until = DAY
    db.session.flush()
    with pytest.raises(PeriodLocked):
        refund_payment(payment, Decimal(1), "devuelto")
