"""What the prose of the reference (Peru, sections 1 to 4) says in numbers, keys and rules, asked of the preview.

The expectations are written off the reference; each test names its section. Code lists are in test_tables.
"""

from __future__ import annotations

import json
from decimal import ROUND_HALF_UP
from decimal import Decimal as D
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modules.einvoice.case import read
from modules.einvoice.preview import result
from modules.einvoice.previewing import previewer_of
from modules.einvoice_pe.catalogs import sunat_codes
from tests.modules.einvoice_pe.cases import EXEMPT, OTHER_RUC, RUC, UNTAXED, VAT, case, factura, line, note

pytestmark = pytest.mark.once
CENT = D("0.01")


def shown(data: dict[str, Any]) -> dict[str, Any]:
    """What `abona einvoice preview CASE.json --json` says."""
    return result(previewer_of("PE").preview(read(json.dumps(data).encode())))


def request(data: dict[str, Any]) -> dict[str, Any]:
    found = shown(data)
    assert found["valid"], found["problems"]
    return found["payload"]


def errors(data: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["field"], one["authority_code"]) for one in shown(data)["problems"] if one["severity"] == "error"]


def gross(price: str, taxes: Any = None, **changes: Any) -> dict[str, Any]:
    return line(price, taxes, price_includes_tax=True, **changes)


def invoiced(kind: str, series: str, number: int = 1) -> dict[str, Any]:
    return {"kind": kind, "series": series, "number": number, "date": "2025-02-01"}


# --- 1.1: documents and series ----------------------------------------------------------------------------


@pytest.mark.parametrize(("data", "sunat", "nubefact"), [
    (factura(), "01", 1), (factura(issuer__series="FFF1"), "01", 1), (case(), "03", 2),
    (case(issuer__series="BBB1"), "03", 2),
    (factura(kind="credit_note", issuer__series="FC01", references=[invoiced("01", "F001")]), "07", 3),
    # a note may share the series of facturas
    (factura(kind="credit_note", issuer__series="FFF1", references=[invoiced("01", "FFF1")]), "07", 3),
    (note(), "07", 3), (note("debit_note", issuer__series="BD01"), "08", 4),
    (factura(kind="debit_note", issuer__series="FD01", references=[invoiced("01", "F001")]), "08", 4),
    # contingency: digits, with 0 at the front
    (factura(issuer__series="0001", extra={"tipo_de_comprobante": 1}), "01", 1), (case(issuer__series="0001"), "03", 2),
    (note(issuer__series="0001"), "07", 3), (note("debit_note", issuer__series="0001"), "08", 4)])
def test_documents_under_the_numbers_of_sunat_and_of_nubefact(data, sunat, nubefact):
    found = shown(data)
    assert (found["valid"], found["legal_kind"], found["payload"]["tipo_de_comprobante"]) == (True, sunat, nubefact)
    assert ("generado_por_contingencia" in found["payload"]) == found["series"].startswith("0")
    assert found["print"]["qr"].split(" | ")[1:3] == [sunat, found["series"]]


@pytest.mark.parametrize(("data", "code"), [
    (factura(issuer__series="B001", extra={"tipo_de_comprobante": 1}), "2345"),
    (case(issuer__series="F001", extra={"tipo_de_comprobante": 2}), "2345"),
    (note(issuer__series="FC01"), "2345"),  # a note of a boleta in a series of facturas, and the other way round
    (factura(kind="credit_note", issuer__series="BC01", references=[invoiced("01", "F001")]), "2345"),
    (factura(kind="debit_note", issuer__series="BD01", references=[invoiced("01", "F001")]), "2345"),
    *[(case(issuer__series=series), "1001") for series in ("", "B", "B01", "B0011", "B-01", "B00Ñ", "C001", "1001",
                                                           "0A01", "00001")]])
def test_series_that_are_not_of_the_document_are_refused(data, code):
    assert ("issuer.series", code) in errors(data)


