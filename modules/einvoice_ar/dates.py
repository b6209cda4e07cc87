"""Which date a document may bear on the day it is sent (argentina.md, section 2.5). Pure."""

from __future__ import annotations

import datetime as dt
from typing import Any

PRODUCTS = 1
CREDIT_INVOICES = frozenset({201, 202, 203, 206, 207, 208, 211, 212, 213})


def window(kind: int, concept: int) -> tuple[int, int]:
    """Days before and after the day of sending: FCE 5 and 1, products 5, services 10."""
    if kind in CREDIT_INVOICES:
        return 5, 1
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


def text(date: dt.date) -> str:
    """yyyymmdd"""
    return date.strftime("%Y%m%d")


def dated(detail: dict[str, Any], number: int, date: dt.date) -> dict[str, Any]:
    """The request of a document with its number and date; a due date is never before it (10036)."""
    made = {**detail, "CbteDesde": number, "CbteHasta": number, "CbteFch": text(date)}
    due = made.get("FchVtoPago")
    if due and due < made["CbteFch"]:
        made["FchVtoPago"] = made["CbteFch"]
    return made
