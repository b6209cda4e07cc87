"""Months as the date of their first day, and spans of days. Pure."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from core.errors import DomainError
from core.i18n import _

DAY = dt.timedelta(days=1)


def parse(text: str) -> dt.date:
    """The month "2026-11" as its first day; DomainError for anything else."""
    found = re.fullmatch(r"(20\d\d)-(0[1-9]|1[0-2])", text.strip())
    if not found:
        raise DomainError(_("To name a month you must write it like 2026-11; “%(text)s” is not one.", text=text),
                          code="bad_period", field="period")
    return dt.date(int(found[1]), int(found[2]), 1)


def show(month: dt.date) -> str:
    """The month as "2026-11"."""
    return f"{month.year:04d}-{month.month:02d}"


def of(day: dt.date) -> dt.date:
    """The month that a day is in."""
    return day.replace(day=1)


@lru_cache(maxsize=2000)
def add(month: dt.date, count: int) -> dt.date:
    """The month `count` months later (earlier when negative)."""
    index = month.year * 12 + month.month - 1 + count
    return dt.date(index // 12, index % 12 + 1, 1)


def between(first: dt.date, second: dt.date) -> int:
    """How many months lie from one month to the other; negative when the second is earlier."""
    return (second.year - first.year) * 12 + second.month - first.month


def length(month: dt.date) -> int:
    """How many days the month has."""
    return calendar.monthrange(month.year, month.month)[1]


def gaps(known: Sequence[dt.date], until: dt.date) -> list[dt.date]:
    """The months from the first of these up to `until` that are not among them."""
    every = [add(known[0], count) for count in range(between(known[0], until) + 1)] if known else []
    return [month for month in every if month not in known]


@lru_cache(maxsize=2000)
def last_day(day: dt.date) -> dt.date:
    """The last day of the month that a day is in."""
    return day.replace(day=length(day))


def bounds(day: dt.date) -> tuple[dt.date, dt.date]:
    """The first and the last day of the month that a day is in."""
    return of(day), last_day(day)


def day_in(month: dt.date, day: int) -> dt.date:
    """The day of the month, or its last one where it has fewer."""
    return month.replace(day=min(day, length(month)))


@dataclass(frozen=True, order=True)
class Span:
    """Days from `first` to `last`, both included."""

    first: dt.date
    last: dt.date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    def meets(self, other: Span) -> Span | None:
        """The days that both have."""
        first, last = max(self.first, other.first), min(self.last, other.last)
        return Span(first, last) if first <= last else None

    def without(self, other: Span) -> list[Span]:
        """What is left of these days when the other ones are taken away."""
        if self.meets(other) is None:
            return [self]
        left = []
        if self.first < other.first:
            left.append(Span(self.first, other.first - DAY))
        if other.last < self.last:
            left.append(Span(other.last + DAY, self.last))
        return left


@lru_cache(maxsize=2000)
def months_span(month: dt.date, count: int = 1) -> Span:
    """All days of `count` months from `month` on."""
    return Span(month, last_day(add(month, count - 1)))


def take_away(spans: Iterable[Span], gone: Iterable[Span]) -> list[Span]:
    """The spans without the days of the other ones."""
    left = list(spans)
    for one in gone:
        left = [rest for span in left for rest in span.without(one)]
    return left
