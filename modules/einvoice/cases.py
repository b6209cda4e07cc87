"""From issued invoices to cases, set-wise: a handful of selects for a thousand invoices. What all countries share."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from core.db import among, db
from core.i18n import _
from core.models import Company
from core.scope import current_company
from modules.accounting.models import Invoice, InvoiceLine, InvoiceTax
from modules.einvoice import states
from modules.einvoice.case import Address, Case, CaseLine, CaseTax, LineTax, Party, Reference
from modules.einvoice.models import Document
from modules.einvoice.ports import WAITS_FOR_ORIGINAL

RECEIVER = ("tax_id_kind", "tax_id", "tax_condition")
ADDRESS = ("street", "city", "region", "postal_code", "country")


@dataclass(frozen=True)
class Original:
    """What a note corrects: its legal document, to whom it was issued, and its total."""

    document: Document
    receiver: Mapping[str, str]
    total: Decimal


@dataclass(frozen=True)
class Batch:
    """Invoices with all that their cases need."""

    company: Company
    invoices: Sequence[Invoice]
    lines: Mapping[int, list[InvoiceLine]]
    taxes: Mapping[int, list[InvoiceTax]]
    originals: Mapping[int, Original]

    def authorized(self, invoice: Invoice) -> Original | None:
        """What this note corrects, once the authority has it; None of an invoice."""
        found = self.originals.get(invoice.original_id or 0)
        return found if found and found.document.state == states.AUTHORIZED else None

    def waits(self, invoice: Invoice) -> list[dict[str, str]]:
        """The problem of a note whose invoice is not authorised yet; it is sent by itself afterwards."""
        if invoice.original_id is None or self.authorized(invoice) is not None:
            return []
        return [{"code": WAITS_FOR_ORIGINAL, "field": "", "message": _(
            "To send this note its invoice must first be authorised; it is then sent by itself.")}]


def load(invoice_ids: Sequence[int]) -> Batch:
    """Read invoices, lines, taxes and the documents that notes refer to: a few selects whatever the number."""
    invoices = db.session.scalars(sa.select(Invoice).where(among(Invoice.id, invoice_ids)).order_by(Invoice.id)).all()
    lines: dict[int, list[InvoiceLine]] = defaultdict(list)
    for line in db.session.scalars(sa.select(InvoiceLine).where(among(InvoiceLine.invoice_id, invoice_ids))
                                   .order_by(InvoiceLine.invoice_id, InvoiceLine.position)):
        lines[line.invoice_id].append(line)
    taxes: dict[int, list[InvoiceTax]] = defaultdict(list)
    for tax in db.session.scalars(sa.select(InvoiceTax).where(among(InvoiceTax.invoice_id, invoice_ids))
                                  .order_by(InvoiceTax.id)):
        taxes[tax.invoice_id].append(tax)
    wanted = [invoice.original_id for invoice in invoices if invoice.original_id]
    return Batch(current_company(), invoices, lines, taxes, _originals(wanted))


def _originals(invoice_ids: Sequence[int]) -> dict[int, Original]:
    if not invoice_ids:
        return {}
    rows = db.session.execute(
        sa.select(Document, Invoice.snapshot, Invoice.total).join(Invoice, Invoice.id == Document.invoice_id)
        .where(among(Document.invoice_id, invoice_ids)))
    return {row.Document.invoice_id: Original(row.Document, receiver_of(row.snapshot), row.total) for row in rows}


def receiver_of(snapshot: Mapping[str, Any] | None) -> dict[str, str]:
    """Who gets the document, as the authority knows him."""
    customer = (snapshot or {}).get("customer") or {}
    return {name: customer.get(name) or "" for name in RECEIVER}


def case(batch: Batch, invoice: Invoice, *, environment: str, series: str, provider: str = "",
         customer_extra: Mapping[str, Any] | None = None, issuer_extra: Mapping[str, Any] | None = None,
         payment: Mapping[str, Any] | None = None, extra: Mapping[str, Any] | None = None,
         number: int | None = 1) -> Case:
    """The invoice as a case, the same as a CASE.json would hold; its number stands for the one of the sending.

    Who is named comes from the invoice's snapshot; of a note, who got the document that it corrects. `extra` and the
    others are what only the country has, beside what the invoice carries itself.
    """
    snapshot, zone = invoice.snapshot or {}, ZoneInfo(batch.company.timezone)
    original = batch.authorized(invoice)
    return Case(
        country=batch.company.country, provider=provider, kind=invoice.kind, environment=environment,
        issuer=_issuer(batch.company, snapshot, series, issuer_extra or {}),
        customer=_customer(snapshot, original, customer_extra or {}), number=number,
        issued_at=dt.datetime.combine(invoice.issue_date, dt.time(12), zone), currency=invoice.currency,
        exchange_rate=invoice.exchange_rate or Decimal(1), due_date=invoice.due_date,
        service_from=invoice.service_from or invoice.issue_date, service_to=invoice.service_to or invoice.issue_date,
        payment=payment or {}, lines=tuple(case_line(line) for line in batch.lines.get(invoice.id, [])),
        taxes=tuple(_tax(tax) for tax in batch.taxes.get(invoice.id, []) if tax.of_document),
        references=_references(original, invoice), extra={**(snapshot.get("extra") or {}), **(extra or {})})


def _issuer(company: Company, snapshot: Mapping[str, Any], series: str, extra: Mapping[str, Any]) -> Party:
    issuer = snapshot.get("issuer") or {}
    return Party(name=issuer.get("name") or company.name, trade_name=issuer.get("trade_name") or "",
                 tax_id=issuer.get("tax_id") or company.tax_id,
                 tax_condition=issuer.get("tax_condition") or company.tax_condition, series=series,
                 address=_address({"country": company.country, **issuer}), extra=extra)


def _customer(snapshot: Mapping[str, Any], original: Original | None, extra: Mapping[str, Any]) -> Party:
    customer = snapshot.get("customer") or {}
    receiver = original.receiver if original else receiver_of(snapshot)
    return Party(name=customer.get("name") or "", trade_name=customer.get("trade_name") or "",
                 email=customer.get("email") or "", address=_address(customer.get("address") or {}), extra=extra,
                 **receiver)


def _address(parts: Mapping[str, Any]) -> Address:
    street = " ".join(part for part in (parts.get("street"), parts.get("number"), parts.get("unit")) if part)
    values = {name: parts.get(name) or "" for name in ADDRESS}
    return Address(**{**values, "street": street}, extra=parts.get("extra") or {})


def case_line(line: InvoiceLine) -> CaseLine:
    """A line of an invoice as a case's."""
    return CaseLine(quantity=line.quantity, unit_price=line.unit_price, code=line.code or "",
                    description=line.description, price_includes_tax=bool(line.price_includes_tax),
                    discount=line.discount or Decimal("0.00"),
                    taxes=tuple(_line_tax(tax) for tax in line.taxes or ()), extra=dict(line.extra or {}))


