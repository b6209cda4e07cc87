"""The page of arrears: how old the debt is, what each step brought in; promises; moratoria in one switch."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from flask import flash, redirect, render_template, request, url_for

from core import audit, clock, lists
from core.db import db, find
from core.errors import DomainError
from core.i18n import _
from core.scope import current_company, current_user_id
from core.security import can, require
from modules.arrears import moratoria as rules
from modules.arrears import recovery
from modules.arrears.blueprint import EDIT, SEE, bp
from modules.arrears.lists import CUTS, MORATORIA, PROMISES
from modules.arrears.models import Moratorium, Proof
from modules.crm.models import Zone

DAYS = 30


@bp.get("/")
@require(SEE)
def overview() -> Any:
    """The figures of today, the age of what is overdue, and what each step brought in."""
    day = clock.today()
    proofs = db.session.scalar(sa.select(sa.func.count(Proof.id)).where(Proof.state == "waiting")) or 0
    return render_template("arrears/overview.html", today=recovery.today(), proofs=proofs, ages=recovery.ages(day),
                           steps=recovery.by_step(day - dt.timedelta(days=DAYS), day), days=DAYS,
                           currency=current_company().currency, stays=_current() if can(EDIT) else [])


def _current() -> list[Moratorium]:
    return list(db.session.scalars(sa.select(Moratorium).where(rules.lasting()).order_by(Moratorium.id)))


@lists.at(bp, "/cuts", CUTS)
def cuts(shown: Any) -> Any:
    """Who is or was without service for debt."""
    return shown.render()


@lists.at(bp, "/promises", PROMISES)
def promises(shown: Any) -> Any:
    """The promises of payment, the next to end first."""
    return shown.render()


@lists.at(bp, "/moratoria", MORATORIA)
def moratoria(shown: lists.Shown) -> Any:
    """Who is spared by a flood or an order, or was, and until when; the form to begin one."""
    return shown.render("arrears/moratoria.html", stays=_current(),
                        zones=db.session.scalars(sa.select(Zone).order_by(Zone.name)).all())


@bp.post("/moratoria")
@require(EDIT)
def begin_moratorium() -> Any:
    """Begin one."""
    _begin()
    flash(_("Nobody there is cut from now on."), "ok")
    return redirect(url_for("arrears.moratoria"))


def _begin() -> None:
    zone_id, reason = request.form.get("zone", type=int), request.form.get("reason", "").strip()
    if not reason:
        raise DomainError(_("To begin a moratorium you must say why."), field="reason")
    row = Moratorium(zone_id=find(Zone, zone_id).id if zone_id else None, first_day=clock.today(),
                     last_day=_last_day(), reason=reason[:200], created_by=current_user_id(),
                     catch_up_days=min(max(request.form.get("catch_up_days", 3, type=int), 0), 60))
    db.session.add(row)
    db.session.flush()
    audit.record("arrears.begin_moratorium", row, {"zone": zone_id, "until": row.last_day}, reason)


def _last_day() -> dt.date | None:
    text = request.form.get("last_day", "").strip()
    if not text:
        return None
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day < clock.today():
        raise DomainError(_("To begin a moratorium you must choose a last day that is not over, or none."),
                          field="last_day")
    return day


@bp.post("/moratoria/<int:moratorium_id>/end")
@require(EDIT)
def end_moratorium(moratorium_id: int) -> Any:
    """Switch it off at once: who is due is told, and cut so many days later."""
    row = rules.end(find(Moratorium, moratorium_id).id)
    flash(_("The moratorium is over. Who is due is told first, and cut in %(days)s days.", days=row.catch_up_days)
          if row.catch_up_days else _("The moratorium is over. Who is due is cut from now on."), "ok")
    return redirect(url_for("arrears.moratoria"))
