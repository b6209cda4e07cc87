"""The billing run: planned in chunks of customers, each chunk billed in one transaction of a few bulk statements.

The constraint on billed periods is what prevents billing twice; chunks only divide the work and remember what is done.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from core import audit, clock, logs
from core.db import allocate_ids, among, db, find, lock, write_rows
from core.jobs import ENDED_BADLY, enqueue, publish, retry_later, run_again
from core.models import Company, Job
from core.scope import current_user_id
from modules.accounting.bulk import issue_many
from modules.contracts import billing_context, billing_read, drafting, payloads
from modules.contracts.billing_context import Context
from modules.contracts.drafting import Bill, Decision, Refusal
from modules.contracts.events import BillingRunFinished
from modules.contracts.models import (
    BilledPeriod,
    BillingChunk,
    BillingDraft,
    BillingException,
    BillingRun,
    ChargeInstalment,
)
from modules.contracts.refusing import database_problem, is_refusal

log = logs.get(__name__)
PLAN, CHUNK = "modules.contracts.jobs.plan_run", "modules.contracts.jobs.bill_chunk"


# --- starting ------------------------------------------------------------------------------------------


def start_run(company: Company, month: dt.date, *, automatic: bool = False, filters: Mapping[str, Any] | None = None,
              issue_date: dt.date | None = None, expected: Mapping[str, Any] | None = None) -> BillingRun:
    """Start billing a month, or go on with the run of it that is not finished. Bills only who is not billed yet.

    `expected` is what a preview said, to be set beside the result.
    """
    billing_context.load(company, month, clock.today(company))  # refuses early what would refuse every contract
    found = None if automatic else open_run(company, month)
    if found is not None:
        resume(found)
        return found
    run = BillingRun(company_id=company.id, month=month, issue_date=issue_date or clock.today(company),
                     automatic=automatic, filters=dict(filters or {}), started_by=current_user_id(),
                     expected=dict(expected or {}))
    try:
        with db.session.begin_nested():
            db.session.add(run)
            db.session.flush()
    except IntegrityError:  # somebody else pressed the button at the same moment
        found = open_run(company, month)
        assert found is not None
        return found
    enqueue(PLAN, key=f"contracts.plan_run:{run.id}", company_id=company.id, run_id=run.id)
    audit.record("contracts.start_billing", run, {"month": f"{month:%Y-%m}", "automatic": automatic})
    return run


def open_run(company: Company, month: dt.date) -> BillingRun | None:
    """The run of the whole month that is not finished."""
    return db.session.scalar(sa.select(BillingRun).where(
        BillingRun.company_id == company.id, BillingRun.month == month, BillingRun.state != "billed",
        ~BillingRun.automatic))


def resume(run: BillingRun) -> int:
    """Put the run's jobs that were given up back to work; how many."""
    chunks = db.session.scalars(sa.select(BillingChunk.id).where(
        BillingChunk.run_id == run.id, BillingChunk.state == "pending")).all()
    keys = [f"contracts.plan_run:{run.id}", *(f"contracts.bill_chunk:{chunk_id}" for chunk_id in chunks)]
    failed = db.session.scalars(sa.select(Job).where(Job.key.in_(keys), Job.state.in_(ENDED_BADLY))).all()
    for record in failed:
        run_again(record)
    return len(failed)


def plan_run(run_id: int, size: int = billing_read.CHUNK) -> None:
    """Divide the run into chunks, each a job of its own."""
    run = find(BillingRun, run_id)
    if run.state != "planning":
        return
    ranges = list(billing_read.ranges(run.company_id, size))
    table = BillingChunk.__table__
    ids = allocate_ids(table, len(ranges))
    write_rows(table, [
        {"id": key, "company_id": run.company_id, "run_id": run.id, "position": position, "after_id": after,
         "upto_id": upto, "state": "pending", "result": {}}
        for position, (key, (after, upto)) in enumerate(zip(ids, ranges, strict=True))])
    run.planned = billing_read.count_contracts(run.company_id)
    run.chunks_total, run.state = len(ranges), "running" if ranges else "billed"
    if not ranges:
        run.finished_at = clock.now()
    for chunk_id in ids:
        enqueue(CHUNK, key=f"contracts.bill_chunk:{chunk_id}", company_id=run.company_id, chunk_id=chunk_id)


# --- one chunk -----------------------------------------------------------------------------------------


