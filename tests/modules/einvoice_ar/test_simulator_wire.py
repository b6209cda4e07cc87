"""The simulator's WSFEv1 on the wire: routing, Auth in its order, shapes of answers, batches and numbers."""

from __future__ import annotations

import base64
import datetime as dt
import re
from typing import Any

import pytest
from lxml import etree

from core import clock
from core.simulators import Running
from tests.modules.einvoice_ar.foreign import (
    ARGENTINA,
    FEV1,
    SOAP11,
    SOAP12,
    WSFE,
    Answer,
    Foreign,
    document,
    headers_of,
    today,
)

pytestmark = pytest.mark.once
EMPTY_BODY = f'<s:Envelope xmlns:s="{SOAP11}"><s:Header/><s:Body>\n    \n</s:Body></s:Envelope>'


def dummy_body(namespace: str = FEV1, name: str = "FEDummy") -> str:
    return f'<s:Envelope xmlns:s="{SOAP11}"><s:Body><{name} xmlns="{namespace}"/></s:Body></s:Envelope>'


# --- routing -------------------------------------------------------------------------------------------


def test_the_action_routes_even_with_an_empty_body(foreign: Foreign) -> None:
    answer = foreign.post(WSFE, EMPTY_BODY, headers_of("FEDummy"))
    assert [answer.text(name) for name in ("AppServer", "DbServer", "AuthServer")] == ["OK"] * 3


def test_without_action_the_body_routes(foreign: Foreign) -> None:
    answer = foreign.post(WSFE, dummy_body(), {"Content-Type": "text/xml"})
    assert answer.text("AppServer") == "OK"


@pytest.mark.parametrize("action", ['"http://ar.gov.afip.dif.FEV1/FENada"', '"http://ar.gov.afip.dif.fev1/FEDummy"',
                                    '""', "FEDummy"])
def test_an_action_that_does_not_exist(foreign: Foreign, action: str) -> None:
    answer = foreign.post(WSFE, dummy_body(), {"Content-Type": "text/xml", "SOAPAction": action})
    assert (answer.status, answer.text("faultcode")) == (500, "soap:Client")
    assert "Server did not recognize the value of HTTP Header SOAPAction" in (answer.text("faultstring") or "")
    assert not answer.xml.findall(".//{*}FEHeaderInfo")


def test_soap_12_by_its_own_envelope_and_action(foreign: Foreign) -> None:
    answer = foreign.call("FEDummy", soap=SOAP12)
    assert answer.headers["Content-Type"] == "application/soap+xml; charset=utf-8"
    assert etree.QName(answer.xml).namespace == SOAP12 and answer.text("DbServer") == "OK"


def test_xml_that_is_cut_off(foreign: Foreign) -> None:
    answer = foreign.post(WSFE, dummy_body()[:-10], headers_of("FEDummy"))
    assert (answer.status, answer.body) == (400, b"")


def test_text_in_a_number_is_a_fault_with_its_place(logged_in: Foreign) -> None:
    answer = logged_in.call("FECompUltimoAutorizado", "<PtoVta>tres</PtoVta><CbteTipo>6</CbteTipo>")
    assert (answer.status, answer.text("faultcode")) == (500, "soap:Client")
    assert re.search(r"There is an error in XML document \(1, \d+\)\. ---> System\.FormatException: "
                     "Input string was not in a correct format", answer.text("faultstring") or "")


@pytest.mark.parametrize(("inner", "expected"), [
    ("<CbteTipo>6</CbteTipo><PtoVta>3</PtoVta>", []),  # another order
    ("<PtoVta>3</PtoVta><Nuevo>1</Nuevo><CbteTipo>6</CbteTipo>", []),  # unknown
    ("<ptovta>3</ptovta><CbteTipo>6</CbteTipo>", [11000]),  # wrong capitals: dropped, so zero
    ('<PtoVta xmlns="">3</PtoVta><CbteTipo>6</CbteTipo>', [11000]),  # without namespace: dropped
])
def test_order_is_ignored_and_what_is_misspelt_dropped(logged_in: Foreign, inner: str, expected: list[int]) -> None:
    answer = logged_in.call("FECompUltimoAutorizado", inner)
    assert answer.status == 200
    assert answer.codes() == expected


