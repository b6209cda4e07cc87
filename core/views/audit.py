"""Who did what: the record of all changes, as a list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask import flash, redirect, url_for
from markupsafe import Markup

from core import deeds, lists, proofs, scope
from core.db import db, dump_json
from core.i18n import _, lazy, ngettext
from core.lists import Choice, Column, Dates, Empty, List, Relation, Text
from core.models import AuditRecord, Membership, User
from core.security import require
from core.views import bp

LONGEST = 160


def _visible() -> sa.Select:
    """The records of the company in scope; an administrator sees those of all."""
    wanted = sa.select(AuditRecord)
    if not lists.viewer_sees_all():
        wanted = wanted.where(AuditRecord.company_id == scope.company_id_or_none())
    return wanted


def _people(text: str, limit: int) -> list[tuple[int, str]]:
    """People of this company by name or login."""
    wanted = sa.select(User).where(sa.or_(User.name.icontains(text, autoescape=True),
                                          User.email.icontains(text, autoescape=True)))
    if not lists.viewer_sees_all():
        wanted = wanted.where(User.id.in_(
            sa.select(Membership.user_id).where(Membership.company_id == scope.company_id_or_none())))
    return [(user.id, str(user)) for user in db.session.scalars(wanted.order_by(User.name, User.id).limit(limit))]


def _names(ids: Sequence[int]) -> dict[int, str]:
    return {user.id: str(user) for user in db.session.scalars(sa.select(User).where(User.id.in_(ids)))}


def _of_object(text: str) -> Any:
    """table:id, or table alone."""
    table, _colon, number = text.partition(":")
    wanted = AuditRecord.object_type == table
    return sa.and_(wanted, AuditRecord.object_id == int(number)) if number.isdecimal() else wanted


def _action(line: lists.Line) -> Any:
    code, words = line.row.action, deeds.named(line.row.action)
    if code not in deeds.WORDS:
        return Markup("<code>{}</code>").format(code)
    return Markup('<a href="{}">{}</a>').format(url_for("core.audit", action=code), words)


def _details(line: lists.Line) -> Any:
    row = line.row
    if not row.changes:
        return row.reason
    text = deeds.told(row.changes)
    return Markup("{} <code>{}</code>").format(row.reason, text[:LONGEST] + "…" * (len(text) > LONGEST))


AUDIT = lists.register(List(
    "core.audit", lazy("Who did what"), AuditRecord, "core.view_audit",
    select=_visible,
    related=lambda statement: statement.outerjoin(User, User.id == AuditRecord.user_id),
    columns=(
        Column("at", lazy("When"), AuditRecord.at, lead=True),
        Column("who", lazy("Who"), sa.func.coalesce(sa.func.nullif(User.name, ""), User.email, "Abona"), css="name"),
        Column("action", lazy("Action"), AuditRecord.action, text=deeds.named, show=_action),
        Column("label", lazy("On what"), AuditRecord.label, css="name"),
        Column("reason", lazy("Reason"), AuditRecord.reason, default=False),
        Column("details", lazy("Details"), show=_details, css="muted long", export=False),
        Column("changes", lazy("Changes"), lambda row: dump_json(row.changes) if row.changes else "", default=False),
        Column("position", lazy("Position in the chain"), AuditRecord.position, default=False),
    ),
    filters=(
        Text("q", lazy("On what, or why"), (AuditRecord.label, AuditRecord.reason)),
        Relation("who", lazy("Who"), AuditRecord.user_id, search=_people, labels=_names),
        Choice("action", lazy("Action"), AuditRecord.action,
               lambda: dict(sorted(deeds.WORDS.items(), key=lambda one: str(one[1])))),
        Dates("at", lazy("When"), AuditRecord.at),
        Text("object", lazy("Object"), _of_object, placeholder="crm_customer:12"),
    ),
    count=lambda count: ngettext("%(num)s record", "%(num)s records", count),
    empty=Empty(lazy("Nothing yet"), lazy("What people change stands here, with who, when and why."), "shield")))


@lists.at(bp, "/audit", AUDIT, endpoint="audit")
def list_audit(shown: lists.Shown) -> Any:
    """Who did what, the latest first."""
    return shown.render("core/audit.html", proof=proofs.last(), answer=_(
        "Every record carries the fingerprint of the one before it: none can be altered or removed unseen."))


@bp.post("/audit/prove")
@require("core.view_audit")
def prove_audit() -> Any:
    """Compute the chain of fingerprints anew, at once or in the background; what came out is on record."""
    if proofs.ask() is None:
        flash(_("There are many records: they are read in the background, and what came out will stand here."), "ok")
    return redirect(url_for("core.audit"))
