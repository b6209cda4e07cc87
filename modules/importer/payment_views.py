"""Payments from a spreadsheet: choose or paste, see what would happen, record, take the refused lines back."""

from __future__ import annotations

import datetime as dt
import tempfile
from typing import Any

from flask import flash, jsonify, redirect, render_template, request, send_file, url_for

from core import clock, lists
from core.db import db
from core.errors import DomainError
from core.i18n import _
from core.paging import paginate
from core.security import require
from core.security.access import wants_json
from modules.accounting import queries as accounting
from modules.importer import handback, payment_files, payment_lines, runs, services, typed_payments
from modules.importer.blueprint import bp
from modules.importer.lists import PAYMENT_FILES
from modules.importer.models import ImportRefusal, ImportRun

METHODS = ("transfer", "cash", "card", "deposit", "cheque")


@lists.at(bp, "/payments", PAYMENT_FILES)
def payment_files_page(shown: lists.Shown) -> Any:
    """The form for the next file or for pasted lines, and former files."""
    return shown.render(**_form())


@bp.post("/payments")
@require("importer.import_payments")
def bring_payments() -> Any:
    """Keep a file or pasted lines and have them read; where there are none, say why."""
    request.max_content_length = payment_files.LARGEST + 2**20
    try:
        run = payment_files.open_run(*_brought(), _given())
    except DomainError as refusal:
        db.session.rollback()
        shown = lists.show(PAYMENT_FILES, "importer.payment_files_page")
        return shown.render(error=str(refusal), **_form())[0], 422
    return redirect(url_for("importer.payment_file", run_id=run.id))


def _form() -> dict[str, Any]:
    """What the form offers, and what was typed into it."""
    return {"typed": request.form, "accounts": accounting.cash_accounts(), "methods": METHODS,
            "columns": payment_lines.PASTED, "largest": payment_files.LARGEST // 2**20}


def _brought() -> tuple[bytes, str]:
    """(data, name) of the chosen file, or of the pasted lines."""
    upload = request.files.get("file")
    if upload is not None and upload.filename:
        return upload.read(), upload.filename
    return payment_lines.pasted(request.form.get("lines", "")), _("Pasted on %(moment)s", moment=_moment()) + ".csv"


def _moment() -> str:
    """Now, for the name of what has none."""
    return clock.local(clock.now()).strftime("%d-%m-%Y %H.%M")


def _given() -> dict[str, Any]:
    """What the form says of all lines."""
    method = request.form.get("method_of_all") or request.form.get("method", "")
    return {"method": method if method in METHODS else "transfer",
            "account": request.form.get("account", type=int), "send": bool(request.form.get("send")),
            "twins": bool(request.form.get("twins"))}


@bp.route("/payments/form", methods=["GET", "POST"])
@require("importer.import_payments")
def payment_form() -> Any:
    """A row for each payment; suggestions of customers are asked of the same address, as JSON."""
    if wants_json():
        return jsonify(typed_payments.suggestions(request.args.get("q", "").strip()[:100]))
    rows, error = typed_payments.rows_of(request.form), ""
    if request.form.get("step") == "look":
        try:
            rows = [row for row in rows if not row.is_empty()]
            data = typed_payments.check(rows, _day(), _given())
            run = payment_files.open_run(data, _("Typed on %(moment)s", moment=_moment()) + ".csv", _given())
            return redirect(url_for("importer.payment_file", run_id=run.id))
        except DomainError as refusal:
            db.session.rollback()
            error = str(refusal)
    more = typed_payments.ROWS if request.form.get("step") == "more" else 0
    return render_template("importer/payment_form.html", rows=typed_payments.with_empty(rows, more), error=error,
                           first=len(rows) if more else 0, today=clock.today(), most=typed_payments.MOST,
                           **_form()), 422 if error else 200


def _day() -> dt.date:
    """The day of all rows."""
    typed = request.form.get("day", "")
    try:
        return dt.date.fromisoformat(typed)
    except ValueError:
        raise DomainError(_("“%(day)s” is no day.", day=typed[:20]), field="day") from None


@bp.get("/payments/<int:run_id>")
@require("importer.import_payments")
def payment_file(run_id: int) -> Any:
    """One file: what would be recorded or was, and what is refused."""
    row = runs.find_run(run_id, "payments")
    page = paginate(runs.refusals(row), [ImportRefusal.line], size=50)
    return render_template("importer/payment_file.html", run=row, result=row.result, looks=row.looks, page=page,
                           accounts=accounting.cash_accounts(), methods=METHODS)


@bp.post("/payments/<int:run_id>/look")
@require("importer.import_payments")
def look_at_payments(run_id: int) -> Any:
    """Look at the file anew, with other answers."""
    payment_files.look_again(runs.find_run(run_id, "payments"), _given())
    return redirect(url_for("importer.payment_file", run_id=run_id))


@bp.post("/payments/<int:run_id>/record")
@require("importer.import_payments")
def record_payments(run_id: int) -> Any:
    """Record them in the background."""
    payment_files.confirm(runs.find_run(run_id, "payments"))
    flash(_("The payments are being recorded. You may leave this page."), "ok")
    return redirect(url_for("importer.payment_file", run_id=run_id))


@bp.get("/payments/<int:run_id>/refused.<any(csv, xlsx):kind>")
@require("importer.import_payments")
def refused_payments(run_id: int, kind: str) -> Any:
    """The refused lines in the layout of the file, with a column of reasons."""
    return refused_file(runs.find_run(run_id, "payments"), kind)


def refused_file(row: ImportRun, kind: str) -> Any:
    """The refused rows of an import as a file for people."""
    out = tempfile.TemporaryFile()  # noqa: SIM115 - the answer closes it
    handback.write(out, kind, runs.headings(row), runs.refused_rows(row))
    out.seek(0)
    name = f"{row.file.name.rsplit('.', 1)[0]}-refused.{kind}"
    return send_file(out, mimetype=services.MEDIA[kind], as_attachment=True, download_name=name)
