"""What Siigo gets: the reference's samples, prices with tax, discounts, catalogs, customers."""

from __future__ import annotations

import json
from decimal import Decimal as D
from typing import Any

import pytest

from core.exact_json import as_json
from modules.einvoice.case import parse
from modules.einvoice_co.mapping import map_document
from modules.einvoice_co.providers.siigo.customers import customer
from tests.modules.einvoice_co.cases import (
    CUFE,
    EXCLUDED,
    EXEMPT,
    REFERENCE,
    SAMPLES,
    VAT,
    errors,
    line,
    preview,
    siigo,
    valid,
)

pytestmark = pytest.mark.once
GUID = "63f918c2-ca65-4edc-a7db-66bcdd5159fb"


def sample(name: str) -> Any:
    return json.loads((SAMPLES / name).read_text(encoding="utf-8"))


def test_the_sample_invoice():
    found = valid(siigo())
    assert found.payload == sample("siigo_invoice_request.json")
    assert list(found.payload) == list(sample("siigo_invoice_request.json"))


def note(**changes: Any) -> dict[str, Any]:
    return siigo(**({"kind": "credit_note", "references": [{**REFERENCE, "id": "63f918c2-ca65-4edc-a7db-66bcdd5159fb"}],
                     "issued_at": "2025-03-05T10:00:00-05:00", "extra": {"observations": "Anulación"}} | changes))


def test_the_sample_credit_note():
    assert valid(note()).payload == sample("siigo_credit_note_request.json")


def test_a_note_on_an_invoice_that_siigo_does_not_have():
    made = valid(note(references=[REFERENCE])).payload
    assert "invoice" not in made and made["seller"] == 629
    assert made["invoice_data"] == {"date": "2025-03-01", "prefix": "SETP", "number": 990000123, "cufe": CUFE}


def test_numbers_are_written_without_floats():
    body = {"a": D("100000.00"), "b": D("84033.6134"), "c": [1, True, None, "ñ"], "d": D("0.00"), "e": D("1E+3")}
    assert as_json(body) == '{"a":100000,"b":84033.6134,"c":[1,true,null,"ñ"],"d":0,"e":1000}'


@pytest.mark.parametrize(("changes", "price", "total"), [
    ({"price_includes_tax": True, "unit_price": "10000.00"}, {"taxed_price": 10000}, 10000),
    ({"price_includes_tax": True, "unit_price": "10000.00", "discount": "1000.00"},
     {"price": 8403.36, "discount": 840.34}, 9000),
    ({"price_includes_tax": True, "unit_price": "9000.00", "discount": "1000.00"}, {"taxed_price": 8000}, 8000),
    ({"unit_price": "8403.361345"}, {"price": 8403.361345, "discount": 0}, 10000),
    ({"unit_price": "10000.00", "discount": "500.00"}, {"price": 10000, "discount": 500}, 11305),
    ({"unit_price": "10000.00", "price_includes_tax": True, "taxes": EXEMPT}, {"price": 10000, "discount": 0}, 10000),
])
def test_prices(changes, price, total):
    made = valid(siigo(lines=[line() | changes])).payload
    item = made["items"][0]
    assert {name: item[name] for name in ("price", "taxed_price", "discount") if name in item} == price
    assert made["payments"][0]["value"] == total


def test_the_total_is_what_siigo_computes():
    """Per item base = round(q·p − discount, 2), iva = round(base·rate, 2) (reference 3.5)."""
    lines = [line("10.03", quantity="3"), line("99.995", quantity="7", discount="0.10"), line("1.005", quantity="3")]
    made = valid(siigo(lines=lines)).payload
    expected = D(0)
    for item in made["items"]:
        base = (D(str(item["quantity"])) * D(str(item["price"])) - D(str(item["discount"]))).quantize(
            D("0.01"), "ROUND_HALF_UP")
        expected += base + (base * 19 / 100).quantize(D("0.01"), "ROUND_HALF_UP")
    assert D(str(made["payments"][0]["value"])) == expected


