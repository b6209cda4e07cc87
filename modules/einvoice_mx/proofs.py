"""What the law wants on every printed CFDI (Anexo 20, printed representation), read out of its own XML. Pure.

Its words are fixed by the SAT and not translated.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from lxml import etree

from modules.accounting.print_data import Fact, Note
from modules.accounting.words import in_words
from modules.einvoice_mx import cadena, catalogs, qr, schema
from modules.einvoice_mx.schema import CFDI, TFD

KINDS = {"I": "I Ingreso", "E": "E Egreso", "P": "P Pago"}
VOID, CANCELLED = "DOCUMENTO SIN VALIDEZ FISCAL", "CANCELADO"
# signs of a seal on one line
WIDTH = 90


def timbre_of(stamped: bytes) -> dict[str, str]:
    """What is printed of the timbre of a stamped document; {} where it has none."""
    node = schema.parse(stamped).find(f".//{{{TFD}}}TimbreFiscalDigital")
    if node is None:
        return {}
    return {str(key): str(value) for key, value in node.attrib.items()} | {"cadena": cadena.of_timbre(node)}


def attributes(root: etree._Element, name: str) -> dict[str, str]:
    """The attributes of a child of the Comprobante; {} where there is none."""
    node = root.find(f"{{{CFDI}}}{name}")
    return {} if node is None else {str(key): str(value) for key, value in node.attrib.items()}


def named(known: Any, code: str) -> str:
    """Code and name, as a catalogue has it: of entries with a name, or of plain texts."""
    found = known.get(code)
    return f"{code} {getattr(found, 'name', found)}" if found else code


def number(root: etree._Element) -> str:
    """Serie and Folio."""
    return f"{root.get('Serie') or ''} {root.get('Folio') or ''}".strip()


def issuer(root: etree._Element) -> list[Fact]:
    """Who issues, and where."""
    found = attributes(root, "Emisor")
    return [Fact("RFC:", found.get("Rfc", "")), Fact("", found.get("Nombre", "")),
            Fact("Régimen fiscal:", named(catalogs.regimes(), found.get("RegimenFiscal", ""))),
            Fact("Lugar de expedición:", str(root.get("LugarExpedicion")))]


def receiver(root: etree._Element) -> list[Fact]:
    """Who receives."""
    found = attributes(root, "Receptor")
    return [Fact("RFC:", found.get("Rfc", "")), Fact("", found.get("Nombre", "")),
            Fact("Domicilio fiscal (CP):", found.get("DomicilioFiscalReceptor", "")),
            Fact("Régimen fiscal:", named(catalogs.regimes(), found.get("RegimenFiscalReceptor", ""))),
            Fact("Uso del CFDI:", named(catalogs.uses(), found.get("UsoCFDI", "")))]


def legal_title(root: etree._Element) -> str:
    return f"CFDI 4.0 · {KINDS[str(root.get('TipoDeComprobante'))]}"


def legal(uuid: str, timbre: Mapping[str, Any]) -> list[Fact]:
    """The folio and who certified it when."""
    return [Fact("Folio fiscal:", uuid),
            Fact("Certificación:", str(timbre.get("FechaTimbrado", "")).replace("T", " ")),
            Fact("PAC:", str(timbre.get("RfcProvCertif", "")))]


def seals(root: etree._Element, timbre: Mapping[str, Any]) -> list[Note]:
    """Certificates, seals, and the timbre's cadena original."""
    return [
        Note(f"Emisor: {root.get('NoCertificado')} · SAT: {timbre.get('NoCertificadoSAT', '')}", "No. de certificado"),
        Note(wrapped(str(root.get("Sello"))), "Sello digital del CFDI"),
        Note(wrapped(str(timbre.get("SelloSAT", ""))), "Sello digital del SAT"),
        Note(wrapped(str(timbre.get("cadena", ""))),
             "Cadena original del complemento de certificación digital del SAT")]


def relations(root: etree._Element) -> list[Note]:
    """What this document refers to."""
    return [Note(", ".join(str(one.get("UUID")) for one in group),
                 f"CFDI relacionados: {named(catalogs.relations(), str(group.get('TipoRelacion')))}")
            for group in root.findall(f"{{{CFDI}}}CfdiRelacionados")]


def qr_text(root: etree._Element, uuid: str) -> str:
    """What the SAT's page of verification is opened with."""
    return qr.url(uuid, attributes(root, "Emisor").get("Rfc", ""), attributes(root, "Receptor").get("Rfc", ""),
                  str(root.get("Total")), str(root.get("Sello")))


def words(amount: Decimal, currency: str) -> Note:
    """The total in words, as Mexico writes it: "trescientos pesos 00/100 M.N."."""
    text = in_words(amount, currency, "es").replace(" con ", " ")
    return Note(f"{text} M.N." if currency == "MXN" else text, "Importe con letra")


def wrapped(text: str) -> str:
    """A text without blanks in lines that fit the sheet."""
    return "\n".join(text[place:place + WIDTH] for place in range(0, len(text), WIDTH))
