"""Staff pages of documents and money: the lists. The other pages are in files of their own."""

from __future__ import annotations

from typing import Any

from core import lists
from core.i18n import _
from modules.accounting import (
    account_views,
    book_views,
    design_views,
    invoice_views,
    note_views,
    payment_views,
    queries,
    reissue_views,
)
from modules.accounting.blueprint import bp
from modules.accounting.lists import DEBTORS, INVOICES, PAYMENTS

__all__ = ["account_views", "book_views", "bp", "design_views", "invoice_views", "note_views", "payment_views",
           "reissue_views"]


@lists.at(bp, "/invoices", INVOICES)
def invoices(shown: Any) -> Any:
    """Invoices, credit and debit notes, the latest first."""
    return shown.render()


@lists.at(bp, "/payments", PAYMENTS)
def payments(shown: Any) -> Any:
    """What customers paid, the latest first."""
    return shown.render()


@lists.at(bp, "/debtors", DEBTORS)
def debtors(shown: Any) -> Any:
    """Who owes, the largest debt first."""
    count, total = queries.owed_in_all()
    return shown.render(answer=_("Nobody owes anything.") if not count else None, owed=total, owing=count)
