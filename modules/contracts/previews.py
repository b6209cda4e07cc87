"""The preview on screen: at once for small companies, computed by a job and kept for large ones."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa

from core import clock
from core.db import db, insert_new, reading
from core.jobs import enqueue
from core.models import Company
from modules.contracts import billing, billing_read
from modules.contracts.models import BillingPreview, BillingRun, Contract

# up to so many contracts a page computes its preview itself
AT_ONCE = 3000
COMPUTE = "modules.contracts.jobs.compute_preview"


def at_once(company: Company) -> bool:
    """Whether a page can wait for the preview."""
    return billing_read.count_contracts(company.id) <= AT_ONCE


def has_contracts() -> bool:
    """Whether there is anything that could ever be billed."""
    return bool(db.session.scalar(sa.select(sa.exists().where(Contract.state != "cancelled"))))


def stored(company: Company, month: dt.date) -> BillingPreview | None:
    """The last preview of the month that was computed in the background."""
    return db.session.scalar(sa.select(BillingPreview).where(
        BillingPreview.company_id == company.id, BillingPreview.month == month))


def current(company: Company, month: dt.date) -> BillingPreview | None:
    """The stored preview, unless the month was billed since: then it says what is not so any more."""
    row = stored(company, month)
    if row is None or row.state == "computing":
        return row
    newer = sa.exists().where(BillingRun.company_id == company.id, BillingRun.month == month,
                              BillingRun.started_at >= row.created_at)
    return None if db.session.scalar(sa.select(newer)) else row


def request_preview(company: Company, month: dt.date) -> None:
    """Have the preview computed anew, unless that is going on."""
    row = stored(company, month)
    if row is not None and row.state == "computing" and clock.now() - row.created_at < dt.timedelta(minutes=30):
        return
    values = {"state": "computing", "done": 0, "planned": billing_read.count_contracts(company.id), "result": {},
              "created_at": clock.now()}
    if row is None:
        insert_new(BillingPreview.__table__, [{"company_id": company.id, "month": month, **values}],
                   ("company_id", "month"))
    else:
        for name, value in values.items():
            setattr(row, name, value)
    db.session.flush()
    enqueue(COMPUTE, month=month.isoformat())


def forget_exception(company: Company, month: dt.date, contract_id: int) -> None:
    """Take a contract that can be billed now out of the stored preview; its amounts come with the next one."""
    row = stored(company, month)
    if row is None or row.state != "ready":
        return
    left = [one for one in row.result["exceptions"] if one["contract_id"] != contract_id]
    count = row.result["exceptions_count"] - len(row.result["exceptions"]) + len(left)
    row.result = {**row.result, "exceptions": left, "exceptions_count": count}


def compute(company: Company, month: dt.date) -> None:
    """The job: read without holding a lock, then keep the result."""
    company_id = company.id
    try:
        with reading():
            result: dict[str, Any] = billing.preview(_again(company_id), month)
            state = "ready"
    except Exception as error:
        result, state = {"error": str(error)}, "failed"
    db.session.execute(sa.update(BillingPreview).where(
        BillingPreview.company_id == company_id, BillingPreview.month == month).values(
        state=state, result=result, created_at=clock.now()).execution_options(synchronize_session=False))


def _again(company_id: int) -> Company:
    company = db.session.get(Company, company_id)
    assert company is not None
    return company
