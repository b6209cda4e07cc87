"""The simulator's lists (FEParamGet…), the questions that it refuses, and the register of taxpayers (A5)."""

from __future__ import annotations

from typing import Any

import pytest
from lxml import etree

from core.simulators import Running
from tests.modules.einvoice_ar.foreign import A5, REGISTER, SOAP11, Answer, Foreign

pytestmark = pytest.mark.once


def rows(answer: Answer) -> list[dict[str, str]]:
    assert answer.codes() == []
    return [{etree.QName(one).localname: one.text for one in row} for row in answer.xml.find(".//{*}ResultGet")]


@pytest.mark.parametrize(("operation", "item", "first", "count"), [
    ("FEParamGetTiposCbte", "CbteTipo", {"Id": "1", "Desc": "Factura A", "FchDesde": "20100917"}, 36),
    ("FEParamGetTiposConcepto", "ConceptoTipo", {"Id": "1", "Desc": "Producto"}, 3),
    ("FEParamGetTiposDoc", "DocTipo", {"Id": "80", "Desc": "CUIT", "FchDesde": "20080725"}, 36),
    ("FEParamGetTiposIva", "IvaTipo", {"Id": "3", "Desc": "0%", "FchDesde": "20090220"}, 6),
    ("FEParamGetTiposMonedas", "Moneda", {"Id": "PES", "Desc": "Pesos Argentinos"}, 50),
    ("FEParamGetTiposOpcional", "OpcionalTipo", {}, 26),
    ("FEParamGetTiposTributos", "TributoTipo", {"Id": "1", "Desc": "Impuestos nacionales"}, 11)])
def test_a_list_of_codes(logged_in: Foreign, operation: str, item: str, first: dict[str, str], count: int) -> None:
    answer = logged_in.call(operation)
    found = rows(answer)
    assert len(found) == count
    assert {etree.QName(one).localname for one in answer.xml.find(".//{*}ResultGet")} == {item}
    assert first.items() <= found[0].items()
    assert all(list(row) == ["Id", "Desc", "FchDesde", "FchHasta"] and row["FchHasta"] == "NULL" for row in found)


def test_points_of_sale_with_null_as_text(logged_in: Foreign) -> None:
    found = rows(logged_in.call("FEParamGetPtosVenta"))
    assert found[0] == {"Nro": "1", "EmisionTipo": "CAE - Ri Iva", "Bloqueado": "N", "FchBaja": "NULL"}
    assert {row["Nro"]: (row["Bloqueado"], row["FchBaja"]) for row in found if row["Nro"] in "45"} == {
        "4": ("S", "NULL"), "5": ("N", "20260630")}
    assert [row["EmisionTipo"] for row in found if row["Nro"] == "9"] == ["CAEA - Ri Iva"]


@pytest.mark.parametrize(("group", "ids"), [
    ("A", {1, 6, 13, 16}), ("ALEY", {1, 6, 13, 16}), ("B", {4, 5, 7, 8, 9, 10, 15}),
    ("C", {1, 4, 5, 6, 7, 8, 9, 10, 13, 15, 16}), ("", {1, 4, 5, 6, 7, 8, 9, 10, 13, 15, 16})])
def test_conditions_of_receivers_by_class(logged_in: Foreign, group: str, ids: set[int]) -> None:
    asked = f"<ClaseCmp>{group}</ClaseCmp>" if group else ""
    assert {int(row["Id"]) for row in rows(logged_in.call("FEParamGetCondicionIvaReceptor", asked))} == ids


def test_a_class_that_does_not_exist(logged_in: Foreign) -> None:
    assert logged_in.call("FEParamGetCondicionIvaReceptor", "<ClaseCmp>Z</ClaseCmp>").codes() == [10244]


@pytest.mark.parametrize(("asked", "codes", "rate"), [
    ("<MonId>DOL</MonId>", [], "1450.5"), ("<MonId>PES</MonId>", [], "1"), ("", [12001], None),
    ("<MonId>XXX</MonId>", [12000], None), ("<MonId>DOL</MonId><FchCotiz>20261301</FchCotiz>", [12002], None),
    ("<MonId>DOL</MonId><FchCotiz>20991231</FchCotiz>", [12002], None),
    ("<MonId>DOL</MonId><FchCotiz>20261101</FchCotiz>", [], "1450.5")])
