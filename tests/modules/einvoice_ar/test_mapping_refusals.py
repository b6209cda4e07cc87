"""Everything that ARCA would refuse and can be known before sending, with ARCA's code."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal as D
from typing import Any

import pytest

from modules.einvoice.case import parse
from modules.einvoice.preview import ERROR, WARNING
from modules.einvoice_ar.findings import THRESHOLDS
from modules.einvoice_ar.mapping import map_document
from tests.modules.einvoice_ar.cases import CUIT_RI, REFERENCE, VAT, case, line, note, to

pytestmark = pytest.mark.once
EXEMPT = [{"code": "VAT", "category": "exempt"}]


def found(data: dict[str, Any], severity: str = ERROR, **options: Any) -> set[tuple[str, str]]:
    """(ARCA's code, field) of every problem."""
    problems = map_document(parse(data), **options).problems
    assert all(one.message.endswith((".", "?")) for one in problems)
    return {(one.authority_code, one.field) for one in problems if one.severity == severity}


def tribute(**changes: Any) -> list[dict[str, Any]]:
    return [{"code": "IIBB", "jurisdiction": "902", "base": "100.00", "rate": "3", "amount": "3.00"} | changes]


def period(first: str | None = "20261001", last: str | None = "20261031", **changes: Any) -> dict[str, Any]:
    return note(references=[], extra={"PeriodoAsoc": {"FchDesde": first, "FchHasta": last}}, **changes)


def refer(**changes: Any) -> dict[str, Any]:
    return note(references=[REFERENCE | changes])


@pytest.mark.parametrize(("data", "code", "field"), [
    # parties
    (case(issuer__tax_condition="CF"), "10000", "issuer.tax_condition"),
    (case(issuer__tax_condition=""), "10000", "issuer.tax_condition"),
    (case(issuer__tax_id="30990000104"), "600", "issuer.tax_id"),
    (case(issuer__series="0"), "10004", "issuer.series"), (case(issuer__series="99999"), "10004", "issuer.series"),
    (case(issuer__series=""), "10004", "issuer.series"), (case(issuer__series="A1"), "10004", "issuer.series"),
    (case(number=0), "10008", "number"), (case(number=None), "10008", "number"),
    (case(number=100_000_000), "10008", "number"),
    (case(customer__tax_condition=""), "10246", "customer.tax_condition"),
    (case(customer__tax_condition=None), "10246", "customer.tax_condition"),
    (case(customer__tax_condition="XX"), "10242", "customer.tax_condition"),
    (case(customer__tax_condition="11"), "10242", "customer.tax_condition"),
    (to("RI", extra={"CbteTipo": 6}), "10243", "customer.tax_condition"),
    (to("CF", number=CUIT_RI, extra={"CbteTipo": 1}), "10243", "customer.tax_condition"),
    (to("RI", "DNI", "23456781"), "10013", "customer.tax_id_kind"),
    (to("MO", None, ""), "10013", "customer.tax_id_kind"),
    (to("RI", "CUIL", "20111111112"), "10013", "customer.tax_id_kind"),
    (to("RI", number="30990001119"), "10015", "customer.tax_id"), (to("CF", "DNI", "0"), "10015", "customer.tax_id"),
    (to("CF", "DNI", ""), "10015", "customer.tax_id"), (to("CF", "DNI", "123456789"), "10015", "customer.tax_id"),
    (to("CF", "PAS", "ABCDEF"), "10015", "customer.tax_id"), (to("CF", "PAS", "0"), "10015", "customer.tax_id"),
    (to("CF", "CI_EXT", "1" * 19), "10015", "customer.tax_id"),
    (to("CF", None, "23456781"), "10015", "customer.tax_id_kind"),
    (to("CF", "99", "23456781"), "10015", "customer.tax_id_kind"),
    (to("CF", "XYZ", "23456781"), "10015", "customer.tax_id_kind"),
    (to("EX", number="20999999990"), "10015", "customer.tax_id"),
    (to("RI", number="30990000103"), "10069", "customer.tax_id"),
    (to("RI", number="30-99000010-3"), "10069", "customer.tax_id"),
    # type
    (case(extra={"CbteTipo": 999}), "10007", "extra.CbteTipo"),
    (case(extra={"CbteTipo": "x"}), "10007", "extra.CbteTipo"),
    (case(extra={"CbteTipo": 11}), "10000", "extra.CbteTipo"),
    (case(issuer__tax_condition="MO", lines=[line(taxes=[])], extra={"CbteTipo": 6}), "10000", "extra.CbteTipo"),
    (case(extra={"CbteTipo": 8}), "", "extra.CbteTipo"), (case(kind="payment"), "", "kind"),
    # final consumers
    (to("CF", None, "", lines=[line("10000000.00", price_includes_tax=True)]), "10015", "customer.tax_id"),
    (to("CF", None, "", lines=[line("10000.00")], currency="USD", exchange_rate="826.45"), "10015", "customer.tax_id"),
    # IVA
    (case(lines=[line("0.02", price_includes_tax=True)]), "10018", "lines"),
    (case(lines=[line(taxes=[{"code": "VAT", "rate": "19"}])]), "10019", "lines[0].taxes[0]"),
    (case(lines=[line("10.00", EXEMPT), line("5.00"), line("-7.00")]), "10020", "lines"),
    (case(lines=[line(taxes=[])]), "10070", "lines[0].taxes"),
    (case(lines=[line(), line(taxes=[])]), "10061", "lines[1].taxes"),
    (case(lines=[line(taxes=[*VAT, {"code": "VAT", "rate": "27"}])]), "10061", "lines[0].taxes"),
    (case(issuer__tax_condition="MO"), "10071", "lines[0].taxes"),
    (case(issuer__tax_condition="EX"), "10071", "lines[0].taxes"),
    (case(lines=[line(taxes=[*VAT, {"code": "IIBB", "rate": "3"}])]), "", "lines[0].taxes[1]"),
    (case(lines=[line(taxes=[*VAT, {"code": "VAT", "rate": "3", "withheld": True}])]), "", "lines[0].taxes[1]"),
    (case(lines=[]), "", "lines"),
    (case(lines=[line("-5.00")]), "10045", "lines"), (case(lines=[line("-5.00")]), "10065", "lines"),
    (case(lines=[line(), line("-5.00", EXEMPT)]), "10044", "lines"),
    (case(lines=[line(), line("-5.00", [{"code": "VAT", "category": "untaxed"}])]), "10043", "lines"),
    (case(lines=[line(discount="0.005")]), "10056", "lines[0].discount"),
    (case(lines=[line(discount="-1.00")]), "10056", "lines[0].discount"),
    (case(lines=[line("9999999999.99", quantity="10000")]), "10056", "lines"),
    # tributes
    (case(taxes=tribute(code="XX")), "10025", "taxes[0].code"),
    (case(taxes=tribute(withheld=True)), "10025", "taxes[0].code"),
    (case(taxes=tribute(base=None)), "10026", "taxes[0].base"),
    (case(taxes=tribute(base="-1")), "10026", "taxes[0].base"),
    (case(taxes=tribute(rate=None)), "10027", "taxes[0].rate"),
    (case(taxes=tribute(rate="-1")), "10027", "taxes[0].rate"),
    (case(taxes=tribute(amount="-3.00")), "10028", "taxes[0].amount"),
    (case(taxes=tribute(amount="3.005")), "10056", "taxes[0].amount"),
    (case(taxes=tribute(rate="3.125")), "10056", "taxes[0].rate"),
    (case(taxes=tribute(rate="1000")), "10056", "taxes[0].rate"),
    (case(taxes=tribute(code="OTHER")), "10042", "taxes[0].description"),
    (case(taxes=tribute(jurisdiction="999")), "", "taxes[0].jurisdiction"),
    (case(taxes=tribute(jurisdiction="Buenos Aires")), "", "taxes[0].jurisdiction"),
    (to("NC", number="23000000000"), "10067", "taxes"),
    # concept and dates
    (case(extra={"Concepto": 4}), "10030", "extra.Concepto"),
    (case(extra={"Concepto": "x"}), "10030", "extra.Concepto"),
    (case(service_from=None), "10049", "service_from"), (case(service_to=None), "10049", "service_to"),
    (case(due_date=None), "10049", "due_date"),
    (case(extra={"Concepto": 1}, service_from=None), "10031", "service_from"),
    (case(extra={"Concepto": 1}, service_to=None), "10033", "service_to"),
    (case(extra={"Concepto": 1}, due_date=None), "10035", "due_date"),
    (case(service_from="2026-12-01"), "10032", "service_from"), (case(due_date="2026-10-31"), "10036", "due_date"),
    # currency
    (case(currency="XYZ"), "10037", "currency"), (case(exchange_rate="1.01"), "10039", "exchange_rate"),
    (case(currency="USD", exchange_rate=None), "10038", "exchange_rate"),
    (case(currency="USD", exchange_rate="0"), "10038", "exchange_rate"),
    (case(currency="USD", exchange_rate="-5", extra={"CanMisMonExt": "S"}), "10038", "exchange_rate"),
    (case(currency="USD", exchange_rate="1450.1234567"), "10056", "exchange_rate"),
    (case(currency="USD", exchange_rate="10000"), "10056", "exchange_rate"),
    (case(extra={"CanMisMonExt": "X"}), "10239", "extra.CanMisMonExt"),
    (case(extra={"CanMisMonExt": "S"}), "10241", "extra.CanMisMonExt"),
    # notes
    (note(references=[]), "10197", "references"), (note("debit_note", references=[]), "10197", "references"),
    (case(references=[REFERENCE]), "10040", "references[0].kind"),
    (case(references=[REFERENCE | {"kind": "invoice"}]), "10040", "references"),
    (refer(kind="1"), "10040", "references[0].kind"), (refer(kind="11"), "10040", "references[0].kind"),
    (refer(kind=""), "10057", "references[0].kind"), (refer(kind="Factura B"), "10057", "references[0].kind"),
    (refer(series=""), "10058", "references[0].series"), (refer(series="99999"), "10058", "references[0].series"),
    (refer(number=None), "10059", "references[0].number"), (refer(number=0), "10059", "references[0].number"),
    (note(references=[REFERENCE, REFERENCE]), "10060", "references"),
    (refer(date="2026-12-01"), "10210", "references[0].date"),
    (refer(amount="12099.99"), "10237", "references"), (refer(total="100.00"), "10237", "references"),
    (case(extra={"PeriodoAsoc": {"FchDesde": "20261001", "FchHasta": "20261031"}}), "10198", "extra.PeriodoAsoc"),
    (period(first=None), "10199", "extra.PeriodoAsoc.FchDesde"),
    (period(last=None), "10203", "extra.PeriodoAsoc.FchHasta"),
    (period(first="1/10/2026"), "10204", "extra.PeriodoAsoc.FchDesde"),
    (period(last="20261099"), "10205", "extra.PeriodoAsoc.FchHasta"),
    (period("20051201", "20060101"), "10206", "extra.PeriodoAsoc"),
    (period("20261031", "20261001"), "10207", "extra.PeriodoAsoc"),
    (period(last="20261102"), "10208", "extra.PeriodoAsoc.FchHasta"),
    # optional data
    (case(extra={"Opcionales": [{"Id": "12345", "Valor": "x"}]}), "10053", "extra.Opcionales[0].Id"),
    (case(extra={"Opcionales": [{"Id": "23", "Valor": "x"}, {"Id": "23", "Valor": "y"}]}),
     "10054", "extra.Opcionales[1].Id"),
    (case(extra={"Opcionales": [{"Id": "23"}]}), "10055", "extra.Opcionales[0].Valor"),
    (case(extra={"Opcionales": [{"Id": "5", "Valor": "01"}]}), "10068", "extra.Opcionales[0].Id"),
    (case(extra={"Opcionales": [{"Id": "27", "Valor": "SCA"}]}), "10169", "extra.Opcionales"),
])
def test_what_would_be_refused(data, code, field):
    assert (code, field) in found(data)


CBU, SCA = {"Id": "2101", "Valor": "2850590940090418135201"}, {"Id": "27", "Valor": "SCA"}


def fce(type_: int = 201, optionals: Any = None, **changes: Any) -> dict[str, Any]:
    extra = {"CbteTipo": type_, "Opcionales": [CBU, SCA] if optionals is None else optionals}
    return to(changes.pop("condition", "RI"), **({"extra": extra} | changes))


def fce_note(optionals: Any = None, type_: int = 203, **changes: Any) -> dict[str, Any]:
    given = {"kind": "credit_note", "references": [REFERENCE | {"kind": "201"}]} | changes
    return fce(type_, [{"Id": "22", "Valor": "N"}] if optionals is None else optionals, **given)


@pytest.mark.parametrize(("data", "code"), [
    (fce(optionals=[]), "10162"), (fce(optionals=[SCA]), "10168"), (fce(optionals=[CBU]), "10216"),
    (fce(optionals=[{"Id": "2101", "Valor": "123"}, SCA]), "10165"),
    (fce(optionals=[CBU, {"Id": "27", "Valor": "XXX"}]), "10215"),
    (fce(optionals=[CBU, {"Id": "27", "Valor": "X"}]), "10214"),
    (fce(optionals=[CBU, SCA, {"Id": "22", "Valor": "N"}]), "10171"),
    (fce(due_date=None), "10163"), (fce(due_date="2026-10-31"), "10164"),
    (fce(206, condition="CF", customer__tax_id_kind="DNI", customer__tax_id="23456781"), "10015"),
    (fce(206, condition="NC", customer__tax_id="30990001304"), "10178"),
    (fce_note(references=[]), "10153"), (fce_note(references=[REFERENCE | {"kind": "1"}]), "10040"),
    (fce_note([CBU]), "10173"), (fce_note([{"Id": "22", "Valor": "X"}]), "10167"),
    (fce_note([{"Id": "22", "Valor": "N"}, CBU]), "10172"),
    (fce_note(references=[REFERENCE | {"kind": "201"}, REFERENCE | {"kind": "201", "number": 5}]), "10156"),
    (fce_note(references=[REFERENCE | {"kind": "201", "date": None}]), "10158"),
    (fce_note(references=[REFERENCE | {"kind": "201", "date": "2026-11-02"}]), "10159"),
    (fce_note(extra={"CbteTipo": 203, "PeriodoAsoc": {"FchDesde": "20261001", "FchHasta": "20261031"},
                     "Opcionales": [{"Id": "22", "Valor": "N"}]}), "10196"),
])
def test_what_would_be_refused_of_credit_invoices(data, code):
    assert code in {authority for authority, _field in found(data)}


@pytest.mark.parametrize(("data", "code", "field"), [
    (case(taxes=tribute(amount="4.00")), "", "taxes[0].amount"),
    (to("NC", number="23000000000", taxes=tribute()), "10283", "taxes"),
    (period("20260901", "20261031", taxes=tribute()), "10209", "extra.PeriodoAsoc"),
])
def test_what_would_pass_with_a_remark(data, code, field):
    assert found(data) == set()
    assert found(data, WARNING) == {(code, field)}


@pytest.mark.parametrize("data", [
    # below the limit nobody is identified, from it on a DNI does
    to("CF", None, "", lines=[line("9999999.99", price_includes_tax=True)]),
    to("CF", "DNI", "23456781", lines=[line("10000000.00", price_includes_tax=True)]),
    to("NC", number="23000000000", taxes=tribute(code="UNCATEGORISED")),
    case(lines=[line("0.02", price_includes_tax=True), line("100.00")]),
    case(due_date="2026-11-01"), refer(amount="12100.00"), refer(date="2026-11-30"),
    case(taxes=tribute(amount="3.01")), case(lines=[line("100.00"), line("-40.00")]),
    case(extra={"Opcionales": [{"Id": "23", "Valor": "A-1"}]}), case(extra={"Opcionales": []}),
    case(extra={"Opcionales": {"Opcional": [{"Id": "23", "Valor": "A-1"}]}}),
])
def test_what_would_pass(data):
    assert found(data) == set()


def test_the_limit_of_identification_is_a_dated_setting():
    data = to("CF", None, "", lines=[line("500.00", price_includes_tax=True)])
    assert found(data, thresholds={"identify": D("500.00")}) == {("10015", "customer.tax_id")}
    assert THRESHOLDS["identify"] == D("10000000.00")


@pytest.mark.parametrize(("concept", "today", "codes"), [
    (2, "2026-11-11", set()), (2, "2026-11-12", {"10016"}), (2, "2026-10-22", set()), (2, "2026-10-21", {"10016"}),
    (1, "2026-11-06", set()), (1, "2026-11-07", {"10016"}), (1, "2026-10-30", {"10152"}), (3, "2026-10-30", set()),
])
def test_the_days_in_which_a_document_may_be_dated(concept, today, codes):
    data = case(extra={"Concepto": concept})
    assert {code for code, _field in found(data, today=dt.date.fromisoformat(today))} == codes


def test_all_problems_are_told_at_once_and_what_would_be_refused_first():
    data = to("XX", "DNI", "", service_from=None, taxes=tribute(amount="4.00"))
    problems = map_document(parse(data)).problems
    assert [one.severity for one in problems] == [ERROR, ERROR, ERROR, WARNING]
    assert {one.authority_code for one in problems} == {"10242", "10015", "10049", ""}
