"""Staff pages of documents and money: the lists. The other pages are in files of their own."""

from __future__ import annotations

from typing import Any

from core import lists
from core.i18n import _
from core.templating import amount
from modules.accounting import (
    account_views,
    book_views,
    design_views,
    figures,
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
    billed = figures.of_days("billed", shown.only("date", origin="ours"))
    return shown.render(moved=billed is not None and _(
        "Billed in these days, less credit notes and what was annulled in them: %(amount)s", amount=amount(billed)))


@lists.at(bp, "/payments", PAYMENTS)
def payments(shown: Any) -> Any:
    """What customers paid, the latest first."""
    collected = figures.of_days("collected", shown.only("date", state="recorded"))
    return shown.render(moved=collected is not None and _(
        "Collected in these days, less what was taken back or given back in them: %(amount)s",
        amount=amount(collected)))


@lists.at(bp, "/debtors", DEBTORS)
def debtors(shown: Any) -> Any:
    """Who owes, the largest debt first."""
    count, total = queries.owed_in_all()
    return shown.render(answer=_("Nobody owes anything.") if not count else None, owed=total, owing=count)
