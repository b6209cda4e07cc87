"""Jobs and events: one mechanism. A job is a row first; Redis or a thread only wakes a worker.

`enqueue` inserts a row in the caller's transaction, so a rollback leaves nothing. A worker claims the row
(one UPDATE with a lease), runs the function, and commits the function's changes together with "done".
Database effects therefore happen exactly once; what a job does outside is guarded by its own states.
"""

from __future__ import annotations

import datetime as dt
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

import sqlalchemy as sa
import structlog
from flask import current_app

from core import clock, heartbeats, logs, modules, processes, scope
from core.db import db, insert_new
from core.errors import DomainError, Unavailable
from core.i18n import _
from core.models import Job

F = TypeVar("F", bound=Callable[..., Any])
LEASE = dt.timedelta(minutes=5)
LONGEST_WAIT = 900
# how often work of a module that is switched off is looked at
OFF_WAIT = 3600
# a job that takes its process down each time must not do so for ever
MOST_LOSSES = 25
# states from which a person may let a job run again
ENDED_BADLY = ("failed", "cancelled")
QUEUES = ("default", "einvoice", "notify", "network")

log = logs.get(__name__)
_running: ContextVar[Job | None] = ContextVar("abona_job", default=None)


@dataclass(frozen=True)
class JobFunction:
    """A function that may be enqueued."""

    name: str
    call: Callable[..., Any]
    queue: str
    max_attempts: int
    # what the work is called on screen
    words: Any = ""


class RetryLater(Exception):
    """The job asks to be run again after `seconds`; not an error."""

    def __init__(self, seconds: float, reason: str) -> None:
        super().__init__(reason)
        self.seconds, self.reason = seconds, reason


class LeaseLost(RuntimeError):
    """Another worker took the job over while this one was away."""


functions: dict[str, JobFunction] = {}
handlers: dict[type, list[str]] = {}
schedules: dict[str, tuple[str, Callable[[], Any]]] = {}


# --- declaring -----------------------------------------------------------------------------------------


def job(queue: str = "default", max_attempts: int = 8, words: Any = "") -> Callable[[F], F]:
    """Make a function a job. Its arguments must be JSON: ids and short texts. `words`: what people call it."""

    def declare(function: F) -> F:
        name = _name(function)
        functions[name] = JobFunction(name, function, queue, max_attempts, words)
        return function

    return declare


def on(event: type, queue: str = "default", words: Any = "") -> Callable[[F], F]:
    """Make a function the handler of an event: it becomes a job row in the publisher's transaction."""

    def declare(function: F) -> F:
        name = _name(function)
        functions[name] = JobFunction(name, lambda **values: function(event(**values)), queue, 8, words)
        listeners = handlers.setdefault(event, [])
        if name not in listeners:
            listeners.append(name)
        return function

    return declare


def schedule(cron: str, words: Any = "") -> Callable[[F], F]:
    """Run a function at these minutes (UTC). It must be short: it enqueues jobs for whom the hour has come."""

    def declare(function: F) -> F:
        schedules[_name(function)] = (cron, function)
        job(words=words)(function)
        return function

    return declare


def _name(function: Callable[..., Any]) -> str:
    return f"{function.__module__}.{function.__qualname__}"


# --- asking --------------------------------------------------------------------------------------------


def enqueue(
    function: Callable[..., Any] | str,
    *,
    key: str | None = None,
    run_at: dt.datetime | None = None,
    company_id: int | None = None,
    waits_for: str = "",
    **payload: Any,
) -> int | None:
    """Insert a job row in this transaction; its id, or None when the key was used before.

    `waits_for` says in words why it runs later, where that is not on purpose: work that others wait to see done.
    """
    target = functions[function if isinstance(function, str) else _name(function)]
    moment = clock.now()
    is_due = run_at is None or run_at <= moment
    row = {
        "company_id": company_id or scope.company_id_or_none(),
        "user_id": scope.current_user_id(),
        "function": target.name,
        "payload": payload,
        "key": key,
        "queue": target.queue,
        "run_at": run_at or moment,
        "error": waits_for,
        # what is due is sent right after the commit: the sweep need not send it again at once
        "sent_at": moment if is_due else None,
        "request_id": structlog.contextvars.get_contextvars().get("request_id", ""),
    }
    job_id = _insert(row)
    if job_id and is_due:
        db.session.info.setdefault("jobs_to_wake", []).append((job_id, target.queue))
    return job_id


