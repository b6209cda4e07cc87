"""Invoices that wait for approval: issued exactly as they were drafted, or undone as if never billed."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from core import audit
from core.db import db, lock
from core.errors import DomainError
from core.i18n import _
from core.jobs import checkpoint, enqueue
from core.scope import current_company
from modules.accounting.bulk import issue_many
from modules.contracts import payloads
from modules.contracts.models import BilledPeriod, BillingDraft, BillingRun, ChargeInstalment

BATCH = 1000
ISSUE = "modules.contracts.jobs.issue_drafts"


def approve(run: BillingRun, draft_ids: Sequence[int] | None = None) -> int:
    """Approve the run's waiting drafts (all, or these); a job issues them. How many."""
    wanted = [BillingDraft.run_id == run.id, BillingDraft.state == "waiting"]
    if draft_ids is not None:
        wanted.append(BillingDraft.id.in_(draft_ids))
    changed = db.session.execute(sa.update(BillingDraft).where(*wanted).values(state="approved")
                                 .execution_options(synchronize_session=False))
    count = int(changed.rowcount)  # type: ignore[attr-defined]
    if not count:
        raise DomainError(_("Approving is not possible because no draft of this run waits."), code="no_drafts")
    audit.record("contracts.approve_drafts", run, {"count": count})
    enqueue(ISSUE, run_id=run.id)
    return count


def undo(run: BillingRun, draft_ids: Sequence[int] | None = None) -> int:
    """Throw waiting drafts away; their contracts count as not billed and their instalments wait again. How many."""
    wanted = sa.select(BillingDraft.id).where(BillingDraft.run_id == run.id, BillingDraft.state == "waiting")
    if draft_ids is not None:
        wanted = wanted.where(BillingDraft.id.in_(draft_ids))
    ids = list(db.session.scalars(lock(wanted.order_by(BillingDraft.id))))
    if not ids:
        raise DomainError(_("Undoing is not possible because no draft of this run waits."), code="no_drafts")
    for start in range(0, len(ids), BATCH):
        _undo(ids[start:start + BATCH])
    audit.record("contracts.undo_drafts", run, {"count": len(ids)})
    return len(ids)


def _undo(ids: Sequence[int]) -> None:
    options = {"synchronize_session": False}
    periods = sa.select(BilledPeriod.id).where(BilledPeriod.draft_id.in_(ids))
    db.session.execute(sa.update(ChargeInstalment).where(ChargeInstalment.billed_period_id.in_(periods))
                       .values(billed_period_id=None), execution_options=options)
    db.session.execute(sa.delete(BilledPeriod).where(BilledPeriod.draft_id.in_(ids)), execution_options=options)
    db.session.execute(sa.delete(BillingDraft).where(BillingDraft.id.in_(ids)), execution_options=options)


def issue_approved(run: BillingRun) -> int:
    """Issue what was approved, a batch per transaction; how many. Safe to repeat."""
    issued = 0
    run_id = run.id
    while batch := _batch(run_id):
        ids = issue_many(current_company(), [payloads.from_json(draft.payload) for draft in batch])
        for draft, invoice_id in zip(batch, ids, strict=True):
            draft.state, draft.invoice_id = "issued", invoice_id
        db.session.flush()
        _hand_over([draft.id for draft in batch])
        issued += len(batch)
        db.session.execute(sa.update(BillingRun).where(BillingRun.id == run_id).values(
            invoices=BillingRun.invoices + len(batch)).execution_options(synchronize_session=False))
        checkpoint()
        db.session.expunge_all()
    return issued


def _batch(run_id: int) -> list[BillingDraft]:
    return list(db.session.scalars(lock(
        sa.select(BillingDraft).where(BillingDraft.run_id == run_id, BillingDraft.state == "approved")
        .order_by(BillingDraft.id).limit(BATCH))))


def _hand_over(draft_ids: Sequence[int]) -> None:
    """The billed periods point to the invoices now."""
    invoice = sa.select(BillingDraft.invoice_id).where(BillingDraft.id == BilledPeriod.draft_id).scalar_subquery()
    db.session.execute(sa.update(BilledPeriod).where(BilledPeriod.draft_id.in_(draft_ids))
                       .values(invoice_id=invoice, draft_id=None).execution_options(synchronize_session=False))
