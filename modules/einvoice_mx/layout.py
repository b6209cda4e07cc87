"""Mexico's entry in the port `layouts`: the printed representation of a CFDI (Anexo 20), read out of its own XML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from lxml import etree

from core.db import among, db
from core.i18n import _
from core.scope import current_company
from modules.accounting.print_data import CountryPart, Fact, Note
from modules.einvoice.models import Document
from modules.einvoice_mx import access, catalogs, proofs, qr, schema
from modules.einvoice_mx.legends import GATHERED, PRINTED
from modules.einvoice_mx.models import PublicSale
from modules.einvoice_mx.proofs import named
from modules.einvoice_mx.schema import CFDI

NAMES = {"invoice": "Factura", "debit_note": "Nota de cargo", "credit_note": "Nota de crédito"}
SIMPLIFIED = {"invoice": "Nota de venta", "debit_note": "Nota de cargo"}
STAMPED = ("authorized", "cancelling", "cancelled")


class MexicanLayout:
    """The legal part of documents issued in Mexico."""

    def parts(self, invoices: Sequence[Any]) -> dict[int, CountryPart]:
        """By invoice id, from two selects whatever their number."""
        rows = db.session.scalars(sa.select(Document).where(among(Document.invoice_id, [one.id for one in invoices])))
        documents = {row.invoice_id: row for row in rows}
        own = [one.id for one in invoices if one.legal_state == "not_required"]
        gathered = set(db.session.scalars(sa.select(PublicSale.invoice_id).where(among(PublicSale.invoice_id, own))))
        return {invoice.id: part(invoice, documents.get(invoice.id), invoice.id in gathered) for invoice in invoices}

    def sample(self, invoice: Any) -> CountryPart:
        """All that the law adds, made up: zeros, and words that say that it is a sample."""
        found = part(invoice, None)
        zeros = "00000000-0000-0000-0000-000000000000"
        found.number, found.valid, found.rehearsal = "A 119", True, True
        found.legal = [Fact("Folio fiscal (UUID):", zeros), Fact("No. de certificado SAT:", "0" * 20)]
        found.legends = [Note(PRINTED)]
        found.seals = [Note(proofs.wrapped((_("Sample: not a document.") + " ") * 12), "Sello digital del CFDI")]
        found.qr_text = qr.url(zeros, current_company().tax_id, catalogs.NATIONAL, f"{invoice.total:.2f}", "0" * 8)
        return found


def part(invoice: Any, document: Document | None, gathered: bool = False) -> CountryPart:
    """The country's part of one sheet; only a stamped document has UUID, seals and QR."""
    found = CountryPart(title=NAMES[invoice.kind], valid=False, void_text=proofs.VOID, tax_in_prices=False,
                        show_rates=True, tax_names={"VAT": "IVA", "ISR": "ISR", "IEPS": "IEPS"})
    if invoice.legal_state == "not_required":
        found.number, found.valid = invoice.legal_number, True
        if gathered:
            _simplified(found, invoice)
        return found
    if document is None or document.state not in STAMPED or not document.authorization_code:
        found.number = "Sin folio fiscal: todavía sin timbrar"
        return found
    root = schema.parse(str(document.request["xml"]).encode())
    _stamped(found, root, document)
    return found


def _stamped(found: CountryPart, root: etree._Element, document: Document) -> None:
    timbre, uuid = document.response or {}, document.authorization_code
    found.valid = document.state != "cancelled"
    found.void_text = proofs.CANCELLED if document.state == "cancelled" else proofs.VOID
    found.number, found.date = proofs.number(root), str(root.get("Fecha")).replace("T", " ")
    found.rehearsal = document.environment != "production"
    found.issuer, found.customer = proofs.issuer(root), proofs.receiver(root)
    found.legal_title, found.legal = proofs.legal_title(root), proofs.legal(uuid, timbre)
    found.legends = [Note(PRINTED)]
    total = proofs.words(Decimal(str(root.get("Total"))), str(root.get("Moneda")))
    found.seals = [total, Note(_terms(root), "Condiciones"), *proofs.relations(root),
                   Note(_concepts(root), "Claves SAT de los conceptos"), *proofs.seals(root, timbre)]
    found.qr_text = proofs.qr_text(root, uuid)


def _simplified(found: CountryPart, invoice: Any) -> None:
    """A sale that is in a global invoice: what CFF art. 29-A, I and III wants on it (RMF 2.7.1.21)."""
    issuer: Mapping[str, Any] = (invoice.snapshot or {}).get("issuer") or {}
    found.title = SIMPLIFIED[invoice.kind]
    found.issuer = [
        Fact("RFC:", str(issuer.get("tax_id") or "")),
        Fact("Régimen fiscal:", named(catalogs.regimes(), str(issuer.get("tax_condition") or ""))),
        Fact("Lugar de expedición:", access.profile().place or str(issuer.get("postal_code") or ""))]
    found.legends = [Note(GATHERED)]


def _terms(root: etree._Element) -> str:
    """How and when it is paid, in which currency."""
    words = [f"Método de pago: {named(catalogs.methods(), str(root.get('MetodoPago') or ''))}",
             f"Forma de pago: {named(catalogs.forms(), str(root.get('FormaPago') or ''))}",
             f"Moneda: {root.get('Moneda')}", f"Exportación: {root.get('Exportacion')} No aplica"]
    return " · ".join(words)


def _concepts(root: etree._Element) -> str:
    """Keys that the SAT wants beside the lines."""
    found = [f"{one.get('ClaveProdServ')} {one.get('ClaveUnidad')} objeto de impuesto {one.get('ObjetoImp')}"
             for one in root.findall(f"{{{CFDI}}}Conceptos/{{{CFDI}}}Concepto")]
    return " · ".join(f"{index}: {text}" for index, text in enumerate(found, 1))
