"""The jobs behind runs: a chunk of rows in a transaction, noted with its results; and files written meanwhile."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, OperationalError

from core import audit, clock, jobs, logs, storage
from core.db import db, insert_new, is_postgresql, write_rows
from core.errors import DomainError, Unavailable
from core.i18n import _, lazy, use_locale
from core.lists import output, runs
from core.lists.declaration import Action, Done
from core.lists.models import Run, RunItem
from core.lists.query import Query
from core.lists.selection import Selection
from core.lists.who import locale

TELL_EVERY = 2.0
WORK_SECONDS, PAUSE_SECONDS = 0.4, 0.12

log = logs.get(__name__)


class Stopped(Exception):
    """The person asked to stop."""


# --- actions ---------------------------------------------------------------------------------------------


@jobs.job(max_attempts=3, words=lazy("Mass action"))
def run_action(run_id: int) -> None:
    """Do a run's action to its rows; a killed or stopped run goes on where it ended."""
    run = _begin(run_id)
    if run is None:
        return
    with use_locale(locale()):
        action, query, pause = runs.action_of(run), runs.query_of(run), _pauser()
        while not run.stop_asked and (ids := query.chunk_of_ids(run.last_id, action.chunk)):
            _note(run, ids, _undone(run, action, ids) if run.action == runs.UNDO else done(action, ids, run.options))
            jobs.checkpoint()
            pause()
        _end(run, "stopped" if run.stop_asked else "done")


def _pauser() -> Callable[[], None]:
    """A function that lets others write. SQLite has one writer and no queue: who waits looks again every 100 ms, and
    would never find the moment between two chunks.
    """
    last = time.monotonic()

    def pause() -> None:
        nonlocal last
        if not is_postgresql() and time.monotonic() - last > WORK_SECONDS:
            time.sleep(PAUSE_SECONDS)
            last = time.monotonic()

    return pause


def _begin(run_id: int) -> Run | None:
    """The run, if there is something to do for it; ended at once where its person may not do it any more."""
    run = db.session.get(Run, run_id)
    if run is None or run.state != "queued":
        return None
    try:
        runs.check(run)
    except DomainError as error:
        run.error = str(error)
        _end(run, "stopped")
        return None
    run.started_at = run.started_at or clock.now()
    jobs.checkpoint()
    return run


def done(action: Action, ids: Sequence[int], values: dict[str, Any]) -> Done:
    """Do one chunk; who was refused and why."""
    if action.apply is not None:
        apply = action.apply
        return _set_wise(ids, lambda part: apply(part, values))
    refused, notes = {}, {}
    for row_id in ids:
        try:
            with db.session.begin_nested():
                answer = action.each(row_id, values) if action.each else None
        except Exception as error:
            refused[row_id] = _reason(error, row_id)
        else:
            if isinstance(answer, (str, dict, list)):
                notes[row_id] = answer if isinstance(answer, str) else json.dumps(answer)
    return Done(refused, notes)


def _set_wise(ids: Sequence[int], call: Callable[[Sequence[int]], Done | Mapping[int, str] | None]) -> Done:
    """Do a chunk at once; where it is refused as a whole, halve it until the guilty rows stand alone."""
    try:
        with db.session.begin_nested():
            answer = call(ids)
    except Exception as error:
        if len(ids) == 1:
            return Done({ids[0]: _reason(error, ids[0])})
        _may_go_on(error)
        halves = [_set_wise(part, call) for part in (ids[:len(ids) // 2], ids[len(ids) // 2:])]
        return Done({**halves[0].refused, **halves[1].refused}, {**halves[0].notes, **halves[1].notes})
    return answer if isinstance(answer, Done) else Done(answer or {})


def _may_go_on(error: Exception) -> None:
    """A database or a disk that is away is no fault of the row: the job tries again later."""
    if isinstance(error, (OperationalError, Unavailable, jobs.RetryLater, jobs.LeaseLost)) or (
            isinstance(error, DBAPIError) and error.connection_invalidated):
        raise error


def _reason(error: Exception, row_id: int) -> str:
    """The words of a refusal; a fault of the program stops only this row, and is in the log."""
    _may_go_on(error)
    if isinstance(error, DomainError):
        return str(error)
    log.error("list_action_failed", row_id=row_id, exc_info=error)
    return _("Something unexpected happened (%(kind)s); nothing of this row was changed.", kind=type(error).__name__)


def _undone(run: Run, action: Action, ids: Sequence[int]) -> Done:
    rows = db.session.execute(sa.select(RunItem.row_id, RunItem.note).where(
        RunItem.run_id == run.undo_of_id, RunItem.row_id.in_(ids)))
    notes: dict[int, str] = dict(rows.tuples().all())
    undo = action.undo
    assert undo is not None
    return _set_wise(ids, lambda part: undo(part, {one: notes.get(one, "") for one in part}))


def _note(run: Run, ids: Sequence[int], result: Done) -> None:
    """Write what became of the rows, in the transaction that did it."""
    write_rows(RunItem.__table__, [
        {"run_id": run.id, "row_id": one, "ok": one not in result.refused,
         "note": str(result.refused.get(one) or result.notes.get(one, ""))} for one in ids])
    refused = sum(one in result.refused for one in ids)
    run.done, run.failed, run.last_id = run.done + len(ids) - refused, run.failed + refused, ids[-1]


def _end(run: Run, state: str) -> None:
    run.state, run.finished_at = state, clock.now()
    if not run.is_export:
        audit.record("core.run_action", run, {"list": run.list_key, "action": run.action, "done": run.done,
                                              "refused": run.failed})


# --- exports ---------------------------------------------------------------------------------------------


@jobs.job(max_attempts=3, words=lazy("Export"))
def run_export(run_id: int) -> None:
    """Write the file of an export and keep it for some days; from the beginning again where it was killed."""
    run = _begin(run_id)
    if run is None:
        return
    with use_locale(locale()):
        try:
            _write(run)
        except Stopped:
            _end(run, "stopped")


def _write(run: Run) -> None:
    shown, selection = runs.list_of(run), Selection.load(run.selection)
    query: Query = runs.query_of(run)
    made = output.Output.of(shown, run.action, query, run.options.get("columns", []),
                            run.options.get("parts", []))
    with storage.draft() as path:
        with output.snapshot() as source:
            made.write(path, source, _teller(run.id) if source.apart else lambda rows: None)
        name, media = output.file_name(shown, run.action), output.MEDIA[run.action][1]
        run.file_id = storage.store_path(path, name, media).id
    insert_new(RunItem.__table__, [{"run_id": run.id, "row_id": row_id, "ok": False, "note": reason}
                                   for row_id, reason in made.refused], ("run_id", "row_id"))
    run.done, run.failed, run.expires_at = made.rows, len(made.refused), clock.now() + runs.KEEP_FILES
    runs.record_export(shown, run.action, selection, made.rows, run)
    _end(run, "done")


def _teller(run_id: int) -> Callable[[int], None]:
    """A function that notes the progress now and then, and raises where one asked to stop."""
    last = time.monotonic()

    def tell(rows: int) -> None:
        nonlocal last
        if time.monotonic() - last < TELL_EVERY:
            return
        last = time.monotonic()
        stop = db.session.scalar(sa.update(Run).where(Run.id == run_id).values(done=rows)
                                 .returning(Run.stop_asked).execution_options(synchronize_session=False))
        jobs.checkpoint()
        if stop:
            raise Stopped

    return tell
