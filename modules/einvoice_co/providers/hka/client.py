"""The Factory HKA's services over SOAP: WSDL from the package, calls over core.http, three outcomes (reference 2).

zeep writes the message, because WCF drops elements out of order in silence; it never touches the network here.
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from lxml import etree
from zeep import Client as Zeep
from zeep import Settings
from zeep.exceptions import Error as ZeepError
from zeep.helpers import serialize_object
from zeep.transports import Transport

from core import http
from core.errors import Rejected, Unavailable, Unknown
from core.i18n import _
from modules.einvoice_co.catalogs import FOLDER

NAME = "The Factory HKA"
# time-out used in practice
READ_SECONDS = 120.0
ACCEPTED, PENDING = 200, frozenset((201, 202, 203, 204, 208))
REFUSED_BY_DIAN, ISSUED_BEFORE = 99, 114
CONFIGURATION, UNSURE = frozenset((101, 111)), frozenset((103, 161))
_lock = threading.Lock()


class AccessRefused(Rejected):
    """The tokens are not accepted: nothing of this company can be sent until they are mended."""


@dataclass(frozen=True)
class Tokens:
    """A company's access in one environment."""

    company: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class Decision:
    """DocumentResponse: `code` is codigo; `rules` are the DIAN's refusals, `notices` what it only remarks."""

    code: int
    message: str
    cufe: str = ""
    valid: bool = False
    accepted_at: str = ""
    qr: str = ""
    xml: bytes = b""
    messages: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    answer: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Status:
    """DocumentStatusResponse of a document that the provider has."""

    code: int
    message: str
    valid: bool
    cufe: str
    key_text: str
    qr: str
    moment: str
    rules: tuple[str, ...]
    answer: dict[str, Any] = field(default_factory=dict)


@lru_cache(maxsize=2)
def _zeep(file: str) -> Zeep:
    """Built once per process from the package's file."""
    return Zeep(str(FOLDER / "wsdl" / file), transport=Transport(), settings=Settings(strict=True, xml_huge_tree=True))


