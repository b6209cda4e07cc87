"""The verbs of the books in one line each, and what must hold after them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from core import checks, scope
from core.db import db
from modules.accounting.drafts import DraftLine, InvoiceDraft
from modules.accounting.models import Invoice, Payment
from modules.accounting.payments import Medium, PaymentData, record_payment
from modules.accounting.services import issue_invoice
from modules.crm.models import Customer

DAY = dt.date(2026, 11, 3)
VAT21 = ({"code": "VAT", "rate": "21"},)
VAT105 = ({"code": "VAT", "rate": "10.5"},)
EXEMPT = ({"code": "VAT", "category": "exempt"},)
# the invariants of the books
CHECKS = ("balances_match", "credits_within_documents", "document_totals", "documents_in_ledger", "ledger_balanced",
          "locked_periods_untouched", "open_amounts_match", "own_numbers_no_gap", "payments_unique", "refunds_booked")


def line(price: str = "10000", text: str = "Hogar 100 Megas", quantity: str = "1", **values: Any) -> DraftLine:
    """A line of this price without VAT, at 21 %."""
    return DraftLine(text, Decimal(quantity), Decimal(price), **{"taxes": VAT21, **values})


def gross(price: str, **values: Any) -> DraftLine:
    """A line of this price with VAT included."""
    return line(price, price_includes_tax=True, **values)


def draft(customer: Customer, *lines: DraftLine, **values: Any) -> InvoiceDraft:
    """An invoice of today, due in a week."""
    return InvoiceDraft(**{"customer_id": customer.id, "issue_date": DAY, "due_date": DAY + dt.timedelta(7),
                           "lines": tuple(lines) or (gross("12100"),), **values})


def issue(customer: Customer, total: str = "12100", **values: Any) -> Invoice:
    """An invoice over this total, VAT included."""
    return issue_invoice(draft(customer, gross(total), **values))


def pay(customer: Customer, amount: str, *, pays: Any = (), **values: Any) -> Payment:
    """A payment in cash; `pays` are (invoice, amount)."""
    pairs = [(invoice.id, Decimal(part)) for invoice, part in pays]
    return record_payment(PaymentData(customer.id, [Medium(Decimal(amount))], pays=pairs, **values))


def open_of(*rows: Any) -> list[str]:
    """What is open on these, read anew."""
    db.session.flush()
    for row in rows:
        db.session.refresh(row)
    return [f"{row.open_amount:.2f}" for row in rows]


def findings() -> dict[str, str]:
    """The invariants that do not hold, with their detail."""
    db.session.flush()
    with scope.every_company():
        found = {name: checks.checks.get(name)() for name in CHECKS}
    return {name: detail for name, (ok, _count, detail) in found.items() if not ok}


@contextmanager
def statements() -> Iterator[list[str]]:
    """Collects the SQL statements of the block."""
    seen: list[str] = []

    def listen(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if "SAVEPOINT" not in statement:
            seen.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", listen)
    try:
        yield seen
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", listen)
