"""SIRO's API: session, debt files, lists of collections, payment button (manuals of the API, v1.0 and v5.2).

A session is good for an hour and is kept per process: the number of calls is limited.
"""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core import exact_json, http
from core.errors import Rejected, Unavailable, Unknown
from core.i18n import _
from modules.gateways.access import TESTING, Access

NAME = "SIRO"
# the manual's own limit for an answer; after it one may ask again
SECONDS = 25.0
# a session is renewed so long before its end
MARGIN = 60
HOSTS = {"session": "apisesion{}", "api": "apisiro{}", "button": "siropagos{}"}

_sessions: dict[tuple[str, str], tuple[str, float]] = {}
_lock = threading.Lock()


@dataclass(frozen=True)
class Siro:
    """The API for one account."""

    access: Access

    def upload(self, text: str) -> str:
        """Hand in a debt file; SIRO's number of it. Unknown where it may have come: a repetition adds nothing but
        refused records, so it may be sent again."""
        found = self._call("api", "POST", "/siro/Pagos", {"base_pagos": text, "confirmar_automaticamente": True})
        return str(_field(found, "nro_transaccion", again=False))

    def base(self, number: str) -> Mapping[str, Any]:
        """What became of a debt file."""
        found = self._call("api", "GET", f"/siro/Pagos/{number}", params={"obtener_informacion_base": "false"})
        _field(found, "estado", again=True)
        return dict(found)

    def listing(self, day: dt.date) -> list[str]:
        """The lines that SIRO processed on a day; none on a day without."""
        found = self._call("api", "POST", "/siro/Listados/Proceso", {
            "fecha_desde": day.isoformat(), "fecha_hasta": day.isoformat(),
            "cuit_administrador": _digits(self.access.need("cuit_administrador")),
            "nro_empresa": str(self.access.need("convenio"))}, again=True)
        if not isinstance(found, list) or not all(isinstance(line, str) for line in found):
            raise _unread(True)
        return found

    def open_payment(self, body: Mapping[str, Any]) -> tuple[str, str]:
        """(page, hash) of a new intent. Nobody knows an intent whose answer was lost: asking again does no harm."""
        found = self._call("button", "POST", "/api/Pago", body, again=True)
        return str(_field(found, "Url", again=True)), str(_field(found, "Hash", again=True))

    def result(self, intent: str, result: str) -> Mapping[str, Any]:
        """The state of an intent, by its hash and by the number that came back with the payer."""
        found = self._call("button", "GET", f"/api/Pago/{intent}/{result}")
        _field(found, "Estado", again=True)
        return dict(found)

    def results(self, first: dt.date, last: dt.date, reference: str) -> list[Mapping[str, Any]]:
        """The intents of our reference: also of payers who closed the window."""
        found = self._call("button", "POST", "/api/Pago/Consulta", {
            "FechaDesde": first.isoformat(), "FechaHasta": last.isoformat(), "idReferenciaOperacion": reference},
            again=True)
        if not isinstance(found, list) or not all(isinstance(one, Mapping) for one in found):
            raise _unread(True)
        return found

    # --- calling -------------------------------------------------------------------------------------

    def _call(self, host: str, method: str, path: str, body: Mapping[str, Any] | None = None,
              params: Mapping[str, Any] | None = None, again: bool | None = None) -> Any:
        """One call in the session in force; one that ended early is renewed once."""
        token = self._token()
        try:
            return self._once(host, method, path, body, params, again, token)
        except Rejected as error:
            if error.code != "401":
                raise
        self._drop(token)
        return self._once(host, method, path, body, params, again, self._token())

    def _once(self, host: str, method: str, path: str, body: Mapping[str, Any] | None,
              params: Mapping[str, Any] | None, again: bool | None, token: str = "") -> Any:
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        client = http.Client(NAME, self._address(host), read_seconds=SECONDS, explain=_explain)
        answer = client.request(method, path, params=params, headers=headers, repeatable=again,
                                data=None if body is None else exact_json.as_json(body).encode())
        try:
            return exact_json.read(answer.content)
        except ValueError:
            raise _unread(answer.repeatable) from None

    def _address(self, host: str) -> str:
        if self.access.address:
            return self.access.address
        part = HOSTS[host].format("h" if self.access.environment == TESTING else "")
        return f"https://{part}.bancoroela.com.ar"

    def _key(self) -> tuple[str, str]:
        return self._address("session"), str(self.access.need("usuario"))

    def _token(self) -> str:
        with _lock:
            token, until = _sessions.get(self._key(), ("", 0.0))
        return token if token and time.monotonic() < until else self._log_in()

    def _log_in(self) -> str:
        who = {"Usuario": str(self.access.need("usuario")), "Password": str(self.access.need("password"))}
        found = self._once("session", "POST", "/auth/Sesion", who, None, again=True)
        token = str(_field(found, "access_token", again=True))
        seconds = int(found.get("expires_in") or 3600)
        with _lock:
            _sessions[self._key()] = (token, time.monotonic() + max(seconds - MARGIN, 0))
        return token

    def _drop(self, token: str) -> None:
        with _lock:
            if _sessions.get(self._key(), ("", 0.0))[0] == token:
                del _sessions[self._key()]


def _field(found: Any, name: str, again: bool) -> Any:
    if not isinstance(found, Mapping) or found.get(name) in (None, ""):
        raise _unread(again)
    return found[name]


def _unread(again: bool) -> Exception:
    text = _("%(name)s answered something that cannot be read.", name=NAME)
    return Unavailable(text) if again else Unknown(text)


def _digits(text: Any) -> str:
    return "".join(sign for sign in str(text) if sign.isdigit())


def _explain(answer: http.Answer) -> tuple[str, str]:
    """HTTP status and SIRO's words: its message, then what it says of single fields."""
    try:
        body = exact_json.read(answer.content)
    except ValueError:
        body = None
    if not isinstance(body, Mapping):
        return str(answer.status), answer.text.strip()[:300]
    fields = body.get("ModelState")
    told = [str(one) for words in (fields.values() if isinstance(fields, Mapping) else ())
            for one in (words if isinstance(words, list) else [words])]
    return str(answer.status), " ".join([str(body.get("Message") or ""), *told]).strip()[:300]