class Hka:
    """The services at their addresses, with a company's tokens."""

    def __init__(self, address: str, tokens: Tokens, attachments: str = "") -> None:
        self._address, self._tokens, self._attachments = address, tokens, attachments

    def send(self, factura: Mapping[str, Any], adjuntos: str) -> Decision:
        """Enviar. Unknown where it may have been done, AccessRefused where the tokens are not good."""
        found = self._call("Enviar", False, factura=dict(factura), adjuntos=adjuntos)
        code = self._code(found)
        if code in UNSURE:
            raise Unknown(_("%(name)s failed: %(words)s (%(code)s).", name=NAME, words=found.get("mensaje") or "",
                            code=code))
        return Decision(
            code, str(found.get("mensaje") or ""), str(found.get("cufe") or ""), bool(found.get("esValidoDian")),
            str(found.get("fechaAceptacionDIAN") or ""), str(found.get("qr") or ""), _bytes(found.get("xml")),
            _texts(found, "mensajesValidacion"), _texts(found, "reglasValidacionDIAN"),
            _texts(found, "reglasNotificacionDIAN"), _plain(found))

    def status(self, document: str) -> Status | None:
        """EstadoDocumento: the document (prefix and number) as the provider has it; None where it has none."""
        found = self._read("EstadoDocumento", documento=document)
        code = self._code(found)
        if code != ACCEPTED and code not in PENDING and code != REFUSED_BY_DIAN:
            return None
        return Status(code, str(found.get("mensaje") or ""), bool(found.get("esValidoDIAN")),
                      str(found.get("cufe") or ""), str(found.get("cadenaCufe") or ""),
                      str(found.get("cadenaCodigoQR") or ""), str(found.get("fechaDocumento") or ""),
                      _texts(found, "reglasValidacionDIAN"), _plain(found))

    def xml(self, document: str) -> bytes:
        """DescargaXML."""
        return self._file("DescargaXML", document)

    def pdf(self, document: str) -> bytes:
        """DescargaPDF: the provider's own print."""
        return self._file("DescargaPDF", document)

    def folios(self) -> int:
        """FoliosRestantes: how many documents may still be issued."""
        found = self._read("FoliosRestantes")
        self._check(found)
        return int(found.get("foliosRestantes") or 0)

    def mail(self, document: str, email: str, adjuntos: str = "0") -> None:
        """EnvioCorreo: mail the document again."""
        self._check(self._call("EnvioCorreo", True, documento=document, correo=email, adjuntos=adjuntos))

    def container(self, document: str) -> bytes:
        """GenerarContenedor: the AttachedDocument, with the signed document and the DIAN's ApplicationResponse."""
        found = self._read("GenerarContenedor", documento=document)
        self._check(found)
        return _bytes(found.get("contenedorXml"))

    def attach(self, document: str, name: str, content: bytes, emails: list[str], *, kind: str = "1") -> None:
        """CargarAdjuntos: a PDF of ours, after which the platform mails the document; `name` is without ending.

        `kind` is 1 for the print of the document and 2 for an annex. Unknown where it may have been done.
        """
        found = self._call("CargarAdjuntos", False, adjunto={
            "archivo": content, "email": {"string": emails}, "enviar": "1" if emails else "0", "formato": "pdf",
            "nombre": name, "numeroDocumento": document, "tipo": kind})
        if self._code(found) in UNSURE:
            raise Unknown(_("%(name)s failed: %(words)s (%(code)s).", name=NAME, words=found.get("mensaje") or "",
                            code=found["codigo"]))
        self._check(found)

    # --- calling -------------------------------------------------------------------------------------

    def _file(self, operation: str, document: str) -> bytes:
        found = self._read(operation, documento=document)
        self._check(found)
        return _bytes(found.get("documento"))

    def _code(self, found: Mapping[str, Any]) -> int:
        """codigo; raises for tokens that are not accepted."""
        code = int(found.get("codigo") or 0)
        if code in CONFIGURATION:
            raise AccessRefused(_("%(name)s does not accept the tokens: %(words)s", name=NAME,
                                  words=found.get("mensaje") or code), code=str(code), details=_plain(found))
        return code

    def _check(self, found: Mapping[str, Any]) -> None:
        """Raise for everything but 200 of a call that changes nothing that matters."""
        code = self._code(found)
        if code in UNSURE:
            raise Unavailable(_("%(name)s failed: %(words)s (%(code)s).", name=NAME, code=code,
                                words=found.get("mensaje") or ""))
        if code != ACCEPTED:
            words = "; ".join(_texts(found, "mensajesValidacion")) or found.get("mensaje") or code
            raise Rejected(_("%(name)s refused: %(words)s", name=NAME, words=words), code=str(code),
                           details=_plain(found))

    def _read(self, operation: str, **arguments: Any) -> dict[str, Any]:
        """A call that changes nothing: every failure means try again."""
        found = self._call(operation, True, **arguments)
        if int(found.get("codigo") or 0) in UNSURE:
            raise Unavailable(_("%(name)s failed: %(words)s (%(code)s).", name=NAME, code=found["codigo"],
                                words=found.get("mensaje") or ""))
        return found

    def _call(self, operation: str, repeatable: bool, **arguments: Any) -> dict[str, Any]:
        attaching = operation == "CargarAdjuntos"
        soap = _zeep("adjuntos.wsdl" if attaching else "emision.wsdl")
        with _lock:  # zeep's types are made while they are first used
            message = soap.create_message(soap.service, operation, tokenEmpresa=self._tokens.company,
                                          tokenPassword=self._tokens.password, **arguments)
        answer = http.Client(NAME, self._attachments if attaching else self._address, read_seconds=READ_SECONDS).post(
            "", data=etree.tostring(message, xml_declaration=True, encoding="utf-8"), repeatable=repeatable,
            headers={"Content-Type": "text/xml; charset=utf-8",
                     "SOAPAction": f'"http://tempuri.org/IService/{operation}"'})
        try:
            return self._parsed(soap, operation, answer.content)
        except (ZeepError, etree.LxmlError, ValueError, AttributeError, TypeError) as error:
            text = _("%(name)s's answer to %(operation)s cannot be read.", name=NAME, operation=operation)
            raise (Unavailable(text) if repeatable else Unknown(text)) from error

    def _parsed(self, soap: Zeep, operation: str, content: bytes) -> dict[str, Any]:
        parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
        with _lock:
            found = soap.service._binding.get(operation).process_reply(etree.fromstring(content, parser))
        values = serialize_object(found, dict)
        if not isinstance(values, dict) or values.get("codigo") is None:
            raise ValueError(operation)
        return values


def _texts(found: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """An array of texts, which comes nil, with one, or with many."""
    value = found.get(name)
    listed = value.get("string") if isinstance(value, Mapping) else value
    if isinstance(listed, str):
        return (listed,)
    return tuple(str(one) for one in listed or [] if one)


def _bytes(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    try:
        return base64.b64decode(str(value or ""), validate=True)
    except ValueError:
        return b""


def _plain(found: Mapping[str, Any]) -> dict[str, Any]:
    """The answer as JSON, without what is absent and without the files."""
    return {name: value for name, value in found.items() if value is not None and name not in ("xml", "documento")}