def test_the_rate_of_a_currency(logged_in: Foreign, asked: str, codes: list[int], rate: str | None) -> None:
    answer = logged_in.call("FEParamGetCotizacion", asked)
    assert (answer.codes(), answer.text("MonCotiz")) == (codes, rate)


def test_the_rate_is_of_the_last_working_day(logged_in: Foreign) -> None:
    """1 November 2026 is a Sunday."""
    answer = logged_in.call("FEParamGetCotizacion", "<MonId>DOL</MonId><FchCotiz>20261101</FchCotiz>")
    assert answer.text("FchCotiz") == "20261030"


@pytest.mark.parametrize(("point", "kind", "code"), [(0, 6, 11000), (99999, 6, 11000), (77, 6, 11002), (5, 6, 11002),
                                                     (3, 999, 11001)])
def test_a_last_number_that_cannot_be_asked_for(logged_in: Foreign, point: int, kind: int, code: int) -> None:
    answer = logged_in.call("FECompUltimoAutorizado", f"<PtoVta>{point}</PtoVta><CbteTipo>{kind}</CbteTipo>")
    assert (answer.codes(), answer.text("CbteNro")) == ([code], "0")


@pytest.mark.parametrize(("number", "kind", "point", "codes"), [
    (1, 6, 0, [10200]), (1, 6, 77, [10104]), (1, 999, 3, [10201]), (0, 6, 3, [10202]), (9, 6, 3, [602])])
def test_a_document_that_cannot_be_asked_for(logged_in: Foreign, number: int, kind: int, point: int,
                                             codes: list[int]) -> None:
    assert logged_in.consult(number, kind, point).codes() == codes


@pytest.mark.parametrize(("operation", "code"), [
    ("FECAEASolicitar", 15016), ("FECAEARegInformativo", 15016), ("FECAEAConsultar", 602),
    ("FECAEASinMovimientoConsultar", 602), ("FECAEASinMovimientoInformar", 602)])
def test_contingency_codes_are_not_given_here(logged_in: Foreign, operation: str, code: int) -> None:
    assert logged_in.call(operation).codes() == [code]


@pytest.mark.parametrize("operation", ["FEParamGetTiposPaises", "FEParamGetActividades"])
def test_lists_that_no_internet_provider_needs_answer_too(logged_in: Foreign, operation: str) -> None:
    assert rows(logged_in.call(operation))


# --- the register --------------------------------------------------------------------------------------------


@pytest.fixture
def reader(foreign: Foreign) -> Foreign:
    foreign.enter("ws_sr_constancia_inscripcion")
    return foreign


def part(answer: Answer, name: str) -> Any:
    return answer.xml.find(f".//{name}")


def test_a_registered_company(reader: Foreign) -> None:
    answer = reader.person("30990001118")
    assert answer.status == 200
    general = part(answer, "datosGenerales")
    assert (general.findtext("razonSocial"), general.findtext("estadoClave"), general.findtext("tipoPersona")) == (
        "DISTRIBUIDORA DEL SUR S.R.L.", "ACTIVO", "JURIDICA")
    assert general.findtext("domicilioFiscal/localidad") == "Río Cuarto"
    taxes = [(one.findtext("idImpuesto"), one.findtext("estadoImpuesto"))
             for one in answer.xml.iter("impuesto")]
    assert taxes == [("30", "AC")] and part(answer, "datosMonotributo") is None
    assert [etree.QName(one).localname for one in general] == sorted(
        (etree.QName(one).localname for one in general), key=str.lower)


