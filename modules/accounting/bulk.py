"""Issuing many documents at once: a fixed number of statements, whatever their number.

A single document goes the same way, so that there is one way only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Any

from core import clock, jobs
from core.db import allocate_ids, write_rows
from core.i18n import _
from core.models import Company
from core.scope import current_user_id
from modules.accounting import credits, designs, ledger, numbering, snapshots
from modules.accounting.drafts import DraftLine, InvoiceDraft
from modules.accounting.errors import NothingToIssue
from modules.accounting.events import InvoiceReady, InvoicesIssued
from modules.accounting.ledger import Accounts, NewEntry, Side
from modules.accounting.models import Invoice, InvoiceLine, InvoiceTax, Policy
from modules.accounting.ports import gatherings
from modules.accounting.totals import VAT, LineTotals, Totals, of_draft

ZERO = Decimal("0.00")
Row = dict[str, Any]


@dataclass
class _Batch:
    """What is the same for all documents of a batch, and the rows that they become."""

    company: Company
    accounts: Accounts
    customers: dict[int, Row]
    # receivers of the documents that notes correct
    originals: dict[int, Row]
    issuer: Row
    design_id: int
    policy: Policy
    invoices: list[Row] = field(default_factory=list)
    lines: list[Row] = field(default_factory=list)
    taxes: list[Row] = field(default_factory=list)
    entries: list[NewEntry] = field(default_factory=list)


def issue_many(company: Company, drafts: Sequence[InvoiceDraft], totals: Sequence[Totals] | None = None) -> list[int]:
    """Issue these documents of the company in scope: rows, postings, balances, credit applied; their ids in order.

    `totals` are accounting.totals' of each draft where the caller has them already. Events carry all ids at once.
    Raises PeriodLocked, NothingToIssue or NoAccount; nothing is written then.
    """
    if not drafts:
        return []
    batch = _prepare(company, drafts)
    ids = allocate_ids(Invoice.__table__, len(drafts))
    for key, draft, found in zip(ids, drafts, totals or [of_draft(one, company.country) for one in drafts],
                                 strict=True):
        _document(batch, key, draft, found)
    gathered = _gather(batch)
    _number(batch)
    used = credits.use(batch.invoices) if batch.policy.apply_credit else []
    for row in batch.invoices:
        row["snapshot"]["applied"] = f"{row['total'] - row['open_amount']:.2f}"
    write_rows(Invoice.__table__, batch.invoices)
    write_rows(InvoiceLine.__table__, batch.lines)
    write_rows(InvoiceTax.__table__, batch.taxes)
    ledger.write(batch.entries)
    credits.record(used)
    if gathered:
        gatherings.get(company.country).remember(gathered)
    _tell(batch)
    return ids


def _prepare(company: Company, drafts: Sequence[InvoiceDraft]) -> _Batch:
    ledger.check_open(min(draft.issue_date for draft in drafts))
    people = sorted({draft.customer_id for draft in drafts})
    ledger.lock_customers(people)
    customers = snapshots.of_customers(company, people)
    originals = snapshots.of_originals([draft.original_id for draft in drafts if draft.original_id])
    return _Batch(company, Accounts(), customers, originals, snapshots.of_issuer(company), designs.current().id,
                  ledger.policy())


def _document(batch: _Batch, key: int, draft: InvoiceDraft, totals: Totals) -> None:
    """The rows of one document."""
    _check(draft, totals)
    legal = batch.policy.legal_documents and draft.origin != "import"
    currency = draft.currency or batch.company.currency
    batch.invoices.append({
        "id": key, "company_id": batch.company.id, "kind": draft.kind, "state": "issued",
        "legal_state": "pending" if legal else "not_required", "legal_number": "", "customer_id": draft.customer_id,
        "issue_date": draft.issue_date, "due_date": draft.due_date, "due_on": draft.due_date or draft.issue_date,
        "second_due_date": draft.second_due_date, "second_due_total": draft.second_due_total,
        "service_from": draft.service_from, "service_to": draft.service_to,
        "currency": currency, "exchange_rate": draft.exchange_rate, "net": totals.net, "untaxed": totals.untaxed,
        "exempt": totals.exempt, "discount": totals.discount, "tax_total": totals.tax_total,
        "withheld": totals.withheld, "total": totals.total, "open_amount": totals.total, "origin": draft.origin,
        "original_id": draft.original_id, "reason": draft.reason, "snapshot": _snapshot(batch, draft),
        "pdf_file_id": None, "form_key": draft.form_key, "created_at": clock.now(), "created_by": current_user_id()})
    batch.lines += [_line(key, position, line, shown)
                    for position, (line, shown) in enumerate(zip(draft.lines, totals.lines, strict=True), 1)]
    batch.taxes += [{
        "invoice_id": key, "code": tax.code, "rate": tax.rate, "category": tax.category, "base": tax.base,
        "amount": tax.amount, "withheld": tax.withheld, "of_document": tax.of_document,
        "jurisdiction": tax.jurisdiction, "description": tax.description} for tax in totals.taxes]
    batch.entries.append(NewEntry(draft.issue_date, "issue", currency, _sides(batch.accounts, draft, totals),
                                  invoice_id=key))


def _check(draft: InvoiceDraft, totals: Totals) -> None:
    if not draft.lines:
        raise NothingToIssue(_("To issue a document you must give it at least one line."), field="lines")
    if totals.total <= 0:
        raise NothingToIssue(_("Issuing is not possible because the total is %(total)s; it must be above zero.",
                               total=f"{totals.total:.2f}"), field="lines")


def _line(invoice_id: int, position: int, line: DraftLine, shown: LineTotals) -> Row:
    return {"invoice_id": invoice_id, "position": position, "code": line.code, "description": line.description,
            "quantity": line.quantity, "unit_price": line.unit_price, "price_includes_tax": line.price_includes_tax,
            "discount": line.discount, "net": shown.net, "tax": shown.tax, "total": shown.total,
            "taxes": [dict(tax) for tax in line.taxes], "account_id": line.account_id, "extra": dict(line.extra)}


def _snapshot(batch: _Batch, draft: InvoiceDraft) -> Row:
    customer = batch.originals.get(draft.original_id or 0) or batch.customers.get(draft.customer_id, {})
    found: Row = {"customer": customer, "issuer": batch.issuer,
                  "design": batch.design_id, "locale": batch.company.locale, "extra": dict(draft.extra)}
    return found | ({"texts": dict(draft.texts)} if draft.texts else {})


def _sides(accounts: Accounts, draft: InvoiceDraft, totals: Totals) -> list[Side]:
    """Receivable against income and taxes; a credit note the other way round."""
    sign = -1 if draft.kind == "credit_note" else 1
    sides = [Side(accounts["receivable"], sign * totals.total, draft.customer_id)]
    incomes: dict[int, Decimal] = {}
    source = "opening" if draft.origin == "import" else "income"
    for line, shown in zip(draft.lines, totals.lines, strict=True):
        account = line.account_id or accounts[source]
        incomes[account] = incomes.get(account, ZERO) + shown.net
    sides += [Side(account, -sign * amount) for account, amount in incomes.items()]
    sides += [Side(accounts[_tax_role(tax.code, tax.withheld)], (sign if tax.withheld else -sign) * tax.amount)
              for tax in totals.taxes]
    return sides


@lru_cache(maxsize=64)
def _tax_role(code: str, withheld: bool) -> str:
    if withheld:
        return "withholdings"
    return "vat_payable" if code == VAT else "other_taxes_payable"


def _gather(batch: _Batch) -> list[Row]:
    """The documents that the country has in one legal document of a period: they need none of their own."""
    port = gatherings.find(batch.company.country)
    waiting = [row for row in batch.invoices if row["legal_state"] == "pending"]
    if port is None or not waiting:
        return []
    chosen = port.gathered(waiting)
    found = [row for row in waiting if row["id"] in chosen]
    for row in found:
        row["legal_state"] = "not_required"
    return found


def _number(batch: _Batch) -> None:
    """Documents that no authority numbers get the company's own number, by kind."""
    for kind in ("invoice", "credit_note", "debit_note"):
        rows = [row for row in batch.invoices if row["kind"] == kind and row["legal_state"] == "not_required"
                and row["origin"] != "import"]
        for row, number in zip(rows, numbering.take(kind, len(rows)), strict=True):
            row["legal_number"] = f"{number:08d}"


def _tell(batch: _Batch) -> None:
    waiting = [row["id"] for row in batch.invoices if row["legal_state"] == "pending"]
    ready = [row["id"] for row in batch.invoices if row["legal_state"] == "not_required" and row["origin"] != "import"]
    if waiting:
        jobs.publish(InvoicesIssued(waiting))
    if ready:
        jobs.publish(InvoiceReady(ready))
