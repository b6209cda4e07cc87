"""From issued invoices to requests, set-wise: a handful of selects for a thousand invoices, then pure mapping."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from core.db import db
from core.i18n import _
from core.models import Company
from core.scope import current_company
from modules.accounting.models import Invoice, InvoiceLine, InvoiceTax
from modules.einvoice.case import Case, CaseLine, CaseTax, LineTax, Party, Reference
from modules.einvoice.models import Document
from modules.einvoice.ports import WAITS_FOR_ORIGINAL, Opened
from modules.einvoice_ar import access, guide
from modules.einvoice_ar.catalogs import document_kinds, note_kind
from modules.einvoice_ar.findings import THRESHOLDS
from modules.einvoice_ar.mapping import SERVICES
from modules.einvoice_ar.models import CustomerProfile, FiscalProfile, Threshold
from modules.einvoice_ar.optionals import CANCELS, CBU, TRANSFER
from modules.einvoice_ar.requests import map_case

# taxes that are computed from the lines; the others are taxes on the whole document (perceptions)
LINE_TAXES = frozenset({"VAT"})
# what an invoice may carry under ARCA's own names
EXTRA = ("Concepto", "PeriodoAsoc", "CanMisMonExt", "Opcionales", "CbteTipo")
UTC_MINUS_3 = dt.timezone(dt.timedelta(hours=-3))


@dataclass(frozen=True)
class Original:
    """What a note corrects: its legal document, and to whom it was issued."""

    document: Document
    receiver: Mapping[str, str]


@dataclass
class Batch:
    """All that the cases of a batch need."""

    company: Company
    profile: FiscalProfile
    environment: str
    invoices: Sequence[Invoice]
    lines: Mapping[int, list[InvoiceLine]]
    taxes: Mapping[int, list[InvoiceTax]]
    originals: Mapping[int, Original]
    thresholds: Mapping[str, Decimal] = field(default_factory=dict)
    # customers who get credit invoices (FCE)
    credit_customers: frozenset[int] = frozenset()


def open_invoices(invoice_ids: Sequence[int]) -> list[Opened]:
    """The requests of these invoices, or what ARCA would refuse about them."""
    batch = load(invoice_ids)
    return [_open(batch, invoice) for invoice in batch.invoices]


def load(invoice_ids: Sequence[int]) -> Batch:
    """Read invoices, lines, taxes and the documents that notes refer to: a few selects whatever the number."""
    ids = list(invoice_ids)
    invoices = db.session.scalars(sa.select(Invoice).where(Invoice.id.in_(ids)).order_by(Invoice.id)).all()
    lines: dict[int, list[InvoiceLine]] = defaultdict(list)
    for line in db.session.scalars(sa.select(InvoiceLine).where(InvoiceLine.invoice_id.in_(ids))
                                   .order_by(InvoiceLine.invoice_id, InvoiceLine.position)):
        lines[line.invoice_id].append(line)
    taxes: dict[int, list[InvoiceTax]] = defaultdict(list)
    for tax in db.session.scalars(sa.select(InvoiceTax).where(InvoiceTax.invoice_id.in_(ids)).order_by(InvoiceTax.id)):
        taxes[tax.invoice_id].append(tax)
    wanted = [invoice.original_id for invoice in invoices if invoice.original_id]
    profile = access.profile()
    return Batch(current_company(), profile, access.environment(), invoices, lines, taxes, _originals(wanted),
                 thresholds(max((invoice.issue_date for invoice in invoices), default=dt.date.max)),
                 _credit_customers(invoices) if profile.credit_invoices else frozenset())


def _credit_customers(invoices: Sequence[Invoice]) -> frozenset[int]:
    ids = {invoice.customer_id for invoice in invoices}
    return frozenset(db.session.scalars(sa.select(CustomerProfile.customer_id).where(
        CustomerProfile.customer_id.in_(ids), CustomerProfile.gets_credit_invoices)))


def _originals(invoice_ids: Sequence[int]) -> dict[int, Original]:
    if not invoice_ids:
        return {}
    rows = db.session.execute(sa.select(Document, Invoice.snapshot).join(Invoice, Invoice.id == Document.invoice_id)
                              .where(Document.invoice_id.in_(invoice_ids)))
    return {row.Document.invoice_id: Original(row.Document, receiver_of(row.snapshot)) for row in rows}


def receiver_of(snapshot: Mapping[str, Any] | None) -> dict[str, str]:
    """Who gets the document, as ARCA knows him."""
    customer = (snapshot or {}).get("customer") or {}
    return {name: customer.get(name) or "" for name in ("tax_id_kind", "tax_id", "tax_condition")}


def thresholds(day: dt.date) -> dict[str, Decimal]:
    """The amounts in force on a day."""
    rows = db.session.execute(sa.select(Threshold.code, Threshold.amount).where(Threshold.valid_from <= day)
                              .order_by(Threshold.valid_from))
    return {row.code: row.amount for row in rows}


def case(batch: Batch, invoice: Invoice) -> Case:
    """The invoice as a case, the same as a CASE.json would hold; the number is a stand-in until it is sent."""
    snapshot = invoice.snapshot or {}
    original = _authorized(batch, invoice)
    receiver = original.receiver if original else receiver_of(snapshot)
    return Case(
        country="AR", kind=invoice.kind, environment=batch.environment, issuer=_issuer(batch, snapshot),
        customer=Party(name=(snapshot.get("customer") or {}).get("name") or "", tax_id=receiver["tax_id"],
                       tax_id_kind=receiver["tax_id_kind"], tax_condition=receiver["tax_condition"]),
        number=1, issued_at=dt.datetime.combine(invoice.issue_date, dt.time(12), UTC_MINUS_3),
        currency=invoice.currency,
        exchange_rate=invoice.exchange_rate or Decimal(1), due_date=_due(invoice),
        service_from=invoice.service_from or invoice.issue_date, service_to=invoice.service_to or invoice.issue_date,
        lines=tuple(_line(line) for line in batch.lines.get(invoice.id, [])),
        taxes=tuple(_tax(tax) for tax in batch.taxes.get(invoice.id, []) if tax.code not in LINE_TAXES),
        references=_references(original, invoice), extra=_extra(batch, invoice, original))


def _issuer(batch: Batch, snapshot: Mapping[str, Any]) -> Party:
    company, issuer = batch.company, snapshot.get("issuer") or {}
    return Party(name=issuer.get("name") or company.name, tax_id=issuer.get("tax_id") or company.tax_id,
                 tax_condition=issuer.get("tax_condition") or company.tax_condition,
                 series=guide.series(batch.profile.point_of_sale))


def _extra(batch: Batch, invoice: Invoice, original: Original | None) -> dict[str, Any]:
    snapshot = invoice.snapshot or {}
    carried = {**snapshot, **(snapshot.get("extra") or {})}
    extra: dict[str, Any] = {name: carried[name] for name in EXTRA if carried.get(name)}
    if batch.profile.concept != SERVICES:  # otherwise the lines decide: services, or both where one is goods
        extra.setdefault("Concepto", batch.profile.concept)
    if batch.profile.restricted_a:
        extra["restricted_a"] = True
    if original is not None:
        extra |= _of_note(invoice, int(original.document.kind), extra)
    elif _is_credit_invoice(batch, invoice) and "CbteTipo" not in extra:
        extra["credit_invoice"] = True
        extra.setdefault("Opcionales", [{"Id": CBU, "Valor": batch.profile.cbu},
                                        {"Id": TRANSFER, "Valor": batch.profile.transfer}])
    return extra


def _is_credit_invoice(batch: Batch, invoice: Invoice) -> bool:
    """An invoice to a large company (or one that opted) from the law's amount on, where the company issues them."""
    if invoice.kind != "invoice" or invoice.customer_id not in batch.credit_customers:
        return False
    limit = batch.thresholds.get("fce", THRESHOLDS["fce"])
    return invoice.total * (invoice.exchange_rate or 1) >= limit


