"""How far a month is: billed, authorised, drawn, sent. Counted set-wise from the tables of those who do it."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from core import clock, months
from core.db import db
from core.models import Company, Job
from modules.accounting.models import Invoice
from modules.accounting.ports import holdings
from modules.contracts import billing_result
from modules.contracts.billing_result import Comparison, no_documents
from modules.contracts.models import BilledPeriod, BillingChunk, BillingDraft, BillingException, BillingRun, Contract
from modules.crm.models import Customer
from modules.notifications.models import Message

# reasons why documents wait that a result names
REASONS = 5
NOTICE = "accounting.invoice_ready"
NOTICES = {"queued": "queued", "sending": "queued", "sent": "sent", "bounced": "failed", "failed": "failed",
           "unknown": "failed"}


def run_result(run: BillingRun) -> dict[str, Any]:
    """The result of a run: its own counts and totals; documents and notices are those of the whole month."""
    company = _company(run)
    skipped: Counter[str] = Counter()
    for (result,) in db.session.execute(sa.select(BillingChunk.result).where(BillingChunk.run_id == run.id)):
        skipped.update((result or {}).get("skipped") or {})
    ended = run.finished_at or clock.now()
    return _result(company, run.month, contracts=run.contracts, billed=run.billed, already=run.already_billed,
                   skipped=skipped, of_run=run.id, seconds=(ended - run.started_at).total_seconds(),
                   run_id=run.id, state=run.state)


def status(company: Company, month: dt.date) -> dict[str, Any]:
    """The month as it stands, whichever runs billed it."""
    last = db.session.scalar(sa.select(BillingRun).where(
        BillingRun.company_id == company.id, BillingRun.month == month).order_by(BillingRun.id.desc()).limit(1))
    skipped: Counter[str] = Counter()
    if last is not None:
        for (result,) in db.session.execute(sa.select(BillingChunk.result).where(BillingChunk.run_id == last.id)):
            skipped.update((result or {}).get("skipped") or {})
    billed = db.session.scalar(sa.select(sa.func.count(sa.distinct(BilledPeriod.contract_id))).where(
        BilledPeriod.company_id == company.id, BilledPeriod.month == month)) or 0
    excepted = _exceptions_count(company, month)
    seconds = ((last.finished_at or clock.now()) - last.started_at).total_seconds() if last else 0.0
    return _result(company, month, contracts=billed + excepted + skipped.total(), billed=billed, already=0,
                   skipped=skipped, of_run=None, seconds=seconds, run_id=last.id if last else None,
                   state=last.state if last else "not_started")


def _result(company: Company, month: dt.date, *, contracts: int, billed: int, already: int, skipped: Counter[str],
            of_run: int | None, seconds: float, run_id: int | None, state: str) -> dict[str, Any]:
    stages = progress(company, month)
    return {
        "company": company.code, "period": months.show(month), "contracts": contracts, "billed": billed,
        "already_billed": already, "skipped": billing_result.skipped_json(skipped),
        "exceptions": exceptions(company, month), "exceptions_count": _exceptions_count(company, month),
        "totals": billing_result.totals_json(_totals(company, month, of_run), company.currency),
        "compared": compare_months(company, month).as_json(months.add(month, -1)), "invoices": stages["invoices"],
        "documents": stages["documents"], "held": held(company, month), "pdfs": stages["pdfs"],
        "notices": stages["notices"],
        "drafts_waiting": stages["drafts_waiting"], "run": run_id, "state": state, "seconds": round(seconds, 2)}


def _company(run: BillingRun) -> Company:
    company = db.session.get(Company, run.company_id)
    assert company is not None
    return company


def _totals(company: Company, month: dt.date, run_id: int | None) -> dict[str, list[Decimal]]:
    which = BilledPeriod.run_id == run_id if run_id else sa.and_(BilledPeriod.company_id == company.id,
                                                                 BilledPeriod.month == month)
    rows = db.session.execute(
        sa.select(BilledPeriod.currency, sa.func.sum(BilledPeriod.net), sa.func.sum(BilledPeriod.tax),
                  sa.func.sum(BilledPeriod.total)).where(which).group_by(BilledPeriod.currency))
    return {currency: [net, tax, total] for currency, net, tax, total in rows}


def exceptions(company: Company, month: dt.date, limit: int = billing_result.EXCEPTIONS) -> list[dict[str, Any]]:
    """The contracts that could not be billed, by cause."""
    rows = db.session.execute(
        sa.select(BillingException, Contract.number, Customer.code, Customer.name)
        .join(Contract, Contract.id == BillingException.contract_id)
        .join(Customer, Customer.id == BillingException.customer_id)
        .where(BillingException.company_id == company.id, BillingException.month == month)
        .order_by(BillingException.code, BillingException.id).limit(limit))
    return [billing_result.exception_json(number, row.contract_id, code, row.customer_id, name, row)
            for row, number, code, name in rows]


def _exceptions_count(company: Company, month: dt.date) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(BillingException).where(
        BillingException.company_id == company.id, BillingException.month == month)) or 0


# --- stages --------------------------------------------------------------------------------------------


def progress(company: Company, month: dt.date) -> dict[str, Any]:
    """How many invoices of the month are billed, decided by the authority, drawn and sent."""
    billed = _billed(company, month).distinct().subquery()
    documents, pdfs, invoices = no_documents(), 0, 0
    for state, count, drawn in db.session.execute(
            sa.select(Invoice.legal_state, sa.func.count(Invoice.id), sa.func.count(Invoice.pdf_file_id))
            .join(billed, billed.c.invoice_id == Invoice.id).group_by(Invoice.legal_state)):
        documents[state] = count
        invoices, pdfs = invoices + count, pdfs + drawn
    waiting = db.session.scalar(sa.select(sa.func.count()).select_from(BillingDraft).where(
        BillingDraft.company_id == company.id, BillingDraft.month == month, BillingDraft.state != "issued"))
    return {"invoices": invoices, "documents": documents, "pdfs": pdfs, "notices": _notices(company, billed),
            "drafts_waiting": waiting or 0}


def _billed(company: Company, month: dt.date) -> sa.Select[Any]:
    return sa.select(BilledPeriod.invoice_id).where(
        BilledPeriod.company_id == company.id, BilledPeriod.month == month, BilledPeriod.invoice_id.is_not(None))


def held(company: Company, month: dt.date) -> list[dict[str, Any]]:
    """Why documents of the month wait or were refused: the most frequent reasons, and the command that shows all."""
    found = [(one, holding.command) for _key, holding in holdings.items()
             for one in holding.held(_billed(company, month))]
    return [{"state": one.state, "count": one.count, "reason": one.reason, "see": command}
            for one, command in sorted(found, key=lambda pair: -pair[0].count)[:REASONS]]


def _notices(company: Company, billed: Any) -> dict[str, int]:
    found = {"queued": 0, "sent": 0, "failed": 0, "not_sent": 0}
    # a join on this expression has no index on SQLite: it would compare each message with each invoice
    about = sa.select(sa.literal("invoice:") + sa.cast(billed.c.invoice_id, sa.String))
    rows = db.session.execute(
        sa.select(Message.state, sa.func.count(Message.id))
        .where(Message.company_id == company.id, Message.kind == NOTICE, Message.subject_key.in_(about))
        .group_by(Message.state))
    for state, count in rows:
        found[NOTICES.get(state, "not_sent")] += count
    return found


def open_jobs(company: Company) -> int:
    """How many of the company's jobs are pending or running: what may still change the counts."""
    return db.session.scalar(sa.select(sa.func.count()).select_from(Job).where(
        Job.company_id == company.id, Job.state.in_(("pending", "running")))) or 0


# --- comparing months ------------------------------------------------------------------------------------


def compare_months(company: Company, month: dt.date) -> Comparison:
    """The month beside the one before, customer by customer, streamed."""
    before = months.add(month, -1)

    def total(when: dt.date) -> Any:
        return sa.func.sum(sa.case((BilledPeriod.month == when, BilledPeriod.total)))

    rows = db.session.execute(
        sa.select(BilledPeriod.customer_id, BilledPeriod.currency, total(month), total(before))
        .where(BilledPeriod.company_id == company.id, BilledPeriod.month.in_((month, before)))
        .group_by(BilledPeriod.customer_id, BilledPeriod.currency).order_by(BilledPeriod.customer_id)
        .execution_options(yield_per=5000))
    found = Comparison()
    for part in rows.partitions(5000):
        now = {(key, currency): after for key, currency, after, _was in part if after is not None}
        old = {(key, currency): was for key, currency, _after, was in part if was is not None}
        found.add(now, old, company.currency)
    return found