@pytest.mark.parametrize(("taxes", "expected"), [
    (VAT, [{"id": 13156}]), (EXEMPT, [{"id": 13157}]), ([{"code": "VAT", "rate": "0"}], [{"id": 13157}]),
    (EXCLUDED, None), ([{"code": "VAT", "rate": "19", "id": 999}], [{"id": 999}])])
def test_taxes_by_the_company_s_catalog(taxes, expected):
    assert valid(siigo(lines=[line(taxes=taxes)])).payload["items"][0].get("taxes") == expected


def test_ids_may_be_said_one_by_one():
    extra = {"document": {"id": 5}, "seller": 6, "taxes": {"19": 7}, "payment": {"id": 8}}
    made = valid(siigo(issuer__extra=extra)).payload
    assert (made["document"], made["seller"], made["items"][0]["taxes"]) == ({"id": 5}, 6, [{"id": 7}])
    assert made["payments"] == [{"id": 8, "value": 100000, "due_date": "2025-03-15"}]


def test_a_payment_in_cash_has_no_due_date():
    made = valid(siigo(payment={"terms": "cash"})).payload
    assert made["payments"] == [{"id": 5637, "value": 100000}]


@pytest.mark.parametrize(("discount", "percentage"), [("10.00", 10), ("12.50", 12.5)])
def test_a_discount_in_percent_where_the_document_type_wants_it(discount, percentage):
    data = siigo(lines=[line("100.00", discount=discount)])
    data["issuer"]["extra"]["document_types_FV"][0]["discount_type"] = "Percentage"
    assert valid(data).payload["items"][0]["discount"] == percentage


def test_siigo_numbers_unless_the_document_type_says_no():
    assert "number" not in valid(siigo()).payload
    assert valid(siigo(extra={"automatic_number": False}, number=22)).payload["number"] == 22


@pytest.mark.parametrize(("changes", "expected"), [
    ({"issuer__extra": {}}, ("issuer.extra.document", "parameter_required")),
    ({"lines": [line(code="")]}, ("lines[0].code", "parameter_required")),
    ({"lines": [line(code="A B")]}, ("lines[0].code", "invalid_code")),
    ({"lines": [line("1.1234567")]}, ("lines[0].unit_price", "invalid_amount")),
    ({"lines": [line(quantity="1.125")]}, ("lines[0].quantity", "invalid_amount")),
    ({"lines": [line(taxes=[{"code": "VAT", "rate": "5"}])]}, ("lines[0].taxes[0]", "invalid_reference")),
    ({"lines": [line() for _ in range(501)]}, ("lines", "invalid_array")),
    ({"customer__name": "Ana"}, ("customer.name", "invalid_array")),
    ({"customer__email": "nada"}, ("customer.email", "invalid_email")),
    ({"customer__tax_id": "12"}, ("customer.tax_id", "invalid_identification")),
    ({"customer__tax_id": "", "customer__name": "Ana Peña"}, ("customer.tax_id", "parameter_required")),
    ({"extra": {"observations": "x" * 4001}}, ("extra.observations", "length_max")),
    ({"kind": "debit_note", "references": [REFERENCE]}, ("kind", "invalid_document")),
    ({"currency": "USD"}, ("currency", "invalid_currency")),
    ({"kind": "credit_note"}, ("references", "parameter_required")),
    ({"extra": {"totalDescuentos": "1000.00"}}, ("extra.totalDescuentos", "parameter_not_allowed")),
    ({"lines": [line(taxes=[{"code": code, "rate": "1", "id": 1} for code in ("IC", "ICA", "INC")] + [
        {"code": "VAT", "rate": "19"}])]}, ("lines[0].taxes", "invalid_array")),
    ({"kind": "credit_note", "references": [{**REFERENCE, "reason": "5"}]},
     ("references[0].reason", "invalid_range")),
])
def test_what_siigo_would_refuse(changes, expected):
    assert expected in errors(siigo(**changes))


def test_an_electronic_document_is_not_dated_back():
    import datetime as dt

    found = map_document(parse(siigo()), dt.date(2025, 3, 2))
    assert [(one.field, one.authority_code) for one in found.problems] == [("issued_at", "invalid_date")]


