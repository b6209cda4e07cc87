"""Mexico's entry in the port `layouts`: the printed representation of a CFDI (Anexo 20), read out of its own XML."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from lxml import etree

from core.db import among, db
from core.i18n import _
from core.scope import current_company
from modules.accounting.print_data import CountryPart, Fact, Note
from modules.einvoice.models import Document
from modules.einvoice_mx import catalogs, qr, schema
from modules.einvoice_mx.legends import PRINTED
from modules.einvoice_mx.schema import CFDI

NAMES = {"invoice": "Factura", "debit_note": "Nota de cargo", "credit_note": "Nota de crédito"}
KINDS = {"I": "I Ingreso", "E": "E Egreso", "P": "P Pago"}
VOID = "DOCUMENTO SIN VALIDEZ FISCAL"
STAMPED = ("authorized", "cancelling", "cancelled")
# signs of a seal on one line
WIDTH = 90


class MexicanLayout:
    """The legal part of documents issued in Mexico."""

    def parts(self, invoices: Sequence[Any]) -> dict[int, CountryPart]:
        """By invoice id, from one select whatever their number."""
        rows = db.session.scalars(sa.select(Document).where(among(Document.invoice_id, [one.id for one in invoices])))
        documents = {row.invoice_id: row for row in rows}
        return {invoice.id: part(invoice, documents.get(invoice.id)) for invoice in invoices}

    def sample(self, invoice: Any) -> CountryPart:
        """All that the law adds, made up: zeros, and words that say that it is a sample."""
        found = part(invoice, None)
        zeros = "00000000-0000-0000-0000-000000000000"
        found.number, found.valid, found.rehearsal = "A 119", True, True
        found.legal = [Fact("Folio fiscal (UUID):", zeros), Fact("No. de certificado SAT:", "0" * 20)]
        found.legends = [Note(PRINTED)]
        found.seals = [Note(wrapped((_("Sample: not a document.") + " ") * 12), "Sello digital del CFDI")]
        found.qr_text = qr.url(zeros, current_company().tax_id, catalogs.NATIONAL, f"{invoice.total:.2f}", "0" * 8)
        return found


def part(invoice: Any, document: Document | None) -> CountryPart:
    """The country's part of one sheet; only a stamped document has UUID, seals and QR."""
    found = CountryPart(title=NAMES[invoice.kind], valid=False, void_text=VOID, tax_in_prices=False, show_rates=True,
                        tax_names={"VAT": "IVA", "ISR": "ISR", "IEPS": "IEPS"})
    if invoice.legal_state == "not_required":
        found.number, found.valid = invoice.legal_number, True
        return found
    if document is None or document.state not in STAMPED or not document.authorization_code:
        found.number = "Sin folio fiscal: todavía sin timbrar"
        return found
    root = schema.parse(str(document.request["xml"]).encode())
    _stamped(found, root, document)
    return found


def _stamped(found: CountryPart, root: etree._Element, document: Document) -> None:
    timbre = document.response or {}
    issuer, receiver = _node(root, "Emisor"), _node(root, "Receptor")
    found.valid = document.state != "cancelled"
    found.void_text = "CANCELADO" if document.state == "cancelled" else VOID
    found.number = f"{root.get('Serie') or ''} {root.get('Folio') or ''}".strip()
    found.date = str(root.get("Fecha")).replace("T", " ")
    found.rehearsal = document.environment != "production"
    found.issuer = [
        Fact("RFC:", issuer.get("Rfc", "")), Fact("", issuer.get("Nombre", "")),
        Fact("Régimen fiscal:", _named(catalogs.regimes(), issuer.get("RegimenFiscal", ""))),
        Fact("Lugar de expedición:", str(root.get("LugarExpedicion")))]
    found.customer = [
        Fact("RFC:", receiver.get("Rfc", "")), Fact("", receiver.get("Nombre", "")),
        Fact("Domicilio fiscal (CP):", receiver.get("DomicilioFiscalReceptor", "")),
        Fact("Régimen fiscal:", _named(catalogs.regimes(), receiver.get("RegimenFiscalReceptor", ""))),
        Fact("Uso del CFDI:", _named(catalogs.uses(), receiver.get("UsoCFDI", "")))]
    found.legal_title = f"CFDI 4.0 · {KINDS[str(root.get('TipoDeComprobante'))]}"
    found.legal = [
        Fact("Folio fiscal:", document.authorization_code),
        Fact("Certificación:", str(timbre.get("FechaTimbrado", "")).replace("T", " ")),
        Fact("PAC:", str(timbre.get("RfcProvCertif", "")))]
    found.legends = [Note(PRINTED)]
    found.seals = [
        Note(_terms(root), "Condiciones"), *_relations(root),
        Note(f"Emisor: {root.get('NoCertificado')} · SAT: {timbre.get('NoCertificadoSAT', '')}", "No. de certificado"),
        Note(_concepts(root), "Claves SAT de los conceptos"),
        Note(wrapped(str(root.get("Sello"))), "Sello digital del CFDI"),
        Note(wrapped(str(timbre.get("SelloSAT", ""))), "Sello digital del SAT"),
        Note(wrapped(str(timbre.get("cadena", ""))),
             "Cadena original del complemento de certificación digital del SAT")]
    found.qr_text = qr.url(document.authorization_code, issuer.get("Rfc", ""), receiver.get("Rfc", ""),
                           str(root.get("Total")), str(root.get("Sello")))


def _node(root: etree._Element, name: str) -> dict[str, str]:
    node = root.find(f"{{{CFDI}}}{name}")
    return {} if node is None else {str(key): str(value) for key, value in node.attrib.items()}


def _named(known: Any, code: str) -> str:
    """Code and name."""
    found = known.get(code)
    return f"{code} {found.name}" if found else code


def _terms(root: etree._Element) -> str:
    """How and when it is paid, in which currency."""
    method, form = str(root.get("MetodoPago") or ""), str(root.get("FormaPago") or "")
    words = [f"Método de pago: {method} {catalogs.methods().get(method, '')}",
             f"Forma de pago: {_named(catalogs.forms(), form)}", f"Moneda: {root.get('Moneda')}",
             f"Exportación: {root.get('Exportacion')} No aplica"]
    return " · ".join(words)


def _relations(root: etree._Element) -> list[Note]:
    return [Note(", ".join(str(one.get("UUID")) for one in group),
                 f"CFDI relacionados: {group.get('TipoRelacion')} "
                 f"{catalogs.relations().get(str(group.get('TipoRelacion')), '')}")
            for group in root.findall(f"{{{CFDI}}}CfdiRelacionados")]


def _concepts(root: etree._Element) -> str:
    """Keys that the SAT wants beside the lines."""
    found = [f"{one.get('ClaveProdServ')} {one.get('ClaveUnidad')} objeto de impuesto {one.get('ObjetoImp')}"
             for one in root.findall(f"{{{CFDI}}}Conceptos/{{{CFDI}}}Concepto")]
    return " · ".join(f"{index}: {text}" for index, text in enumerate(found, 1))


def wrapped(text: str) -> str:
    """A text without blanks in lines that fit the sheet."""
    return "\n".join(text[place:place + WIDTH] for place in range(0, len(text), WIDTH))
