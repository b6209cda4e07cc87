"""What the SRI gets for a document: the XML, element by element, and its totals."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from modules.accounting import totals as accounting
from modules.einvoice.case import parse
from modules.einvoice_ec.amounts import EC
from modules.einvoice_ec.mapping import Mapped, map_document
from tests.modules.einvoice_ec.cases import REFERENCE, SAMPLES, VAT, case, line, note, to

pytestmark = pytest.mark.once
ICE = {"code": "ICE", "rate": "15", "codigoPorcentaje": "3093"}


def mapped(data: dict[str, Any], clean: bool = True) -> Mapped:
    found = map_document(parse(data))
    if clean:
        assert found.problems == ()
    return found


def tree(data: dict[str, Any], clean: bool = True) -> Any:
    return etree.fromstring(mapped(data, clean).xml)


def texts(root: Any, path: str) -> list[str]:
    return [one.text for one in root.findall(path)]


def sample(name: str) -> bytes:
    return (SAMPLES / name).read_bytes()


def test_the_factura_of_the_reference_to_the_byte():
    assert mapped(case()).xml == sample("factura_1.1.0_sin_firma.xml")


def test_the_credit_note_of_the_reference_to_the_byte():
    data = note(number=7, lines=[case()["lines"][0]])
    assert mapped(data).xml == sample("nota_credito_1.1.0_sin_firma.xml")


def test_the_debit_note_of_the_reference_to_the_byte():
    data = note("debit_note", number=3, lines=[line("2.40", description="Interés por mora", code="")])
    assert mapped(data).xml == sample("nota_debito_1.0.0_sin_firma.xml")


def test_money_of_third_parties_makes_it_a_factura_2_1_0():
    wanted = etree.fromstring(sample("factura_2.1.0_rubros_terceros_sin_firma.xml"))
    rubros = [{"concepto": one.findtext("concepto"), "total": one.findtext("total")} for one in wanted.iter("rubro")]
    found = mapped(case(extra__otrosRubrosTerceros=rubros, extra__version="1.1.0"))
    root = etree.fromstring(found.xml)
    assert root.get("version") == "2.1.0"
    assert [one.tag for one in root] == [one.tag for one in wanted]
    total = D("51.75") + sum(D(one["total"]) for one in rubros)
    assert found.importe_total == D(root.findtext("infoFactura/importeTotal")) == total
    assert texts(root, "infoFactura/pagos/pago/total") == [f"{total:.2f}"]


# --- totals (reference, section 8) ---------------------------------------------------------------------


@pytest.mark.parametrize(("lines", "net", "taxes", "total", "shown"), [
    # three lines of 0.10: 0.02 each, 0.05 together
    ([line("0.10")] * 3, "0.30", [("2", "4", "0.30", "0.05")], "0.35", ["0.02"] * 3),
    # half up
    ([line("0.10")], "0.10", [("2", "4", "0.10", "0.02")], "0.12", ["0.02"]),
    ([line("0.30")], "0.30", [("2", "4", "0.30", "0.05")], "0.35", ["0.05"]),
    # 2.5 × 3.333333 = 8.3333325
    ([line("3.333333", quantity="2.5")], "8.33", [("2", "4", "8.33", "1.25")], "9.58", ["1.25"]),
    # prices with tax: some do not exist
    ([line("28.75", price_includes_tax=True)], "25.00", [("2", "4", "25.00", "3.75")], "28.75", ["3.75"]),
    ([line("10.00", price_includes_tax=True)], "8.70", [("2", "4", "8.70", "1.31")], "10.01", ["1.31"]),
    # ICE is in the base of IVA
    ([line("100.00", [ICE, *VAT])], "100.00", [("3", "3093", "100.00", "15.00"), ("2", "4", "115.00", "17.25")],
     "132.25", ["15.00", "17.25"]),
    ([line("100.00", [*VAT, ICE])], "100.00", [("3", "3093", "100.00", "15.00"), ("2", "4", "115.00", "17.25")],
     "132.25", ["15.00", "17.25"]),
    # one IVA over lines with ICE and without it
    ([line("0.10"), line("0.10", [ICE, *VAT])], "0.20",
     [("2", "4", "0.22", "0.03"), ("3", "3093", "0.10", "0.02")], "0.25", ["0.02", "0.02", "0.02"]),
    # ICE at 0 % stands nowhere
    ([line("20.00", [{"code": "ICE", "rate": "0", "codigoPorcentaje": "3092"}, *VAT])], "20.00",
     [("2", "4", "20.00", "3.00")], "23.00", ["3.00"]),
    # every kind of IVA
    ([line("1.00", [{"code": "VAT", "rate": "5"}]), line("1.00", [{"code": "VAT", "rate": "0"}]),
      line("1.00", [{"code": "VAT", "category": "zero"}]), line("1.00", [{"code": "VAT", "category": "untaxed"}]),
      line("1.00", [{"code": "VAT", "category": "exempt"}])], "5.00",
     [("2", "5", "1.00", "0.05"), ("2", "0", "2.00", "0.00"), ("2", "6", "1.00", "0.00"), ("2", "7", "1.00", "0.00")],
     "5.05", ["0.05", "0.00", "0.00", "0.00", "0.00"]),
    # a discount of everything
    ([line("25.00", discount="25.00"), line("1.00")], "1.00", [("2", "4", "1.00", "0.15")], "1.15", ["0.00", "0.15"]),
])
def test_totals(lines, net, taxes, total, shown):
    found = mapped(case(lines=lines), clean=False)
    assert not [one for one in found.problems if one.severity == "error"]
    root = etree.fromstring(found.xml)
    info = root.find("infoFactura")
    assert info.findtext("totalSinImpuestos") == net
    assert info.findtext("importeTotal") == total == f"{found.totals.total:.2f}"
    assert [tuple(one.findtext(name) for name in ("codigo", "codigoPorcentaje", "baseImponible", "valor"))
            for one in info.iter("totalImpuesto")] == taxes
    assert texts(root, "detalles/detalle/impuestos/impuesto/valor") == shown


def test_the_kinds_of_iva_in_the_totals():
    lines = [line("1.00"), line("2.00", [{"code": "VAT", "category": "untaxed"}]),
             line("4.00", [{"code": "VAT", "category": "exempt"}]), line("8.00", [{"code": "VAT", "rate": "0"}])]
    found = mapped(case(lines=lines)).totals
    assert (found.net, found.untaxed, found.exempt, found.total) == (D("9.00"), D("2.00"), D("4.00"), D("15.15"))
    assert [(tax.code, tax.rate, tax.base, tax.amount) for tax in found.taxes] == [
        ("VAT", D(15), D("1.00"), D("0.15")), ("VAT", D(0), D("8.00"), D("0.00"))]


def test_a_price_with_tax_that_does_not_exist_is_remarked_on():
    found = mapped(case(lines=[line("10.00", price_includes_tax=True)]), clean=False)
    assert [(one.code, one.field, one.severity) for one in found.problems] == [
        ("price_does_not_exist", "lines[0].unit_price", "warning")]


def test_a_price_with_tax_keeps_six_decimals_and_a_discount_loses_its_tax():
    root = tree(case(lines=[line("11.50", price_includes_tax=True, discount="2.30", quantity="3")]))
    detail = root.find("detalles/detalle")
    assert [detail.findtext(name) for name in ("precioUnitario", "descuento", "precioTotalSinImpuesto")] == [
        "10.000000", "2.00", "28.00"]


@given(st.lists(st.tuples(st.decimals("0.01", "5000", places=2), st.sampled_from(("15", "5", "0")), st.booleans(),
                          st.booleans()), min_size=1, max_size=8))
@settings(max_examples=60, deadline=None)
def test_the_ledgers_lines_add_up_and_agree_with_the_document(rows):
    lines = [line(str(price), [*([ICE] if ice else []), {"code": "VAT", "rate": rate}], price_includes_tax=gross)
             for price, rate, gross, ice in rows]
    parsed = parse(case(lines=lines))
    found = accounting.compute(parsed.lines, (), EC)
    document = map_document(parsed)
    assert found.total == document.importe_total
    assert sum((one.net for one in found.lines), D(0)) == found.net
    assert sum((one.total for one in found.lines), D(0)) == found.total
    assert sum((one.tax for one in found.lines), D(0)) == found.tax_total
    assert all(one.net + one.tax == one.total for one in found.lines)
    info = etree.fromstring(document.xml).find("infoFactura")
    for one in info.iter("totalImpuesto"):
        exact = D(one.findtext("baseImponible")) * D(one.findtext("tarifa")) / 100
        assert abs(D(one.findtext("valor")) - exact) <= D("0.005")


# --- parties and facts ---------------------------------------------------------------------------------


def test_every_fact_of_the_issuer_in_its_place():
    found = mapped(case(issuer__extra={
        "dirMatriz": "Av. 12 de Octubre N24-562, Quito", "obligadoContabilidad": "NO", "contribuyenteEspecial": "5368",
        "agenteRetencion": "00000001", "contribuyenteRimpe": "CONTRIBUYENTE NEGOCIO POPULAR - RÉGIMEN RIMPE",
        "granContribuyente": "NAC-GCFOIOC21-00000943-E", "rucProveedor": "1790012344001"},
        extra__infoAdicional=[{"nombre": "Periodo", "valor": "11/2026"}],
        lines=[line(taxes=[{"code": "VAT", "category": "zero"}])]))
    root = etree.fromstring(found.xml)
    assert [one.tag for one in root.find("infoTributaria")][-3:] == ["dirMatriz", "agenteRetencion",
                                                                      "contribuyenteRimpe"]
    assert root.findtext("infoTributaria/agenteRetencion") == "1"
    assert root.findtext("infoFactura/dirEstablecimiento") == "Av. Amazonas N34-120 y Japón, Quito"
    assert [one.tag for one in root.find("infoFactura")][1:5] == [
        "dirEstablecimiento", "contribuyenteEspecial", "obligadoContabilidad", "tipoIdentificacionComprador"]
    assert [(one.get("nombre"), one.text) for one in root.iter("campoAdicional")] == [
        ("Periodo", "11/2026"), ("Gran Contribuyente", "NAC-GCFOIOC21-00000943-E"),
        ("RUC Proveedor", "1790012344001")]


@pytest.mark.parametrize(("kind", "number", "code"), [
    ("RUC", "1790012344001", "04"), ("RUC", "1760001390001", "04"), ("RUC", "1710034065001", "04"),
    ("RUC", "1710034065002", "04"), ("CEDULA", "1710034065", "05"), ("CEDULA", "171003406-5", "05"),
    ("PASAPORTE", "AB 123456", "06"), ("EXTERIOR", "J-29384756", "08"), ("05", "1710034065", "05"),
])
def test_identifications(kind, number, code):
    found = mapped(to(kind, number), clean=False)
    assert not [one for one in found.problems if one.severity == "error"]
    # the mark of a foreign number is part of it
    sent = number.replace(" ", "") if kind == "EXTERIOR" else number.replace(" ", "").replace("-", "")
    info = etree.fromstring(found.xml).find("infoFactura")
    assert info.findtext("tipoIdentificacionComprador") == code
    assert info.findtext("identificacionComprador") == sent


def test_a_company_whose_digit_no_formula_confirms_is_remarked_on():
    found = mapped(to("RUC", "1793200002001"), clean=False)
    assert [(one.field, one.severity, one.authority_code) for one in found.problems] == [
        ("customer.tax_id", "warning", "62")]


def test_a_final_consumer_up_to_fifty_dollars():
    root = tree(to("CONSUMIDOR_FINAL", "", customer__name="Juan", lines=[line("43.48")]))
    info = root.find("infoFactura")
    assert info.findtext("importeTotal") == "50.00"
    assert (info.findtext("razonSocialComprador"), info.findtext("identificacionComprador")) == (
        "CONSUMIDOR FINAL", "9999999999999")


def test_texts_lose_line_feeds_and_double_blanks():
    root = tree(case(customer__name="  Ana\nMaría \t  Peña\u0000 ", lines=[line(description="Plan «Ñandú» & más\r\n")]))
    assert root.findtext("infoFactura/razonSocialComprador") == "Ana María Peña"
    assert root.findtext("detalles/detalle/descripcion") == "Plan «Ñandú» & más"


def test_the_date_is_that_of_ecuador():
    found = mapped(case(issued_at="2026-11-02T03:30:00+00:00"))
    assert found.clave.startswith("01112026")
    assert etree.fromstring(found.xml).findtext("infoFactura/fechaEmision") == "01/11/2026"


def test_production_is_ambiente_2():
    found = mapped(case(environment="production"))
    assert (found.clave[23], etree.fromstring(found.xml).findtext("infoTributaria/ambiente")) == ("2", "2")


def test_the_days_until_it_is_due_where_no_plazo_is_said():
    extra = {name: value for name, value in case()["extra"].items() if name not in ("plazo", "unidadTiempo")}
    pago = tree(case(extra=extra)).find("infoFactura/pagos/pago")
    assert [one.text for one in pago] == ["20", "51.75", "9", "dias"]


def test_a_note_takes_the_rate_of_its_factura():
    old = REFERENCE | {"date": "2024-03-15"}
    root = tree(note(references=[old], lines=[line(taxes=[{"code": "VAT", "rate": "12"}])]))
    assert texts(root, "infoNotaCredito/totalConImpuestos/totalImpuesto/codigoPorcentaje") == ["2"]


@pytest.mark.parametrize(("version", "price", "shown"), [("1.0.0", "25.50", "25.50"), ("2.0.0", "25.50", "25.50"),
                                                         ("2.1.0", "25.123456", "25.123456")])
def test_other_versions_in_force(version, price, shown):
    root = tree(case(extra__version=version, lines=[line(price)]))
    assert root.get("version") == version
    assert root.findtext("detalles/detalle/precioUnitario") == shown


def test_additional_details_of_a_line():
    extra = {"codigoAuxiliar": "AUX-1", "unidadMedida": "mes",
             "detallesAdicionales": [{"nombre": "Serie", "valor": "ZTE123"}]}
    detail = tree(case(lines=[line(extra=extra)])).find("detalles/detalle")
    assert (detail.findtext("codigoAuxiliar"), detail.findtext("unidadMedida")) == ("AUX-1", "mes")
    assert dict(detail.find("detallesAdicionales/detAdicional").attrib) == {"nombre": "Serie", "valor": "ZTE123"}
