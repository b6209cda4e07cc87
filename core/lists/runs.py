"""Runs: something done to many rows, from the question to the result. Services: they neither commit nor write files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from core import audit, jobs, scope
from core.db import db
from core.errors import DomainError, NotAllowed, NotFound
from core.i18n import _, lazy
from core.lists.ask import Ask
from core.lists.declaration import Action, List, lists
from core.lists.models import Run, RunItem
from core.lists.query import Query
from core.lists.selection import Selection, everything, lifted
from core.lists.who import viewer_may, words_of

UNDO = "undo"
KEEP_FILES = dt.timedelta(days=3)
KEEP_PREPARED = dt.timedelta(days=1)
KEEP_RUNS = dt.timedelta(days=90)
SEE_OTHERS = "core.view_runs"
EXPORTS: dict[str, Any] = {
    "xlsx": lazy("Excel (XLSX)"), "csv": lazy("CSV for spreadsheets"), "csv_plain": lazy("CSV for other programs"),
    "pdf": lazy("One PDF"), "zip": lazy("ZIP of PDFs"), "bundle": lazy("ZIP of files by kind"),
}


# --- what a run is about ---------------------------------------------------------------------------------


def list_of(run: Run) -> List:
    """The list that a run works on; NotFound where its module is switched off."""
    found = lists.find(run.list_key)
    if found is None:
        raise NotFound(_("The list of this run belongs to a module that is switched off."))
    return found


def action_of(run: Run) -> Action:
    """The action of a run; of an undo, the action that is undone."""
    origin = run.undo_of if run.action == UNDO and run.undo_of is not None else run
    found = list_of(run).action(origin.action)
    if found is None:
        raise NotFound(_("The action of this run does not exist any more."))
    return found


def query_of(run: Run) -> Query:
    """The rows that a run means, as they are now."""
    shown = list_of(run)
    only = None
    if run.action == UNDO:
        done = sa.select(RunItem.row_id).where(RunItem.run_id == run.undo_of_id, RunItem.ok)
        only = shown.id.in_(done)
    elif not run.is_export:
        only = action_of(run).only
    return Selection.load(run.selection).query(shown, only)


def title(run: Run) -> str:
    """What was asked for, in the reader's words."""
    shown = lists.find(run.list_key)
    name = str(shown.title) if shown else run.list_key
    if run.is_export:
        return _("%(list)s as %(kind)s", list=name, kind=EXPORTS.get(run.action, run.action))
    origin = run.undo_of if run.action == UNDO and run.undo_of is not None else run
    action = shown.action(origin.action) if shown else None
    words = str(action.label) if action else origin.action
    return _("%(list)s: undo “%(action)s”", list=name, action=words) if run.action == UNDO else f"{name}: {words}"


# --- who may ---------------------------------------------------------------------------------------------


def find_run(run_id: int) -> Run:
    """The run with this id, for who asked for it or may see those of others; NotFound otherwise."""
    run = db.session.get(Run, run_id)
    if run is None or run.company_id != scope.company_id_or_none():
        raise NotFound(_("This does not exist, or belongs to another company."))
    if run.user_id != scope.current_user_id() and not viewer_may(SEE_OTHERS):
        raise NotAllowed(_("To see this you must have asked for it yourself, or be allowed to see what others did."))
    check(run)
    return run


def permission_of(run: Run) -> str:
    """What one must be allowed to, to prepare, run and see this."""
    shown = list_of(run)
    if run.is_export:
        return shown.export_permission or shown.permission
    return action_of(run).permission


def check(run: Run) -> None:
    """NotAllowed where the person in scope may not see the list, or not do this with it (any more)."""
    for permission in (list_of(run).permission, permission_of(run)):
        if not viewer_may(permission):
            raise NotAllowed(_("This is not possible because you may not do it (%(permission)s).",
                               permission=words_of(permission)))


# --- actions ---------------------------------------------------------------------------------------------


def prepare(shown: List, action: Action, selection: Selection) -> Run:
    """Note what is asked for, with its count, to be confirmed. DomainError where no row is left to work on."""
    count = selection.query(shown, action.only).exact()
    if not count:
        raise DomainError(_("To do this you must choose rows that it can be done with: of these, it can be done with "
                            "none.") if action.only is not None else _("There is no row to do this with."))
    run = _new(shown, action.key, selection, total=count)
    db.session.flush()
    return run


def begin(shown: List, key: str, filters: Mapping[str, str], values: Mapping[str, Any] | None = None) -> Run:
    """Do an action to all rows that fit the filters, for a page that asked for confirmation itself."""
    action = shown.action(key)
    if action is None:
        raise LookupError(f"list {shown.key} has no action {key!r}")
    run = prepare(shown, action, everything(Ask.of(shown, {name: [value] for name, value in filters.items()})))
    start(run, values)
    return run


def _new(shown: List, action: str, selection: Selection, **values: Any) -> Run:
    run = Run(company_id=scope.company_id_or_none(), user_id=_me(), list_key=shown.key, action=action,
              selection=selection.json(), **values)
    db.session.add(run)
    return run


