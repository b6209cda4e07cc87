"""The two ways to run job rows: threads inside `abona serve`, or RQ workers woken through Redis."""

from __future__ import annotations

import datetime as dt
import itertools
import re
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from croniter import croniter
from flask import Flask
from sqlalchemy import event
from sqlalchemy.exc import SQLAlchemyError

from core import clock, jobs, leases, logs, processes
from core.db import db, reading
from core.errors import CannotRun
from core.i18n import _
from core.models import Job

EMBEDDED_LEASE = "embedded-worker"
LEASE_SECONDS = 60
# a message that nobody took: where its queue is empty it was lost (a Redis that restarted), else it may only be waiting
RESEND_AFTER, LOST_AFTER = 20, 1800

log = logs.get(__name__)
_wake = threading.Condition()


# --- after the commit ----------------------------------------------------------------------------------


def init_app(app: Flask) -> None:
    """Wake workers after each commit that inserted due jobs; a rollback wakes nobody."""
    if not event.contains(db.session, "after_commit", _after_commit):
        event.listen(db.session, "after_commit", _after_commit)
        event.listen(db.session, "after_soft_rollback", _after_rollback)


def _after_commit(session: Any) -> None:
    woken = session.info.pop("jobs_to_wake", None)
    if not woken:
        return
    from flask import current_app

    if current_app.extensions["abona"].redis_url:
        _send(woken)
    else:
        with _wake:
            _wake.notify_all()


def _after_rollback(session: Any, previous: Any) -> None:
    if previous.parent is None or not previous.nested:
        session.info.pop("jobs_to_wake", None)


def _send(rows: list[tuple[int, str]]) -> bool:
    """Tell Redis about the jobs; without Redis they wait for the scheduler's sweep."""
    from redis.exceptions import RedisError
    from rq import Queue

    try:
        for name, wanted in _by_queue(rows).items():
            Queue(name, connection=redis()).enqueue_many(
                [Queue.prepare_data(run_by_rq, args=(job_id,), timeout=3600, result_ttl=0, failure_ttl=3600)
                 for job_id in wanted])
    except RedisError as error:
        log.warning("redis_unreachable", error=str(error), waiting=len(rows))
        return False
    return True


