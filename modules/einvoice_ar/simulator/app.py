"""The simulator as a WSGI app: paths, WSDLs, setting up under `_sim`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from werkzeug.wrappers import Request, Response

from core.simulators import Box
from core.simulators.frame import BadRequest, StartResponse, as_json, json_body
from core.simulators.settings import Configured
from modules.einvoice_ar.simulator import soap, tickets, writing
from modules.einvoice_ar.simulator.authority import Authority
from modules.einvoice_ar.simulator.persona import Persona
from modules.einvoice_ar.simulator.register import Register
from modules.einvoice_ar.simulator.settings import Config
from modules.einvoice_ar.simulator.store import Store
from modules.einvoice_ar.simulator.tables import DATA
from modules.einvoice_ar.simulator.wsaa import Wsaa
from modules.einvoice_ar.simulator.wsfe import Wsfe

WSAA, WSFE, PERSONA = "/ws/services/LoginCms", "/wsfev1/service.asmx", "/sr-padron/webservices/personaServiceA5"
WSDLS = {WSAA: {"production": "wsaa", "testing": "wsaa"},
         WSFE: {"production": "wsfev1_produccion", "testing": "wsfev1_homologacion"},
         PERSONA: {"production": "ws_sr_constancia_inscripcion_produccion",
                   "testing": "ws_sr_constancia_inscripcion_homologacion"}}
_ADDRESS = re.compile(r'(<(?:\w+:)?address\s+location=")[^"]*(")')
# pyafipws turns http:// of a WSDL's address into https://, but not HTTP://. Others (PHP) know only the small letters.
REWRITERS = ("Python-httplib2", "Python-urllib", "PycURL", "pysimplesoap")
SHOWN = 1000


class Arca(Configured[Config]):
    """WSAA, WSFEv1 and the register, with one state."""

    def __init__(self, box: Box) -> None:
        self.store = Store(box.folder)
        self.authority = Authority(self.store)
        self.register = Register(self.store)
        super().__init__(self.store, Config)
        verifier = tickets.Verifier(self.authority)
        self.wsfe = Wsfe(self.store, self.register, verifier, box.faults, self.configure)
        self._services: dict[str, Callable[[bytes, dict[str, Any], Config], Response]] = {
            WSAA: Wsaa(self.authority, self.store, box.faults), WSFE: self.wsfe,
            PERSONA: Persona(self.register, verifier)}

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        return self._respond(Request(environ))(environ, start_response)

    def _respond(self, request: Request) -> Response:
        if request.path.startswith("/_sim/"):
            return self._set_up(request)
        service = self._services.get(request.path)
        if service is None:
            return Response("Not Found", 404)
        if request.method == "POST":
            answer = service(request.get_data(), request.environ, self.config)
            answer.date = self.config.now()
            return answer
        if request.query_string.lower() == b"wsdl":
            return self._wsdl(request)
        return Response(f"{request.path.rsplit('/', 1)[-1]}: simulador de ARCA, sin validez fiscal. Agregue ?wsdl "
                        "para ver su descripcion.\n", content_type="text/plain; charset=utf-8")

    def _wsdl(self, request: Request) -> Response:
        """The official file with our address in it."""
        text = (DATA / "wsdl" / f"{WSDLS[request.path][self.config.profile]}.wsdl").read_text(encoding="utf-8")
        agent = request.headers.get("User-Agent", "")
        scheme = "HTTP" if agent.startswith(REWRITERS) else "http"
        address = soap.text(f"{scheme}://{request.host}{request.root_path}{request.path}")
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
            if request.path == "/_sim/taxpayer":
                return as_json(vars(self.register.add(given)))
            if request.path == "/_sim/point_of_sale":
                return as_json(vars(self.register.add_point(given)))
        except BadRequest as error:
            return as_json({"error": str(error)}, 400)
        return as_json({"error": request.path}, 404)

    def reset(self) -> None:
        """The start register, no documents, no settings; certificates stay good."""
        self.begin_again()
        self.register.load()
        self.wsfe.reload()

    def state(self, query: Mapping[str, str]) -> dict[str, Any]:
        """Settings, sequences and documents; `documents` (1000) and `after` page, `cuit`, `point`, `kind` filter."""
        where, values = _filter(query)
        limit, after = int(query.get("documents", SHOWN)), int(query.get("after", 0))
        sequences = self.store.rows(
            f"SELECT cuit, point, kind, MAX(number_to) AS last, COUNT(*) AS count FROM document{where} "
            "GROUP BY cuit, point, kind ORDER BY cuit, point, kind", *values)
        documents = self.store.rows(f"SELECT * FROM document{where} ORDER BY cuit, point, kind, number "
                                    "LIMIT ? OFFSET ?", *values, limit, after)
        logins = self.store.row("SELECT COUNT(*) AS count FROM login")
        return {"config": self.config.as_json(), "sequences": [_sequence(row) for row in sequences],
                "documents_total": sum(row["count"] for row in sequences),
                "documents": [_document(row) for row in documents], "tickets": logins["count"] if logins else 0,
                "calls": dict(self.wsfe.calls), "errors": dict(self.wsfe.errors),
                "taxpayers": self.register.listed()}


def _filter(query: Mapping[str, str]) -> tuple[str, list[str]]:
    names = [name for name in ("cuit", "point", "kind") if query.get(name)]
    if not names:
        return "", []
    return " WHERE " + " AND ".join(f"{name} = ?" for name in names), [query[name] for name in names]


def _sequence(row: Any) -> dict[str, Any]:
    return {"cuit": row["cuit"], "point_of_sale": row["point"], "type": row["kind"], "last": row["last"],
            "count": row["count"]}


def _document(row: Any) -> dict[str, Any]:
    return {"cuit": row["cuit"], "point_of_sale": row["point"], "type": row["kind"], "number": row["number"],
            "number_to": row["number_to"], "date": row["date"], "total": row["total"], "doc_type": row["doc_kind"],
            "doc_number": row["doc_number"], "cae": row["cae"], "cae_expires": row["expires"],
            "processed": row["processed"], "observations": row["observations"]}


def spares(fault: str, environ: Mapping[str, Any]) -> bool:
    """WSAA has its own lost answers: a general one would lock the client out for the whole window."""
    return fault in {"lost_answer", "garbage"} and environ["PATH_INFO"] == WSAA


def error_page(environ: Mapping[str, Any], body: bytes) -> tuple[str, str]:
    """A 500 as .NET writes it: half of them a page, half of them a SOAP fault."""
    if len(body) % 2 or environ["PATH_INFO"] != WSFE:
        from core.simulators.frame import HTML_ERROR

        return "text/html; charset=utf-8", HTML_ERROR
    is_12 = soap.wants_12(environ)  # type: ignore[arg-type]
    message = "Server was unable to process request. ---> Timeout expired."
    return f"{'application/soap+xml' if is_12 else 'text/xml'}; charset=utf-8", writing.fault("Server", message, is_12)