def _insert(row: dict[str, Any]) -> int | None:
    if row["key"] is None:
        record = Job(**row)
        db.session.add(record)
        db.session.flush()
        return record.id
    db.session.flush()
    full = {"state": "pending", "attempts": 0, "losses": 0, "worker": "", "error": "", "created_at": clock.now(), **row}
    if not insert_new(Job.__table__, [full], unique=("key",)):  # type: ignore[arg-type]
        return None
    return db.session.scalar(sa.select(Job.id).where(Job.key == row["key"]))


def publish(event: Any) -> None:
    """Tell what happened: one job row per handler that hears it, in this transaction."""
    for name in hearers(type(event)):
        enqueue(name, **asdict(event))


def hearers(event: type) -> list[str]:
    """Who hears what happens in the company in scope: a country's module hears of companies of its country alone."""
    country = scope.country_or_none()
    return [name for name in handlers.get(event, []) if modules.country_of(name) in (None, country)]


# --- inside a job --------------------------------------------------------------------------------------


def retry_later(seconds: float, reason: str) -> None:
    """End this attempt without its changes and run the job again later; attempts are not counted."""
    raise RetryLater(seconds, reason)


@contextmanager
def outside() -> Iterator[None]:
    """Commit what was claimed, then run the block with no transaction open: the place to talk to the outside."""
    db.session.commit()
    renew_lease()
    yield
    if db.session().in_transaction():
        db.session.rollback()


def checkpoint() -> None:
    """Commit what is done so far and keep the lease: for jobs that work through many batches."""
    db.session.commit()
    renew_lease()


def renew_lease() -> None:
    """Hold the running job for another lease, now that it got ahead; LeaseLost where another worker has it."""
    record = _running.get()
    if record is not None and not _update_mine(record, lease_until=clock.now() + LEASE, losses=0):
        raise LeaseLost(f"job {record.id} is run by another worker")


def _update_mine(record: Job, **values: Any) -> bool:
    """Change the row and commit if this very attempt still holds it; threads of one process share their name."""
    changed = db.session.execute(
        sa.update(Job).where(Job.id == record.id, Job.worker == record.worker, Job.attempts == record.attempts,
                             Job.state == "running")
        .values(**values).execution_options(synchronize_session=False))
    if changed.rowcount:  # type: ignore[attr-defined]
        db.session.commit()
        return True
    db.session.rollback()
    return False


# --- running -------------------------------------------------------------------------------------------


def run(job_id: int) -> bool:
    """Claim a job, run it, record it; False where it was not to be claimed."""
    record = _claim(job_id)
    if record is None:
        return False
    target = functions.get(record.function)
    with _context(record), heartbeats.beating(record, LEASE):
        if target is None and _is_switched_off(record.function):
            _put_back(record, OFF_WAIT, "its module is switched off; it waits until it is on again", counted=False)
        elif target is None:
            _record_failure(record, f"no module has {record.function}: is it switched off?")
        elif record.losses >= MOST_LOSSES:
            _record_failure(record, f"its worker was killed or lost {record.losses} times in a row")
        else:
            _attempt(record, target)
    return True


def _is_switched_off(function: str) -> bool:
    """Whether the function belongs to a module that is there but off."""
    name = function.split(".")[1] if function.startswith("modules.") else ""
    return name in modules.available() and name not in current_app.extensions["abona_modules"]


def _claim(job_id: int) -> Job | None:
    """Take a due job, or one whose worker is gone, for this process; a detached copy of the row."""
    record, moment = db.session.get(Job, job_id, populate_existing=True), clock.now()
    if record is None or not _may_be_claimed(record, moment):
        db.session.rollback()
        return None
    db.session.expunge(record)
    values = {"state": "running", "worker": processes.identity(), "lease_until": moment + LEASE,
              "attempts": record.attempts + 1, "losses": record.losses + (record.state == "running")}
    taken = db.session.execute(
        sa.update(Job).where(Job.id == job_id, Job.state == record.state, Job.attempts == record.attempts,
                             _due(moment)).values(values).execution_options(synchronize_session=False))
    db.session.commit()
    if not taken.rowcount:  # type: ignore[attr-defined]
        return None
    for name, value in values.items():
        setattr(record, name, value)
    return record


def _may_be_claimed(record: Job, moment: dt.datetime) -> bool:
    if record.state == "pending":
        return record.run_at <= moment
    return record.state == "running" and record.lease_until is not None and record.lease_until < moment


def _due(moment: dt.datetime) -> sa.ColumnElement[bool]:
    return sa.or_(sa.and_(Job.state == "pending", Job.run_at <= moment),
                  sa.and_(Job.state == "running", Job.lease_until < moment))


@contextmanager
def _context(record: Job) -> Iterator[None]:
    company = scope.company_scope(record.company_id) if record.company_id else nullcontext()
    token = _running.set(record)
    with (structlog.contextvars.bound_contextvars(job_id=record.id, request_id=record.request_id),
          company, scope.acting_as(record.user_id)):
        try:
            yield
        finally:
            _running.reset(token)


