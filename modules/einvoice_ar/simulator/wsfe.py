"""WSFEv1: routing, authentication, faults on purpose; the work is in `solicitar` and `queries`."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

from lxml import etree
from werkzeug.wrappers import Response

from core.simulators import Fault, Faults
from modules.einvoice_ar.simulator import queries, reading, soap, tables, tickets, writing
from modules.einvoice_ar.simulator.register import Register
from modules.einvoice_ar.simulator.settings import Config
from modules.einvoice_ar.simulator.solicitar import Authorizer, Decision, Outcome
from modules.einvoice_ar.simulator.store import Store

SERVICE = "wsfe"
NOTICE = (39, "IMPORTANTE: La Resolucion General Nro 5616 establece que la Condicion Frente al IVA del receptor sera "
              "obligatoria a partir del 01/12/2026.")
CAEA_NOT_HERE = 15016
LATIN1_MARK = "\ue000"  # written as the byte of ó in Latin-1
_UNKNOWN_11 = ("System.Web.Services.Protocols.SoapException: Server did not recognize the value of HTTP Header "
               "SOAPAction: {action}.\n   at System.Web.Services.Protocols.Soap11ServerProtocolHelper.RouteRequest()\n"
               "   at System.Web.Services.Protocols.SoapServerProtocol.RouteRequest(SoapServerMessage message)")
_UNKNOWN_12 = ("System.Web.Services.Protocols.SoapException: Unable to handle request. The action '{action}' was not "
               "recognized.")
_NO_ACTION = ("System.Web.Services.Protocols.SoapException: Unable to handle request without a valid action parameter. "
              "Please supply a valid soap action.")

_ERROR = re.compile(r"<Err><Code>(\d+)<")

Query = Callable[[str, dict[str, Any], Config], str]


class Refused(Exception):
    """The request cannot be served at all; `response` says so."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


