"""Argentina's entry in the port `layouts`: reads documents and profile for a batch, `print` words them."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from core.db import db
from core.scope import current_company
from modules.accounting.print_data import CountryPart
from modules.crm import countries
from modules.einvoice.models import Document
from modules.einvoice_ar import access, print

CONSUMER = 99
# the specification's host; the older www.afip.gob.ar answers too
HOST = "https://www.arca.gob.ar/fe/qr/?p="


class ArgentineLayout:
    """The legal part of documents issued in Argentina."""

    def parts(self, invoices: Sequence[Any]) -> dict[int, CountryPart]:
        """By invoice id, from three selects whatever their number."""
        ids = [invoice.id for invoice in invoices]
        documents = {row.invoice_id: row for row in db.session.scalars(
            sa.select(Document).where(Document.invoice_id.in_(ids)))}
        profile, company = access.profile(), current_company()
        rules = countries.get("AR")
        issuer = {"issuer_tax_id": rules.format("CUIT", company.tax_id),
                  "issuer_condition": rules.TAX_CONDITIONS.get(company.tax_condition, ""),
                  "gross_income_number": profile.gross_income_number, "activity_start": profile.activity_start}
        return {invoice.id: print.part(facts(invoice, documents.get(invoice.id), issuer)) for invoice in invoices}


def facts(invoice: Any, document: Document | None, issuer: Mapping[str, Any]) -> print.LegalFacts:
    """What is known about one document; only an authorised one has number, CAE and QR."""
    snapshot = invoice.snapshot or {}
    values = {**issuer, **_issuer_then(snapshot.get("issuer") or {}), **_customer(snapshot.get("customer") or {})}
    values |= {"accounting_kind": invoice.kind, "currency": invoice.currency}
    if invoice.legal_state == "not_required":
        values["own_number"] = invoice.legal_number
    if document is None:
        return print.LegalFacts(**values)
    values |= {"kind": int(document.kind or 0) or None, "environment": document.environment,
               "vat": Decimal(str(document.request.get("ImpIVA") or 0))}
    if document.state == "authorized":
        values |= {"point_of_sale": int(document.series), "number": document.number, "cae": document.authorization_code,
                   "cae_until": document.valid_until, "date": document.issue_date,
                   "qr_text": qr_text(document, values["issuer_tax_id"])}
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


def qr_text(document: Document, cuit: str) -> str:
    """The text of the QR (RG 4892): compact JSON in the order of the specification, numbers without trailing zeros."""
    request = document.request
    fields = [("ver", "1"), ("fecha", f'"{document.issue_date.isoformat()}"'), ("cuit", digits(cuit)),
              ("ptoVta", str(int(document.series))), ("tipoCmp", str(int(document.kind))),
              ("nroCmp", str(document.number)), ("importe", plain(request["ImpTotal"])),
              ("moneda", f'"{request["MonId"]}"'), ("ctz", plain(request.get("MonCotiz") or 1))]
    if int(request.get("DocTipo") or CONSUMER) != CONSUMER:
        fields += [("tipoDocRec", str(int(request["DocTipo"]))), ("nroDocRec", digits(str(request["DocNro"])))]
    fields += [("tipoCodAut", '"E"'), ("codAut", digits(document.authorization_code))]
    text = "{" + ",".join(f'"{name}":{value}' for name, value in fields) + "}"
    return HOST + base64.b64encode(text.encode()).decode()


def plain(value: Any) -> str:
    """A number as JSON wants it here: 12100.00 is 12100, 38750.250 is 38750.25."""
    return f"{Decimal(str(value)).normalize():f}"


def digits(text: str) -> str:
    return re.sub(r"\D", "", text)
