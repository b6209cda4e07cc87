"""Holidays and business days by country and region. Pure; the days and the laws they come from stand in a table.

`countries/data/holidays.csv`: `rule` is 05-01, easter-2, monday3 11 (the third Monday of November) or one single day;
`moved` names how the law moves the day of rest; `region` is a code of `regions`. What a government decrees during the
year is added there. Easter Sunday and days of the public sector only are left out: nobody counts terms with them.
"""

from __future__ import annotations

import csv
import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

_TABLE = Path(__file__).parent / "countries" / "data" / "holidays.csv"
MON, TUE, WED, THU, FRI, SAT, SUN = range(7)
DAY = dt.timedelta(days=1)
_EASTER, _MONDAY = re.compile(r"easter([+-]\d+)"), re.compile(r"monday(\d) (\d\d)")


@dataclass(frozen=True)
class Rule:
    """A row of the table; `first` and `last` are the years in which it holds."""

    region: str
    rule: str
    moved: str
    first: int
    last: int
    name: str

    def day(self, year: int) -> dt.date | None:
        """The day before it is moved; None in a year without it."""
        return _day(self.rule, year) if self.first <= year <= self.last else None


@lru_cache(maxsize=1)
def _rules() -> Mapping[str, tuple[Rule, ...]]:
    found: dict[str, list[Rule]] = {}
    with _TABLE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["country"], []).append(Rule(
                row["region"], row["rule"], row["moved"], int(row["first"] or 0), int(row["last"] or 9999),
                row["name"]))
    return {country: tuple(rules) for country, rules in found.items()}


def _day(rule: str, year: int) -> dt.date | None:
    if after := _EASTER.fullmatch(rule):
        return easter(year) + int(after[1]) * DAY
    if monday := _MONDAY.fullmatch(rule):
        first = dt.date(year, int(monday[2]), 1)
        return first + ((MON - first.weekday()) % 7 + 7 * (int(monday[1]) - 1)) * DAY
    found = dt.date.fromisoformat(rule if len(rule) == 10 else f"{year}-{rule}")
    return found if found.year == year else None


def easter(year: int) -> dt.date:
    """Easter Sunday in the Gregorian calendar (the algorithm of Meeus, Jones and Butcher)."""
    golden, (century, part) = year % 19, divmod(year, 100)
    leap, rest = divmod(century, 4)
    moon = (19 * golden + century - leap - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    week = (32 + 2 * rest + 2 * (part // 4) - moon - part % 4) % 7
    months = moon + week - 7 * ((golden + 11 * moon + 22 * week) // 451) + 114
    return dt.date(year, months // 31, months % 31 + 1)


# --- how the law moves a day of rest -------------------------------------------------------------------------


def _argentina(day: dt.date, days: set[dt.date]) -> dt.date:
    """Ley 27.399, article 6: to the Monday; what falls on a weekend stays, where no resolution says otherwise."""
    step = {TUE: -1, WED: -2, THU: 4, FRI: 3}.get(day.weekday(), 0)
    moved = day + step * DAY
    return day if moved in days else moved  # June 17 on a Friday would fall on June 20


def _monday(day: dt.date, days: set[dt.date]) -> dt.date:
    """Ley 51 de 1983 (Emiliani): to the next Monday."""
    return day + (-day.weekday() % 7) * DAY


# of two holidays in a row, by the weekday of the first: (where the first is rested, where the second), in days
_PAIRS = {MON: (0, 0), TUE: (0, -2), WED: (2, 0), THU: (0, 0), FRI: (0, -2), SAT: (-1, 1), SUN: (2, 0)}
_SINGLE = {TUE: -1, WED: 2, THU: 1, SAT: -1, SUN: 1}


def _ecuador(day: dt.date, days: set[dt.date]) -> dt.date:
    """Ley Reformatoria of 2016, articles 1 and 2: next to a weekend; two in a row share what is around them."""
    if day + DAY in days:
        return day + _PAIRS[day.weekday()][0] * DAY
    if day - DAY in days:
        return day + _PAIRS[(day - DAY).weekday()][1] * DAY
    return day + _SINGLE.get(day.weekday(), 0) * DAY


def _ecuador_fixed(day: dt.date, days: set[dt.date]) -> dt.date:
    """New Year and Christmas are moved from a weekend only."""
    return day + {SAT: -1, SUN: 1}.get(day.weekday(), 0) * DAY


_MOVES: Mapping[str, Callable[[dt.date, set[dt.date]], dt.date]] = {
    "argentina": _argentina, "monday": _monday, "ecuador": _ecuador, "ecuador_fixed": _ecuador_fixed,
    "": lambda day, days: day}


# --- asking --------------------------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def of_year(country: str, year: int, region: str = "") -> Mapping[dt.date, str]:
    """{day of rest: name} of a year, in order: of the country and, where one is named, of the region."""
    rules = [one for one in _rules().get(country, ()) if one.region in ("", region)]
    found: dict[dt.date, str] = {}
    for near in (year, year + 1):  # New Year on a Saturday is rested in the year before
        days = {day for one in rules if (day := one.day(near))}
        for one in rules:
            day = one.day(near)
            moved = _MOVES[one.moved](day, days) if day else None
            if moved and moved.year == year:
                found[moved] = f"{found[moved]}; {one.name}" if moved in found else one.name
    return dict(sorted(found.items()))


def name_of(day: dt.date, country: str, region: str = "") -> str:
    """What is celebrated on that day; "" on a day that is no holiday."""
    return of_year(country, day.year, region).get(day, "")


def is_business_day(day: dt.date, country: str, region: str = "") -> bool:
    """Monday to Friday and no holiday."""
    return day.weekday() < SAT and not name_of(day, country, region)


def next_business_day(day: dt.date, country: str, region: str = "") -> dt.date:
    """That day, or the first business day after it."""
    while not is_business_day(day, country, region):
        day += DAY
    return day


def after_business_days(day: dt.date, count: int, country: str, region: str = "") -> dt.date:
    """So many business days after a day, which itself does not count."""
    for _number in range(count):
        day = next_business_day(day + DAY, country, region)
    return day
