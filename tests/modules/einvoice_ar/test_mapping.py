"""What ARCA gets for a document: type, amounts, arrays, dates, currency."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modules.accounting.totals import AR
from modules.einvoice.case import parse
from modules.einvoice_ar.mapping import Mapped, map_document
from modules.einvoice_ar.requests import map_case
from tests.modules.einvoice_ar.cases import CUIT_EX, CUIT_MO, CUIT_RI, REFERENCE, case, line, note, to

pytestmark = pytest.mark.once
ORDER = ("Concepto", "DocTipo", "DocNro", "CbteDesde", "CbteHasta", "CbteFch", "ImpTotal", "ImpTotConc", "ImpNeto",
         "ImpOpEx", "ImpTrib", "ImpIVA", "FchServDesde", "FchServHasta", "FchVtoPago", "MonId", "MonCotiz",
         "CanMisMonExt", "CondicionIVAReceptorId", "CbtesAsoc", "Tributos", "Iva", "Opcionales", "PeriodoAsoc")


def mapped(data: dict[str, Any]) -> Mapped:
    found = map_document(parse(data))
    assert found.problems == ()
    return found


def test_the_whole_request_of_a_b():
    assert mapped(case()).payload == {"FeCAEReq": {
        "FeCabReq": {"CantReg": 1, "PtoVta": 3, "CbteTipo": 6},
        "FeDetReq": {"FECAEDetRequest": [{
            "Concepto": 2, "DocTipo": 96, "DocNro": 23456781, "CbteDesde": 123, "CbteHasta": 123,
            "CbteFch": "20261101", "ImpTotal": "12100.00", "ImpTotConc": "0.00", "ImpNeto": "10000.00",
            "ImpOpEx": "0.00", "ImpTrib": "0.00", "ImpIVA": "2100.00", "FchServDesde": "20261101",
            "FchServHasta": "20261130", "FchVtoPago": "20261110", "MonId": "PES", "MonCotiz": "1",
            "CondicionIVAReceptorId": 5,
            "Iva": {"AlicIva": [{"Id": 5, "BaseImp": "10000.00", "Importe": "2100.00"}]}}]}}}


@pytest.mark.parametrize(("issuer", "kind", "customer", "document", "expected"), [
    ("RI", "invoice", "RI", ("CUIT", CUIT_RI), 1), ("RI", "invoice", "MO", ("CUIT", CUIT_MO), 1),
    ("RI", "invoice", "MS", ("CUIT", CUIT_MO), 1), ("RI", "invoice", "MP", ("CUIT", CUIT_MO), 1),
    ("RI", "invoice", "EX", ("CUIT", CUIT_EX), 6), ("RI", "invoice", "CF", ("DNI", "23456781"), 6),
    ("RI", "invoice", "NC", ("CUIT", CUIT_EX), 6), ("RI", "invoice", "PE", ("PAS", "12345"), 6),
    ("RI", "invoice", "CE", ("PAS", "12345"), 6), ("RI", "invoice", "LI", ("CUIT", CUIT_EX), 6),
    ("RI", "invoice", "NA", ("CUIT", CUIT_EX), 6), ("RI", "invoice", "1", ("80", CUIT_RI), 1),
    ("RI", "debit_note", "RI", ("CUIT", CUIT_RI), 2), ("RI", "credit_note", "RI", ("CUIT", CUIT_RI), 3),
    ("RI", "debit_note", "CF", ("DNI", "23456781"), 7), ("RI", "credit_note", "CF", ("DNI", "23456781"), 8),
    ("MO", "invoice", "RI", ("CUIT", CUIT_RI), 11), ("MO", "invoice", "CF", (None, ""), 11),
    ("EX", "invoice", "CF", ("DNI", "23456781"), 11), ("6", "debit_note", "CF", ("DNI", "23456781"), 12),
    ("MO", "credit_note", "MO", ("CUIT", CUIT_MO), 13),
])
def test_type_by_both_parties_conditions(issuer, kind, customer, document, expected):
    lines = [line(taxes=[] if issuer != "RI" else None)]
    references = [] if kind == "invoice" else [REFERENCE | {"kind": "invoice"}]
    data = to(customer, *document, kind=kind, lines=lines, references=references, issuer__tax_condition=issuer)
    assert mapped(data).kind.id == expected


@pytest.mark.parametrize(("extra", "kind", "expected"), [
    ({"restricted_a": True}, "invoice", 51), ({"CbteTipo": 51}, "invoice", 51), ({"CbteTipo": "4"}, "invoice", 4),
])
def test_other_types_of_class_a(extra, kind, expected):
    assert mapped(to("RI", kind=kind, extra=extra)).kind.id == expected


@pytest.mark.parametrize(("document", "expected"), [
    (("DNI", "23.456.781"), (96, 23456781)), ((None, ""), (99, 0)), (("", None), (99, 0)),
    (("CUIT", "30-99000130-4"), (80, 30990001304)), (("CUIL", "20-11111111-2"), (86, 20111111112)),
    (("PAS", "AAB123456"), (94, 123456)), (("CI_EXT", "95123456"), (91, 95123456)), (("LC", "1234567"), (90, 1234567)),
])
def test_identity_of_the_receiver(document, expected):
    detail = mapped(to("CF", *document)).detail
    assert (detail["DocTipo"], detail["DocNro"]) == expected


VAT105 = [{"code": "VAT", "rate": "10.5"}]
EXEMPT, UNTAXED = [{"code": "VAT", "category": "exempt"}], [{"code": "VAT", "category": "untaxed"}]
ZERO = [{"code": "VAT", "category": "zero"}]


@pytest.mark.parametrize(("lines", "amounts", "rates"), [
    # total, untaxed, net, exempt, IVA
    ([line(), line("1000.00", VAT105)], "13205.00 0.00 11000.00 0.00 2205.00",
     [(5, "10000.00", "2100.00"), (4, "1000.00", "105.00")]),
    ([line(), line("500.00", EXEMPT), line("70.00", UNTAXED)], "12670.00 70.00 10000.00 500.00 2100.00",
     [(5, "10000.00", "2100.00")]),
    ([line("500.00", EXEMPT)], "500.00 0.00 0.00 500.00 0.00", []),
    ([line("500.00", UNTAXED)], "500.00 500.00 0.00 0.00 0.00", []),
    ([line("500.00", ZERO)], "500.00 0.00 500.00 0.00 0.00", [(3, "500.00", "0.00")]),
    ([line("500.00", [{"code": "VAT", "rate": "0"}]), line()], "12600.00 0.00 10500.00 0.00 2100.00",
     [(3, "500.00", "0.00"), (5, "10000.00", "2100.00")]),
    ([line("12100.00", price_includes_tax=True)], "12100.00 0.00 10000.00 0.00 2100.00",
     [(5, "10000.00", "2100.00")]),
    ([line("12100.00", price_includes_tax=True), line("100.00")], "12221.00 0.00 10100.00 0.00 2121.00",
     [(5, "10100.00", "2121.00")]),
    ([line("1.12")] * 3, "4.07 0.00 3.36 0.00 0.71", [(5, "3.36", "0.71")]),
    ([line("100.00", quantity="3", discount="50.00")], "302.50 0.00 250.00 0.00 52.50", [(5, "250.00", "52.50")]),
    ([line("100.00"), line("-100.00"), line("10.00", VAT105)], "11.05 0.00 10.00 0.00 1.05", [(4, "10.00", "1.05")]),
    *[([line("1000.00", [{"code": "VAT", "rate": rate}])], f"{total} 0.00 1000.00 0.00 {tax}",
       [(number, "1000.00", tax)])
      for rate, number, tax, total in [("27", 6, "270.00", "1270.00"), ("5", 8, "50.00", "1050.00"),
                                       ("2.5", 9, "25.00", "1025.00"), ("21.00", 5, "210.00", "1210.00")]],
])
def test_amounts_and_rates(lines, amounts, rates):
    detail = mapped(case(lines=lines)).detail
    assert " ".join(detail[name] for name in ("ImpTotal", "ImpTotConc", "ImpNeto", "ImpOpEx", "ImpIVA")) == amounts
    found = detail.get("Iva", {"AlicIva": []})["AlicIva"]
    assert [(one["Id"], one["BaseImp"], one["Importe"]) for one in found] == rates
    assert ("Iva" in detail) == bool(rates)


@pytest.mark.parametrize("taxes", [[], EXEMPT, UNTAXED, ZERO])
@pytest.mark.parametrize("issuer", ["MO", "EX"])
def test_class_c_is_its_subtotal_whatever_the_lines_say(issuer, taxes):
    data = case(issuer__tax_condition=issuer, lines=[line("500.00", taxes)],
                taxes=[{"code": "MUNICIPAL", "base": "500.00", "rate": "1"}])
    detail = mapped(data).detail
    assert [detail[name] for name in ("ImpTotal", "ImpTotConc", "ImpNeto", "ImpOpEx", "ImpTrib", "ImpIVA")] == [
        "505.00", "0.00", "500.00", "0.00", "5.00", "0.00"]
    assert "Iva" not in detail


@pytest.mark.parametrize(("tax", "expected"), [
    ({"code": "IIBB", "jurisdiction": "902", "base": "10000.00", "rate": "3", "amount": "300.00"},
     (7, "Percepción de IIBB Buenos Aires", "10000.00", "3.00", "300.00")),
    ({"code": "VAT_PERCEPTION", "base": "10000.00", "rate": "1.5"},
     (6, "Percepción de IVA", "10000.00", "1.50", "150.00")),
    ({"code": "MUNICIPAL", "jurisdiction": "Bahía Blanca", "base": "10000.00", "rate": "0.25"},
     (8, "Percepciones por Impuestos Municipales Bahía Blanca", "10000.00", "0.25", "25.00")),
    ({"code": "OTHER_PERCEPTION", "base": "10.00", "rate": "1"}, (9, "Otras Percepciones", "10.00", "1.00", "0.10")),
    ({"code": "INTERNAL", "base": "10.00", "rate": "8"}, (4, "Impuestos Internos", "10.00", "8.00", "0.80")),
    ({"code": "NATIONAL", "base": "10.00", "rate": "8"}, (1, "Impuestos nacionales", "10.00", "8.00", "0.80")),
    ({"code": "PROVINCIAL", "base": "10.00", "rate": "8"}, (2, "Impuestos provinciales", "10.00", "8.00", "0.80")),
    ({"code": "OTHER", "base": "0", "rate": "0", "amount": "9.50", "description": "Tasa"},
     (99, "Tasa", "0.00", "0.00", "9.50")),
])
def test_taxes_on_the_document(tax, expected):
    detail = mapped(case(taxes=[tax])).detail
    assert [tuple(one.values()) for one in detail["Tributos"]["Tributo"]] == [expected]
    assert detail["ImpTrib"] == expected[-1]
    assert D(detail["ImpTotal"]) == D("12100.00") + D(expected[-1])


def test_a_tax_that_comes_to_nothing_is_not_sent():
    detail = mapped(case(taxes=[{"code": "IIBB", "jurisdiction": "902", "base": "0.10", "rate": "1"}])).detail
    assert (detail["ImpTrib"], "Tributos" in detail) == ("0.00", False)


@pytest.mark.parametrize(("changes", "expected"), [
    ({}, (2, "20261101", "20261130", "20261110")),
    ({"lines": [line(), line("5000.00", extra={"goods": True})]}, (3, "20261101", "20261130", "20261110")),
    ({"extra": {"Concepto": 1}, "service_from": None, "service_to": None}, (1, None, None, None)),
    ({"extra": {"Concepto": 1}}, (1, "20261101", "20261130", "20261110")),
])
def test_concept_and_its_dates(changes, expected):
    detail = mapped(case(**changes)).detail
    dates = tuple(detail.get(name) for name in ("FchServDesde", "FchServHasta", "FchVtoPago"))
    assert (detail["Concepto"], *dates) == expected


@pytest.mark.parametrize(("moment", "expected"), [
    ("2026-11-01T02:30:00+00:00", "20261031"), ("2026-11-01T03:30:00Z", "20261101"),
    ("2026-11-01T23:59:00-03:00", "20261101"), ("2026-11-01", "20261101"),
])
def test_the_date_is_that_of_buenos_aires(moment, expected):
    assert mapped(case(issued_at=moment)).detail["CbteFch"] == expected


@pytest.mark.parametrize(("currency", "rate", "extra", "expected"), [
    ("ARS", "1", {}, ("PES", "1", None)), ("ARS", None, {}, ("PES", "1", None)),
    ("PES", "1.000000", {"CanMisMonExt": "N"}, ("PES", "1", None)),
    ("USD", "1450.500000", {}, ("DOL", "1450.5", None)), ("EUR", "1600", {"CanMisMonExt": "N"}, ("060", "1600", "N")),
    ("USD", None, {"CanMisMonExt": "S"}, ("DOL", None, "S")),
])
def test_currency(currency, rate, extra, expected):
    detail = mapped(case(currency=currency, exchange_rate=rate, extra=extra)).detail
    assert (detail["MonId"], detail.get("MonCotiz"), detail.get("CanMisMonExt")) == expected


def test_a_note_refers_to_its_invoice():
    detail = mapped(note()).detail
    assert detail["CbtesAsoc"] == {"CbteAsoc": [{"Tipo": 6, "PtoVta": 3, "Nro": 100, "CbteFch": "20261001"}]}


@pytest.mark.parametrize(("kind", "condition", "document", "expected"), [
    ("invoice", "CF", ("DNI", "23456781"), 6), ("debit_note", "CF", ("DNI", "23456781"), 7),
    ("invoice", "RI", ("CUIT", CUIT_RI), 1),
])
def test_a_reference_may_be_named_by_our_kind(kind, condition, document, expected):
    data = to(condition, *document, kind="credit_note", references=[REFERENCE | {"kind": kind}])
    assert mapped(data).detail["CbtesAsoc"]["CbteAsoc"][0]["Tipo"] == expected


def test_a_note_may_refer_to_a_period_instead():
    period = {"FchDesde": "20261001", "FchHasta": "2026-10-31"}
    detail = mapped(note(references=[], extra={"PeriodoAsoc": period})).detail
    assert detail["PeriodoAsoc"] == {"FchDesde": "20261001", "FchHasta": "20261031"}
    assert "CbtesAsoc" not in detail


def test_a_credit_without_due_date_has_its_own_date():
    assert mapped(note(due_date=None)).detail["FchVtoPago"] == "20261101"


FCE = {"CbteTipo": 201, "Opcionales": [{"Id": "2101", "Valor": "2850590940090418135201"}, {"Id": "27", "Valor": "SCA"}]}


def test_a_credit_invoice_and_its_note():
    detail = mapped(to("RI", extra=FCE)).detail
    assert detail["Opcionales"] == {"Opcional": FCE["Opcionales"]}
    extra = {"CbteTipo": 203, "Opcionales": [{"Id": "22", "Valor": "N"}]}
    detail = mapped(to("RI", kind="credit_note", references=[REFERENCE | {"kind": "201"}], extra=extra)).detail
    assert detail["CbtesAsoc"]["CbteAsoc"][0] == {"Tipo": 201, "PtoVta": 3, "Nro": 100, "Cuit": "30990000103",
                                                 "CbteFch": "20261001"}
    assert "FchVtoPago" not in detail


@pytest.mark.parametrize("data", [
    case(), note(extra={"PeriodoAsoc": {"FchDesde": "20261001", "FchHasta": "20261031"}}),
    case(currency="USD", exchange_rate="1000", extra={"CanMisMonExt": "N"}, taxes=[
        {"code": "IIBB", "jurisdiction": "902", "base": "1", "rate": "3"}]), to("RI", extra=FCE)])
def test_the_fields_are_in_the_wsdls_order(data):
    names = list(mapped(data).detail)
    assert names == [name for name in ORDER if name in names]


def test_the_request_of_an_issued_invoice_has_no_number_yet():
    kind, request, problems = map_case(parse(case()), {"identify": D("20000")})
    assert (kind, request["ImpTotal"], problems) == ("6", "12100.00", [])
    assert not {"CbteDesde", "CbteHasta"} & set(request)


def test_problems_of_an_issued_invoice_name_the_customers_field():
    _kind, _request, problems = map_case(parse(to("CF", None, "")), {"identify": D("12100.00")})
    assert [(one["code"], one["field"]) for one in problems] == [("10015", "tax_id")]


# --- rules that hold for every document ------------------------------------------------------------------

TAXES = st.sampled_from([*([{"code": "VAT", "rate": rate}] for rate in ("21", "10.5", "27", "5", "2.5", "0")),
                         EXEMPT, UNTAXED])
# from 0.50 on no rate rounds to zero, which is refused
AMOUNTS = st.decimals(min_value="0.50", max_value="500000", places=2).map(str)
LINES = st.lists(st.builds(line, AMOUNTS, TAXES, price_includes_tax=st.booleans()), min_size=1, max_size=6)


@settings(max_examples=60, deadline=None)
@given(LINES, st.sampled_from([("RI", "CF"), ("RI", "RI"), ("MO", "CF")]))
def test_every_request_satisfies_arcas_sums(lines, parties):
    issuer, customer = parties
    document = ("CUIT", CUIT_RI) if customer == "RI" else ("DNI", "23456781")
    if issuer == "MO":
        lines = [one | {"taxes": []} for one in lines]
    tribute = {"code": "IIBB", "jurisdiction": "902", "base": "100", "rate": "3.33"}
    detail = mapped(to(customer, *document, issuer__tax_condition=issuer, lines=lines, taxes=[tribute])).detail
    amount = {name: D(value) for name, value in detail.items() if name.startswith("Imp")}
    parts = ("ImpTotConc", "ImpNeto", "ImpOpEx", "ImpTrib", "ImpIVA")
    assert amount["ImpTotal"] == sum(amount[name] for name in parts)  # 10048
    rates = detail.get("Iva", {"AlicIva": []})["AlicIva"]
    assert sum((D(one["Importe"]) for one in rates), D(0)) == amount["ImpIVA"]  # 10023
    assert sum((D(one["Importe"]) for one in detail["Tributos"]["Tributo"]), D(0)) == amount["ImpTrib"]  # 10029
    assert len({one["Id"] for one in rates}) == len(rates)  # 10022
    assert issuer == "MO" or sum((D(one["BaseImp"]) for one in rates), D(0)) == amount["ImpNeto"]  # 10061
    percent = {3: D(0), 4: D("10.5"), 5: D(21), 6: D(27), 8: D(5), 9: D("2.5")}
    for one in rates:
        assert AR.accepts(D(one["Importe"]), AR.round(D(one["BaseImp"]) * percent[one["Id"]] / 100))  # 10051
        assert D(one["BaseImp"]) > 0  # 10020
