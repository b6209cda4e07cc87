"""Invoices that wait for approval: looked at, approved or undone."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, url_for

from core import lists
from core.db import find
from core.i18n import _
from core.scope import current_company
from core.security import require
from modules.accounting import totals
from modules.contracts import approval, payloads
from modules.contracts.blueprint import bp
from modules.contracts.lists import DRAFTS
from modules.contracts.models import BillingDraft, BillingRun
from modules.crm.models import Customer


@lists.at(bp, "/billing/drafts", DRAFTS)
def drafts(shown: Any) -> Any:
    """The drafts that wait or are being issued, of all runs."""
    return shown.render()


@bp.get("/billing/drafts/<int:draft_id>")
@require("contracts.approve_drafts")
def draft(draft_id: int) -> Any:
    """One draft, line by line, as it will be issued."""
    row = find(BillingDraft, draft_id)
    content = payloads.from_json(row.payload)
    return render_template("contracts/draft.html", draft=row, content=content, customer=find(Customer, row.customer_id),
                           run=find(BillingRun, row.run_id), totals=totals.of_draft(content, current_company().country))


@bp.post("/billing/drafts/<int:draft_id>/<any(approve, undo):decision>")
@require("contracts.approve_drafts")
def decide_draft(draft_id: int, decision: str) -> Any:
    """Approve or undo one draft; many are decided in the list."""
    run = find(BillingRun, find(BillingDraft, draft_id).run_id)
    if decision == "undo":
        approval.undo(run, [draft_id])
        flash(_("The draft was undone; its contracts count as not billed."), "ok")
    else:
        approval.approve(run, [draft_id])
        flash(_("The draft is approved and is being issued."), "ok")
    return redirect(url_for("contracts.drafts"))
