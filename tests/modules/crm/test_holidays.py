"""Holidays by country, as the official calendars of past and coming years have them."""

from __future__ import annotations

import datetime as dt

import pytest

from modules.crm import countries, holidays, regions

# the days of rest on Monday to Friday. EC: Ministerio de Turismo, calendars 2018 to 2025; AR: argentina.gob.ar, 2025
# and 2026; CO: Ley 51 de 1983; MX: LFT 74; PE: gob.pe/feriados
CALENDARS = [
    ("EC", 2018, "01-01 02-12 02-13 03-30 04-30 05-25 08-10 10-08 11-01 11-02 12-25"),
    ("EC", 2019, "01-01 03-04 03-05 04-19 05-03 05-24 08-09 10-11 11-01 11-04 12-25"),
    ("EC", 2021, "01-01 02-15 02-16 04-02 04-30 05-24 08-09 10-08 11-01 11-02 12-24 12-31"),
    ("EC", 2022, "02-28 03-01 04-15 05-02 05-23 08-12 10-10 11-03 11-04 12-26"),
    ("EC", 2025, "01-01 03-03 03-04 04-18 05-02 05-23 08-11 10-10 11-03 11-04 12-25"),
    ("EC", 2026, "01-01 02-16 02-17 04-03 05-01 05-25 08-10 10-09 11-02 11-03 12-25"),
    ("AR", 2025, "01-01 03-03 03-04 03-24 04-02 04-17 04-18 05-01 05-02 06-16 06-20 07-09 08-15 10-10 11-21 11-24 "
                 "12-08 12-25"),
    ("AR", 2026, "01-01 02-16 02-17 03-23 03-24 04-02 04-03 05-01 05-25 06-15 07-09 07-10 08-17 10-12 11-09 11-23 "
                 "12-07 12-08 12-25"),
    ("CO", 2025, "01-01 01-06 03-24 04-17 04-18 05-01 06-02 06-23 06-30 08-07 08-18 10-13 11-03 11-17 12-08 12-25"),
    ("MX", 2024, "01-01 02-05 03-18 05-01 09-16 10-01 11-18 12-25"),
    ("PE", 2025, "01-01 04-17 04-18 05-01 07-23 07-28 07-29 08-06 10-08 12-08 12-09 12-25"),
]


@pytest.mark.parametrize(("country", "year", "expected"), CALENDARS)
def test_the_calendar_of_a_year(country: str, year: int, expected: str) -> None:
    found = [f"{day:%m-%d}" for day in holidays.of_year(country, year) if day.weekday() < 5]
    assert found == expected.split()


@pytest.mark.parametrize(("year", "expected"), [(2000, "04-23"), (2024, "03-31"), (2025, "04-20"), (2038, "04-25")])
def test_easter(year: int, expected: str) -> None:
    assert f"{holidays.easter(year):%m-%d}" == expected


@pytest.mark.parametrize(("country", "day", "expected"), [
    ("EC", "2027-02-07", "2027-02-10"),  # a Sunday before carnival
    ("EC", "2026-10-07", "2026-10-07"),
    ("AR", "2026-12-05", "2026-12-09"),  # weekend, bridge, Inmaculada
    ("XX", "2026-10-10", "2026-10-12"),  # a country without table has weekends all the same
])
def test_the_next_business_day(country: str, day: str, expected: str) -> None:
    assert holidays.next_business_day(dt.date.fromisoformat(day), country) == dt.date.fromisoformat(expected)


def test_business_days_are_counted_after_a_day() -> None:
    assert holidays.after_business_days(dt.date(2026, 4, 30), 5, "PE") == dt.date(2026, 5, 8)  # May 1 does not count
    assert holidays.after_business_days(dt.date(2026, 4, 30), 0, "PE") == dt.date(2026, 4, 30)


def test_a_region_has_its_own_days_beside_the_country_s() -> None:
    assert holidays.name_of(dt.date(2026, 7, 25), "AR", "M") == "Día del Apóstol Santiago"
    assert holidays.name_of(dt.date(2026, 7, 25), "AR") == ""
    assert holidays.name_of(dt.date(2026, 7, 9), "AR", "M") == "Día de la Independencia"


def test_every_row_of_the_table_is_of_a_known_place_and_names_its_law() -> None:
    for country, rules in holidays._rules().items():
        assert country in countries.countries
        for one in rules:
            assert not one.region or one.region in regions.of(country)
            assert one.name and any(one.day(year) for year in range(2022, 2037)), one
