"""Entering and leaving: login, logout, the forgotten password."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, session, url_for
from flask_login import current_user

from core import audit, scope, web
from core.errors import DomainError
from core.forms import DataRequired, EmailField, Form, PasswordField, StringField, refused
from core.i18n import _, lazy
from core.security import account_key, current_session, limiter, public, require, resets, safe_next, sessions
from core.security import logins as people_logins
from core.security.access import COOKIE_KEY
from core.views import bp


class LoginForm(Form):
    email = StringField(lazy("E-mail"), [DataRequired()],
                        render_kw={"autocomplete": "username", "autofocus": True, "type": "email"})
    password = PasswordField(lazy("Password"), [DataRequired()], render_kw={"autocomplete": "current-password"})


class ForgotForm(Form):
    email = EmailField(lazy("E-mail"), [DataRequired()], render_kw={"autocomplete": "username", "autofocus": True})


class NewPasswordForm(Form):
    password = PasswordField(lazy("New password"), [DataRequired()],
                             render_kw={"autocomplete": "new-password", "autofocus": True})


@bp.route("/login", methods=["GET", "POST"])
@limiter.limit("30 per minute", methods=["POST"])
@limiter.limit("20 per hour", key_func=account_key, methods=["POST"])
@public
def login() -> Any:
    """The login page; goes on to ?next= of this site."""
    if current_user.is_authenticated and request.method == "GET":
        return redirect(safe_next(request.args.get("next")))
    form = LoginForm()
    if not form.validate_on_submit():
        return render_template("core/login.html", form=form), 422 if form.is_submitted() else 200
    try:
        user = people_logins.authenticate(form.email.data, form.password.data)
    except DomainError as error:
        web.keep_changes()  # the count of wrong passwords
        form.refuse(error)
        return render_template("core/login.html", form=form), 401
    session.clear()
    session.permanent = True
    session[COOKIE_KEY] = sessions.open_session(user, request.remote_addr or "", request.user_agent.string)
    with scope.acting_as(user.id):
        audit.record("core.log_in", user, {"address": request.remote_addr})
    return redirect(safe_next(request.args.get("next")))


@bp.post("/logout")
@require()
def logout() -> Any:
    """End this login, here and in the table."""
    row = current_session()
    if row is not None:
        sessions.revoke(row.user, row.id)
    session.clear()
    return redirect(url_for("core.login"))


@bp.route("/password", methods=["GET", "POST"])
@limiter.limit("10 per hour", methods=["POST"])
@limiter.limit("5 per hour", key_func=account_key, methods=["POST"])
@public
def forgot() -> Any:
    """Ask for a link; the answer is the same whether somebody has this login or not."""
    form = ForgotForm()
    if not form.validate_on_submit():
        return render_template("core/forgot.html", form=form)
    resets.ask(form.email.data)
    flash(_("If somebody has this login, a message with a link is on its way. The link works for %(hours)s hours.",
            hours=resets.HOURS), "ok")
    return redirect(url_for("core.login"))


@bp.route("/password/<token>", methods=["GET", "POST"])
@limiter.limit("30 per hour", methods=["POST"])
@public
def reset(token: str) -> Any:
    """Choose a password by the link that came by mail."""
    form = NewPasswordForm()
    try:
        user = resets.read_token(token)
        if not form.validate_on_submit():
            return render_template("core/reset.html", form=form, user=user)
        resets.reset_password(token, form.password.data)
    except resets.BadResetToken as error:
        flash(str(error), "bad")
        return redirect(url_for("core.forgot"))
    except DomainError as error:
        refused(form, error)
        return render_template("core/reset.html", form=form, user=resets.read_token(token)), 422
    session.clear()
    flash(_("The password is set. Log in with it."), "ok")
    return redirect(url_for("core.login"))
