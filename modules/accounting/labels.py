"""What documents and ways of paying are called in texts for people."""

from __future__ import annotations

from typing import Any

from core.i18n import _, format_amount, lazy
from modules.accounting.ports import methods

# by the codes of models.payments.METHODS; others bring theirs by ports.methods, or are shown as they are
METHODS = {"cash": lazy("Cash"), "transfer": lazy("Bank transfer"), "card": lazy("Card"), "cheque": lazy("Cheque"),
           "deposit": lazy("Deposit"), "withholding": lazy("Tax withheld"), "other": lazy("Other")}
KINDS = {"invoice": lazy("Invoice"), "credit_note": lazy("Credit note"), "debit_note": lazy("Debit note")}


def kind_of(document: Any) -> str:
    """The kind in a word. A balance that was brought in is no invoice."""
    if document.origin == "import":
        return _("Credit brought in") if document.kind == "credit_note" else _("Opening balance")
    return str(KINDS[document.kind])


def title_of(document: Any) -> str:
    """Kind and number: "Invoice B 0003-00000119", "Invoice without number", "Opening balance".

    Works on invoices and on rows with their kind, origin and legal_number.
    """
    if document.origin == "import":
        return kind_of(document)
    if not document.legal_number:
        return _("%(kind)s without number", kind=kind_of(document))
    return f"{kind_of(document)} {document.legal_number}"


def short_of(document: Any) -> str:
    """The number alone where it says by itself what it is ("B 0003-00000119"), else kind and number."""
    number = document.legal_number or ""
    return number if number and not number.isdigit() and document.origin != "import" else title_of(document)


def receipt_number(number: int) -> str:
    """The number of a receipt as people write it."""
    return f"{number:08d}"


def paid_by(payment: Any) -> str:
    """The receipt, and where it came by a way of its own its name and number there: "00000012 (Detracción 4471)"."""
    method = methods.find(payment.source)
    number = (payment.external_id or "").partition("#")[0]
    return f"{payment} ({method.words} {number})" if method else str(payment)


def method_of(code: str) -> str:
    """A way of paying in a word; a name that bears capitals is written as its owner writes it."""
    brought = methods.find(code)
    known = METHODS.get(code) or (brought.words if brought else "")
    return str(known or (code.replace("_", " ").capitalize() if code.islower() else code))


def ways_of(payment: Any) -> str:
    """The ways of paying in words, for a narrow column."""
    return ", ".join(dict.fromkeys(method_of(one.method) for one in payment.media))


def how_paid(payment: Any) -> tuple[str, str]:
    """(ways of paying, their references); several ways are named with their amounts."""
    media = payment.media
    references = " · ".join(one.reference for one in media if one.reference)
    if len(media) == 1:
        return method_of(media[0].method), references
    parts = [f"{method_of(one.method)} {format_amount(one.amount, payment.currency)}" for one in media]
    return " + ".join(parts), references