class Wsfe:
    """The service at /wsfev1/service.asmx. `reconfigure` keeps a changed setting."""

    def __init__(self, store: Store, register: Register, verifier: tickets.Verifier, faults: Faults,
                 reconfigure: Callable[[dict[str, Any]], Config]) -> None:
        self.store, self.verifier, self.faults, self.reconfigure = store, verifier, faults, reconfigure
        self.authorizer = Authorizer(store, register, faults)
        self.queries = queries.Queries(store, register)
        self._asked: dict[str, Query] = {
            "FECompUltimoAutorizado": self.queries.last, "FECompConsultar": self.queries.document,
            "FECompTotXRequest": self.queries.limit, "FEParamGetPtosVenta": self.queries.points,
            "FEParamGetCotizacion": self.queries.rate, "FEParamGetCondicionIvaReceptor": self.queries.conditions,
            "FEParamGetTiposPaises": self.queries.countries, "FEParamGetActividades": self.queries.activities}
        self._any_expired = False
        self._counting = threading.Lock()
        # how often each operation was called, and each code given under Errors, since the start
        self.calls: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()
        self.reload()

    def __call__(self, content: bytes, environ: dict[str, Any], config: Config) -> Response:
        try:
            envelope = self._envelope(content, environ)
            operation = _operation(envelope)
            asked = _parameters(operation, envelope, content)
        except Refused as refused:
            return refused.response
        result = self._answer(operation, asked, config)
        self._count(operation, result)
        if operation != "FEDummy":
            result = self._spoil(operation, result)
        response = soap.answer(writing.envelope(operation, result, config, envelope.is_12), envelope.is_12)
        if LATIN1_MARK in result:
            response.set_data(response.get_data().replace(LATIN1_MARK.encode(), b"\xf3"))
        return response

    def _count(self, operation: str, result: str) -> None:
        with self._counting:
            self.calls[operation] += 1
            self.errors.update(_ERROR.findall(result))

    def _envelope(self, content: bytes, environ: dict[str, Any]) -> soap.Envelope:
        try:
            return soap.read(content, environ)
        except soap.NotXml:
            raise Refused(Response(b"", 400)) from None
        except soap.NotSoap as error:
            is_12 = soap.wants_12(environ)
            message = (f"Possible SOAP version mismatch: Envelope namespace {error} was unexpected. Expecting "
                       f"{soap.SOAP12 if is_12 else soap.SOAP11}.")
            raise Refused(soap.answer(writing.fault("VersionMismatch", message, is_12), is_12, 500)) from None

    def _answer(self, operation: str, asked: dict[str, Any], config: Config) -> str:
        """The inner XML of the Result."""
        down = self.faults.strikes("dbserver_down")
        if operation == "FEDummy":
            return writing.elements({"AppServer": "OK", "DbServer": "DOWN" if down else "OK", "AuthServer": "OK"})
        refused = self._refused(asked["Auth"], config)
        if refused:
            return _without(operation, [refused])
        if down:
            return _without(operation, [(501, tables.error_text(501))])
        cuit = str(asked["Auth"]["Cuit"])
        config = self._limited(config)
        broken = self.faults.strikes("internal_501") or self.faults.strikes("internal_502")
        if broken:
            return self._internal(broken, operation, cuit, asked, config)
        if operation == "FECAESolicitar":
            return self._solicitar(cuit, asked, config)
        if operation in queries.LISTS:
            return queries.parameters(operation)
        if operation in self._asked:
            return self._asked[operation](cuit, asked, config)
        code = CAEA_NOT_HERE if operation in {"FECAEASolicitar", "FECAEARegInformativo"} else 602
        return _without(operation, [(code, tables.error_text(code))])

    def _refused(self, auth: dict[str, Any] | None, config: Config) -> tuple[int, str] | None:
        """What is wrong with Auth, in ARCA's order; None where it is good."""
        if auth is None:
            return 500, tables.error_text(500)
        for name in ("Token", "Sign"):
            if not auth[name]:
                return 600, f"ValidacionDeToken: Parametro nulo o vacio ({name.lower()})"
        try:
            token = self.verifier.read(auth["Token"], auth["Sign"])
        except tickets.BadToken:
            return 600, ("ValidacionDeToken: No valido token. Excepcion: CargarStringBase64Token: Excepción: "
                         "CargarNodos: Error al cargar token XML. Excepcion: Data at the root level is invalid. "
                         "Line 1, position 1.")
        now = int(config.now().timestamp())
        ends = now - 1 if self._expired(token) else token.ends
        if not token.starts <= now <= ends:
            return 600, (f"ValidacionDeToken: No validaron las fechas del token. GenTime={token.starts}, "
                         f"ExpTime={ends}, NowUTC={now}")
        if not self.verifier.genuine(token, auth["Sign"]):
            return 600, "ValidacionDeToken: Error al verificar hash: "
        if token.service != SERVICE:
            return 600, f"ValidacionDeToken: No valido Id Sistema: {SERVICE}(Id Sistema de token es: {token.service})"
        if str(auth["Cuit"]) not in token.relations:
            return 600, f"ValidacionDeToken: No apareció CUIT en lista de relaciones: {auth['Cuit']}"
        return None

    def _expired(self, token: tickets.Token) -> bool:
        """Ended on purpose: then WSAA gives another at once."""
        if self.faults.strikes("ticket_expires_midway"):
            with self.store.writing() as db:
                db.execute("INSERT OR IGNORE INTO expired VALUES (?)", (token.text,))
                db.execute("DELETE FROM login WHERE service = ?", (token.service,))
            self._any_expired = True
        return self._any_expired and self.store.row("SELECT 1 FROM expired WHERE token = ?", token.text) is not None

    def reload(self) -> None:
        """Read what the store says again: after a start and a reset."""
        self._any_expired = self.store.row("SELECT 1 FROM expired") is not None
        with self._counting:
            self.calls.clear()
            self.errors.clear()

    def _limited(self, config: Config) -> Config:
        fault = self.faults.strikes("limit_changes")
        return self.reconfigure({"reg_x_req": fault.options.get("to", 10)}) if fault else config

    def _internal(self, fault: Fault, operation: str, cuit: str, asked: dict[str, Any], config: Config) -> str:
        """501 or 502, sometimes after having registered everything."""
        code = int(fault.name.removeprefix("internal_"))
        registered = fault.options.get("registered")
        if registered is None:
            registered = fault.random.random() < 0.5
        if operation == "FECAESolicitar" and registered:
            self._solicitar(cuit, asked, config)
        return _without(operation, [(code, tables.error_text(code))])

    def _solicitar(self, cuit: str, asked: dict[str, Any], config: Config) -> str:
        request = asked["FeCAEReq"]
        if request is None:
            return _without("FECAESolicitar", [(500, "Campo FeCAEReq no fue ingresado o esta mal formado.")])
        return _outcome(cuit, self.authorizer.authorize(cuit, request, config), config)

    def _spoil(self, operation: str, result: str) -> str:
        """Notices and strange bytes, on purpose."""
        events = [NOTICE] if self.faults.strikes("event_notice") else []
        if self.faults.strikes("latin1"):
            events.append((40, f"Comunicaci{LATIN1_MARK}n en prueba"))
        if not events:
            return result
        shown = writing.messages("Events", "Evt", events)
        # FECAESolicitar is the only one that has Events before Errors
        head, errors, tail = result.partition("<Errors>")
        return f"{head}{shown}{errors}{tail}" if operation == "FECAESolicitar" else result + shown


