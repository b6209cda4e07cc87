"""What a part of a period costs: the rules as tables, and that parts always add up to the whole."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import months
from core.months import Span
from modules.contracts import proration


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def part(first: str, last: str) -> Span:
    return Span(day(first), day(last))


@pytest.mark.parametrize(("rule", "month", "first", "last", "days", "of", "amount"), [
    ("actual", "2026-11-01", "2026-11-17", "2026-11-30", 14, 30, "4666.67"),
    ("actual", "2026-11-01", "2026-11-01", "2026-11-16", 16, 30, "5333.33"),
    ("actual", "2026-12-01", "2026-12-17", "2026-12-31", 15, 31, "4838.71"),
    ("actual", "2026-02-01", "2026-02-15", "2026-02-28", 14, 28, "5000.00"),
    ("actual", "2028-02-01", "2028-02-29", "2028-02-29", 1, 29, "344.83"),
    ("thirty", "2026-12-01", "2026-12-17", "2026-12-31", 14, 30, "4666.67"),
    ("thirty", "2026-12-01", "2026-12-31", "2026-12-31", 0, 30, "0.00"),
    ("thirty", "2026-02-01", "2026-02-15", "2026-02-28", 16, 30, "5333.33"),
    ("thirty", "2026-11-01", "2026-11-17", "2026-11-30", 14, 30, "4666.67"),
])
def test_days_of_a_month_that_costs_ten_thousand(rule: str, month: str, first: str, last: str, days: int, of: int,
                                                 amount: str) -> None:
    found = proration.share(Decimal(10000), months.months_span(day(month)), part(first, last), rule)
    assert (found.days, found.of_days, found.amount) == (days, of, Decimal(amount))


@pytest.mark.parametrize(("rule", "days", "of", "amount"), [
    ("actual", 61, 92, "19891.30"), ("thirty", 60, 90, "20000.00")])
def test_days_of_a_quarter_that_costs_thirty_thousand(rule: str, days: int, of: int, amount: str) -> None:
    quarter = months.months_span(day("2026-10-01"), 3)
    found = proration.share(Decimal(30000), quarter, part("2026-11-01", "2026-12-31"), rule)
    assert (found.days, found.of_days, found.amount) == (days, of, Decimal(amount))


def test_a_whole_period_costs_its_price_untouched() -> None:
    november = months.months_span(day("2026-11-01"))
    found = proration.share(Decimal("8264.462810"), november, november)
    assert found.whole and found.amount == Decimal("8264.462810")


@given(price=st.decimals("0.01", "999999", places=2), rule=st.sampled_from(proration.DAY_COUNTS),
       start=st.dates(dt.date(2024, 1, 1), dt.date(2030, 12, 31)), count=st.sampled_from([1, 2, 3, 6, 12]),
       cuts=st.lists(st.integers(0, 400), max_size=6))
def test_the_parts_of_any_period_add_up_to_its_price(price: Decimal, rule: str, start: dt.date, count: int,
                                                     cuts: list[int]) -> None:
    period = months.months_span(months.of(start), count)
    firsts = sorted({0, *(cut for cut in cuts if 0 < cut < period.days)})
    spans = [Span(period.first + dt.timedelta(days=begin), period.first + dt.timedelta(days=end - 1))
             for begin, end in zip(firsts, [*firsts[1:], period.days], strict=True)]
    shares = [proration.share(price, period, span, rule) for span in spans]
    assert sum(share.amount for share in shares) == price
    assert sum(share.days for share in shares) == shares[0].of_days
    assert all(share.amount >= 0 for share in shares)


@pytest.mark.parametrize(("served", "first", "last", "charged"), [
    (("2026-11-17", "2027-12-31"), "days", "days", ("2026-11-17", "2026-11-30")),
    (("2026-11-17", "2027-12-31"), "full", "days", ("2026-11-01", "2026-11-30")),
    (("2026-11-17", "2027-12-31"), "free", "days", None),
    (("2025-01-01", "2026-11-16"), "days", "days", ("2026-11-01", "2026-11-16")),
    (("2025-01-01", "2026-11-16"), "free", "full", ("2026-11-01", "2026-11-30")),
    (("2025-01-01", "2026-11-16"), "days", "free", None),
    (("2025-01-01", "2027-01-01"), "free", "free", ("2026-11-01", "2026-11-30")),
    (("2026-11-10", "2026-11-20"), "days", "full", ("2026-11-10", "2026-11-30")),
    (("2026-12-01", "2027-01-01"), "full", "full", None),
])
def test_incomplete_periods_by_the_profile(served: tuple[str, str], first: str, last: str,
                                           charged: tuple[str, str] | None) -> None:
    found = proration.edges(months.months_span(day("2026-11-01")), part(*served), first, last)
    assert found == (part(*charged) if charged else None)
