"""Many payments at once are the same payments as one by one, in a fixed number of statements."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from core.db import db
from core.models import Job
from modules.accounting import bulk_payments, queries, services
from modules.accounting.errors import PeriodLocked, WrongAmount, WrongCurrency
from modules.accounting.models import CashAccount, Payment
from modules.accounting.payments import Medium, PaymentData, record_payment
from modules.crm.models import Customer
from tests.modules.accounting.books import findings, issue, open_of, statements

Make = Callable[..., Customer]


def paid(customer: Customer, amount: str, key: str | None = None, **values: object) -> PaymentData:
    """A payment in cash."""
    return PaymentData(customer.id, [Medium(Decimal(amount))], external_id=key, source="file" if key else "",
                       **values)  # type: ignore[arg-type]


def account(customer: Customer) -> tuple[Decimal, Decimal, list[Decimal]]:
    """(balance, in favour, what is open on each document)."""
    return (queries.balance(customer.id), queries.in_favour(customer.id),
            [one.open_amount for one in queries.open_documents(customer.id)])


@pytest.mark.parametrize("amount", ["500", "1000", "1200", "5000"])
def test_a_payment_in_bulk_does_what_one_alone_does(make_customer: Make, amount: str) -> None:
    alone, bulk = make_customer(), make_customer()
    for customer in (alone, bulk):
        issue(customer, "1000", due_date=dt.date(2026, 11, 20))
        issue(customer, "400", due_date=dt.date(2026, 11, 10))
    record_payment(paid(alone, amount))
    bulk_payments.record_many([paid(bulk, amount)])
    assert account(alone) == account(bulk)
    assert findings() == {}


def test_several_payments_of_one_customer_go_on_where_the_one_before_stopped(make_customer: Make) -> None:
    customer = make_customer()
    first, second = issue(customer, "1000"), issue(customer, "400")
    ids = bulk_payments.record_many([paid(customer, "700"), paid(customer, "500"), paid(customer, "300")])
    assert open_of(first, second) == ["0.00", "0.00"]
    rows = db.session.scalars(sa.select(Payment).where(Payment.id.in_(ids)).order_by(Payment.number)).all()
    assert [row.number for row in rows] == [1, 2, 3]
    assert open_of(*rows) == ["0.00", "0.00", "100.00"]
    assert findings() == {}


def test_what_is_named_is_paid_first_as_far_as_it_is_open(make_customer: Make) -> None:
    customer = make_customer()
    first, second, third = issue(customer, "100"), issue(customer, "400"), issue(customer, "50")
    bulk_payments.record_many([paid(customer, "450", pays=[(second.id, Decimal(400))]),
                               paid(customer, "30", pays=[(second.id, Decimal(400))], only_these=True),
                               paid(customer, "20", pays=[(third.id, Decimal(10))], only_these=True)])
    assert open_of(first, second, third) == ["50.00", "0.00", "40.00"]
    assert queries.in_favour(customer.id) == 40
    assert findings() == {}


def test_who_listens_hears_of_all_at_once(make_customer: Make) -> None:
    ids = bulk_payments.record_many([paid(make_customer(), "10") for _number in range(3)])
    bulk_payments.tell(ids)
    told = db.session.scalars(sa.select(Job.payload).where(
        Job.function == "modules.accounting.handlers.deliver_recorded")).all()
    assert told == [{"payment_ids": ids}]


def test_each_medium_goes_into_its_account(make_customer: Make) -> None:
    bank = db.session.scalars(sa.select(CashAccount).where(CashAccount.kind == "bank")).one()
    data = PaymentData(make_customer().id, [Medium(Decimal(60)), Medium(Decimal(40), "transfer", bank.id, "777")])
    (key,) = bulk_payments.record_many([data])
    media = db.session.get_one(Payment, key).media
    assert [(one.method, f"{one.amount:.2f}", one.cash_account.kind, one.reference) for one in media] == [
        ("cash", "60.00", "cash", ""), ("transfer", "40.00", "bank", "777")]


def test_a_tax_that_the_customer_withheld_lies_in_no_account(make_customer: Make) -> None:
    alone, bulk = make_customer(), make_customer()
    media = [Medium(Decimal(90)), Medium(Decimal(10), "withholding", reference="cert. 7")]
    issue(alone, "100"), issue(bulk, "100")
    record_payment(PaymentData(alone.id, media))
    bulk_payments.record_many([PaymentData(bulk.id, media)])
    assert account(alone) == account(bulk)
    assert findings() == {}


def test_nobody_is_told_and_nothing_is_enqueued(make_customer: Make) -> None:
    before = db.session.scalar(sa.select(sa.func.count()).select_from(Job))
    bulk_payments.record_many([paid(make_customer(), "10")])
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Job)) == before


def test_the_same_line_of_a_file_twice_breaks_the_transaction(make_customer: Make) -> None:
    customer = make_customer()
    bulk_payments.record_many([paid(customer, "10", "line-1")])
    with pytest.raises(IntegrityError), db.session.begin_nested():
        bulk_payments.record_many([paid(customer, "10", "line-1")])
    assert findings() == {}


@pytest.mark.parametrize("amount", ["0", "-1", "1.005"])
def test_an_amount_that_cannot_be_paid_is_refused_before_anything_is_written(make_customer: Make, amount: str) -> None:
    customer = make_customer()
    with pytest.raises(WrongAmount):
        bulk_payments.record_many([paid(customer, "10"), paid(customer, amount)])
    assert account(customer) == (0, 0, [])


def test_a_closed_period_is_refused(make_customer: Make) -> None:
    services.lock_period(dt.date(2026, 10, 31))
    with pytest.raises(PeriodLocked):
        bulk_payments.record_many([paid(make_customer(), "10", paid_on=dt.date(2026, 10, 30))])


def test_another_currency_needs_an_account_of_its_own(make_customer: Make) -> None:
    from core.errors import DomainError

    with pytest.raises((DomainError, WrongCurrency)):
        bulk_payments.record_many([paid(make_customer(), "10", currency="USD")])


def test_three_and_three_hundred_take_the_same_statements(make_customer: Make) -> None:
    customer = make_customer()
    issue(customer, "100000")
    bulk_payments.record_many([paid(customer, "1")])  # the receipt's sequence exists
    counts = []
    for size in (3, 300):
        with statements() as seen:
            bulk_payments.record_many([paid(customer, "1") for _number in range(size)])
        counts.append(len([one for one in seen if "nextval" not in one]))
    assert counts[0] == counts[1] <= 25
