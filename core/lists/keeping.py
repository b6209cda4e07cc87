"""Keeping the runs in order: files go when their time is over, questions nobody answered and old runs follow."""

from __future__ import annotations

import time
from collections.abc import Sequence

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import aliased

from core import clock, jobs, storage
from core.db import db
from core.i18n import lazy
from core.lists import runs
from core.lists.models import Run

BATCH = 500
DRAFT_SECONDS = 2 * 86400


@jobs.schedule("25 * * * *", words=lazy("Delete exports whose time is over"))
def tidy() -> None:
    """Delete files whose time is over, then runs that nobody asks for any more."""
    while ids := _expired():
        hashes = _drop_files(ids)
        jobs.checkpoint()
        storage.discard(hashes)
    while _forget():
        jobs.checkpoint()
    _sweep_drafts()


def _expired() -> Sequence[int]:
    return db.session.scalars(sa.select(Run.id).where(Run.file_id.is_not(None), Run.expires_at <= clock.now())
                              .order_by(Run.id).limit(BATCH)).all()


def _drop_files(run_ids: Sequence[int]) -> list[str]:
    """Take the files from these runs; the hashes of content that may go after the commit."""
    files = list(db.session.scalars(sa.select(Run.file_id).where(Run.id.in_(run_ids))))
    db.session.execute(sa.update(Run).where(Run.id.in_(run_ids)).values(file_id=None)
                       .execution_options(synchronize_session=False))
    return storage.forget([one for one in files if one is not None])


def _forget() -> int:
    """Delete a batch of old runs (their rows go with them); one that was undone goes after its undo."""
    moment, undo = clock.now(), aliased(Run)
    old = sa.or_(sa.and_(Run.state == "prepared", Run.created_at < moment - runs.KEEP_PREPARED),
                 sa.and_(Run.state.in_(("done", "stopped")), Run.created_at < moment - runs.KEEP_RUNS))
    ids = list(db.session.scalars(
        sa.select(Run.id).where(old, Run.file_id.is_(None), ~sa.exists().where(undo.undo_of_id == Run.id))
        .order_by(Run.id).limit(BATCH)))
    if ids:
        db.session.execute(sa.delete(Run).where(Run.id.in_(ids)).execution_options(synchronize_session=False))
    return len(ids)


def _sweep_drafts() -> None:
    """Half-written files of processes that were killed."""
    for path in current_app.extensions["abona"].files.glob(".*.part"):
        if path.stat().st_mtime < time.time() - DRAFT_SECONDS:
            path.unlink(missing_ok=True)
