"""Background jobs: what is open, what failed and why, and running it again."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import abort, flash, get_template_attribute, jsonify, redirect, render_template, request, url_for

from core import audit, jobs, lists, queues, scope, worker
from core.db import db, lock
from core.i18n import _, lazy, ngettext
from core.lists import Action, Choice, Column, Dates, Empty, List, Text
from core.models import Job
from core.security import require
from core.templating import job_name
from core.views import bp

STATES = {
    "failed": (lazy("Failed"), "bad", "cross"), "running": (lazy("Running"), "info", "running"),
    "pending": (lazy("Waiting"), "warn", "clock"), "done": (lazy("Done"), "ok", "check"),
    "cancelled": (lazy("Cancelled"), "mute", "stop"),
}


def _visible() -> Any:
    """Jobs of the company in scope and of nobody; an administrator sees those of all."""
    if lists.viewer_sees_all():
        return sa.true()
    return sa.or_(Job.company_id == scope.company_id_or_none(), Job.company_id.is_(None))


def counts() -> dict[str, int]:
    """Jobs by state, but those done, which are many and ask for nothing."""
    found = dict.fromkeys(("pending", "running", "failed"), 0)
    rows = db.session.execute(sa.select(Job.state, sa.func.count()).where(Job.state.in_(found), _visible())
                              .group_by(Job.state))
    found.update(rows.tuples().all())
    return found


def _open_on() -> str:
    """What failed waits for a decision: the list opens on it."""
    failed = db.session.scalar(sa.select(Job.id).where(Job.state == "failed", _visible()).limit(1))
    return "failed" if failed else ""


def _again(job_id: int, _values: dict[str, Any]) -> None:
    record = db.session.scalars(lock(sa.select(Job).where(Job.id == job_id))).one()
    jobs.run_again(record)
    audit.record("core.run_job_again", record, {"function": record.function})


def _cancel(job_id: int, _values: dict[str, Any]) -> None:
    record = db.session.scalars(lock(sa.select(Job).where(Job.id == job_id))).one()
    jobs.cancel(record)
    audit.record("core.cancel_job", record, {"function": record.function, "error": record.error})


def _again_button(line: lists.Line) -> Any:
    return get_template_attribute("core/job_parts.html", "again")(line.row)


JOBS = lists.register(List(
    "core.jobs", lazy("Background jobs"), Job, "core.view_jobs",
    select=lambda: sa.select(Job).where(_visible()),
    columns=(
        Column("work", lazy("Work"), Job.function, text=job_name, lead=True),
        Column("id", lazy("Number"), Job.id, sort=True, show=lambda line: f"#{line.id}"),
        Column("state", lazy("State"), Job.state, words=STATES),
        Column("attempts", lazy("Tries"), Job.attempts, default=False),
        Column("created_at", lazy("Asked for"), Job.created_at),
        Column("runs", lazy("Runs"), sa.func.coalesce(Job.finished_at, Job.run_at), default=False),
        Column("error", lazy("What happened"), Job.error, css="muted long", show=lambda line: line.row.error[:120]),
        Column("queue", lazy("Queue"), Job.queue, text=queues.named, default=False),
        Column("worker", lazy("Worker"), Job.worker, default=False),
        Column("again", "", show=_again_button, export=False),
    ),
    filters=(
        Text("q", lazy("What happened"), (Job.error, Job.function)),
        Choice("state", lazy("State"), Job.state, STATES, default=_open_on, chips=True),
        Choice("work", lazy("Work"), Job.function, lambda: {name: job_name(name) for name in sorted(jobs.functions)}),
        Dates("asked", lazy("Asked for"), Job.created_at),
    ),
    actions=(Action("run_again", lazy("Run again"), "core.run_jobs", each=_again,
                    only=Job.state.in_(jobs.ENDED_BADLY)),
             Action("cancel", lazy("Cancel"), "core.run_jobs", each=_cancel, icon="stop", danger=True,
                    only=Job.state.in_(("pending", "failed")),
                    warning=lazy("What they were to do is not done. They can be run again later."))),
    link=lambda job: url_for("core.job_page", job_id=job.id),
    count=lambda count: ngettext("%(num)s job", "%(num)s jobs", count),
    empty=Empty(lazy("No jobs here"), lazy(
        "Work that takes longer than a click runs in the background: billing, authorising, sending. It shows here "
        "while it runs, and stays when it fails."), "running")))


@lists.at(bp, "/jobs", JOBS, endpoint="jobs")
def list_jobs(shown: lists.Shown) -> Any:
    """Jobs, the latest first; those that failed where there are any."""
    counted = shown.counts = counts()
    return shown.render("core/jobs.html", counts=counted)


@bp.get("/jobs/count")
@require("core.view_jobs")
def jobs_count() -> Any:
    """Open and failed jobs, for the sign in the header."""
    from core.templating import JobCount

    count = JobCount()
    return jsonify({"open": count.open, "failed": count.failed, "text": count.text})


@bp.get("/jobs/<int:job_id>")
@require("core.view_jobs")
def job_page(job_id: int) -> Any:
    """One job with what it was given and what it answered."""
    return render_template("core/job.html", job=_find(job_id), states=STATES,
                           named=queues.named)


@bp.post("/jobs/<int:job_id>/run-again")
@require("core.run_jobs")
def run_job_again(job_id: int) -> Any:
    """Put a failed job back."""
    record = _find(job_id, locked=True)
    jobs.run_again(record)
    audit.record("core.run_job_again", record, {"function": record.function})
    flash(_("The job runs again."), "ok")
    return redirect(url_for("core.job_page", job_id=job_id))


@bp.post("/jobs/<int:job_id>/cancel")
@require("core.run_jobs")
def cancel_job(job_id: int) -> Any:
    """Give a job up that waits or failed."""
    _find(job_id)
    _cancel(job_id, {})
    flash(_("The job is cancelled; its work is not done."), "ok")
    return redirect(url_for("core.job_page", job_id=job_id))


@bp.post("/jobs/run-again")
@require("core.run_jobs")
def run_all_again() -> Any:
    """Put every failed job of one kind back."""
    rows = _failed_alike()
    for record in rows:
        jobs.run_again(record)
    audit.record("core.run_jobs_again", None, {"functions": _functions(rows), "count": len(rows)})
    flash(_("%(count)s jobs run again.", count=len(rows)), "ok")
    return redirect(url_for("core.queues"))


@bp.post("/jobs/cancel")
@require("core.run_jobs")
def cancel_all() -> Any:
    """Give up every failed job of one kind."""
    rows = _failed_alike()
    for record in rows:
        jobs.cancel(record)
    audit.record("core.cancel_jobs", None, {"functions": _functions(rows), "count": len(rows)})
    flash(_("%(count)s jobs are cancelled.", count=len(rows)), "ok")
    return redirect(url_for("core.queues"))


def _functions(rows: list[Job]) -> list[str]:
    return sorted({record.function for record in rows})


def _failed_alike() -> list[Job]:
    """The failed jobs that the form names: of one work, or those like one of them in what happened, too."""
    wanted = sa.select(Job).where(Job.state == "failed", _visible())
    if "example" in request.form:
        one = _find(request.form.get("example", 0, type=int))
        wanted = wanted.where(Job.function == one.function,
                              sa.func.substr(Job.error, 1, queues.WORDS) == one.error[:queues.WORDS])
    else:
        wanted = wanted.where(Job.function == request.form.get("function", ""))
    return list(db.session.scalars(lock(wanted.order_by(Job.id).limit(10_000))))


@bp.get("/jobs/queues", endpoint="queues")
@require("core.view_jobs")
def show_queues() -> Any:
    """What waits in each queue and since when, what failed put together, and whether anybody works."""
    return render_template("core/queues.html", queues=queues.queues(_visible()), failures=queues.failures(_visible()),
                           working=worker.is_working(), last_done=queues.last_done(), named=queues.named)


def _find(job_id: int, locked: bool = False) -> Job:
    wanted = sa.select(Job).where(Job.id == job_id, _visible())
    found = db.session.scalar(lock(wanted) if locked else wanted)
    if found is None:
        abort(404)
    return found
