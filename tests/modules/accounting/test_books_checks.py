"""The doctor finds each kind of damage: a check that cannot fail proves nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from core.db import db
from core.models import Company
from modules.accounting import services
from modules.accounting.models import (
    Account,
    Allocation,
    Balance,
    Entry,
    Invoice,
    InvoiceLine,
    Numbering,
    Payment,
    PaymentMedium,
    Policy,
    Posting,
)
from modules.accounting.notes import credit
from modules.accounting.payments import reverse_payment
from modules.crm.models import Customer
from tests.modules.accounting.books import DAY, findings, issue, pay

pytestmark = pytest.mark.usefixtures("own_numbers")


@pytest.fixture
def books(customer: Customer, make_customer: Callable[..., Customer]) -> Any:
    """A little of everything, all of it right."""
    other = make_customer()
    invoice, second = issue(customer, "1000"), issue(customer, "500")
    payment = pay(customer, "1200", source="mp", external_id="1")
    note = credit(second, "Corte", amount=Decimal("100"))
    back = pay(other, "70", source="mp", external_id="2")
    reverse_payment(back, "Error")
    issue(other, "300")
    services.cancel_invoice(issue(other, "90"), "Error")
    db.session.flush()
    assert findings() == {}
    made = {"invoice": invoice.id, "second": second.id, "payment": payment.id, "note": note.id, "back": back.id,
            "other": other.id, "customer": customer.id}
    db.session.expire_all()
    return type("Books", (), made)


def change(model: Any, row_id: int | None, **values: Any) -> None:
    """Damage rows behind the back of the services."""
    statement = sa.update(model).values(**values).execution_options(synchronize_session=False)
    db.session.execute(statement.where(model.id == row_id) if row_id is not None else statement)
    db.session.expire_all()


def entry_of(column: Any, row_id: int) -> int:
    found = db.session.scalar(sa.select(sa.func.min(Entry.id)).where(column == row_id))
    assert found
    return found


def posting_of(column: Any, row_id: int, receivable: bool = True) -> int:
    """The first posting of a document's or payment's entry: that of the customer, or another."""
    side = Posting.customer_id.is_not(None) if receivable else Posting.customer_id.is_(None)
    found = db.session.scalar(sa.select(sa.func.min(Posting.id)).where(
        Posting.entry_id == entry_of(column, row_id), side))
    assert found
    return found


def raised(books: Any) -> None:
    change(Posting, posting_of(Entry.invoice_id, books.invoice, receivable=False), amount=Decimal("-1.00"))


def moved_to_another_day(books: Any) -> None:
    change(Posting, posting_of(Entry.invoice_id, books.invoice), date=DAY - dt.timedelta(1))


def in_another_currency(books: Any) -> None:
    change(Posting, posting_of(Entry.payment_id, books.payment, receivable=False), currency="USD")


def emptied(books: Any) -> None:
    db.session.execute(sa.delete(Posting).where(Posting.entry_id == entry_of(Entry.invoice_id, books.invoice)))


def on_anothers_books(books: Any) -> None:
    other = Company(code="x", country="AR", name="X", tax_id="1", currency="ARS", timezone="UTC")
    db.session.add(other)
    db.session.flush()
    change(Posting, posting_of(Entry.invoice_id, books.invoice, receivable=False), company_id=other.id)


@pytest.mark.parametrize("damage", [raised, moved_to_another_day, in_another_currency, emptied, on_anothers_books])
def test_an_entry_that_is_off_is_found(books: Any, damage: Callable[[Any], None]) -> None:
    damage(books)
    assert "ledger_balanced" in findings()


def test_a_stored_balance_that_is_off_is_found(books: Any) -> None:
    db.session.execute(sa.update(Balance).where(Balance.customer_id == books.other).values(amount=Decimal("1")))
    assert list(findings()) == ["balances_match"]


def test_a_missing_balance_is_found(books: Any) -> None:
    db.session.execute(sa.delete(Balance).where(Balance.customer_id == books.other))
    assert list(findings()) == ["balances_match"]


def test_a_balance_out_of_nowhere_is_found(books: Any) -> None:
    db.session.add(Balance(customer_id=books.other, currency="USD", amount=Decimal("1")))
    assert list(findings()) == ["balances_match"]


@pytest.mark.parametrize(("model", "which", "amount"), [
    (Invoice, "second", "7"), (Invoice, "invoice", "1"), (Payment, "payment", "3"), (Payment, "back", "70"),
    (Invoice, "note", "5")])
def test_an_open_amount_that_is_off_is_found(books: Any, model: Any, which: str, amount: str) -> None:
    change(model, getattr(books, which), open_amount=Decimal(amount))
    assert list(findings()) == ["open_amounts_match"]


def test_a_payment_taken_back_that_still_pays_is_found(books: Any) -> None:
    """The open amounts of both sides agree with each other, and are wrong all the same."""
    invoice = db.session.scalars(sa.select(Invoice).where(Invoice.customer_id == books.other,
                                                          Invoice.state == "issued")).one()
    db.session.add(Allocation(invoice_id=invoice.id, payment_id=books.back, amount=Decimal("70"), date=DAY))
    change(Invoice, invoice.id, open_amount=invoice.open_amount - Decimal("70"))
    assert list(findings()) == ["open_amounts_match"]


def test_a_payment_that_pays_for_somebody_else_is_found(books: Any) -> None:
    """Amounts agree; customers do not."""
    theirs = db.session.scalars(sa.select(Invoice).where(Invoice.customer_id == books.other,
                                                         Invoice.state == "issued")).one()
    mine = pay(db.session.get_one(Customer, books.customer), "1000", only_these=True)
    db.session.add(Allocation(invoice_id=theirs.id, payment_id=mine.id, amount=Decimal("70"), date=DAY))
    theirs.open_amount -= Decimal("70")
    mine.open_amount -= Decimal("70")
    assert list(findings()) == ["open_amounts_match"]


def not_booked(books: Any) -> None:
    entry = entry_of(Entry.invoice_id, books.invoice)
    change(Entry, entry, invoice_id=None, kind="manual")


def booked_on_another_customer(books: Any) -> None:
    change(Posting, posting_of(Entry.invoice_id, books.invoice), customer_id=books.other)


def cancelled_without_an_entry(books: Any) -> None:
    invoice = db.session.scalars(sa.select(Invoice.id).where(Invoice.customer_id == books.other,
                                                             Invoice.state == "issued")).one()
    change(Invoice, invoice, state="cancelled", open_amount=Decimal(0))


def reversed_without_an_entry(books: Any) -> None:
    change(Payment, books.payment, state="reversed")


def on_an_income_account(books: Any) -> None:
    income = db.session.scalar(sa.select(Account.id).where(Account.kind == "income"))
    change(Posting, posting_of(Entry.payment_id, books.payment), account_id=income)


@pytest.mark.parametrize("damage", [not_booked, booked_on_another_customer, cancelled_without_an_entry,
                                    reversed_without_an_entry, on_an_income_account])
def test_a_document_not_booked_as_it_stands_is_found(books: Any, damage: Callable[[Any], None]) -> None:
    damage(books)
    assert "documents_in_ledger" in findings()


def test_a_credit_above_its_document_is_found(books: Any) -> None:
    change(Invoice, books.note, original_id=None)
    assert findings() == {}
    small = db.session.scalars(sa.select(Invoice).where(Invoice.customer_id == books.customer).order_by(
        Invoice.total)).first()
    assert small is not None
    change(Invoice, books.invoice, kind="credit_note", original_id=small.id)
    assert "credits_within_documents" in findings()


def test_a_note_on_the_document_of_somebody_else_is_found(books: Any) -> None:
    theirs = db.session.scalar(sa.select(Invoice.id).where(Invoice.customer_id == books.other, Invoice.total == 300))
    change(Invoice, books.note, original_id=theirs)
    assert list(findings()) == ["credits_within_documents"]


@pytest.mark.parametrize("column", ["total", "net"])
def test_lines_that_do_not_add_up_are_found(books: Any, column: str) -> None:
    if column == "total":
        line = db.session.scalar(sa.select(InvoiceLine.id).where(InvoiceLine.invoice_id == books.invoice))
        change(InvoiceLine, line, total=Decimal("999.99"))
    else:
        change(Invoice, books.invoice, net=Decimal("1"))
    assert list(findings()) == ["document_totals"]


def missing_receipt(books: Any) -> None:
    last = db.session.scalar(sa.select(sa.func.max(Payment.id)))
    change(Payment, last, number=17)


def next_number_too_high(books: Any) -> None:
    db.session.execute(sa.update(Numbering).where(Numbering.name == "receipt").values(next_number=9))


def no_sequence(books: Any) -> None:
    db.session.execute(sa.delete(Numbering).where(Numbering.name == "receipt"))


def media_that_do_not_add_up(books: Any) -> None:
    medium = db.session.scalar(sa.select(sa.func.min(PaymentMedium.id)).where(
        PaymentMedium.payment_id == books.payment))
    change(PaymentMedium, medium, amount=Decimal("1199"))


@pytest.mark.parametrize("damage", [missing_receipt, next_number_too_high, no_sequence, media_that_do_not_add_up])
def test_a_gap_in_the_receipts_is_found(books: Any, damage: Callable[[Any], None]) -> None:
    damage(books)
    assert list(findings()) == ["payments_unique"]


def test_a_sequence_without_payments_is_found(company: Company) -> None:
    db.session.add(Numbering(name="receipt", next_number=5))
    assert list(findings()) == ["payments_unique"]


@pytest.mark.parametrize("number", ["00000001", "00000099", "B 0003-1"])
def test_a_gap_or_a_double_in_own_numbers_is_found(books: Any, number: str) -> None:
    change(Invoice, books.second, legal_number=number)
    assert list(findings()) == ["own_numbers_no_gap"]


def test_an_entry_smuggled_into_a_closed_period_is_found(books: Any, frozen: Callable[..., dt.datetime]) -> None:
    services.lock_period(dt.date(2026, 10, 31))
    frozen(2026, 11, 4, 15)
    invoice = issue(db.session.get_one(Customer, books.customer), "10")
    db.session.flush()
    entry = entry_of(Entry.invoice_id, invoice.id)
    change(Entry, entry, date=dt.date(2026, 10, 31))
    db.session.execute(sa.update(Posting).where(Posting.entry_id == entry).values(date=dt.date(2026, 10, 31)))
    assert list(findings()) == ["locked_periods_untouched"]
    db.session.execute(sa.update(Policy).values(locked_until=None))
    assert findings() == {}
