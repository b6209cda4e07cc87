"""Receipts of payment as sheets and PDF: half a page, or a roll of 80 or 58 mm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask import render_template

from core import pdf
from core.i18n import _, format_date
from core.models import Company
from modules.accounting import sheets
from modules.accounting.print_data import ReceiptSheet, money, page_size
from modules.accounting.words import in_words

# width of the paper and what is left blank at each side, in mm: printers leave 72 and 48 in the middle
ROLLS = {"80mm": (80, 4), "58mm": (58, 5)}
# "a4" is half a page of the country's paper
SIZES = ("a4", *ROLLS)
# heights in mm that are tried for a roll, until it fits one page
ROLL_HEIGHTS = (90, 120, 160, 220, 297, 420, 600)


@dataclass
class ReceiptSource:
    """What a receipt is made of. `paid` are (document, its date, amount applied); `balance` is after the payment."""

    number: str
    date: Any
    made_at: Any
    amount: Decimal
    currency: str
    method: str
    reference: str
    customer_name: str
    customer_code: str
    customer_document: str
    company: Company
    paid: Sequence[tuple[str, Any, Decimal]] = ()
    balance: Decimal = Decimal(0)
    logo: str = ""
    color: str = ""
    text: str = ""


def build(source: ReceiptSource) -> ReceiptSheet:
    """The sheet of a receipt, in the language in use."""
    company, locale = source.company, source.company.locale
    applied = sum((amount for _name, _date, amount in source.paid), Decimal(0))
    left = source.amount - applied
    code = _("Customer No. %(code)s", code=source.customer_code)
    return ReceiptSheet(
        language=locale.split("_")[0], number=source.number, date=format_date(source.date),
        issuer_name=str(company), issuer_lines=sheets.issuer_lines({}, company), customer_name=source.customer_name,
        customer_lines=[" · ".join(part for part in (code, source.customer_document) if part)],
        amount=money(source.amount, source.currency, locale), in_words=in_words(source.amount, source.currency, locale),
        method=source.method, size=page_size(company.country),
        reference=source.reference, color=sheets.readable(source.color or company.color),
        logo=source.logo, paid=[(name, format_date(date), money(amount, source.currency, locale))
                                for name, date, amount in source.paid],
        credit=money(left, source.currency, locale) if left > 0 else "",
        balance=money(source.balance, source.currency, locale) if source.balance > 0 else "", text=source.text,
        watermark=_("Rehearsal: not legally valid") if company.is_rehearsal else "",
        made_at=source.made_at.isoformat())


def html(sheet: ReceiptSheet, size: str = "a4", height: int = 0) -> str:
    """The HTML of a receipt; `height` in mm is for the roll."""
    if size == "a4":
        return render_template("accounting/print/receipt.html", sheet=sheet)
    width, margin = ROLLS[size]
    return render_template("accounting/print/receipt_roll.html", sheet=sheet, height=height, width=width, margin=margin,
                           is_narrow=width < 80)


def render(sheet: ReceiptSheet, size: str = "a4") -> bytes:
    """One receipt as PDF. A roll has no pages: the first height that holds everything is taken."""
    if size == "a4":
        return pdf.render(html(sheet))
    for height in ROLL_HEIGHTS:
        data = pdf.render(html(sheet, size, height))
        if pdf.count_pages(data) == 1:
            break
    return data
