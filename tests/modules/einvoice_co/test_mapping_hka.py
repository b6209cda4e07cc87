"""What The Factory HKA gets: the whole request of the reference's samples, taxes by estrato, payment, customers."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from zeep import Client, Settings

from modules.einvoice_co.catalogs import FOLDER
from tests.modules.einvoice_co.cases import (
    CUFE,
    EXCLUDED,
    EXEMPT,
    REFERENCE,
    SAMPLES,
    VAT,
    case,
    line,
    note,
    valid,
)

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def soap() -> Any:
    return Client(str(FOLDER / "wsdl" / "emision.wsdl"), settings=Settings(strict=True))


def shape(element: Any) -> Any:
    """Names, texts and order, without prefixes."""
    name = etree.QName(element).localname
    return (name, (element.text or "").strip()) if not len(element) else (name, [shape(one) for one in element])


def sample(name: str) -> Any:
    return shape(etree.parse(str(SAMPLES / name)).getroot())


def message(soap: Any, data: dict[str, Any]) -> Any:
    payload = valid(data).payload
    made = soap.create_message(soap.service, "Enviar", tokenEmpresa="0" * 40, tokenPassword="f" * 40, **payload)
    return shape(made)


def test_the_sample_invoice_to_the_letter(soap):
    assert message(soap, case()) == sample("tfhka_enviar_request.xml")


def test_the_sample_credit_note_to_the_letter(soap):
    assert message(soap, note()) == sample("tfhka_enviar_nota_credito_request.xml")


def factura(data: dict[str, Any]) -> dict[str, Any]:
    return valid(data).payload["factura"]


@pytest.mark.parametrize(("taxes", "nodes", "base", "total"), [
    (VAT, [("01", "19.00", "100000.00", "19000.00")], "100000.00", "119000.00"),
    ([{"code": "VAT", "rate": "5"}], [("01", "5.00", "100000.00", "5000.00")], "100000.00", "105000.00"),
    (EXEMPT, [("01", "0.00", "100000.00", "0.00")], "100000.00", "100000.00"),
    ([{"code": "VAT", "rate": "0"}], [("01", "0.00", "100000.00", "0.00")], "100000.00", "100000.00"),
    ([{"code": "VAT", "category": "zero"}], [("01", "0.00", "100000.00", "0.00")], "100000.00", "100000.00"),
    (EXCLUDED, None, "0.00", "100000.00"), ([], None, "0.00", "100000.00"),
])
def test_exempt_is_a_node_at_zero_and_excluded_is_none(taxes, nodes, base, total):
    made = factura(case(lines=[line("100000.00", taxes)]))
    shown = made.get("impuestosGenerales")
    assert (shown and [tuple(one[name] for name in (
        "codigoTOTALImp", "porcentajeTOTALImp", "baseImponibleTOTALImp", "valorTOTALImp"))
        for one in shown["FacturaImpuestos"]]) == nodes
    assert ("impuestosDetalles" in made["detalleDeFactura"]["FacturaDetalle"][0]) == (nodes is not None)
    assert (made["totalSinImpuestos"], made["totalBaseImponible"]) == ("100000.00", base)
    assert made["totalBrutoConImpuesto"] == made["totalMonto"] == total


def test_three_kinds_of_lines_in_one_invoice():
    found = valid(case(lines=[line("50000.00", EXEMPT), line("30000.00", EXCLUDED), line("20000.00"),
                              line("10000.00")]))
    made, totals = found.payload["factura"], found.totals
    assert (totals.exempt, totals.untaxed, totals.net, totals.total) == (D(50000), D(30000), D(30000), D(115700))
    assert (made["totalProductos"], made["totalSinImpuestos"], made["totalBaseImponible"]) == (
        "4", "110000.00", "80000.00")
    assert [(one["porcentajeTOTALImp"], one["baseImponibleTOTALImp"], one["valorTOTALImp"])
            for one in made["impuestosGenerales"]["FacturaImpuestos"]] == [
        ("0.00", "50000.00", "0.00"), ("19.00", "30000.00", "5700.00")]
    assert made["impuestosTotales"] == {"ImpuestosTotales": [{"codigoTOTALImp": "01", "montoTotal": "5700.00"}]}


def test_totals_count_lines_not_units():
    made = factura(case(lines=[line("1000.00", quantity="12")]))
    assert made["totalProductos"] == "1"
    assert made["detalleDeFactura"]["FacturaDetalle"][0]["cantidadUnidades"] == "12.00"


@pytest.mark.parametrize(("price", "quantity", "net", "unit", "decimals"), [
    ("100000.00", "1", "84033.61", "84033.61", "2"), ("10000.00", "1", "8403.36", "8403.36", "2"),
    ("10000.00", "3", "25210.08", "8403.36", "2"), ("100.00", "6", "504.20", "84.033", "3"),
])
def test_prices_with_tax(price, quantity, net, unit, decimals):
    made = factura(case(lines=[line(price, quantity=quantity, price_includes_tax=True)]))
    row = made["detalleDeFactura"]["FacturaDetalle"][0]
    assert (row["precioTotalSinImpuestos"], row["precioVentaUnitario"]) == (net, unit)
    assert made["cantidadDecimales"] == decimals
    assert D(row["precioTotal"]) == D(price) * D(quantity) == D(made["totalMonto"])


def test_each_line_s_tax_is_rounded_by_itself():
    found = valid(case(lines=[line("10.03"), line("10.03"), line("10.03")]))
    assert [one.amount for one in found.totals.taxes] == [D("5.73")]  # 3 × 1.91, not 30.09 × 19 % = 5.72


def test_a_discount_stands_on_its_line():
    made = factura(case(lines=[line("100000.00", discount="10000.00")]))
    row = made["detalleDeFactura"]["FacturaDetalle"][0]
    assert row["cargosDescuentos"] == {"CargosDescuentos": [{
        "codigo": "00", "descripcion": "Descuento", "indicador": "0", "monto": "10000.00", "montoBase": "100000.00",
        "porcentaje": "10.00", "secuencia": "1"}]}
    assert (row["precioTotalSinImpuestos"], row["precioVentaUnitario"]) == ("90000.00", "100000.00")
    assert (made["totalSinImpuestos"], made["totalDescuentos"], made["totalMonto"]) == (
        "90000.00", "0.00", "107100.00")


def test_what_the_buyer_withholds_changes_no_total():
    found = valid(case(taxes=[{"code": "RETEFUENTE", "base": "84033.61", "rate": "4", "withheld": True}],
                       lines=[line(taxes=[*VAT, {"code": "RETEIVA", "rate": "15", "withheld": True}])]))
    assert found.payload["factura"]["totalMonto"] == "100000.00"
    assert any("ReteFuente 4 % $" in one for one in found.printed.legends)


@pytest.mark.parametrize(("changes", "expected"), [
    ({"payment": {"terms": "credit"}}, {"metodoDePago": "2", "medioPago": "1", "fechaDeVencimiento": "2025-03-15"}),
    ({"payment": {"terms": "cash"}}, {"metodoDePago": "1", "medioPago": "10"}),
    ({"payment": {"terms": "contado", "method": "transfer"}}, {"metodoDePago": "1", "medioPago": "47"}),
    ({"payment": {"terms": "2", "method": "ZZZ"}}, {"metodoDePago": "2", "medioPago": "ZZZ",
                                                   "fechaDeVencimiento": "2025-03-15"}),
    ({"payment": {}}, {"metodoDePago": "2", "medioPago": "1", "fechaDeVencimiento": "2025-03-15"}),
    ({"payment": {}, "due_date": None}, {"metodoDePago": "1", "medioPago": "10"}),
])
def test_payment(changes, expected):
    made = factura(case(**changes))
    assert made["mediosDePago"] == {"MediosDePago": [expected]}
    assert made.get("fechaVencimiento") == expected.get("fechaDeVencimiento")


@pytest.mark.parametrize(("kind", "written", "number", "dv", "person"), [
    ("NIT", "800197268-4", "800197268", "4", "1"), ("NIT", "8001972684", "800197268", "4", "1"),
    ("31", "800197268", "800197268", "4", "1"), ("NIT", "900.390.126-6", "900390126", "6", "1"),
    ("CC", "1020304050", "1020304050", None, "2"), ("13", "79.123.456", "79123456", None, "2"),
    ("CE", "345678", "345678", None, "2"), ("PASAPORTE", "AB123456", "AB123456", None, "2"),
    ("PPT", "4567890", "4567890", None, "2"), ("NIT", "1020304050", "1020304050", "8", "2"),
])
def test_a_check_digit_is_only_a_nit_s(kind, written, number, dv, person):
    client = factura(case(customer__tax_id_kind=kind, customer__tax_id=written))["cliente"]
    assert (client["numeroDocumento"], client.get("numeroIdentificacionDV"), client["tipoPersona"]) == (
        number, dv, person)


def test_the_final_consumer():
    client = factura(case(customer={"name": "", "tax_id": "", "tax_id_kind": ""}))["cliente"]
    assert client == {
        "detallesTributarios": {"Tributos": [{"codigoImpuesto": "ZZ"}]},
        "informacionLegalCliente": {"nombreRegistroRUT": "consumidor final", "numeroIdentificacion": "222222222222",
                                    "tipoIdentificacion": "13"},
        "nombreRazonSocial": "consumidor final", "notificar": "NO", "numeroDocumento": "222222222222",
        "responsabilidadesRut": {"Obligaciones": [{"obligaciones": "R-99-PN", "regimen": "49"}]},
        "tipoIdentificacion": "13", "tipoPersona": "2"}


def test_a_company_responsible_for_iva():
    client = factura(case(customer__tax_condition="48", customer__tax_id_kind="NIT", customer__tax_id="900390126-6",
                          customer__extra={"responsabilidades": ["O-13", "O-23"]}))["cliente"]
    assert client["responsabilidadesRut"] == {"Obligaciones": [{"obligaciones": "O-13", "regimen": "48"},
                                                               {"obligaciones": "O-23", "regimen": "48"}]}
    assert client["detallesTributarios"] == {"Tributos": [{"codigoImpuesto": "01"}]}


@pytest.mark.parametrize(("city", "region", "extra", "expected"), [
    ("Bogotá D.C.", "11", {}, ("11", "11001")), ("Bogotá", "Bogotá", {}, ("11", "11001")),
    ("Cali", "Valle del Cauca", {}, ("76", "76001")), ("Medellín", "Antioquia", {}, ("05", "05001")),
    ("CUCUTA", "54", {}, ("54", "54001")), ("El pueblo", "", {"divipola": "05045"}, ("05", "05045")),
    ("Soacha", "25", {"municipio": "25754"}, ("25", "25754")),
])
def test_places_by_name_or_divipola(city, region, extra, expected):
    address = {"street": "Calle 1", "city": city, "region": region, "country": "CO", "extra": extra}
    found = factura(case(customer__address=address))["cliente"]["direccionCliente"]
    assert (found["codigoDepartamento"], found["municipio"]) == expected


def test_a_debit_note():
    made = factura(note("debit_note"))
    pair = made["documentosReferenciados"]["DocumentoReferenciado"]
    assert (made["tipoDocumento"], made["tipoOperacion"]) == ("92", "30")
    assert (pair[0]["descripcion"], pair[1]["cufeDocReferenciado"]) == ({"string": ["Gastos por cobrar"]}, CUFE)


def test_own_fields_for_the_provider_s_pdf():
    made = factura(case(extra={"extras": [{"nombre": "Contrato", "valor": "000123", "pdf": "1"}]}))
    assert made["extras"] == {"Extras": [{"nombre": "Contrato", "pdf": "1", "valor": "000123"}]}


@given(st.lists(st.tuples(st.decimals("0.01", "999999.99", places=2), st.integers(1, 40),
                          st.sampled_from([VAT, EXEMPT, EXCLUDED]), st.booleans()), min_size=1, max_size=6))
@settings(max_examples=60, deadline=None)
def test_whatever_is_billed_adds_up(rows):
    lines = [line(f"{price:.2f}", taxes, quantity=str(count), price_includes_tax=included)
             for price, count, taxes, included in rows]
    made = factura(case(lines=lines))
    detail = made["detalleDeFactura"]["FacturaDetalle"]
    nodes = made.get("impuestosGenerales", {"FacturaImpuestos": []})["FacturaImpuestos"]
    taxes = sum(D(one["valorTOTALImp"]) for one in nodes)
    assert sum(D(one["precioTotalSinImpuestos"]) for one in detail) == D(made["totalSinImpuestos"])
    assert sum(D(one["baseImponibleTOTALImp"]) for one in nodes) == D(made["totalBaseImponible"])
    assert D(made["totalSinImpuestos"]) + taxes == D(made["totalBrutoConImpuesto"])
    assert D(made["totalBrutoConImpuesto"]) + D(made["redondeoAplicado"]) == D(made["totalMonto"])
    for one in detail:
        for node in (one.get("impuestosDetalles") or {"FacturaImpuestos": []})["FacturaImpuestos"]:
            assert D(node["valorTOTALImp"]) == (D(node["baseImponibleTOTALImp"]) * D(
                node["porcentajeTOTALImp"]) / 100).quantize(D("0.01"), "ROUND_HALF_UP")
        assert round(D(one["cantidadUnidades"]) * D(one["precioVentaUnitario"]), 2) == pytest.approx(
            D(one["precioTotalSinImpuestos"]), abs=D("0.005"))


@pytest.mark.parametrize(("extra", "expected"), [
    ({"totalDescuentos": "1000.00"}, ("1000.00", "0.00", "0.00", "0.00", "99000.00")),
    ({"totalCargosAplicados": "500"}, ("0.00", "500.00", "0.00", "0.00", "100500.00")),
    ({"totalAnticipos": "40000.00"}, ("0.00", "0.00", "40000.00", "0.00", "60000.00")),
    ({"redondeoAplicado": "-0.39"}, ("0.00", "0.00", "0.00", "-0.39", "99999.61")),
    ({"cargosDescuentos": [{"indicador": "0", "monto": "300"}, {"indicador": "1", "monto": "100.00"}]},
     ("300.00", "100.00", "0.00", "0.00", "99800.00")),
])
def test_what_is_of_the_whole_document_changes_only_what_is_to_be_paid(soap, extra, expected):
    """totalMonto = totalBruto − descuentos + cargos − anticipos + redondeo (reference 2.3)."""
    data = case(extra=extra)
    found, shown = factura(data), valid(data)
    assert tuple(found[name] for name in ("totalDescuentos", "totalCargosAplicados", "totalAnticipos",
                                          "redondeoAplicado", "totalMonto")) == expected
    assert (found["totalBrutoConImpuesto"], shown.totals.total) == ("100000.00", D(expected[-1]))
    assert f"ValTolFac: {expected[-1]}" in shown.printed.qr
    assert message(soap, data)


def test_a_discount_of_the_whole_document_says_what_it_is_of():
    found = factura(case(extra={"totalDescuentos": "1000.00"}))["cargosDescuentos"]["CargosDescuentos"]
    assert found == [{"codigo": "00", "descripcion": "Descuento", "indicador": "0", "monto": "1000.00",
                      "montoBase": "84033.61", "porcentaje": "1.19", "secuencia": "1"}]


def test_a_withholding_is_shown_beside_the_total():
    taxes = [{"code": "ReteFuente", "base": "84033.61", "rate": "4", "amount": "3361.34", "withheld": True}]
    found = valid(case(taxes=taxes)).totals
    assert (found.withheld, found.total) == (D("3361.34"), D("100000.00"))


def test_more_about_the_customer(soap):
    data = case(customer__email="ana@ejemplo.co; casa@ejemplo.co", customer__trade_name="Tienda Ana",
                customer__tax_condition="", customer__extra={"segundoNombre": "MARIA", "apellido": "PEREZ",
                                                             "regimen": "48", "notificar": "NO"})
    found = factura(data)["cliente"]
    assert found["destinatario"]["Destinatario"][0]["email"]["string"] == ["ana@ejemplo.co", "casa@ejemplo.co"]
    assert (found["email"], found["notificar"], found["nombreComercial"]) == ("ana@ejemplo.co", "NO", "Tienda Ana")
    assert (found["segundoNombre"], found["apellido"]) == ("MARIA", "PEREZ")
    assert found["responsabilidadesRut"]["Obligaciones"][0]["regimen"] == "48"
    assert message(soap, data)


def test_ten_digits_of_a_person_s_nit_are_a_whole_cedula():
    """1020304058 ends with the check digit of its first nine: by chance."""
    found = factura(case(customer__tax_id_kind="NIT", customer__tax_id="1020304058"))["cliente"]
    assert (found["numeroDocumento"], found["numeroIdentificacionDV"]) == ("1020304058", "6")


def test_a_city_by_its_code():
    found = factura(case(customer__address__city="76001"))["cliente"]["direccionCliente"]
    assert (found["municipio"], found["ciudad"]) == ("76001", "Cali")


@pytest.mark.parametrize("place", ["reference", "extra"])
def test_a_concept_apart_leaves_the_reason_its_own_words(place):
    said = {"codigoEstatusDocumento": "4"}
    reference = {**REFERENCE, "reason": "Plan cobrado de más"} | (said if place == "reference" else {})
    found = factura(note(references=[reference], extra=said if place == "extra" else {}))
    reason = found["documentosReferenciados"]["DocumentoReferenciado"][0]
    assert (reason["codigoEstatusDocumento"], reason["descripcion"]["string"]) == ("4", ["Plan cobrado de más"])


@pytest.mark.parametrize(("said", "kind"), [
    ("Cédula de ciudadanía", "13"), ("NIT", "31"), ("pasaporte", "41"), ("NIT de otro país", "50"), ("NUIP", "91"),
    ("47", "47"), ("PPT", "48")])
def test_documents_by_their_names(said, kind):
    assert factura(case(customer__tax_id_kind=said))["cliente"]["tipoIdentificacion"] == kind


@pytest.mark.parametrize("said", ["2", "02", "2 - Anulación de factura electrónica", "2: anulada", "anulación"])
def test_a_concept_however_it_is_written(said):
    found = factura(note(references=[{**REFERENCE, "reason": said}]))
    assert found["documentosReferenciados"]["DocumentoReferenciado"][0]["codigoEstatusDocumento"] == "2"