@pytest.mark.parametrize(("cuit", "place", "value"), [
    ("27990001206", "datosMonotributo/categoriaMonotributo/idImpuesto", "20"),
    ("27990001400", "datosMonotributo/categoriaMonotributo/idCategoria", "61"),
    ("30990001304", "datosRegimenGeneral/impuesto/idImpuesto", "32"),
    ("20990001503", "errorConstancia/error", "La CUIT que ingresaste se encuentra inactiva, ingresá tu CUIT activa"),
    ("20990001708", "datosGenerales/fechaFallecimiento", "2025-03-01T12:00:00-03:00"),
    ("27990001206", "datosGenerales/apellido", "PEREZ"), ("27990001206", "datosGenerales/nombre", "MARIA LAURA")])
def test_persons_of_each_kind(reader: Foreign, cuit: str, place: str, value: str) -> None:
    assert reader.person(cuit).xml.findtext(f".//{place}") == value


def test_children_are_unqualified_and_the_answer_is_not(reader: Foreign) -> None:
    answer = reader.person("30990001118")
    assert answer.xml.find(f".//{{{A5}}}getPersona_v2Response/personaReturn/datosGenerales/idPersona") is not None


def test_somebody_unknown_is_a_fault_alone_and_an_entry_in_a_list(reader: Foreign) -> None:
    alone = reader.person("30990009992")
    assert (alone.status, alone.text("faultcode"), alone.text("faultstring")) == (
        500, "soap:Server", "No existe persona con ese Id")
    listed = reader.person("30990001118", "30990009992", operation="getPersonaList_v2")
    people = listed.xml.findall(".//persona")
    assert len(people) == 2 and people[1].findtext("errorConstancia/error") == "No existe persona con ese Id"
    assert listed.xml.find(".//personaListReturn/metadata") is not None


def test_a_list_holds_250_at_most(reader: Foreign) -> None:
    assert reader.person(*["30990001118"] * 250, operation="getPersonaList_v2").status == 200
    assert reader.person(*["30990001118"] * 251, operation="getPersonaList_v2").status == 500


def test_dummy_needs_no_ticket(foreign: Foreign) -> None:
    answer = foreign.person(operation="dummy")
    assert [answer.text(name) for name in ("appserver", "authserver", "dbserver")] == ["OK"] * 3


@pytest.mark.parametrize(("token", "sign", "words"), [
    ("", "", "Falta token y/o sign."), ("x", "y", "Token malformado"),
    (None, "bm8=", "No se pudo verificar que <sign> contenga una firma valida de <token>")])
def test_who_is_not_let_in(reader: Foreign, token: str | None, sign: str, words: str) -> None:
    reader.token, reader.sign = reader.token if token is None else token, sign
    answer = reader.person("30990001118")
    assert (answer.status, answer.text("faultstring")) == (500, words)
    assert b"SRValidationException" in answer.body


def test_a_ticket_for_invoices_does_not_open_the_register(logged_in: Foreign) -> None:
    assert "ws_sr_constancia_inscripcion" in (logged_in.person("30990001118").text("faultstring") or "")


def test_who_is_not_represented(reader: Foreign) -> None:
    assert reader.person("30990001118", own="20990000205").status == 500


def test_what_is_no_question(foreign: Foreign) -> None:
    body = f'<s:Envelope xmlns:s="{SOAP11}"><s:Body><a:nada xmlns:a="{A5}"/></s:Body></s:Envelope>'
    assert foreign.post(REGISTER, body, {"SOAPAction": ""}).text("faultcode") == "soap:Client"
    assert foreign.post(REGISTER, "<a>", {"SOAPAction": ""}).status == 500


def test_taxpayers_and_points_of_sale_can_be_added(reader: Foreign, simulator: Running) -> None:
    reader.set_up("taxpayer", cuit="30-71234567-1", name="NUEVA S.A.", condition="EX")
    assert reader.person("30712345671").xml.findtext(".//razonSocial") == "NUEVA S.A."
    reader.set_up("point_of_sale", cuit="30712345671", number=8, kind="CAE - Exento Iva")
    with pytest.raises(AssertionError, match="CUIT"):
        reader.set_up("taxpayer", cuit="30712345672")
    with pytest.raises(AssertionError, match="RI, MO"):
        reader.set_up("taxpayer", cuit="30712345671", condition="XX")
    with pytest.raises(AssertionError, match="99998"):
        reader.set_up("point_of_sale", cuit="30712345671", number=0)
