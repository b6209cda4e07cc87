"""What the SAT would refuse, with the field and its own code."""

from __future__ import annotations

import datetime as dt

import pytest

from modules.einvoice.case import parse
from modules.einvoice_mx.catalogs import refusals as known_codes
from modules.einvoice_mx.mapping import map_document
from tests.modules.einvoice_mx.cases import (
    COMPANY,
    NOBODY,
    PERSON,
    REFERENCE,
    VAT,
    case,
    everybody,
    line,
    note,
    payment,
    refusals,
    remarks,
)

pytestmark = pytest.mark.once
GLOBAL = "extra.InformacionGlobal"


def lined(*taxes, **changes):
    return case(lines=[line(taxes=list(taxes) if taxes else None, **changes)])


def period(**changes):
    return everybody(extra={"InformacionGlobal": {"Periodicidad": "04", "Meses": "09", "Año": "2026"} | changes})


TABLE = [
    (case(payment={"terms": "credit", "method": "98"}), "payment.method", "CFDI40104"),
    (case(payment={"terms": "cash"}), "payment.method", "CFDI40104"),
    (case(payment={"terms": "credit", "method": "03"}), "payment.method", "CFDI40105"),
    (case(extra={"MetodoPago": "PPD", "FormaPago": "01"}), "extra.FormaPago", "CFDI40105"),
    (case(payment={"terms": "cash", "method": "99"}), "payment.method", "CFDI40105"),
    (case(extra={"MetodoPago": "PPP"}), "extra.MetodoPago", "CFDI40124"),
    (case(lines=[line(discount="100.01")]), "lines[0].discount", "CFDI40169"),
    (case(currency="XXX"), "currency", "CFDI40113"), (case(currency="PESO"), "currency", "CFDI40113"),
    (case(exchange_rate="1.5"), "exchange_rate", "CFDI40114"),
    (case(currency="USD", exchange_rate=None), "exchange_rate", "CFDI40115"),
    (case(currency="USD", exchange_rate="18.1234567"), "exchange_rate", "CFDI40117"),
    (case(extra={"Exportacion": "02"}), "extra.Exportacion", "CFDI40122"),
    (case(extra={"Exportacion": "09"}), "extra.Exportacion", "CFDI40123"),
    (case(issuer__address={"postal_code": "4250"}), "issuer.address.postal_code", "CFDI40126"),
    (case(issuer__address={}), "issuer.address.postal_code", "CFDI40126"),
    (everybody(customer=COMPANY), "customer.tax_id", "CFDI40130"),
    (everybody(customer=NOBODY | {"name": "ANA PEÑA"}), "customer.name", "CFDI40130"),
    (case(customer=NOBODY), GLOBAL, "CFDI40130"),
    (note(extra={"InformacionGlobal": {"Periodicidad": "04", "Meses": "09", "Año": "2026"}}), GLOBAL, "CFDI40130"),
    (period(Periodicidad="06"), f"{GLOBAL}.Periodicidad", "CFDI40131"),
    (period(Periodicidad="05", Meses="13"), f"{GLOBAL}.Periodicidad", "CFDI40132"),
    (period(Meses="19"), f"{GLOBAL}.Meses", "CFDI40133"), (period(Meses="13"), f"{GLOBAL}.Meses", "CFDI40134"),
    (everybody(issuer__tax_condition="621", extra={"InformacionGlobal": {
        "Periodicidad": "05", "Meses": "09", "Año": "2026"}}), f"{GLOBAL}.Meses", "CFDI40135"),
    (period(Año="2024"), f"{GLOBAL}.Año", "CFDI40136"), (period(Año=""), f"{GLOBAL}.Año", "CFDI40136"),
    (note(references=[REFERENCE | {"TipoRelacion": "08"}]), "references[0].TipoRelacion", "CFDI40137"),
    (note(references=[REFERENCE | {"kind": "08"}]), "references[0].kind", "CFDI40137"),
    (note(references=[]), "references", "CFDI40137"),
    (note(references=[REFERENCE | {"authorization_code": "A-10"}]), "references[0].authorization_code", "301"),
    (case(issuer__tax_id="EKU9003173C"), "issuer.tax_id", "CFDI40138"),
    (case(issuer__tax_id="XAXX010101000", issuer__tax_condition="616"), "issuer.tax_id", "CFDI40138"),
    (case(issuer__name=" "), "issuer.name", "CFDI40139"),
    (case(issuer__tax_condition="609"), "issuer.tax_condition", "CFDI40140"),
    (case(issuer__tax_condition="612"), "issuer.tax_condition", "CFDI40141"),
    (case(customer__tax_id="ABC"), "customer.tax_id", "CFDI40143"),
    (case(customer__tax_id="URE181329TM6"), "customer.tax_id", "CFDI40143"),
    (case(customer__name=""), "customer.name", "CFDI40145"),
    (case(customer__name="Público en General"), "customer.name", "CFDI40146"),
    (case(customer__address={}), "customer.address.postal_code", "CFDI40148"),
    (case(customer__address={"postal_code": "4250A"}), "customer.address.postal_code", "CFDI40148"),
    (case(customer=NOBODY | {"name": "ANA", "extra": {"DomicilioFiscalReceptor": "01010"}}),
     "customer.extra.DomicilioFiscalReceptor", "CFDI40149"),
    (case(customer=COMPANY | {"extra": {"ResidenciaFiscal": "USA"}}), "customer.extra.ResidenciaFiscal", "CFDI40151"),
    (case(customer={"name": "J", "tax_id_kind": "EXT", "tax_id": "1", "extra": {"ResidenciaFiscal": "MEX"}}),
     "customer.extra.ResidenciaFiscal", "CFDI40152"),
    (case(customer={"name": "J", "tax_id_kind": "EXT", "tax_id": "1", "extra": {"ResidenciaFiscal": "XXX"}}),
     "customer.extra.ResidenciaFiscal", "CFDI40150"),
    (case(customer=COMPANY | {"extra": {"NumRegIdTrib": "1"}}), "customer.extra.NumRegIdTrib", "CFDI40154"),
    (case(customer__tax_condition=""), "customer.tax_condition", "CFDI40157"),
    (case(customer__tax_condition="628"), "customer.tax_condition", "CFDI40157"),
    (case(customer__tax_condition="612"), "customer.tax_condition", "CFDI40158"),
    (case(customer=PERSON | {"tax_condition": "601"}), "customer.tax_condition", "CFDI40158"),
    (case(customer=NOBODY | {"name": "ANA", "tax_condition": "612"}), "customer.tax_condition", "CFDI40159"),
    (case(customer=COMPANY | {"extra": {"UsoCFDI": "P01"}}), "customer.extra.UsoCFDI", "CFDI40160"),
    (case(customer=PERSON | {"extra": {"UsoCFDI": "G03"}}), "customer.extra.UsoCFDI", "CFDI40161"),
    (case(customer=COMPANY | {"extra": {"UsoCFDI": "D01"}}), "customer.extra.UsoCFDI", "CFDI40161"),
    (case(customer=NOBODY | {"name": "ANA"}, extra={"UsoCFDI": "G03"}), "extra.UsoCFDI", "CFDI40161"),
    (lined(extra={"ClaveProdServ": "00000001"}), "lines[0].extra.ClaveProdServ", "CFDI40162"),
    (lined(extra={"ClaveUnidad": "ZZZZ"}), "lines[0].extra.ClaveUnidad", "CFDI40165"),
    (lined(unit_price="0.00"), "lines[0].unit_price", "CFDI40166"),
    (lined(unit_price="-5.00"), "lines[0].unit_price", "CFDI40166"),
    (lined(extra={"ObjetoImp": "09"}), "lines[0].extra.ObjetoImp", "CFDI40170"),
    (case(lines=[line(taxes=[], extra={"ObjetoImp": "02"})]), "lines[0].extra.ObjetoImp", "CFDI40171"),
    (lined(extra={"ObjetoImp": "01"}), "lines[0].extra.ObjetoImp", "CFDI40172"),
    (lined({"code": "ICE", "rate": "16"}), "lines[0].taxes[0]", "CFDI40175"),
    (lined({"code": "VAT", "rate": "15"}), "lines[0].taxes[0]", "CFDI40179"),
    (lined({"code": "IEPS", "rate": "4"}), "lines[0].taxes[0]", "CFDI40179"),
    (lined(*VAT, {"code": "ICE", "rate": "1", "withheld": True}), "lines[0].taxes[1]", "CFDI40182"),
    (lined(*VAT, {"code": "ISR", "category": "exempt", "withheld": True}), "lines[0].taxes[1]", "CFDI40184"),
    (lined(*VAT, {"code": "ISR", "rate": "36", "withheld": True}), "lines[0].taxes[1]", "CFDI40185"),
    (lined(*VAT, {"code": "VAT", "rate": "17", "withheld": True}), "lines[0].taxes[1]", "CFDI40185"),
    (lined(*VAT, {"code": "VAT", "rate": "8"}), "lines[0].taxes", "CFDI40218"),
    (case(taxes=[{"code": "IIBB", "rate": "3", "base": "100", "amount": "3"}]), "taxes[0]", "CFDI40175"),
    (lined(quantity="0"), "lines[0].quantity", "301"), (lined(quantity="1.0000001"), "lines[0].quantity", "301"),
    (lined(discount="-1.00"), "lines[0].discount", "301"), (lined(description=" "), "lines[0].description", "301"),
    (lined(description="x" * 1001), "lines[0].description", "301"), (lined(code="x" * 101), "lines[0].code", "301"),
    (lined(extra={"Unidad": "x" * 21}), "lines[0].extra.Unidad", "301"),
    (case(extra={"CondicionesDePago": "x" * 1001}), "extra.CondicionesDePago", "301"),
    (case(customer__name="X" * 301), "customer.name", "301"), (case(customer__name="A|B"), "customer.name", "301"),
    (case(issuer__name="A|B"), "issuer.name", "301"), (case(customer__tax_id=""), "customer.tax_id", "CFDI40143"),
    (case(lines=[]), "lines", "301"), (case(issuer__series="A|B"), "issuer.series", "301"),
    (case(issued_at="2011-11-24T10:00:00-06:00"), "issued_at", "403"),
    # payments
    (payment(payment={"method": "99", "amount": "300.00"}), "payment.method", "CRP20212"),
    (payment(payment={"method": "98", "amount": "300.00"}), "payment.method", "CFDI40104"),
    (payment(currency="XXX"), "currency", "CRP20213"), (payment(exchange_rate="2"), "exchange_rate", "CRP20215"),
    (payment(currency="USD", exchange_rate=None), "exchange_rate", "CRP20214"),
    (payment(payment={"method": "03", "amount": "299.99"}), "payment.amount", "CRP20217"),
    (payment(payment={"method": "03", "amount": "0.00"}), "payment.amount", "CRP20218"),
    (payment(payment={"method": "03", "amount": "300.001"}), "payment.amount", "CRP20219"),
    (payment(payment={"method": "01", "amount": "300.00", "CtaOrdenante": "1234567890"}), "payment.CtaOrdenante",
     "CRP20224"),
    (payment(payment={"method": "01", "amount": "300.00", "RfcEmisorCtaOrd": "BBA830831LJ2"}),
     "payment.RfcEmisorCtaOrd", "CRP20221"),
    (payment(payment={"method": "03", "amount": "300.00", "CtaOrdenante": "12345"}), "payment.CtaOrdenante",
     "CRP20225"),
    (payment(payment={"method": "03", "amount": "300.00", "CtaBeneficiario": "12345"}), "payment.CtaBeneficiario",
     "CRP20226"),
    (payment(payment={"method": "01", "amount": "300.00", "TipoCadPago": "01"}), "payment.TipoCadPago", "CRP20229"),
    (payment(references=[]), "references", "301"),
]
PAID = payment()["references"][0]
TABLE += [(payment(references=[PAID | changes]), f"references[0].{field}", code) for changes, field, code in [
    ({"ImpSaldoAnt": "0.00"}, "ImpSaldoAnt", "CRP20239"), ({"ImpSaldoAnt": "732.521"}, "ImpSaldoAnt", "CRP20240"),
    ({"ImpSaldoAnt": None, "NumParcialidad": 2}, "ImpSaldoAnt", "CRP20239"),
    ({"ImpPagado": "0.00"}, "ImpPagado", "CRP20241"), ({"ImpPagado": "200.001"}, "ImpPagado", "CRP20242"),
    ({"ImpSaldoAnt": "299.99"}, "ImpPagado", "CRP20244"),
    ({"ImpSaldoInsoluto": "1.00"}, "ImpSaldoInsoluto", "CRP20244"),
    ({"MonedaDR": "XXX"}, "MonedaDR", "CRP20236"), ({"MonedaDR": "USD"}, "EquivalenciaDR", "CRP20237"),
    ({"EquivalenciaDR": "2"}, "EquivalenciaDR", "CRP20238"), ({"NumParcialidad": 1000}, "NumParcialidad", "301"),
    ({"NumParcialidad": 0}, "NumParcialidad", "301"), ({"authorization_code": "X"}, "authorization_code", "301"),
    ({"ObjetoImpDR": "09"}, "ObjetoImpDR", "CRP20245"), ({"ObjetoImpDR": "02", "taxes": []}, "ObjetoImpDR", "CRP20246"),
    ({"ObjetoImpDR": "01"}, "ObjetoImpDR", "CRP20247"),
    ({"taxes": [{"code": "VAT", "rate": "21", "base": "1.00"}]}, "taxes[0]", "CRP20260"),
    ({"taxes": [{"code": "ISR", "rate": "36", "withheld": True}]}, "taxes[0]", "CRP20253"),
    ({"taxes": [{"code": "IIBB", "rate": "3"}]}, "taxes[0]", "CRP20260"),
    ({"taxes": [{"code": "VAT", "rate": "abc"}]}, "taxes[0]", "CRP20259"),
    ({"taxes": [{"code": ["VAT"], "rate": "16"}]}, "taxes[0]", "CRP20259"),
    ({"taxes": [{"code": "VAT"}]}, "taxes[0]", "CRP20259"), ({"taxes": ["VAT"]}, "taxes[0]", "CRP20259"),
    ({"taxes": [{"code": "VAT", "rate": "16"}, {"code": "VAT", "rate": "0"}]}, "taxes", "CRP20255"),
]]


