"""People and roles on screen."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from sqlalchemy.orm import selectinload

from core import people, scope
from core.db import db
from core.errors import DomainError
from core.forms import DataRequired, EmailAddress, EmailField, Form, Length, SelectField, StringField, refused
from core.i18n import _, lazy
from core.models import Company, Membership, Role, User
from core.security import current_session, is_admin, logins, my_companies, require, sessions
from core.views import bp
from core.views.account import LANGUAGES


class PersonForm(Form):
    email = EmailField(lazy("E-mail"), [DataRequired(), EmailAddress(), Length(max=200)])
    name = StringField(lazy("Name"), [DataRequired(), Length(max=200)])
    locale = SelectField(lazy("Language"), choices=LANGUAGES, default="es")
    role = SelectField(lazy("Role in this company"), coerce=int)


@bp.get("/people", endpoint="people")
@require("core.manage_users")
def list_people() -> Any:
    """Who may log in here, with their roles in this company."""
    found = db.session.scalars(_visible().options(selectinload(User.memberships).joinedload(Membership.role))
                               .order_by(User.active.desc(), User.name, User.email)).unique().all()
    return render_template("core/people.html", people=found, company=_company(), roles=_roles())


def _visible() -> sa.Select:
    """People of the company in scope; an administrator sees all."""
    wanted = sa.select(User)
    if not is_admin():
        wanted = wanted.where(User.id.in_(sa.select(Membership.user_id).where(Membership.company_id == _company().id)))
    return wanted


def _company() -> Company:
    return scope.current_company()


def _roles() -> list[Role]:
    return list(db.session.scalars(sa.select(Role).options(selectinload(Role.permissions)).order_by(Role.name)))


@bp.route("/people/new", methods=["GET", "POST"])
@require("core.manage_users")
def new_person() -> Any:
    """Add a person with a first role; the person chooses the password by a link."""
    form = PersonForm()
    form.role.choices = [(role.id, role.name) for role in _roles()]
    if form.validate_on_submit():
        try:
            user = people.add_person(form.email.data, form.name.data, by=_me(), locale=form.locale.data)
            people.give_role(user, _company(), db.session.get_one(Role, form.role.data), by=_me())
        except DomainError as error:
            refused(form, error)
        else:
            flash(_("%(person)s gets a message with a link to choose a password.", person=user), "ok")
            return redirect(url_for("core.person", user_id=user.id))
    return render_template("core/person_new.html", form=form), 422 if form.is_submitted() else 200


@bp.get("/people/<int:user_id>")
@require("core.manage_users")
def person(user_id: int) -> Any:
    """One person: roles here, devices, state."""
    user = _find(user_id)
    mine = [one.role for one in user.memberships if one.company_id == _company().id]
    reachable = {company.id for company in my_companies()} - {_company().id}
    elsewhere = [one for one in user.memberships if one.company_id in reachable]
    others = [role for role in _roles() if role not in mine]
    return render_template("core/person.html", person=user, mine=mine, others=others, elsewhere=elsewhere,
                           company=_company(), languages=dict(LANGUAGES),
                           devices=sessions.living_sessions(user), here=current_session())


@bp.post("/people/<int:user_id>/roles")
@require("core.manage_users")
def give_role(user_id: int) -> Any:
    """Give a person a role in this company."""
    role = db.session.get(Role, request.form.get("role", 0, type=int)) or abort(404)
    people.give_role(_find(user_id), _company(), role, by=_me())
    return _to_person(user_id, _("Saved."))


@bp.post("/people/<int:user_id>/roles/<int:role_id>/take")
@require("core.manage_users")
def take_role(user_id: int, role_id: int) -> Any:
    """Take a role in this company away."""
    user = _find(user_id)
    people.take_role(user, _company(), role_id, by=_me())
    db.session.flush()
    if is_admin() or user.memberships:
        return _to_person(user_id, _("Saved."))
    flash(_("%(person)s has no role here any more.", person=user), "ok")
    return redirect(url_for("core.people"))


@bp.post("/people/<int:user_id>/<any(enable,disable,log_out,invite,admin,no_admin,no_second_factor):verb>")
@require("core.manage_users")
def change_person(user_id: int, verb: str) -> Any:
    """Let in, keep out, log out everywhere, send the link again, make administrator, take the second factor."""
    user, me = _find(user_id), _me()
    if verb in {"enable", "disable"}:
        people.set_active(user, verb == "enable", by=me)
    elif verb in {"admin", "no_admin"}:
        people.set_admin(user, verb == "admin", by=me)
    elif verb == "no_second_factor":
        people.take_second_factor(user, by=me)
    elif verb == "log_out":
        people.require_equal(user, by=me)
        logins.log_out_everywhere(user)
    else:
        people.resets.invite(user)
        return _to_person(user_id, _("%(person)s gets a message with a link to choose a password.", person=user))
    return _to_person(user_id, _("Saved."))


@bp.post("/people/<int:user_id>/sessions/<int:session_id>/revoke")
@require("core.manage_users")
def revoke_other_session(user_id: int, session_id: int) -> Any:
    """Log one device of a person out."""
    people.revoke_session(_find(user_id), session_id, by=_me())
    return _to_person(user_id, _("This device is logged out."))


def _me() -> User:
    return db.session.get_one(User, current_user.id)


def _find(user_id: int) -> User:
    return db.session.scalars(_visible().where(User.id == user_id)).unique().one_or_none() or abort(404)


def _to_person(user_id: int, message: str) -> Any:
    flash(message, "ok")
    return redirect(url_for("core.person", user_id=user_id))
