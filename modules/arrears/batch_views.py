"""Cut-offs on screen: rehearse, look, approve, run by stages, stop, undo."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import flash, redirect, render_template, request, url_for

from core import lists
from core.db import db, find
from core.i18n import _
from core.paging import paginate
from core.security import require
from modules.arrears import batches, hours, wording
from modules.arrears.blueprint import CUT, bp
from modules.arrears.lists import BATCH_STATES, BATCHES
from modules.arrears.models import Batch, BatchItem
from modules.contracts.models import Contract
from modules.crm.models import Customer

ITEMS = {"waiting": (lambda: _("waits"), "warn"), "cut": (lambda: _("cut"), "bad"),
         "spared": (lambda: _("not cut"), "ok"), "left_out": (lambda: _("left out"), "mute"),
         "undone": (lambda: _("restored"), "ok")}


@lists.at(bp, "/cut-offs", BATCHES)
def batch_list(shown: lists.Shown) -> Any:
    """The cut-offs so far, and the button that rehearses the next one."""
    return shown.render("arrears/batches.html")


def _sums(counted: dict[tuple[int, str], int]) -> dict[str, int]:
    found: dict[str, int] = {}
    for (_stage, state), count in counted.items():
        found[state] = found.get(state, 0) + count
    return found


@bp.post("/cut-offs")
@require(CUT)
def rehearse() -> Any:
    """Look who would be cut now. Nothing happens to anybody."""
    return redirect(url_for("arrears.batch", batch_id=batches.rehearse(request.form.get("form_key")).id))


@bp.get("/cut-offs/<int:batch_id>")
@require(CUT)
def batch(batch_id: int) -> Any:
    """Who is cut by which document and rule, who is spared by what, and how far it is."""
    row = find(Batch, batch_id)
    counted = batches.counts([row.id]).get(row.id, {})
    spared = bool(row.spared) and request.args.get("show") == "spared"
    page = paginate(
        sa.select(BatchItem, Contract.number, Customer.name).join(Contract, Contract.id == BatchItem.contract_id)
        .join(Customer, Customer.id == BatchItem.customer_id).where(
            BatchItem.batch_id == row.id, BatchItem.stage == batches.SPARED if spared else
            BatchItem.stage > batches.SPARED),
        [BatchItem.stage, BatchItem.id], scalars=False)
    totals = db.session.execute(
        sa.select(BatchItem.currency, sa.func.sum(BatchItem.amount)).where(
            BatchItem.batch_id == row.id, BatchItem.stage > batches.SPARED)
        .group_by(BatchItem.currency)).all()
    return render_template("arrears/batch.html", batch=row, page=page, sums=_sums(counted), counted=counted,
                           states=BATCH_STATES, items=ITEMS, totals=totals, moment=wording.moment,
                           spared=wording.SPARED, rules=wording.RULES, undoing=batches.is_undoing(row),
                           shows_spared=spared,
                           shut=hours.shut(row.id, len(row.stages)) if row.state in ("rehearsed", "stopped") else None,
                           rest=_rest(row))


def _rest(row: Batch) -> hours.Shut | None:
    """Why a cut-off that runs waits for the morning, and until when; None while it goes on."""
    shut = hours.shut(row.id, row.released) if row.state == "running" and not row.although else None
    return shut if shut and shut.everybody else None


@bp.post("/cut-offs/<int:batch_id>/run")
@require(CUT)
def run_batch(batch_id: int) -> Any:
    """The next stage, or all of them."""
    although = request.form.get("why", "") if request.form.get("although") else ""
    batches.release(find(Batch, batch_id), everything=bool(request.form.get("all")), although=although)
    flash(_("The cut-off is running. You may leave this page, and stop it at any time."), "ok")
    return redirect(url_for("arrears.batch", batch_id=batch_id))


@bp.post("/cut-offs/<int:batch_id>/stop")
@require(CUT)
def stop_batch(batch_id: int) -> Any:
    """Nobody more is cut."""
    batches.stop(find(Batch, batch_id))
    flash(_("The cut-off is stopped. Who was cut stays so until you undo it."), "ok")
    return redirect(url_for("arrears.batch", batch_id=batch_id))


@bp.post("/cut-offs/<int:batch_id>/undo")
@require(CUT)
def undo_batch(batch_id: int) -> Any:
    """All that it cut is given back."""
    batches.undo(find(Batch, batch_id))
    flash(_("The services are being given back."), "ok")
    return redirect(url_for("arrears.batch", batch_id=batch_id))


@bp.post("/cut-offs/<int:batch_id>/items/<int:batch_item_id>/leave-out")
@require(CUT)
def leave_out(batch_id: int, batch_item_id: int) -> Any:
    """This contract is not cut by it."""
    row = find(Batch, batch_id)
    item = db.session.scalars(sa.select(BatchItem).where(BatchItem.id == batch_item_id,
                                                         BatchItem.batch_id == row.id)).one_or_none()
    batches.leave_out(item if item is not None else find(BatchItem, 0))
    return redirect(url_for("arrears.batch", batch_id=batch_id))
