"""WSFEv1's client against canned answers: every way in which a talk can end, told apart."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from core import clock
from core.errors import Unavailable, Unknown
from modules.einvoice_ar import client as wsfe_client
from modules.einvoice_ar.client import Wsfe
from modules.einvoice_ar.errors import HeaderRefused, TicketRefused
from modules.einvoice_ar.soap import clean
from modules.einvoice_ar.wsaa import Ticket

TICKET = Ticket("T", "S", "30990000103", clock.now(), 1)
DETAIL = {"Concepto": 2, "DocTipo": 99, "DocNro": 0, "CbteDesde": 7, "CbteHasta": 7, "CbteFch": "20261103",
          "ImpTotal": "12100.00", "ImpTotConc": "0.00", "ImpNeto": "10000.00", "ImpOpEx": "0.00", "ImpTrib": "0.00",
          "ImpIVA": "2100.00", "MonId": "PES", "MonCotiz": "1", "CondicionIVAReceptorId": 5,
          "Iva": {"AlicIva": [{"Id": 5, "BaseImp": "10000.00", "Importe": "2100.00"}]}}


class Canned:
    """A server that gives one answer and keeps what it was asked."""

    def __init__(self) -> None:
        self.status, self.body, self.cut, self.requests = 200, b"", False, []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer.requests.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
                if outer.cut:
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                self.send_response(outer.status)
                self.send_header("Content-Type", "text/xml; charset=utf-8")
                self.send_header("Content-Length", str(len(outer.body)))
                self.end_headers()
                self.wfile.write(outer.body)

            def log_message(self, *_args: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/wsfev1/service.asmx"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def envelope(operation: str, inner: str) -> bytes:
    return (f'<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/">'
            f'<soap:Header><FEHeaderInfo xmlns="http://ar.gov.afip.dif.FEV1/"><ambiente>Produccion - sr4</ambiente>'
            f'<fecha>2026-11-03T17:21:15.0100675-03:00</fecha><id>7.0.0.53</id></FEHeaderInfo></soap:Header>'
            f'<soap:Body><{operation}Response xmlns="http://ar.gov.afip.dif.FEV1/"><{operation}Result>{inner}'
            f'</{operation}Result></{operation}Response></soap:Body></soap:Envelope>').encode()


def fault(text: str) -> bytes:
    return (f'<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/">'
            f'<soap:Body><soap:Fault><faultcode>soap:Server</faultcode><faultstring>{text}</faultstring></soap:Fault>'
            f'</soap:Body></soap:Envelope>').encode()


@pytest.fixture
def canned() -> Iterator[Canned]:
    server = Canned()
    yield server
    server.server.shutdown()
    server.server.server_close()


@pytest.fixture
def wsfe(canned: Canned, monkeypatch: pytest.MonkeyPatch) -> Wsfe:
    monkeypatch.setattr(wsfe_client, "address", lambda _environment, _service: canned.url)
    return Wsfe("testing", TICKET)


APPROVED = ('<FeCabResp><Cuit>30990000103</Cuit><PtoVta>3</PtoVta><CbteTipo>6</CbteTipo><FchProceso>20261103172115'
            '</FchProceso><CantReg>1</CantReg><Resultado>A</Resultado><Reproceso>N</Reproceso></FeCabResp><FeDetResp>'
            '<FECAEDetResponse><Concepto>2</Concepto><DocTipo>99</DocTipo><DocNro>0</DocNro><CbteDesde>7</CbteDesde>'
            '<CbteHasta>7</CbteHasta><CbteFch>20261103</CbteFch><Resultado>A</Resultado><Observaciones><Obs><Code>10217'
            '</Code><Msg>Aviso</Msg></Obs></Observaciones><CAE>01234567890123</CAE><CAEFchVto>20261113</CAEFchVto>'
            '</FECAEDetResponse></FeDetResp>')


def errors(code: int, text: str = "palabras") -> str:
    return f"<Errors><Err><Code>{code}</Code><Msg>{text}</Msg></Err></Errors>"


def test_an_approval_with_observations_is_an_approval_and_the_cae_keeps_its_zero(canned: Canned, wsfe: Wsfe) -> None:
    canned.body = envelope("FECAESolicitar", APPROVED)
    decision = wsfe.authorize(3, 6, [DETAIL]).decisions[0]
    assert (decision.authorized, decision.code, decision.number) == (True, "01234567890123", 7)
    assert decision.valid_until is not None and decision.valid_until.isoformat() == "2026-11-13"
    assert [message.as_dict() for message in decision.messages] == [{"code": "10217", "message": "Aviso"}]


def test_amounts_are_sent_as_they_were_written(canned: Canned, wsfe: Wsfe) -> None:
    canned.body = envelope("FECAESolicitar", APPROVED)
    wsfe.authorize(3, 6, [DETAIL | {"ImpTotal": Decimal("0.30")}])
    sent = canned.requests[0]
    assert "ImpTotal>0.30<" in sent and "BaseImp>10000.00<" in sent and "CondicionIVAReceptorId>5<" in sent
    assert "<ns0:Cuit>30990000103<" in sent


@pytest.mark.parametrize("code", [500, 501, 502])
def test_internal_errors_of_arca_leave_an_authorisation_unknown(canned: Canned, wsfe: Wsfe, code: int) -> None:
    canned.body = envelope("FECAESolicitar", errors(code))
    with pytest.raises(Unknown, match="palabras"):
        wsfe.authorize(3, 6, [DETAIL])


def test_a_ticket_that_is_not_accepted_means_that_nothing_was_done(canned: Canned, wsfe: Wsfe) -> None:
    canned.body = envelope("FECAESolicitar", errors(600, "ValidacionDeToken"))
    with pytest.raises(TicketRefused):
        wsfe.authorize(3, 6, [DETAIL])


BROKEN: dict[str, tuple[int, bytes]] = {
    "a fault": (500, fault("Server was unable to process request")),
    "an HTML page with 500": (500, b"<html><body>Service Unavailable</body></html>"),
    "an HTML page with 200": (200, b"<html><body>Mantenimiento</body></html>"),
    "cut XML": (200, envelope("FECAESolicitar", APPROVED)[:600]),
    "an empty 400": (400, b""),
    "an empty result": (200, envelope("FECAESolicitar", "")),
    "nothing at all": (200, b""),
}


@pytest.mark.parametrize("name", BROKEN)
def test_whatever_is_no_answer_leaves_an_authorisation_unknown(canned: Canned, wsfe: Wsfe, name: str) -> None:
    canned.status, canned.body = BROKEN[name]
    with pytest.raises(Unknown):
        wsfe.authorize(3, 6, [DETAIL])


@pytest.mark.parametrize("name", [name for name in BROKEN if name != "an empty result"])
def test_whatever_is_no_answer_to_a_question_means_ask_again(canned: Canned, wsfe: Wsfe, name: str) -> None:
    canned.status, canned.body = BROKEN[name]
    with pytest.raises(Unavailable):
        wsfe.find(3, 6, 7)


def test_a_connection_cut_after_sending_is_unknown(canned: Canned, wsfe: Wsfe) -> None:
    canned.cut = True
    with pytest.raises(Unknown):
        wsfe.authorize(3, 6, [DETAIL])


def test_a_service_that_does_not_listen_has_done_nothing(wsfe: Wsfe) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    wsfe.address = f"http://127.0.0.1:{port}/wsfev1/service.asmx"
    with pytest.raises(Unavailable):
        wsfe.authorize(3, 6, [DETAIL])


def test_a_late_answer_times_out_as_unknown(canned: Canned, wsfe: Wsfe, monkeypatch: pytest.MonkeyPatch) -> None:
    from modules.einvoice_ar import soap

    silent = socket.socket()
    silent.bind(("127.0.0.1", 0))
    silent.listen()
    monkeypatch.setattr(soap, "READ_TIMEOUT", 0.2)
    wsfe.address = f"http://127.0.0.1:{silent.getsockname()[1]}/x"
    with silent, pytest.raises(Unknown):
        wsfe.authorize(3, 6, [DETAIL])


def test_a_number_that_arca_does_not_have_is_none(canned: Canned, wsfe: Wsfe) -> None:
    canned.body = envelope("FECompConsultar", errors(602))
    assert wsfe.find(3, 6, 7) is None


def test_a_found_document_has_exact_amounts(canned: Canned, wsfe: Wsfe) -> None:
    canned.body = envelope("FECompConsultar", (
        "<ResultGet><Concepto>2</Concepto><DocTipo>80</DocTipo><DocNro>30990001118</DocNro><CbteDesde>7</CbteDesde>"
        "<CbteHasta>7</CbteHasta><CbteFch>20261103</CbteFch><ImpTotal>101.1</ImpTotal><ImpTotConc>0</ImpTotConc>"
        "<ImpNeto>83.55</ImpNeto><ImpOpEx>0</ImpOpEx><ImpTrib>0</ImpTrib><ImpIVA>17.55</ImpIVA><FchServDesde />"
        "<FchServHasta /><FchVtoPago /><MonId>PES</MonId><MonCotiz>1</MonCotiz><Resultado>A</Resultado>"
        "<CodAutorizacion>76000000000001</CodAutorizacion><EmisionTipo>CAE</EmisionTipo><FchVto>20261113</FchVto>"
        "<FchProceso>20261103172115</FchProceso><PtoVta>3</PtoVta><CbteTipo>1</CbteTipo></ResultGet>"))
    found = wsfe.find(3, 1, 7)
    assert found is not None
    assert (found.total, found.doc_number, found.code) == (Decimal("101.1"), 30990001118, "76000000000001")
    assert found.answer["ImpTotal"] == "101.1"


def test_a_point_of_sale_that_is_not_open_refuses_the_question(canned: Canned, wsfe: Wsfe) -> None:
    canned.body = envelope("FECompUltimoAutorizado", "<PtoVta>3</PtoVta><CbteTipo>6</CbteTipo><CbteNro>0</CbteNro>"
                           + errors(11002, "El punto de venta no se encuentra habilitado"))
    with pytest.raises(HeaderRefused) as refused:
        wsfe.last_number(3, 6)
    assert refused.value.code == "11002"


def test_points_of_sale_are_read_with_the_text_null_as_no_date(canned: Canned, wsfe: Wsfe) -> None:
    canned.body = envelope("FEParamGetPtosVenta", (
        "<ResultGet><PtoVenta><Nro>3</Nro><EmisionTipo>CAE - Ri Iva</EmisionTipo><Bloqueado>N</Bloqueado>"
        "<FchBaja>NULL</FchBaja></PtoVenta><PtoVenta><Nro>5</Nro><EmisionTipo>CAE - Ri Iva</EmisionTipo>"
        "<Bloqueado>S</Bloqueado><FchBaja>20250131</FchBaja></PtoVenta></ResultGet>"))
    open_one, closed = wsfe.points_of_sale()
    assert (open_one.closed_on, open_one.blocked) == (None, False)
    assert closed.blocked and closed.closed_on is not None and closed.closed_on.isoformat() == "2025-01-31"


def test_an_empty_list_of_points_of_sale_is_normal_in_testing(canned: Canned, wsfe: Wsfe) -> None:
    canned.body = envelope("FEParamGetPtosVenta", errors(602))
    assert wsfe.points_of_sale() == []


@pytest.mark.parametrize(("content", "expected"), [
    ("año".encode(), "año"), ("año".encode("latin-1"), "año"), (b"a\x00b\x08c", "abc"), (b"ok\n", "ok\n")])
def test_bytes_that_are_not_utf8_are_read_as_latin1_and_control_bytes_dropped(content: bytes, expected: str) -> None:
    assert clean(content).decode() == expected


def test_a_message_in_latin1_does_not_break_the_answer(canned: Canned, wsfe: Wsfe) -> None:
    canned.body = envelope("FECompUltimoAutorizado", "<PtoVta>3</PtoVta><CbteTipo>6</CbteTipo><CbteNro>0</CbteNro>"
                           + errors(11002, "habilitaci\u00f3n")).decode().encode("latin-1")
    with pytest.raises(HeaderRefused, match="habilitación"):
        wsfe.last_number(3, 6)


