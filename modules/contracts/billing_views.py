"""The billing desk: choose a month, look before anything is written, confirm, watch, read the result."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal, InvalidOperation
from typing import Any

import sqlalchemy as sa
from flask import flash, redirect, render_template, request, send_file, url_for

from core import clock, lists, months, storage
from core.db import db, find
from core.errors import DomainError
from core.i18n import _, current_locale
from core.models import Company, User
from core.scope import current_company
from core.security import require
from modules.contracts import (
    billing,
    billing_status,
    comparing,
    cures,
    differences,
    previews,
    queries,
    reporting,
    stages,
)
from modules.contracts.blueprint import bp
from modules.contracts.lists_of_billing import EXCEPTIONS, RUNS
from modules.contracts.models import BillingPreview, BillingRun
from modules.contracts.wording import month_name

# months that were missed which are offered at most, the latest
MISSED = 12
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@bp.app_template_filter("month")
def month_filter(value: Any) -> str:
    """November 2026, of a date or of "2026-11"."""
    month = months.parse(value) if isinstance(value, str) else value
    return month_name(month, current_locale())


@bp.app_template_filter("decimal")
def decimal_filter(value: Any) -> Decimal:
    """An amount of a result, which is text there."""
    return Decimal(str(value))


@bp.app_template_filter("skip_reason")
def skip_reason_filter(code: str) -> str:
    """Why a contract is not billed, in words."""
    return str(reporting.SKIPPED.get(code, code))


# --- preview -------------------------------------------------------------------------------------------


@bp.get("/billing/")
@require("contracts.view_billing")
def desk() -> Any:
    """A month before anything is written: how much, beside the month before, who is new, gone, changed, excepted."""
    company = current_company()
    month = chosen_month(company)
    open_run = billing.open_run(company, month)
    if open_run is not None:
        return redirect(url_for("contracts.run", run_id=open_run.id))
    return desk_page(company, month)


def desk_page(company: Company, month: dt.date, slip: Any = None) -> str:
    """The page; with what was wrong with a cure that was typed there."""
    row, result = preview_of(company, month)
    return render_template(
        "contracts/desk.html", month=month, preview=row, result=result, last=queries.last_run(month),
        today=clock.today(), causes=cures.by_cause(result["exceptions"]) if result else [],
        groups=differences.groups(result) if result else [], choices=_months(company, month), where="desk", slip=slip,
        contracts=previews.has_contracts(), page_url=cures.other_page)


def chosen_month(company: Company) -> dt.date:
    """The month of the address; this month, and a word about it, where that is none."""
    text = request.args.get("month", "").strip()
    try:
        return months.parse(text)
    except DomainError as error:
        if text:
            flash(str(error), "bad")
        return months.of(clock.today(company))


def _months(company: Company, chosen: dt.date) -> list[tuple[dt.date, str]]:
    """The months to choose from, each with what is open there: around today, the chosen one, and what was missed.

    Missed is what was never billed since the company bills here, and where somebody could not be billed.
    """
    this = months.of(clock.today(company))
    excepted, missed = queries.excepted_months(), months.gaps(queries.months_of_runs(), months.add(this, -1))[-MISSED:]
    offered = {months.add(this, -1), this, months.add(this, 1), chosen, *missed, *sorted(excepted)[-MISSED:]}
    return [(month, _("not billed") if month in missed else _("%(count)s could not be billed", count=excepted[month])
             if month in excepted else "") for month in sorted(offered)]


def preview_of(company: Company, month: dt.date) -> tuple[BillingPreview | None, dict[str, Any] | None]:
    """(the stored preview of a large company, the result as it is known); computed now for a small one."""
    if previews.at_once(company):
        return None, billing.preview(company, month)
    row = previews.current(company, month)
    return row, row.result if row is not None and row.state == "ready" else None


@bp.post("/billing/preview")
@require("contracts.view_billing")
def compute_preview() -> Any:
    """Have a large company's preview computed anew."""
    month = months.parse(request.form.get("month", ""))
    previews.request_preview(current_company(), month)
    return redirect(url_for("contracts.desk", month=months.show(month)))


@bp.get("/billing/differences.xlsx")
@require("contracts.view_billing")
def differences_file() -> Any:
    """Everybody whose month differs from the one before, as a spreadsheet, as it is now."""
    company = current_company()
    month = chosen_month(company)
    with storage.draft() as path:
        comparing.write(path, company, month)
        file = path.open("rb")  # it stays readable after the draft is gone
    name = _("differences %(month)s", month=months.show(month))
    return send_file(file, mimetype=XLSX, as_attachment=True, download_name=f"{name}.xlsx", max_age=0)