def _line_tax(tax: Mapping[str, Any]) -> LineTax:
    rate = tax.get("rate")
    return LineTax(tax["code"], None if rate in (None, "") else Decimal(str(rate)), tax.get("category") or "",
                   bool(tax.get("withheld")), tax)


def _tax(tax: InvoiceTax) -> CaseTax:
    return CaseTax(code=tax.code, base=tax.base, rate=tax.rate, amount=tax.amount,
                   jurisdiction=tax.jurisdiction or "", description=tax.description or "", withheld=tax.withheld)


def _references(original: Original | None, invoice: Invoice) -> tuple[Reference, ...]:
    if original is None:
        return ()
    found = original.document
    return (Reference(kind=found.kind, series=found.series, number=found.number, date=found.issue_date,
                      authorization_code=found.authorization_code, reason=invoice.reason or "",
                      amount=original.total),)


def differs(theirs: Decimal, invoice: Invoice) -> list[dict[str, str]]:
    """The problem where the request would say another total than the invoice: never sent."""
    if theirs == invoice.total:
        return []
    return [{"code": "amounts_differ", "field": "", "message": _(
        "Sending is not possible because the request would say %(theirs)s and the invoice says %(ours)s.",
        theirs=f"{theirs:.2f}", ours=f"{invoice.total:.2f}")}]