def _me() -> int:
    user_id = scope.current_user_id()
    if user_id is None:
        raise NotAllowed(_("To do this you must be logged in."))
    return user_id


def left_out(run: Run) -> int:
    """How many of the rows chosen the action makes no sense for."""
    if action_of(run).only is None:
        return 0
    return Selection.load(run.selection).query(list_of(run)).exact() - run.total


def start(run: Run, values: Mapping[str, Any] | None = None) -> bool:
    """Begin what was prepared; False where it was begun before (a double click)."""
    check(run)
    changed = db.session.execute(
        sa.update(Run).where(Run.id == run.id, Run.state == "prepared").values(state="queued")
        .execution_options(synchronize_session=False))
    db.session.refresh(run)
    if not changed.rowcount:  # type: ignore[attr-defined]
        return False
    run.options = dict(values or {})
    _enqueue(run)
    return True


def _enqueue(run: Run) -> None:
    run.job_id = jobs.enqueue(_job_name(run), company_id=run.company_id, run_id=run.id)


def stop(run: Run) -> None:
    """Ask it to end after the rows that it is at."""
    if run.state == "queued":
        run.stop_asked = True


def go_on(run: Run) -> None:
    """Continue a run that was stopped, or whose job failed, where it ended."""
    check(run)
    if run.state == "stopped":
        run.state, run.stop_asked, run.finished_at, run.error = "queued", False, None, ""
        _enqueue(run)
    elif run.state == "queued" and run.job is not None and run.job.state in jobs.ENDED_BADLY:
        jobs.run_again(run.job)
    else:
        raise DomainError(_("To go on with this it must have been stopped, or have failed."))


def _job_name(run: Run) -> str:
    return "core.lists.work.run_export" if run.is_export else "core.lists.work.run_action"


def can_undo(run: Run) -> bool:
    """Whether what was done can be put back: the action knows how, it has ended, and nobody did it yet."""
    return (not run.is_export and run.action != UNDO and run.state in {"done", "stopped"} and run.done > 0
            and run.undone_by is None and action_of(run).undo is not None)


def undo(run: Run) -> Run:
    """Put the rows that a run did back, in a run of its own that begins at once."""
    check(run)
    if not can_undo(run):
        raise DomainError(_("This cannot be undone: it still runs, it was undone already, or there is no way back."))
    shown = list_of(run)
    selection = Selection.load(run.selection)
    # whatever the filters say now: the rows that were done are meant
    made = _new(shown, UNDO, Selection(lifted(shown), selection.given, None, None), total=run.done, state="queued",
                undo_of=run)
    db.session.flush()
    _enqueue(made)
    return made


# --- exports ---------------------------------------------------------------------------------------------


def ask_export(shown: List, kind: str, selection: Selection, options: Mapping[str, Any], *, total: int,
               form_key: str | None = None) -> Run:
    """Have a file made in the background; asked twice by one form, it is the same run."""
    try:
        with db.session.begin_nested():
            run = _new(shown, kind, selection, is_export=True, options=dict(options), total=total, state="queued",
                       form_key=form_key)
            db.session.flush()
    except IntegrityError:
        return db.session.scalars(sa.select(Run).where(Run.user_id == _me(), Run.form_key == form_key)).one()
    _enqueue(run)
    return run


def record_export(shown: List, kind: str, selection: Selection, rows: int, run: Run | None = None) -> None:
    """Write down who exported what, and how many rows left."""
    audit.record("core.export", run, {"list": shown.key, "kind": kind, "rows": rows,
                                      "filters": selection.words(shown) if selection.ids is None else [],
                                      "ticked": selection.ids is not None})


# --- words -----------------------------------------------------------------------------------------------


def state_of(run: Run) -> tuple[Any, str, str]:
    """(words, tone, icon) of where a run is."""
    if run.state == "queued":
        if run.job is not None and run.job.state in jobs.ENDED_BADLY:
            return _("failed"), "bad", "cross"
        begun = run.started_at is not None
        return (_("stopping"), "warn", "pause") if run.stop_asked else (
            _("running"), "info", "running") if begun else (_("waiting"), "warn", "clock")
    if run.state == "done":
        return (_("done, with problems"), "warn", "alert") if run.failed else (_("done"), "ok", "check")
    return (_("stopped"), "warn", "pause") if run.state == "stopped" else (_("not confirmed"), "mute", "draft")


def refused_items(run: Run, limit: int) -> list[RunItem]:
    """The first rows that were refused, with their reasons."""
    wanted = sa.select(RunItem).where(RunItem.run_id == run.id, RunItem.ok.is_(False)).order_by(RunItem.row_id)
    return list(db.session.scalars(wanted.limit(limit)))


def mine() -> sa.Select:
    """The runs that the person in scope may see, in the company in scope."""
    company_id = scope.company_id_or_none()
    wanted = sa.select(Run).where(Run.state != "prepared",
                                  Run.company_id == company_id if company_id else Run.company_id.is_(None))
    return wanted if viewer_may(SEE_OTHERS) else wanted.where(Run.user_id == scope.current_user_id())
