"""What Nubefact gets for a document: the samples of the reference, types, lines and sums."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modules.einvoice.case import parse
from modules.einvoice_pe.findings import Terms
from modules.einvoice_pe.mapping import map_document
from tests.modules.einvoice_pe.cases import (
    EXEMPT,
    RUC,
    UNTAXED,
    case,
    factura,
    like_sample,
    line,
    mapped,
    note,
    payload,
    refusals,
    sample,
)

pytestmark = pytest.mark.once


def plan(text: str, price: str, taxes: Any = None, **changes: Any) -> dict[str, Any]:
    return line(price, taxes, code="INT100", description=text, price_includes_tax=True, **changes)


SAMPLE_CASES = {
    "boleta": case(),
    "boleta_varios": case(number=125, customer__tax_id_kind="", customer__tax_id="", customer__name="",
                          customer__address={}, lines=[plan("VENTA DE CONECTOR", "5.00", quantity="2") | {
                              "code": "CON1"}]),
    "boleta_amazonia": case(
        issuer__series="B002", number=7, customer__tax_id="45678913", customer__name="JUAN TORRES",
        customer__address={"street": "JR. PROSPERO 50", "city": "IQUITOS"},
        lines=[plan("INTERNET HOGAR 50 MBPS - MARZO 2025", "75.00", EXEMPT)]),
    "factura_credito": factura(lines=[plan("ENLACE DEDICADO 50 MBPS - MARZO 2025", "500.00") | {
        "price_includes_tax": False}], extra=case()["extra"] | {"condiciones_de_pago": "CREDITO 15 DIAS"}),
    "factura_detraccion": factura(number=89, lines=[plan("ENLACE DEDICADO 200 MBPS - MARZO 2025", "1000.00") | {
        "price_includes_tax": False}]),
    "nota_credito": note(due_date=None),
}


@pytest.mark.parametrize("name", SAMPLE_CASES)
def test_the_samples_of_the_reference(name):
    assert like_sample(payload(SAMPLE_CASES[name])) == like_sample(sample(f"{name}_request"))


def test_numbers_are_sent_as_texts_and_truths_as_json():
    found = payload(case())
    assert (found["total"], found["porcentaje_de_igv"], found["items"][0]["cantidad"]) == ("89.00", "18.00", "1")
    assert (found["numero"], found["detraccion"], found["enviar_automaticamente_a_la_sunat"]) == (124, False, True)
    assert found["descuento_global"] == found["cliente_email_1"] == found["tipo_de_cambio"] == ""


@pytest.mark.parametrize(("changes", "expected"), [
    ({}, 2), ({"issuer__series": "F001"}, None),
    ({"customer__tax_id_kind": "RUC", "customer__tax_id": RUC}, 2),
    ({"customer__tax_id_kind": "6", "customer__tax_id": RUC, "issuer__series": "0001",
      "customer__address": {"street": "x"}}, 1),
    ({"customer__tax_id_kind": "RUC", "customer__tax_id": RUC, "issuer__series": "0001",
      "customer__extra": {"wants_factura": False}}, 2),
    ({"issuer__series": "0001", "extra": {"tipo_de_comprobante": "2"}}, 2),
])
def test_factura_or_boleta(changes, expected):
    if expected is None:
        assert ("customer.tax_id_kind", "2800") in refusals(case(**changes))
    else:
        assert payload(case(**changes))["tipo_de_comprobante"] == expected


@pytest.mark.parametrize(("kind", "number", "code"), [
    ("DNI", "45678912", "1"), ("CE", "001234567", "4"), ("PASAPORTE", "AB123456", "7"), ("CDI", "A12", "A"),
    ("EXT", "X99", "B"), ("G", "123", "G"), ("RUC", RUC, "6"), ("", "45678912", "1"), ("-", "", "-"), ("", "-", "-")])
def test_identities(kind, number, code):
    found = payload(case(customer__tax_id_kind=kind, customer__tax_id=number))
    assert found["cliente_tipo_de_documento"] == code
    assert found["cliente_numero_de_documento"] == (number or "-")


@pytest.mark.parametrize(("price", "subtotal", "igv"), [
    ("89.00", "75.42", "13.58"), ("59.90", "50.76", "9.14"), ("12.50", "10.59", "1.91"), ("0.01", "0.01", "0.00"),
    ("118.00", "100.00", "18.00"), ("99.99", "84.74", "15.25")])
def test_a_price_with_tax_is_what_the_customer_pays(price, subtotal, igv):
    item = payload(case(lines=[plan("x", price)]))["items"][0]
    assert (item["subtotal"], item["igv"], item["total"], D(item["precio_unitario"])) == (
        subtotal, igv, price, D(price))


def test_rounding_per_line_wins_over_rounding_of_the_sum():
    found = payload(case(lines=[plan("a", "59.90"), plan("b", "12.50")]))
    assert (found["total_gravada"], found["total_igv"], found["total"]) == ("61.35", "11.05", "72.40")


@pytest.mark.parametrize(("given", "wanted"), [
    ({"unit_price": "33.333", "quantity": "3"}, ("33.333", "39.33294", "", "100.00", "18.00", "118.00")),
    ({"unit_price": "100", "discount": "10.00"}, ("100", "118", "10.00", "90.00", "16.20", "106.20")),
    ({"unit_price": "118", "discount": "11.80", "price_includes_tax": True},
     ("100", "118", "10.00", "90.00", "16.20", "106.20")),
    ({"unit_price": "29.90", "quantity": "3", "price_includes_tax": True},
     ("25.34", "29.9", "", "76.02", "13.68", "89.70")),
    ({"unit_price": "10", "quantity": "3", "price_includes_tax": True},
     ("8.4733333333", "10", "", "25.42", "4.58", "30.00")),
])
def test_lines(given, wanted):
    item = payload(case(lines=[line("1") | given]))["items"][0]
    assert tuple(item[name] for name in ("valor_unitario", "precio_unitario", "descuento", "subtotal", "igv",
                                         "total")) == wanted


@pytest.mark.parametrize(("extra", "kind", "header"), [
    ({"tipo_de_igv": 6}, 6, "total_gratuita"), ({"tipo_de_igv": "17"}, 17, "total_gratuita"),
    ({"tipo_de_igv": 20}, 20, "total_gratuita")])
def test_what_is_free_adds_to_nothing_but_total_gratuita(extra, kind, header):
    lines = [plan("Internet", "89.00"), line("50.00", extra=extra)]
    found = mapped(case(lines=lines))
    item = found.payload["items"][1]
    assert (item["tipo_de_igv"], item["subtotal"], item["igv"], item["total"]) == (kind, "50.00", "0.00", "50.00")
    assert (found.payload[header], found.payload["total"], found.payload["total_gravada"]) == (
        "50.00", "89.00", "75.42")
    assert (found.totals.total, found.totals.lines[1].total) == (D("89.00"), D("0.00"))


def test_a_discount_of_everything_is_free_of_charge():
    found = payload(case(lines=[plan("Mes de regalo", "89.00", discount="89.00")]))
    item = found["items"][0]
    assert (item["tipo_de_igv"], item["subtotal"], item["total"], item["descuento"]) == (6, "75.42", "75.42", "")
    assert (found["total"], found["total_gratuita"], found["total_igv"]) == ("0.00", "75.42", "")


@pytest.mark.parametrize(("taxes", "kind", "header"), [(EXEMPT, 8, "total_exonerada"), (UNTAXED, 9, "total_inafecta")])
def test_kinds_without_igv(taxes, kind, header):
    found = payload(case(lines=[plan("x", "75.00", taxes)]))
    assert (found["items"][0]["tipo_de_igv"], found[header], found["total_igv"], found["total"]) == (
        kind, "75.00", "", "75.00")
    assert found["porcentaje_de_igv"] == "18.00"


def test_a_global_discount_lowers_base_and_igv():
    found = payload(factura(lines=[line("500")], due_date=None, payment={}, extra={"descuento_global": "100.00"}))
    assert [found[name] for name in ("descuento_global", "total_gravada", "total_igv", "total")] == [
        "100.00", "400.00", "72.00", "472.00"]


@pytest.mark.parametrize(("prices", "discount", "wanted"), [
    (["89.00"], "10.00", ["8.47", "66.95", "12.05", "79.00"]),
    (["59.90", "12.50"], "7.40", ["6.27", "55.08", "9.92", "65.00"]),
    (["89.00"], "89.00", ["75.42", "", "", "0.00"])])
def test_a_global_discount_off_prices_with_tax_lowers_the_total_by_itself(prices, discount, wanted):
    lines = [line(price, price_includes_tax=True) for price in prices]
    found = map_document(parse(case(lines=lines, extra={"descuento_global": discount})))
    assert [found.payload[name] for name in ("descuento_global", "total_gravada", "total_igv", "total")] == wanted
    assert found.totals.total == D(wanted[-1])


def test_an_advance_is_deducted():
    lines = [line("500"), line("100", extra={"anticipo_regularizacion": True, "anticipo_documento_serie": "F001",
                                              "anticipo_documento_numero": 12})]
    found = payload(factura(lines=lines))
    assert [found[name] for name in ("total_anticipo", "total_gravada", "total_igv", "total", "sunat_transaction")] == [
        "100.00", "400.00", "72.00", "472.00", 4]


def test_credits_among_the_lines_become_a_discount_in_issued_documents():
    lines = [plan("Internet", "89.00"), plan("3 días sin servicio", "-8.90")]
    found = map_document(parse(case(lines=lines)), Terms(folds_credits=True))
    assert found.problems == ()
    body = found.payload
    assert (body["total"], body["descuento_global"], body["total_gravada"], body["total_igv"]) == (
        "80.10", "7.54", "67.88", "12.22")
    assert len(body["items"]) == 1
    assert found.totals.total == D("80.10")


def test_credits_of_exonerated_lines_are_discounts_of_such_lines():
    lines = [plan("Internet", "75.00", EXEMPT), plan("3 días", "-7.50", EXEMPT)]
    body = map_document(parse(case(lines=lines)), Terms(folds_credits=True)).payload
    assert (body["total"], body["total_exonerada"], body["items"][0]["descuento"], body["items"][0]["subtotal"]) == (
        "67.50", "67.50", "7.50", "67.50")


PRICE = st.decimals(D("0.05"), D("5000"), places=2)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(PRICE, st.booleans(), st.integers(1, 5), st.sampled_from([None, EXEMPT])), min_size=1,
                max_size=6))
def test_header_and_lines_always_agree(rows):
    lines = [line(str(price), taxes, price_includes_tax=gross, quantity=str(count))
             for price, gross, count, taxes in rows]
    found = map_document(parse(case(lines=lines)))
    body, items = found.payload, found.payload["items"]
    amount = lambda name: D(body[name] or "0")  # noqa: E731 - a short hand for a column of the header
    assert sum(D(item["total"]) for item in items) == amount("total") == found.totals.total
    assert sum(D(item["igv"]) for item in items) == amount("total_igv")
    assert amount("total") == amount("total_gravada") + amount("total_exonerada") + amount("total_igv")
    for item, (price, gross, count, _taxes) in zip(items, rows, strict=True):
        assert D(item["subtotal"]) + D(item["igv"]) == D(item["total"])
        assert abs(D(item["valor_unitario"]) * count - D(item["subtotal"])) <= D("0.005")
        if gross:
            assert D(item["total"]) == price * count


@pytest.mark.parametrize(("currency", "rate", "wanted"), [
    ("PEN", None, (1, "")), ("PEN", "1", (1, "")), ("USD", "3.75", (2, "3.750")), ("EUR", "4.105", (3, "4.105")),
    ("GBP", "4.7", (4, "4.700"))])
def test_currencies(currency, rate, wanted):
    found = payload(case(currency=currency, exchange_rate=rate))
    assert (found["moneda"], found["tipo_de_cambio"]) == wanted


def test_the_date_is_lima_s():
    assert payload(case(issued_at="2025-03-02T02:00:00+00:00"))["fecha_de_emision"] == "01-03-2025"


def test_a_due_date_on_the_day_itself_is_left_out():
    found = payload(factura(due_date="2025-03-01"))
    assert found["fecha_de_vencimiento"] == ""
    assert "venta_al_credito" not in found
    assert found["medio_de_pago"] == ""


def test_texts_lose_quotes_tabs_and_line_breaks():
    found = payload(case(customer__name='ANA "LA\tNIÑA"\nPEREZ', lines=[line("10", description='Plan "Oro"\t50 MB')]))
    assert (found["cliente_denominacion"], found["items"][0]["descripcion"]) == ("ANA LA NIÑA PEREZ", "Plan Oro 50 MB")
    assert found["observaciones"] == "Contrato 000123<br>Periodo marzo 2025<br>Código de pago 9000123"


def test_contingency_is_told_by_the_series():
    assert payload(case(issuer__series="0001"))["generado_por_contingencia"] is True


@pytest.mark.parametrize(("kind", "extra", "reason", "wanted"), [
    ("credit_note", {}, "baja", (1, "")), ("credit_note", {"tipo_de_nota_de_credito": 9}, "", (9, "")),
    ("credit_note", {}, "06", (6, "")), ("credit_note", {}, "11", (12, "")), ("credit_note", {}, "12", (11, "")),
    ("credit_note", {}, "06 - Devolución total", (6, "")), ("credit_note", {}, "6 días sin servicio", (1, "")),
    ("credit_note", {}, "6", (6, "")), ("credit_note", {}, "9", (9, "")), ("credit_note", {}, "10", (10, "")),
    ("credit_note", {}, "Descuento por ítem", (5, "")), ("credit_note", {}, "DEVOLUCION TOTAL", (6, "")),
    ("debit_note", {}, "", ("", 2)), ("debit_note", {"tipo_de_nota_de_debito": "1"}, "", ("", 1)),
    ("debit_note", {}, "1", ("", 1)), ("debit_note", {}, "03", ("", 3)), ("debit_note", {}, "4", ("", 4)),
    ("debit_note", {}, "11", ("", 5)), ("debit_note", {}, "12", ("", 4))])
def test_kinds_of_notes(kind, extra, reason, wanted):
    reference = {"series": "B001", "number": 124, "reason": reason}
    found = payload(note(kind, references=[reference], extra=extra))
    assert (found["tipo_de_nota_de_credito"], found["tipo_de_nota_de_debito"]) == wanted
    assert found["tipo_de_comprobante"] == (3 if kind == "credit_note" else 4)


def test_the_kind_of_a_note_may_stand_in_its_reference():
    reference = {"series": "B001", "number": 124, "reason": "5 días sin servicio", "tipo_de_nota_de_credito": 9}
    assert payload(note(references=[reference]))["tipo_de_nota_de_credito"] == 9


def test_a_note_on_a_document_of_contingency_goes_by_its_own_series():
    reference = {"series": "0001", "number": 124, "reason": "01"}
    found = payload(factura(kind="credit_note", issuer__series="FC01", references=[reference]))
    assert found["documento_que_se_modifica_tipo"] == 1


@pytest.mark.parametrize(("written", "extra", "wanted"), [
    ("a@b.pe; c@d.pe", {}, ["a@b.pe", "c@d.pe", ""]),
    ("a@b.pe,c@d.pe", {"cliente_email_1": "e@f.pe"}, ["a@b.pe", "e@f.pe", "c@d.pe"]),
    ("", {"cliente_email_2": "e@f.pe"}, ["", "", "e@f.pe"])])
def test_up_to_three_addresses(written, extra, wanted):
    found = payload(case(customer__email=written, extra=extra))
    assert [found[name] for name in ("cliente_email", "cliente_email_1", "cliente_email_2")] == wanted


@pytest.mark.parametrize(("said", "kind"), [
    ("dni", "1"), ("Carnet de extranjería", "4"), ("PASSPORT", "7"), ("pasaporte", "7"), ("Salvoconducto", "G")])
def test_documents_by_their_names(said, kind):
    assert payload(case(customer__tax_id_kind=said))["cliente_tipo_de_documento"] == kind


def test_the_rate_is_said_where_nothing_is_taxed():
    found = payload(case(lines=[plan("x", "75.00", EXEMPT)], extra={"porcentaje_de_igv": "10.50"}))
    assert found["porcentaje_de_igv"] == "10.50"


@pytest.mark.parametrize("code", ["VAT", "IGV", "1000"])
def test_igv_by_its_names(code):
    assert payload(case(lines=[line("100", [{"code": code, "rate": "18"}])]))["total_igv"] == "18.00"


@pytest.mark.parametrize("place", ["extra", "issuer__extra", "payment"])
def test_fields_of_nubefact_wherever_they_are_said(place):
    assert payload(case(**{place: {"condiciones_de_pago": "CREDITO 15 DIAS"}}))[
        "condiciones_de_pago"] == "CREDITO 15 DIAS"


def test_a_note_of_part_of_its_document_decreases_it():
    found = payload(note(references=[{"series": "B001", "number": 124, "amount": "200.00"}]))
    assert found["tipo_de_nota_de_credito"] == 9


def test_a_note_above_its_document_is_only_remarked():
    found = map_document(parse(note(references=[{"series": "B001", "number": 124, "amount": "50.00"}])))
    assert [(one.authority_code, one.severity) for one in found.problems] == [("4028", "warning")]
