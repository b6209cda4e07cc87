"""Roles on screen: what each may do, what it sees, and looking through its eyes."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import abort, current_app, flash, redirect, render_template, request, url_for
from flask_login import current_user
from sqlalchemy.orm import selectinload

from core import modules, people, scope, sight
from core.db import db
from core.errors import DomainError
from core.forms import BooleanField, DataRequired, Form, Length, StringField, refused
from core.i18n import _, lazy
from core.models import Membership, Role, User
from core.security import require, seeing
from core.security.access import permissions
from core.views import bp


class RoleForm(Form):
    name = StringField(lazy("Name"), [DataRequired(), Length(max=100)])
    description = StringField(lazy("What it is for"), [Length(max=300)])
    needs_second_factor = BooleanField(lazy("Requires a second factor"))


@bp.get("/roles")
@require("core.manage_roles")
def roles() -> Any:
    """The roles, with how many people have each."""
    held = dict(db.session.execute(sa.select(Membership.role_id, sa.func.count(sa.distinct(Membership.user_id)))
                                   .group_by(Membership.role_id)).all())
    found = db.session.scalars(sa.select(Role).options(selectinload(Role.permissions)).order_by(Role.name)).all()
    return render_template("core/roles.html", roles=found, held=held, known=modules.permissions(_enabled()))


@bp.route("/roles/new", methods=["GET", "POST"])
@bp.route("/roles/<int:role_id>", methods=["GET", "POST"])
@require("core.manage_roles")
def role(role_id: int | None = None) -> Any:
    """What a role may do, grouped by module."""
    found = _find(role_id) if role_id else None
    form = RoleForm(obj=found)
    if form.validate_on_submit():
        try:
            people.save_role(found, form.name.data, form.description.data, request.form.getlist("permission"),
                             by=db.session.get_one(User, current_user.id),
                             needs_second_factor=form.needs_second_factor.data)
        except DomainError as error:
            refused(form, error)
        else:
            flash(_("Saved."), "ok")
            return redirect(url_for("core.roles"))
    chosen = request.form.getlist("permission") if form.is_submitted() else _codes(found)
    page = render_template("core/role.html", form=form, role=found, chosen=set(chosen),
                           groups=modules.permission_groups(_enabled()))
    return page, 422 if form.is_submitted() else 200


@bp.get("/roles/<int:role_id>/sees")
@require("core.manage_roles")
def role_sees(role_id: int) -> Any:
    """The menu, the screens and the verbs of a role, exactly as they are guarded."""
    found = _find(role_id)
    held = frozenset(_codes(found)) & frozenset(modules.permissions(_enabled()))
    return render_template("core/role_sees.html", role=found, areas=sight.areas(held), menu=sight.menu_of(held),
                           company=scope.current_company() if scope.company_id_or_none() else None,
                           mine=permissions(), held=held)


@bp.post("/roles/<int:role_id>/see")
@require("core.manage_roles")
def see_as_role(role_id: int) -> Any:
    """Look through the eyes of a role from now on."""
    seeing.begin(_find(role_id))
    return redirect(url_for("core.home"))


@bp.post("/stop-seeing")
@require()
def stop_seeing() -> Any:
    """See with one's own eyes again, where one came from."""
    seen = seeing.end()
    return redirect(url_for("core.role_sees", role_id=seen.id) if seen else url_for("core.home"))


@bp.post("/roles/<int:role_id>/delete")
@require("core.manage_roles")
def delete_role(role_id: int) -> Any:
    """Delete a role that nobody has."""
    people.delete_role(_find(role_id), by=db.session.get_one(User, current_user.id))
    flash(_("The role is deleted."), "ok")
    return redirect(url_for("core.roles"))


def _enabled() -> list[str]:
    return list(current_app.extensions["abona_modules"])


def _codes(found: Role | None) -> list[str]:
    return [one.permission for one in found.permissions] if found else []


def _find(role_id: int) -> Role:
    return db.session.get(Role, role_id) or abort(404)
