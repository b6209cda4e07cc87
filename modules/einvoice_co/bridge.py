"""From issued invoices to the provider's requests, set-wise: a handful of selects, then pure mapping."""

from __future__ import annotations

import re
from collections.abc import Mapping
from collections.abc import Sequence as Many
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa

from core.db import among, db
from core.exact_json import as_json
from modules.accounting.models import Invoice
from modules.crm.models import Email, Phone
from modules.einvoice import cases
from modules.einvoice.case import Case, CaseLine, Reference
from modules.einvoice.ports import Opened
from modules.einvoice.preview import ERROR
from modules.einvoice_co import access, delivery, rehearsal
from modules.einvoice_co.catalogs import KINDS
from modules.einvoice_co.customers import extras
from modules.einvoice_co.endpoints import case_environment
from modules.einvoice_co.findings import SIIGO
from modules.einvoice_co.legends import legends
from modules.einvoice_co.mapping import Mapped, map_document
from modules.einvoice_co.models import FiscalProfile, Resolution
from modules.einvoice_co.printed import facts
from modules.einvoice_co.providers.siigo.client import CREDIT_NOTES, INVOICES
from modules.einvoice_co.providers.siigo.customers import customer

# begins the series of documents that Siigo numbers; a prefix of the DIAN has no small letters
BY_SIIGO = "siigo-"


@dataclass(frozen=True)
class Batch:
    """All that the cases of a batch need."""

    cases: cases.Batch
    profile: FiscalProfile
    resolution: Resolution | None
    environment: str
    # by customer: where the document is mailed, and the phone that Siigo wants
    emails: Mapping[int, str] = field(default_factory=dict)
    phones: Mapping[int, str] = field(default_factory=dict)
    # by customer: what the RUT says
    extras: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)


def open_invoices(invoice_ids: Many[int]) -> list[Opened]:
    """The requests of these invoices without number, or what would be refused about them."""
    batch = load(invoice_ids)
    return [_open(batch, invoice) for invoice in batch.cases.invoices]


def load(invoice_ids: Many[int]) -> Batch:
    """Read all that these invoices need: a few selects whatever the number."""
    environment, found = access.environment(), cases.load(invoice_ids)
    customers = {invoice.customer_id for invoice in found.invoices}
    resolution = access.resolution(environment)
    if resolution is None and environment == "rehearsal":  # a rehearsal needs no step before the first month
        resolution = rehearsal.test_resolution(environment)
    return Batch(found, access.profile(), resolution, environment, _emails(customers), _phones(customers),
                 extras(customers))


def _emails(customer_ids: set[int]) -> dict[int, str]:
    """The first address for invoices of each customer."""
    rows = db.session.execute(
        sa.select(Email.customer_id, Email.address)
        .where(among(Email.customer_id, sorted(customer_ids)), Email.active, Email.billing)
        .order_by(Email.position.desc(), Email.id.desc()))
    return {row.customer_id: row.address for row in rows}


def _phones(customer_ids: set[int]) -> dict[int, str]:
    """The first phone of each customer, as it is dialled within Colombia."""
    rows = db.session.execute(
        sa.select(Phone.customer_id, Phone.e164).where(
            among(Phone.customer_id, sorted(customer_ids)), Phone.active, Phone.e164.startswith("+57"))
        .order_by(Phone.position.desc(), Phone.id.desc()))
    return {row.customer_id: row.e164.removeprefix("+57") for row in rows}


def series_of(batch: Batch, kind: str) -> str:
    """The prefix that numbers, or Siigo's document type."""
    profile = batch.profile
    if profile.provider == SIIGO:
        number = profile.siigo_credit_note if kind == "credit_note" else profile.siigo_document
        return f"{BY_SIIGO}{number or 0}"
    notes = {"credit_note": profile.credit_prefix, "debit_note": profile.debit_prefix}
    return notes.get(kind, batch.resolution.prefix if batch.resolution else "")


def case(batch: Batch, invoice: Invoice) -> Case:
    """The invoice as a case."""
    first = batch.resolution.first if batch.resolution and invoice.kind == "invoice" else 1
    credit = invoice.due_date is not None and invoice.due_date > invoice.issue_date
    email = batch.emails.get(invoice.customer_id, "")
    found = cases.case(
        batch.cases, invoice, environment=case_environment(batch.environment), series=series_of(batch, invoice.kind),
        provider=batch.profile.provider, customer_extra=_customer_extra(batch, invoice.customer_id), number=first,
        issuer_extra=issuer_extra(batch.profile, batch.resolution, invoice.kind, email), extra=_extra(invoice),
        payment={"terms": "credit" if credit else "cash", "method": batch.profile.means if credit else ""})
    return replace(found, customer=replace(found.customer, email=email),
                   lines=tuple(_line(batch, one) for one in found.lines),
                   references=_references(batch, invoice, found.references))


def _customer_extra(batch: Batch, customer_id: int) -> dict[str, Any]:
    """What only Colombia has of the customer; `notificar` where nobody but this program mails."""
    found = {"telefono": batch.phones.get(customer_id, ""), **batch.extras.get(customer_id, {})}
    return found if delivery.is_mailed(batch.profile.mailing) else found | {"notificar": "NO"}


