"""The screen of imports: upload, correct the mapping, see what would happen, load, take the refused rows back."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask import flash, redirect, render_template, request, url_for

from core import clock, lists
from core.db import db
from core.errors import DomainError
from core.i18n import _
from core.paging import paginate
from core.security import require
from modules.importer import answers, columns, payment_views, runs
from modules.importer.blueprint import bp
from modules.importer.lists import IMPORTS
from modules.importer.models import ImportRefusal, ImportRun

LARGEST = runs.LARGEST // 2**20
__all__ = ["bp", "payment_views"]


@bp.app_template_filter("decimal")
def decimal_filter(written: str) -> Decimal:
    """An amount that JSON carries as text."""
    return Decimal(written)


@lists.at(bp, "/", IMPORTS)
def imports(shown: lists.Shown) -> Any:
    """The form for the next file, and former imports."""
    return shown.render(largest=LARGEST)


@bp.post("/")
@require("importer.import_customers")
def upload() -> Any:
    """Keep a file and have it read; where it is none, say why."""
    request.max_content_length = runs.LARGEST + 2**20
    file = request.files.get("file")
    try:
        if file is None or not file.filename:
            raise DomainError(_("To import you must choose a file (CSV or XLSX)."))
        run = runs.open_run(file.read(), file.filename)
    except DomainError as refusal:
        db.session.rollback()
        return lists.show(IMPORTS, "importer.imports").render(largest=LARGEST, error=str(refusal))[0], 422
    return redirect(url_for("importer.run", run_id=run.id))


@bp.get("/<int:run_id>")
@require("importer.import_customers")
def run(run_id: int) -> Any:
    """One import: how it is understood, what would happen or happened, the proof."""
    return _page(runs.find_run(run_id, "customers"))


def _page(row: ImportRun, error: str = "") -> Any:
    page = paginate(runs.refusals(row), [ImportRefusal.line], size=50)
    speed = _speed(row)
    left = (row.total - row.done) / speed if speed else None
    return render_template("importer/run.html", run=row, result=row.result, looks=row.looks, fields=columns.FIELDS,
                           error=error, page=page, speed=round(speed), left=left)


def _speed(row: ImportRun) -> float:
    """Customers a second since the loading began; 0 while that cannot be said."""
    if row.state != "loading" or not row.began_at or not row.done:
        return 0
    return row.done / max((clock.now() - row.began_at).total_seconds(), 1)


@bp.post("/<int:run_id>/check")
@require("importer.import_customers")
def check(run_id: int) -> Any:
    """Understand the file anew with the corrected mapping."""
    row = runs.find_run(run_id, "customers")
    try:
        runs.check_again(row, _said())
    except DomainError as refusal:
        db.session.rollback()
        return _page(runs.find_run(run_id, "customers"), str(refusal)), 422
    return redirect(url_for("importer.run", run_id=row.id))


def _said() -> dict[str, Any]:
    """What the form says: a field per column, the answers, the sheet of a workbook."""
    headings, fields = request.form.getlist("heading"), request.form.getlist("field")
    chosen = {name: request.form.get(name, "") for name in (*answers.CHOICES, "page")}
    return {"columns": dict(zip(headings, fields, strict=False))} | {name: one for name, one in chosen.items() if one}


@bp.post("/<int:run_id>/confirm")
@require("importer.import_customers")
def confirm(run_id: int) -> Any:
    """Load it in the background."""
    row = runs.find_run(run_id, "customers")
    runs.confirm_run(row)
    flash(_("The file is being loaded. You may leave this page."), "ok")
    return redirect(url_for("importer.run", run_id=row.id))


@bp.get("/<int:run_id>/refused.<any(csv, xlsx):kind>")
@require("importer.import_customers")
def refused(run_id: int, kind: str) -> Any:
    """The refused rows in the layout of the file, with a column of reasons."""
    return payment_views.refused_file(runs.find_run(run_id, "customers"), kind)
