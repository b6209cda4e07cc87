"""Colombia's entry in the port `layouts`: reads documents for a batch, `print` words them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from core.db import db
from core.i18n import format_date
from core.scope import current_company
from modules.accounting.print_data import CountryPart
from modules.crm import countries
from modules.einvoice.models import Document
from modules.einvoice_co import print
from modules.einvoice_co.bridge import BY_SIIGO
from modules.einvoice_co.parties import split_nit
from modules.einvoice_co.print import LegalFacts
from modules.einvoice_co.qr import url

ISSUED = ("authorized", "cancelling", "cancelled")


class ColombianLayout:
    """The legal part of documents issued in Colombia."""

    def parts(self, invoices: Sequence[Any]) -> dict[int, CountryPart]:
        """By invoice id, from one select whatever their number."""
        ids = [invoice.id for invoice in invoices]
        documents = {row.invoice_id: row for row in db.session.scalars(
            sa.select(Document).where(Document.invoice_id.in_(ids)))}
        return {invoice.id: print.part(facts(invoice, documents.get(invoice.id))) for invoice in invoices}

    def sample(self, invoice: Any) -> CountryPart:
        """Number and key made up: zeros, in the environment of tests."""
        known = facts(invoice, None)
        if known.own_number:
            return print.part(known)
        return print.part(replace(known, number="SETP990000119", cufe="0" * 96, qr_text=url("0" * 96, False),
                                  production=False, date=format_date(invoice.issue_date),
                                  legends=("Responsable de IVA", "Autorización de numeración DIAN N.º 18760000001, "
                                           "prefijo SETP, desde 990000000 hasta 995000000")))


def facts(invoice: Any, document: Document | None) -> LegalFacts:
    """What is known about one document; only a validated one has number, CUFE and QR."""
    snapshot = invoice.snapshot or {}
    data: Mapping[str, Any] = (document.data if document is not None else None) or {}
    customer = {**(snapshot.get("customer") or {}), **(data.get("receiver") or {})}
    rules, kind = countries.get("CO"), customer.get("tax_id_kind") or ""
    issuer = (snapshot.get("issuer") or {}).get("tax_id") or current_company().tax_id
    known = LegalFacts(
        invoice.kind, "-".join(split_nit(issuer, "")[:2]),
        own_number=invoice.legal_number if invoice.legal_state == "not_required" else "",
        customer_kind=rules.TAX_ID_KINDS.get(kind, kind),
        customer_number=rules.format(kind, customer["tax_id"]) if customer.get("tax_id") else "",
        legends=tuple(data.get("legends") or ()), rounding=Decimal(str(data.get("rounding") or 0)))
    if document is None or document.state not in ISSUED or not document.authorization_code:
        return known
    production, key = document.environment == "production", document.authorization_code
    return replace(known, number=number_of(document), cufe=key, production=production,
                   date=format_date(document.issue_date), validated_at=str(data.get("accepted_at") or ""),
                   qr_text=str(data.get("qr") or url(key, production)))


def number_of(document: Document) -> str:
    """Prefix and number; Siigo's own where it numbers."""
    if document.series.startswith(BY_SIIGO):
        return str((document.data or {}).get("name") or document.number)
    return f"{document.series}{document.number}"
