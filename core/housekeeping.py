"""Housekeeping: what is old and asks for nothing any more is deleted every night, a batch at a time."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from core import clock, jobs
from core.db import db, refresh_statistics
from core.i18n import lazy
from core.models import Job, Lease
from core.security import sessions

KEEP_JOBS = dt.timedelta(days=90)
BATCH = 5000


@jobs.schedule("40 6 * * *", words=lazy("Clear away old logins and jobs"))
def tidy() -> None:
    """Take away old logins, finished jobs and leases; failed jobs stay until a person decides."""
    sessions.forget_old()
    db.session.execute(sa.delete(Lease).where(Lease.until < clock.now() - dt.timedelta(days=1))
                       .execution_options(synchronize_session=False))
    jobs.checkpoint()
    while forget_jobs() == BATCH:
        jobs.checkpoint()


@jobs.schedule("17 * * * *", words=lazy("Look at the tables anew"))
def look_at_tables() -> None:
    """Without statistics SQLite takes whichever index comes first: the list of debtors would read every payment."""
    refresh_statistics()


def forget_jobs(batch: int = BATCH) -> int:
    """Delete one batch of jobs that were done long ago; how many.

    A key says that its work is never to be done again, so keyed rows stay, except the ticks of schedules.
    """
    old = (sa.select(Job.id).where(Job.state.in_(("done", "cancelled")), Job.finished_at < clock.now() - KEEP_JOBS,
                                   sa.or_(Job.key.is_(None), Job.function.in_(list(jobs.schedules))))
           .order_by(Job.id).limit(batch))
    gone = db.session.execute(sa.delete(Job).where(Job.id.in_(old.scalar_subquery()))
                              .execution_options(synchronize_session=False))
    return int(gone.rowcount)  # type: ignore[attr-defined]
