"""Exports and mass actions: the question before, the progress, the result, the file."""

from __future__ import annotations

import json
from typing import Any

from flask import redirect, render_template, send_file, url_for
from sqlalchemy.orm import selectinload

from core import clock, lists, storage
from core.db import dump_json
from core.errors import DomainError
from core.i18n import _, lazy
from core.lists import places, runs
from core.lists.declaration import Column, Empty, Line, List, endpoints
from core.lists.models import Run, RunItem
from core.lists.query import Query
from core.lists.selection import Selection, lifted
from core.models import User
from core.security import require
from core.views import bp

SAMPLE, FIRST_REFUSED = 5, 50

RUNS = lists.register(List(
    "core.runs", lazy("Exports and mass actions"), Run, "", select=runs.mine, sort="-id",
    options=(selectinload(Run.job), selectinload(Run.undo_of)),
    related=lambda statement: statement.outerjoin(User, User.id == Run.user_id),
    columns=(
        Column("what", lazy("What"), runs.title, lead=True),
        Column("state", lazy("State"), runs.state_of, show=lambda line: lists.badge(runs.state_of(line.row))),
        Column("rows", lazy("Rows"), Run.total),
        Column("done", lazy("Rows done"), Run.done),
        Column("failed", lazy("Not done"), Run.failed),
        Column("who", lazy("Who"), User.name),
        Column("created_at", lazy("Asked for"), Run.created_at),
        Column("expires_at", lazy("File until"), Run.expires_at),
    ),
    filters=(
        lists.Choice("kind", lazy("Kind"), {"export": Run.is_export.is_(True), "action": Run.is_export.is_(False)},
                     {"export": lazy("Exports"), "action": lazy("Mass actions")}, chips=True),
        lists.Dates("created", lazy("Asked for"), Run.created_at),
    ),
    link=lambda run: url_for("core.run", run_id=run.id),
    count=lambda count: _("%(count)s exports and mass actions", count=count),
    empty=Empty(lazy("Nothing yet"), lazy(
        "What is exported, or done to many rows at once, stands here with its result. Files are kept for some days."),
        "download")))


lists.attach(bp, "/runs", RUNS, endpoint="runs")


@bp.get("/runs/<int:run_id>")
@require()
def run(run_id: int) -> Any:
    """One run: the question, the progress or the result."""
    found = runs.find_run(run_id)
    if found.state == "prepared":
        return _question(found, _form(found))
    return render_template("core/run.html", run=found, state=runs.state_of(found), title=runs.title(found),
                           shown=runs.list_of(found), speed=_speed(found), can_undo=runs.can_undo(found),
                           refused=_refused(found), results_url=_results_url(found),
                           size=_size(found.file.size if found.file else 0))


def _form(found: Run) -> Any:
    action = runs.action_of(found)
    return action.form() if action.form else None


def _question(found: Run, form: Any, status: int = 200) -> Any:
    """What is about to happen, to how many, with a sample."""
    shown, action, query = runs.list_of(found), runs.action_of(found), runs.query_of(found)
    columns = query.ask.columns
    totals = query.totals()[1] if any(column.total is not False for column in shown.columns) else []
    page = render_template("core/run_question.html", run=found, action=action, shown=shown, form=form, columns=columns,
                           sample=query.lines(columns, SAMPLE), totals=totals, left_out=runs.left_out(found),
                           back=_back(query))
    return page, status


def _back(query: Query) -> str:
    """The list as it was."""
    return places.url_of(query.spec, dict(query.ask.given), **query.ask.changed())


@bp.post("/runs/<int:run_id>/start")
@require()
def start_run(run_id: int) -> Any:
    """Begin what was asked about."""
    found = runs.find_run(run_id)
    form = _form(found)
    if form is not None and not form.validate():
        return _question(found, form, 422)
    values = {name: value for name, value in form.data.items() if name != "csrf_token"} if form is not None else {}
    runs.start(found, _plain(values))
    return redirect(url_for("core.run", run_id=run_id), 303)


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """Amounts and dates as text: the job reads them from JSON."""
    return dict(json.loads(dump_json(values)))


@bp.post("/runs/<int:run_id>/<any(stop, go_on, undo):verb>")
@require()
def change_run(run_id: int, verb: str) -> Any:
    """Stop it, let it go on, or put back what it did."""
    found = runs.find_run(run_id)
    if verb == "undo":
        return redirect(url_for("core.run", run_id=runs.undo(found).id), 303)
    (runs.stop if verb == "stop" else runs.go_on)(found)
    return redirect(url_for("core.run", run_id=run_id), 303)


@bp.get("/runs/<int:run_id>/file")
@require()
def run_file(run_id: int) -> Any:
    """The file of an export, while it is kept."""
    found = runs.find_run(run_id)
    if found.file is None or found.expires_at is None or found.expires_at <= clock.now():
        raise DomainError(_("This file is not kept any more. Export again to get a new one."), code="expired")
    content = storage.backend().open(found.file.sha256)
    answer = send_file(content, mimetype=found.file.media_type, download_name=found.file.name,
                       as_attachment=found.file.media_type != "application/pdf", max_age=0)
    answer.content_length = found.file.size
    return answer


def _speed(found: Run) -> dict[str, Any]:
    """Rows per second so far, and the seconds that the rest will take."""
    worked, seconds = found.done + found.failed, None
    if found.started_at and worked:
        seconds = max((clock.now() - found.started_at).total_seconds(), 0.1)
    if not seconds or not found.is_open:
        return {"per_second": None, "seconds_left": None}
    speed = worked / seconds
    return {"per_second": round(speed, 0 if speed > 10 else 1), "seconds_left": max(found.total - worked, 0) / speed}


def _size(count: int) -> str:
    """Bytes in words."""
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count} {unit}"
        count = round(count / 1000)
    return f"{count} GB"


def _refused(found: Run) -> list[tuple[Any, str | None, str]]:
    """(the row's own words, its address, reason) of the first rows that were refused."""
    if not found.failed or found.is_open:
        return []
    shown, items = runs.list_of(found), runs.refused_items(found, FIRST_REFUSED)
    lead = next((column for column in shown.columns if column.lead), shown.columns[0])
    query = Selection(lifted(shown), Selection.load(found.selection).given,
                      [item.row_id for item in items]).query(shown)
    lines = {line.id: line for line in query.lines([lead], FIRST_REFUSED)}
    return [_in_words(shown, lead, lines.get(item.row_id), item) for item in items]


def _in_words(shown: List, lead: Column, line: Line | None, item: RunItem) -> tuple[Any, str | None, str]:
    """A row that is not there any more is named by its number."""
    if line is None:
        return f"#{item.row_id}", None, item.note
    return lead.cell(line), shown.link(line.row) if shown.link else None, item.note


def _results_url(found: Run) -> str | None:
    """The list of the rows that were done; `-refused` after it lists the others."""
    shown = runs.list_of(found)
    if shown.key not in endpoints:
        return None
    return places.url_of(shown, dict(Selection.load(found.selection).given), **lifted(shown), of=found.id)
