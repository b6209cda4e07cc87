"""Background jobs: what is open, what failed and why, and running it again."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import abort, flash, jsonify, redirect, render_template, request, url_for

from core import audit, jobs, scope
from core.db import db, lock
from core.errors import DomainError
from core.i18n import _, lazy
from core.models import Job
from core.paging import paginate
from core.security import current_user, require
from core.views import bp

STATES = {
    "failed": (lazy("Failed"), "bad", "cross"), "running": (lazy("Running"), "info", "running"),
    "pending": (lazy("Waiting"), "warn", "clock"), "done": (lazy("Done"), "ok", "check"),
}


def _visible() -> Any:
    """Jobs of the company in scope and of nobody; an administrator sees those of all."""
    if current_user.is_admin:
        return sa.true()
    return sa.or_(Job.company_id == scope.company_id_or_none(), Job.company_id.is_(None))


def counts() -> dict[str, int]:
    """Jobs by state, but those done, which are many and ask for nothing."""
    found = dict.fromkeys(("pending", "running", "failed"), 0)
    rows = db.session.execute(sa.select(Job.state, sa.func.count()).where(Job.state.in_(found), _visible())
                              .group_by(Job.state))
    found.update(rows.tuples().all())
    return found


@bp.get("/jobs", endpoint="jobs")
@require("core.view_jobs")
def list_jobs() -> Any:
    """Jobs in one state, the latest first."""
    counted = counts()
    state = request.args.get("state") or ("failed" if counted["failed"] else "")
    wanted = sa.select(Job).where(_visible())
    if state in STATES:
        wanted = wanted.where(Job.state == state)
    page = paginate(wanted, [Job.id], desc=True)
    return render_template("core/jobs.html", page=page, state=state, states=STATES, counts=counted)


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
    return render_template("core/job.html", job=_find(job_id), states=STATES)


@bp.post("/jobs/<int:job_id>/run-again")
@require("core.run_jobs")
def run_job_again(job_id: int) -> Any:
    """Put a failed job back."""
    record = _find(job_id, locked=True)
    if record.state != "failed":
        raise DomainError(_("This job cannot be run again because it has not failed."))
    jobs.run_again(record)
    audit.record("core.run_job_again", record, {"function": record.function})
    flash(_("The job runs again."), "ok")
    return redirect(url_for("core.job_page", job_id=job_id))


@bp.post("/jobs/run-again")
@require("core.run_jobs")
def run_all_again() -> Any:
    """Put every failed job of one kind back."""
    function = request.form.get("function", "")
    rows = list(db.session.scalars(lock(sa.select(Job).where(Job.state == "failed", _visible(),
                                                             Job.function == function).limit(10_000))))
    for record in rows:
        jobs.run_again(record)
    audit.record("core.run_jobs_again", None, {"function": function, "count": len(rows)})
    flash(_("%(count)s jobs run again.", count=len(rows)), "ok")
    return redirect(url_for("core.jobs"))


def _find(job_id: int, locked: bool = False) -> Job:
    wanted = sa.select(Job).where(Job.id == job_id, _visible())
    found = db.session.scalar(lock(wanted) if locked else wanted)
    if found is None:
        abort(404)
    return found
