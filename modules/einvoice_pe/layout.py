"""Peru's entry in the port `layouts`: reads documents and profile for a batch, `print` words them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from core.db import among, db
from core.i18n import _
from core.scope import current_company
from modules.accounting.print_data import CountryPart
from modules.crm import countries
from modules.einvoice.models import Document
from modules.einvoice_pe import access, print
from modules.einvoice_pe.catalogs import BOLETA, CREDITO, CURRENCIES, DEBITO
from modules.einvoice_pe.contingency import papers
from modules.einvoice_pe.findings import day
from modules.einvoice_pe.models import Paper
from modules.einvoice_pe.print import Printed

# states of a document that is signed, or that SUNAT has accepted, whatever came after
SIGNED = ("signed", "authorized", "cancelling", "cancelled")


class PeruvianLayout:
    """The legal part of documents issued in Peru."""

    def parts(self, invoices: Sequence[Any]) -> dict[int, CountryPart]:
        """By invoice id, from three selects whatever their number."""
        documents = {row.invoice_id: row for row in db.session.scalars(
            sa.select(Document).where(among(Document.invoice_id, [invoice.id for invoice in invoices])))}
        account, written = access.profile().detraction_account, papers([invoice.id for invoice in invoices])
        return {invoice.id: print.part(printed(invoice, documents.get(invoice.id), account, written.get(invoice.id)))
                for invoice in invoices}

    def sample(self, invoice: Any) -> CountryPart:
        """Number, hash and QR made up: zeros, and a code that says it is a sample where one reads it."""
        known = printed(invoice, None, "")
        if known.own_number:
            return print.part(known)
        kind = {"credit_note": CREDITO, "debit_note": DEBITO}.get(invoice.kind, BOLETA)
        request = {
            "tipo_de_comprobante": kind, "fecha_de_emision": day(invoice.issue_date),
            "moneda": CURRENCIES.get(invoice.currency, 1), "total": f"{invoice.total:.2f}",
            "porcentaje_de_igv": "18.00",
            "total_gravada": f"{invoice.total - invoice.tax_total:.2f}", "total_igv": f"{invoice.tax_total:.2f}",
            "cliente_tipo_de_documento": "1", "cliente_numero_de_documento": "00000000"}
        return print.part(replace(known, request=request, series="B001", number=119, digest="0" * 44,
                                  qr=(_("Sample: not a document.") + " ") * 6))


def printed(invoice: Any, document: Document | None, account: str, paper: Paper | None = None) -> Printed:
    """What is known about one document; of a signed one everything comes from its request and answer."""
    snapshot = invoice.snapshot or {}
    issuer, customer = snapshot.get("issuer") or {}, snapshot.get("customer") or {}
    rules, kind = countries.get("PE"), customer.get("tax_id_kind") or ""
    known = Printed(
        invoice.kind, issuer.get("tax_id") or current_company().tax_id, account=account,
        own_number=invoice.legal_number if invoice.legal_state == "not_required" else "",
        paper=str(paper) if paper else "", paper_kind=paper.kind if paper else 0,
        customer=f"{rules.TAX_ID_KINDS.get(kind, kind)} {customer.get('tax_id') or ''}".strip())
    if document is None or document.state not in SIGNED or not document.authorization_code:
        return known
    data = document.data or {}
    return replace(known, series=document.series, number=document.number or 0, request=document.request,
                   qr=data.get("qr") or "", digest=data.get("hash") or "", link=data.get("enlace") or "",
                   production=document.environment == "production")
