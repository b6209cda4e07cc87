"""The queues of jobs as a person looks at them: what waits and since when, what failed and why."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from core import clock, jobs
from core.db import db
from core.i18n import lazy
from core.models import Job

# work that is due and was not begun for so long: its queue is stuck
STUCK_AFTER = dt.timedelta(minutes=30)
GROUPS = 50
NAMES = {"default": lazy("General"), "einvoice": lazy("Electronic invoices"), "notify": lazy("Notices and mail"),
         "network": lazy("Network")}
WORDS = 160


@dataclass(frozen=True)
class Queue:
    """What is in one queue; `oldest` is when the longest waiting job was due."""

    name: str
    due: int
    later: int
    running: int
    failed: int
    oldest: dt.datetime | None

    @property
    def is_stuck(self) -> bool:
        return self.oldest is not None and clock.now() - self.oldest > STUCK_AFTER

    @property
    def waits(self) -> float | None:
        """Seconds that the longest waiting job has been due."""
        return (clock.now() - self.oldest).total_seconds() if self.oldest else None


@dataclass(frozen=True)
class Failure:
    """Failed jobs of one kind with the same words; `example` is the latest."""

    function: str
    error: str
    count: int
    first: dt.datetime
    last: dt.datetime
    example: int


def named(queue: str) -> str:
    """A queue in words."""
    return str(NAMES.get(queue, queue))


def queues(visible: Any) -> list[Queue]:
    """Every queue with what `visible` leaves of it, read with one statement."""
    is_due = sa.and_(Job.state == "pending", Job.run_at <= clock.now())
    counted = [sa.func.count(sa.case((condition, 1))) for condition in (
        is_due, sa.and_(Job.state == "pending", Job.run_at > clock.now()), Job.state == "running",
        Job.state == "failed")]
    rows: list[Any] = list(db.session.execute(
        sa.select(Job.queue, *counted, sa.func.min(sa.case((is_due, Job.run_at))))
        .where(Job.state.in_(("pending", "running", "failed")), visible).group_by(Job.queue)))
    found = {row[0]: Queue(*row) for row in rows}
    empty = [Queue(name, 0, 0, 0, 0, None) for name in jobs.QUEUES if name not in found]
    return sorted([*found.values(), *empty], key=lambda queue: (queue.name != "default", queue.name))


def failures(visible: Any) -> list[Failure]:
    """What failed, alike put together, the most frequent first."""
    # written out: PostgreSQL would not see that a bound number in the select and in the group is the same
    words = sa.func.substr(Job.error, sa.literal_column("1"), sa.literal_column(str(WORDS)))
    rows = db.session.execute(
        sa.select(Job.function, words, sa.func.count(), sa.func.min(Job.finished_at), sa.func.max(Job.finished_at),
                  sa.func.max(Job.id))
        .where(Job.state == "failed", visible).group_by(Job.function, words)
        .order_by(sa.func.count().desc(), sa.func.max(Job.id).desc()).limit(GROUPS)).all()
    return [Failure(*row) for row in rows]


def last_done() -> dt.datetime | None:
    """When a job last ended well, whatever its queue."""
    return db.session.scalar(sa.select(Job.finished_at).where(Job.state == "done").order_by(Job.id.desc()).limit(1))