def test_an_answer_is_one_line_with_its_header(foreign: Foreign) -> None:
    answer = foreign.call("FEDummy")
    assert answer.headers["Content-Type"] == "text/xml; charset=utf-8"
    assert answer.body.startswith(b'<?xml version="1.0" encoding="utf-8"?><soap:Envelope ') and b"\n" not in answer.body
    assert answer.text("ambiente") == "Produccion - sr4" and answer.text("id") == "7.0.0.53"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}-03:00", answer.text("fecha") or "")


# --- Auth, in its order ------------------------------------------------------------------------------------


def refusal(answer: Answer) -> tuple[int, str]:
    assert answer.status == 200
    return answer.codes()[0], answer.text("Msg") or ""


def signed_token(foreign: Foreign, change: tuple[bytes, bytes]) -> str:
    return base64.b64encode(base64.b64decode(foreign.token).replace(*change)).decode()


def test_auth_is_checked_in_this_order(logged_in: Foreign) -> None:
    good = {"Token": logged_in.token, "Sign": logged_in.sign, "Cuit": logged_in.cuit}

    def ask(**changes: Any) -> tuple[int, str]:
        values = good | changes
        inner = "".join(f"<{name}>{value}</{name}>" for name, value in values.items())
        return refusal(logged_in.call("FECompTotXRequest", auth=f"<Auth>{inner}</Auth>"))

    assert refusal(logged_in.call("FECompTotXRequest", auth="")) == (
        500, "Campo Auth no fue ingresado o esta mal formado.")
    assert ask(Token="", Sign="", Cuit=0) == (600, "ValidacionDeToken: Parametro nulo o vacio (token)")
    assert ask(Token="no es un token", Cuit=0)[1].startswith(
        "ValidacionDeToken: No valido token. Excepcion: CargarStringBase64Token")
    old = re.sub(rb'exp_time="\d+"', b'exp_time="2"', re.sub(rb'gen_time="\d+"', b'gen_time="1"',
                                                             base64.b64decode(good["Token"])))
    code, words = ask(Token=base64.b64encode(old).decode(), Cuit=0)
    assert re.fullmatch(r"ValidacionDeToken: No validaron las fechas del token\. GenTime=1, ExpTime=2, NowUTC=\d+",
                        words) and code == 600
    forged = signed_token(logged_in, (b'key="30990000103"', b'key="20990000205"'))
    assert ask(Token=forged, Cuit="20990000205") == (600, "ValidacionDeToken: Error al verificar hash: ")
    assert ask(Sign=base64.b64encode(b"x" * 128).decode(), Cuit=0)[1] == "ValidacionDeToken: Error al verificar hash: "
    assert ask(Cuit="20990000205") == (
        600, "ValidacionDeToken: No apareció CUIT en lista de relaciones: 20990000205")


def test_a_ticket_of_another_service(foreign: Foreign) -> None:
    foreign.enter("ws_sr_constancia_inscripcion")
    assert refusal(foreign.call("FECompTotXRequest"))[1] == (
        "ValidacionDeToken: No valido Id Sistema: wsfe(Id Sistema de token es: ws_sr_constancia_inscripcion)")


def test_an_expired_ticket(logged_in: Foreign, simulator: Running) -> None:
    later = (clock.now() + dt.timedelta(hours=13)).astimezone(ARGENTINA)
    simulator.post("arca", "config", {"now": later.isoformat()})
    assert "No validaron las fechas del token" in refusal(logged_in.call("FECompTotXRequest"))[1]


def test_with_a_token_error_numbers_are_zero_and_a_request_has_no_header(foreign: Foreign) -> None:
    answer = foreign.call("FECompUltimoAutorizado", "<PtoVta>3</PtoVta><CbteTipo>6</CbteTipo>")
    assert [answer.text(name) for name in ("PtoVta", "CbteTipo", "CbteNro")] == ["0", "0", "0"]
    assert foreign.call("FECompTotXRequest").text("RegXReq") == "0"
    answer = foreign.solicit(document())
    assert answer.codes() == [600] and answer.text("FeCabResp") is None


# --- authorising -------------------------------------------------------------------------------------------


