"""The stages of a billing that people watch: billed, authorised, drawn, sent. From counts to lines of progress."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from core import clock
from core.db import db
from core.i18n import _
from core.models import Company, Job
from modules.contracts.billing_status import progress
from modules.contracts.models import BillingRun

BILLED, AUTHORISED, DRAWN, SENT = "billed", "authorised", "drawn", "sent"


@dataclass(frozen=True)
class Stage:
    """How far one stage is; `failed` of the done ones need a person."""

    key: str
    label: str
    done: int
    total: int
    failed: int = 0

    @property
    def complete(self) -> bool:
        return self.done >= self.total


def of_run(company: Company, run: BillingRun, counts: Mapping[str, Any] | None = None) -> list[Stage]:
    """The stages of a run; those after billing are the whole month's, and grow while billing goes on.

    `counts` are billing_status.progress', where the caller has them.
    """
    counts = counts or progress(company, run.month)
    finished = run.state == "billed"
    total = run.contracts if finished else max(run.planned, run.contracts)
    return [Stage(BILLED, _("Billed"), run.contracts, total, run.excepted), *of_counts(counts)]


def of_counts(counts: Mapping[str, Any]) -> list[Stage]:
    """The stages of a month's invoices; the authority's is left out where it has no say."""
    documents, notices = counts["documents"], counts["notices"]
    decided = sum(documents.get(state, 0) for state in ("signed", "authorized", "rejected", "cancelled"))
    legal = counts["invoices"] - documents["not_required"]
    found = [Stage(AUTHORISED, _("Authorised"), decided, legal, documents["rejected"])] if legal else []
    drawable = counts["invoices"] - documents["rejected"]
    told = notices["sent"] + notices["failed"] + notices["not_sent"]
    return [*found, Stage(DRAWN, _("PDF made"), counts["pdfs"], drawable),
            Stage(SENT, _("Sent"), told, drawable, notices["failed"])]


def work_left(company: Company) -> tuple[int, str]:
    """(how many of the company's jobs may still change something, why one of them is being tried again or "").

    Jobs that are set for a later time on purpose do not count; those that wait after an error do. What was due when
    it was asked for is never later, though another process may have asked after this one read the clock.
    """
    later = sa.and_(Job.state == "pending", Job.run_at > clock.now(), Job.run_at > Job.created_at,
                    Job.attempts == 0, Job.error == "")
    rows = db.session.execute(
        sa.select(Job.state, Job.error, sa.func.count()).where(
            Job.company_id == company.id, Job.state.in_(("pending", "running")), ~later)
        .group_by(Job.state, Job.error)).all()
    reasons = [row.error for row in rows if row.error and row.state == "pending"]
    return sum(row[2] for row in rows), _in_words(reasons[0]) if reasons else ""


def _in_words(error: str) -> str:
    """Refusals and outside services speak for themselves; the name of a fault of ours says nothing to a clerk."""
    if re.match(r"\w+(Error|Exception|Lost): ", error):
        return _("A fault inside Abona; whoever looks after the installation finds it under Jobs.")
    return error