def test_the_sample_customer():
    data = siigo(customer__name="Ana María Pérez Gómez", customer__address__street="Cra 10 20 30 Apto 401")
    assert customer(map_document(parse(data)).parts) == sample("siigo_customer_request.json")


@pytest.mark.parametrize(("name", "expected"), [
    ("Ana Peña", ["Ana", "Peña"]), ("Ana Peña Ruiz", ["Ana", "Peña Ruiz"]),
    ("Ana María Peña Ruiz", ["Ana María", "Peña Ruiz"]), ("Ana María de los Ángeles Peña Ruiz", [
        "Ana María de los Ángeles", "Peña Ruiz"])])
def test_a_person_has_two_names(name, expected):
    made = customer(map_document(parse(siigo(customer__name=name))).parts)
    assert made["name"] == expected and made["person_type"] == "Person"


def test_a_company_has_one_name_and_a_contact_all_the_same():
    made = customer(map_document(parse(siigo(customer__name="Hotel del Río SAS", customer__tax_id_kind="NIT",
                                             customer__tax_id="900390126-6", customer__email=""))).parts)
    assert (made["name"], made["identification"], made["id_type"]) == (["Hotel del Río SAS"], "900390126", "31")
    assert made["contacts"][0]["first_name"] == "Hotel del Río SAS" and "check_digit" not in made


def test_a_customer_without_phone_is_only_remarked():
    found = preview(siigo(customer__extra={}))
    assert found.valid and [(one.severity, one.field) for one in found.problems] == [
        ("warning", "customer.extra.phone")]


@pytest.mark.parametrize(("changes", "name", "wanted"), [
    ({"extra": {"stamp": {"send": False}}}, "stamp", {"send": False}),
    ({"extra": {"mail": {"send": False}}}, "mail", {"send": False}),
    ({"customer__extra": {"branch_office": 2}}, "customer", {"identification": "1020304050", "branch_office": 2}),
    ({"payment": {"terms": "credit", "method": "5636"}}, "payments", [
        {"id": 5636, "value": 100000, "due_date": "2025-03-15"}]),
])
def test_what_siigo_calls_it_may_be_said(changes, name, wanted):
    assert valid(siigo(**changes)).payload[name] == wanted


@pytest.mark.parametrize("said", [{"references": [{**REFERENCE, "authorization_code": GUID}]},
                                  {"references": [{**REFERENCE, "authorization_code": ""}],
                                   "extra": {"invoice": GUID}}])
def test_a_note_by_siigo_s_own_name_of_its_invoice(said):
    assert valid(note(**said)).payload["invoice"] == GUID


def test_a_tax_that_is_not_in_the_catalog_is_named():
    found = preview(siigo(lines=[line(taxes=[{"code": "INC", "rate": "8"}])]))
    assert "INC 8 %" in found.problems[0].message


TAX = [{"id": 13156, "type": "IVA", "percentage": 19}]


@pytest.mark.parametrize("said", [
    {"document_id": 24446, "seller_id": 629, "payment_id": 5636, "tax_ids": {"19": 13156}},
    {"document": {"id": 24446}, "seller": 629, "payments": [{"id": 5636}], "taxes": TAX},
    {"siigo": {"document": "24446", "seller": "629", "payment": {"id": 5636}, "taxes": {"IVA 19%": 13156}}}])
def test_ids_however_they_are_written(said):
    found = valid(siigo(issuer__extra=said)).payload
    assert (found["document"]["id"], found["seller"], found["payments"][0]["id"], found["items"][0]["taxes"]) == (
        24446, 629, 5636, [{"id": 13156}])


@pytest.mark.parametrize("changes", [
    {"taxes": [{"code": "VAT", "rate": "19", "id": 13156}]},
    {"taxes": [{"code": "VAT", "rate": "19", "extra": {"id": 13156}}]}, {"extra": {"taxes": [{"id": 13156}]}}])
def test_a_line_may_name_its_tax_itself(changes):
    data = siigo(issuer__extra={"document": 24446, "seller": 629, "payment": 5636}, lines=[line(**changes)])
    assert valid(data).payload["items"][0]["taxes"] == [{"id": 13156}]