@pytest.mark.parametrize(("data", "field", "code"), TABLE)
def test_what_the_sat_refuses_is_refused_before(data, field, code):
    assert (field, code) in refusals(data)
    assert code in known_codes()


def test_every_message_says_what_to_do():
    for data, _field, _code in TABLE:
        for problem in map_document(parse(data)).problems:
            assert problem.message and "None" not in problem.message


@pytest.mark.parametrize(("offset", "code"), [(0, ""), (-71, ""), (-73, "401"), (1, "401")])
def test_date_is_within_the_last_72_hours_when_it_is_sent(offset, code):
    now = dt.datetime(2026, 11, 24, 16, tzinfo=dt.UTC)
    found = map_document(parse(case(issued_at=(now + dt.timedelta(hours=offset)).isoformat())), now)
    assert [one.authority_code for one in found.problems if one.severity == "error"] == ([code] if code else [])


def test_signs_that_no_xml_can_hold_are_left_out():
    assert refusals(case(customer__name="UNIVERSIDAD\x00 ROBOTICA\ud800")) == []
    assert ("issuer.tax_id", "CFDI40138") in refusals(case(issuer__tax_id="\x00"))


def test_credit_above_the_invoice_is_refused():
    assert ("references", "") in refusals(note(references=[REFERENCE | {"amount": "57.99"}]))
    assert refusals(note(references=[REFERENCE | {"amount": "58.00"}])) == []


@pytest.mark.parametrize(("data", "field"), [
    (case(customer__tax_id="URE180429TM5"), "customer.tax_id"),
    (lined({"code": "VAT", "rate": "8"}), "lines[0].taxes[0]"),
    (lined({"code": "IEPS", "rate": "3"}, *VAT), "lines[0].taxes"),
    (everybody(lines=[line()]), "lines[0].code"),
    (case(customer=COMPANY | {"extra": {"UsoCFDI": "CP01"}}), "customer.extra.UsoCFDI"),
    (case(customer=PERSON, lines=[line(taxes=[*VAT, {"code": "ISR", "rate": "1.25", "withheld": True}])]),
     "lines[0].taxes[1]"),
    (payment(payment={"method": "03", "amount": "300.00", "date": "2026-11-25"}), "payment.date"),
])
def test_what_only_a_person_can_judge_is_remarked(data, field):
    assert refusals(data) == []
    assert field in [where for where, _code in remarks(data)]
