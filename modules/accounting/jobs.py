"""Keeping the totals of the days close behind the ledger."""

from __future__ import annotations

from core import logs
from core.db import db
from core.i18n import lazy
from core.jobs import enqueue, job, schedule
from core.scope import every_company
from modules.accounting import summaries

log = logs.get(__name__)


@schedule("*/10 * * * *", words=lazy("Add up the days"))
def follow_ledger() -> None:
    """Let the totals of the days catch up, where anything was booked and has settled."""
    if summaries.is_behind():
        enqueue(fold)


@job(words=lazy("Add up the days of a company"))
def fold() -> None:
    """Add what has settled to the totals of all companies."""
    summaries.fold()


@schedule("40 7 * * *", words=lazy("Check the totals by day"))
def prove_totals() -> None:
    """Once a night, in the small hours of the served countries."""
    enqueue(prove)


@job(words=lazy("Check the totals by day of a company"))
def prove() -> None:
    """Compare the totals with the ledger, and add them up anew where one is wrong."""
    with every_company():
        wrong = db.session.execute(summaries.wrong().limit(1)).first()
    if wrong is not None:
        log.error("day_totals_wrong", company_id=wrong[0])
        summaries.rebuild()
