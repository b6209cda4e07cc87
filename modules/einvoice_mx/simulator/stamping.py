"""requestTimbrarCFDI: the PAC's checks in their order, the timbre, and what a document gets that comes again."""

from __future__ import annotations

import base64
import binascii
import copy
import datetime as dt
import json
import threading
import uuid
from pathlib import Path
from typing import Any

from lxml import etree

from core import clock
from core.simulators.faults import Faults
from modules.einvoice_mx import cadena, schema, seal
from modules.einvoice_mx.errors import BadCsd
from modules.einvoice_mx.schema import CFDI, TFD, XSI
from modules.einvoice_mx.seal import Csd
from modules.einvoice_mx.simulator import rules
from modules.einvoice_mx.simulator.faults import Refused
from modules.einvoice_mx.simulator.pictures import pdf_of, png_of
from modules.einvoice_mx.simulator.register import Register
from modules.einvoice_mx.simulator.settings import SAME, WITH_XML, Config
from modules.einvoice_mx.simulator.store import Store

PAC_RFC = "SPR190613I52"
LOCATION = "http://www.sat.gob.mx/sitio_internet/cfd/TimbreFiscalDigital/TimbreFiscalDigitalv11.xsd"
OLDEST, SKEW = dt.timedelta(hours=72), dt.timedelta(minutes=5)
CSD_FOLDER = Path(__file__).parent / "csd"
# published by the SAT with its test certificates
_PASSWORD = "12345678a"
TRUE = frozenset({"true", "1"})


