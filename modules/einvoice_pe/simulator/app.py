"""The simulator as a WSGI app: the route of an account, links of documents, setting up under `_sim`."""

from __future__ import annotations

import json
import re
import secrets
import sqlite3
import uuid
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from werkzeug.wrappers import Request, Response

from core.simulators import Box
from core.simulators.frame import BadRequest, StartResponse, as_json, json_body
from core.simulators.settings import Configured
from modules.einvoice_pe.simulator.faults import Refused
from modules.einvoice_pe.simulator.operations import Operations
from modules.einvoice_pe.simulator.reading import Values
from modules.einvoice_pe.simulator.settings import Config
from modules.einvoice_pe.simulator.store import Store

_LINK = re.compile(r"/(cpe|anulacion)/([0-9a-f-]{36})(?:\.(pdf|xml|cdr))?")
_TOKEN = re.compile(r'(?:Token token="([^"]*)"|Token token=(.*)|(.*))')
MEDIA = {"pdf": "application/pdf", "xml": "application/xml", "cdr": "application/zip"}
PAGE_502 = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
SERIES = ("FFF1", "BBB1")


class Nubefact(Configured[Config]):
    """Accounts with their routes, documents, and SUNAT's decisions, with one state."""

    def __init__(self, box: Box) -> None:
        self.faults, self.store = box.faults, Store(box.folder)
        self.operations = Operations(self.store)
        super().__init__(self.store, Config)
        self.calls: dict[str, int] = {}

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        return self._respond(Request(environ))(environ, start_response)

    def _respond(self, request: Request) -> Response:
        if request.path.startswith("/_sim/"):
            return self._set_up(request)
        link = _LINK.fullmatch(request.path)
        if link:
            return self._paper(link[2], link[3] or "pdf")
        if request.method != "POST":
            return Response("Not Found", 404)
        try:
            return self._called(request)
        except Refused as refusal:
            text: Any = [refusal.text] if self.faults.strikes("errors_as_list") else refusal.text
            return as_json({"errors": text, "codigo": refusal.code}, refusal.status)

    # --- the API ---------------------------------------------------------------------------------------

    def _called(self, request: Request) -> Response:
        account = self._account(request)
        if (request.mimetype or "") != "application/json":
            raise Refused(12)
        values = _read(request.get_data())
        operation = values.text("operacion")
        known = {"generar_comprobante": self._issue, "consultar_comprobante": self._consult,
                 "generar_anulacion": self.operations.annul, "consultar_anulacion": self.operations.consult_annulment}
        if operation not in known:
            raise Refused(20)
        self.calls[operation] = self.calls.get(operation, 0) + 1
        struck = self.faults.strikes("suspended")
        if struck or account["suspended"]:
            raise Refused(int(struck.options.get("code", 50)) if struck else account["suspended"])
        if self.faults.strikes("gateway_502"):
            return Response(PAGE_502, 502, content_type="text/html")
        base = request.host_url.rstrip("/") + request.root_path
        with self.store.lock:
            answer = known[operation](values, account, self.config, base)
        return as_json(answer)

    def _account(self, request: Request) -> sqlite3.Row:
        found = re.fullmatch(r"/api/v1/([0-9a-f-]+)", request.path)
        account = self.store.row("SELECT * FROM account WHERE route = ?", found[1]) if found else None
        if account is None:
            raise Refused(11)
        said = _TOKEN.fullmatch(request.headers.get("Authorization", "").strip())
        token = next((part for part in said.groups() if part), "") if said else ""
        if not secrets.compare_digest(token, account["token"]):
            raise Refused(10)
        return account

    def _issue(self, values: Values, account: sqlite3.Row, config: Config, base: str) -> dict[str, Any]:
        if self.faults.strikes("number_taken"):
            self._take(values, account, config)
        struck = self.faults.strikes("internal_40")
        if struck and not struck.options.get("registered"):
            raise Refused(40)
        answer = self.operations.issue(values, account, config, base)
        if struck:
            raise Refused(40)
        if self.faults.strikes("empty_answer"):
            return {}
        return self._with_soap(answer)

    def _consult(self, values: Values, account: sqlite3.Row, config: Config, base: str) -> dict[str, Any]:
        if self.faults.strikes("consult_fails"):
            raise Refused(40)
        return self._with_soap(self.operations.consult(values, account, config, base))

    def _with_soap(self, answer: dict[str, Any]) -> dict[str, Any]:
        """SUNAT cannot be reached: whatever it decides, Nubefact does not know yet."""
        if not self.faults.strikes("soap_error"):
            return answer
        return answer | {"aceptada_por_sunat": False, "sunat_responsecode": None, "sunat_description": None,
                         "sunat_note": None, "enlace_del_cdr": None,
                         "sunat_soap_error": "SoapError: Internal Error (Server did not respond)"}

    def _take(self, values: Values, account: sqlite3.Row, config: Config) -> None:
        """The same number with another amount, as if by another program."""
        other = dict(values.data) | {"total": str(values.number("total") + 1), "codigo_unico": ""}
        if not self.store.document(account["route"], values.integer("tipo_de_comprobante"), values.text("serie"),
                                   values.integer("numero")):
            self.operations.register(Values(other), account, config, foreign=True)

    def _paper(self, key: str, kind: str) -> Response:
        content = self.operations.paper(key, kind)
        return Response(content, content_type=MEDIA[kind]) if content else Response("Not Found", 404)

    # --- setting up ------------------------------------------------------------------------------------

    def _set_up(self, request: Request) -> Response:
        if request.method != "POST":
            return as_json({"error": "POST"}, 405)
        try:
            given = json_body(request)
            if request.path == "/_sim/config":
                return as_json(self.configure(given).as_json())
            if request.path == "/_sim/account":
                return as_json(self.open_account(given))
        except BadRequest as error:
            return as_json({"error": str(error)}, 400)
        return as_json({"error": request.path}, 404)

    def open_account(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """An account of a RUC with its route and token; asked for again, the same one with these series added."""
        ruc, mode = str(given.get("ruc") or ""), str(given.get("mode") or "production")
        with self.store.lock:
            found = self.store.row("SELECT * FROM account WHERE ruc = ? AND mode = ?", ruc, mode)
            series = set(json.loads(found["series"])) if found else set(SERIES if mode == "demo" else ())
            row = {"route": found["route"] if found else str(given.get("route") or uuid.uuid4()),
                   "token": found["token"] if found else str(given.get("token") or secrets.token_hex(32)), "ruc": ruc,
                   "name": str(given.get("name") or ""), "address": str(given.get("address") or ""), "mode": mode,
                   "series": json.dumps(sorted(series | set(given.get("series") or ()))),
                   "suspended": int(given.get("suspended") or 0)}
            self.store.insert("account", row)
        return row | {"series": json.loads(str(row["series"]))}

    def reset(self) -> None:
        """No documents, no settings; accounts stay good."""
        self.begin_again()
        self.calls.clear()

    def state(self, query: Mapping[str, str]) -> dict[str, Any]:
        """Settings, documents and annulments; `series` filters."""
        rows = self.store.rows("SELECT * FROM document WHERE ? IN ('', series) ORDER BY kind, series, number",
                              query.get("series", ""))
        voided = self.store.rows("SELECT * FROM voiding")
        return {"config": self.config.as_json(), "calls": dict(self.calls), "documents_total": len(rows),
                "documents": [_shown(row) for row in rows], "annulments": [dict(row) for row in voided],
                "accounts": [{"ruc": row["ruc"], "name": row["name"], "mode": row["mode"],
                              "series": json.loads(row["series"])} for row in self.store.rows("SELECT * FROM account")]}


def _shown(row: sqlite3.Row) -> dict[str, Any]:
    request = json.loads(row["request"])
    return {"tipo_de_comprobante": row["kind"], "serie": row["series"], "numero": row["number"],
            "total": str(request.get("total")), "cliente": request.get("cliente_numero_de_documento"),
            "fecha_de_emision": request.get("fecha_de_emision"), "codigo": row["code"], "hash": row["hash"],
            "anulado": bool(row["voided"]), "foreign": bool(row["foreign_program"]), "key": row["key"]}


def _read(body: bytes) -> Values:
    try:
        data = json.loads(body, parse_float=Decimal)
    except ValueError:
        raise Refused(20) from None
    if not isinstance(data, dict):
        raise Refused(20)
    return Values(data)


def error_page(environ: Mapping[str, Any], body: bytes) -> tuple[str, str]:
    """A 500 as Nubefact writes it: JSON with code 40, or a page."""
    if len(body) % 2:
        return "application/json", json.dumps({"errors": "Error interno desconocido", "codigo": 40})
    from core.simulators.frame import HTML_ERROR

    return "text/html; charset=utf-8", HTML_ERROR