def bill_chunk(chunk_id: int) -> None:
    """Bill the customers of a chunk: all of them or, if this process dies, none. Repeating does nothing."""
    row = db.session.execute(lock(
        sa.select(BillingChunk, BillingRun, Company).join(BillingRun, BillingRun.id == BillingChunk.run_id)
        .join(Company, Company.id == BillingChunk.company_id)
        .where(BillingChunk.id == chunk_id)).with_for_update(of=BillingChunk)).one()
    chunk, run, company = row.BillingChunk, row.BillingRun, row.Company
    if chunk.state == "done":
        return
    context = billing_context.load(company, run.month, run.issue_date, run.filters)
    found, already = billing_read.unbilled(context, chunk.after_id, chunk.upto_id)
    decision = write(context, run, drafting.decide(context, found))
    decision.already_billed += already
    _note_exceptions(run, decision)
    _finish_chunk(chunk, run, decision)


def write(context: Context, run: BillingRun, decision: Decision) -> Decision:
    """Write the bills; those that the database refuses become refusals, alone."""
    written: list[Bill] = []
    refusals = list(decision.refusals)
    _write(context, run, decision.bills, written, refusals)
    return Decision(written, decision.skipped, refusals, decision.already_billed)


def _write(context: Context, run: BillingRun, bills: Sequence[Bill], written: list[Bill],
           refusals: list[Refusal]) -> None:
    """All at once; where that is refused, the halves, until the bad one stands alone."""
    if not bills:
        return
    try:
        with db.session.begin_nested():
            _insert(context, run, bills)
    except Exception as error:
        if not is_refusal(error):
            raise
        _give_way(context, bills)
        if len(bills) == 1:
            problem = database_problem(error, bills[0])
            log.warning("bill_refused", contract=bills[0].parts[-1].contract.number, error=str(error)[:500])
            refusals.extend(_refusals(bills[0], problem))
            return
        middle = len(bills) // 2
        _write(context, run, bills[:middle], written, refusals)
        _write(context, run, bills[middle:], written, refusals)
    else:
        written.extend(bills)


def _refusals(bill: Bill, problem: Any) -> list[Refusal]:
    contracts = {part.contract.id: part.contract for part in bill.parts}
    return [Refusal(contract, bill.customer, problem) for contract in contracts.values()]


def _give_way(context: Context, bills: Sequence[Bill]) -> None:
    """Where another run billed some of these meanwhile, look at the chunk anew instead of refusing anybody."""
    wanted = [contract_id for bill in bills for contract_id in bill.contracts]
    overtaken = db.session.scalar(sa.select(sa.func.count()).select_from(BilledPeriod).where(
        BilledPeriod.contract_id.in_(wanted), BilledPeriod.month == context.month))
    if overtaken:
        retry_later(1, "another run is billing the same customers")


def _insert(context: Context, run: BillingRun, bills: Sequence[Bill]) -> None:
    now = [bill for bill in bills if not bill.needs_approval]
    later = [bill for bill in bills if bill.needs_approval]
    invoice_ids = issue_many(context.company, [bill.draft for bill in now], [bill.totals for bill in now])
    draft_ids = _insert_drafts(context, run, later)
    rows = [row for bill, key in zip(now, invoice_ids, strict=True) for row in _periods(run, bill, key, None)]
    rows += [row for bill, key in zip(later, draft_ids, strict=True) for row in _periods(run, bill, None, key)]
    write_rows(BilledPeriod.__table__, rows)
    _mark_instalments(run, bills)


def _insert_drafts(context: Context, run: BillingRun, bills: Sequence[Bill]) -> list[int]:
    table = BillingDraft.__table__
    ids = allocate_ids(table, len(bills))
    write_rows(table, [
        {"id": key, "company_id": run.company_id, "run_id": run.id, "customer_id": bill.customer.id,
         "month": run.month, "state": "waiting", "currency": bill.draft.currency, "total": bill.totals.total,
         "payload": payloads.as_json(bill.draft), "invoice_id": None}
        for key, bill in zip(ids, bills, strict=True)])
    return ids