# --- run -----------------------------------------------------------------------------------------------


@bp.post("/billing/runs")
@require("contracts.run_billing")
def start_run() -> Any:
    """Bill the month; a second press finds the run that the first one started."""
    month = months.parse(request.form.get("month", ""))
    run = billing.start_run(current_company(), month, issue_date=_issue_date(), expected=_expected())
    return redirect(url_for("contracts.run", run_id=run.id))


def _issue_date() -> dt.date | None:
    text = request.form.get("issue_date", "").strip()
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError:
        raise DomainError(_("To bill you must give the date of the invoices as a date."), field="issue_date") from None


def _expected() -> dict[str, Any]:
    """What the preview said, as the page that was confirmed carried it."""
    try:
        return {"billed": int(request.form["billed"]), "exceptions": int(request.form["exceptions"]),
                "totals": {code: str(Decimal(request.form[f"total_{code}"]))
                           for code in request.form.getlist("currency")}}
    except (KeyError, ValueError, InvalidOperation):
        return {}


# what was billed when, by whom; everybody who could not be billed
lists.attach(bp, "/billing/runs", RUNS)
lists.attach(bp, "/billing/exceptions/all", EXCEPTIONS, endpoint="all_exceptions")


def _names(ids: list[int | None]) -> dict[int, str]:
    wanted = {one for one in ids if one}
    rows = db.session.execute(sa.select(User.id, User.name, User.email).where(User.id.in_(wanted)))
    return {row.id: row.name or row.email for row in rows} if wanted else {}


@bp.get("/billing/runs/<int:run_id>")
@require("contracts.view_billing")
def run(run_id: int) -> Any:
    """Progress per stage while it runs, then the result; the page may be closed and opened again."""
    company, row = current_company(), find(BillingRun, run_id)
    left, reason = stages.work_left(company)
    active = row.state != "billed" or bool(left)
    progress = stages.of_run(company, row)
    result = billing.run_result(row) if row.state == "billed" else None
    return render_template(
        "contracts/run.html", run=row, active=active, reason=reason, stages=progress, result=result,
        speeds=_speeds(row, progress), stuck=row.state != "billed" and not left, names=_names([row.started_by]),
        causes=cures.by_cause(result["exceptions"]) if result else [], page_url=cures.other_page, where="exceptions",
        groups=differences.groups(result) if result else [], month=row.month,
        astray=_differences(row, result) if result else [])


def _speeds(row: BillingRun, progress: list[stages.Stage]) -> dict[str, tuple[float | None, float | None]]:
    """(per second, seconds left) of each stage that goes on, as an average since the run began."""
    seconds = max((clock.now() - row.started_at).total_seconds(), 1)
    found: dict[str, tuple[float | None, float | None]] = {}
    for stage in progress:
        speed = stage.done / seconds
        rest = (stage.total - stage.done) / speed if speed and not stage.complete else None
        found[stage.key] = (round(speed, 1) if speed else None, rest)
    return found


def _differences(row: BillingRun, result: dict[str, Any]) -> list[str]:
    """Where the result is not what the preview said."""
    expected, found = row.expected or {}, []
    if not expected:
        return []
    if expected["billed"] != result["billed"]:
        found.append(_("%(billed)s contracts were billed; the preview said %(expected)s.", billed=result["billed"],
                       expected=expected["billed"]))
    for one in result["totals"]:
        said = expected["totals"].get(one["currency"])
        if said is not None and Decimal(said) != Decimal(one["total"]):
            found.append(_("%(currency)s %(total)s were billed; the preview said %(expected)s.",
                           currency=one["currency"], total=one["total"], expected=said))
    return found


@bp.post("/billing/runs/<int:run_id>/resume")
@require("contracts.run_billing")
def resume_run(run_id: int) -> Any:
    """Put the parts of a run that were given up back to work."""
    count = billing.resume(find(BillingRun, run_id))
    flash(_("The run goes on where it stopped.") if count else _("Nothing of this run was given up."), "ok")
    return redirect(url_for("contracts.run", run_id=run_id))


@bp.get("/billing/exceptions")
@require("contracts.view_billing")
def exceptions() -> Any:
    """Who could not be billed in a month."""
    company = current_company()
    return exceptions_page(company, chosen_month(company))


def exceptions_page(company: Company, month: dt.date, slip: Any = None) -> str:
    """The page; with what was wrong with a cure that was typed there."""
    found = billing_status.exceptions(company, month)
    return render_template("contracts/exceptions.html", month=month, causes=cures.by_cause(found), total=len(found),
                           where="exceptions", slip=slip)
