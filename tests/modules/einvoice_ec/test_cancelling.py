"""Until when a voucher may be annulled: day 7 of the next month, moved on from a weekend or a holiday."""

from __future__ import annotations

import datetime as dt

import pytest

from modules.einvoice_ec.cancelling import last_day

pytestmark = pytest.mark.once


@pytest.mark.parametrize(("issued", "last"), [
    ("2026-11-01", "2026-12-07"), ("2026-11-30", "2026-12-07"), ("2026-10-15", "2026-11-09"),  # a Saturday
    ("2026-12-31", "2027-01-07"), ("2027-01-31", "2027-02-10"),  # the Sunday before carnival
    ("2027-02-28", "2027-03-08")])
def test_the_last_day(issued, last):
    assert last_day(dt.date.fromisoformat(issued)) == dt.date.fromisoformat(last)