@pytest.mark.parametrize(("number", "refused"), [(1, False), (99_999_999, False), (0, True), (100_000_000, True)])
def test_numbers_have_up_to_eight_digits(number, refused):
    assert (("number", "1001") in errors(case(number=number))) == refused
    assert shown(case(number=number))["payload"]["numero"] == (number or "")


# --- 1.2, 4: who gets which -------------------------------------------------------------------------------

NOBODY = {"customer__tax_id_kind": "", "customer__tax_id": "", "customer__name": ""}


@pytest.mark.parametrize(("kind", "number", "name", "code"), [
    ("RUC", RUC, "COMERCIAL", "6"), ("DNI", "00123456", "ANA", "1"), ("CE", "001234567", "ANA", "4"),
    ("PASAPORTE", "AB123456", "ANA", "7"), ("B", "X99", "ANA", "B"), ("A", "A12", "ANA", "A"), ("G", "1", "ANA", "G"),
    ("-", "-", "", "-"), ("", "", "", "-")])
def test_boletas_to_everybody_without_an_address(kind, number, name, code):
    found = request(case(customer__tax_id_kind=kind, customer__tax_id=number, customer__name=name,
                         customer__address={}))
    assert (found["tipo_de_comprobante"], found["cliente_tipo_de_documento"], found["cliente_direccion"]) == (2, code,
                                                                                                              "")
    assert (found["cliente_numero_de_documento"], found["cliente_denominacion"]) == (number or "-",
                                                                                    name or "CLIENTES VARIOS")


@pytest.mark.parametrize(("changes", "field", "code"), [
    ({"customer__address": {}}, "customer.address", "21"),
    ({"customer__name": ""}, "customer.name", "2021"),
    ({"customer__tax_id_kind": "DNI", "customer__tax_id": "45678912"}, "customer.tax_id_kind", "2800"),
    ({"customer__tax_id_kind": "CE", "customer__tax_id": "001234567"}, "customer.tax_id_kind", "2800"),
    ({**NOBODY, "customer__name": "CLIENTES VARIOS"}, "customer.tax_id_kind", "2800"),
    ({"customer__tax_id": "2055566677"}, "customer.tax_id", "2017")])
def test_a_factura_needs_ruc_name_and_address(changes, field, code):
    assert (field, code) in errors(factura(**changes))


@pytest.mark.parametrize(("transaction", "refused"), [(None, True), (1, True), (2, False), (29, False)])
def test_who_has_no_document_of_peru_only_gets_exports(transaction, refused):
    data = case(customer__tax_id_kind="0", customer__tax_id="X99",
                extra={"sunat_transaction": transaction} if transaction else {}, lines=[line("10", UNTAXED)])
    assert (("customer.tax_id_kind", "2800") in errors(data)) == refused


@pytest.mark.parametrize(("price", "currency", "rate", "refused"), [
    ("699.99", "PEN", None, False), ("700.00", "PEN", None, True), ("700.01", "PEN", None, True),
    ("199.99", "USD", "3.500", False), ("200.00", "USD", "3.500", True)])
def test_from_700_soles_on_the_buyer_is_identified(price, currency, rate, refused):
    data = case(**NOBODY, lines=[gross(price)], currency=currency, exchange_rate=rate)
    assert errors(data) == ([("customer.tax_id", "2396")] if refused else [])
    assert errors(case(lines=[gross(price)], currency=currency, exchange_rate=rate)) == []


def digit(ten: str) -> str:
    """Weights 5 4 3 2 7 6 5 4 3 2; 11 less the rest of 11, 10 is 0 and 11 is 1 (section 4)."""
    found = 11 - sum(int(one) * weight for one, weight in zip(ten, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2), strict=True)) % 11
    return str({10: 0, 11: 1}.get(found, found))


@pytest.mark.parametrize("ten", ["2055566677", "2061234567", "1045678912", "1512345678", "1712345678"])
def test_the_check_digit_of_a_ruc(ten):
    for last in "0123456789":
        found = errors(case(customer__tax_id_kind="RUC", customer__tax_id=ten + last))
        assert found == ([] if last == digit(ten) else [("customer.tax_id", "21")])


