"""Everything that the SRI would refuse and can be known before sending, with its code."""

from __future__ import annotations

from typing import Any

import pytest

from modules.einvoice.case import parse
from modules.einvoice.preview import ERROR, WARNING
from modules.einvoice_ec.mapping import map_document
from tests.modules.einvoice_ec.cases import REFERENCE, VAT, case, line, note, to

pytestmark = pytest.mark.once
KEY = "0111202601179001234400110010020000001231234567810"


def found(data: dict[str, Any], severity: str = ERROR) -> set[tuple[str, str]]:
    """(the SRI's code, field) of every problem."""
    problems = map_document(parse(data)).problems
    assert all(one.message.endswith(".") for one in problems), [one.message for one in problems]
    return {(one.authority_code, one.field) for one in problems if one.severity == severity}


def refer(**changes: Any) -> dict[str, Any]:
    return note(references=[REFERENCE | changes])


def taxed(*taxes: Any) -> dict[str, Any]:
    return case(lines=[line(taxes=list(taxes))])


@pytest.mark.parametrize(("data", "code", "field"), [
    # issuer
    (case(issuer__tax_id="1790012344"), "46", "issuer.tax_id"),
    (case(issuer__tax_id="9990012344001"), "46", "issuer.tax_id"), (case(issuer__tax_id="\x00"), "46", "issuer.tax_id"),
    (case(issuer__tax_id="1710034066001"), "46", "issuer.tax_id"),
    (case(issuer__tax_id="1790012344002"), "35", "issuer.tax_id"),
    (case(issuer__name=""), "35", "issuer.name"), (case(issuer__name="x" * 301), "35", "issuer.name"),
    (case(issuer__series="1-2"), "35", "issuer.series"), (case(issuer__series=""), "35", "issuer.series"),
    (case(issuer__series="000-001"), "35", "issuer.series"),
    (case(issuer__address={}), "35", "issuer.address"),
    (case(issuer__extra__obligadoContabilidad="TAL VEZ"), "35", "issuer.extra.obligadoContabilidad"),
    (case(issuer__extra__contribuyenteEspecial="12"), "35", "issuer.extra.contribuyenteEspecial"),
    (case(issuer__extra__agenteRetencion="123456789"), "35", "issuer.extra.agenteRetencion"),
    (case(issuer__extra__contribuyenteRimpe="RIMPE"), "35", "issuer.extra.contribuyenteRimpe"),
    (case(issuer__extra__rucProveedor="179001234400"), "35", "issuer.extra.rucProveedor"),
    (case(number=0), "35", "number"), (case(number=None), "35", "number"), (case(number=10**9), "35", "number"),
    # kind, version, key
    (case(kind="payment"), "47", "kind"), (case(extra__version="2.24"), "36", "extra.version"),
    (note("debit_note", extra={"version": "1.1.0"}), "36", "extra.version"),
    (case(extra__codigoNumerico="1234567"), "58", "extra.codigoNumerico"),
    (case(currency="EUR"), "35", "currency"), (case(exchange_rate="2"), "35", "exchange_rate"),
    # customer
    (to("RUC", "179001234400"), "69", "customer.tax_id"), (to("RUC", "1780012344001"), "69", "customer.tax_id"),
    (to("RUC", "1790012344000"), "69", "customer.tax_id"), (to("RUC", "1710034066001"), "69", "customer.tax_id"),
    (to("CEDULA", "171003406"), "62", "customer.tax_id"), (to("CEDULA", "1790012344001"), "62", "customer.tax_id"),
    (to("CEDULA", "1710034066"), "62", "customer.tax_id"), (to("CEDULA", "2510034065"), "62", "customer.tax_id"),
    (to("PASAPORTE", "A" * 21), "35", "customer.tax_id"), (to("EXTERIOR", ""), "35", "customer.tax_id"),
    (to("PASAPORTE", "9999999999999"), "69", "customer.tax_id_kind"),
    (to("DNI", "12345678"), "35", "customer.tax_id_kind"),
    (to("", "1710034065"), "35", "customer.tax_id_kind"), (to("CEDULA", ""), "35", "customer.tax_id"),
    (to("RUC", "9999999999999"), "69", "customer.tax_id_kind"),
    (to("CONSUMIDOR_FINAL", "1710034065", lines=[line("1.00")]), "69", "customer.tax_id"),
    (to("CONSUMIDOR_FINAL", "9999999999999", lines=[line("43.49")]), "52", "customer.tax_id_kind"),
    (note(customer__tax_id_kind="CONSUMIDOR_FINAL", customer__tax_id="9999999999999", lines=[line("1.00")]), "69",
     "customer.tax_id_kind"),
    (case(customer__name="\n"), "35", "customer.name"),
    # lines
    (case(lines=[]), "35", "lines"), (case(lines=[line(description="")]), "35", "lines[0].description"),
    (case(lines=[line(description="x" * 301)]), "35", "lines[0].description"),
    (case(lines=[line(code="x" * 26)]), "35", "lines[0].code"),
    (case(lines=[line("-1.00")]), "35", "lines[0].unit_price"),
    (case(lines=[line("1.1234567")]), "35", "lines[0].unit_price"),
    (case(lines=[line(quantity="0")]), "35", "lines[0].quantity"),
    (case(lines=[line(quantity="-1")]), "35", "lines[0].quantity"),
    (case(lines=[line(discount="25.01")]), "35", "lines[0].discount"),
    (case(lines=[line(discount="0.001")]), "35", "lines[0].discount"),
    (case(extra__version="1.0.0", lines=[line("1.123")]), "35", "lines[0].unit_price"),
    (case(lines=[line(extra={"detallesAdicionales": [{"nombre": "a", "valor": "b"}] * 4})]), "35",
     "lines[0].extra.detallesAdicionales"),
    # taxes
    (taxed(), "35", "lines[0].taxes"), (taxed(*VAT, *VAT), "35", "lines[0].taxes"),
    (taxed({"code": "VAT", "rate": "12"}), "52", "lines[0].taxes[0].rate"),
    (taxed({"code": "VAT", "rate": "16"}), "52", "lines[0].taxes[0].rate"),
    (taxed({"code": "VAT", "rate": "15", "codigoPorcentaje": "2"}), "52", "lines[0].taxes[0].codigoPorcentaje"),
    (taxed({"code": "VAT", "category": "excluded"}), "52", "lines[0].taxes[0].category"),
    (taxed({"code": "ICE", "rate": "15"}, *VAT), "52", "lines[0].taxes[0].codigoPorcentaje"),
    (taxed({"code": "ICE", "rate": "15", "codigoPorcentaje": "9999"}, *VAT), "52",
     "lines[0].taxes[0].codigoPorcentaje"),
    (taxed({"code": "ICE", "rate": "10", "codigoPorcentaje": "3093"}, *VAT), "52", "lines[0].taxes[0].rate"),
    (taxed({"code": "ICE", "rate": "15", "codigoPorcentaje": "3093"}), "35", "lines[0].taxes"),
    (taxed({"code": "IGV", "rate": "18"}), "35", "lines[0].taxes[0]"),
    (taxed({"code": "VAT", "rate": "15", "withheld": True}, *VAT), "35", "lines[0].taxes[0]"),
    (case(taxes=[{"code": "IIBB", "base": "1.00", "rate": "1"}]), "35", "taxes"),
    (case(issued_at="2024-03-31T12:00:00-05:00", lines=[line()]), "52", "lines[0].taxes[0].rate"),
    # payment, fields
    (case(payment={"method": "99"}), "35", "payment.method"), (case(extra__plazo="diez"), "35", "extra.plazo"),
    (case(extra__infoAdicional=[{"nombre": "a", "valor": "b"}] * 16), "35", "extra.infoAdicional"),
    (case(extra__infoAdicional=[{"nombre": f"a{n}", "valor": "b"} for n in range(15)],
          issuer__extra__rucProveedor="1790012344001"), "35", "extra.infoAdicional"),
    (case(extra__infoAdicional=[{"nombre": "a", "valor": ""}]), "35", "extra.infoAdicional[0].valor"),
    (case(extra__infoAdicional="x"), "35", "extra.infoAdicional"),
    (case(extra__otrosRubrosTerceros=[{"concepto": "Seguro", "total": "-1"}]), "35",
     "extra.otrosRubrosTerceros[0].total"),
    (note(extra={"otrosRubrosTerceros": [{"concepto": "Seguro", "total": "1.00"}]}), "35",
     "extra.otrosRubrosTerceros"),
    # references
    (case(references=[REFERENCE]), "35", "references"), (note(references=[]), "35", "references"),
    (note(references=[REFERENCE, REFERENCE]), "35", "references"), (refer(kind="07"), "64", "references[0].kind"),
    (refer(series="x"), "35", "references[0].series"), (refer(number=None), "35", "references[0].number"),
    (refer(date=None), "35", "references[0].date"), (refer(date="2026-11-02"), "64", "references[0].date"),
    (refer(reason=""), "35", "references[0].reason"),
])
def test_refused(data, code, field):
    assert (code, field) in found(data)


