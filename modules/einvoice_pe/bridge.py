"""From issued invoices to requests, set-wise: the shared cases, and what only Peru adds."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from core.db import among, db
from core.i18n import _
from modules.accounting.models import Invoice
from modules.einvoice import cases
from modules.einvoice.case import Case, Party
from modules.einvoice.cases import Batch
from modules.einvoice.models import Sequence as Numbering
from modules.einvoice.ports import Opened
from modules.einvoice.preview import ERROR, Problem
from modules.einvoice_pe import access, contingency, receiver
from modules.einvoice_pe.catalogs import BOLETA, CREDITO, DEBITO, FACTURA, NAMES, RUC
from modules.einvoice_pe.findings import Terms
from modules.einvoice_pe.lines import DESCRIPTION
from modules.einvoice_pe.mapping import map_document
from modules.einvoice_pe.models import CustomerProfile, Paper, Series

NOTES = {"credit_note": CREDITO, "debit_note": DEBITO}
_CUSTOMER = "customer."


@dataclass(frozen=True)
class Setting:
    """What the company has for a batch: environment, series, terms, what customers want."""

    environment: str
    series: Sequence[Series]
    terms: Terms
    customers: Mapping[int, CustomerProfile]
    # what was written on paper first, by invoice
    papers: Mapping[int, Paper]
    # (series, kind, number) of paper that SUNAT has refused for good
    spoilt: Collection[tuple[str, str, int]]

    def series_for(self, kind: int, letter: str, beside: str = "") -> str:
        """The series of new documents of a kind; of notes, in the establishment of what they modify."""
        usable = [one for one in self.series if one.kind == kind and one.letter == letter]
        routes = {one.route_id for one in self.series if one.code == beside}
        return next((one.code for one in usable if one.route_id in routes), usable[0].code if usable else "")


def open_invoices(invoice_ids: Sequence[int]) -> list[Opened]:
    """The requests of these invoices, or what Nubefact or SUNAT would refuse about them."""
    batch = cases.load(invoice_ids)
    setting = _setting(batch)
    return [_open(batch, setting, invoice) for invoice in batch.invoices]


def _setting(batch: Batch) -> Setting:
    environment = access.environment()
    day = max((invoice.issue_date for invoice in batch.invoices), default=None)
    if environment == "rehearsal":
        from modules.einvoice_pe import rehearsal

        rehearsal.prepare()
    wanted = {invoice.customer_id for invoice in batch.invoices}
    rows = db.session.scalars(sa.select(CustomerProfile).where(among(CustomerProfile.customer_id, wanted)))
    written = contingency.papers([invoice.id for invoice in batch.invoices])
    return Setting(environment, access.active_series(environment), access.terms(day) if day else Terms(),
                   {row.customer_id: row for row in rows}, written, _spoilt(environment) if written else set())


def _spoilt(environment: str) -> set[tuple[str, str, int]]:
    rows = db.session.execute(sa.select(Numbering.series, Numbering.kind, Numbering.skipped).where(
        Numbering.environment == environment, Numbering.by_hand))
    return {(row.series, row.kind, number) for row in rows for first, last in row.skipped
            for number in range(first, last + 1)}


def _open(batch: Batch, setting: Setting, invoice: Invoice) -> Opened:
    problems, kind, series, request = batch.waits(invoice), 0, "", dict[str, Any]()
    paper = setting.papers.get(invoice.id)
    if not problems and paper is not None:
        kind, series, problems = paper.kind, paper.series, _paper_problems(setting, paper)
    elif not problems:
        kind, letter, beside = _kind(batch, setting, invoice)
        series = setting.series_for(kind, letter, beside)
        problems = [] if series else [_no_series(kind)]
    if not problems:
        mapped = map_document(case(batch, setting, invoice, series), setting.terms)
        request, problems = mapped.payload, [_told(one) for one in mapped.problems if one.severity == ERROR]
        problems = problems or cases.differs(Decimal(request["total"]), invoice)
    return Opened(invoice_id=invoice.id, environment=setting.environment, series=series, kind=str(kind or ""),
                  issue_date=invoice.issue_date, request=request, problems=problems,
                  number=paper.number if paper and not problems else None)


def _paper_problems(setting: Setting, paper: Paper) -> list[dict[str, str]]:
    """Why a paper cannot be reported: of the rehearsal, or refused by SUNAT under its number."""
    if paper.environment != setting.environment:
        return [{"code": "paper_elsewhere", "field": "", "message": _(
            "To send this you must write the number of its paper again: it was typed in another environment.")}]
    if (paper.series, str(paper.kind), paper.number) in setting.spoilt:
        return [{"code": "paper_spoilt", "field": "", "message": _(
            "To send this you must write a new paper and its number: SUNAT refused %(number)s for good.",
            number=str(paper))}]
    return []


def _kind(batch: Batch, setting: Setting, invoice: Invoice) -> tuple[int, str, str]:
    """(tipo_de_comprobante, letter of its series, series of the document that it modifies)."""
    original = batch.authorized(invoice)
    if original is not None:
        letter = "F" if int(original.document.kind) == FACTURA else "B"
        return NOTES.get(invoice.kind, CREDITO), letter, original.document.series
    wants = _wants_factura(setting, invoice)
    return (FACTURA, "F", "") if wants else (BOLETA, "B", "")


def _wants_factura(setting: Setting, invoice: Invoice) -> bool:
    row = setting.customers.get(invoice.customer_id)
    if row is not None and row.wants_factura is not None:
        return row.wants_factura
    said = (invoice.snapshot or {}).get("customer") or {}
    party = Party(tax_id_kind=said.get("tax_id_kind") or "", tax_id=said.get("tax_id") or "")
    return receiver.identity_kind(party) == RUC


def case(batch: Batch, setting: Setting, invoice: Invoice, series: str) -> Case:
    """The invoice as a case; it gets its number when it is sent. Nubefact mails nothing: no address goes there."""
    row = setting.customers.get(invoice.customer_id)
    found = cases.case(batch, invoice, environment=setting.environment, series=series, provider="nubefact",
                       customer_extra={"agente_de_retencion": bool(row and row.retention_agent)},
                       extra=_extra(setting, invoice), number=None)
    # our own descriptions may be longer than Nubefact takes; what the customer has is mended, not cut
    lines = tuple(replace(line, description=line.description[:DESCRIPTION]) for line in found.lines)
    return replace(found, lines=lines, customer=replace(found.customer, email=""), exchange_rate=_rate(found))


def _rate(found: Case) -> Decimal | None:
    """Three decimals, as SUNAT publishes rates."""
    rate = found.exchange_rate
    return rate.quantize(Decimal("0.001")) if rate is not None and found.currency != "PEN" else None


def _extra(setting: Setting, invoice: Invoice) -> dict[str, Any]:
    extra: dict[str, Any] = {}
    if invoice.service_from and invoice.service_to:
        extra["observaciones"] = f"Periodo {invoice.service_from:%d/%m/%Y} - {invoice.service_to:%d/%m/%Y}"
    if invoice.id in setting.papers:
        # the customer has the kind that was written, whatever he would get now
        extra["tipo_de_comprobante"] = setting.papers[invoice.id].kind
    if not setting.terms.detraction_kind:
        extra["detraccion"] = False
    return extra


def _no_series(kind: int) -> dict[str, str]:
    return {"code": "no_series", "field": "", "message": _(
        "To send this you must first enter a series for a %(kind)s: Electronic invoices > Enable.",
        kind=NAMES[kind].lower())}


def _told(problem: Problem) -> dict[str, str]:
    """A problem's code is the authority's where it has one, and its field the customer's to mend, or ""."""
    field = problem.field.removeprefix(_CUSTOMER) if problem.field.startswith(_CUSTOMER) else ""
    return {"code": problem.authority_code if problem.authority_code not in ("", "21") else problem.code,
            "message": problem.message, "field": field}
