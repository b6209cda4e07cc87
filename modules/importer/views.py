"""The screen of imports: upload, correct the mapping, see what would happen, load, take the refused rows back."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Response, flash, redirect, render_template, request, url_for

from core.db import db, find
from core.errors import DomainError
from core.i18n import _
from core.paging import paginate
from core.security import require
from modules.importer import answers, columns, handback, services
from modules.importer.models import ImportRun

bp = Blueprint("importer", __name__, url_prefix="/imports")


@bp.route("/", methods=["GET", "POST"])
@require("importer.import_customers")
def imports() -> Any:
    """Former imports, and the form for the next file."""
    error = ""
    if request.method == "POST":
        upload = request.files.get("file")
        if upload is None or not upload.filename:
            error = _("To import you must choose a file (CSV or XLSX).")
        else:
            try:
                run = services.open_run(upload.read(), upload.filename)
                return redirect(url_for("importer.run", run_id=run.id))
            except DomainError as refusal:
                db.session.rollback()
                error = str(refusal)
    page = paginate(sa.select(ImportRun), [ImportRun.id], desc=True, size=20)
    return render_template("importer/imports.html", page=page, error=error), 422 if error else 200


@bp.get("/<int:run_id>")
@require("importer.import_customers")
def run(run_id: int) -> Any:
    """One import: how it is understood, what would happen or happened, the proof."""
    row = find(ImportRun, run_id)
    return render_template("importer/run.html", run=row, result=row.result, fields=columns.FIELDS, error="")


@bp.post("/<int:run_id>/check")
@require("importer.import_customers")
def check(run_id: int) -> Any:
    """Understand the file anew with the corrected mapping."""
    row = find(ImportRun, run_id)
    try:
        services.check_run(row, _said())
    except DomainError as refusal:
        db.session.rollback()
        row = find(ImportRun, run_id)
        return render_template("importer/run.html", run=row, result=row.result, fields=columns.FIELDS,
                               error=str(refusal)), 422
    return redirect(url_for("importer.run", run_id=row.id))


def _said() -> dict[str, Any]:
    """What the form says: a field per heading, and the answers."""
    headings, fields = request.form.getlist("heading"), request.form.getlist("field")
    chosen = {name: request.form.get(name, "") for name in answers.CHOICES}
    return {"columns": dict(zip(headings, fields, strict=False))} | {name: one for name, one in chosen.items() if one}


@bp.post("/<int:run_id>/confirm")
@require("importer.import_customers")
def confirm(run_id: int) -> Any:
    """Load it in the background."""
    row = find(ImportRun, run_id)
    services.confirm_run(row)
    flash(_("The file is being loaded. You may leave this page."), "ok")
    return redirect(url_for("importer.run", run_id=row.id))


@bp.get("/<int:run_id>/refused.<any(csv, xlsx):kind>")
@require("importer.import_customers")
def refused(run_id: int, kind: str) -> Any:
    """The refused rows in the layout of the file, with a column of reasons."""
    row = find(ImportRun, run_id)
    examined = services.examined_again(row)
    lines = {one["line"]: one["reason"] for one in services.refused_lines(row)}
    records = [record for record in examined.arrangement.records if record.line in lines]
    for record in records:
        record.problems[:] = [lines[record.line]]
    write = handback.as_xlsx if kind == "xlsx" else handback.as_csv
    name = f"{row.file.name.rsplit('.', 1)[0]}-refused.{kind}"
    return Response(write(examined.sheet, records), mimetype=services.MEDIA[kind], headers={
        "Content-Disposition": f"attachment; filename*=UTF-8''{_quoted(name)}"})


def _quoted(name: str) -> str:
    from urllib.parse import quote

    return quote(name)
