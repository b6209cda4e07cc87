"""Periods with a name ("this month"): in the address they move with the calendar, in a mass action they stand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from core import months
from core.i18n import lazy

Span = tuple[dt.date | None, dt.date | None]
DAY = dt.timedelta(days=1)


def _week(day: dt.date) -> dt.date:
    return day - dt.timedelta(days=day.weekday())


def _last_month(day: dt.date) -> Span:
    return months.bounds(months.of(day) - DAY)


def _year(year: int) -> Span:
    return dt.date(year, 1, 1), dt.date(year, 12, 31)


def _last_days(count: int) -> Callable[[dt.date], Span]:
    return lambda day: (day - dt.timedelta(days=count - 1), day)


# (words, first and last day of it as seen from a day); None is open
PERIODS: dict[str, tuple[Any, Callable[[dt.date], Span]]] = {
    "today": (lazy("today"), lambda day: (day, day)),
    "yesterday": (lazy("yesterday"), lambda day: (day - DAY, day - DAY)),
    "this_week": (lazy("this week"), lambda day: (_week(day), _week(day) + 6 * DAY)),
    "last_week": (lazy("last week"), lambda day: (_week(day) - 7 * DAY, _week(day) - DAY)),
    "this_month": (lazy("this month"), months.bounds),
    "last_month": (lazy("last month"), _last_month),
    "this_year": (lazy("this year"), lambda day: _year(day.year)),
    "last_year": (lazy("last year"), lambda day: _year(day.year - 1)),
    "last_7_days": (lazy("last 7 days"), _last_days(7)),
    "last_30_days": (lazy("last 30 days"), _last_days(30)),
    "last_90_days": (lazy("last 90 days"), _last_days(90)),
    "before_today": (lazy("before today"), lambda day: (None, day - DAY)),
    "more_than_30_days_ago": (lazy("more than 30 days ago"), lambda day: (None, day - 31 * DAY)),
    "more_than_60_days_ago": (lazy("more than 60 days ago"), lambda day: (None, day - 61 * DAY)),
    "more_than_90_days_ago": (lazy("more than 90 days ago"), lambda day: (None, day - 91 * DAY)),
    "next_7_days": (lazy("next 7 days"), lambda day: (day, day + 6 * DAY)),
    "next_30_days": (lazy("next 30 days"), lambda day: (day, day + 29 * DAY)),
    "next_month": (lazy("next month"), lambda day: months.bounds(months.add(months.of(day), 1))),
}
# of something that has happened, and of something that is to come
PAST = ("today", "yesterday", "this_week", "last_week", "this_month", "last_month", "last_30_days", "last_90_days",
        "this_year", "last_year")
DUE = ("before_today", "more_than_30_days_ago", "more_than_60_days_ago", "more_than_90_days_ago", "today", "this_week",
       "next_7_days", "this_month", "last_month", "next_month")


def span(code: str, today: dt.date) -> Span:
    """First and last day of a named period; KeyError where there is none of this name."""
    return PERIODS[code][1](today)