def _attempt(record: Job, target: JobFunction) -> None:
    try:
        target.call(**record.payload)
        _finish(record)
    except RetryLater as later:
        db.session.rollback()
        _put_back(record, later.seconds, later.reason, counted=False)
    except Unavailable as error:
        db.session.rollback()
        wait = error.retry_after or min(2**min(record.attempts, 12), LONGEST_WAIT)
        _put_back(record, wait, error.message, counted=True)
    except LeaseLost:
        db.session.rollback()
        log.warning("job_lease_lost", function=record.function)
    except Exception as error:
        db.session.rollback()
        _record_error(record, target, error)


def _finish(record: Job) -> None:
    """Commit the function's changes and "done" together, if the job is still ours."""
    db.session.flush()
    if not _update_mine(record, state="done", finished_at=clock.now(), lease_until=None, error=""):
        raise LeaseLost(f"job {record.id} is run by another worker")


def _record_error(record: Job, target: JobFunction, error: Exception) -> None:
    text = str(error) if isinstance(error, DomainError) else f"{type(error).__name__}: {error}"
    final = record.attempts >= target.max_attempts
    log.error("job_failed" if final else "job_error", function=record.function, error=text, exc_info=error)
    if final:
        _record_failure(record, text)
    else:
        _put_back(record, min(2**record.attempts, LONGEST_WAIT), text, counted=True)


def _put_back(record: Job, seconds: float, reason: str, *, counted: bool) -> None:
    _update_mine(record, state="pending", run_at=clock.now() + dt.timedelta(seconds=seconds), error=reason[:2000],
                 attempts=record.attempts if counted else record.attempts - 1, losses=0, lease_until=None,
                 sent_at=None)


def _record_failure(record: Job, reason: str) -> None:
    _update_mine(record, state="failed", error=reason[:2000], lease_until=None, finished_at=clock.now())


def run_again(record: Job) -> None:
    """Put a job that failed, was cancelled or waits for its next try back, at a person's wish; DomainError else."""
    if record.state not in (*ENDED_BADLY, "pending"):
        raise DomainError(_("This job cannot be run again because it has not failed."))
    record.state, record.attempts, record.losses, record.error = "pending", 0, 0, ""
    record.finished_at, record.run_at, record.sent_at = None, clock.now(), clock.now()
    db.session.info.setdefault("jobs_to_wake", []).append((record.id, record.queue))


def cancel(record: Job) -> None:
    """Give a job up that waits or failed, at the wish of a person: its work is not done. DomainError for others."""
    if record.state not in ("pending", "failed"):
        raise DomainError(_("This job cannot be cancelled because it runs or has ended. Wait until it has ended."))
    record.state, record.finished_at = "cancelled", clock.now()


# --- finding -------------------------------------------------------------------------------------------


def due(limit: int = 50, queues: tuple[str, ...] | None = None) -> list[tuple[int, str]]:
    """(id, queue) of jobs that may be claimed now, oldest first."""
    wanted = sa.select(Job.id, Job.queue).where(_due(clock.now()))
    if queues:
        wanted = wanted.where(Job.queue.in_(queues))
    rows = db.session.execute(wanted.order_by(Job.run_at, Job.id).limit(limit)).all()
    db.session.rollback()
    return [(row.id, row.queue) for row in rows]


def open_jobs() -> int:
    """How many jobs are pending or running."""
    counted = db.session.scalar(sa.select(sa.func.count()).select_from(Job)
                                .where(Job.state.in_(("pending", "running"))))
    return counted or 0


def release_orphans() -> int:
    """Give back the jobs whose worker process is gone from this machine, without waiting for their lease."""
    rows = db.session.execute(sa.select(Job.id, Job.worker).where(Job.state == "running")).all()
    dead = [row.id for row in rows if processes.is_dead(row.worker)]
    if dead:
        db.session.execute(sa.update(Job).where(Job.id.in_(dead), Job.state == "running")
                           .values(lease_until=clock.now() - dt.timedelta(seconds=1), sent_at=None)
                           .execution_options(synchronize_session=False))
    db.session.commit()
    return len(dead)


def run_jobs(limit: int = 10_000) -> int:
    """Run all due jobs in this thread until none is left: tests and small commands. How many ran."""
    ran = 0
    while ran < limit and (batch := due()):
        progress = [run(job_id) for job_id, _queue in batch]
        ran += sum(progress)
        if not any(progress):
            break
    return ran


def signature(name: str) -> str:
    """How a job function is called, for the documents and the tests."""
    return f"{name}{inspect.signature(functions[name].call)}"
