"""The measured process: functions of the product, called over standard input, nothing else in memory."""

from __future__ import annotations

import datetime as dt
import json
import sys
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from core import jobs, processes
from core.db import among, db, refresh_statistics
from core.models import Company, Job
from core.scope import company_scope
from modules.accounting import bulk_payments
from modules.accounting.models import Balance, Entry, Invoice, InvoiceLine, InvoiceTax, Posting
from modules.accounting.payments import Medium, PaymentData
from modules.contracts import billing
from modules.contracts.models import BilledPeriod, BillingException, BillingRun
from tests.bench.measure import counting, peak_mb
from tests.bench.place import Place

MINE = ("modules.contracts.jobs.plan_run", "modules.contracts.jobs.bill_chunk")


def main() -> None:
    where = Place(Path(sys.argv[1]), sys.argv[2])
    with where.app().app_context():
        processes.settle()  # as every worker does
        for line in sys.stdin:
            name, arguments = json.loads(line)
            print(json.dumps(globals()[name](**arguments), default=str), flush=True)


def bill(month: str) -> dict[str, Any]:
    """Bill a month alone."""
    began = time.perf_counter()
    run_id = start(month)["run_id"]
    seen = drain()["statements"]
    return {**finished(run_id), "seconds": time.perf_counter() - began, "statements": seen, "peak_mb": peak_mb()}


def start(month: str) -> dict[str, Any]:
    """Start the run of a month: its chunks then wait for workers."""
    with company_scope(_company()):
        run_id = billing.start_run(_company(), dt.date.fromisoformat(month)).id
        db.session.commit()
        for job_id in _due():
            jobs.run(job_id)
    return {"run_id": run_id}


def drain() -> dict[str, Any]:
    """Bill as its jobs do, and nothing of what follows, beside other workers."""
    with company_scope(_company()), counting() as seen:
        while ids := _due():
            for job_id in ids:
                jobs.run(job_id)
    return {"statements": len(seen), "peak_mb": peak_mb()}


def pay() -> dict[str, Any]:
    """What two in three customers owe comes in, in cash."""
    with company_scope(_company()):
        ids = list(db.session.scalars(sa.select(Balance.customer_id).where(
            Balance.amount > 0, Balance.customer_id % 3 > 0).order_by(Balance.customer_id)))
        for start in range(0, len(ids), 5000):
            owed = db.session.execute(sa.select(Balance.customer_id, Balance.amount)
                                      .where(among(Balance.customer_id, ids[start:start + 5000]))).all()
            bulk_payments.record_many([PaymentData(row.customer_id, [Medium(row.amount)]) for row in owed])
            db.session.commit()
    return {"payments": len(ids)}


def finished(run_id: int) -> dict[str, Any]:
    """What became of a run."""
    with company_scope(_company()):
        run = db.session.get_one(BillingRun, run_id)
        found = {"state": run.state, "billed": run.billed, "invoices": run.invoices, "already": run.already_billed,
                 "excepted": run.excepted, "chunks": run.chunks_total}
        db.session.rollback()
    return found


def _due() -> list[int]:
    found = list(db.session.scalars(sa.select(Job.id).where(Job.function.in_(MINE), Job.state == "pending")
                                    .order_by(Job.id)))
    db.session.rollback()
    return found


def preview(month: str) -> dict[str, Any]:
    """The same month without writing anything."""
    from core.db import reading

    with company_scope(_company()), reading():
        began = time.perf_counter()
        found = billing.preview(_company(), dt.date.fromisoformat(month))
        took = time.perf_counter() - began
    return {"seconds": took, "billed": found["billed"], "peak_mb": peak_mb(),
            "total": found["totals"][0]["total"] if found["totals"] else "0.00"}


def proof(month: str) -> dict[str, Any]:
    """What must hold of a billed month: counts, sums of documents, lines, taxes and ledger, numbers of contracts."""
    wanted = dt.date.fromisoformat(month)
    refresh_statistics(BilledPeriod, Invoice, InvoiceLine, InvoiceTax, Entry, Posting)  # sums of tables just filled
    db.session.commit()
    with company_scope(_company()):
        mine = sa.select(BilledPeriod.invoice_id).where(BilledPeriod.month == wanted)
        total = db.session.scalar(sa.select(sa.func.sum(Invoice.total)).where(Invoice.id.in_(mine)))
        lines = db.session.scalar(sa.select(sa.func.sum(InvoiceLine.total)).where(InvoiceLine.invoice_id.in_(mine)))
        nets = db.session.scalar(sa.select(sa.func.sum(InvoiceLine.net)).where(InvoiceLine.invoice_id.in_(mine)))
        taxes = db.session.scalar(sa.select(sa.func.sum(InvoiceTax.amount)).where(InvoiceTax.invoice_id.in_(mine)))
        booked = db.session.scalar(
            sa.select(sa.func.sum(Posting.amount)).join(Entry, Entry.id == Posting.entry_id)
            .where(Entry.invoice_id.in_(mine), Posting.customer_id.is_not(None)))
        crooked = db.session.execute(sa.select(Posting.entry_id).group_by(Posting.entry_id)
                                     .having(sa.func.sum(Posting.amount) != 0).limit(1)).first()
        twice = db.session.execute(
            sa.select(BilledPeriod.contract_id).where(BilledPeriod.month == wanted)
            .group_by(BilledPeriod.contract_id, BilledPeriod.kind).having(sa.func.count() > 1).limit(1)).first()
        faults = db.session.scalar(sa.select(sa.func.count()).select_from(BillingException)
                                   .where(BillingException.month == wanted))
        count = db.session.scalar(sa.select(sa.func.count()).select_from(mine.subquery()))
        db.session.rollback()
    return {"invoices": count, "faults": faults, "total": total,
            "right": total == lines == nets + taxes == booked and crooked is None and twice is None}


def _company() -> Company:
    return db.session.scalars(sa.select(Company)).one()


if __name__ == "__main__":
    main()
