"""What the tests of contracts ask again and again."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from core import jobs
from core.db import db
from core.models import Job
from modules.accounting.models import Invoice
from modules.contracts.models import BilledPeriod, Contract

VAT = [{"code": "VAT", "rate": "21"}]
NOVEMBER, DECEMBER = dt.date(2026, 11, 1), dt.date(2026, 12, 1)


def day(number: int, month: int = 11) -> dt.date:
    """A day of 2026, of November unless said otherwise."""
    return dt.date(2026, month, number)


def run_billing_jobs() -> int:
    ran = 0
    while found := db.session.scalars(sa.select(Job.id).where(
            Job.state == "pending", Job.function.like("modules.contracts.%"), Job.sent_at.is_not(None))
            .order_by(Job.id)).all():
        db.session.rollback()
        ran += sum(jobs.run(job_id) for job_id in found)
    return ran


def lines(contract: Contract, month: dt.date = NOVEMBER) -> list[tuple[str, str]]:
    """(description, total with tax) of the invoice that bills the contract's month."""
    invoice = invoice_of(contract, month)
    return [(line.description, f"{line.total:.2f}") for line in invoice.lines]


def invoice_of(contract: Contract, month: dt.date = NOVEMBER) -> Invoice:
    return db.session.scalars(
        sa.select(Invoice).join(BilledPeriod, BilledPeriod.invoice_id == Invoice.id)
        .where(BilledPeriod.contract_id == contract.id, BilledPeriod.month == month)).one()


def invoices() -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(Invoice)) or 0


def waiting(contract: Contract) -> list[tuple[str, str]]:
    """(words, amount) of the charges and credits that wait for the next invoice."""
    db.session.expire(contract, ["charges"])
    return [(charge.description, f"{one.amount:.2f}") for charge in contract.charges for one in charge.instalments
            if one.billed_period_id is None and not one.cancelled]


def statements(call):
    """How many statements a call sends to the database; savepoints are not counted."""
    sent = []

    def note(_connection, _cursor, text, *_rest):
        if "SAVEPOINT" not in text:
            sent.append(text)

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        call()
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)
    return len(sent)