def issuer_extra(profile: FiscalProfile, found: Resolution | None, kind: str, email: str) -> dict[str, Any]:
    """What only Colombia has of the issuer, under the names that the mapping reads; notes have no authorisation.

    `email` is where the document will be mailed, "" where nowhere.
    """
    extra: dict[str, Any] = {"responsabilidades": profile.responsibilities,
                             "resolucionRegimenSimple": profile.simple_resolution}
    if profile.provider == SIIGO:
        extra |= _siigo_extra(profile)
    else:
        extra["adjuntos"] = delivery.adjuntos(profile.mailing, email)
    if found is not None and kind == "invoice":
        extra |= {"numeroResolucion": found.number, "fechaResolucion": found.date, "desde": found.first,
                  "hasta": found.last, "vigenciaDesde": found.valid_from, "vigenciaHasta": found.valid_until,
                  "claveTecnica": found.technical_key}
    return {name: value for name, value in extra.items() if value not in (None, "")}


def _siigo_extra(profile: FiscalProfile) -> dict[str, Any]:
    chosen: dict[str, Any] = {
        "document_id": profile.siigo_document, "credit_note_document": profile.siigo_credit_note,
        "seller": profile.siigo_seller, "payment_id": profile.siigo_payment}
    found = {**profile.siigo_catalogs, **{name: value for name, value in chosen.items() if value}}
    return found if delivery.is_mailed(profile.mailing) else found | {"mail_send": False}


def _extra(invoice: Invoice) -> dict[str, Any]:
    """What customers look for: the contract is in the lines, the period here."""
    if invoice.service_from is None:
        return {}
    return {"informacionAdicional": [f"Periodo {invoice.service_from:%m/%Y}"]}


def _line(batch: Batch, line: CaseLine) -> CaseLine:
    """Siigo wants a product's code, without blank and apostrophe."""
    if batch.profile.provider != SIIGO:
        return line
    return replace(line, code=re.sub(r"[ ']+", "-", line.code.strip()) or batch.profile.siigo_product)


def _references(batch: Batch, invoice: Invoice, found: tuple[Reference, ...]) -> tuple[Reference, ...]:
    """A note says its concept: the whole is an annulment, a part a discount; a debit note changes the value."""
    original = batch.cases.authorized(invoice)
    if original is None:
        return found
    whole = invoice.total == original.total
    concept = {"credit_note": "2" if whole else "3", "debit_note": "3"}.get(invoice.kind, "")
    said = (invoice.snapshot or {}).get("extra") or {}
    data: Mapping[str, Any] = original.document.data or {}
    return tuple(replace(
        one, kind="invoice", series=str(data.get("prefix") or original.document.series),
        number=int(data.get("number") or original.document.number or 0), reason=str(said.get("concepto") or concept),
        entry={"id": data.get("siigo_id") or ""}) for one in found)


def _open(batch: Batch, invoice: Invoice) -> Opened:
    problems, mapped = batch.cases.waits(invoice), None
    if not problems:
        mapped = map_document(case(batch, invoice))
        problems = problems_of(mapped) or cases.differs(mapped.totals.total, invoice)
    good = mapped is not None and not problems
    return Opened(invoice_id=invoice.id, environment=batch.environment, series=series_of(batch, invoice.kind),
                  kind=KINDS.get(invoice.kind, ""), issue_date=invoice.issue_date,
                  request=request_of(mapped) if mapped and good else {}, problems=problems,
                  data=_data(batch, invoice, mapped) if mapped and good else {})


def data_of(invoice_id: int) -> dict[str, Any]:
    """What is printed of one invoice, also where the provider would refuse it."""
    batch = load([invoice_id])
    invoice = batch.cases.invoices[0]
    return _data(batch, invoice, map_document(case(batch, invoice)))


def problems_of(mapped: Mapped) -> list[dict[str, str]]:
    """What would be refused, under the authority's code where there is one."""
    return [{"code": one.authority_code or one.code, "message": one.message, "field": one.field}
            for one in mapped.problems if one.severity == ERROR]


def request_of(mapped: Mapped) -> dict[str, Any]:
    """The request before it has number and date; Siigo's as the very text, for its amounts are numbers."""
    if mapped.parts.draft.provider != SIIGO:
        return mapped.payload
    return {"path": CREDIT_NOTES if mapped.kind == "91" else INVOICES, "body": as_json(mapped.payload),
            "customer": as_json(customer(mapped.parts))}


def _data(batch: Batch, invoice: Invoice, mapped: Mapped) -> dict[str, Any]:
    """What is printed: legends as they are today, and to whom a note is issued."""
    original = batch.cases.authorized(invoice)
    found: dict[str, Any] = {"legends": list(legends(facts(mapped, ""))), "provider": batch.profile.provider}
    if odd := mapped.parts.amounts.odd:
        found["rounding"] = str(odd)
    return found | ({"receiver": dict(original.receiver)} if original else {})