class Stamping:
    """Stamps what passes."""

    def __init__(self, store: Store, register: Register, faults: Faults) -> None:
        self.store, self.register, self.faults = store, register, faults
        self._guard = threading.Lock()
        self._pac: Csd | None = None

    def stamp(self, given: dict[str, str], config: Config) -> dict[str, str]:
        """The answer's struct; Refused with the first code that applies."""
        rfc, data = given.get("emisorRFC", ""), _decoded(given.get("text2CFDI", ""))
        document = _well_formed(data)
        issuer = _party(document, "Emisor")
        if issuer["Rfc"] != rfc:
            raise Refused("FM507", "El RFC emisor de la petición no corresponde con el RFC del comprobante.")
        _check_seal(document, issuer["Rfc"], config)
        _check_date(document, config)
        self._check_rules(document, config)
        known = self.store.by_seal(str(document.get("Sello")))
        if known is not None:
            return self._again(known, given, config)
        strike = self.faults.strikes("refuse")
        if strike is not None:
            code = str(strike.options.get("code", "CFDI40145"))
            raise Refused(code, rules.words(code))
        return self._answer(self._stamped(document, config), given)

    def _check_rules(self, document: etree._Element, config: Config) -> None:
        for code in rules.broken(document):
            raise Refused(code, rules.words(code))
        issuer, receiver = _party(document, "Emisor"), _party(document, "Receptor")
        for code, text in sorted(self.register.refusals(issuer, receiver, config)):
            raise Refused(code, text)

    # --- the same document again -----------------------------------------------------------------------

    def _again(self, known: Any, given: dict[str, str], config: Config) -> dict[str, str]:
        self.store.change(known["uuid"], sent=known["sent"] + 1)
        fresh = config.now().timestamp() - known["stamped_at"] < config.again_seconds
        if config.again == SAME or (config.again not in (SAME, WITH_XML) and not fresh):
            return self._answer(known["xml"], given)
        found = base64.b64encode(known["xml"]).decode() if config.again == WITH_XML else ""
        raise Refused("307", "El CFDI contiene un timbre previo.", found)

    # --- the timbre ------------------------------------------------------------------------------------

    def _stamped(self, document: etree._Element, config: Config) -> bytes:
        with self._guard:
            known = self.store.by_seal(str(document.get("Sello")))
            if known is not None:  # two at once
                return bytes(known["xml"])
            used = int(self.store.meta("stamps_used") or 0)
            if used >= config.stamps:
                raise Refused("FM503", "La cuenta no cuenta con timbres disponibles.")
            made = copy.deepcopy(document)
            timbre = self._timbre(str(document.get("Sello")), config)
            _complement(made).append(timbre)
            xml = schema.text(made).encode()
            self.store.add({
                "uuid": timbre.get("UUID"), "sello": document.get("Sello"), "rfc": _party(document, "Emisor")["Rfc"],
                "receiver": _party(document, "Receptor")["Rfc"], "total": document.get("Total"),
                "kind": document.get("TipoDeComprobante"), "serie": document.get("Serie") or "",
                "folio": document.get("Folio") or "", "related": json.dumps(_related(document)),
                "stamped_at": config.now().timestamp(), "xml": xml})
            self.store.set_meta("stamps_used", used + 1)
            return xml

    def _timbre(self, sello: str, config: Config) -> etree._Element:
        node = etree.Element(f"{{{TFD}}}TimbreFiscalDigital", nsmap={"tfd": TFD, "xsi": XSI})
        node.set(f"{{{XSI}}}schemaLocation", f"{TFD} {LOCATION}")
        if self.faults.strikes("other_seal") is not None:
            sello = base64.b64encode(bytes(reversed(base64.b64decode(sello)))).decode()
        for name, value in (("Version", "1.1"), ("UUID", str(uuid.uuid4()).upper()),
                            ("FechaTimbrado", config.now().strftime("%Y-%m-%dT%H:%M:%S")), ("RfcProvCertif", PAC_RFC),
                            ("SelloCFD", sello), ("NoCertificadoSAT", self._csd().number)):
            node.set(name, value)
        node.set("SelloSAT", self._csd().sign(cadena.of_timbre(node)))
        return node

    def _csd(self) -> Csd:
        if self._pac is None:
            cer, key = ((CSD_FOLDER / f"JES900109Q90_{end}.pem").read_bytes() for end in ("cer", "key"))
            self._pac = seal.read_pair(cer, key, _PASSWORD)
        return self._pac

    def _answer(self, xml: bytes, given: dict[str, str]) -> dict[str, str]:
        """The struct: XML always, PDF or picture of the QR, and the timbre as text, where they were asked for."""
        document = schema.parse(xml)
        if self.faults.strikes("without_timbre") is not None:
            for node in document.findall(f".//{{{TFD}}}TimbreFiscalDigital"):
                node.getparent().remove(node)  # type: ignore[union-attr]
            xml = schema.text(document).encode()
        if self.faults.strikes("xml_cut") is not None:
            xml = xml[:len(xml) * 2 // 3]
        text = base64.b64encode(xml).decode()
        found = {"xml": "*" + text[1:] if self.faults.strikes("base64_broken") is not None else text}
        if given.get("generarCBB", "").lower() in TRUE:
            found["png"] = base64.b64encode(png_of(document)).decode()
        elif given.get("generarPDF", "").lower() in TRUE:
            found["pdf"] = base64.b64encode(pdf_of(document)).decode()
        if given.get("generarTXT", "").lower() in TRUE:
            timbre = document.find(f".//{{{TFD}}}TimbreFiscalDigital")
            lines = [] if timbre is None else [f"{name}={value}" for name, value in timbre.attrib.items()]
            found["txt"] = base64.b64encode("\n".join(lines).encode()).decode()
        return found


# --- checks --------------------------------------------------------------------------------------------


def _decoded(text: str) -> bytes:
    try:
        data = base64.b64decode("".join(text.split()), validate=True)
    except (ValueError, binascii.Error):
        raise Refused("301", "El parámetro text2CFDI no está codificado en base64.") from None
    if data.lstrip().startswith(b"["):
        raise Refused("301", "Layout no soportado por el simulador: envíe el XML sellado.")
    return data


def _well_formed(data: bytes) -> etree._Element:
    if data.startswith(b"\xef\xbb\xbf"):
        raise Refused("301", "El XML lleva marca de orden de bytes (BOM).")
    try:
        document = schema.parse(data)
    except ValueError as error:
        raise Refused("301", f"XML mal formado: {error}") from None
    if document.get("Sello") is None or document.get("Certificado") is None or document.get("NoCertificado") is None:
        raise Refused("301", "El comprobante no está sellado.")
    faults = schema.faults(document)
    if faults:
        raise Refused("301", faults[0])
    if document.find(f".//{{{TFD}}}TimbreFiscalDigital") is not None:
        raise Refused("307", "El CFDI contiene un timbre previo.")
    return document


def _party(document: etree._Element, name: str) -> dict[str, str]:
    node = document.find(f"{{{CFDI}}}{name}")
    return {} if node is None else {str(key): str(value) for key, value in node.attrib.items()}


def _check_seal(document: etree._Element, rfc: str, config: Config) -> None:
    try:
        csd = seal.read_certificate(base64.b64decode(str(document.get("Certificado"))))
    except (BadCsd, ValueError, binascii.Error):
        raise Refused("CFDI40106", rules.words("CFDI40106")) from None
    if csd.number != document.get("NoCertificado") or not csd.number_is_good or csd.rfc != rfc:
        raise Refused("303", rules.words("303"))
    moment = dt.datetime.fromisoformat(str(document.get("Fecha"))).replace(tzinfo=config.now().tzinfo)
    if config.enforce_validity and not csd.valid_from <= moment <= csd.valid_until:
        raise Refused("305", rules.words("305"))
    if csd.is_fiel:
        raise Refused("306", rules.words("306"))
    if not csd.verifies(cadena.original(document), str(document.get("Sello"))):
        raise Refused("302", rules.words("302"))


def _check_date(document: etree._Element, config: Config) -> None:
    """Fecha is of the place of issue, whose zone the PAC takes from its postal code: it may be an hour or two off."""
    moment = dt.datetime.fromisoformat(str(document.get("Fecha")))
    now = (clock.now() + dt.timedelta(seconds=config.offset))
    ahead = now.astimezone(_zone(document)).replace(tzinfo=None)
    if not ahead - OLDEST <= moment <= ahead + SKEW:
        raise Refused("401", "El rango de la fecha de generación no debe de ser mayor a 72 horas para la emisión del "
                             "timbre.")


def _zone(document: etree._Element) -> Any:
    from zoneinfo import ZoneInfo

    from modules.einvoice_mx.findings import MEXICO_CITY, ZONES

    return ZoneInfo(ZONES.get(str(document.get("LugarExpedicion"))[:2], MEXICO_CITY))


def _complement(document: etree._Element) -> etree._Element:
    """cfdi:Complemento, made after Impuestos and before Addenda where it is not there."""
    found = document.find(f"{{{CFDI}}}Complemento")
    if found is not None:
        return found
    made = etree.Element(f"{{{CFDI}}}Complemento")
    addenda = document.find(f"{{{CFDI}}}Addenda")
    if addenda is None:
        document.append(made)
    else:
        addenda.addprevious(made)
    return made


def _related(document: etree._Element) -> list[dict[str, str]]:
    """Which documents this one refers to: relations, and invoices that it pays ("P")."""
    found = [{"relation": str(group.get("TipoRelacion")), "uuid": str(node.get("UUID")).upper()}
             for group in document.findall(f"{{{CFDI}}}CfdiRelacionados") for node in group]
    paid = document.iter("{http://www.sat.gob.mx/Pagos20}DoctoRelacionado")
    return found + [{"relation": "P", "uuid": str(node.get("IdDocumento")).upper()} for node in paid]
