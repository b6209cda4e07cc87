"""Balances that customers bring from another program: documents of origin "import", sent to nobody."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

import sqlalchemy as sa

from core.db import db
from core.i18n import _, use_locale
from core.scope import current_company
from modules.accounting.bulk import issue_many
from modules.accounting.drafts import DraftLine, InvoiceDraft
from modules.accounting.models import Entry, Invoice, Posting

ORIGIN = "import"


def record_opening_balances(rows: Sequence[tuple[int, Decimal, str]], day: dt.date) -> list[int]:
    """Bring (customer id, amount, key) into the current accounts, debts positive; the ids of the entries in order.

    The key is used once per company. A debt can be paid like an invoice; a credit pays the next one.
    """
    company = current_company()
    with use_locale(company.locale):
        invoices = issue_many(company, [_draft(customer_id, amount, key, day) for customer_id, amount, key in rows])
    entries: dict[int, int] = {row.invoice_id: row.id for row in db.session.execute(
        sa.select(Entry.invoice_id, Entry.id).where(Entry.invoice_id.in_(invoices), Entry.kind == "issue"))}
    return [entries[invoice_id] for invoice_id in invoices]


def _draft(customer_id: int, amount: Decimal, key: str, day: dt.date) -> InvoiceDraft:
    line = DraftLine(_("Opening balance"), Decimal(1), abs(amount))
    return InvoiceDraft(customer_id=customer_id, issue_date=day, lines=(line,), origin=ORIGIN, due_date=day,
                        kind="invoice" if amount > 0 else "credit_note", form_key=f"opening:{key}"[:80])


def sum_of_opening_balances(entry_ids: Sequence[int]) -> Decimal:
    """What these entries put into the current accounts, read from the postings."""
    total = Decimal("0.00")
    for start in range(0, len(entry_ids), 500):
        part = sa.select(sa.func.sum(Posting.amount)).where(
            Posting.entry_id.in_(entry_ids[start:start + 500]), Posting.customer_id.is_not(None))
        total += db.session.scalar(part) or Decimal("0.00")
    return total


def is_opening(invoice: Invoice) -> bool:
    """Whether a document only stands for a balance that was brought in."""
    return invoice.origin == ORIGIN
