"""Payments that wait for a person: whose they may be, giving them to somebody, setting them aside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from core import audit
from core.db import db, lock
from core.errors import DomainError
from core.i18n import _, lazy
from modules.accounting.models import Invoice
from modules.crm import finding
from modules.crm.models import Customer
from modules.gateways import booking, causes, reversals
from modules.gateways.models import Transaction

# how many customers are proposed
FEW = 6
OF_SAME_AMOUNT = 3


@dataclass(frozen=True)
class Candidate:
    """A customer whose payment it may be, and why we think so."""

    customer: Customer
    reason: Any


@dataclass(frozen=True)
class Hints:
    """What is known of a payment's owner: of the payer (document, email, name), codes, what was paid."""

    payer: Mapping[str, Any]
    codes: Sequence[str]
    amount: Decimal
    currency: str


def candidates(row: Transaction) -> list[Candidate]:
    """Whom a payment may belong to."""
    codes = (row.customer_code, row.invoice_code, str(row.payer.get("code") or ""))
    return propose(Hints(row.payer, codes, row.amount, row.currency))


def propose(hints: Hints) -> list[Candidate]:
    """By document, name and mail of the payer, by codes, by an open debt of that amount; the likeliest first."""
    found: dict[int, Candidate] = {}
    same = {"document": lazy("same document"), "email": lazy("same e-mail"), "name": lazy("same name")}
    for key, reason in same.items():
        text = str(hints.payer.get(key) or "").strip()
        if len(text) > 3:
            _propose(found, finding.people(text, FEW, True), reason)
    for text in hints.codes:
        if len(text.strip()) > 2:
            _propose(found, finding.written(text.strip().lstrip("0") or text, FEW, True), lazy("similar code"))
    _propose(found, _owing(hints), lazy("owes this amount"))
    return list(found.values())[:FEW]


def _propose(found: dict[int, Candidate], people: Any, reason: Any) -> None:
    for person in people:
        found.setdefault(person.id, Candidate(person, reason))


def _owing(hints: Hints) -> list[Customer]:
    """Who has a document open with exactly this amount, where they are few."""
    rows = db.session.scalars(
        sa.select(Customer).join(Invoice, Invoice.customer_id == Customer.id).where(
            Invoice.open_amount == hints.amount, Invoice.currency == hints.currency, Invoice.state == "issued",
            Invoice.kind != "credit_note").distinct().limit(OF_SAME_AMOUNT + 1)).all()
    return list(rows) if len(rows) <= OF_SAME_AMOUNT else []


def customer_of(code: str) -> Customer:
    """The customer of a code that was typed."""
    found = db.session.scalar(sa.select(Customer).where(Customer.code == code.strip())) if code.strip() else None
    if found is None:
        raise DomainError(_("To book this payment you must give the code of a customer; nobody has “%(code)s”.",
                            code=code.strip()[:40]), field="customer")
    return found


def assign(row: Transaction, customer: Customer, invoice: Invoice | None = None) -> Transaction:
    """Give a payment that waits to a customer, and book it. DomainError where it does not wait, or cannot be booked."""
    row = _held(row)
    if invoice is not None and invoice.customer_id != customer.id:
        raise DomainError(_("%(invoice)s does not belong to %(customer)s.", invoice=str(invoice),
                            customer=customer.name))
    if row.status != "approved" or row.kind != "payment":
        raise DomainError(_("This cannot be booked because the gateway does not say that it was paid."))
    row.customer_id, row.invoice_id = customer.id, invoice.id if invoice is not None else None
    row.state, row.cause = "noted", ""
    booking.book(row.account, [row])
    if row.state != "booked":
        raise DomainError(str(causes.WORDS[row.cause][0]) + (f" ({row.note})" if row.note else ""))
    audit.record("gateways.assign_payment", row, {"customer": customer.id, "amount": row.amount})
    return row


def payments_taken_back(row: Transaction) -> list[Transaction]:
    """Which payments one may take back that waits and does not say which."""
    waits = row.state == "waiting" and row.kind == "reversal" and row.status == "reversed" and not row.reverses
    return reversals.possible(row.account, row) if waits else []


def takes_back(row: Transaction, number: str) -> Transaction:
    """Say which payment, by its number at the gateway, one that waits takes back; and book it."""
    row = _held(row)
    if row.kind != "reversal" or row.status != "reversed":
        raise DomainError(_("This takes no payment back."))
    paid = db.session.scalar(sa.select(Transaction).where(
        Transaction.account_id == row.account_id, Transaction.kind == "payment", Transaction.state == "booked",
        Transaction.external_id == number.strip(), Transaction.currency == row.currency))
    if paid is None:
        raise DomainError(_("To book this you must choose the payment that is taken back; no payment of %(account)s in "
                            "the books has the number “%(number)s”.", account=row.account.name,
                            number=number.strip()[:40]), field="payment")
    other = reversals.that_took(paid)
    if other is not None and paid.payment is not None and paid.payment.state == "reversed":
        raise DomainError(_("%(other)s took payment %(number)s back already; choose another one, or set this aside.",
                            other=other.external_id, number=paid.external_id), field="payment")
    before, row.reverses, row.state, row.cause = row.reverses, paid.external_id, "noted", ""
    booking.book(row.account, [row])
    if row.state != "booked":
        cause, note, row.reverses = row.cause, row.note, before
        raise DomainError(str(causes.WORDS[cause][0]) + (f" ({note})" if note else ""))
    audit.record("gateways.match_reversal", row, {"payment": paid.external_id, "amount": row.amount})
    return row


def set_aside(row: Transaction, reason: str) -> None:
    """Say that a payment is not to be booked, and why; it stays in the list."""
    if not reason.strip():
        raise DomainError(_("To set a payment aside you must say why."), field="reason")
    row = _held(row)
    row.state, row.note = "set_aside", reason.strip()[:300]
    audit.record("gateways.set_aside", row, {"amount": row.amount}, reason)


def seen(row: Transaction) -> None:
    """Somebody has looked at a payment that was booked with a remark."""
    row = db.session.scalars(lock(sa.select(Transaction).where(Transaction.id == row.id))).one()
    audit.record("gateways.look_at_payment", row, {"remark": row.attention})
    row.attention = ""


def take_up(row: Transaction) -> None:
    """A payment that was set aside waits again."""
    row = db.session.scalars(lock(sa.select(Transaction).where(Transaction.id == row.id))).one()
    if row.state != "set_aside" or row.payment_id is not None:
        raise DomainError(_("This payment was not set aside."))
    row.state, row.cause, row.note = "noted", "", ""
    booking.book(row.account, [row])


def _held(row: Transaction) -> Transaction:
    held = db.session.scalars(lock(sa.select(Transaction).where(Transaction.id == row.id))
                              .execution_options(populate_existing=True)).one()
    if held.state != "waiting":
        raise DomainError(_("This payment does not wait any more: somebody else, or the gateway, has settled it."))
    return held


