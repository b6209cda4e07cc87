"""The days of a global invoice by its Periodicidad: a day, a week, half a month, a month, two months. Pure."""

from __future__ import annotations

import datetime as dt

from core import months
from core.i18n import lazy
from modules.einvoice_mx import catalogs
from modules.einvoice_mx.global_invoice import BIMONTHLY, DAILY, FORTNIGHTLY, MONTHLY, WEEKLY

WORDS = {"": lazy("a CFDI for each sale, with the generic RFC"), DAILY: lazy("one global invoice a day"),
         WEEKLY: lazy("one global invoice a week"), FORTNIGHTLY: lazy("one global invoice each half of a month"),
         MONTHLY: lazy("one global invoice a month"),
         BIMONTHLY: lazy("one global invoice each two months (regime 621)")}
# c_Meses of two months begins after those of one
_FIRST_OF_TWO = 12
# until when a global invoice is to be sent after its days have ended (RMF 2.7.1.21)
TERM = dt.timedelta(hours=24)


def days_of(period: str, day: dt.date) -> tuple[dt.date, dt.date]:
    """The first and the last day of the period that a day is in.

    A week begins on Monday and ends with its month, for a global invoice names one month.
    """
    first, last = months.bounds(day)
    if period == DAILY:
        return day, day
    if period == WEEKLY:
        monday = day - dt.timedelta(days=day.weekday())
        return max(monday, first), min(monday + dt.timedelta(days=6), last)
    if period == FORTNIGHTLY:
        return (first, day.replace(day=15)) if day.day <= 15 else (day.replace(day=16), last)
    if period == BIMONTHLY:
        start = first.replace(month=first.month - (first.month + 1) % 2)
        return start, months.bounds(start.replace(month=start.month + 1))[1]
    return first, last


def information(period: str, last: dt.date) -> dict[str, str]:
    """InformacionGlobal of the period that ends on this day."""
    meses = _FIRST_OF_TWO + last.month // 2 if period == BIMONTHLY else last.month
    return {"Periodicidad": period, "Meses": f"{meses:02d}", "Año": str(last.year)}


def name(period: str, last: dt.date) -> str:
    """As the SAT calls it: "Mensual · Noviembre de 2026"."""
    said, known = information(period, last), catalogs.periods()
    return (f"{known['c_Periodicidad'].get(period, period)} · {known['c_Meses'].get(said['Meses'], said['Meses'])} de "
            f"{said['Año']}")
