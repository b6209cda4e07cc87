"""Entering and leaving: login and its second step, logout, the forgotten password."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, session, url_for
from flask_login import current_user

from core import audit, scope, web
from core.errors import DomainError
from core.forms import DataRequired, EmailField, Form, Length, PasswordField, StringField, refused
from core.i18n import _, lazy
from core.models import User
from core.security import (
    account_key,
    current_session,
    limiter,
    public,
    require,
    resets,
    safe_next,
    second_factor,
    second_steps,
    sessions,
)
from core.security import logins as people_logins
from core.security.access import COOKIE_KEY
from core.views import bp


class LoginForm(Form):
    email = StringField(lazy("E-mail"), [DataRequired()],
                        render_kw={"autocomplete": "username", "autofocus": True, "type": "email"})
    password = PasswordField(lazy("Password"), [DataRequired()], render_kw={"autocomplete": "current-password"})


class CodeForm(Form):
    code = StringField(lazy("Code"), [DataRequired(), Length(max=60)],
                       render_kw={"autocomplete": "one-time-code", "autofocus": True, "spellcheck": "false"})


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
    if user.has_second_factor:
        second_steps.wait_for(user)
        return redirect(url_for("core.second_step", next=request.args.get("next")))
    return _let_in(user)


@bp.route("/login/code", methods=["GET", "POST"])
@limiter.limit("30 per minute", methods=["POST"])
@limiter.limit("20 per hour", key_func=second_steps.account_key, methods=["POST"])
@public
def second_step() -> Any:
    """The code after the password; who waited too long begins again."""
    waiting = second_steps.waiting()
    if waiting is None:
        return redirect(url_for("core.login", next=request.args.get("next")))
    form = CodeForm()
    if not form.validate_on_submit():
        return render_template("core/second_step.html", form=form), 422 if form.is_submitted() else 200
    try:
        user = second_steps.use_code(waiting.id, form.code.data)
    except DomainError as error:
        web.keep_changes()  # the count of wrong codes
        form.refuse(error)
        return render_template("core/second_step.html", form=form), 401
    people_logins.entered(user)
    answer = _let_in(user)
    if second_factor.is_recovery(form.code.data):
        flash(_("This recovery code cannot be used again; %(count)s are left.", count=len(user.recovery_hashes)),
              "warn")
    return answer


def _let_in(user: User) -> Any:
    session.clear()
    session.permanent = True
    session[COOKIE_KEY] = sessions.open_session(user, request.remote_addr or "", request.user_agent.string)
    if not user.has_second_factor and second_steps.is_required(user):
        session[second_steps.DUE] = True
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