def _periods(run: BillingRun, bill: Bill, invoice_id: int | None, draft_id: int | None) -> list[dict[str, Any]]:
    shares = part_amounts(bill)
    return [{"company_id": run.company_id, "contract_id": part.contract.id, "month": part.month, "kind": part.kind,
             "customer_id": bill.customer.id, "run_id": run.id, "invoice_id": invoice_id, "draft_id": draft_id,
             "service_from": part.service.first if part.service else None,
             "service_to": part.service.last if part.service else None, "currency": bill.draft.currency,
             "net": total - tax, "tax": tax, "total": total, "plan_id": part.plans[-1],
             "changed_from_id": part.plans[0] if part.plans[0] != part.plans[-1] else None}
            for part, (tax, total) in zip(bill.parts, shares, strict=True)]


def part_amounts(bill: Bill) -> list[tuple[Decimal, Decimal]]:
    """(tax, total) of each part of an invoice; they add up to the invoice's."""
    totals = bill.totals
    if len(bill.parts) == 1:
        return [(totals.tax_total, totals.total)]
    found, place = [], 0
    for part in bill.parts:
        lines = totals.lines[place:place + len(part.lines)]
        place += len(part.lines)
        found.append((sum((line.tax for line in lines), Decimal(0)), sum((line.total for line in lines), Decimal(0))))
    # what is on the whole document (perceptions) goes with the last one
    levied = sum((tax.amount for tax in totals.taxes if tax.of_document), Decimal(0))
    tax, total = found[-1]
    return [*found[:-1], (tax + levied, total + levied)]


def _mark_instalments(run: BillingRun, bills: Sequence[Bill]) -> None:
    """Tie the instalments to what billed them; one that another run took meanwhile makes this one look anew."""
    ids = [key for bill in bills for part in bill.parts for key in part.instalment_ids]
    if not ids:
        return
    period = (sa.select(sa.func.max(BilledPeriod.id)).where(
        BilledPeriod.contract_id == ChargeInstalment.contract_id, BilledPeriod.month == run.month,
        BilledPeriod.run_id == run.id).scalar_subquery())
    marked = db.session.execute(
        sa.update(ChargeInstalment).where(ChargeInstalment.id.in_(ids), ChargeInstalment.billed_period_id.is_(None),
                                          ~ChargeInstalment.cancelled)
        .values(billed_period_id=period).execution_options(synchronize_session=False))
    if marked.rowcount != len(ids):  # type: ignore[attr-defined]
        retry_later(1, "another run took an instalment of the same contract")


# --- what became of it -----------------------------------------------------------------------------------


def _note_exceptions(run: BillingRun, decision: Decision) -> None:
    """One row per contract that cannot be billed; the rows of those that now could be are gone."""
    looked_at = [key for bill in decision.bills for key in bill.contracts]
    looked_at += [refusal.contract.id for refusal in decision.refusals]
    if not looked_at:
        return
    db.session.execute(sa.delete(BillingException).where(
        BillingException.month == run.month, among(BillingException.contract_id, looked_at))
        .execution_options(synchronize_session=False))
    moment = clock.now()
    write_rows(BillingException.__table__, [
        {"company_id": run.company_id, "month": run.month, "contract_id": refusal.contract.id,
         "customer_id": refusal.customer.id, "run_id": run.id, "code": refusal.problem.code,
         "message": refusal.problem.message, "cure": refusal.problem.cure, "created_at": moment}
        for refusal in decision.refusals])


def _finish_chunk(chunk: BillingChunk, run: BillingRun, decision: Decision) -> None:
    """Count the chunk; who finishes the last one finishes the run."""
    chunk.state, chunk.finished_at = "done", clock.now()
    chunk.result = {"billed": decision.billed, "already_billed": decision.already_billed,
                    "skipped": dict(decision.skipped)}
    drafts = sum(bill.needs_approval for bill in decision.bills)
    db.session.flush()
    done, total = db.session.execute(
        sa.update(BillingRun).where(BillingRun.id == run.id).values(
            chunks_done=BillingRun.chunks_done + 1, contracts=BillingRun.contracts + decision.contracts,
            billed=BillingRun.billed + decision.billed,
            already_billed=BillingRun.already_billed + decision.already_billed,
            excepted=BillingRun.excepted + len(decision.refusals), drafts=BillingRun.drafts + drafts,
            invoices=BillingRun.invoices + len(decision.bills) - drafts)
        .returning(BillingRun.chunks_done, BillingRun.chunks_total)
        .execution_options(synchronize_session=False)).one()
    db.session.expire(run)
    if done >= total:
        run.state, run.finished_at = "billed", clock.now()
        publish(BillingRunFinished(run.id))