def _of_note(invoice: Invoice, corrected: int, extra: Mapping[str, Any]) -> dict[str, Any]:
    """A note is of the class of what it corrects, whatever its customer has become since."""
    kind = note_kind(corrected, invoice.kind)
    found: dict[str, Any] = {"CbteTipo": kind} if kind else {}
    if kind and document_kinds()[kind].is_credit_invoice and not extra.get("Opcionales"):
        found["Opcionales"] = [{"Id": CANCELS, "Valor": "N"}]
    return found


def _due(invoice: Invoice) -> dt.date:
    """ARCA wants a due date for services, and none before the document's (10036): without one it is due at once."""
    return max(invoice.due_date or invoice.issue_date, invoice.issue_date)


def _line(line: InvoiceLine) -> CaseLine:
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
                   jurisdiction=tax.jurisdiction or "", description=tax.description or "")


def _authorized(batch: Batch, invoice: Invoice) -> Original | None:
    original = batch.originals.get(invoice.original_id or 0)
    return original if original and original.document.state == "authorized" else None


def _references(original: Original | None, invoice: Invoice) -> tuple[Reference, ...]:
    if original is None:
        return ()
    found = original.document
    return (Reference(kind=found.kind, series=found.series, number=found.number, date=found.issue_date,
                      authorization_code=found.authorization_code, reason=invoice.reason or ""),)


def _open(batch: Batch, invoice: Invoice) -> Opened:
    problems = _waits(batch, invoice)
    kind, request = "", dict[str, Any]()
    if not problems:
        kind, request, problems = map_case(case(batch, invoice), batch.thresholds)
    if not problems and Decimal(str(request["ImpTotal"])) != invoice.total:
        problems = [{"code": "amounts_differ", "field": "", "message": _(
            "Sending is not possible because the request would say %(theirs)s and the invoice says %(ours)s.",
            theirs=request["ImpTotal"], ours=f"{invoice.total:.2f}")}]
    return Opened(invoice_id=invoice.id, environment=batch.environment,
                  series=guide.series(batch.profile.point_of_sale), kind=kind, issue_date=invoice.issue_date,
                  request=request, problems=problems, data=_data(batch, invoice))


def _data(batch: Batch, invoice: Invoice) -> dict[str, Any]:
    """What is printed otherwise than the invoice's own snapshot says."""
    original = _authorized(batch, invoice)
    return {"receiver": dict(original.receiver)} if original else {}


def _waits(batch: Batch, invoice: Invoice) -> list[dict[str, str]]:
    """A note is sent after the invoice that it corrects."""
    if invoice.original_id is None or _authorized(batch, invoice) is not None:
        return []
    return [{"code": WAITS_FOR_ORIGINAL, "field": "", "message": _(
        "To send this note its invoice must first be authorised; it is then sent by itself.")}]
