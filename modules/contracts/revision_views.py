"""Price revisions: written down, looked at, told to subscribers, applied, taken back."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import flash, redirect, render_template, url_for

from core import clock, lists
from core.db import db, find
from core.errors import DomainError
from core.forms import refused
from core.i18n import _
from core.models import Job
from core.scope import current_company
from core.security import require
from modules.contracts import previews, queries, revision_forms, revisions
from modules.contracts.blueprint import bp, form_page
from modules.contracts.lists_of_billing import REVISIONS
from modules.contracts.models import PriceRevision
from modules.crm import queries as crm

# all revisions, the newest first
lists.attach(bp, "/billing/revisions", REVISIONS)


@bp.route("/billing/revisions/new", methods=["GET", "POST"])
@require("contracts.revise_prices")
def new_revision() -> Any:
    """Write a revision down; nothing changes yet."""
    form = revision_forms.revision_form()
    if form.validate_on_submit():
        try:
            made = revisions.draft(form.revision())
        except DomainError as error:
            refused(form, error)
        else:
            return redirect(url_for("contracts.revision", revision_id=made.id))
    return form_page("contracts/revision_form.html", form)


@bp.get("/billing/revisions/<int:revision_id>")
@require("contracts.revise_prices")
def revision(revision_id: int) -> Any:
    """What it does, or did, to how many, and what can be done with it."""
    row = find(PriceRevision, revision_id)
    cancelled = row.state == revisions.CANCELLED
    return render_template(
        "contracts/revision.html", revision=row, titles=revisions.TITLES, can_undo=revisions.can_undo(row),
        outlook=None if cancelled else revisions.outlook(row), limits=_limits(row), working=_is_working(row),
        today=clock.today())


def _limits(row: PriceRevision) -> list[tuple[str, str]]:
    """(what is limited, to what) in words."""
    names = (("plan_ids", _("Plans"), queries.plans(active_only=False)), ("zone_ids", _("Zones"), crm.zones(False)),
             ("tag_ids", _("Tags"), crm.tags()))
    return [(label, ", ".join(one.name for one in rows if one.id in row.filters[key]))
            for key, label, rows in names if row.filters.get(key)]


def _is_working(row: PriceRevision) -> bool:
    """Whether a job is applying it."""
    return row.state == revisions.DRAFT and bool(db.session.scalar(sa.select(sa.exists().where(
        Job.key == _key(row), Job.state.in_(("pending", "running"))))))


def _key(row: PriceRevision) -> str:
    return f"contracts.apply_revision:{row.id}"


@bp.post("/billing/revisions/<int:revision_id>/apply")
@require("contracts.revise_prices")
def apply_revision(revision_id: int) -> Any:
    """Write the new prices: at once for few contracts, by a job for many."""
    row = find(PriceRevision, revision_id)
    if previews.at_once(current_company()):
        revisions.apply(row)
        flash(_("The new prices are set."), "ok")
    else:
        revisions.apply_later(row)
        flash(_("The new prices are being set."), "ok")
    return redirect(url_for("contracts.revision", revision_id=revision_id))


@bp.post("/billing/revisions/<int:revision_id>/announce")
@require("contracts.revise_prices")
def announce_revision(revision_id: int) -> Any:
    """Tell the subscribers."""
    revisions.announce(find(PriceRevision, revision_id))
    flash(_("Every subscriber whose price changes is being told."), "ok")
    return redirect(url_for("contracts.revision", revision_id=revision_id))


@bp.post("/billing/revisions/<int:revision_id>/undo")
@require("contracts.revise_prices")
def undo_revision(revision_id: int) -> Any:
    """Take the new prices back."""
    revisions.undo(find(PriceRevision, revision_id))
    flash(_("The revision was taken back; the former prices are valid."), "ok")
    return redirect(url_for("contracts.revision", revision_id=revision_id))
