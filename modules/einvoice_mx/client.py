"""The PAC Facturación Moderna: stamp, cancel, ask. No session: credentials go with every call.

Every call ends as a result, `Rejected` (its code and words), `Unavailable` (nothing was done) or `Unknown`.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from core.errors import Rejected, Unavailable, Unknown
from core.i18n import _
from modules.einvoice_mx import cadena, schema, soap
from modules.einvoice_mx.qr import UUID
from modules.einvoice_mx.schema import TFD
from modules.einvoice_mx.soap import Fault, SoapClient

NAME = "Facturación Moderna"
READ_SECONDS = 60.0
# a code stands in faultcode or at the beginning of faultstring
_CODE = re.compile(r"(CFDI4\d{4}|CRP2\d{4}|FM\d{3}|\b(?:30[0-8]|40[1-3]|20[1-8])\b)")
PREVIOUS = "307"
# said of a document whose cancelling was asked for before: no error, the SAT knows more
ALREADY = re.compile(r"solicitud de cancelaci[oó]n previa|UUID en cola", re.IGNORECASE)


@dataclass(frozen=True)
class Timbre:
    """A stamped document: its bytes as the PAC gave them, and its TimbreFiscalDigital."""

    xml: bytes
    uuid: str
    stamped_at: str
    pac_rfc: str
    sat_certificate: str
    sat_seal: str
    cadena: str


class Stamped(Rejected):
    """307: it was stamped before, and its XML does not come along (yet)."""


@dataclass(frozen=True)
class Pac:
    """One account at the PAC, for one issuer."""

    address: str
    user: str
    rfc: str
    password: str = field(repr=False, default="")

    def stamp(self, xml: bytes) -> Timbre:
        """The timbre of a sealed document. The same bytes may be sent again: the PAC knows them by their seal.

        Stamped where it says so without the XML; Unknown where what came back is not this document stamped.
        """
        try:
            found = self._call("requestTimbrarCFDI", {
                "text2CFDI": base64.b64encode(xml).decode(), "generarCBB": "false", "generarTXT": "false",
                "generarPDF": "false"})
        except Rejected as refusal:
            if refusal.code != PREVIOUS:
                raise
            kept = (refusal.details or {}).get("xml", "")
            if not kept:
                raise Stamped(refusal.message, code=PREVIOUS) from None
            found = {"xml": kept}
        return self._timbre(xml, found.get("xml", ""))

    def cancel(self, uuid: str, motive: str, substitute: str = "") -> tuple[str, str]:
        """(code, words) of a request that was received; nothing is cancelled yet. ("", words) where it was before."""
        values = {"uuid": uuid, "Motivo": motive} | ({"FolioSustitucion": substitute} if motive == "01" else {})
        try:
            found = self._call("requestCancelarCFDI", values)
        except Rejected as refusal:
            if ALREADY.search(refusal.message):
                return "", refusal.message
            raise
        return found.get("Code", ""), found.get("Message", "")

    def status(self, receiver: str, total: str, uuid: str) -> dict[str, str]:
        """consultarEstatusCFDI: http_code, estado, esCancelable, estatusCancelacion."""
        return self._call("consultarEstatusCFDI", {"receptorRFC": receiver, "total": total, "UUID": uuid}, again=True)

    def activate(self, cer: bytes, key: bytes, password: str) -> str:
        """Upload the CSD, with which the PAC signs cancellations; what it said."""
        found = self._call("activarCancelacion", {
            "archivoKey": base64.b64encode(key).decode(), "archivoCer": base64.b64encode(cer).decode(),
            "clave": password}, again=True)
        return found.get("mensaje", "")

    def check(self) -> None:
        """Prove address and account by a question about a document that there is not; Rejected where they are wrong."""
        self.status("XAXX010101000", "0.00", "00000000-0000-4000-8000-000000000000")

    def _call(self, operation: str, values: dict[str, str], again: bool = False) -> dict[str, str]:
        whole = {"UserPass": self.password, "UserID": self.user, "emisorRFC": self.rfc, **values}
        client = SoapClient(NAME, self.address, read_seconds=READ_SECONDS)
        answer = client.post("", data=soap.request(operation, whole, self.address), repeatable=again, headers={
            "Content-Type": "text/xml; charset=utf-8", "SOAPAction": operation})
        found = soap.read(answer.content)
        if isinstance(found, Fault):
            raise Rejected(_words(found), code=_code(found), details=dict(found.detail))
        if not found:
            raise (Unavailable if again else Unknown)(soap.unreadable(NAME))
        return found

    def _timbre(self, sent: bytes, text: str) -> Timbre:
        """Everything of ours must have come back as it was (reference: Mexico, 5)."""
        try:
            xml = base64.b64decode(text, validate=True)
            return read_timbre(sent, xml)
        except (ValueError, binascii.Error) as error:
            raise Unknown(_("%(name)s stamped this, and its answer is not the document: %(reason)s", name=NAME,
                            reason=str(error) or soap.unreadable(NAME))) from None


def read_timbre(sent: bytes, xml: bytes) -> Timbre:
    """The timbre of a stamped document, proved to be of the one that was sent. ValueError where it is not."""
    ours, theirs = schema.parse(sent), schema.parse(xml)
    found = theirs.findall(f".//{{{TFD}}}TimbreFiscalDigital")
    if len(found) != 1:
        raise ValueError(_("it carries %(count)s timbres", count=len(found)))
    timbre = found[0]
    if timbre.get("SelloCFD") != ours.get("Sello") or theirs.get("Sello") != ours.get("Sello"):
        raise ValueError(_("it carries another seal"))
    if cadena.original(theirs) != cadena.original(ours):
        raise ValueError(_("it was changed"))
    uuid = str(timbre.get("UUID") or "")
    if not re.fullmatch(UUID, uuid):
        raise ValueError(_("it has no UUID"))
    return Timbre(xml, uuid.upper(), _attribute(timbre, "FechaTimbrado"), _attribute(timbre, "RfcProvCertif"),
                  _attribute(timbre, "NoCertificadoSAT"), _attribute(timbre, "SelloSAT"), cadena.of_timbre(timbre))


def _attribute(node: etree._Element, name: str) -> str:
    return str(node.get(name) or "")


def _code(fault: Fault) -> str:
    found = _CODE.search(fault.code) or _CODE.search(fault.text)
    return found.group(0) if found else fault.code


def _words(fault: Fault) -> str:
    """Without the code in front."""
    return re.sub(rf"^{re.escape(_code(fault))}\s*[:\-]\s*", "", fault.text) or fault.code


def as_json(timbre: Timbre) -> dict[str, Any]:
    """What is kept of a timbre beside the file, for printing."""
    return {"uuid": timbre.uuid, "FechaTimbrado": timbre.stamped_at, "RfcProvCertif": timbre.pac_rfc,
            "NoCertificadoSAT": timbre.sat_certificate, "SelloSAT": timbre.sat_seal, "cadena": timbre.cadena}