@pytest.mark.parametrize(("data", "code", "field"), [
    (case(issuer__extra={}), "", "issuer.extra.obligadoContabilidad"),
    (case(payment={"method": "01"}, lines=[line("500.00")]), "", "payment.method"),
    (case(lines=[line(code="")]), "", "lines[0].code"),
    (refer(number=124, authorization_code=KEY), "68", "references[0].authorization_code"),
    (refer(authorization_code=KEY[:-1]), "68", "references[0].authorization_code"),
    (case(lines=[line(taxes=[{"code": "VAT", "rate": "8"}])]), "", "lines[0].taxes[0].rate"),
    (case(issuer__tax_id="1793200002001"), "62", "issuer.tax_id"),
    (case(lines=[line("200000000.00")]), "", "lines"), (case(payment={"terms": "credit"}), "", "payment.method"),
    (taxed({"code": "ICE", "rate": "15", "codigoPorcentaje": "3093"}, *VAT), "", "lines[0].taxes[0].codigoPorcentaje"),
])
def test_remarked_on(data, code, field):
    assert found(data) == set()
    assert (code, field) in found(data, WARNING)


def test_more_than_the_schema_has_digits_for():
    assert found(case(lines=[line("999999999999.00", quantity="99")])) == {("35", "lines")}


def test_what_is_larger_than_the_sri_takes():
    assert found(case(lines=[line(description="x" * 300)] * 500)) == {("26", "lines")}


@pytest.mark.parametrize(("kind", "number"), [
    ("PASAPORTE", "AB"), ("PASAPORTE", "X" * 20), ("EXTERIOR", "DE-123456"), ("EXTERIOR", "1")])
def test_foreign_numbers_are_sent_as_they_are(kind, number):
    mapped = map_document(parse(to(kind, number)))
    assert mapped.comprador.identificacion == number
    assert not [one for one in mapped.problems if one.severity == ERROR]


@pytest.mark.parametrize("number", ["1790085783001", "1760001390001"])
def test_telephony_to_companies_bears_its_ice(number):
    data = to("RUC", number, lines=[line(taxes=[{"code": "ICE", "rate": "15", "codigoPorcentaje": "3093"}, *VAT])])
    assert not found(data) and not found(data, WARNING)


def test_the_key_of_the_factura_that_is_changed():
    assert not found(refer(authorization_code=KEY), WARNING)
