"""Heartbeats: one thread per process renews the leases of the jobs that it runs, however long they take.

A job may compute for longer than its lease lasts. Without this, other workers would begin it again and again.
"""

from __future__ import annotations

import datetime as dt
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from flask import Flask, current_app
from sqlalchemy.exc import SQLAlchemyError

from core import clock, logs
from core.db import db
from core.models import Job

EVERY = 60.0

log = logs.get(__name__)
_lock = threading.Lock()
_running: dict[int, Job] = {}
_started = False


@contextmanager
def beating(record: Job, lease: dt.timedelta) -> Iterator[None]:
    """Keep this job's lease while the block runs."""
    global _started
    with _lock:
        _running[id(record)] = record
        if not _started:
            app = current_app._get_current_object()  # type: ignore[attr-defined]
            threading.Thread(target=_beat, args=(app, lease), daemon=True, name="heartbeats").start()
            _started = True
    try:
        yield
    finally:
        with _lock:
            _running.pop(id(record), None)


def _beat(app: Flask, lease: dt.timedelta) -> None:
    pause = threading.Event()
    while not pause.wait(EVERY):
        with app.app_context():
            try:
                renew(lease)
            except SQLAlchemyError as error:
                # SQLite while the job itself writes: nobody else can take the job meanwhile either
                db.session.rollback()
                log.info("heartbeat_missed", error=str(error).splitlines()[0])


def renew(lease: dt.timedelta) -> int:
    """Renew the leases of this process' jobs and commit; of how many. One that was lost stays lost."""
    with _lock:
        records = list(_running.values())
    kept = 0
    for record in records:
        done = db.session.execute(
            sa.update(Job).where(Job.id == record.id, Job.worker == record.worker, Job.attempts == record.attempts,
                                 Job.state == "running")
            .values(lease_until=clock.now() + lease).execution_options(synchronize_session=False))
        kept += done.rowcount  # type: ignore[attr-defined]
    db.session.commit()
    return kept


def _forget() -> None:
    """A forked child has none of its parent's threads and jobs."""
    global _started, _lock
    _lock, _started = threading.Lock(), False
    _running.clear()


os.register_at_fork(after_in_child=_forget)
