"""The verbs of documents: issue, annul, record what the authority said, close a period."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from core import audit, clock, jobs
from core.db import db, lock
from core.errors import DomainError
from core.i18n import _
from core.scope import current_company
from modules.accounting import allocations, ledger, snapshots
from modules.accounting.bulk import issue_many
from modules.accounting.drafts import InvoiceDraft
from modules.accounting.errors import NotPossible
from modules.accounting.events import CreditNoteIssued, InvoiceCancelled, InvoiceReady
from modules.accounting.ledger import NewEntry, Side
from modules.accounting.models import Entry, Invoice, Posting

# what a document may become from each state, by the word of the authority
LEGAL_STEPS = {
    "pending": ("authorized", "rejected", "unknown"), "unknown": ("authorized", "rejected", "pending"),
    "rejected": ("pending", "authorized"), "authorized": ("cancelled",),
}


@dataclass(frozen=True)
class LegalResult:
    """What became of a document at the authority; `number` as people write it."""

    invoice_id: int
    state: str
    number: str = ""


def issue_invoice(draft: InvoiceDraft) -> Invoice:
    """Issue one document; the same `form_key` again answers with what was issued the first time."""
    if draft.form_key and (found := _by_form_key(draft.form_key)):
        return found
    try:
        with db.session.begin_nested():
            (key,) = issue_many(current_company(), [draft])
    except IntegrityError:
        found = _by_form_key(draft.form_key) if draft.form_key else None
        if found is None:
            raise
        return found
    invoice = db.session.get(Invoice, key, populate_existing=True)
    assert invoice is not None
    if draft.kind == "credit_note":
        jobs.publish(CreditNoteIssued(invoice.id))
    audit.record("accounting.issue_invoice", invoice, {"kind": draft.kind, "total": invoice.total}, draft.reason)
    return invoice


def _by_form_key(form_key: str) -> Invoice | None:
    return db.session.scalar(sa.select(Invoice).where(Invoice.form_key == form_key))


def cancel_invoice(invoice: Invoice, reason: str) -> None:
    """Annul a document that no authority has: a reversing entry, its payments become credit again.

    An authorised one is corrected by a credit note; one that waits or whose answer was lost must be decided first.
    """
    invoice = locked(invoice)
    if invoice.state == "cancelled":
        raise NotPossible(_("Annulling is not possible because the document is annulled already."))
    if invoice.legal_state not in ("not_required", "rejected"):
        raise NotPossible(_("Annulling is not possible because the tax authority has or may have the document; "
                            "once it is authorised, issue a credit note."))
    if not reason.strip():
        raise DomainError(_("To annul a document you must say why."), field="reason")
    allocations.release_all(invoice)
    _reverse(invoice, reason)
    invoice.state, invoice.open_amount, invoice.reason = "cancelled", invoice.open_amount * 0, reason[:300]
    if invoice.legal_state == "rejected":
        invoice.legal_state = "cancelled"
    db.session.flush()
    jobs.publish(InvoiceCancelled(invoice.id))
    audit.record("accounting.cancel_invoice", invoice, {"total": invoice.total}, reason)


def _reverse(invoice: Invoice, reason: str) -> None:
    entry = db.session.scalars(sa.select(Entry).where(Entry.invoice_id == invoice.id, Entry.kind == "issue")).one()
    ledger.write([reversal_of(entry, "cancel", clock.today(), reason)])


def reversal_of(entry: Entry, kind: str, day: dt.date, description: str) -> NewEntry:
    """The entry that takes another one back."""
    postings = db.session.scalars(sa.select(Posting).where(Posting.entry_id == entry.id).order_by(Posting.id))
    sides = [Side(one.account_id, -one.amount, one.customer_id) for one in postings]
    return NewEntry(max(day, entry.date), kind, entry.currency, sides, entry.invoice_id, entry.payment_id,
                    description[:300])


def locked(invoice: Invoice) -> Invoice:
    """The same document, its customer's account and its row locked, read anew."""
    ledger.lock_customers([invoice.customer_id])
    return db.session.scalars(lock(sa.select(Invoice).where(Invoice.id == invoice.id))
                              .execution_options(populate_existing=True)).one()


def refresh_snapshot(invoice: Invoice) -> None:
    """Copy the customer's and issuer's present data into a document that the authority does not have yet."""
    if invoice.legal_state not in ("pending", "rejected"):
        raise NotPossible(_("Changing the document is not possible because the authority has it already."))
    company = current_company()
    fresh = snapshots.of_customers(company, [invoice.customer_id])
    invoice.snapshot = {**invoice.snapshot, "customer": fresh[invoice.customer_id],
                        "issuer": snapshots.of_issuer(company)}
    db.session.flush()


def record_legal_results(results: Sequence[LegalResult]) -> None:
    """Record what the authority said of these documents; those that are authorised now are told to be ready.

    One statement for all; a state that cannot follow the present one is left alone, so that repeating does nothing.
    """
    ready: list[int] = []
    for state in sorted({one.state for one in results}):
        changed = _record(state, [one for one in results if one.state == state])
        if state == "authorized":
            ready += changed
    if ready:
        jobs.publish(InvoiceReady(sorted(ready)))
    db.session.expire_all()


def _record(state: str, results: Sequence[LegalResult]) -> list[int]:
    """The ids that really changed."""
    before = [one for one, following in LEGAL_STEPS.items() if state in following]
    wanted = [one.invoice_id for one in results]
    ids = set(db.session.scalars(lock(sa.select(Invoice.id).where(
        Invoice.id.in_(wanted), Invoice.state == "issued", Invoice.legal_state.in_(before)).order_by(Invoice.id))))
    table: Any = Invoice.__table__
    rows = [{"row_id": one.invoice_id, "number": one.number} for one in results if one.invoice_id in ids]
    if rows:
        db.session.connection().execute(
            sa.update(table).where(table.c.id == sa.bindparam("row_id"))
            .values(legal_state=state, legal_number=sa.bindparam("number")), rows)
    return sorted(ids)


def lock_period(until: dt.date | None, reason: str = "") -> None:
    """Close the books up to and including a day; None or an earlier day opens them again, which is audited."""
    found = ledger.policy()
    if until is not None and until >= clock.today():
        raise DomainError(_("To close a period its last day must lie in the past."), field="until")
    before, found.locked_until = found.locked_until, until
    found.locked_at = clock.now() if until else None
    db.session.flush()
    audit.record("accounting.lock_period", found, {"locked_until": [before, until]}, reason)
