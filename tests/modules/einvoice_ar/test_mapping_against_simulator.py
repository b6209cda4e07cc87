"""The mapping against the simulator: what it lets through is approved, what it refuses is refused with that code."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from core import clock
from core.simulators import Running
from modules.einvoice.case import parse
from modules.einvoice.preview import ERROR
from modules.einvoice_ar.mapping import map_document
from tests.modules.einvoice_ar import test_mapping_refusals as refusals
from tests.modules.einvoice_ar.cases import CUIT_EX, CUIT_MO, REFERENCE, case, line, note, to
from tests.modules.einvoice_ar.foreign import Answer, Foreign

pytestmark = pytest.mark.once
LARGE = "33990001907"
EXEMPT, UNTAXED = [{"code": "VAT", "category": "exempt"}], [{"code": "VAT", "category": "untaxed"}]
IIBB = {"code": "IIBB", "jurisdiction": "902", "base": "10000.00", "rate": "3.15"}


@pytest.fixture
def arca(foreign: Foreign, simulator: Running) -> Iterator[Foreign]:
    """ARCA on the day of the cases, with a registered issuer; every valid CUIT exists."""
    with clock.freeze(dt.datetime(2026, 11, 1, 15, tzinfo=dt.UTC)):
        simulator.post("arca", "config", {"open_register": True, "rates": {"DOL": "1450.5", "060": "1600"}})
        foreign.certificate("mapa", represents=["30990000103", "20990000205", "30990000308"])
        foreign.enter(alias="mapa")
        yield foreign


def send(arca: Foreign, data: dict[str, Any]) -> Answer:
    """The mapped request, as the first document of its sequence, at the issuer's point of sale 3 or 1."""
    mapped = map_document(parse(data))
    detail = {**mapped.detail}
    if data["number"] == 123:
        detail |= {"CbteDesde": 1, "CbteHasta": 1}
    arca.cuit = str(data["issuer"]["tax_id"]).replace("-", "")
    point = mapped.point_of_sale if arca.cuit == "30990000103" or mapped.point_of_sale != 3 else 1
    return arca.solicit(detail, kind=mapped.kind.id, point=point)


MONO = {"issuer__tax_condition": "MO", "issuer__tax_id": "20990000205"}
COOP = {"issuer__tax_condition": "EX", "issuer__tax_id": "30990000308"}
PERIOD = {"PeriodoAsoc": {"FchDesde": "20261001", "FchHasta": "20261031"}}
PASSES = [
    case(), to("RI"), to("MO", number=CUIT_MO), to("EX", number=CUIT_EX), to("CF", None, ""),
    to("CF", "CUIL", "20111111112"), to("CF", "PAS", "AAB123456"), to("RI", extra={"CbteTipo": 51}),
    to("NC", number="23000000000", taxes=[{"code": "UNCATEGORISED", "base": "100.00", "rate": "10"}]),
    case(lines=[line(), line("1000.00", [{"code": "VAT", "rate": "10.5"}]), line("500.00", EXEMPT),
                line("70.00", UNTAXED)]),
    case(lines=[line("500.00", EXEMPT)]), case(lines=[line("500.00", UNTAXED)]),
    case(lines=[line("500.00", [{"code": "VAT", "category": "zero"}])]),
    case(lines=[line("1.12")] * 3), case(lines=[line("12100.00", price_includes_tax=True), line("99.99")]),
    case(lines=[line("33.33", price_includes_tax=True)] * 7, taxes=[IIBB]),
    case(taxes=[IIBB, {"code": "VAT_PERCEPTION", "base": "10000.00", "rate": "1.5"},
                {"code": "INTERNAL", "base": "10.00", "rate": "8"}]),
    case(currency="USD", exchange_rate="1450.5"), case(currency="USD", exchange_rate=None,
                                                       extra={"CanMisMonExt": "S"}),
    case(extra={"Concepto": 1}, service_from=None, service_to=None, due_date=None), case(extra={"Concepto": 3}),
    note(), note("debit_note"), note(references=[], extra=PERIOD), note(due_date=None),
    to("RI", kind="credit_note", references=[REFERENCE | {"kind": "1"}]),
    case(lines=[line("500.00", [])], **MONO), to("RI", lines=[line("500.00", [])], **MONO),
    case(lines=[line("500.00", [])], taxes=[IIBB], **MONO), case(lines=[line("500.00", [])], **COOP),
    note(lines=[line("500.00", [])], references=[REFERENCE | {"kind": "11"}], **MONO),
    to("RI", number=LARGE, extra={"CbteTipo": 201, "Opcionales": [
        {"Id": "2101", "Valor": "2850590940090418135201"}, {"Id": "27", "Valor": "SCA"}]}),
    *refusals.test_what_would_pass.pytestmark[0].args[1],
]


@pytest.mark.parametrize("data", PASSES)
def test_what_the_mapping_lets_through_is_approved(arca: Foreign, data: dict[str, Any]) -> None:
    assert not [one for one in map_document(parse(data)).problems if one.severity == ERROR]
    answer = send(arca, data)
    assert answer.text("Resultado") == "A", answer.body


# what we refuse and ARCA would not, or cannot see in the request: no code of ARCA's, the issuer's own number, and what
# concerns a document that is not registered here
STRICTER = {"", "600", "10237", "10210", "10159"}
# the mapping puts a stand-in where it cannot send what was said
STANDS_IN = {"10000", "10007", "10015", "10019", "10025", "10026", "10027", "10030", "10037", "10039", "10042", "10056",
             "10061", "10071", "10178", "10204", "10205", "10239", "10241", "10242", "10246"}
REFUSED = [(data, code) for data, code, _field in refusals.test_what_would_be_refused.pytestmark[0].args[1]]
REFUSED += refusals.test_what_would_be_refused_of_credit_invoices.pytestmark[0].args[1]


@pytest.mark.parametrize(("data", "code"), [(data, code) for data, code in REFUSED
                                            if code not in STRICTER | STANDS_IN])
def test_what_the_mapping_refuses_is_refused_with_that_code(arca: Foreign, data: dict[str, Any], code: str) -> None:
    answer = send(arca, data)
    assert int(code) in {*answer.codes(), *answer.codes("Obs")}, answer.body
    assert answer.text("Resultado") == "R"
