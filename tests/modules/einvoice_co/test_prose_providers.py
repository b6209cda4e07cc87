"""Tables of colombia.md, sections 2 and 3, through `abona einvoice preview`: what each provider gets and refuses."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import pytest

from tests.modules.einvoice_co.cases import CUFE, EXCLUDED, EXEMPT, REFERENCE, VAT, case, line, note, siigo
from tests.modules.einvoice_co.previewed import factura, iva, refused
from tests.modules.preview_command import accepted

pytestmark = pytest.mark.once
PHONE = {"telefono": "3001234567"}


def credit(**changes: Any) -> dict[str, Any]:
    """A credit note through Siigo."""
    said = {"references": [{**REFERENCE, "id": "63f918c2-ca65-4edc-a7db-66bcdd5159fb"}],
            "issued_at": "2025-03-05T10:00:00-05:00"}
    return siigo(**({"kind": "credit_note"} | said | changes))


# --- 2.2, 2.3: Enviar of The Factory HKA ----------------------------------------------------------------


@pytest.mark.parametrize("adjuntos", ["0", "1", "10", "11", "2", "SI"])
@pytest.mark.parametrize(("customer", "field"), [
    ({}, None), ({"customer__email": ""}, "customer.email"),
    ({"customer__extra": {"notificar": "NO"}}, "customer.extra.notificar")])
def test_attachments_are_mailed_to_somebody(adjuntos, customer, field):
    """With 1 and 11 an address is mandatory, and `notificar` is SI."""
    data = case(extra={"adjuntos": adjuntos}, **customer)
    if adjuntos not in ("0", "1", "10", "11"):
        assert refused(data) == {("extra.adjuntos", "109")}
    elif field and adjuntos in ("1", "11"):
        assert refused(data) == {(field, "109")}
    else:
        answer = accepted(data)["payload"]
        assert (answer["adjuntos"], answer["factura"]["cliente"]["notificar"]) == (adjuntos, "NO" if field else "SI")


@pytest.mark.parametrize(("token", "refusal"), [
    ("a1" * 20, None), ("A1" * 20, "111"), ("a1" * 19, "111"), ("a1" * 20 + "b", "111"), ("a-" * 20, "111")])
@pytest.mark.parametrize("name", ["tokenEmpresa", "tokenPassword"])
def test_a_token_is_forty_small_letters_and_digits(name, token, refusal):
    """Trap 16."""
    said = refused(case(issuer__extra={name: token, "desde": 990000000}))
    assert said == ({(f"issuer.extra.{name}", refusal)} if refusal else set())


@pytest.mark.parametrize(("changes", "expected"), [
    ({"lines": [line("10.00")]}, "2"), ({"lines": [line("10.1234")]}, "4"), ({"lines": [line("1.123456")]}, "6"),
    ({"lines": [line("10.00", quantity="1.125")]}, "3")])
def test_decimals_of_the_amounts(changes, expected):
    assert factura(case(**changes))["cantidadDecimales"] == expected


@pytest.mark.parametrize("field", ["quantity", "unit_price"])
def test_more_than_six_decimals(field):
    assert refused(case(lines=[line(**{field: "1.1234567"})])) == {(f"lines[0].{field}", "109")}


def test_one_node_per_tax_and_rate_and_one_total_per_tax():
    inc = {"code": "INC", "rate": "8"}
    sent = factura(case(lines=[line("1000.00"), line("2000.00", [iva("5")]), line("3000.00", EXEMPT),
                               line("4000.00", EXCLUDED), line("5000.00", [*VAT, inc])]))
    assert [(one["codigoTOTALImp"], one["porcentajeTOTALImp"], one["baseImponibleTOTALImp"], one["valorTOTALImp"])
            for one in sent["impuestosGenerales"]["FacturaImpuestos"]] == [
        ("01", "19.00", "6000.00", "1140.00"), ("01", "5.00", "2000.00", "100.00"), ("01", "0.00", "3000.00", "0.00"),
        ("04", "8.00", "5000.00", "400.00")]
    assert [(one["codigoTOTALImp"], one["montoTotal"]) for one in sent["impuestosTotales"]["ImpuestosTotales"]] == [
        ("01", "1240.00"), ("04", "400.00")]
    assert [sent[name] for name in (
        "totalProductos", "totalSinImpuestos", "totalBaseImponible", "totalBrutoConImpuesto", "totalMonto")] == [
        "5", "15000.00", "11000.00", "16640.00", "16640.00"]


def test_everything_is_a_text_and_nothing_is_empty():
    def leaves(value: Any) -> list[Any]:
        if isinstance(value, dict):
            return [leaf for one in value.values() for leaf in leaves(one)]
        return [leaf for one in value for leaf in leaves(one)] if isinstance(value, list) else [value]

    for made in (case, note):
        found = leaves(accepted(made())["payload"])
        assert found and all(isinstance(one, str) and one for one in found)


def test_dates_in_the_form_of_the_table():
    sent = factura(case())
    assert [sent[name] for name in ("fechaEmision", "fechaInicioPeriodoFacturacion", "fechaFinPeriodoFacturacion",
                                    "fechaVencimiento")] == [
        "2025-03-01 08:15:30", "2025-03-01 00:00:00", "2025-03-31 23:59:59", "2025-03-15"]
    assert "fechaVencimiento" not in factura(case(payment={"terms": "cash"}))


@pytest.mark.parametrize("said", ["SETP-990000123", "SETP990000000", "SETP-", "FE-990000000"])
def test_the_range_is_named_by_its_first_number(said):
    """Trap 9."""
    (found,) = {field for field, _code in refused(case(issuer__extra__rangoNumeracion=said))}
    assert found == "issuer.extra.rangoNumeracion"


def test_a_note_on_two_invoices_has_two_entries_of_each():
    sent = factura(note(references=[REFERENCE, REFERENCE | {"number": 990000124, "authorization_code": "a" * 96}]))
    entries = sent["documentosReferenciados"]["DocumentoReferenciado"]
    assert [(one["codigoInterno"], one["numeroDocumento"]) for one in entries] == [
        ("4", "SETP990000123"), ("5", "SETP990000123"), ("4", "SETP990000124"), ("5", "SETP990000124")]
    assert {one["tipoDocumentoCodigo"] for one in entries if one["codigoInterno"] == "5"} == {"01"}
    assert {one["fecha"] for one in entries if one["codigoInterno"] == "5"} == {"2025-03-01"}


# --- 3.4: Siigo's customers -----------------------------------------------------------------------------


@pytest.mark.parametrize(("changes", "field", "refusal"), [
    ({"customer__tax_id": "123"}, "", ""), ({"customer__tax_id": "1" * 13}, "", ""),
    ({"customer__tax_id": "12"}, "customer.tax_id", "invalid_identification"),
    ({"customer__tax_id": "1" * 14}, "customer.tax_id", "invalid_identification"),
    ({"customer__tax_id_kind": "PASAPORTE", "customer__tax_id": "A" * 20}, "", ""),
    ({"customer__tax_id_kind": "PASAPORTE", "customer__tax_id": "A" * 21}, "customer.tax_id", "invalid_identification"),
    ({"customer__tax_id_kind": "NIT", "customer__tax_id": "800197268-5"}, "customer.tax_id", "invalid_identification"),
    ({"customer__name": "Ana"}, "customer.name", "invalid_array"), ({"customer__name": "Ana Peña"}, "", ""),
    ({"customer__name": ""}, "customer.name", "parameter_required"),
    ({"customer__email": "ana@"}, "customer.email", "invalid_email"),
    ({"customer__email": "a" * 95 + "@x.co"}, "", ""),
    ({"customer__email": "a" * 96 + "@x.co"}, "customer.email", "length_max"),
    ({"customer__address__street": "x" * 256}, "", ""),
    ({"customer__address__street": "x" * 257}, "customer.address.street", "length_max"),
    ({"customer__address__postal_code": "7" * 10}, "", ""),
    ({"customer__address__postal_code": "7" * 11}, "customer.address.postal_code", "length_max"),
    ({"customer__extra": {"telefono": "1" * 11}}, "customer.extra.phone", "length_max"),
    ({"customer__extra": PHONE | {"branch_office": 0}}, "", ""),
    ({"customer__extra": PHONE | {"branch_office": 999}}, "", ""),
    ({"customer__extra": PHONE | {"branch_office": 1000}}, "customer.extra.branch_office", "invalid_range"),
    ({"customer__extra": PHONE | {"branch_office": -1}}, "customer.extra.branch_office", "invalid_range"),
    ({"customer__extra": PHONE | {"branch_office": "norte"}}, "customer.extra.branch_office", "invalid_range"),
    ({"customer__extra": PHONE | {"responsabilidades": ["O-14"]}}, "customer.extra.responsabilidades",
     "invalid_reference"),
    ({"customer__tax_id_kind": "DNI"}, "customer.tax_id_kind", "invalid_reference"),
    ({"customer__address__city": "Ninguna"}, "customer.address.city", "invalid_reference")])
def test_what_siigo_takes_of_a_customer(changes, field, refusal):
    assert refused(siigo(**changes)) == ({(field, refusal)} if field else set())


def test_the_final_consumer_through_siigo():
    answer = accepted(siigo(customer={"name": "", "tax_id": "", "tax_id_kind": ""}))
    assert answer["payload"]["customer"] == {"identification": "222222222222", "branch_office": 0}


# --- 3.5: Siigo's invoice -------------------------------------------------------------------------------


@pytest.mark.parametrize(("changes", "refusal"), [
    ({"lines": [line()] * 500}, None), ({"lines": [line()] * 501}, ("lines", "invalid_array")),
    ({"lines": []}, ("lines", "parameter_required")),
    ({"lines": [line("1.123456")]}, None), ({"lines": [line("1.1234567")]}, ("lines[0].unit_price", "invalid_amount")),
    ({"lines": [line(quantity="1.25")]}, None),
    ({"lines": [line(quantity="1.125")]}, ("lines[0].quantity", "invalid_amount")),
    ({"lines": [line(taxes=[*VAT, *VAT])]}, ("lines[0].taxes", "invalid_array")),
    ({"lines": [line(code="")]}, ("lines[0].code", "parameter_required")),
    ({"lines": [line(code="INT'1")]}, ("lines[0].code", "invalid_code")),
    ({"lines": [line(description="")]}, ("lines[0].description", "parameter_required")),
    ({"extra": {"observations": "x" * 4000}}, None),
    ({"extra": {"observations": "x" * 4001}}, ("extra.observations", "length_max")),
    ({"payment": {"terms": "credit"}, "due_date": None}, ("due_date", "parameter_required")),
    ({"payment": {"terms": "cash"}, "due_date": None}, None),
    ({"currency": "USD"}, ("currency", "invalid_currency")),
    ({"service_from": "2025-03-31", "service_to": "2025-03-01"}, ("service_to", "invalid_date_range")),
    ({"extra": {"totalDescuentos": "1.00"}}, ("extra.totalDescuentos", "parameter_not_allowed")),
    ({"extra": {"totalDescuentos": "mucho"}}, ("extra.totalDescuentos", "invalid_amount")),
    ({"extra": {"tipoOperacion": "20"}}, ("extra.tipoOperacion", "invalid_value")),
    ({"extra": {"tipoDocumento": "03"}}, ("extra.tipoDocumento", "invalid_document")),
    ({"kind": "debit_note", "references": [REFERENCE]}, ("kind", "invalid_document"))])
def test_what_siigo_takes_of_an_invoice(changes, refusal):
    assert refused(siigo(**changes)) == ({refusal} if refusal else set())


@pytest.mark.parametrize(("missing", "field"), [
    ("document", "issuer.extra.document"), ("seller", "issuer.extra.seller"), ("payment", "payment.id")])
def test_what_the_company_must_have_chosen_at_siigo(missing, field):
    said = {"document": 24446, "seller": 629, "payment": 5636, "taxes": {"19": 13156}}
    del said[missing]
    assert refused(siigo(issuer__extra=said)) == {(field, "parameter_required")}


def siigo_s_total(items: list[dict[str, Any]], rates: dict[int, int]) -> D:
    """Per item base = round(q·p − discount, 2), iva = round(base·rate / 100, 2) (3.5)."""
    total, cent = D(0), D("0.01")
    for item in items:
        rate = sum(rates[tax["id"]] for tax in item.get("taxes", []))
        if "taxed_price" in item:
            base = (D(str(item["quantity"])) * D(str(item["taxed_price"])) / (1 + D(rate) / 100)).quantize(
                cent, "ROUND_HALF_UP")
        else:
            base = (D(str(item["quantity"])) * D(str(item["price"])) - D(str(item["discount"]))).quantize(
                cent, "ROUND_HALF_UP")
        total += base + (base * rate / 100).quantize(cent, "ROUND_HALF_UP")
    return total


@pytest.mark.parametrize("lines", [
    [line("10000.00", price_includes_tax=True)], [line("59900.00", price_includes_tax=True)],
    [line("10.03")] * 3, [line("33.335", quantity="3")], [line("100000.00", discount="10000.00")],
    [line("5000.00", EXEMPT), line("7000.00", EXCLUDED), line("9000.00")]])
def test_payments_are_exactly_what_siigo_computes(lines):
    answer = accepted(siigo(lines=lines))
    (paid,) = answer["payload"]["payments"]
    assert D(str(paid["value"])) == siigo_s_total(answer["payload"]["items"], {13156: 19, 13157: 0})
    assert D(answer["totals"]["total"]) == D(str(paid["value"]))


def test_a_price_with_iva_of_ten_thousand():
    """taxed_price 10000 at 19 % is base 8403.36 and IVA 1596.64."""
    answer = accepted(siigo(lines=[line("10000.00", price_includes_tax=True)]))
    assert answer["payload"]["items"][0]["taxed_price"] == 10000
    assert (answer["totals"]["net"], answer["totals"]["taxes"][0]["amount"]) == ("8403.36", "1596.64")


@pytest.mark.parametrize(("taxes", "expected"), [(EXEMPT, [{"id": 13157}]), (EXCLUDED, None), (VAT, [{"id": 13156}])])
def test_exempt_is_a_tax_of_nothing_and_excluded_is_none(taxes, expected):
    assert accepted(siigo(lines=[line(taxes=taxes)]))["payload"]["items"][0].get("taxes") == expected


def test_neither_reteiva_nor_reteica_is_a_tax_of_an_item():
    withheld = [{"code": code, "rate": "15", "withheld": True} for code in ("RETEIVA", "RETEICA")]
    assert accepted(siigo(lines=[line(taxes=[*VAT, *withheld])]))["payload"]["items"][0]["taxes"] == [{"id": 13156}]


# --- 3.6: Siigo's credit note ---------------------------------------------------------------------------


@pytest.mark.parametrize("reason", ["1", "2", "3", "4"])
def test_each_reason_of_a_credit_note(reason):
    sent = accepted(credit(references=[{**REFERENCE, "reason": reason}]))["payload"]
    assert sent["reason"] == int(reason)
    # Siigo does not have it: by number and CUFE, which reason 2 cannot do without
    assert sent["invoice_data"] == {"date": "2025-03-01", "prefix": "SETP", "number": 990000123, "cufe": CUFE}


@pytest.mark.parametrize(("changes", "refusal"), [
    ({"references": []}, ("references", "parameter_required")),
    ({"references": [REFERENCE, REFERENCE]}, ("references", "invalid_array")),
    ({"references": [{**REFERENCE, "reason": "5"}]}, ("references[0].reason", "invalid_range")),
    ({"references": [{**REFERENCE, "reason": "8"}]}, ("references[0].reason", "invalid_range")),
    ({"references": [{**REFERENCE, "authorization_code": ""}]}, ("references[0].authorization_code",
                                                                 "invalid_reference")),
    ({"references": [{**REFERENCE, "number": None}]}, ("references[0].number", "parameter_required")),
    ({"references": [{**REFERENCE, "date": "2025-04-01"}]}, ("references[0].date", "invalid_date"))])
def test_what_siigo_takes_of_a_credit_note(changes, refusal):
    assert refused(credit(**changes)) == {refusal}
