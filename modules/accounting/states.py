"""States in words: what a document or payment is, and what is to be done."""

from __future__ import annotations

from typing import Any

from core.i18n import _, format_amount, format_date


def of_invoice(document: Any, is_overdue: bool) -> tuple[str, str]:
    """(words, tone) of a document: annulled, refused, paid, overdue, or what is left to pay until when.

    Whether it is overdue is not its day's affair alone: `overdue.of_these` and `overdue.OVERDUE` know.
    """
    if document.state == "cancelled":
        return _("annulled"), "mute"
    if document.legal_state == "rejected":
        return _("refused by the authority"), "bad"
    if document.kind == "credit_note":
        return _of_credit(document)
    if not document.open_amount:
        return _("paid"), "ok"
    return _owed(document, is_overdue)


def in_list(document: Any, is_overdue: bool) -> tuple[str, str]:
    """The same beside columns that say since when and how much."""
    words, tone = of_invoice(document, is_overdue)
    if is_overdue and document.legal_state != "rejected":
        return _("overdue"), tone
    if tone == "warn":
        return (_("paid in part") if document.open_amount < document.total else _("to pay")), tone
    return (_("in favour"), tone) if tone == "info" else (words, tone)


def _of_credit(document: Any) -> tuple[str, str]:
    if not document.open_amount:
        return _("used"), "ok"
    return _("%(amount)s in favour", amount=_amount(document)), "info"


def _owed(document: Any, is_overdue: bool) -> tuple[str, str]:
    due = document.due_date
    if is_overdue:
        return _("overdue since %(day)s", day=format_date(due)), "bad"
    if document.open_amount < document.total:
        return _("%(amount)s left to pay", amount=_amount(document)), "warn"
    return (_("to pay until %(day)s", day=format_date(due)) if due else _("to pay")), "warn"


def _amount(document: Any) -> str:
    return format_amount(document.open_amount, document.currency)


def legal(code: str) -> tuple[str, str]:
    """(words, tone) of what the tax authority says of a document; ("", "") where nothing is to be said."""
    words = {"pending": (_("waiting for the authority"), "warn"),
             "signed": (_("valid to hand over, the authority decides later"), "info"),
             "unknown": (_("sent, no answer yet"), "warn"), "rejected": (_("refused by the authority"), "bad"),
             "cancelled": (_("given up"), "mute"), "authorized": (_("authorised"), "ok")}
    return words.get(code, ("", ""))