@pytest.mark.parametrize("start", ["11", "16", "19", "30"])
def test_other_beginnings_of_a_ruc_are_refused(start):
    number = f"{start}12345678"
    assert errors(case(customer__tax_id_kind="RUC", customer__tax_id=number + digit(number))) == [
        ("customer.tax_id", "21")]


@pytest.mark.parametrize(("kind", "number", "code"), [
    ("DNI", "1234567", "2801"), ("DNI", "123456789", "2801"), ("DNI", "1234567A", "2801"),
    ("CE", "1" * 13, "2802"), ("PASAPORTE", "A" * 13, "2802"), ("B", "1" * 16, "2802")])
def test_lengths_of_documents(kind, number, code):
    assert errors(case(customer__tax_id_kind=kind, customer__tax_id=number)) == [("customer.tax_id", code)]


# --- 1.3, 2.5: taxes and arithmetic -----------------------------------------------------------------------


@pytest.mark.parametrize(("taxes", "extra", "kind", "column", "igv"), [
    (VAT, {}, 1, "total_gravada", "18.00"), (EXEMPT, {}, 8, "total_exonerada", ""),
    (UNTAXED, {}, 9, "total_inafecta", ""), *[(VAT, {"tipo_de_igv": kind}, kind, "total_gratuita", "")
                                              for kind in range(2, 8)],
    *[(UNTAXED, {"tipo_de_igv": kind}, kind, "total_gratuita", "") for kind in (10, 11, 12, 13, 14, 15, 17, 20)]])
def test_each_treatment_goes_to_its_total(taxes, extra, kind, column, igv):
    found = request(case(lines=[line("100.00", taxes, extra=extra)]))
    columns = ("total_gravada", "total_exonerada", "total_inafecta", "total_gratuita")
    assert {name: found[name] for name in columns} == {name: "100.00" if name == column else "" for name in columns}
    assert (found["items"][0]["tipo_de_igv"], found["total_igv"], found["porcentaje_de_igv"]) == (kind, igv, "18.00")
    # what is free is never in the total, and the customer's balance does not grow
    free = column == "total_gratuita"
    assert found["total"] == ("0.00" if free else "118.00" if igv else "100.00")
    assert shown(case(lines=[line("100.00", taxes, extra=extra)]))["totals"]["total"] == found["total"]


@pytest.mark.parametrize(("extra", "legend"), [({}, "servicios_region_selva"), ({"goods": True},
                                                                               "bienes_region_selva")])
def test_what_is_exonerated_has_the_legend_of_the_region(extra, legend):
    assert request(case(lines=[line("75.00", EXEMPT, extra=extra)]))[legend] is True
    told = shown(case(extra={legend: True}))["problems"]
    assert [(one["field"], one["severity"]) for one in told] == [(f"extra.{legend}", "warning")]
    assert told[0]["authority_code"] == ("4023" if legend.startswith("serv") else "4022")


@pytest.mark.parametrize(("lines", "gravada", "igv", "total"), [
    ([gross("89.00")], "75.42", "13.58", "89.00"),
    # line by line wins over the sum, which would give 11.04
    ([gross("59.90"), gross("12.50")], "61.35", "11.05", "72.40"),
    ([line("500.00")], "500.00", "90.00", "590.00"), ([line("0.125", quantity="1")], "0.13", "0.02", "0.15")])
def test_worked_examples_of_amounts(lines, gravada, igv, total):
    found = request(case(lines=lines))
    assert (found["total_gravada"], found["total_igv"], found["total"]) == (gravada, igv, total)
    assert shown(case(lines=lines))["totals"]["total"] == total


def half_up(value: D) -> D:
    return value.quantize(CENT, ROUND_HALF_UP)