def _operation(envelope: soap.Envelope) -> str:
    """By the action; where there is none, by the first element of the Body."""
    action = envelope.action
    if action is not None:
        name = action.removeprefix(reading.NAMESPACE)
        if not action.startswith(reading.NAMESPACE) or name not in reading.PARAMETERS:
            message = (_UNKNOWN_12 if envelope.is_12 else _UNKNOWN_11).format(action=action)
            raise Refused(soap.answer(writing.fault("Client", message, envelope.is_12), envelope.is_12, 500))
        return name
    found = etree.QName(envelope.body) if envelope.body is not None else None
    if found is None or found.namespace != reading.NAMESPACE or found.localname not in reading.PARAMETERS:
        raise Refused(soap.answer(writing.fault("Client", _NO_ACTION, envelope.is_12), envelope.is_12, 500))
    return str(found.localname)


def _parameters(operation: str, envelope: soap.Envelope, content: bytes) -> dict[str, Any]:
    """What was asked; another element than the operation's counts as an empty one."""
    body: Any = envelope.body
    if body is None or body.tag != f"{{{reading.NAMESPACE}}}{operation}":
        body = ()
    try:
        asked: dict[str, Any] = reading.PARAMETERS[operation](body)
    except reading.BadValue as error:
        line, column = _place(error.element, content)
        message = ("Server was unable to read request. ---> System.InvalidOperationException: There is an error in XML "
                   f"document ({line}, {column}). ---> {error.message}")
        raise Refused(soap.answer(writing.fault("Client", message, envelope.is_12), envelope.is_12, 500)) from None
    return asked


def _place(element: Any, content: bytes) -> tuple[int, int]:
    """Line, and column of the first such value in it."""
    line = element.sourceline or 1
    lines = content.decode("utf-8", "replace").splitlines() or [""]
    text = lines[min(line, len(lines)) - 1]
    return line, text.find(f"{etree.QName(element).localname}>{element.text or ''}") + 1


def _without(operation: str, errors: list[tuple[int, str]]) -> str:
    """Only errors, and the numbers that cannot be absent."""
    zeros: dict[str, dict[str, Any]] = {"FECompUltimoAutorizado": {"PtoVta": 0, "CbteTipo": 0, "CbteNro": 0},
                                        "FECompTotXRequest": {"RegXReq": 0},
                                        "FECAEASinMovimientoInformar": {"PtoVta": 0}}
    return writing.elements(zeros.get(operation, {})) + writing.errors(errors)


def _outcome(cuit: str, outcome: Outcome, config: Config) -> str:
    header = {"Cuit": cuit, "PtoVta": outcome.header["PtoVta"], "CbteTipo": outcome.header["CbteTipo"],
              "FchProceso": f"{config.now():%Y%m%d%H%M%S}", "CantReg": outcome.header["CantReg"],
              "Resultado": outcome.result, "Reproceso": "N"}
    details = "".join([_decision(one) for one in outcome.decisions])
    return (f"<FeCabResp>{writing.elements(header)}</FeCabResp><FeDetResp>{details}</FeDetResp>"
            f"{writing.errors(outcome.errors)}")


def _decision(one: Decision) -> str:
    document = one.document
    observed = writing.messages("Observaciones", "Obs", [
        (code, tables.observation_text(code, document["Concepto"])) for code in one.observations])
    head = {name: document[name] for name in ("Concepto", "DocTipo", "DocNro", "CbteDesde", "CbteHasta")}
    head["CbteFch"] = one.date or document["CbteFch"]
    head["Resultado"] = "A" if one.approved else "R"
    return (f"<FECAEDetResponse>{writing.elements(head)}{observed}"
            f"{writing.elements({'CAE': one.cae, 'CAEFchVto': one.expires})}</FECAEDetResponse>")
