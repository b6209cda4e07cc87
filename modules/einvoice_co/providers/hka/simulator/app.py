"""The simulator as a WSGI app: both services, companies set up under `_sim`, and what became of each document."""

from __future__ import annotations

import base64
import hashlib
import random
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from werkzeug.wrappers import Request, Response

from core.i18n import _, lazy
from core.simulators import Box
from core.simulators.frame import BadRequest, StartResponse, as_json, json_body
from core.simulators.kept import Kept
from core.simulators.settings import Configured
from modules.einvoice_co.providers.hka.simulator import reading, rules, sealing, writing
from modules.einvoice_co.providers.settings import Config

EMISSION, ATTACHMENTS = "/ws/v1.0/Service.svc", "/ws/adjuntos/Service.svc"
FILES = {EMISSION: "emision.wsdl", ATTACHMENTS: "adjuntos.wsdl"}
TOKEN = re.compile("[0-9a-z]{40}")
# the technical key that the DIAN gives everybody for tests, and a PIN for notes
TEST_KEY, TEST_PIN = "fc8eac422eba16e22ffd8c6f94b3f40a6e38162c", "75315"
TITLES = {"01": "Factura de Venta", "91": "Nota Crédito", "92": "Nota Débito"}
SHOWN = 1000
OWN: dict[str, Any] = {
    "pending_201": lazy("The document goes to the DIAN later: 201 until it was asked about so often (asks, 2)"),
    "reject_99": lazy("The DIAN refuses (rules: a list of texts)"),
    "error_103": lazy("Error 103 of the provider (done: true or false; by default either)"),
    "rule_90": lazy("The DIAN has the document already, the provider answers 99 with rule 90"),
    "foreign_document": lazy("Another program has issued this number to somebody else"),
    "no_folios": lazy("There are no folios left"),
    "token_refused": lazy("The tokens are suddenly not known"),
}
PDF = (b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
       b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n")


class FactoryHka(Configured[Config]):
    """Emission and attachments, with one state."""

    def __init__(self, box: Box) -> None:
        self.kept, self.faults = Kept(box.folder, "hka"), box.faults
        super().__init__(self.kept, Config)
        self.calls: dict[str, int] = {}
        self._operations: dict[str, Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]]] = {
            "Enviar": self._send, "EstadoDocumento": self._status, "DescargaXML": self._xml, "DescargaPDF": self._pdf,
            "EnvioCorreo": self._mail, "FoliosRestantes": self._folios, "GenerarContenedor": self._container,
            "CargarCertificado": lambda company, given: _said(200, "El certificado se cargó correctamente"),
            "CargarAdjuntos": self._attach}

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        return self._respond(Request(environ))(environ, start_response)

    def _respond(self, request: Request) -> Response:
        if request.path.startswith("/_sim/"):
            return self._set_up(request)
        if request.path not in FILES:
            return Response("Not Found", 404)
        if request.method == "GET":
            return self._wsdl(request)
        if not str(request.content_type or "").startswith("text/xml"):
            return Response("", 415)
        return self._operate(request)

    def _wsdl(self, request: Request) -> Response:
        text = (reading.WSDL / FILES[request.path]).read_text(encoding="utf-8")
        address = f"{request.scheme}://{request.host}{request.root_path}{request.path}"
        return Response(re.sub(r'location="[^"]*"', f'location="{address}"', text), content_type="text/xml")

    def _operate(self, request: Request) -> Response:
        try:
            element = reading.body(request.get_data())
        except reading.NotSoap:
            return Response("", 400)
        action = request.headers.get("SOAPAction", "").strip('"')
        name = action.rpartition("/")[2]
        known = writing.MEMBERS.keys() if request.path == EMISSION else {"CargarAdjuntos"}
        if not action.startswith(f"{reading.TEMPURI}IService/") or name not in known:
            return writing.fault("ActionNotSupported", f"The message with Action '{action}' cannot be processed.")
        if element.tag != f"{{{reading.TEMPURI}}}{name}":
            return writing.fault("DeserializationFailed", f"The element '{element.tag}' was not expected.")
        given = reading.arguments(FILES[request.path], element)
        self.calls[name] = self.calls.get(name, 0) + 1
        with self.kept.writing():
            company = self._company(given)
            values = company if "codigo" in company else self._operations[name](company, given)
        return writing.answer(name, {"fechaRespuesta": self._moment(), "resultado": "Error", "esValidoDian": False,
                                     **values})

    def _moment(self) -> str:
        return f"{self.config.now():%Y-%m-%d %H:%M:%S}"

    def _company(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The company of the tokens, else the answer 111 or 101."""
        tokens = [str(given.get(name) or "") for name in ("tokenEmpresa", "tokenPassword")]
        if not all(TOKEN.fullmatch(one) for one in tokens):
            return _said(111, "El token no tiene el largo o los caracteres válidos")
        found = self.kept.get("company", "", tokens[0])
        if found is None or found["tokenPassword"] != tokens[1] or self.faults.strikes("token_refused"):
            return _said(101, "El Token del Emisor es inválido")
        return dict(found)

    # --- emission ------------------------------------------------------------------------------------

    def _send(self, company: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
        invoice = given.get("factura")
        if not isinstance(invoice, dict):
            return _said(112, "Error al interpretar el documento")
        missing = rules.own(invoice, str(given.get("adjuntos") or "0"))
        numbering = next((one for one in company["ranges"] if invoice.get("rangoNumeracion") == _range(one)), None)
        if not missing and numbering is None:
            missing = [f"El rango de numeración {invoice['rangoNumeracion']} no está registrado"]
        elif not missing and numbering and not _of_range(invoice, numbering):
            missing = ["El campo consecutivoDocumento no corresponde al prefijo del rangoNumeracion"]
        if missing or numbering is None:
            return {**_said(109, "El documento no superó las validaciones"), "mensajesValidacion": missing}
        if company["folios"] <= 0 or self.faults.strikes("no_folios"):
            return {**_said(109, "El documento no superó las validaciones"),
                    "mensajesValidacion": ["El emisor no tiene folios disponibles"]}
        return self._decide(company, numbering, invoice, str(given.get("adjuntos") or "0"))

    def _decide(self, company: dict[str, Any], numbering: Mapping[str, Any], invoice: dict[str, Any],
                adjuntos: str) -> dict[str, Any]:
        """The provider's copy of the rules, then the DIAN."""
        owner, number = company["nit"], invoice["consecutivoDocumento"]
        if self.faults.strikes("foreign_document") and self.kept.get("document", owner, number) is None:
            self._keep(company, numbering, _of_another(invoice), adjuntos)
        if self.kept.get("document", owner, number) is not None:
            return _said(114, "Documento emitido previamente")
        if local := rules.local(invoice):
            return {**_said(110, "El documento no superó las reglas de validación"), "mensajesValidacion": local}
        if scripted := self._scripted(company, numbering, invoice, adjuntos):
            return scripted
        fault = self.faults.strikes("reject_99")
        refused = rules.dian(invoice, numbering)
        if fault is not None:
            said = fault.options.get("rules")
            refused = [said] if isinstance(said, str) else said or [
                "Regla: FAD06, Rechazo: Valor del CUFE no está calculado correctamente"]
        if refused:
            return {**_said(99, "Documento rechazado por la DIAN"), "reglasValidacionDIAN": refused}
        return self._accepted(company, self._keep(company, numbering, invoice, adjuntos))

    def _scripted(self, company: dict[str, Any], numbering: Mapping[str, Any], invoice: dict[str, Any],
                  adjuntos: str) -> dict[str, Any] | None:
        """Faults on purpose after which the document may be there or not."""
        if self.faults.strikes("rule_90"):
            self._keep(company, numbering, invoice, adjuntos)
            return {**_said(99, "Documento rechazado por la DIAN"),
                    "reglasValidacionDIAN": ["Regla: 90, Rechazo: Documento procesado anteriormente."]}
        if (fault := self.faults.strikes("error_103")) is not None:
            done = fault.options.get("done")
            if random.random() < 0.5 if done is None else done:
                self._keep(company, numbering, invoice, adjuntos)
            return _said(103, "Error de procesamiento no controlado")
        if (fault := self.faults.strikes("pending_201")) is not None:
            self._keep(company, numbering, invoice, adjuntos, int(fault.options.get("asks") or 2))
            return {**_said(201, "Documento recibido, se enviará más tarde a la DIAN (Asíncrono)."),
                    "resultado": "Procesado", "consecutivoDocumento": invoice["consecutivoDocumento"]}
        return None

    def _keep(self, company: dict[str, Any], numbering: Mapping[str, Any], invoice: dict[str, Any], adjuntos: str,
              asks: int = 0) -> dict[str, Any]:
        """The document as it is kept; a folio is spent."""
        nit, environment = company["nit"], company["environment"]
        secret = numbering["technical_key"] if invoice["tipoDocumento"] == "01" else company["pin"]
        text = sealing.key_text(invoice, nit, secret, environment)
        cufe = sealing.key(text)
        made = {"number": invoice["consecutivoDocumento"], "kind": invoice["tipoDocumento"], "cufe": cufe,
                "key_text": text, "moment": invoice["fechaEmision"], "total": invoice["totalMonto"],
                "customer": invoice["cliente"]["numeroDocumento"], "qr": sealing.qr(invoice, nit, cufe, environment),
                "xml": sealing.ubl(invoice, nit, cufe, environment), "asks": asks, "accepted_at": self._moment(),
                "adjuntos": adjuntos, "attached": [], "nit": nit,
                "mails": [{"what": "Enviar", "to": _receivers(invoice)}] if adjuntos in ("0", "10") and invoice[
                    "cliente"].get("notificar") == "SI" else []}
        self.kept.put("document", nit, made["number"], made)
        self.kept.put("company", "", company["tokenEmpresa"], {**company, "folios": company["folios"] - 1})
        return made

    def _accepted(self, company: Mapping[str, Any], document: Mapping[str, Any]) -> dict[str, Any]:
        return {**_said(200, "El documento se envió correctamente (Síncrono)."), "resultado": "Procesado",
                "consecutivoDocumento": document["number"], "cufe": document["cufe"], "esValidoDian": True,
                "fechaAceptacionDIAN": document["accepted_at"], "hash": _hash(document["xml"]),
                "nombre": f"fv{company['nit']:0>10}{document['number'][-8:]:0>8}.xml", "qr": document["qr"],
                "reglasNotificacionDIAN": company.get("notifications") or [],
                "tipoCufe": "CUFE-SHA384" if document["kind"] == "01" else "CUDE-SHA384",
                "xml": _b64(document["xml"].encode())}

    # --- afterwards ----------------------------------------------------------------------------------

    def _status(self, company: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
        document = self.kept.get("document", company["nit"], str(given.get("documento") or ""))
        if document is None:
            return _said(109, "El documento no existe")
        known = {"ambiente": company["environment"], "consecutivo": document["number"], "resultado": "Procesado",
                 "fechaDocumento": document["moment"], "tipoDocumento": document["kind"],
                 "descripcionDocumento": TITLES[document["kind"]], "poseeRepresentacionGrafica": True,
                 "poseeAdjuntos": bool(document.get("attached"))}
        if document["asks"] > 0:
            self.kept.put("document", company["nit"], document["number"], {**document, "asks": document["asks"] - 1})
            return {**known, **_said(201, "El documento está en proceso"), "resultado": "Procesado",
                    "estatusDocumento": 201, "esValidoDIAN": False}
        return {**known, **_said(200, "Se retornan datos del documento."), "resultado": "Procesado",
                "cadenaCodigoQR": document["qr"], "cadenaCufe": document["key_text"], "cufe": document["cufe"],
                "descripcionEstatusDocumento": "Procesado Correctamente.", "esValidoDIAN": True,
                "estatusDocumento": 200, "mensajeDocumento": "El documento se envió correctamente.",
                "tipoCufe": "CUFE-SHA384" if document["kind"] == "01" else "CUDE-SHA384",
                "trackID": document["cufe"][:36]}

    def _xml(self, company: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
        return self._file(company, given, lambda document: document["xml"].encode())

    def _pdf(self, company: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
        return self._file(company, given, lambda document: PDF)

    def _file(self, company: dict[str, Any], given: dict[str, Any],
              content: Callable[[dict[str, Any]], bytes]) -> dict[str, Any]:
        document = self.kept.get("document", company["nit"], str(given.get("documento") or ""))
        if document is None or document["asks"] > 0:
            return _said(109, "El documento no existe")
        return {**_said(200, "Se retorna el documento"), "resultado": "Procesado", "cufe": document["cufe"],
                "documento": _b64(content(document)), "hash": _hash(document["xml"]), "nombre": document["number"],
                "tipoCufe": "CUFE-SHA384" if document["kind"] == "01" else "CUDE-SHA384"}

    def _container(self, company: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
        found = self._xml(company, given)
        if found["codigo"] != 200:
            return found
        document = self.kept.get("document", company["nit"], str(given["documento"]))
        inside = sealing.container(document, base64.b64decode(found["documento"]).decode())
        return {**_said(200, ""), "resultado": "Procesado", "contenedorXml": _b64(inside.encode()),
                "fecha": self._moment(), "hash": _hash(inside)}

    def _mail(self, company: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
        return self._sent(company, str(given.get("documento") or ""), [str(given.get("correo") or "")], "EnvioCorreo")

    def _attach(self, company: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
        attached = given.get("adjunto") or {}
        missing = [f"El campo {name} es obligatorio" for name in ("archivo", "formato", "nombre", "numeroDocumento")
                   if not attached.get(name)]
        document = self.kept.get("document", company["nit"], str(attached.get("numeroDocumento") or ""))
        missing += [f"El campo {name} no es válido" for name, known in (("enviar", ("0", "1")), ("tipo", ("1", "2")))
                    if str(attached.get(name)) not in known]
        if not missing and (document is None or document["adjuntos"] not in ("1", "11")):
            missing = ["El documento no existe o no admite adjuntos"]
        if missing:
            return {**_said(109, "El adjunto no superó las validaciones"), "mensajesValidacion": missing}
        number, emails = attached["numeroDocumento"], attached.get("email") or []
        self.kept.put("document", company["nit"], number, {**(document or {}), "attached": [
            *(document or {}).get("attached", []), f"{attached['nombre']}.{attached['formato']} ({attached['tipo']})"]})
        if attached["enviar"] == "0":
            return {**_said(200, "Procesado"), "resultado": "Procesado"}
        return self._sent(company, number, emails, attached["nombre"])

    def _sent(self, company: dict[str, Any], number: str, emails: list[str], what: str) -> dict[str, Any]:
        document = self.kept.get("document", company["nit"], number)
        if document is None:
            return _said(109, "El documento no existe")
        mails = [*document["mails"], {"what": what, "to": [one for one in emails if one]}]
        self.kept.put("document", company["nit"], number, {**document, "mails": mails})
        return {**_said(200, "Procesado"), "resultado": "Procesado", "documento": number,
                "correo": ";".join(one for one in emails if one)}

    def _folios(self, company: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
        return {**_said(200, ""), "resultado": "Procesado", "foliosRestantes": company["folios"]}

    # --- setting up ----------------------------------------------------------------------------------

    def _set_up(self, request: Request) -> Response:
        ways = {"/_sim/company": self.enrol, "/_sim/config": lambda given: self.configure(given).as_json()}
        if request.method != "POST" or request.path not in ways:
            return as_json({"error": request.path}, 404)
        try:
            return as_json(ways[request.path](json_body(request)))
        except BadRequest as error:
            return as_json({"error": str(error)}, 400)

    def enrol(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """A company with its tokens, NIT (without check digit) and ranges; what it had issued stays."""
        tokens = {name: str(given.get(name) or "") for name in ("tokenEmpresa", "tokenPassword")}
        for name, token in tokens.items():
            if not TOKEN.fullmatch(token):
                raise BadRequest(_("To enrol a company, %(name)s must be 40 small letters or digits.", name=name))
        if not str(given.get("nit") or "").isdecimal():
            raise BadRequest(_("To enrol a company, its nit must be digits without the check digit."))
        ranges = [{"prefix": str(one.get("prefix") or ""), "first": int(one.get("first") or 1),
                   "last": one.get("last"), "valid_from": one.get("valid_from"),
                   "valid_until": one.get("valid_until"), "technical_key": one.get("technical_key") or TEST_KEY}
                  for one in given.get("ranges") or []]
        company = {**tokens, "nit": str(given["nit"]), "environment": str(given.get("environment") or "2"),
                   "folios": int(given.get("folios") or 1_000_000), "ranges": ranges,
                   "pin": str(given.get("pin") or TEST_PIN), "notifications": given.get("notifications") or []}
        self.kept.put("company", "", tokens["tokenEmpresa"], company)
        return company

    def state(self, query: Mapping[str, str]) -> dict[str, Any]:
        """Companies and documents (`nit`: of one), the last thousand."""
        documents = self.kept.all("document", query.get("nit"))
        shown = [{name: one[name] for name in ("nit", "number", "kind", "cufe", "moment", "total", "customer", "asks",
                                               "adjuntos", "attached", "mails")} for one in documents[-SHOWN:]]
        companies = [{name: one[name] for name in ("nit", "environment", "folios", "ranges")}
                     for one in self.kept.all("company")]
        return {"companies": companies, "documents_total": len(documents), "documents": shown,
                "calls": dict(self.calls)}

    def reset(self) -> None:
        """Back to the start."""
        self.begin_again()
        self.calls.clear()


def _said(code: int, message: str) -> dict[str, Any]:
    return {"codigo": code, "mensaje": message}


def _range(numbering: Mapping[str, Any]) -> str:
    return f"{numbering['prefix']}-{numbering['first']}"


def _of_range(invoice: Mapping[str, Any], numbering: Mapping[str, Any]) -> bool:
    number = str(invoice["consecutivoDocumento"])
    rest = number.removeprefix(str(numbering["prefix"]))
    return number.startswith(str(numbering["prefix"])) and rest.isdecimal() and not rest.startswith("0")


def _of_another(invoice: dict[str, Any]) -> dict[str, Any]:
    """The same number to somebody else."""
    return {**invoice, "cliente": {**invoice["cliente"], "numeroDocumento": "900000001",
                                   "nombreRazonSocial": "OTRO PROGRAMA SAS"}}


def _receivers(invoice: Mapping[str, Any]) -> list[str]:
    return [email for one in invoice["cliente"].get("destinatario") or [] for email in one.get("email") or []]


def _b64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _hash(text: str) -> str:
    return hashlib.sha384(text.encode()).hexdigest()


def error_page(environ: Mapping[str, Any], body: bytes) -> tuple[str, str]:
    """A 500 as WCF writes it."""
    found = writing.fault("InternalServiceFault", "The server was unable to process the request due to an internal "
                          "error.")
    return "text/xml; charset=utf-8", found.get_data(as_text=True)
