"""The simulator as a WSGI app: forms of PHP in, JSON out, accounts, setting up under `_sim`."""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from werkzeug.wrappers import Request, Response

from core.i18n import lazy
from core.simulators import Box, kept
from core.simulators.frame import BadRequest, StartResponse, as_json, json_body
from core.simulators.settings import Configured, Settings
from modules.gateways.providers.cobrodigital.simulator.service import Methods, Refused

OWN: dict[str, Any] = {
    "soap_fault": lazy("A fault of SOAP instead of an answer; nothing was done"),
    "ejecucion_0": lazy("Refused with an internal error; nothing was done"),
    "datos_as_string": lazy("The rows come as text with JSON in it"),
    "duplicate_payer": lazy("A payer is created twice"),
    "slow_300s": lazy("The answer takes minutes (seconds: 300)"),
    "transaction_twice": lazy("Every transaction is listed twice"),
    "chargeback": lazy("A payment is taken back by the card's holder"),
}
ACCOUNT: dict[str, Any] = {
    "idComercio": "AB123456", "sid": "sidDePrueba0123456789abcdefghijklmnopqrstuvwxyz", "number": "204050",
    "columns": ["NRO CLIENTE", "Apellido y nombres", "Documento", "email", "Telefono", "Domicilio"]}
FAULT = ('<?xml version="1.0" encoding="ISO-8859-1"?><SOAP-ENV:Envelope xmlns:SOAP-ENV='
         '"http://schemas.xmlsoap.org/soap/envelope/"><SOAP-ENV:Body><SOAP-ENV:Fault><faultcode>SOAP-ENV:Server'
         "</faultcode><faultstring>Internal error</faultstring></SOAP-ENV:Fault></SOAP-ENV:Body></SOAP-ENV:Envelope>")


@dataclass(frozen=True)
class Config(Settings):
    """The clock of the service."""

    ZONE = ZoneInfo("America/Argentina/Buenos_Aires")


class Kept(kept.Kept):
    """Accounts stay when all else is forgotten."""

    STAYS = ("account",)

    def __init__(self, folder: Path | None) -> None:
        super().__init__(folder, "cobrodigital")


class Service(Configured[Config]):
    """The web service with its accounts."""

    def __init__(self, box: Box) -> None:
        self.kept, self.faults = Kept(box.folder), box.faults
        super().__init__(self.kept, Config)
        if not self.kept.all("account"):
            self.kept.put("account", "", ACCOUNT["idComercio"], ACCOUNT)
        self.calls: dict[str, int] = {}

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        if struck := self.faults.strikes("slow_300s"):
            time.sleep(300 if struck.seconds is None else struck.seconds)
        with self.kept.writing():
            return self._respond(request)(environ, start_response)

    def _respond(self, request: Request) -> Response:
        if request.path.startswith("/_sim/"):
            try:
                return self._set_up(request)
            except (BadRequest, Refused) as error:
                return as_json({"error": str(error)}, 400)
        if request.path.rstrip("/") != "/ws3" or request.method not in ("GET", "POST"):
            return Response("404", 404)
        if self.faults.strikes("soap_fault"):
            return Response(FAULT, 500, content_type="text/xml")
        given = read_form(request.form.items(multi=True) if request.method == "POST" else request.args.items(
            multi=True))
        try:
            rows = self._called(given)
        except Refused as refusal:
            return as_json({"ejecucion_correcta": "0", "log": refusal.log, "datos": []})
        if self.faults.strikes("datos_as_string"):
            rows = [json.dumps(one, ensure_ascii=False) if isinstance(one, list | dict) else one for one in rows]
        return as_json({"ejecucion_correcta": "1", "log": ["Ejecución correcta."], "datos": rows})

    def _called(self, given: dict[str, Any]) -> list[Any]:
        method = str(given.pop("metodo_webservice", ""))
        account = self.kept.get("account", "", str(given.pop("idComercio", "")))
        if account is None or not secrets.compare_digest(str(given.pop("sid", "")), account["sid"]):
            raise Refused("Error de autenticación.")
        if not re.fullmatch("[0-9a-f]{32}", str(given.pop("handshake", ""))):
            raise Refused("El parámetro 'handshake' no es correcto.")
        self.calls[method] = self.calls.get(method, 0) + 1
        if self.faults.strikes("ejecucion_0"):
            raise Refused("Ha ocurrido un error interno.")
        return self._methods(account).call(method, given)

    def _methods(self, account: Mapping[str, Any]) -> Methods:
        return Methods(self.kept, self.faults, account, self.config.now())

    # --- setting up ----------------------------------------------------------------------------------

    def _set_up(self, request: Request) -> Response:
        given = json_body(request)
        account = self.kept.get("account", "", str(given.get("idComercio") or ACCOUNT["idComercio"])) or ACCOUNT
        methods = self._methods(account)
        ways: dict[str, Callable[[], Any]] = {
            "/_sim/config": lambda: self.configure(given).as_json(), "/_sim/account": lambda: self.enrol(given),
            "/_sim/pay": lambda: methods.pay(str(given.get("nro_boleta")), str(given.get("means") or "RAPIPAGO"),
                                             given.get("amount")),
            "/_sim/withdraw": lambda: methods.book("egresos", int(given.get("amount") or 0), None, "RETIRO")}
        if request.method != "POST" or request.path not in ways:
            return as_json({"error": request.path}, 404)
        return as_json(ways[request.path]())

    def enrol(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """An account with its columns; asked for again, changed."""
        before = self.kept.get("account", "", str(given.get("idComercio") or "")) or ACCOUNT
        made = {**before, **{name: value for name, value in given.items() if name in ACCOUNT}}
        self.kept.put("account", "", made["idComercio"], made)
        return made

    def reset(self) -> None:
        """No payers, no slips; accounts stay."""
        self.begin_again()
        self.calls.clear()

    def state(self, query: Mapping[str, str]) -> dict[str, Any]:
        """Payers, slips, transactions, how often each method was called."""
        return {"config": self.config.as_json(), "calls": dict(self.calls), "payers": self.kept.all("payer"),
                "slips": self.kept.all("slip"), "transactions": self.kept.all("transaction")}


def read_form(items: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """A form as PHP reads it: a[b][0]=c → {"a": {"b": ["c"]}}."""
    found: dict[str, Any] = {}
    for name, value in items:
        parts = [name.split("[", 1)[0], *re.findall(r"\[([^\]]*)\]", name)]
        place = found
        for part in parts[:-1]:
            place = place.setdefault(part, {})
            if not isinstance(place, dict):
                break
        else:
            place[parts[-1]] = value
    return {key: _listed(value) for key, value in found.items()}


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {key: _listed(one) for key, one in value.items()}
    return list(inner.values()) if list(inner) == [str(place) for place in range(len(inner))] else inner