def _by_queue(rows: list[tuple[int, str]]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for job_id, queue in rows:
        found.setdefault(queue, []).append(job_id)
    return found


def redis() -> Any:
    """The connection of this process for short questions; a Redis that hangs costs seconds, not the request."""
    from flask import current_app

    connection = current_app.extensions.get("abona_redis")
    if connection is None:
        connection = current_app.extensions["abona_redis"] = _connect(current_app, socket_timeout=5)
    return connection


def _connect(app: Flask, **options: Any) -> Any:
    from redis import Redis

    return Redis.from_url(app.extensions["abona"].redis_url, socket_connect_timeout=3, **options)


# --- the tick: schedules, late jobs, orphans -----------------------------------------------------------


def tick(last: float) -> None:
    """Run schedules whose minute has come since `last` (epoch seconds) and give orphans back.

    With `last` 0, as a process begins, each schedule's latest minute counts: nothing is missed by a restart, and the
    key keeps it from being run twice.
    """
    jobs.release_orphans()
    moment = clock.now()
    for name, (cron, _function) in jobs.schedules.items():
        due = croniter(cron, moment).get_prev(float)
        if due > last:
            jobs.enqueue(name, key=f"{name}:{int(due)}")
    db.session.commit()


def sweep() -> int:
    """Send to Redis what is due and was not sent, or was sent and nobody took; how many.

    A long queue is no loss: what was sent is sent again only where its queue is empty, or after a long while.
    """
    moment = clock.now()
    waiting = sa.or_(sa.and_(Job.state == "pending", Job.run_at <= moment),
                     sa.and_(Job.state == "running", Job.lease_until < moment))
    unsent = sa.or_(Job.sent_at.is_(None), Job.sent_at < moment - dt.timedelta(seconds=LOST_AFTER))
    if empty := _empty_queues():
        unsent = sa.or_(unsent, sa.and_(Job.queue.in_(empty),
                                        Job.sent_at < moment - dt.timedelta(seconds=RESEND_AFTER)))
    rows = [(row.id, row.queue) for row in db.session.execute(
        sa.select(Job.id, Job.queue).where(waiting, unsent).order_by(Job.run_at, Job.id).limit(1000))]
    if rows and _send(rows):
        db.session.execute(sa.update(Job).where(Job.id.in_([job_id for job_id, _queue in rows]))
                           .values(sent_at=moment).execution_options(synchronize_session=False))
    db.session.commit()
    return len(rows)


def _empty_queues() -> list[str]:
    from redis.exceptions import RedisError
    from rq import Queue

    try:
        return [name for name in jobs.QUEUES if Queue(name, connection=redis()).count == 0]
    except RedisError:
        return []


class Scheduler:
    """The process behind `abona scheduler`; several do no harm, since schedules are keyed rows."""

    def __init__(self, app: Flask) -> None:
        self.app, self.stopping = app, threading.Event()

    def run(self) -> None:
        last = 0.0
        while not self.stopping.wait(2):
            started = time.time()
            with self.app.app_context():
                _quietly(lambda since=last: tick(since))  # type: ignore[misc]
                if self.app.extensions["abona"].redis_url:
                    _quietly(sweep)
            last = started

    def stop(self, *_args: Any) -> None:
        self.stopping.set()


def _quietly(action: Callable[[], Any]) -> None:
    """A database that is away for a moment, or a fault in one round, must not end the loop."""
    try:
        action()
    except SQLAlchemyError as error:
        _roll_back()
        log.warning("database_unreachable", error=str(error).splitlines()[0])
    except Exception as error:
        _roll_back()
        log.error("round_failed", exc_info=error)


def _roll_back() -> None:
    try:
        db.session.rollback()
    except SQLAlchemyError:
        db.session.remove()


# --- embedded ------------------------------------------------------------------------------------------


class Embedded:
    """Worker threads and the scheduler in this process, over the same rows. One per database."""

    def __init__(self, app: Flask, threads: int | None = None) -> None:
        self.app = app
        self.threads = threads or app.extensions["abona"].worker_threads
        self.stopping = threading.Event()
        self._running: list[threading.Thread] = []

    def start(self) -> None:
        """Take the lease and start; CannotRun where another process works on this database."""
        with self.app.app_context():
            if not leases.acquire(EMBEDDED_LEASE, LEASE_SECONDS):
                raise CannotRun(_("To start here, stop the other Abona process (%(owner)s) that already works "
                                  "on this database, or set ABONA_REDIS_URL.", owner=leases.holder(EMBEDDED_LEASE)))
            jobs.release_orphans()
        targets = [self._keep_lease, *[self._work] * self.threads]
        self._running = [threading.Thread(target=target, daemon=True) for target in targets]
        for thread in self._running:
            thread.start()

    def stop(self, timeout: float = 30) -> None:
        """Let running jobs end within so many seconds in all, then give the lease back; what is left begins again."""
        self.stopping.set()
        with _wake:
            _wake.notify_all()
        end = time.monotonic() + timeout
        for thread in self._running:
            thread.join(max(0.0, end - time.monotonic()))
        with self.app.app_context():
            leases.release(EMBEDDED_LEASE)

    def _keep_lease(self) -> None:
        last = 0.0
        while not self.stopping.wait(2):
            started = time.time()
            with self.app.app_context():
                _quietly(self._renew)
                _quietly(lambda since=last: tick(since))  # type: ignore[misc]
            last = started

    def _renew(self) -> None:
        if not leases.acquire(EMBEDDED_LEASE, LEASE_SECONDS):
            # this process slept too long and another one took over; rows are claimed one by one, so none runs twice
            log.warning("embedded_lease_lost", owner=leases.holder(EMBEDDED_LEASE))

    def _work(self) -> None:
        while not self.stopping.is_set():
            with self.app.app_context():
                worked: list[bool] = []
                _quietly(lambda: worked.append(self._one_round()))  # noqa: B023
            if not any(worked):
                with _wake:
                    _wake.wait(1)

    def _one_round(self) -> bool:
        return any(not self.stopping.is_set() and jobs.run(job_id) for job_id, _queue in jobs.due(limit=8))


def is_working() -> bool:
    """True where some process is there to run jobs: embedded, or RQ workers in Redis."""
    from flask import current_app

    if not current_app.extensions["abona"].redis_url:
        found = leases.holder(EMBEDDED_LEASE) is not None
        db.session.rollback()
        return found
    from redis.exceptions import RedisError
    from rq import Worker

    try:
        return bool(Worker.count(connection=redis()))
    except RedisError:
        return False


def work_until(done: Callable[[], bool], *, idle: Callable[[], None] | None = None, every: float = 0.5) -> None:
    """Wait until `done()`; with no worker about, work on the jobs in this process meanwhile.

    `idle` is called once a round, to show progress.
    """
    from flask import current_app

    app = current_app._get_current_object()  # type: ignore[attr-defined]
    own = None if is_working() else _start(Embedded(app))
    try:
        while not _answer(done):
            if idle:
                idle()
            time.sleep(every)
    finally:
        if own:
            own.stop()


def _start(own: Embedded) -> Embedded | None:
    """Begin to work here; None where another process, asked at the same moment, was faster."""
    db.session.rollback()  # an open transaction would keep the worker threads out of SQLite
    try:
        own.start()
    except CannotRun:
        return None
    processes.settle()
    return own


def _answer(question: Callable[[], bool]) -> bool:
    with reading():
        return question()


# --- RQ ------------------------------------------------------------------------------------------------


def run_by_rq(job_id: int) -> None:
    """The only function that RQ ever sees: `core.jobs.run` inside an app context."""
    app = _rq_app()
    with app.app_context():
        jobs.run(job_id)


_app: Flask | None = None


def _rq_app() -> Flask:
    global _app
    if _app is None:
        from core.app import create_app

        _app = create_app()
    return _app


def work_by_rq(app: Flask, queues: list[str]) -> None:
    """Work until told to stop. Redis must be there in the beginning; where it goes away later, wait for it."""
    import redis

    with app.app_context():
        _connect(app).ping()
    for number in itertools.count():
        try:
            rq_worker(app, queues, number).work(logging_level="WARNING")
            return
        except (redis.ConnectionError, redis.TimeoutError) as error:
            for one, plain in ((signal.SIGTERM, signal.SIG_DFL), (signal.SIGINT, signal.default_int_handler)):
                signal.signal(one, plain)  # those of the worker that is gone only note that it should stop
            log.warning("redis_lost", reason=str(error))
            time.sleep(2)


def rq_worker(app: Flask, queues: list[str], number: int = 0) -> Any:
    """A worker that forks per job and gives each child database connections of its own; `number` tells those of one
    process apart."""
    from rq import Worker

    global _app
    _app = app

    class AbonaWorker(Worker):
        def perform_job(self, *args: Any, **kwargs: Any) -> bool:
            with app.app_context():
                db.engine.dispose(close=False)
            return bool(super().perform_job(*args, **kwargs))

    with app.app_context():
        # waiting for work blocks: this connection has no time limit of its own
        return AbonaWorker(queues or list(jobs.QUEUES), connection=_connect(app, socket_timeout=None), worker_ttl=60,
                           name=f"abona-{re.sub('[^A-Za-z0-9]', '-', processes.identity())}-{number}")
