"""The verbs of documents: issue, annul, record what the authority said, close a period."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from core import audit, clock, jobs
from core.db import among, db, lock
from core.errors import DomainError
from core.i18n import _
from core.scope import current_company, current_user_id
from modules.accounting import allocations, ledger, snapshots
from modules.accounting.bulk import issue_many
from modules.accounting.drafts import InvoiceDraft
from modules.accounting.errors import NotPossible
from modules.accounting.events import CreditNoteIssued, InvoiceCancelled, InvoiceReady, InvoicesIssued
from modules.accounting.ledger import NewEntry, Side
from modules.accounting.models import Entry, Invoice, Policy, Posting
from modules.accounting.ports import Pad, first_on_paper, gatherings
from modules.accounting.totals import of_draft

# what a document may become from each state, by the word of the authority
LEGAL_STEPS = {
    "pending": ("authorized", "signed", "rejected", "unknown"),
    "unknown": ("authorized", "signed", "rejected", "pending"), "signed": ("authorized", "rejected"),
    "rejected": ("pending", "authorized"), "authorized": ("cancelled",),
}
# states in which a result without number leaves the number as it is
KEEPING_NUMBER = ("authorized", "cancelled")
# where a document remembers what was handed over and is not valid: [{"number", "pdf"}]
WITHDRAWN = "withdrawn"
ZERO = Decimal("0.00")


@dataclass(frozen=True)
class LegalResult:
    """What became of a document at the authority; `number` as people write it."""

    invoice_id: int
    state: str
    number: str = ""


def issue_invoice(draft: InvoiceDraft) -> Invoice:
    """Issue one document; the same `form_key` again answers with what was issued the first time.

    Raises PeriodLocked, NothingToIssue, NoAccount or NotPossible; nothing is written then. DomainError where its paper
    cannot be: undo the transaction.
    """
    if found := issued_before(draft):
        return found
    try:
        with db.session.begin_nested():
            (key,) = issue_many(current_company(), [draft])
    except IntegrityError:
        found = issued_before(draft)
        if found is None:
            raise
        return found
    invoice = db.session.get(Invoice, key, populate_existing=True)
    assert invoice is not None
    if draft.paper:
        first_on_paper.get(current_company().country).put(invoice, *draft.paper)
    if draft.kind == "credit_note":
        jobs.publish(CreditNoteIssued(invoice.id))
    audit.record("accounting.issue_invoice", invoice, {"kind": draft.kind, "total": invoice.total}, draft.reason)
    return invoice


def issued_before(draft: InvoiceDraft) -> Invoice | None:
    """What this very form issued before; another document under the same key is refused, never mixed up."""
    found = by_form_key(draft.form_key)
    if found is None:
        return None
    said = (draft.customer_id, draft.kind, draft.original_id, of_draft(draft, current_company().country).total)
    if (found.customer_id, found.kind, found.original_id, found.total) != said or not was_on(draft.paper, found):
        raise NotPossible(_("Issuing this is not possible because the same form issued %(document)s before, with other "
                            "contents. Open a new form.", document=str(found)), code="issued_differently")
    return found


def was_on(paper: tuple[Pad, int] | None, invoice: Invoice) -> bool:
    """Whether this is the paper on which a document was written, or None and it was on none."""
    entry = first_on_paper.find(current_company().country)
    written = entry.of(invoice) if entry else None
    return (written and (written[0].value, written[1])) == (paper and (paper[0].value, paper[1]))


def by_form_key(form_key: str | None) -> Invoice | None:
    """The document that was issued with this form key, if there is one."""
    return db.session.scalar(sa.select(Invoice).where(Invoice.form_key == form_key)) if form_key else None


def cancel_invoice(invoice: Invoice, reason: str) -> None:
    """Annul a document that no authority has: a reversing entry, its payments become credit again.

    An authorised one is corrected by a credit note; one that waits or whose answer was lost must be decided first.
    """
    invoice = allocations.hold(invoice)
    _check_cancel(invoice, reason)
    allocations.release_all(invoice)
    _reverse(invoice, reason)
    invoice.state, invoice.open_amount = "cancelled", ZERO
    invoice.cancelled_on, invoice.cancel_reason = clock.today(), reason.strip()[:300]
    if invoice.legal_state == "rejected":
        invoice.legal_state = "cancelled"
    db.session.flush()
    allocations.settle_by_itself(invoice.customer_id, invoice.currency)
    jobs.publish(InvoiceCancelled(invoice.id))
    audit.record("accounting.cancel_invoice", invoice, {"total": invoice.total}, reason)


def _check_cancel(invoice: Invoice, reason: str) -> None:
    if invoice.state == "cancelled":
        raise NotPossible(_("Annulling is not possible because the document is annulled already."))
    if invoice.legal_state not in ("not_required", "rejected", "cancelled"):
        raise NotPossible(_("Annulling is not possible because the tax authority has or may have the document; "
                            "once it is authorised, issue a credit note."))
    gathering = gatherings.find(current_company().country)
    if gathering is not None and (said := gathering.refusal(invoice)):
        raise NotPossible(said)
    note = db.session.scalar(sa.select(Invoice).where(Invoice.original_id == invoice.id, Invoice.state == "issued")
                             .limit(1))
    if note is not None:
        raise NotPossible(_("To annul %(document)s you must first annul its note %(note)s.", document=str(invoice),
                            note=str(note)))
    if not reason.strip():
        raise DomainError(_("To annul a document you must say why."), field="reason")


def _reverse(invoice: Invoice, reason: str) -> None:
    entry = db.session.scalars(sa.select(Entry).where(Entry.invoice_id == invoice.id, Entry.kind == "issue")).one()
    ledger.write([reversal_of(entry, "cancel", clock.today(), reason)])


def reversal_of(entry: Entry, kind: str, day: dt.date, description: str) -> NewEntry:
    """The entry that takes another one back."""
    postings = db.session.scalars(sa.select(Posting).where(Posting.entry_id == entry.id).order_by(Posting.id))
    sides = [Side(one.account_id, -one.amount, one.customer_id) for one in postings]
    return NewEntry(max(day, entry.date), kind, entry.currency, sides, entry.invoice_id, entry.payment_id,
                    description[:300])


def refresh_snapshot(invoice: Invoice) -> None:
    """Copy the customer's and issuer's present data into a document that the authority does not have yet.

    A note keeps the receiver of the document that it corrects.
    """
    ledger.lock_customers([invoice.customer_id])
    invoice = db.session.scalars(lock(sa.select(Invoice).where(Invoice.id == invoice.id))
                                 .execution_options(populate_existing=True)).one()
    if invoice.legal_state not in ("pending", "rejected"):
        raise NotPossible(_("Changing the document is not possible because the authority has it already."))
    company = current_company()
    receivers = snapshots.of_originals([invoice.original_id] if invoice.original_id else [])
    customer = receivers.get(invoice.original_id or 0) or snapshots.of_customers(
        company, [invoice.customer_id])[invoice.customer_id]
    invoice.snapshot = {**invoice.snapshot, "customer": customer, "issuer": snapshots.of_issuer(company)}
    db.session.flush()


def require_legal(invoice_ids: Sequence[int]) -> None:
    """Have gathered documents authorised by themselves, with their customers' present data: they asked for their own.

    What was handed over is noted (`withdrawn`); the document has no number and no paper until it is authorised.
    """
    hold_customers(invoice_ids)
    found = db.session.scalars(lock(sa.select(Invoice).where(
        among(Invoice.id, invoice_ids), Invoice.state == "issued", Invoice.legal_state == "not_required")
        .order_by(Invoice.id)).execution_options(populate_existing=True)).all()
    if not found:
        return
    _withdraw([invoice.id for invoice in found])
    for invoice in found:
        invoice.legal_state, invoice.legal_number = "pending", ""
    db.session.flush()
    for invoice in found:
        refresh_snapshot(invoice)
    jobs.publish(InvoicesIssued([invoice.id for invoice in found]))


def hold_customers(invoice_ids: Sequence[int]) -> None:
    """Hold the accounts of these documents' customers until the transaction ends, in order of their ids.

    The first thing of whatever changes several customers' documents: who took them one by one would deadlock.
    """
    ledger.lock_customers(sorted(set(db.session.scalars(
        sa.select(Invoice.customer_id).where(among(Invoice.id, invoice_ids))))))


def record_legal_results(results: Sequence[LegalResult]) -> None:
    """Record what the authority said of these documents; those that can be handed over now are told to be ready.

    One statement for all; a state that cannot follow the present one is left alone, so that repeating does nothing.
    What was signed and is refused after all loses its paper: the next one says which it replaces.
    """
    ready: list[int] = []
    hold_customers([one.invoice_id for one in results])
    for state in sorted({one.state for one in results}):
        changed = _record(state, [one for one in results if one.state == state])
        if state in ("authorized", "signed"):
            ready += [key for key, before in changed.items() if before != "signed"]
    if ready:
        jobs.publish(InvoiceReady(sorted(ready)))
    db.session.expire_all()


def _record(state: str, results: Sequence[LegalResult]) -> dict[int, str]:
    """The ids that really changed, each with its state before."""
    before = [one for one, following in LEGAL_STEPS.items() if state in following]
    numbers = {one.invoice_id: one.number for one in results}
    found: dict[int, str] = dict(db.session.execute(lock(sa.select(Invoice.id, Invoice.legal_state).where(
        among(Invoice.id, sorted(numbers)), Invoice.state == "issued", Invoice.legal_state.in_(before))
        .order_by(Invoice.id))).tuples().all())
    if state == "rejected":
        _withdraw([key for key, was in found.items() if was == "signed"])
    if found:
        table: Any = Invoice.__table__
        values = {"legal_state": state, "legal_number": sa.bindparam("number")}
        if state in KEEPING_NUMBER:
            values["legal_number"] = sa.func.coalesce(sa.func.nullif(sa.bindparam("number"), ""), table.c.legal_number)
        db.session.connection().execute(
            sa.update(table).where(table.c.id == sa.bindparam("row_id")).values(**values),
            [{"row_id": one, "number": numbers[one]} for one in found])
    return found


def _withdraw(invoice_ids: Sequence[int]) -> None:
    """Note what the customers hold of these, and forget the papers: they are not valid."""
    for invoice in db.session.scalars(sa.select(Invoice).where(among(Invoice.id, invoice_ids))):
        paper = {"number": invoice.legal_number, "pdf": invoice.pdf_file_id}
        invoice.snapshot = {**invoice.snapshot, WITHDRAWN: [*withdrawn(invoice), paper]}
        invoice.pdf_file_id = None
    db.session.flush()


def withdrawn(invoice: Invoice) -> list[dict[str, Any]]:
    """What was handed over of a document and is not valid: [{"number", "pdf": id of the file}], the oldest first."""
    return list((invoice.snapshot or {}).get(WITHDRAWN, ()))


def lock_period(until: dt.date | None, reason: str = "") -> None:
    """Close the books up to and including a day; None or an earlier day opens them again, which is audited.

    Waits for what is being booked at this moment.
    """
    if until is not None and until >= clock.today():
        raise DomainError(_("To close a period its last day must lie in the past."), field="until")
    found = db.session.scalars(lock(sa.select(Policy)).execution_options(populate_existing=True)).one()
    before = found.locked_until
    opened = before is not None and (until is None or until < before)
    if opened and not reason.strip():
        raise DomainError(_("To open a closed period you must say why."), field="reason")
    found.locked_until, found.lock_reason = until, reason.strip()[:300] if until else ""
    found.locked_at, found.locked_by = (clock.now(), current_user_id()) if until else (None, None)
    db.session.flush()
    audit.record("accounting.open_period" if opened else "accounting.lock_period", found,
                 {"locked_until": [before, until]}, reason)