PRICE, COUNT = st.decimals(D("0.05"), D("5000"), places=2), st.integers(1, 9)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(PRICE, COUNT, st.decimals(0, 1, places=2), st.booleans()), min_size=1, max_size=4))
def test_lines_by_the_formulas(drawn):
    lines = []
    for price, count, share, inside in drawn:
        discount = f"{half_up(price * count * share / 2):.2f}"
        lines.append(line(str(price), quantity=str(count), discount=discount, price_includes_tax=inside))
    found = request(case(lines=lines))
    for item, given_line in zip(found["items"], lines, strict=True):
        price, count, discount = D(given_line["unit_price"]), D(given_line["quantity"]), D(given_line["discount"])
        subtotal, igv, total = (D(item[name]) for name in ("subtotal", "igv", "total"))
        if given_line["price_includes_tax"]:
            assert (total, subtotal) == (half_up(price * count - discount), half_up(total / D("1.18")))
            assert D(item["precio_unitario"]) == price
        else:
            assert (subtotal, igv) == (half_up(price * count - discount), half_up(subtotal * D("0.18")))
            assert D(item["valor_unitario"]) == price and D(item["precio_unitario"]) == price * D("1.18")
        # the unit value has ten decimals, before the discount
        net = D(item["valor_unitario"]) * count - D(item["descuento"] or 0)
        assert total == subtotal + igv and abs(net - subtotal) < CENT
    assert D(found["total_igv"] or 0) == sum(D(item["igv"]) for item in found["items"])
    assert D(found["total"]) == D(found["total_gravada"]) + D(found["total_igv"] or 0)


@pytest.mark.parametrize(("data", "field", "code"), [
    (case(lines=[line("100.00", [{"code": "VAT", "rate": "18"}]), line("1.00", [{"code": "VAT", "rate": "10.5"}])]),
     "lines[1].taxes", "21"),
    (case(lines=[line("100.00", [{"code": "VAT", "rate": "16"}])]), "lines[0].taxes", "21"),
    (case(lines=[line("100.00")], extra={"porcentaje_de_igv": "10.50"}), "extra.porcentaje_de_igv", "21"),
    (case(lines=[gross("89.00"), gross("-8.90")]), "lines[1].unit_price", "2369"),  # nothing may be negative
    (note(lines=[line("-5.00")]), "lines[0].unit_price", "2369")])
def test_one_rate_in_lines_and_header_and_nothing_negative(data, field, code):
    assert (field, code) in errors(data)


# --- 1.4, 1.5: detracción, credit, retención --------------------------------------------------------------


@pytest.mark.parametrize(("data", "amount", "pending"), [
    (factura(lines=[gross("700.00")]), None, "700.00"), (factura(lines=[gross("700.01")]), "84.00", "616.01"),
    (factura(lines=[line("1000.00")]), "141.60", "1038.40"), (case(lines=[line("1000.00")]), None, None),
    (factura(lines=[line("1000.00", EXEMPT)]), None, "1000.00"),
    # in soles of a factura in dollars; the quota stays in dollars
    (factura(lines=[line("1000.00")], currency="USD", exchange_rate="3.755"), "531.71", "1038.40"),
    (factura(lines=[gross("200.00")], currency="USD", exchange_rate="3.500"), None, "200.00"),
    (factura(lines=[gross("200.01")], currency="USD", exchange_rate="3.500"), "84.00", "176.01")])
def test_detraction_of_taxed_services_above_700(data, amount, pending):
    found = request(data)
    assert (found["detraccion"], found.get("detraccion_total"), found["sunat_transaction"]) == (
        amount is not None, amount, 30 if amount else 1)
    if amount:  # Nubefact's 35 is SUNAT's 037; 1 is the deposit
        assert (found["detraccion_tipo"], found["detraccion_porcentaje"], found["medio_de_pago_detraccion"]) == (
            35, "12", 1)
        said = "\n".join(shown(data)["print"]["legends"])
        assert "Operación sujeta al Sistema de Pago de Obligaciones Tributarias: 037" in said and amount in said
    assert [one["importe"] for one in found.get("venta_al_credito", [])] == ([pending] if pending else [])


