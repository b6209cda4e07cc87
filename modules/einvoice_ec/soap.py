"""SOAP with zeep over core.http: the SRI's WSDLs from the package, one client per thread, failures told apart.

`Unavailable`: it was not done, or may be asked again. `Unknown`: it was sent and no sensible answer came.
"""

from __future__ import annotations

import os
import threading
from typing import Any

import requests
from lxml import etree
from zeep import Client as Zeep
from zeep import Settings
from zeep.exceptions import Error as ZeepError
from zeep.transports import Transport

from core.errors import OutsideError, Rejected, Unavailable, Unknown
from core.http import Client
from core.i18n import _
from modules.einvoice_ec.catalogs import FOLDER

NAME = "SRI"
# file and binding of each service; the third one is rebuilt from the ficha técnica
FILES = {
    "RecepcionComprobantesOffline": (
        "RecepcionComprobantesOffline",
        "{http://ec.gob.sri.ws.recepcion}RecepcionComprobantesOfflineServiceSoapBinding"),
    "AutorizacionComprobantesOffline": (
        "AutorizacionComprobantesOffline",
        "{http://ec.gob.sri.ws.autorizacion}AutorizacionComprobantesOfflineServiceSoapBinding"),
    "ConsultaComprobante": (
        "ConsultaComprobante_reconstruido",
        "{http://ec.gob.sri.ws.consultas}ConsultaComprobanteServiceSoapBinding"),
}
# only reception does something
DOES = "RecepcionComprobantesOffline"
_local = threading.local()


class SriTransport(Transport):
    """zeep's transport over core.http; `repeatable`: what it carries may be sent again without harm."""

    def __init__(self, repeatable: bool) -> None:
        super().__init__()
        self.repeatable = repeatable

    def post(self, address: str, message: Any, headers: Any) -> requests.Response:
        """One request; a SOAP fault comes with HTTP 500, which core.http takes as a failure."""
        try:
            answer = Client(NAME, address).post("", data=message, headers=headers, repeatable=self.repeatable)
        except Rejected as refusal:
            # a page of the server in front, not the SRI's word
            raise Unavailable(refusal.message) from refusal
        if b"Envelope" not in answer.content[:1000]:
            raise self.unreadable(_("The SRI answered with something else than SOAP (HTTP %(status)s).",
                                    status=answer.status))
        made = requests.Response()
        made.status_code, made._content, made.encoding = answer.status, answer.content, "utf-8"
        made.headers["Content-Type"] = answer.headers.get("Content-Type", "text/xml")
        return made

    def unreadable(self, text: str) -> OutsideError:
        """An answer that says nothing."""
        return Unavailable(text) if self.repeatable else Unknown(text)


def call(base: str, service: str, operation: str, **arguments: Any) -> Any:
    """Call an operation of a service below this address."""
    made, transport = _service(base, service)
    try:
        return getattr(made, operation)(**arguments)
    except (ZeepError, etree.LxmlError, ValueError) as error:
        raise transport.unreadable(_("The SRI's answer to %(operation)s cannot be read.",
                                     operation=operation)) from error


def _service(base: str, service: str) -> tuple[Any, SriTransport]:
    """Built once per process, thread and address."""
    if getattr(_local, "pid", None) != os.getpid():  # a forked worker builds its own
        _local.cache, _local.pid = {}, os.getpid()
    cache: dict[Any, Any] = _local.cache
    if service not in cache:
        file, _binding = FILES[service]
        transport = SriTransport(repeatable=service != DOES)
        cache[service] = Zeep(str(FOLDER / "wsdl" / f"{file}.wsdl"), transport=transport,
                              settings=Settings(strict=True, xml_huge_tree=True)), transport
    client, transport = cache[service]
    key = (base, service)
    if key not in cache:
        cache[key] = client.create_service(FILES[service][1], f"{base}/{service}")
    return cache[key], transport
