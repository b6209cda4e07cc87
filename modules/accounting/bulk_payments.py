"""Many payments at once: a fixed number of statements, for files and demos. `tell` sends the receipts."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from core import audit, clock, jobs
from core.db import allocate_ids, among, db, lock, write_rows
from core.errors import DomainError
from core.scope import current_company, current_company_id, current_user_id
from modules.accounting import ledger, numbering
from modules.accounting.events import PaymentsRecorded
from modules.accounting.ledger import Accounts, NewEntry, Side
from modules.accounting.models import WITHHOLDING, Allocation, CashAccount, Invoice, Payment, PaymentMedium
from modules.accounting.payments import Medium, PaymentData, check, place

ZERO = Decimal("0.00")
Row = dict[str, Any]
# (withheld, cash account or the default one, currency)
Place = tuple[bool, int | None, str]


@dataclass
class _Debt:
    """A document with something left to pay."""

    id: int
    left: Decimal


@dataclass
class _Batch:
    """What the payments become."""

    debts: dict[tuple[int, str], deque[_Debt]]
    places: dict[Place, CashAccount | None]
    accounts: Accounts
    payments: list[Row] = field(default_factory=list)
    media: list[Row] = field(default_factory=list)
    allocations: list[Row] = field(default_factory=list)
    entries: list[NewEntry] = field(default_factory=list)
    touched: dict[int, Decimal] = field(default_factory=dict)


def record_many(payments: Sequence[PaymentData]) -> list[int]:
    """Record payments of the company in scope, each on its customer's oldest documents; their ids in order.

    No events are told: nobody gets a receipt. What `pays` names is paid first, as far as it is still open; the rest
    pays the oldest documents. An external id that is taken breaks the transaction; WrongAmount and PeriodLocked are
    raised before anything is written.
    """
    if not payments:
        return []
    home = current_company().currency
    days = [one.paid_on or clock.today() for one in payments]
    for one, day in zip(payments, days, strict=True):
        check(one, one.currency or home, day)
    ledger.check_open(min(days), field="paid_on")
    customer_ids = sorted({one.customer_id for one in payments})
    ledger.lock_customers(customer_ids)
    ids = allocate_ids(Payment.__table__, len(payments))
    batch = _Batch(_debts(customer_ids), _places(payments, home), Accounts())
    for key, number, data in zip(ids, numbering.take(numbering.RECEIPT, len(ids)), payments, strict=True):
        _payment(batch, key, number, data, data.currency or home)
    _write(batch)
    audit.record("accounting.record_payments", current_company(),
                 {"count": len(ids), "first": ids[0], "last": ids[-1]})
    return ids


def hold(customer_ids: Iterable[int]) -> None:
    """Hold these customers' accounts for the transaction, before the first of them is paid or taken back.

    Who takes several payments back holds all their customers at once: one by one, two such transactions may wait for
    each other.
    """
    if wanted := sorted(set(customer_ids)):
        ledger.lock_customers(wanted)


def problem(data: PaymentData) -> str:
    """Why this payment could not be recorded, in words, or ""; closed days are told by `day_problem`."""
    try:
        check(data, data.currency or current_company().currency, data.paid_on or clock.today())
    except DomainError as error:
        return str(error)
    return ""


def day_problem(day: dt.date) -> str:
    """Why nothing can be booked on this day, in words; "" where it is open."""
    try:
        ledger.check_open(day, field="paid_on")
    except DomainError as error:
        return str(error)
    return ""


def tell(payment_ids: Sequence[int]) -> None:
    """Tell of payments that were recorded at once: their receipts are made and sent, and whoever listens hears it."""
    if payment_ids:
        jobs.publish(PaymentsRecorded(list(payment_ids)))


def _debts(customer_ids: Sequence[int]) -> dict[tuple[int, str], deque[_Debt]]:
    """Open documents by customer and currency, oldest due first, locked."""
    found: dict[tuple[int, str], deque[_Debt]] = defaultdict(deque)
    rows = db.session.execute(lock(
        sa.select(Invoice.id, Invoice.customer_id, Invoice.currency, Invoice.open_amount)
        .where(among(Invoice.customer_id, customer_ids), Invoice.open_amount != 0, Invoice.kind != "credit_note",
               Invoice.state == "issued")
        .order_by(sa.func.coalesce(Invoice.due_date, Invoice.issue_date), Invoice.id)))
    for row in rows:
        found[(row.customer_id, row.currency)].append(_Debt(row.id, row.open_amount))
    return found


def _places(payments: Sequence[PaymentData], home: str) -> dict[Place, CashAccount | None]:
    """Where the money of the media lies, looked up once; its currency must be that of who pays into it."""
    wanted = {_key(medium, one.currency or home): medium for one in payments for medium in one.media}
    return {key: place(medium, key[2]) for key, medium in wanted.items()}


def _key(medium: Medium, currency: str) -> Place:
    return medium.method == WITHHOLDING, medium.cash_account_id, currency


def _payment(batch: _Batch, key: int, number: int, data: PaymentData, currency: str) -> None:
    """The rows of one payment."""
    company_id, moment, day = current_company_id(), clock.now(), data.paid_on or clock.today()
    total = sum((medium.amount for medium in data.media), ZERO)
    left = _pay_named(batch, key, data, currency, total)
    left = left if data.only_these else _pay(batch, key, data.customer_id, currency, left)
    batch.payments.append({
        "id": key, "company_id": company_id, "number": number, "customer_id": data.customer_id, "paid_on": day,
        "currency": currency, "amount": total, "open_amount": left, "refunded": ZERO,
        "state": "recorded", "source": data.source,
        "external_id": data.external_id, "notes": data.notes[:300], "reversed_on": None, "reversal_reason": "",
        "receipt_file_id": None, "form_key": data.form_key, "created_at": moment, "created_by": current_user_id()})
    sides = [Side(batch.accounts["receivable"], -total, data.customer_id)]
    for medium in data.media:
        found = batch.places[_key(medium, currency)]
        batch.media.append({"payment_id": key, "method": medium.method, "cash_account_id": found.id if found else None,
                            "amount": medium.amount, "reference": medium.reference[:100]})
        sides.append(Side(found.account_id if found else batch.accounts["withholdings"], medium.amount))
    batch.entries.append(NewEntry(day, "payment", currency, sides, payment_id=key))


def _pay_named(batch: _Batch, key: int, data: PaymentData, currency: str, amount: Decimal) -> Decimal:
    """Pay the documents that were named, each with at most what was named for it; what is left over."""
    if not data.pays:
        return amount
    waiting = {one.id: one for one in batch.debts[(data.customer_id, currency)]}
    for invoice_id, most in data.pays:
        if invoice_id in waiting:
            amount -= _allocate(batch, key, waiting[invoice_id], min(most, amount))
    return amount


def _pay(batch: _Batch, key: int, customer_id: int, currency: str, amount: Decimal) -> Decimal:
    """Pay the oldest documents; what is left over."""
    debts = batch.debts[(customer_id, currency)]
    while debts and amount > 0:
        amount -= _allocate(batch, key, debts[0], amount)
        if not debts[0].left:
            debts.popleft()
    return amount


def _allocate(batch: _Batch, key: int, debt: _Debt, most: Decimal) -> Decimal:
    """Pay so much of a document, at most what is left of it; how much that was."""
    part = min(debt.left, most)
    if part <= 0:
        return ZERO
    debt.left -= part
    batch.touched[debt.id] = debt.left
    batch.allocations.append({"company_id": current_company_id(), "invoice_id": debt.id, "payment_id": key,
                              "credit_note_id": None, "amount": part, "date": clock.today(), "created_at": clock.now()})
    return part


def _write(batch: _Batch) -> None:
    write_rows(Payment.__table__, batch.payments)
    write_rows(PaymentMedium.__table__, batch.media)
    write_rows(Allocation.__table__, batch.allocations)
    if batch.touched:
        table: Any = Invoice.__table__
        db.session.connection().execute(
            sa.update(table).where(table.c.id == sa.bindparam("row_id")).values(open_amount=sa.bindparam("left")),
            [{"row_id": key, "left": left} for key, left in sorted(batch.touched.items())])
    ledger.write(batch.entries)
    db.session.expire_all()