@pytest.mark.parametrize(("total", "agent", "kept"), [
    ("708.00", True, "21.24"), ("700.00", True, None), ("700.01", True, "21.00"), ("708.00", False, None)])
def test_retention_of_agents_above_700(total, agent, kept):
    data = factura(lines=[gross(total, extra={"goods": True})], customer__extra={"agente_de_retencion": agent})
    found = request(data)
    assert (found.get("total_retencion"), found["detraccion"]) == (kept, False)
    net = D(total) - D(kept or 0)
    assert [one["importe"] for one in found["venta_al_credito"]] == [f"{net:.2f}"]
    if kept:
        assert (found["retencion_tipo"], found["retencion_base_imponible"]) == (1, total)


def quotas(*given: tuple[str, str]) -> dict[str, Any]:
    return {"venta_al_credito": [{"cuota": place, "fecha_de_pago": date, "importe": amount}
                                 for place, (date, amount) in enumerate(given, start=1)]}


OFFICIAL = (("15-03-2025", "500.00"), ("15-04-2025", "200.00"), ("15-05-2025", "8.00"))


@pytest.mark.parametrize(("given", "field", "code"), [
    (OFFICIAL, None, None),
    ((("01-03-2025", "708.00"),), "extra.venta_al_credito[0].fecha_de_pago", "3267"),
    ((("28-02-2025", "708.00"),), "extra.venta_al_credito[0].fecha_de_pago", "3267"),
    ((("15-03-2025", "708.01"),), "extra.venta_al_credito", "3266"),
    ((("15-03-2025", "500.00"), ("15-04-2025", "208.01")), "extra.venta_al_credito", "3265")])
def test_quotas_add_up_to_the_net_and_lie_after_the_issue(given, field, code):
    data = factura(lines=[gross("708.00")], extra={"detraccion": False, **quotas(*given)})
    if field:
        assert errors(data) == [(field, code)]
    else:
        found = request(data)
        assert [one["importe"] for one in found["venta_al_credito"]] == ["500.00", "200.00", "8.00"]
        assert found["medio_de_pago"] == "credito"


def test_cash_and_boletas_have_no_quotas_and_credit_needs_one():
    for data in (case(), factura(due_date="2025-03-01"), factura(due_date=None, payment={"terms": "cash"})):
        assert "venta_al_credito" not in request(data)
    # a due date on the day of issue is refused by Nubefact: it is left empty
    assert request(factura(due_date="2025-03-01"))["fecha_de_vencimiento"] == ""
    assert errors(factura(due_date=None)) == [("due_date", "3249")]
    assert errors(case(extra=quotas(("15-03-2025", "89.00")))) == [("extra.venta_al_credito", "3252")]


# --- 1.6, 1.7: dates and notes ----------------------------------------------------------------------------


@pytest.mark.parametrize(("issued", "day"), [("2025-03-02T00:30:00+00:00", "01-03-2025"),
                                             ("2025-03-02T05:00:00+00:00", "02-03-2025"),
                                             ("2025-07-01T04:59:59+00:00", "30-06-2025")])
def test_the_date_is_lima_s(issued, day):
    found = shown(case(issued_at=issued, due_date=None))
    assert found["payload"]["fecha_de_emision"] == day
    assert found["print"]["qr"].split(" | ")[6] == day.replace("-", "/")


@pytest.mark.parametrize(("reason", "number"), [  # SUNAT's 11 and 12 are Nubefact's 12 and 11
    ("01", 1), ("02", 2), ("04", 4), ("05", 5), ("06", 6), ("09", 9), ("11", 12), ("12", 11)])
def test_reasons_of_credit_notes(reason, number):
    data = factura(kind="credit_note", issuer__series="FC01", references=[invoiced("01", "F001") | {"reason": reason}])
    assert request(data)["tipo_de_nota_de_credito"] == number


