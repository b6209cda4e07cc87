"""Amounts, dates and days as people write them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from modules.importer import cells
from modules.importer.cells import CellError

pytestmark = pytest.mark.once
TODAY = dt.date(2026, 11, 24)


@pytest.mark.parametrize(("written", "mark", "value", "tax"), [
    ("$ 18.500,00", ",", "18500.00", ""), ("18.500", ",", "18500.00", ""), ("24.000", ",", "24000.00", ""),
    ("$ 95.000,00 + IVA", ",", "95000.00", "net"), ("22.40 + iva", ".", "22.40", "net"),
    ("$1.210 IVA incluido", ",", "1210.00", "gross"), ("60000", ",", "60000.00", ""),
    ("-1.250,50", ",", "-1250.50", ""), ("$ - 5,00", ",", "-5.00", ""),
    ("(1.250,50)", ",", "-1250.50", ""), ("1.250,50-", ",", "-1250.50", ""), ("18500.-", ",", "18500.00", ""),
    ("22,40", ".", "22.40", ""), ("22.40", ",", "22.40", ""), ("1,234.50", ",", "1234.50", ""), ("0", ",", "0.00", ""),
    ("1.234.567", ".", "1234567.00", ""), ("1,234", ".", "1234.00", ""), ("1234,5", ".", "1234.50", ""),
    ("S/ 50.00", ".", "50.00", ""), ("USD 22.40", ".", "22.40", ""), ("$\u00a018.500,00", ",", "18500.00", ""),
    (Decimal("18500"), ",", "18500.00", ""), (Decimal("0.1"), ",", "0.10", ""), ("1'250.50", ".", "1250.50", "")])
def test_amounts_are_read_as_their_writer_meant(written, mark, value, tax):
    assert cells.amount(written, mark) == cells.Money(Decimal(value), tax)


@pytest.mark.parametrize("written", ["", " ", "-", "s/d", "no tiene", "\u00a0"])
def test_a_sign_for_nothing_is_no_amount(written):
    assert cells.amount(written, ",") is None


@pytest.mark.parametrize(("written", "words"), [
    ("1e3", "lost digits"), ("1,00E+03", "lost digits"), ("=A1*2", "formula"), ("bonificado", "not an amount"),
    ("12.34.56", "not an amount"), ("1.2345,00", "not an amount"), ("U$S 30", "another currency"), ("€ 30", "another"),
    (dt.date(2024, 1, 2), "is a date"), ("10/12", "not an amount"), (Decimal("1.005"), "more than two"),
    ("1.234", "more than two"), ("12 clientes", "not an amount")])
def test_what_may_mean_two_things_is_refused(written, words):
    with pytest.raises(CellError, match=words):
        cells.amount(written, ".")


@pytest.mark.parametrize(("column", "country", "mark"), [
    (["$ 18.500,00", "12.000", "1e3"], "EC", ","), (["22.40", "67.20", "22,40"], "AR", "."),
    (["12.000", "18500"], "AR", ","), (["12.000"], "EC", "."), ([], "PE", "."), (["1,250.75"], "AR", ".")])
def test_the_file_itself_shows_its_decimal_sign(column, country, mark):
    assert cells.decimal_mark_of(column, country) == mark


@pytest.mark.parametrize(("written", "day_first", "expected"), [
    ("03/02/2021", True, (2021, 2, 3)), ("03/02/2021", False, (2021, 3, 2)), ("15-08-2022", False, (2022, 8, 15)),
    ("1/11/19", True, (2019, 11, 1)), ("1/11/98", True, (1998, 11, 1)), ("2023-12-01", True, (2023, 12, 1)),
    ("2023-12-01 00:00:00", True, (2023, 12, 1)), ("02/28/2020", True, (2020, 2, 28)),
    ("3 feb 2021", True, (2021, 2, 3)),
    ("03-sept-21", True, (2021, 9, 3)), ("5 de marzo de 2020", True, (2020, 3, 5)), ("01.01.2023", True, (2023, 1, 1)),
    (dt.date(2020, 5, 6), False, (2020, 5, 6))])
def test_dates_are_read_in_the_shapes_that_occur(written, day_first, expected):
    assert cells.date(written, day_first, TODAY) == dt.date(*expected)


@pytest.mark.parametrize(("written", "words"), [
    ("31/02/2020", "31/02/2020 does not exist"), ("30/02/2021", "does not exist"), ("00/00/0000", "does not exist"),
    ("2024", "not a date"), ("ayer", "not a date"), ("44230", "not a date"), ("32/13/2020", "does not exist")])
def test_a_date_that_does_not_exist_is_refused(written, words):
    with pytest.raises(CellError, match=words):
        cells.date(written, True, TODAY)


@pytest.mark.parametrize(("column", "day_first", "ambiguous"), [
    (["03/02/2021", "15-08-2022"], True, True), (["02/28/2020", "03/02/2021"], False, True),
    (["03/02/2021"], None, True), (["2023-01-02", "07/07/2023"], None, False), ([], None, False)])
def test_one_date_over_twelve_decides_the_order_of_day_and_month(column, day_first, ambiguous):
    assert cells.date_order(column) == cells.DateOrder(day_first, ambiguous)


@pytest.mark.parametrize(("written", "day"), [("10", 10), ("día 5", 5), (Decimal(1), 1), ("", None), ("31", 31)])
def test_a_day_of_the_month(written, day):
    assert cells.day_of_month(written) == day


@pytest.mark.parametrize("written", ["0", "32", "10/11", "fin de mes"])
def test_what_is_no_day_is_refused(written):
    with pytest.raises(CellError, match="not a day"):
        cells.day_of_month(written)


@pytest.mark.parametrize(("written", "value"), [("-33,123456", "-33.123456"), ("-64.35", "-64.350000"), ("", None)])
def test_coordinates_have_six_decimals(written, value):
    assert cells.coordinate(written, 180) == (Decimal(value) if value else None)


def test_a_coordinate_beyond_the_globe_is_refused():
    with pytest.raises(CellError):
        cells.coordinate("-331.2", 180)


@pytest.mark.parametrize(("written", "formula"), [("=1+1", True), ("+54 358", False), ("-1", False), ("@@", False)])
def test_only_an_equals_sign_makes_a_formula(written, formula):
    assert cells.is_formula(written) is formula