def test_an_approval_in_full(logged_in: Foreign) -> None:
    answer = logged_in.solicit(document(1))
    head = answer.xml.find(".//{*}FeCabResp")
    assert [etree.QName(one).localname for one in head] == [
        "Cuit", "PtoVta", "CbteTipo", "FchProceso", "CantReg", "Resultado", "Reproceso"]
    assert (answer.text("Cuit"), answer.text("Reproceso"), answer.text("CantReg")) == ("30990000103", "N", "1")
    assert re.fullmatch(r"\d{14}", answer.text("FchProceso") or "")
    detail = answer.xml.find(".//{*}FECAEDetResponse")
    assert [etree.QName(one).localname for one in detail] == [
        "Concepto", "DocTipo", "DocNro", "CbteDesde", "CbteHasta", "CbteFch", "Resultado", "CAE", "CAEFchVto"]
    assert answer.texts("Resultado") == ["A", "A"] and re.fullmatch(r"\d{14}", answer.text("CAE") or "")
    assert answer.text("CAEFchVto") == today(10)
    assert answer.codes() == answer.codes("Obs") == []


def test_a_refusal_in_full(logged_in: Foreign) -> None:
    answer = logged_in.solicit(document(1, ImpTotal="99999.00"))
    assert answer.texts("Resultado") == ["R", "R"]
    assert answer.codes("Obs") == [10048] and answer.codes() == []
    assert b"<CAE /><CAEFchVto />" in answer.body
    assert logged_in.last() == 0


@pytest.mark.parametrize(("changes", "where"), [
    ({"CbteDesde": 5, "CbteHasta": 5}, "Err"), ({"CbteFch": today(-1)}, "Err"), ({"CbteFch": today(-11)}, "Err"),
    ({"CbteFch": today(11), "FchVtoPago": today(20)}, "Obs")])
def test_number_and_date_out_of_sequence_are_an_error_the_window_an_observation(
        logged_in: Foreign, changes: dict[str, Any], where: str) -> None:
    logged_in.solicit(document(1))
    answer = logged_in.solicit(document(2, **changes))
    assert answer.codes(where) == [10016]
    assert answer.codes("Obs" if where == "Err" else "Err") == []


def test_the_words_of_the_window_are_of_the_concept(logged_in: Foreign) -> None:
    answer = logged_in.solicit(document(1, CbteFch=today(-6), Concepto=1))
    assert answer.text("Msg") == ("Campo CbteFch Debe estar comprendido  en el  rango  N-5 y N+5 siendo N la fecha de "
                                  "envio del pedido  de autorizacion para 1 - Productos")
    answer = logged_in.solicit(document(1, CbteFch=today(-11)))
    assert "N-10" in (answer.text("Msg") or "") and "Productos" not in (answer.text("Msg") or "")


def test_what_was_approved_is_not_approved_again(logged_in: Foreign) -> None:
    logged_in.solicit(document(1))
    answer = logged_in.solicit(document(1))
    assert answer.codes() == [10016]
    assert answer.text("Msg") == ("El numero o fecha del comprobante no se corresponde con el proximo a autorizar. "
                                  "Consultar metodo FECompUltimoAutorizado.")
    assert logged_in.last() == 1


def test_in_a_batch_everything_after_the_first_refusal_is_refused(logged_in: Foreign) -> None:
    answer = logged_in.solicit(document(1), document(2), document(3, DocNro=0), document(4), document(5))
    assert answer.texts("Resultado") == ["P", "A", "A", "R", "R", "R"]
    assert answer.codes("Obs") == [10015]
    assert logged_in.last() == 2
    assert logged_in.solicit(document(3)).text("Resultado") == "A"


def test_a_batch_that_begins_with_a_wrong_number_has_one_error_and_no_observations(logged_in: Foreign) -> None:
    answer = logged_in.solicit(*(document(number) for number in range(7, 257)))
    assert answer.texts("Resultado") == ["R"] * 251
    assert answer.codes() == [10016] and answer.codes("Obs") == []


def test_each_point_of_sale_and_type_counts_by_itself(logged_in: Foreign) -> None:
    logged_in.solicit(document(1))
    logged_in.solicit(document(2))
    logged_in.solicit(document(1), point=2)
    assert (logged_in.last(), logged_in.last(point=2), logged_in.last(kind=8)) == (2, 1, 0)