@pytest.mark.parametrize(("reason", "number"), [("01", 1), ("02", 2), ("03", 3), ("12", 4), ("11", 5)])
def test_reasons_of_debit_notes(reason, number):  # Nubefact's 4 and 5 are SUNAT's 12 and 11
    data = note("debit_note", issuer__series="BD01", references=[invoiced("03", "B001") | {"reason": reason}])
    assert request(data)["tipo_de_nota_de_debito"] == number


@pytest.mark.parametrize(("data", "field", "code"), [
    (note(references=[]), "references", "2524"),
    (note(currency="USD", exchange_rate="3.7", references=[invoiced("03", "B001") | {"currency": "PEN"}]), "currency",
     "3209"),
    (note(extra={"tipo_de_nota_de_credito": 13, **quotas(("15-04-2025", "89.00"))}, lines=[line("0.00")]),
     "extra.tipo_de_nota_de_credito", "3259"),
    (factura(kind="credit_note", issuer__series="FC01", references=[invoiced("01", "F001")], lines=[line("0.00")],
             extra={"tipo_de_nota_de_credito": 13}), "extra.venta_al_credito", "3257")])
def test_notes_that_are_refused(data, field, code):
    assert errors(data) == [(field, code)] and code in sunat_codes()


# --- 2.2 to 2.4, 3: what is sent and printed --------------------------------------------------------------


def test_values_as_nubefact_takes_them():
    found = request(factura(lines=[line("100", description='Plan "Oro"\t50\nMB', quantity="2.50")]))
    assert (found["items"][0]["descripcion"], found["items"][0]["cantidad"]) == ("Plan Oro 50 MB", "2.5")
    assert (found["total"], found["detraccion"], found["enviar_automaticamente_a_la_sunat"],
            found["enviar_automaticamente_al_cliente"]) == ("295.00", False, True, False)
    assert (found["codigo_unico"], found["items"][0]["unidad_de_medida"]) == ("1-F001-88", "ZZ")
    # the issuer is known by the route: it is never in the request, nor are names of the header in lines
    assert OTHER_RUC not in json.dumps(found) and "total_igv" not in found["items"][0]
    assert "cancelado" not in found


@pytest.mark.parametrize(("total", "words"), [
    ("45.30", "CUARENTA Y CINCO CON 30/100"), ("21.00", "VEINTIUNO CON 00/100"),
    ("201.00", "DOSCIENTOS UNO CON 00/100"),
    ("41000.00", "CUARENTA Y UN MIL CON 00/100"), ("1000.00", "MIL CON 00/100"), ("100.00", "CIEN CON 00/100"),
    ("1000000.00", "UN MILLON CON 00/100"), ("3000000.00", "TRES MILLONES CON 00/100")])
@pytest.mark.parametrize(("currency", "unit"), [("PEN", "SOLES"), ("USD", "DOLARES AMERICANOS")])
def test_amounts_in_words(total, words, currency, unit):
    data = case(lines=[gross(total)], currency=currency, exchange_rate="1" if currency == "PEN" else "3.7")
    assert shown(data)["print"]["amount_in_words"] == f"SON: {words} {unit}"


def test_nothing_is_zero_in_words():
    free = case(lines=[line("50.00", extra={"tipo_de_igv": 6})])
    assert shown(free)["print"]["amount_in_words"] == "SON: CERO CON 00/100 SOLES"


@pytest.mark.parametrize(("data", "words"), [
    (factura(), "FACTURA ELECTRÓNICA"), (case(), "BOLETA DE VENTA ELECTRÓNICA"),
    (note(), "NOTA DE CRÉDITO ELECTRÓNICA"),
    (note("debit_note", issuer__series="BD01"), "NOTA DE DÉBITO ELECTRÓNICA")])
def test_the_name_of_the_document_in_full(data, words):
    assert f"Representación impresa de la {words}" in shown(data)["print"]["legends"]
