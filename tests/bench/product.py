"""The measured process: functions of the product, called over standard input, nothing else in memory."""

from __future__ import annotations

import datetime as dt
import json
import sys
import time
import uuid
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import current_app

from core import clock, jobs, processes
from core.db import among, db, find, refresh_statistics
from core.models import Company, Job
from core.scope import company_scope
from core.security import limiter
from modules.accounting import bulk_payments
from modules.accounting.models import Balance, Entry, Invoice, InvoiceLine, InvoiceTax, Posting
from modules.accounting.payments import Medium, PaymentData
from modules.contracts import billing
from modules.contracts.models import BilledPeriod, BillingException, BillingRun
from modules.gateways import accounts, files_in, ports
from modules.gateways import jobs as gateway_jobs
from modules.gateways.models import Account, File, Transaction
from modules.gateways.shapes import Reading, Reference
from tests.bench.measure import counting, peak_mb
from tests.bench.place import Place
from tests.modules.gateways import probe

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


def import_payments(account_id: int, path: str) -> dict[str, Any]:
    """A file of payments from its bytes to the books, as the job does it."""
    with company_scope(_company()), counting() as seen, open(path, "rb") as file:
        began = time.perf_counter()
        row = files_in.store(find(Account, account_id), file, Path(path).name)
        db.session.commit()
        row_id = row.id
        if not files_in.prove(row_id):
            return {"booked": 0, "refused": find(File, row_id).error}
        found = files_in.load(row_id)
        took = time.perf_counter() - began
    return {"seconds": took, "booked": found.booked, "statements": len(seen), "peak_mb": peak_mb()}


def take_notices(count: int) -> dict[str, Any]:
    """Requests with notices, every third one twice, stored as they come; then worked through without a network."""
    ports.providers.register("probe", probe.PROVIDER)
    ports.webhooks.register("probe", probe.Hook())
    ports.polls.register("probe", gateway := probe.Gateway())
    told = [number - number % 3 // 2 for number in range(count)]
    with company_scope(_company()):
        for number in told:
            gateway.payments[str(number)] = [Reading(str(number), "approved", Decimal(100), "ARS", clock.today(),
                                                     reference=Reference(str(number % 1000 + 1)))]
        account = accounts.create("probe", "probe", {"word": "open"})
        db.session.commit()
        address, account_id = f"/gateways/{account.token}/notice", account.id
        client, limiter.enabled = current_app.test_client(), False
        stored = _timed(lambda: [client.post(f"{address}?n=1", data=str(number), headers={"X-Word": "open"})
                                 for number in told])
        worked = _timed(lambda: gateway_jobs.drain(account_id))
        booked = db.session.scalar(sa.select(sa.func.count()).select_from(Transaction).where(
            Transaction.account_id == account_id, Transaction.state == "booked"))
        db.session.commit()
        limit = _timed(lambda: [_bare(number) for number in told])
    return {"stored": stored, "worked": worked, "new": len(set(told)), "booked": booked, "limit": limit,
            "peak_mb": peak_mb()}


def _timed(action: Callable[[], Any]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def _bare(_number: int) -> None:
    """A row of its own transaction, nothing else."""
    connection: Any = db.engine.raw_connection()
    mark = "?" if db.engine.dialect.name == "sqlite" else "%s"
    connection.cursor().execute(f"INSERT INTO gateways_alias (account_id, name, transaction_id) VALUES "
                                f"(1, {mark}, (SELECT MIN(id) FROM gateways_transaction))", (f"bench {uuid.uuid4()}",))
    connection.commit()
    connection.close()


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
