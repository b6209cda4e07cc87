"""Which days a global invoice is of, and how its InformacionGlobal says them (c_Periodicidad, c_Meses)."""

from __future__ import annotations

import datetime as dt

import pytest

from modules.einvoice_mx.periods import days_of, information

# (Periodicidad, a day of it, its first and last day, Meses, Año)
PERIODS = [
    ("01", "2026-11-24", "2026-11-24", "2026-11-24", "11", "2026"),
    # Monday to Sunday; a week ends with its month, for one month is named
    ("02", "2026-11-18", "2026-11-16", "2026-11-22", "11", "2026"),
    ("02", "2026-11-30", "2026-11-30", "2026-11-30", "11", "2026"),
    ("02", "2026-12-01", "2026-12-01", "2026-12-06", "12", "2026"),
    ("02", "2026-12-31", "2026-12-28", "2026-12-31", "12", "2026"),
    ("02", "2027-01-01", "2027-01-01", "2027-01-03", "01", "2027"),
    ("03", "2026-11-01", "2026-11-01", "2026-11-15", "11", "2026"),
    ("03", "2026-11-15", "2026-11-01", "2026-11-15", "11", "2026"),
    ("03", "2028-02-16", "2028-02-16", "2028-02-29", "02", "2028"),
    ("04", "2026-02-10", "2026-02-01", "2026-02-28", "02", "2026"),
    ("04", "2026-12-31", "2026-12-01", "2026-12-31", "12", "2026"),
    ("05", "2026-01-31", "2026-01-01", "2026-02-28", "13", "2026"),
    ("05", "2026-02-01", "2026-01-01", "2026-02-28", "13", "2026"),
    ("05", "2026-03-01", "2026-03-01", "2026-04-30", "14", "2026"),
    ("05", "2026-12-15", "2026-11-01", "2026-12-31", "18", "2026"),
]


@pytest.mark.parametrize(("period", "day", "first", "last", "months", "year"), PERIODS)
def test_days_and_information(period: str, day: str, first: str, last: str, months: str, year: str) -> None:
    found = days_of(period, dt.date.fromisoformat(day))
    assert found == (dt.date.fromisoformat(first), dt.date.fromisoformat(last))
    assert information(period, found[1]) == {"Periodicidad": period, "Meses": months, "Año": year}
