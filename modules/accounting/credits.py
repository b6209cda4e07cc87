"""Money in favour (payments and credit notes not yet used) pays documents as they are issued, set-wise."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from core import clock
from core.db import among, db, lock, write_rows
from core.scope import current_company_id
from modules.accounting.models import Allocation, Invoice, Payment

Row = dict[str, Any]


@dataclass
class _Credit:
    """A payment or credit note with something left, and since when."""

    table: Any
    id: int
    left: Decimal
    since: dt.date


@dataclass(frozen=True)
class Used:
    """What a credit pays of a document."""

    credit: Any
    invoice_id: int
    amount: Decimal


def use(invoices: Sequence[Row]) -> list[Used]:
    """Take what these new documents' customers have in favour, oldest first, off their open amounts.

    The rows are not written yet; `record` writes what was used once they are.
    """
    wanted = [row for row in invoices if row["kind"] != "credit_note" and row["origin"] != "import"]
    available = _available(sorted({row["customer_id"] for row in wanted}))
    used: list[Used] = []
    for row in wanted:
        credits = available.get((row["customer_id"], row["currency"]))
        while credits and row["open_amount"] > 0:
            credit = credits[0]
            amount = min(credit.left, row["open_amount"])
            credit.left -= amount
            row["open_amount"] -= amount
            used.append(Used(credit, row["id"], amount))
            if not credit.left:
                credits.popleft()
    return used


def _available(customer_ids: Sequence[int]) -> dict[tuple[int, str], deque[_Credit]]:
    """What is left of payments and credit notes by customer and currency, oldest first, locked, with two selects."""
    found: dict[tuple[int, str], list[_Credit]] = defaultdict(list)
    if not customer_ids:
        return {}
    notes = sa.select(Invoice.id, Invoice.customer_id, Invoice.currency, Invoice.open_amount,
                      Invoice.issue_date.label("since")).where(
        among(Invoice.customer_id, customer_ids), Invoice.open_amount != 0, Invoice.kind == "credit_note",
        Invoice.state == "issued")
    payments = sa.select(Payment.id, Payment.customer_id, Payment.currency, Payment.open_amount,
                         Payment.paid_on.label("since")).where(
        among(Payment.customer_id, customer_ids), Payment.open_amount != 0, Payment.state == "recorded")
    for model, wanted in ((Invoice, notes), (Payment, payments)):
        for row in db.session.execute(lock(wanted.order_by(model.id))):
            found[(row.customer_id, row.currency)].append(_Credit(model.__table__, row.id, row.open_amount, row.since))
    return {key: deque(sorted(credits, key=lambda one: one.since)) for key, credits in found.items()}


def record(used: Sequence[Used]) -> None:
    """Write the allocations and what is left of each credit."""
    if not used:
        return
    company_id, moment, today = current_company_id(), clock.now(), clock.today()
    write_rows(Allocation.__table__, [
        {"company_id": company_id, "invoice_id": one.invoice_id,
         "payment_id": one.credit.id if one.credit.table is Payment.__table__ else None,
         "credit_note_id": one.credit.id if one.credit.table is Invoice.__table__ else None,
         "amount": one.amount, "date": today, "created_at": moment} for one in used])
    for table in (Invoice.__table__, Payment.__table__):
        changed = {one.credit.id: one.credit.left for one in used if one.credit.table is table}
        if changed:
            _set_left(table, changed)


def _set_left(table: Any, changed: dict[int, Decimal]) -> None:
    statement = sa.update(table).where(table.c.id == sa.bindparam("row_id")).values(open_amount=sa.bindparam("left"))
    db.session.connection().execute(statement, [{"row_id": key, "left": left} for key, left in changed.items()])
