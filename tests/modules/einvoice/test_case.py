"""Cases of documents: what can be read, and what is said about what cannot."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal as D
from typing import Any

import pytest

from modules.einvoice.case import BadCase, parse, read
from tests.modules.einvoice_ar.cases import BASE, REFERENCE, case, line

pytestmark = pytest.mark.once


def faults(data: Any) -> list[tuple[str, str]]:
    with pytest.raises(BadCase) as caught:
        parse(data)
    return [(fault.path, fault.found) for fault in caught.value.faults]


def test_everything_of_a_case_is_read():
    found = parse(case(references=[REFERENCE | {"amount": "10.00"}], extra={"Concepto": 3}, taxes=[
        {"code": "IIBB", "jurisdiction": "902", "base": "1.00", "rate": "3", "amount": "0.03"}]))
    assert (found.country, found.kind, found.number, found.currency) == ("AR", "invoice", 123, "ARS")
    assert found.issuer.address.city == "Bahía Blanca" and found.customer.tax_id_kind == "DNI"
    assert found.issued_at == dt.datetime.fromisoformat("2026-11-01T09:30:00-03:00")
    assert (found.service_from, found.due_date) == (dt.date(2026, 11, 1), dt.date(2026, 11, 10))
    assert found.lines[0].unit_price == D("10000.00") and found.lines[0].taxes[0].rate == D("21")
    assert found.taxes[0].amount == D("0.03") and found.references[0].amount == D("10.00")
    assert found.extra == {"Concepto": 3} and found.payment["terms"] == "credit"


def test_what_may_be_absent_or_null():
    data = {"country": "ar", "kind": "invoice", "issuer": {}, "customer": {"tax_id_kind": None},
            "issued_at": "2026-11-01", "currency": "ARS", "lines": []}
    found = parse(data)
    assert (found.country, found.environment, found.number, found.exchange_rate) == ("AR", "test", None, None)
    assert found.customer.tax_id_kind == "" and found.taxes == () and found.extra == {}


def test_numbers_of_json_are_read_exactly():
    text = json.dumps(case(lines=[line()])).replace('"10000.00"', "10000.10").replace('"21"', "21")
    assert read(text).lines[0].unit_price == D("10000.10")


@pytest.mark.parametrize(("data", "path", "found"), [
    (case(country=None), "country", "null"), (case(kind="receipt"), "kind", '"receipt"'),
    (case(environment="prod"), "environment", '"prod"'), (case(issuer="x"), "issuer", '"x"'),
    (case(customer=None), "customer", "null"), (case(number="x"), "number", '"x"'), (case(number=1.5), "number", "1.5"),
    (case(issued_at="2026-11-01T09:30:00"), "issued_at", '"2026-11-01T09:30:00"'),
    (case(issued_at="yesterday"), "issued_at", '"yesterday"'), (case(issued_at=None), "issued_at", "null"),
    (case(due_date="10/11/2026"), "due_date", '"10/11/2026"'),
    (case(due_date="2026-11-31"), "due_date", '"2026-11-31"'),
    (case(exchange_rate="1,5"), "exchange_rate", '"1,5"'), (case(currency=""), "currency", '""'),
    (case(lines={}), "lines", "{}"), (case(lines=None), "lines", "null"), (case(lines=["x"]), "lines[0]", '"x"'),
    (case(lines=[line(), line("12,5")]), "lines[1].unit_price", '"12,5"'),
    (case(lines=[line("NaN")]), "lines[0].unit_price", '"NaN"'),
    (case(lines=[line("1e3")]), "lines[0].unit_price", '"1e3"'),
    (case(lines=[line(quantity=None)]), "lines[0].quantity", "null"),
    (case(lines=[line(quantity=True)]), "lines[0].quantity", "true"),
    (case(lines=[line(price_includes_tax="no")]), "lines[0].price_includes_tax", '"no"'),
    (case(lines=[line(taxes=[{"code": "VAT"}])]), "lines[0].taxes[0].rate", "nothing"),
    (case(lines=[line(taxes=[{"code": "VAT", "category": "free"}])]), "lines[0].taxes[0].category", '"free"'),
    (case(lines=[line(taxes=[{"rate": "21"}])]), "lines[0].taxes[0].code", "nothing"),
    (case(taxes=[{"code": "IIBB", "base": "x"}]), "taxes[0].base", '"x"'),
    (case(references=[REFERENCE | {"date": "x"}]), "references[0].date", '"x"'),
    (case(extra=[]), "extra", "[]"), (case(issuer__address="Mitre 100"), "issuer.address", '"Mitre 100"'),
    ([], "", "[]"), ("x", "", '"x"'),
])
def test_what_cannot_be_read_is_told_with_its_place(data, path, found):
    assert faults(data) == [(path, found)]


def test_a_missing_field_is_told():
    data = {name: value for name, value in BASE.items() if name not in ("kind", "lines", "customer")}
    assert faults(data) == [("kind", "nothing"), ("customer", "nothing"), ("lines", "nothing")]


@pytest.mark.parametrize(("data", "path"), [
    ({**{k: v for k, v in BASE.items() if k != "due_date"}, "due_dat": "2026-11-10"}, "due_dat"),
    (case(lines=[{k: v for k, v in line().items() if k != "discount"} | {"discounts": "5.00"}]), "lines[0].discounts"),
])
def test_a_misspelt_field_is_not_lost_in_silence(data, path):
    assert [place for place, _found in faults(data)] == [path]


def test_a_field_of_its_own_is_left_alone():
    assert parse(case(comment="for the archive")).number == 123


def test_all_faults_are_told_at_once_with_what_was_expected():
    with pytest.raises(BadCase) as caught:
        parse(case(number="x", due_date="x"))
    assert str(caught.value) == (
        'To preview this document you must correct its file:\n  number: found "x", expected a whole number\n'
        '  due_date: found "x", expected a date like 2026-11-01')


@pytest.mark.parametrize("text", ["", "{", '{"country": "AR",}', b"\xff\xfe\x00", "[1, 2"])
def test_what_is_not_json(text):
    with pytest.raises(BadCase):
        read(text)
