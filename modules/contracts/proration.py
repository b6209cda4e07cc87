"""What a part of a period costs, so that parts always add up to the whole. Pure.

A part's amount is the difference of two cumulative amounts (price × days so far ÷ days of the period, each rounded
half up), which makes the sum of any partition equal the price exactly.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from core import months
from core.months import DAY, Span

# How days are counted: as the calendar has them, or every month as thirty.
ACTUAL, THIRTY = "actual", "thirty"
DAY_COUNTS = (ACTUAL, THIRTY)
# What is charged of an incomplete first or last period: its days, all of it, or nothing.
DAYS, FULL, FREE = "days", "full", "free"
EDGES = (DAYS, FULL, FREE)


@dataclass(frozen=True)
class Share:
    """A part of a period with what it costs: `amount` = price × `days` ÷ `of_days`, up to the cent of rounding."""

    span: Span
    days: int
    of_days: int
    price: Decimal
    amount: Decimal

    @property
    def whole(self) -> bool:
        return self.days == self.of_days


def count_days(rule: str, period: Span, day: dt.date) -> int:
    """How many days of the period have passed at the end of `day`, by the rule."""
    if day < period.first:
        return 0
    day = min(day, period.last)
    if rule == ACTUAL:
        return (day - period.first).days + 1
    full = months.between(period.first, day) * 30
    return full + (30 if day == months.last_day(day) else min(day.day, 30))


def share(price: Decimal, period: Span, part: Span, rule: str = ACTUAL, decimals: int = 2) -> Share:
    """What the days of `part` cost when `period` costs `price`. Both begin on days; the period on a month's first."""
    total = count_days(rule, period, period.last)
    end, begin = count_days(rule, period, part.last), count_days(rule, period, part.first - DAY)
    cent = Decimal(1).scaleb(-decimals)
    upto = (price * end / total).quantize(cent, ROUND_HALF_UP)
    before = (price * begin / total).quantize(cent, ROUND_HALF_UP)
    if begin == 0 and end == total:
        return Share(part, total, total, price, price)
    return Share(part, end - begin, total, price, upto - before)


def edges(period: Span, served: Span | None, first: str, last: str) -> Span | None:
    """The days to charge of a period that the service fills from `served.first` to `served.last` only.

    `first` rules an incomplete beginning, `last` an incomplete end. None: nothing is charged.
    """
    used = period.meets(served) if served else None
    if used is None:
        return None
    begins_late, ends_early = used.first > period.first, used.last < period.last
    if (begins_late and first == FREE) or (ends_early and last == FREE):
        return None
    return Span(period.first if begins_late and first == FULL else used.first,
                period.last if ends_early and last == FULL else used.last)
