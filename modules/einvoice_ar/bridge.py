"""From issued invoices to requests, set-wise: a handful of selects for a thousand invoices, then pure mapping."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from core.db import db
from modules.accounting.models import Invoice
from modules.einvoice import cases
from modules.einvoice.case import Case
from modules.einvoice.ports import Opened
from modules.einvoice_ar import access, guide
from modules.einvoice_ar.catalogs import document_kinds, note_kind
from modules.einvoice_ar.findings import THRESHOLDS
from modules.einvoice_ar.mapping import SERVICES
from modules.einvoice_ar.models import CustomerProfile, FiscalProfile, Threshold
from modules.einvoice_ar.optionals import CANCELS, CBU, TRANSFER
from modules.einvoice_ar.requests import map_case

# what an invoice may carry under ARCA's own names
EXTRA = ("Concepto", "PeriodoAsoc", "CanMisMonExt", "Opcionales", "CbteTipo")


@dataclass(frozen=True)
class Batch:
    """All that the cases of a batch need."""

    cases: cases.Batch
    profile: FiscalProfile
    environment: str
    thresholds: Mapping[str, Decimal]
    # customers who get credit invoices (FCE)
    credit_customers: frozenset[int]


def open_invoices(invoice_ids: Sequence[int]) -> list[Opened]:
    """The requests of these invoices, or what ARCA would refuse about them."""
    batch = load(invoice_ids)
    return [_open(batch, invoice) for invoice in batch.cases.invoices]


def load(invoice_ids: Sequence[int]) -> Batch:
    """Read all that these invoices need: a few selects whatever the number."""
    batch, profile = cases.load(invoice_ids), access.profile()
    day = max((invoice.issue_date for invoice in batch.invoices), default=dt.date.max)
    return Batch(batch, profile, access.environment(), thresholds(day),
                 _credit_customers(batch.invoices) if profile.credit_invoices else frozenset())


def _credit_customers(invoices: Sequence[Invoice]) -> frozenset[int]:
    ids = {invoice.customer_id for invoice in invoices}
    return frozenset(db.session.scalars(sa.select(CustomerProfile.customer_id).where(
        CustomerProfile.customer_id.in_(ids), CustomerProfile.gets_credit_invoices)))


def thresholds(day: dt.date) -> dict[str, Decimal]:
    """The amounts in force on a day."""
    rows = db.session.execute(sa.select(Threshold.code, Threshold.amount).where(Threshold.valid_from <= day)
                              .order_by(Threshold.valid_from))
    return {row.code: row.amount for row in rows}


def case(batch: Batch, invoice: Invoice) -> Case:
    """The invoice as a case; ARCA wants a due date for services, and none before the document's (10036)."""
    found = cases.case(batch.cases, invoice, environment=batch.environment,
                       series=guide.series(batch.profile.point_of_sale), extra=_extra(batch, invoice))
    return replace(found, due_date=max(invoice.due_date or invoice.issue_date, invoice.issue_date))


def _extra(batch: Batch, invoice: Invoice) -> dict[str, Any]:
    snapshot, original = invoice.snapshot or {}, batch.cases.authorized(invoice)
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


def _open(batch: Batch, invoice: Invoice) -> Opened:
    problems = batch.cases.waits(invoice)
    kind, request = "", dict[str, Any]()
    if not problems:
        kind, request, problems = map_case(case(batch, invoice), batch.thresholds)
    problems = problems or cases.differs(Decimal(str(request["ImpTotal"])), invoice)
    return Opened(invoice_id=invoice.id, environment=batch.environment,
                  series=guide.series(batch.profile.point_of_sale), kind=kind, issue_date=invoice.issue_date,
                  request=request, problems=problems, data=_data(batch, invoice))


def _data(batch: Batch, invoice: Invoice) -> dict[str, Any]:
    """What is printed otherwise than the invoice's own snapshot says."""
    original = batch.cases.authorized(invoice)
    return {"receiver": dict(original.receiver)} if original else {}
