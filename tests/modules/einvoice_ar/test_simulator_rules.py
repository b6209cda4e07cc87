"""What the simulator refuses or observes: one case for each code that it can give."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core import clock
from core.simulators import Running
from modules.einvoice_ar.simulator import rules
from tests.modules.einvoice_ar.foreign import Foreign, document, of_class_c, to_company, today

pytestmark = pytest.mark.once
MONOTRIBUTO, EXEMPT = "20990000205", "30990000308"
LARGE, UNCATEGORISED = "33990001907", "23000000000"


def rate(number: int = 5, base: str = "10000.00", amount: str = "2100.00") -> dict[str, Any]:
    return {"Id": number, "BaseImp": base, "Importe": amount}


def vat(*rates: dict[str, Any]) -> dict[str, Any]:
    return {"Iva": {"AlicIva": list(rates)}}


def tributes(*changes: dict[str, Any], total: str = "300.00") -> dict[str, Any]:
    base = {"Id": 7, "Desc": "IIBB", "BaseImp": "10000.00", "Alic": "3.00", "Importe": "300.00"}
    return {"ImpTrib": total, "ImpTotal": f"{12100 + float(total):.2f}",
            "Tributos": {"Tributo": [base | one for one in changes]}}


def associated(*changes: dict[str, Any]) -> dict[str, Any]:
    return {"CbtesAsoc": {"CbteAsoc": [{"Tipo": 6, "PtoVta": 3, "Nro": 1} | one for one in changes]}}


def period(first: str, last: str) -> dict[str, Any]:
    return {"PeriodoAsoc": {name: day for name, day in (("FchDesde", first), ("FchHasta", last)) if day}}


def optional(**values: str) -> dict[str, Any]:
    return {"Opcionales": {"Opcional": [{"Id": name.strip("_"), "Valor": value} for name, value in values.items()]}}


NO_DATES = {"FchServDesde": None, "FchServHasta": None, "FchVtoPago": None}
EXEMPT_AMOUNTS = {"ImpNeto": "0.00", "ImpIVA": "0.00", "ImpOpEx": "12100.00", "Iva": None}
IN_DOLLARS = {"MonId": "DOL", "MonCotiz": "1450.5"}
TO_UNCATEGORISED = {"DocTipo": 80, "DocNro": UNCATEGORISED, "CondicionIVAReceptorId": 7}
# (kind, detail, codes): the first document of its sequence; a B (6) or A (1) of the RI
CASES: list[tuple[int, dict[str, Any], list[int]]] = [
    (6, document(), []),
    (1, to_company(), []),
    # numbers
    (6, document(0, CbteHasta=1), [10008]),
    (6, document(1, CbteHasta=0), [10010, 10011]),
    (6, document(1, CbteHasta=100_000_000), [10010]),
    (1, to_company(1, CbteHasta=2), [10012]),
    (6, document(1, CbteHasta=2, ImpTotal="24200000.00", ImpNeto="20000000.00", ImpIVA="4200000.00",
                 **vat(rate(5, "20000000.00", "4200000.00"))), [10014]),
    # receiver
    (1, document(CondicionIVAReceptorId=1), [10013]),
    (6, document(DocTipo=99, DocNro=5), [10015]),
    (6, document(DocTipo=98), [10015]),
    (6, document(DocNro=0), [10015]),
    (6, document(DocTipo=31, DocNro=1), [10270]),
    (6, document(DocTipo=80, DocNro="30990009992", CondicionIVAReceptorId=4), [10015]),
    (1, to_company(cuit="30990009992"), [10238]),
    (6, document(DocTipo=80, DocNro="30990001117", CondicionIVAReceptorId=4), [10284, 10015]),
    (1, to_company(cuit="30990001117"), [10284]),
    (1, to_company(cuit="30990000103"), [10069]),
    (1, to_company(cuit="20990001503"), [10247]),
    (1, to_company(cuit="30990001606"), [10248]),
    (1, to_company(cuit="20990001708"), [10249]),
    (1, to_company(cuit="30990001800"), [10195]),
    (1, to_company(cuit="27990001206", condition=6), [10217]),
    (1, to_company(cuit="20990002003"), [10063]),
    (1, to_company(cuit=LARGE), [10188]),
    (1, to_company(cuit=LARGE, ImpTotal="12100000.00", ImpNeto="10000000.00", ImpIVA="2100000.00",
                   **vat(rate(5, "10000000.00", "2100000.00"))), [10192]),
    (6, document(DocTipo=99, DocNro=0, CondicionIVAReceptorId=5), []),
    (6, document(DocTipo=99, DocNro=0, ImpTotal="12100000.00", ImpNeto="10000000.00", ImpIVA="2100000.00",
                 **vat(rate(5, "10000000.00", "2100000.00"))), [10015]),
    (6, document(CondicionIVAReceptorId=None), [10245]),
    (6, document(CondicionIVAReceptorId=2), [10242]),
    (6, document(CondicionIVAReceptorId=1), [10243]),
    (6, document(**TO_UNCATEGORISED), [10067]),
    (6, document(**TO_UNCATEGORISED, **tributes({})), [10283]),
    (6, document(**TO_UNCATEGORISED, **tributes({"Id": 13})), []),
    # concept and dates
    (6, document(Concepto=4), [10030]),
    (6, document(CbteFch="20261340"), [10016]),
    (6, document(CbteFch=today(-11)), [10016]),
    (6, document(CbteFch=today(-10)), []),
    (6, document(CbteFch=today(10), FchVtoPago=today(10)), []),
    (6, document(Concepto=1, CbteFch=today(-6)), [10016]),
    (6, document(Concepto=1, CbteFch=today(-5)), []),
    (6, document(**NO_DATES), [10049]),
    (6, document(FchServDesde=None), [10031, 10049]),
    (6, document(FchServHasta=None), [10033, 10049]),
    (6, document(FchVtoPago=None), [10035, 10049]),
    (6, document(Concepto=1, FchServHasta=None, FchVtoPago=None), [10033, 10035]),
    (6, document(FchServDesde="2026110"), [10049]),
    (6, document(FchServDesde=today(1)), [10032]),
    (6, document(FchVtoPago=today(-1)), [10036]),
    # amounts
    (6, document(ImpTotal="12100.02"), []),  # 0.0002 %
    (6, document(ImpTotal="12102.00"), [10048]),
    (6, document(ImpTotal="12100.005"), [10056]),
    (6, document(ImpTotal="-12100.00"), [10065, 10048]),
    (6, document(ImpTotConc="-1.00", ImpTotal="12099.00"), [10043]),
    (6, document(ImpOpEx="-1.00", ImpTotal="12099.00"), [10044]),
    (6, document(ImpNeto="-10000.00"), [10045, 10048, 10061]),
    (6, document(ImpTrib="-1.00", ImpTotal="12099.00"), [10046]),
    (6, document(ImpIVA="-2100.00", ImpTotal="7900.00"), [10047, 10023]),
    # rates
    (6, document(Iva=None), [10070, 10018]),
    (6, document(Iva=None, **{k: v for k, v in EXEMPT_AMOUNTS.items() if k != "Iva"}), []),
    (6, document(Iva={}), [10018]),
    (6, document(ImpIVA="0.00", ImpTotal="10000.00"), [10018, 10023]),
    (6, document(ImpIVA="0.00", ImpTotal="10000.00", **vat(rate(3, amount="0.00"))), []),
    (6, document(**vat(rate(7))), [10019]),
    (6, document(**vat(rate(), rate(3, "0.00", "0.00"))), [10020]),
    (6, document(**vat(rate(), rate(4, "10.00", "-1.05"))), [10021, 10051, 10023, 10061]),
    (6, document(**vat(rate(5, "5000.00", "1050.00"), rate(5, "5000.00", "1050.00"))), [10022]),
    (6, document(**vat(rate(5, "10000.00", "2101.00"))), [10051, 10023]),
    (6, document(**vat(rate(5, "9000.00", "2100.00"))), [10051, 10061]),
    (6, document(**vat(rate(5, "10000.001"))), [10056]),
    (6, document(ImpNeto="15000.00", ImpIVA="2625.00", ImpTotal="17625.00",
                 **vat(rate(), rate(4, "5000.00", "525.00"))), []),
    # tributes
    (6, document(**tributes({})), []),
    (6, document(ImpTrib="300.00", ImpTotal="12400.00"), [10024]),
    (6, document(Tributos={}), [10024]),
    (6, document(**tributes({"Id": 77})), [10025]),
    (6, document(**tributes({"BaseImp": "-1.00"})), [10026]),
    (6, document(**tributes({"Alic": "-3.00"})), [10027]),
    (6, document(**tributes({"Importe": "-300.00"}, {"Importe": "600.00"})), [10028]),
    (6, document(**tributes({}, {})), [10029]),
    (6, document(**tributes({"Id": 99, "Desc": " "})), [10042]),
    (6, document(**tributes({"Alic": "1000.00"})), [10056]),
    # currency
    (6, document(MonId="XXX"), [10037]),
    (6, document(**IN_DOLLARS), []),
    (6, document(MonId="DOL", MonCotiz=None), [10038]),
    (6, document(MonId="DOL", MonCotiz="0"), [10038]),
    (6, document(MonId="DOL", MonCotiz="1450.4", CanMisMonExt="S"), [10038]),
    (6, document(MonId="DOL", MonCotiz=None, CanMisMonExt="S"), []),
    (6, document(MonCotiz="2"), [10039]),
    (6, document(MonId="DOL", MonCotiz="20"), [10119]),
    (6, document(MonId="DOL", MonCotiz="1452"), [10240]),
    (6, document(MonId="DOL", MonCotiz="1450.5000001"), [10056]),
    (6, document(**IN_DOLLARS, CanMisMonExt="X"), [10239]),
    (6, document(CanMisMonExt="S"), [10241]),
    # notes
    (8, document(), [10197]),
    (6, document(**period(today(-5), today())), [10198]),
    (8, document(CbtesAsoc={}), [10062]),
    (8, document(**associated({})), [10041]),
    (8, document(**associated({}, {})), [10060, 10041]),
    (8, document(**associated({"Tipo": 0})), [10057]),
    (8, document(**associated({"Tipo": 1})), [10040]),
    (6, document(**associated({"Tipo": 995})), [10120]),
    (8, document(**associated({"PtoVta": 0})), [10058, 10211]),
    (8, document(**associated({"Nro": 0})), [10059, 10041]),
    (8, document(**associated({"Cuit": "1"})), [10151, 10211]),
    (8, document(**associated({"CbteFch": "20261301"})), [10213, 10041]),
    (8, document(**associated({"PtoVta": 55})), [10211]),
    (8, document(**associated({"PtoVta": 55, "CbteFch": today(1)})), [10212]),
    (8, document(**associated({"PtoVta": 55, "CbteFch": today(-1)})), []),
    (8, document(**period(today(-5), today())), []),
    (8, document(**period("", today())), [10199]),
    (8, document(**period(today(-1), "")), [10203]),
    (8, document(**period("20261301", today())), [10204]),
    (8, document(**period(today(-1), "2026")), [10205]),
    (8, document(**period("20060101", today())), [10206]),
    (8, document(**period(today(), today(-1))), [10207]),
    (8, document(**period(today(), today(1))), [10208]),
    (8, document(**period(today(-40), today()), **tributes({})), [10209]),
    # optional data and what an internet provider never sends
    (6, document(Opcionales={}), [10052]),
    (6, document(**optional(_9999="1")), [10053]),
    (6, document(Opcionales={"Opcional": [{"Id": "2", "Valor": "1"}, {"Id": "2", "Valor": "1"}]}), [10054]),
    (6, document(**optional(_2="")), [10055]),
    (6, document(**optional(_5="02")), [10068]),
    (1, to_company(**optional(_2="1", _5="02")), [10112]),
    (6, document(**optional(_2101="0" * 22)), [10169]),
    (6, document(Actividades={"Actividad": [{"Id": 5}]}), [10220]),
    (6, document(Actividades={"Actividad": [{"Id": 11111}]}), [10223]),
    (6, document(Compradores={"Comprador": [{"DocTipo": 96, "DocNro": 1, "Porcentaje": "100"}]}), [10150]),
]


@pytest.mark.parametrize(("kind", "detail", "codes"), CASES)
def test_a_document_of_the_registered_issuer(logged_in: Foreign, kind: int, detail: dict[str, Any],
                                             codes: list[int]) -> None:
    answer = logged_in.solicit(detail, kind=kind)
    assert answer.codes() == []
    assert sorted(answer.codes("Obs")) == sorted(codes)
    only_observed = set(codes) <= OBSERVED
    assert answer.text("Resultado") == ("A" if only_observed else "R")


OBSERVED = {10017, 10041, 10063, 10188, 10209, 10217, 10234, 10235, 10236, 10237, 10238, 10245, 10249, 10283}


@pytest.fixture
def at_end_of_month(foreign: Foreign) -> Iterator[Foreign]:
    """Logged in on 28 November 2026."""
    with clock.freeze(dt.datetime(2026, 11, 28, 13, tzinfo=dt.UTC)):
        foreign.certificate("fin")
        foreign.enter(alias="fin")
        yield foreign


# --- class C -----------------------------------------------------------------------------------------------

CLASS_C: list[tuple[dict[str, Any], list[int]]] = [
    (of_class_c(), []),
    (of_class_c(DocTipo=80, DocNro="30990001118", CondicionIVAReceptorId=1), []),
    (of_class_c(CbteHasta=2), [10012, 10011]),
    (of_class_c(ImpTotConc="100.00"), [10043]),
    (of_class_c(ImpOpEx="100.00"), [10044]),
    (of_class_c(ImpIVA="100.00"), [10047]),
    (of_class_c(ImpTotal="10100.00"), [10048]),
    (of_class_c(**vat(rate())), [10071]),
    (of_class_c(CondicionIVAReceptorId=3), [10242]),
    (of_class_c(Compradores={"Comprador": [{"DocTipo": 96, "DocNro": 1, "Porcentaje": "100"}]}), [10134, 10150]),
    (of_class_c(ImpTrib="300.00", ImpTotal="10300.00", Tributos={"Tributo": [
        {"Id": 7, "Desc": "IIBB", "BaseImp": "10000.00", "Alic": "3.00", "Importe": "300.00"}]}), [])]


@pytest.fixture
def as_issuer(foreign: Foreign, simulator: Running) -> Any:
    def enter(cuit: str) -> Foreign:
        foreign.set_up("certificate", cuit="30990000103", alias="otro", services=["wsfe"], represents=[cuit])
        foreign.enter()
        foreign.cuit = cuit
        return foreign

    yield enter
    foreign.set_up("certificate", cuit="30990000103", alias="otro", services=["wsfe"], represents=["30990000103"])


@pytest.mark.parametrize(("detail", "codes"), CLASS_C)
def test_a_document_of_class_c(as_issuer: Any, detail: dict[str, Any], codes: list[int]) -> None:
    answer = as_issuer(MONOTRIBUTO).solicit(detail, kind=11, point=1)
    assert sorted(answer.codes("Obs")) == sorted(codes)


def test_an_exempt_issuer_needs_a_point_of_sale_of_its_kind(as_issuer: Any) -> None:
    client = as_issuer(EXEMPT)
    assert client.solicit(of_class_c(), kind=11, point=1).text("Resultado") == "A"
    assert client.solicit(of_class_c(), kind=11, point=2).codes("Obs") == [10096]


@pytest.mark.parametrize(("issuer", "kind", "point"), [
    (MONOTRIBUTO, 1, 1), (MONOTRIBUTO, 6, 1), (EXEMPT, 6, 1), (EXEMPT, 51, 1)])
def test_a_class_that_the_issuer_may_not_use(as_issuer: Any, issuer: str, kind: int, point: int) -> None:
    answer = as_issuer(issuer).solicit(document(), kind=kind, point=point)
    assert answer.codes() == [10000] and answer.text("Msg")


# --- notes of registered documents, and later rules -------------------------------------------------------------


def test_a_credit_above_what_it_corrects_is_observed(logged_in: Foreign) -> None:
    logged_in.solicit(document(1))
    more = document(1, ImpTotal="24200.00", ImpNeto="20000.00", ImpIVA="4200.00", **associated({}),
                    **vat(rate(5, "20000.00", "4200.00")))
    assert logged_in.solicit(document(1, **associated({})), kind=8).codes("Obs") == []
    assert logged_in.solicit(more | {"CbteDesde": 2, "CbteHasta": 2}, kind=8).codes("Obs") == [10237]


def test_a_note_dated_a_month_before_its_invoice(at_end_of_month: Foreign) -> None:
    days = {"FchServDesde": "20261101", "FchServHasta": "20261130", "FchVtoPago": "20261220"}
    assert at_end_of_month.solicit(document(1, CbteFch="20261202", **days)).text("Resultado") == "A"
    early = document(1, CbteFch="20261128", **days, **associated({}))
    assert at_end_of_month.solicit(early, kind=8).codes("Obs") == [10210]


@pytest.mark.parametrize(("concept", "codes"), [(1, [10152]), (2, [])])
def test_products_are_not_dated_into_the_next_month(at_end_of_month: Foreign, concept: int, codes: list[int]) -> None:
    days = {"CbteFch": "20261201", "FchServDesde": "20261101", "FchServHasta": "20261130", "FchVtoPago": "20261220"}
    assert at_end_of_month.solicit(document(1, Concepto=concept, **days)).codes("Obs") == codes


@pytest.mark.parametrize("code", [10247, 10248])
def test_who_may_not_receive_invoices_still_gets_credit_notes(logged_in: Foreign, code: int) -> None:
    cuit = {10247: "20990001503", 10248: "30990001606"}[code]
    note = to_company(1, cuit, **period(today(-1), today()))
    answer = logged_in.solicit(note, kind=3)
    assert (answer.text("Resultado"), answer.codes("Obs")) == ("A", [code])


def test_from_december_the_condition_is_obligatory(logged_in: Foreign, simulator: Running) -> None:
    simulator.post("arca", "config", {"condition_required_from": "2020-01-01"})
    assert logged_in.solicit(document(CondicionIVAReceptorId=None)).codes("Obs") == [10246]
    misspelt = document(CondicionIVAReceptorId=None, CondicionIvaReceptorId=5)
    assert logged_in.solicit(misspelt).codes("Obs") == [10246]


def test_the_testing_profile(logged_in: Foreign, simulator: Running) -> None:
    """Any point of sale works, the condition is obligatory at once, CUITs are not looked up."""
    simulator.post("arca", "config", {"profile": "testing"})
    assert logged_in.solicit(document(CondicionIVAReceptorId=None)).codes("Obs") == [10246]
    assert logged_in.solicit(document(1), point=4000).text("Resultado") == "A"
    assert logged_in.solicit(to_company(1, "30712345671"), kind=1).text("Resultado") == "A"
    assert logged_in.call("FEDummy").text("ambiente") == "HomologacionExterno - srt"


def test_an_open_register_knows_every_valid_cuit(logged_in: Foreign, simulator: Running) -> None:
    assert logged_in.solicit(to_company(1, "30712345671"), kind=1).codes("Obs") == [10238]
    simulator.post("arca", "config", {"open_register": True})
    assert logged_in.solicit(to_company(2, "30712345671"), kind=1).codes("Obs") == []
    assert logged_in.solicit(document(DocTipo=80, DocNro="30990009992", CondicionIVAReceptorId=4)).codes(
        "Obs") == [10015]


# --- credit invoices (FCE) ---------------------------------------------------------------------------------------


def fce(**changes: Any) -> dict[str, Any]:
    return to_company(1, LARGE, **({"CbteFch": today(), "FchVtoPago": today(30)}
                                   | optional(_2101="0" * 21 + "1", _27="SCA") | changes))


def fce_note(**changes: Any) -> dict[str, Any]:
    one = {"Tipo": 201, "PtoVta": 3, "Nro": 1, "Cuit": "30990000103", "CbteFch": today()}
    return fce(**({"FchVtoPago": None, "ImpTotal": "1210.00", "ImpNeto": "1000.00", "ImpIVA": "210.00",
                   **vat(rate(5, "1000.00", "210.00")), **associated(one), **optional(_22="N")} | changes))


FCE: list[tuple[dict[str, Any], list[int]]] = [
    (fce(), []),
    (fce(DocTipo=96, DocNro=1), [10013]),
    (fce(CbteFch=today(-6)), [10016]),
    (fce(Opcionales=None), [10162]),
    (fce(**optional(_2102="alias")), [10170, 10168, 10216]),
    (fce(**optional(_2101="123", _27="SCA")), [10165]),
    (fce(**optional(_2101="0" * 22, _27="SCA", _22="X")), [10167, 10171]),
    (fce(**optional(_2101="0" * 22, _27="SC")), [10214, 10215]),
    (fce(**optional(_2101="0" * 22, _27="XXX")), [10215]),
    (fce(**optional(_2101="0" * 22)), [10216]),
    (fce(FchVtoPago=None), [10163]),
    (fce(FchVtoPago=today(-1)), [10164]),
    (fce(DocNro="30990001118"), [10180]),
    (fce(DocNro="20990001503"), [10176, 10180, 10247]),
    (fce(DocNro="20990002003"), [10177, 10180, 10063]),
    (fce(DocNro=UNCATEGORISED), [10178]),
    (fce(**period(today(-1), today())), [10198, 10196])]
FCE_NOTES: list[tuple[dict[str, Any], list[int]]] = [
    (fce_note(), []),
    (fce_note(CbtesAsoc=None), [10153, 10156]),
    (fce_note(**associated({"Tipo": 201, "CbteFch": today(), "Cuit": ""})), [10151]),
    (fce_note(**associated({"Tipo": 201, "CbteFch": today(), "Cuit": "30990001118"})), [10155]),
    (fce_note(**associated({"Tipo": 201, "Cuit": "30990000103"})), [10158, 10160]),
    (fce_note(**associated({"Tipo": 201, "Cuit": "30990000103", "CbteFch": today(1)})), [10159, 10160]),
    (fce_note(DocNro="30990001118"), [10180, 10183]),
    (fce_note(FchVtoPago=today(30)), [10175]),
    (fce_note(**optional(_22="N", _27="SCA")), [10172]),
    (fce_note(**optional(_27="SCA")), [10172, 10173]),
    (fce_note(ImpTotal="12100.00", ImpNeto="10000.00", ImpIVA="2100.00", **vat(rate())), [10184])]


@pytest.mark.parametrize(("detail", "codes"), FCE)
def test_a_credit_invoice(logged_in: Foreign, detail: dict[str, Any], codes: list[int]) -> None:
    answer = logged_in.solicit(detail, kind=201)
    assert sorted(answer.codes("Obs")) == sorted(codes)


def test_the_register_says_who_has_no_electronic_domicile(logged_in: Foreign, simulator: Running) -> None:
    simulator.post("arca", "taxpayer", {"cuit": LARGE, "electronic_domicile": False})
    assert logged_in.solicit(fce(), kind=201).codes("Obs") == [10161]


@pytest.mark.parametrize(("detail", "codes"), FCE_NOTES)
def test_a_note_of_a_credit_invoice(logged_in: Foreign, detail: dict[str, Any], codes: list[int]) -> None:
    assert logged_in.solicit(fce(), kind=201).text("Resultado") == "A"
    answer = logged_in.solicit(detail, kind=203)
    assert sorted(answer.codes("Obs")) == sorted(codes)


def test_a_credit_invoice_travels_alone(logged_in: Foreign) -> None:
    second = fce() | {"CbteDesde": 2, "CbteHasta": 2}
    assert logged_in.solicit(fce(), second, kind=201).codes() == [10003]


def test_every_code_that_the_rules_can_give_has_a_case_here() -> None:
    given: set[int] = set()
    for file in Path(rules.__file__).parent.glob("*.py"):
        given |= {int(code) for code in re.findall(r"\b1[0-2]\d{3}\b", file.read_text())} - {10000}
    tested = {code for *_rest, codes in [*CASES, *CLASS_C, *FCE, *FCE_NOTES] for code in codes}
    tested |= {10237, 10210, 10246, 10096, 10161, 10152}
    assert given <= tested
