"""From issued invoices to CFDI, set-wise: a handful of selects for a thousand invoices, then pure mapping."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from core.db import among, db
from core.scope import current_company
from modules.accounting.models import Invoice
from modules.crm import countries
from modules.einvoice import cases
from modules.einvoice.case import Case, Reference
from modules.einvoice.ports import Opened
from modules.einvoice.preview import ERROR, Problem
from modules.einvoice_mx import access, schema
from modules.einvoice_mx.catalogs import GENERIC
from modules.einvoice_mx.global_cases import PUBLIC
from modules.einvoice_mx.mapping import KINDS, map_document
from modules.einvoice_mx.models import CustomerProfile, FiscalProfile, GlobalInvoice, PublicSale
from modules.einvoice_mx.parties import suggested_name

_CUSTOMER = "customer."


@dataclass(frozen=True)
class Issuing:
    """What is the same for all documents of a batch."""

    batch: cases.Batch
    profile: FiscalProfile
    environment: str
    customers: Mapping[int, CustomerProfile]
    # by sale: the global invoice that a credit note of it refers to
    globals: Mapping[int, GlobalInvoice]


def open_invoices(invoice_ids: Sequence[int]) -> list[Opened]:
    """The documents of these invoices, or what the SAT would refuse about them."""
    issuing = load(invoice_ids)
    return [_open(issuing, invoice) for invoice in issuing.batch.invoices]


def load(invoice_ids: Sequence[int]) -> Issuing:
    """Invoices with all that their documents need."""
    batch = cases.load(invoice_ids)
    people = {invoice.customer_id for invoice in batch.invoices}
    rows = db.session.scalars(sa.select(CustomerProfile).where(among(CustomerProfile.customer_id, sorted(people))))
    return Issuing(batch, access.profile(), access.environment(), {row.customer_id: row for row in rows},
                   _globals([invoice.original_id for invoice in batch.invoices if invoice.kind == "credit_note"]))


def _globals(original_ids: Iterable[int | None]) -> dict[int, GlobalInvoice]:
    wanted = [one for one in original_ids if one]
    if not wanted:
        return {}
    rows = db.session.execute(
        sa.select(PublicSale.invoice_id, GlobalInvoice).join(GlobalInvoice, GlobalInvoice.id == PublicSale.global_id)
        .where(among(PublicSale.invoice_id, wanted)))
    return {row.invoice_id: row.GlobalInvoice for row in rows}


def case(issuing: Issuing, invoice: Invoice) -> Case:
    """The invoice as a case, the same as a CASE.json would hold."""
    profile, own = issuing.profile, issuing.customers.get(invoice.customer_id)
    made = cases.case(
        issuing.batch, invoice, environment=issuing.environment, series=series_of(profile, invoice.kind),
        issuer_extra=issuer_extra(profile, issuing.batch.company.timezone),
        customer_extra=customer_extra(own, cases.receiver_of(invoice.snapshot)),
        payment=_payment(profile, own, invoice))
    gathered = issuing.globals.get(invoice.original_id or 0)
    if gathered is not None:  # an egreso of the global invoice: to whom that was issued
        made = replace(made, customer=PUBLIC, references=(Reference(
            "I", gathered.series, gathered.number, gathered.created_at.date(), gathered.uuid, invoice.reason or "",
            gathered.total),))
    # what is given away at no price is no line for the SAT (CFDI40166)
    return replace(made, lines=tuple(line for line in made.lines if line.unit_price or len(made.lines) == 1))


def series_of(profile: FiscalProfile, kind: str) -> str:
    return profile.credit_series if kind == "credit_note" else profile.series


def issuer_extra(profile: FiscalProfile, timezone: str) -> dict[str, Any]:
    """Under the SAT's names, what only Mexico has of the issuer."""
    found: dict[str, Any] = {"timezone": timezone, "border_region": profile.border_region,
                             "Nombre": profile.legal_name or suggested_name(current_company().name)}
    if profile.place:
        found["LugarExpedicion"] = profile.place
    return found


def customer_extra(own: CustomerProfile | None, receiver: Mapping[str, str]) -> dict[str, Any]:
    """Under the SAT's names, what the tax certificate says; a generic RFC has none."""
    rfc = countries.get("MX").compact(receiver.get("tax_id") or "")
    if own is None or not rfc or rfc in GENERIC or receiver.get("tax_id_kind") not in ("", "RFC"):
        return {}
    found = {"Nombre": own.legal_name, "DomicilioFiscalReceptor": own.postal_code, "UsoCFDI": own.use}
    return {name: value for name, value in found.items() if value}


def _payment(profile: FiscalProfile, own: CustomerProfile | None, invoice: Invoice) -> dict[str, Any]:
    method = (own.method if own else "") or profile.method
    if invoice.kind == "credit_note":
        return {}
    form = (own.form if own else "") or profile.form
    return {"MetodoPago": method} | ({"method": form} if method == "PUE" else {})


def _open(issuing: Issuing, invoice: Invoice) -> Opened:
    problems, request = _waits(issuing, invoice), dict[str, Any]()
    if not problems:
        request, problems = map_case(case(issuing, invoice))
    if not problems:
        problems = cases.differs(Decimal(request["total"]), invoice)
    return Opened(invoice_id=invoice.id, environment=issuing.environment,
                  series=series_of(issuing.profile, invoice.kind), kind=KINDS[invoice.kind],
                  issue_date=invoice.issue_date, request=request, problems=problems)


def _waits(issuing: Issuing, invoice: Invoice) -> list[dict[str, str]]:
    """The problem of a note of what is not stamped yet; an egreso waits for its global invoice."""
    gathered = issuing.globals.get(invoice.original_id or 0)
    return [] if gathered is not None and gathered.state == "authorized" else issuing.batch.waits(invoice)


def map_case(made: Case) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """The document not yet numbered and sealed, and the problems ({"code", "message", "field"})."""
    mapped = map_document(made)
    problems = [told(one) for one in mapped.problems if one.severity == ERROR]
    return {"xml": schema.text(mapped.document), "total": mapped.total}, problems


def told(problem: Problem) -> dict[str, str]:
    """A problem with the SAT's code where it has one, and the customer's field to mend, or ""."""
    where = problem.field
    return {"code": problem.authority_code or problem.code, "message": problem.message,
            "field": where.removeprefix(_CUSTOMER) if where.startswith(_CUSTOMER) else ""}
