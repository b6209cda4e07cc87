"""Months, spans of days, and what is left when days are taken away."""

from __future__ import annotations

import datetime as dt

import pytest

from core import months
from core.errors import DomainError
from core.months import Span


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


@pytest.mark.parametrize("text", ["2026-13", "2026-00", "26-11", "2026-1", "noviembre", "", "2026-11-01", "1999-12"])
def test_what_is_not_a_month_is_refused_with_the_form_that_is(text: str) -> None:
    with pytest.raises(DomainError, match="2026-11"):
        months.parse(text)


def test_a_month_is_read_and_shown_alike() -> None:
    assert months.show(months.parse(" 2026-11 ")) == "2026-11"


@pytest.mark.parametrize(("start", "count", "end"), [
    ("2026-11-01", 1, "2026-12-01"), ("2026-11-01", 2, "2027-01-01"), ("2026-01-01", -1, "2025-12-01"),
    ("2026-06-01", 12, "2027-06-01"), ("2026-06-01", -18, "2024-12-01")])
def test_months_are_added_over_the_years(start: str, count: int, end: str) -> None:
    assert months.add(day(start), count) == day(end)
    assert months.between(day(start), day(end)) == count


@pytest.mark.parametrize(("month", "last"), [("2026-02-01", 28), ("2028-02-01", 29), ("2026-04-01", 30)])
def test_a_due_day_that_a_month_lacks_is_its_last(month: str, last: int) -> None:
    assert months.day_in(day(month), 31).day == last


@pytest.mark.parametrize(("gone", "left"), [
    (("2026-10-01", "2026-10-31"), [("2026-11-01", "2026-11-30")]),
    (("2026-11-01", "2026-11-30"), []),
    (("2026-10-20", "2026-11-05"), [("2026-11-06", "2026-11-30")]),
    (("2026-11-20", "2027-01-01"), [("2026-11-01", "2026-11-19")]),
    (("2026-11-10", "2026-11-10"), [("2026-11-01", "2026-11-09"), ("2026-11-11", "2026-11-30")]),
])
def test_taking_days_away(gone: tuple[str, str], left: list[tuple[str, str]]) -> None:
    november = months.months_span(day("2026-11-01"))
    found = months.take_away([november], [Span(day(gone[0]), day(gone[1]))])
    assert found == [Span(day(first), day(last)) for first, last in left]
