"""Which date a document may bear on the day it is sent (argentina.md, section 2.5). Pure."""

from __future__ import annotations

import datetime as dt
from typing import Any

PRODUCTS = 1
CREDIT_INVOICES = frozenset({201, 202, 203, 206, 207, 208, 211, 212, 213})
INVOICES_OF_CREDIT = frozenset({201, 206, 211})


def window(kind: int, concept: int) -> tuple[int, int]:
    """Days before and after the day of sending: FCE 5 and 1 (its notes none after), products 5, services 10."""
    if kind in CREDIT_INVOICES:
        return 5, 1 if kind in INVOICES_OF_CREDIT else 0
    return (5, 5) if concept == PRODUCTS else (10, 10)


def date_to_send(wanted: dt.date, today: dt.date, last: dt.date | None, kind: int, concept: int) -> dt.date | None:
    """The wanted date, moved to today where it is too old or behind the sequence; None where it must wait.

    `last` is the date of the last document of the sequence: the next one is never older.
    """
    before, after = window(kind, concept)
    date = today if wanted < today - dt.timedelta(days=before) else wanted
    date = max(date, last) if last else date
    if date > today + dt.timedelta(days=after):
        return None
    if concept == PRODUCTS and (date.year, date.month) > (today.year, today.month):
        return None
    return date


def first_day(wanted: dt.date, kind: int, concept: int) -> dt.date:
    """The day from which a document with a date in the future may be sent."""
    _before, after = window(kind, concept)
    day = wanted - dt.timedelta(days=after)
    return max(day, wanted.replace(day=1)) if concept == PRODUCTS else day


def earliest_due(date: dt.date, today: dt.date, kind: int) -> dt.date:
    """Not before the document's date (10036); of a credit invoice not before the day of sending either (10164)."""
    return max(date, today) if kind in INVOICES_OF_CREDIT else date


def text(date: dt.date) -> str:
    """yyyymmdd"""
    return date.strftime("%Y%m%d")


def dated(detail: dict[str, Any], number: int, date: dt.date, earliest_due: dt.date) -> dict[str, Any]:
    """The request of a document with its number and date; what is due is due from then on at the earliest."""
    made = {**detail, "CbteDesde": number, "CbteHasta": number, "CbteFch": text(date)}
    due = made.get("FchVtoPago")
    if due and due < text(earliest_due):
        made["FchVtoPago"] = text(earliest_due)
    return made
