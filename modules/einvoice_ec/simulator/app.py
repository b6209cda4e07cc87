"""The simulator as a WSGI app: paths of both environments, WSDLs, setting up under `_sim`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from werkzeug.wrappers import Request, Response

from core.simulators import Box
from core.simulators.frame import HTML_PAGE, BadRequest, StartResponse, as_json, json_body
from core.simulators.settings import Configured
from modules.einvoice_ec.catalogs import FOLDER
from modules.einvoice_ec.simulator import soap
from modules.einvoice_ec.simulator.authority import Authority
from modules.einvoice_ec.simulator.juicio import Court
from modules.einvoice_ec.simulator.register import Register
from modules.einvoice_ec.simulator.services import Authorization, Query, Reception
from modules.einvoice_ec.simulator.settings import Config
from modules.einvoice_ec.simulator.store import ANNULLED, ANNULLING, REFUSED, Store

AMBIENTES = {"pruebas": "1", "produccion": "2"}
WSDLS = {"RecepcionComprobantesOffline": "RecepcionComprobantesOffline",
         "AutorizacionComprobantesOffline": "AutorizacionComprobantesOffline",
         "ConsultaComprobante": "ConsultaComprobante_reconstruido"}
_PATH = re.compile(r"/(pruebas|produccion)/comprobantes-electronicos-ws/(\w+)")
_ADDRESS = re.compile(r'(<soap:address\s+location=")[^"]*(")')
SHOWN = 1000


class Sri(Configured[Config]):
    """Both environments with one state."""

    def __init__(self, box: Box) -> None:
        self.store, self.faults = Store(box.folder), box.faults
        self.register, self.authority = Register(self.store), Authority(self.store)
        super().__init__(self.store, Config)
        self.calls: dict[str, int] = {}
        self.services: dict[str, Any] = {
            "RecepcionComprobantesOffline": Reception(self.store, box.faults),
            "AutorizacionComprobantesOffline": Authorization(self.store, box.faults),
            "ConsultaComprobante": Query(self.store, box.faults)}

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        return self._respond(Request(environ))(environ, start_response)

    def _respond(self, request: Request) -> Response:
        if request.path.startswith("/_sim/"):
            return self._set_up(request)
        found = _PATH.fullmatch(request.path)
        if found is None or found.group(2) not in self.services:
            return Response("Not Found", 404)
        ambiente, name = AMBIENTES[found.group(1)], found.group(2)
        if request.method == "POST":
            return self._call(name, ambiente, request.get_data())
        if request.query_string.lower() == b"wsdl":
            return self._wsdl(request, name)
        return Response(f"{name}: simulador del SRI, sin validez tributaria. Agregue ?wsdl.\n",
                        content_type="text/plain; charset=utf-8")

    def _call(self, name: str, ambiente: str, content: bytes) -> Response:
        service = self.services[name]
        with self._guard:
            self.calls[service.OPERATION] = self.calls.get(service.OPERATION, 0) + 1
        if self.faults.strikes("html_maintenance_page"):
            return Response(HTML_PAGE, 200, content_type="text/html; charset=utf-8")
        try:
            argument = soap.argument(content, service.NAMESPACE, service.OPERATION, service.ARGUMENT)
        except soap.BadCall as error:
            return soap.fault(str(error))
        court = Court(self.store, self.register, self.authority.accepted(), self.config,
                      self.faults.strikes("certificate_expired") is not None if name.startswith("Recepcion") else False)
        return soap.answer(service.NAMESPACE, service.OPERATION, service.answer(argument, ambiente, court))

    def _wsdl(self, request: Request, name: str) -> Response:
        """The official file with our address in it."""
        text = (FOLDER / "wsdl" / f"{WSDLS[name]}.wsdl").read_text(encoding="utf-8")
        address = escape(f"http://{request.host}{request.root_path}{request.path}")
        return Response(_ADDRESS.sub(rf"\g<1>{address}\g<2>", text), content_type="text/xml; charset=utf-8")

    def _set_up(self, request: Request) -> Response:
        if request.method != "POST":
            return as_json({"error": "POST"}, 405)
        try:
            given = json_body(request)
            if request.path == "/_sim/config":
                return as_json(self.configure(given).as_json())
            if request.path == "/_sim/certificate":
                return as_json(self.authority.enrol(given, self.config))
            if request.path == "/_sim/authority":
                return as_json(self.authority.accept(given))
            if request.path == "/_sim/accepts":
                known = self.register.find(str(given.get("ruc") or ""), self.config.open_register) is not None
                return as_json({"accepted": known and self.authority.accepts(str(given.get("pem") or ""))})
            if request.path == "/_sim/taxpayer":
                return as_json(vars(self.register.add(given)))
            if request.path == "/_sim/annul":
                return as_json(self._annul(given))
        except BadRequest as error:
            return as_json({"error": str(error)}, 400)
        return as_json({"error": request.path}, 404)

    def _annul(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """What the taxpayer does by hand in the portal: {clave, estado: PENDIENTE DE ANULAR or ANULADO}."""
        state = str(given.get("estado") or ANNULLED)
        if state not in (ANNULLED, ANNULLING):
            raise BadRequest(f"estado: {ANNULLING}, {ANNULLED}")
        with self.store.writing() as db:
            done = db.execute("UPDATE comprobante SET estado = ? WHERE clave = ? AND estado <> ?",
                              (state, given.get("clave"), REFUSED)).rowcount
        return {"clave": given.get("clave"), "estado": state, "found": bool(done)}

    def reset(self) -> None:
        """The start register, no vouchers, no settings; certificates stay good."""
        self.begin_again()
        self.calls.clear()

    def state(self, query: Mapping[str, str]) -> dict[str, Any]:
        """Settings, counts and vouchers; `documents` (1000) and `after` page, `ruc` filters."""
        where, values = (" WHERE ruc = ?", [query["ruc"]]) if query.get("ruc") else ("", [])
        counts = self.store.rows(f"SELECT estado, COUNT(*) AS count FROM comprobante{where} GROUP BY estado", *values)
        rows = self.store.rows(
            "SELECT clave, ambiente, ruc, cod_doc, serie, secuencial, estado, fecha, mensajes, total, buyer "
            f"FROM comprobante{where} ORDER BY id LIMIT ? OFFSET ?", *values, int(query.get("documents", SHOWN)),
            int(query.get("after", 0)))
        return {"config": self.config.as_json(), "states": {row["estado"]: row["count"] for row in counts},
                "documents_total": sum(row["count"] for row in counts), "documents": [dict(row) for row in rows],
                "calls": dict(self.calls), "taxpayers": self.register.listed()}