def test_without_date_the_day_of_processing_is_the_documents(logged_in: Foreign) -> None:
    answer = logged_in.solicit(document(1, CbteFch=None))
    assert (answer.text("Resultado"), answer.text("CbteFch")) == ("A", today())


@pytest.mark.parametrize(("count", "kind", "point", "codes"), [
    (0, 6, 3, [10002, 10001]), (2, 6, 3, [10002]), (9999, 6, 3, [10002, 10001, 10003]), (1, 6, 0, [10004]),
    (1, 6, 99999, [10004]), (1, 6, 4, [10005]), (1, 6, 5, [10005]), (1, 6, 9, [10005]), (1, 6, 77, [10005]),
    (1, 0, 3, [10006]), (1, -1, 3, [10006]), (1, 999, 3, [10007]), (1, 11, 3, [10000])])
def test_the_header(logged_in: Foreign, count: int, kind: int, point: int, codes: list[int]) -> None:
    answer = logged_in.solicit(document(1), count=count, kind=kind, point=point)
    assert answer.codes() == codes
    assert answer.texts("Resultado") == ["R", "R"]


def test_more_documents_than_a_request_may_hold(logged_in: Foreign, simulator: Running) -> None:
    simulator.post("arca", "config", {"reg_x_req": 3})
    assert logged_in.call("FECompTotXRequest").text("RegXReq") == "3"
    assert logged_in.solicit(*(document(number) for number in range(1, 5))).codes() == [10003]
    assert logged_in.solicit(*(document(number) for number in range(1, 4))).text("Resultado") == "A"


def test_consulting_gives_back_what_was_sent(logged_in: Foreign) -> None:
    sent = document(1, ImpTotal="12100.5", ImpNeto="10000.50")
    sent["Iva"] = {"AlicIva": [{"Id": 5, "BaseImp": "10000.500", "Importe": "2100.00"}]}
    cae = logged_in.solicit(sent).text("CAE")
    found = logged_in.consult(1)
    names = [etree.QName(one).localname for one in found.xml.find(".//{*}ResultGet")]
    assert names[-8:] == ["Iva", "Resultado", "CodAutorizacion", "EmisionTipo", "FchVto", "FchProceso", "PtoVta",
                          "CbteTipo"]
    assert (found.text("CodAutorizacion"), found.text("EmisionTipo")) == (cae, "CAE")
    assert [found.text(name) for name in ("ImpTotal", "ImpNeto", "ImpIVA", "BaseImp", "MonCotiz")] == [
        "12100.5", "10000.5", "2100", "10000.5", "1"]
    assert (found.text("CondicionIVAReceptorId"), found.text("FchVto")) == ("5", today(10))


def test_a_number_that_was_never_used(logged_in: Foreign) -> None:
    answer = logged_in.consult(9)
    assert answer.codes() == [602] and answer.text("ResultGet") is None
    assert answer.text("Msg") == "No existen datos en nuestros registros para los parametros ingresados."


def test_absent_dates_come_back_empty(logged_in: Foreign) -> None:
    goods = document(1, Concepto=1, FchServDesde=None, FchServHasta=None, FchVtoPago=None)
    assert logged_in.solicit(goods).text("Resultado") == "A"
    found = logged_in.consult(1)
    assert b"<FchServDesde /><FchServHasta /><FchVtoPago />" in found.body


def test_a_lot_of_unidentified_consumers_takes_all_its_numbers(logged_in: Foreign) -> None:
    lot = document(1, CbteHasta=5, DocTipo=99, DocNro=0)
    assert logged_in.solicit(lot).text("Resultado") == "A"
    assert logged_in.last() == 5
    assert logged_in.consult(3).text("CbteHasta") == "5"


def test_the_state_is_shown(logged_in: Foreign, simulator: Running) -> None:
    logged_in.solicit(document(1))
    state = simulator.state("arca")
    assert state["sequences"] == [{"cuit": "30990000103", "point_of_sale": 3, "type": 6, "last": 1, "count": 1}]
    assert state["documents"][0]["total"] == "12100.00" and state["documents_total"] == 1
    simulator.reset("arca")
    assert simulator.state("arca")["documents_total"] == 0
