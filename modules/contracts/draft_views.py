"""Invoices that wait for approval: looked at, approved or undone."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import flash, redirect, render_template, request, url_for
from sqlalchemy.orm import aliased

from core.db import db, find
from core.errors import DomainError
from core.i18n import _, ngettext
from core.paging import paginate
from core.scope import current_company
from core.security import require
from modules.accounting import totals
from modules.contracts import approval, payloads
from modules.contracts.blueprint import bp
from modules.contracts.models import BillingDraft, BillingRun
from modules.crm.models import Customer


@bp.get("/billing/drafts")
@require("contracts.approve_drafts")
def drafts() -> Any:
    """The drafts of a run that wait; without one, the runs that have some."""
    waiting = _waiting()
    run_id = request.args.get("run", type=int) or (waiting[0]["run"].id if len(waiting) == 1 else None)
    if run_id is None:
        return render_template("contracts/draft_runs.html", waiting=waiting)
    run = find(BillingRun, run_id)
    customer = aliased(Customer)
    page = paginate(
        sa.select(BillingDraft.id, BillingDraft.total, BillingDraft.currency, BillingDraft.state,
                  BillingDraft.customer_id, customer.name)
        .join(customer, customer.id == BillingDraft.customer_id)
        .where(BillingDraft.run_id == run.id, BillingDraft.state != "issued"), [BillingDraft.id], scalars=False)
    about = next((one for one in waiting if one["run"].id == run.id), None)
    return render_template("contracts/drafts.html", run=run, page=page, about=about)


def _waiting() -> list[dict[str, Any]]:
    """The runs with drafts that wait: how many, and how much."""
    rows = db.session.execute(
        sa.select(BillingDraft.run_id, BillingDraft.currency, sa.func.count(), sa.func.sum(BillingDraft.total))
        .where(BillingDraft.state == "waiting").group_by(BillingDraft.run_id, BillingDraft.currency)
        .order_by(BillingDraft.run_id.desc())).all()
    found: dict[int, dict[str, Any]] = {}
    runs = {run.id: run for run in db.session.scalars(
        sa.select(BillingRun).where(BillingRun.id.in_({row.run_id for row in rows})))} if rows else {}
    for run_id, currency, count, total in rows:
        one = found.setdefault(run_id, {"run": runs[run_id], "count": 0, "totals": []})
        one["count"] += count
        one["totals"].append((currency, total))
    return list(found.values())


@bp.get("/billing/drafts/<int:draft_id>")
@require("contracts.approve_drafts")
def draft(draft_id: int) -> Any:
    """One draft, line by line, as it will be issued."""
    row = find(BillingDraft, draft_id)
    content = payloads.from_json(row.payload)
    return render_template("contracts/draft.html", draft=row, content=content, customer=find(Customer, row.customer_id),
                           run=find(BillingRun, row.run_id), totals=totals.of_draft(content, current_company().country))


@bp.post("/billing/drafts/decide")
@require("contracts.approve_drafts")
def decide_drafts() -> Any:
    """Approve or undo the chosen drafts, or all that wait."""
    run = find(BillingRun, request.form.get("run", 0, type=int))
    chosen = None if request.form.get("all") else request.form.getlist("draft", type=int)
    if chosen == []:
        raise DomainError(_("To decide you must choose at least one draft."))
    if request.form.get("decision") == "undo":
        count = approval.undo(run, chosen)
        flash(ngettext("%(num)s draft was undone; its contract counts as not billed.",
                       "%(num)s drafts were undone; their contracts count as not billed.", count), "ok")
    else:
        count = approval.approve(run, chosen)
        flash(ngettext("%(num)s draft is approved and is being issued.",
                       "%(num)s drafts are approved and are being issued.", count), "ok")
    return redirect(url_for("contracts.drafts"))
