"""Argentina's entry in the port `layouts`: reads documents and profile for a batch, `print` words them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from core.db import db
from core.i18n import _
from core.scope import current_company
from modules.accounting.print_data import CountryPart
from modules.crm import countries
from modules.einvoice.models import Document
from modules.einvoice_ar import access, print
from modules.einvoice_ar.amounts import INTERNAL
from modules.einvoice_ar.catalogs import NOBODY, PESOS
from modules.einvoice_ar.qr import HOST, QrFacts, url


class ArgentineLayout:
    """The legal part of documents issued in Argentina."""

    def parts(self, invoices: Sequence[Any]) -> dict[int, CountryPart]:
        """By invoice id, from three selects whatever their number."""
        ids = [invoice.id for invoice in invoices]
        documents = {row.invoice_id: row for row in db.session.scalars(
            sa.select(Document).where(Document.invoice_id.in_(ids)))}
        profile, issuer = access.profile(), _issuer()
        return {invoice.id: print.part(facts(invoice, documents.get(invoice.id), issuer, profile.qr_host))
                for invoice in invoices}

    def sample(self, invoice: Any) -> CountryPart:
        """Letter, number, CAE and QR made up: zeros, and a code that says it is a sample where one reads it."""
        known = facts(invoice, None, _issuer())
        if known.own_number:
            return print.part(known)
        letter = "C" if current_company().tax_condition == "MO" else "A" if known.customer_condition == "RI" else "B"
        name = print.NAMES[invoice.kind]
        kind = next(code for code, pair in print.KINDS.items() if pair == (letter, name))
        return print.part(replace(
            known, kind=kind, point_of_sale=1, number=119, cae="0" * 14, date=invoice.issue_date,
            cae_until=invoice.issue_date + dt.timedelta(days=10), vat=invoice.tax_total, total=invoice.total,
            rate=invoice.exchange_rate, arca_currency=PESOS if invoice.currency == "ARS" else "DOL",
            qr_text=(_("Sample: not a document.") + " ") * 12))


def _issuer() -> dict[str, Any]:
    """Who issues, by the company's data of today."""
    profile, company = access.profile(), current_company()
    rules = countries.get("AR")
    return {"issuer_tax_id": rules.format("CUIT", company.tax_id),
            "issuer_condition": rules.TAX_CONDITIONS.get(company.tax_condition, ""),
            "gross_income_number": profile.gross_income_number, "activity_start": profile.activity_start}


def facts(invoice: Any, document: Document | None, issuer: Mapping[str, Any], host: str = "") -> print.LegalFacts:
    """What is known about one document; only an authorised one has number, CAE and QR.

    A note bears the receiver of what it corrects, which its document remembers.
    """
    snapshot = invoice.snapshot or {}
    receiver = (document.data or {}).get("receiver") if document is not None else None
    customer = {**(snapshot.get("customer") or {}), **(receiver or {})}
    values = {**issuer, **_issuer_then(snapshot.get("issuer") or {}), **_customer(customer)}
    values |= {"accounting_kind": invoice.kind, "currency": invoice.currency}
    if invoice.legal_state == "not_required":
        values["own_number"] = invoice.legal_number
    if document is None:
        return print.LegalFacts(**values)
    values |= {"kind": int(document.kind or 0) or None, "environment": document.environment,
               **_amounts(document.request or {})}
    if document.state == "authorized":
        values |= {"point_of_sale": int(document.series), "number": document.number, "cae": document.authorization_code,
                   "cae_until": document.valid_until, "date": document.issue_date,
                   "qr_text": qr_text(document, values["issuer_tax_id"], host)}
    return print.LegalFacts(**values)


def _issuer_then(issuer: Mapping[str, Any]) -> dict[str, Any]:
    """The issuer's identity on the day of issue, where the snapshot has it."""
    rules, found = countries.get("AR"), {}
    if issuer.get("tax_id"):
        found["issuer_tax_id"] = rules.format("CUIT", issuer["tax_id"])
    if issuer.get("tax_condition"):
        found["issuer_condition"] = rules.TAX_CONDITIONS.get(issuer["tax_condition"], "")
    return found


def _customer(customer: Mapping[str, Any]) -> dict[str, Any]:
    rules, kind, number = countries.get("AR"), customer.get("tax_id_kind", ""), customer.get("tax_id", "")
    condition = customer.get("tax_condition", "")
    document = f"{rules.TAX_ID_KINDS.get(kind, kind)} {rules.format(kind, number)}".strip() if number else ""
    return {"customer_condition": condition, "customer_condition_name": rules.TAX_CONDITIONS.get(condition, ""),
            "customer_document": document}


def _amounts(request: Mapping[str, Any]) -> dict[str, Any]:
    """What the legends say of the amounts, as they were sent."""
    tributes = (request.get("Tributos") or {}).get("Tributo") or ()
    internal = sum((Decimal(str(one["Importe"])) for one in tributes if int(one["Id"]) == INTERNAL), Decimal(0))
    return {"vat": Decimal(str(request.get("ImpIVA") or 0)), "internal_taxes": internal,
            "total": Decimal(str(request.get("ImpTotal") or 0)), "arca_currency": request.get("MonId") or PESOS,
            "rate": Decimal(str(request.get("MonCotiz") or 1))}


def qr_text(document: Document, cuit: str, host: str = "") -> str:
    """The text of the QR of an authorised document."""
    request = document.request
    return url(QrFacts(
        document.issue_date, re.sub(r"\D", "", cuit), int(document.series), int(document.kind), document.number or 0,
        Decimal(str(request["ImpTotal"])), request["MonId"], Decimal(str(request.get("MonCotiz") or 1)),
        int(request.get("DocTipo") or NOBODY), int(request.get("DocNro") or 0), document.authorization_code),
        host or HOST)
