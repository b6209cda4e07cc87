"""The simulator as a WSGI app: the PAC's endpoint, the SAT's query, setting up under `_sim`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from werkzeug.wrappers import Request, Response

from core.simulators import Box, Cut
from core.simulators.frame import BadRequest, StartResponse, as_json, json_body
from core.simulators.settings import Configured
from modules.einvoice_mx.catalogs import FOLDER
from modules.einvoice_mx.simulator import consulta, csd_files, soap
from modules.einvoice_mx.simulator.cancelling import Cancelling, Query
from modules.einvoice_mx.simulator.faults import Refused
from modules.einvoice_mx.simulator.register import Register
from modules.einvoice_mx.simulator.settings import Config
from modules.einvoice_mx.simulator.stamping import Stamping
from modules.einvoice_mx.simulator.store import Store

STAMP, WSDL, SAT = "/timbrado/soap", "/timbrado/wsdl", "/ConsultaCFDIService.svc"
SHOWN = 1000


class FacturacionModerna(Configured[Config]):
    """The PAC and the SAT behind it."""

    def __init__(self, box: Box) -> None:
        self.store = Store(box.folder)
        self.faults = box.faults
        self.register = Register(self.store)
        self.stamping = Stamping(self.store, self.register, box.faults)
        self.cancelling = Cancelling(self.store)
        self.query = Query(self.store, self.cancelling)
        super().__init__(self.store, Config)
        self.calls: dict[str, int] = {}

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        return self._respond(Request(environ))(environ, start_response)

    def _respond(self, request: Request) -> Response:
        if request.path.startswith("/_sim/"):
            return self._set_up(request)
        if request.path == WSDL and request.method == "GET":
            return _wsdl(request)
        if request.path == SAT and request.method == "POST":
            if self.faults.strikes("sat_down") is not None:
                raise Cut
            return consulta.answer(request.get_data(), self.query, self.config)
        if request.path != STAMP:
            return Response("Not Found", 404)
        if request.method != "POST":
            return Response("Method Not Allowed", 405)
        address = f"{request.host_url.rstrip('/')}{request.root_path}{STAMP}"
        try:
            operation, given = soap.read(request.get_data())
            self._log_in(given)
            self._count(operation)
            return soap.answer(operation, self._do(operation, given), address)
        except Refused as refused:
            return soap.fault(refused, address)

    def _do(self, operation: str, given: dict[str, str]) -> dict[str, str]:
        if operation == "requestTimbrarCFDI":
            return self.stamping.stamp(given, self.config)
        if operation == "requestCancelarCFDI":
            return self.cancelling.cancel(given, self.config)
        if operation == "activarCancelacion":
            return self.cancelling.activate(given)
        return self.query.of_pac(given, self.config)

    def _log_in(self, given: Mapping[str, str]) -> None:
        if (given.get("UserID"), given.get("UserPass")) != (self.config.user, self.config.password):
            raise Refused("FM501", "Usuario o contraseña del servicio inválidos.")
        if not self.config.open_register and self.store.taxpayer(given.get("emisorRFC", "")) is None:
            raise Refused("FM402", "El RFC emisor no está dado de alta.")

    def _count(self, operation: str) -> None:
        with self._guard:
            self.calls[operation] = self.calls.get(operation, 0) + 1

    def _set_up(self, request: Request) -> Response:
        if request.method != "POST":
            return as_json({"error": "POST"}, 405)
        try:
            given = json_body(request)
            if request.path == "/_sim/config":
                return as_json(self.configure(given).as_json())
            if request.path == "/_sim/taxpayer":
                return as_json(self.register.add(given))
            if request.path == "/_sim/csd":
                return as_json(self._csd(given))
            if request.path == "/_sim/receiver":
                done = self.cancelling.decide(str(given.get("uuid")), str(given.get("action")), self.config)
                return as_json({"decided": done}, 200 if done else 409)
        except KeyError as error:
            return as_json({"error": f"{error.args[0]}?"}, 400)
        except BadRequest as error:
            return as_json({"error": str(error)}, 400)
        return as_json({"error": request.path}, 404)

    def _csd(self, given: Mapping[str, Any]) -> dict[str, str]:
        """A certificate for a rehearsal; its holder is registered with it."""
        with self.store.lock:
            count = int(self.store.meta("csd_issued") or 0) + 1
            self.store.set_meta("csd_issued", count)
        rfc, name = str(given["rfc"]).upper(), str(given["nombre"])
        if self.store.taxpayer(rfc) is None:
            self.register.add({"rfc": rfc, "nombre": name, "cp": given.get("cp") or [],
                               "regimenes": given.get("regimenes") or []})
        return csd_files.issue(rfc, name, str(given["password"]), self.config.now(), count)

    def reset(self) -> None:
        """The start register, nothing stamped, no settings."""
        self.begin_again()
        self.calls.clear()
        self.register.load()

    def state(self, query: Mapping[str, str]) -> dict[str, Any]:
        """Settings and documents; `documents` (1000) and `after` page, `rfc` filters."""
        where, values = (" WHERE rfc = ?", [query["rfc"]]) if query.get("rfc") else ("", [])
        rows = self.store.rows(f"SELECT * FROM cfdi{where} ORDER BY stamped_at, uuid LIMIT ? OFFSET ?", *values,
                               int(query.get("documents", SHOWN)), int(query.get("after", 0)))
        total = self.store.row(f"SELECT COUNT(*) AS count FROM cfdi{where}", *values)
        used = int(self.store.meta("stamps_used") or 0)
        return {"config": self.config.as_json(), "documents_total": total["count"] if total else 0,
                "documents": [self._document(row) for row in rows], "calls": dict(self.calls),
                "stamps_left": self.config.stamps - used}

    def _document(self, row: Any) -> dict[str, Any]:
        standing = self.cancelling.standing(row, self.config)
        return {"uuid": row["uuid"], "rfc": row["rfc"], "receiver": row["receiver"], "total": row["total"],
                "type": row["kind"], "series": row["serie"], "number": row["folio"], "sent": row["sent"],
                "related": json.loads(row["related"]), "state": standing.state, "cancellable": standing.cancellable,
                "cancellation": standing.cancellation, "motive": row["motive"]}


def _wsdl(request: Request) -> Response:
    """The reconstruction with our address in it."""
    text = (FOLDER / "wsdl" / "timbrado_reconstruido.wsdl").read_text(encoding="utf-8")
    address = f"{request.host_url.rstrip('/')}{request.root_path}{STAMP}"
    return Response(re.sub(r'(soap:address location=")[^"]*(")', rf"\g<1>{address}\g<2>", text),
                    content_type="text/xml; charset=utf-8")


def error_page(environ: Mapping[str, Any], body: bytes) -> tuple[str, str]:
    """A 500 that is no Fault: the web server's own page."""
    return "text/html", "<html><head><title>502 Bad Gateway</title></head><body><center>nginx</center></body></html>"
