"""My account: language, password, second factor, and where I am logged in."""

from __future__ import annotations

from typing import Any

import segno
from flask import flash, redirect, render_template, session, url_for
from flask_login import current_user

from core import audit, web
from core.db import db
from core.errors import DomainError
from core.forms import BooleanField, DataRequired, Form, Length, PasswordField, SelectField, StringField, refused
from core.i18n import _, lazy
from core.models import User
from core.security import current_session, limiter, logins, require, second_steps, sessions
from core.security import second_factor as factor
from core.views import bp

LANGUAGES = (("es", "Español"), ("en", "English"), ("pt", "Português"))


class ProfileForm(Form):
    name = StringField(lazy("Name"), [DataRequired(), Length(max=200)], render_kw={"autocomplete": "name"})
    locale = SelectField(lazy("Language"), choices=LANGUAGES)
    single_keys = BooleanField(lazy("Keys of one letter"), description=lazy(
        "j, k, x, n, g, h, / and ? work without Ctrl. Switch them off if you dictate, or press keys by accident; F1 "
        "stays."))


class FactorForm(Form):
    """What sets the second factor up, and what switches it off."""

    password = PasswordField(lazy("Present password"), [DataRequired()],
                             render_kw={"autocomplete": "current-password"})
    code = StringField(lazy("Code"), [DataRequired(), Length(max=60)], render_kw={"autocomplete": "one-time-code"})


class PasswordForm(Form):
    old = PasswordField(lazy("Present password"), [DataRequired()], render_kw={"autocomplete": "current-password"})
    password = PasswordField(lazy("New password"), [DataRequired()], render_kw={"autocomplete": "new-password"})


@bp.get("/account")
@require()
def account() -> Any:
    """My data, my password, my devices."""
    return _page()


def _page(profile: ProfileForm | None = None, password: PasswordForm | None = None, off: FactorForm | None = None,
          status: int = 200) -> Any:
    me = _me()
    profile = profile or ProfileForm(formdata=None, name=me.name, locale=(me.locale or "es").split("_")[0],
                                     single_keys=me.single_keys)
    return render_template("core/account.html", profile=profile, password=password or PasswordForm(formdata=None),
                           off=off or FactorForm(formdata=None, prefix="off-"),
                           devices=sessions.living_sessions(me), here=current_session()), status


@bp.post("/account/profile")
@require()
def save_profile() -> Any:
    """Change my name and language."""
    form = ProfileForm()
    if not form.validate():
        return _page(profile=form, status=422)
    me = _me()
    me.name, me.locale, me.single_keys = form.name.data, form.locale.data, form.single_keys.data
    audit.record("core.edit_profile", me)
    flash(_("Saved."), "ok")
    return redirect(url_for("core.account"))


@bp.post("/account/password")
@require()
def change_password() -> Any:
    """Change my password; my other devices are logged out."""
    form = PasswordForm()
    if not form.validate():
        return _page(password=form, status=422)
    me, here = _me(), current_session()
    try:
        logins.change_password(me, form.old.data, form.password.data)
    except DomainError as error:
        refused(form, error)
        return _page(password=form, status=422)
    ended = sessions.revoke_all(me, keep=here)
    flash(_("The password is changed; %(count)s other devices were logged out.", count=ended), "ok")
    return redirect(url_for("core.account"))


@bp.route("/account/second-factor", methods=["GET", "POST"])
@limiter.limit("30 per hour", methods=["POST"])
@require()
def second_factor() -> Any:
    """Set the second factor up: scan, confirm, and copy the recovery codes, which this answer alone shows."""
    me, form = _me(), FactorForm()
    if me.has_second_factor:
        return redirect(url_for("core.account"))
    if form.validate_on_submit():
        try:
            codes = second_steps.turn_on(me, form.password.data, form.code.data, keep=current_session())
        except DomainError as error:
            refused(form, error)
        else:
            return render_template("core/second_factor_codes.html", codes=codes)
    secret = second_steps.secret_to_set_up()
    code = segno.make(factor.uri(secret, _me().email), error="m", micro=False)
    return render_template("core/second_factor.html", form=form, key=factor.in_groups(secret),
                           is_due=second_steps.DUE in session,
                           qr=code.svg_data_uri(scale=5, light="#fff")), 422 if form.is_submitted() else 200


@bp.post("/account/second-factor/off")
@limiter.limit("30 per hour")
@require()
def turn_off_second_factor() -> Any:
    """Go back to the password alone."""
    form = FactorForm(prefix="off-")
    if not form.validate():
        return _page(off=form, status=422)
    try:
        second_steps.turn_off(_me(), form.password.data, form.code.data)
    except DomainError as error:
        web.keep_changes()  # the count of wrong codes
        form.refuse(error)
        return _page(off=form, status=422)
    flash(_("The second factor is switched off."), "ok")
    return redirect(url_for("core.account"))


@bp.post("/account/sessions/<int:session_id>/revoke")
@require()
def revoke_session(session_id: int) -> Any:
    """Log one of my devices out."""
    sessions.revoke(_me(), session_id)
    audit.record("core.revoke_session", _me(), {"session": session_id})
    flash(_("This device is logged out."), "ok")
    return redirect(url_for("core.account"))


def _me() -> User:
    return db.session.get_one(User, current_user.id)
