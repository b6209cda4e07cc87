"""What the PAC gets for a document: cadena, keys, amounts, relations, the global invoice."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from modules.accounting.totals import RULES, Line, compute
from modules.einvoice_mx import schema, seal
from modules.einvoice_mx.amounts import RULE, add_up
from modules.einvoice_mx.parties import suggested_name
from tests.modules.einvoice_mx.cases import (
    COMPANY,
    FOLDER,
    ISSUER,
    NOBODY,
    PERSON,
    REFERENCE,
    RESICO,
    UUID,
    VAT,
    case,
    csd,
    everybody,
    line,
    mapped,
    note,
    ppd,
    remarks,
)

pytestmark = pytest.mark.once
C = "{http://www.sat.gob.mx/cfd/4}"


def attributes(document: etree._Element, path: str) -> dict[str, str]:
    node = document.find(path)
    assert node is not None, path
    return {str(name): str(value) for name, value in node.attrib.items()}


@pytest.mark.parametrize(("name", "make"), [("ingreso_PPD", ppd), ("egreso", note), ("global", everybody)])
def test_the_samples_come_out_sign_by_sign_and_seal_by_seal(name, make):
    document = mapped(make()).document
    assert seal.seal(document, csd()) == (FOLDER / f"samples/{name}_cadena.txt").read_text("utf-8").strip()
    sample = schema.parse((FOLDER / f"samples/{name}_sellado.xml").read_bytes())
    assert document.get("Sello") == sample.get("Sello")
    assert document.attrib == sample.attrib
    assert schema.faults(document) == []


def test_document_and_line_put_withheld_and_charged_taxes_in_opposite_order():
    document = mapped(case(issuer=RESICO)).document
    line_taxes, taxes = document.find(f".//{C}Concepto/{C}Impuestos"), document.find(f"{C}Impuestos")
    assert [node.tag for node in line_taxes] == [f"{C}Traslados", f"{C}Retenciones"]
    assert [node.tag for node in taxes] == [f"{C}Retenciones", f"{C}Traslados"]
    assert attributes(document, f"{C}Impuestos") == {"TotalImpuestosRetenidos": "1.25",
                                                     "TotalImpuestosTrasladados": "16.00"}


# --- amounts (reference: Mexico, 7) ----------------------------------------------------------------------


@pytest.mark.parametrize(("lines", "subtotal", "tax", "total"), [
    ([line("399.00", price_includes_tax=True)], "343.97", "55.03", "399.00"),
    ([line("33.33")] * 7, "233.31", "37.33", "270.64"),
    ([line("10.004")] * 2, "20.01", "3.20", "23.21"),
    ([line("0.125")], "0.13", "0.02", "0.15"),
    ([line("0.50", quantity="1000", price_includes_tax=True)], "431.03", "68.97", "500.00"),
    ([line("399.00", price_includes_tax=True)] * 3, "1031.90", "165.10", "1197.00"),
    # two rates with tax inside: a line's tax takes the cent, and the customer pays what was said
    ([line("0.05", price_includes_tax=True), line("0.05", [{"code": "VAT", "rate": "8"}], price_includes_tax=True)],
     "0.09", "0.01", "0.10"),
    ([line("100.00", [{"code": "IEPS", "rate": "3"}, *VAT])], "100.00", "19.48", "119.48"),
    ([line("119.48", [{"code": "IEPS", "rate": "3"}, *VAT], price_includes_tax=True)], "100.00", "19.48", "119.48"),
    ([line(), line("50.00", [{"code": "VAT", "category": "exempt"}])], "150.00", "16.00", "166.00"),
    ([line("100.00", [{"code": "VAT", "category": "zero"}])], "100.00", "0.00", "100.00"),
])
def test_amounts_are_rounded_only_in_the_sums(lines, subtotal, tax, total):
    found = mapped(case(lines=lines))
    assert found.document.get("SubTotal") == subtotal
    assert found.total == total == f"{found.totals.total:.2f}"
    assert f"{found.totals.tax_total:.2f}" == tax
    assert found.totals.net + found.totals.untaxed + found.totals.exempt == D(subtotal)


@pytest.mark.parametrize(("price", "expected"), [
    ("399.00", {"ValorUnitario": "343.965517", "Importe": "343.965517"}), ("116.00", {"ValorUnitario": "100.00"}),
])
def test_price_with_tax_inside_is_divided_to_six_decimals(price, expected):
    found = attributes(mapped(case(lines=[line(price, price_includes_tax=True)])).document, f".//{C}Concepto")
    assert expected.items() <= found.items()


def test_ieps_is_part_of_the_base_of_iva():
    data = case(lines=[line("100.00", [{"code": "IEPS", "rate": "3"}, *VAT], extra={"ClaveProdServ": "83111501"})])
    nodes = mapped(data).document.findall(f".//{C}Concepto/{C}Impuestos/{C}Traslados/{C}Traslado")
    assert [(one.get("Impuesto"), one.get("Base"), one.get("TasaOCuota"), one.get("Importe")) for one in nodes] == [
        ("003", "100.00", "0.030000", "3.00"), ("002", "103.00", "0.160000", "16.48")]


def test_exempt_line_has_neither_rate_nor_amount_and_the_document_no_total_of_them():
    document = mapped(case(lines=[line(taxes=[{"code": "VAT", "category": "exempt"}])])).document
    expected = {"Base": "100.00", "Impuesto": "002", "TipoFactor": "Exento"}
    assert attributes(document, f".//{C}Concepto//{C}Traslado") == expected
    assert attributes(document, f"{C}Impuestos/{C}Traslados/{C}Traslado") == expected
    assert attributes(document, f"{C}Impuestos") == {}


@pytest.mark.parametrize("taxes", [
    [], [{"code": "VAT", "category": "untaxed"}], [{"code": "VAT", "category": "excluded"}]])
def test_line_outside_iva_has_no_taxes(taxes):
    document = mapped(case(lines=[line(taxes=taxes)])).document
    assert attributes(document, f".//{C}Concepto")["ObjetoImp"] == "01"
    assert document.find(f"{C}Impuestos") is None


def test_line_given_away_is_invoiced_outside_the_taxes():
    document = mapped(case(lines=[line(), line("20.00", discount="20.00", description="Cortesía")])).document
    gift = document.findall(f".//{C}Concepto")[1]
    assert (gift.get("ObjetoImp"), gift.get("Descuento")) == ("01", "20.00")
    assert (document.get("Descuento"), document.get("Total")) == ("20.00", "116.00")


def test_discount_has_no_more_decimals_than_its_line():
    found = attributes(mapped(case(lines=[line("116.00", price_includes_tax=True, discount="8.00")])).document,
                       f".//{C}Concepto")
    assert (found["Importe"], found["Descuento"]) == ("100.000000", "6.896552")


@pytest.mark.parametrize(("issuer", "customer", "withheld"), [
    (RESICO, COMPANY, "1.25"), (RESICO, PERSON | {"tax_id": "KICR630120NX3", "name": "RODRIGO KITIA CASTRO"}, "0.00"),
    (RESICO, NOBODY | {"name": "ANA PEÑA"}, "0.00"),
])
def test_only_legal_entities_withhold_from_resico(issuer, customer, withheld):
    assert f"{mapped(case(issuer=issuer, customer=customer)).totals.withheld:.2f}" == withheld


@pytest.mark.parametrize("data", [
    {"lines": [line(taxes=[*VAT, {"code": "ISR", "rate": "1.25", "withheld": True}])]},
    {"taxes": [{"code": "ISR", "rate": "1.25", "base": "100.00", "amount": "1.25", "withheld": True}]}, {}])
def test_what_resico_withholds_is_counted_once(data):
    found = mapped(case(issuer=RESICO, **data))
    assert (found.document.get("Total"), f"{found.totals.withheld:.2f}") == ("114.75", "1.25")
    assert attributes(found.document, f".//{C}Retencion") == {
        "Base": "100.00", "Impuesto": "001", "TipoFactor": "Tasa", "TasaOCuota": "0.012500", "Importe": "1.25"}


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.decimals("0.01", "99999.99", places=2), st.decimals("0.000001", "999", places=6),
                          st.booleans(), st.sampled_from(["16", "8", "0", "exempt", ""])), min_size=1, max_size=6))
def test_the_total_is_what_its_own_parts_give_and_lines_stay_in_the_ranges(drawn):
    lines = [Line(quantity, price, inside, D(0), ({"code": "VAT", "category": rate} if rate == "exempt" else
                                                  {"code": "VAT", "rate": rate},) if rate else ())
             for price, quantity, inside, rate in drawn]
    sums = add_up(lines)
    found = compute(lines, (), RULE)
    assert sums.total == found.total
    assert sum((one.net for one in found.lines), D(0)) == found.net + found.untaxed + found.exempt
    assert sum((one.total for one in found.lines), D(0)) == found.total
    assert sum((tax.amount for tax in found.taxes), D(0)) == sums.trasladados
    for one in sums.conceptos:
        for tributo in one.tributos:
            exact = tributo.base * (tributo.rate or 0)
            assert tributo.importe is None or abs(tributo.importe - exact) < D("0.01")


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.decimals("0.01", "9999.99", places=2), st.sampled_from(["16", "8", "0"])), min_size=1,
                max_size=8))
def test_prices_with_tax_inside_are_what_the_customer_pays(drawn):
    lines = [Line(D(1), price, True, D(0), ({"code": "VAT", "rate": rate},)) for price, rate in drawn]
    off = abs(add_up(lines).total - sum(price for price, _rate in drawn))
    assert off <= (D("0.00") if len(drawn) < 3 else D("0.01"))


def test_the_countrys_rule_is_registered(app: Any):
    assert RULES["MX"] is RULE


# --- keys, parties, payment ------------------------------------------------------------------------------


@pytest.mark.parametrize(("changes", "expected"), [
    ({}, {"ClaveProdServ": "81112101", "ClaveUnidad": "E48"}),
    ({"extra": {"goods": True, "ClaveProdServ": "43222609"}}, {"ClaveProdServ": "43222609", "ClaveUnidad": "H87"}),
    ({"code": "81161700"}, {"ClaveProdServ": "81161700"}),
    ({"code": "PLAN-100"}, {"NoIdentificacion": "PLAN-100"}),
    ({"description": "Fibra|100\n Mbps"}, {"Descripcion": "Fibra/100 Mbps"}),
    ({"quantity": "2.500"}, {"Cantidad": "2.5"}),
])
def test_keys_and_texts_of_a_line(changes, expected):
    found = attributes(mapped(case(lines=[line(**changes)])).document, f".//{C}Concepto")
    assert expected.items() <= found.items()


@pytest.mark.parametrize(("customer", "expected"), [
    (COMPANY, ("URE180429TM6", "86991", "601", "G03")),
    (COMPANY | {"extra": {}}, ("URE180429TM6", "86991", "601", "G03")),
    (COMPANY | {"tax_id": "ure-180429-tm6"}, ("URE180429TM6", "86991", "601", "G03")),
    (PERSON, ("CACX7605101P8", "36257", "605", "S01")),
    (PERSON | {"tax_condition": "612"}, ("CACX7605101P8", "36257", "612", "G03")),
    (PERSON | {"tax_condition": "612", "extra": {"UsoCFDI": "D10"}, "address": {"postal_code": "01010"}},
     ("CACX7605101P8", "01010", "612", "D10")),
    # nobody's own RFC: our postal code, no obligations, no effects
    (NOBODY | {"name": "Ana Peña", "address": {"postal_code": "01010"}}, ("XAXX010101000", "42501", "616", "S01")),
    ({"name": "Ana Peña", "tax_id_kind": "CURP", "tax_id": "PEXA800101MDFXXX09"},
     ("XAXX010101000", "42501", "616", "S01")),
    ({"name": "Ana Peña"}, ("XAXX010101000", "42501", "616", "S01")),
    ({"name": "John Doe", "tax_id_kind": "EXT", "tax_id": "123", "extra": {"ResidenciaFiscal": "USA"}},
     ("XEXX010101000", "42501", "616", "S01")),
])
def test_receiver(customer, expected):
    node = attributes(mapped(case(customer=customer)).document, f"{C}Receptor")
    assert (node["Rfc"], node["DomicilioFiscalReceptor"], node["RegimenFiscalReceptor"], node["UsoCFDI"]) == expected


@pytest.mark.parametrize(("payment", "extra", "expected"), [
    ({"terms": "credit", "method": "99"}, {}, ("PPD", "99")), ({"terms": "credit"}, {}, ("PPD", "99")),
    ({"terms": "credit", "method": "transfer"}, {}, ("PPD", "99")), ({}, {}, ("PPD", "99")),
    ({"terms": "cash", "method": "01"}, {}, ("PUE", "01")), ({"method": "transfer"}, {}, ("PUE", "03")),
    ({"terms": "paid", "method": "28"}, {}, ("PUE", "28")),
    ({"terms": "credit"}, {"MetodoPago": "PUE", "FormaPago": "31"}, ("PUE", "31")),
])
def test_method_and_form_of_payment(payment, extra, expected):
    document = mapped(case(payment=payment, extra=extra)).document
    assert (document.get("MetodoPago"), document.get("FormaPago")) == expected


@pytest.mark.parametrize(("issued_at", "place", "zone", "expected"), [
    ("2026-11-24T10:00:00-06:00", "42501", "", "2026-11-24T10:00:00"),
    ("2026-12-01T05:30:00+00:00", "42501", "", "2026-11-30T23:30:00"),
    ("2026-11-24T10:00:00-08:00", "22000", "", "2026-11-24T10:00:00"),
    ("2026-07-24T10:00:00-07:00", "22000", "", "2026-07-24T10:00:00"),
    ("2026-11-24T10:00:00-05:00", "77500", "", "2026-11-24T10:00:00"),
    ("2026-11-24T16:00:00+00:00", "83000", "", "2026-11-24T09:00:00"),
    ("2026-07-24T16:00:00+00:00", "88500", "America/Matamoros", "2026-07-24T11:00:00"),
])
def test_fecha_is_the_local_time_of_the_place_of_issue(issued_at, place, zone, expected):
    issuer = case()["issuer"] | {"address": {"postal_code": place}, "extra": {"timezone": zone} if zone else {}}
    assert mapped(case(issued_at=issued_at, issuer=issuer)).document.get("Fecha") == expected


def test_foreign_currency_has_its_rate():
    document = mapped(case(currency="USD", exchange_rate="18.25")).document
    assert (document.get("Moneda"), document.get("TipoCambio")) == ("USD", "18.25")
    assert mapped(case()).document.get("TipoCambio") is None


@pytest.mark.parametrize(("kind", "changes", "expected"), [
    ("credit_note", {}, ("E", "01")), ("debit_note", {"kind": "invoice"}, ("I", "02")),
    ("invoice", {"kind": "invoice"}, ("I", "04")), ("credit_note", {"kind": "03"}, ("E", "03")),
    ("credit_note", {"TipoRelacion": "07"}, ("E", "07")),
])
def test_relation_to_other_documents(kind, changes, expected):
    document = mapped(case(kind=kind, references=[REFERENCE | {"kind": ""} | changes])).document
    assert document.get("TipoDeComprobante") == expected[0]
    assert attributes(document, f"{C}CfdiRelacionados") == {"TipoRelacion": expected[1]}
    assert attributes(document, f".//{C}CfdiRelacionado") == {"UUID": UUID}


@pytest.mark.parametrize(("customer", "use"), [(COMPANY, "G02"), (PERSON, "S01"), (NOBODY, "G02")])
def test_credit_note_is_a_return_where_the_regime_has_it(customer, use):
    document = mapped(note(customer=customer)).document
    assert attributes(document, f"{C}Receptor")["UsoCFDI"] == use
    concept = attributes(document, f".//{C}Concepto")
    assert (concept["ClaveProdServ"], concept["ClaveUnidad"]) == ("84111506", "ACT")
    assert (document.get("MetodoPago"), document.get("FormaPago")) == ("PUE", "15")


def test_global_invoice_has_fixed_receiver_and_one_concept_per_receipt():
    document = mapped(everybody(lines=[line("50.00", quantity="2", code="REC-9", description="Internet")])).document
    assert attributes(document, f"{C}InformacionGlobal") == {"Periodicidad": "04", "Meses": "09", "Año": "2026"}
    found = attributes(document, f".//{C}Concepto")
    assert found == {"ClaveProdServ": "01010101", "NoIdentificacion": "REC-9", "Cantidad": "1", "ClaveUnidad": "ACT",
                     "Descripcion": "Venta", "ValorUnitario": "100.00", "Importe": "100.00", "ObjetoImp": "02"}


def test_period_of_a_global_invoice_may_be_said_in_numbers():
    found = mapped(everybody(extra={"InformacionGlobal": {"Periodicidad": 4, "Meses": 9, "Año": 2026}})).document
    assert attributes(found, f"{C}InformacionGlobal") == {"Periodicidad": "04", "Meses": "09", "Año": "2026"}


@pytest.mark.parametrize(("name", "expected"), [
    ("Fibra del Sur S.A. de C.V.", "FIBRA DEL SUR"), ("FIBRA DEL SUR, S. DE R.L. DE C.V.", "FIBRA DEL SUR"),
    ("REDES SAPI DE CV", "REDES"), ("Colegio Ñandú A.C.", "COLEGIO ÑANDÚ"), ("SA DE CV", "SA DE CV"),
    ("UNIVERSIDAD ROBOTICA ESPAÑOLA", "UNIVERSIDAD ROBOTICA ESPAÑOLA"), ("CASA SC", "CASA"), ("LA MESA", "LA MESA"),
])
def test_registered_name_is_suggested(name, expected):
    assert suggested_name(name) == expected


def test_suffix_of_a_name_is_remarked_and_kept():
    data = case(customer__name="Fibra del Sur S.A. de C.V.")
    assert ("customer.name", "CFDI40145") in remarks(data)
    assert attributes(mapped(data).document, f"{C}Receptor")["Nombre"] == "FIBRA DEL SUR S.A. DE C.V."


def test_no_attribute_is_empty_and_no_cadena_has_a_gap():
    for data in (ppd(), note(), everybody(), case(number=None, issuer__series="")):
        document = mapped(data).document
        assert not [node.tag for node in document.iter() if "" in node.attrib.values()]
        assert "||" not in seal.seal(document, csd())[2:-2]


def test_regimes_under_the_sats_own_names():
    found = mapped(case(issuer=ISSUER | {"tax_condition": "", "extra": {"RegimenFiscal": "601"}},
                        customer=COMPANY | {"tax_condition": "", "extra": {"RegimenFiscalReceptor": "601"}})).document
    assert [found[index].get(name) for index, name in ((0, "RegimenFiscal"), (1, "RegimenFiscalReceptor"))] == [
        "601", "601"]
