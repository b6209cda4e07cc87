"""Staff page of the company's mail server, with a button that tries it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import flash, redirect, render_template, request, url_for

from core import audit, mail
from core.db import db
from core.errors import DomainError, OutsideError
from core.i18n import _
from core.scope import current_company
from core.security import current_user, require
from modules.notifications import forms, rehearsing
from modules.notifications.blueprint import bp, letter_of
from modules.notifications.channels.email import account_of, build
from modules.notifications.models import MailAccount


@bp.route("/server", methods=["GET", "POST"])
@require("notifications.edit_mail_account")
def mail_account() -> Any:
    """The company's mail server."""
    row = db.session.scalar(sa.select(MailAccount))
    form = forms.MailAccountForm(obj=row)
    if form.is_submitted() and form.validate():
        made = _keep(row, form)
        if request.form.get("action") != "test":
            flash(_("The mail server was kept."), "ok")
            return redirect(url_for(".mail_account"))
        return _try(made)
    return _page(form, row), 422 if form.errors else 200


def _page(form: forms.MailAccountForm, row: MailAccount | None, refusal: str = "") -> str:
    return render_template("notifications/mail_account.html", form=form, account=row, live=rehearsing.is_live(),
                           tested=rehearsing.is_tested(), refusal=refusal)


@bp.post("/server/live")
@require("notifications.edit_mail_account")
def mail_live() -> Any:
    """From rehearsal into production, by typing the tax number, or back."""
    if request.form.get("live") != "1":
        rehearsing.rehearse()
        flash(_("Notices are kept as files again: no customer gets one."), "ok")
        return redirect(url_for(".mail_account"))
    try:
        rehearsing.go_live(request.form.get("confirm", ""))
    except DomainError as refusal:
        row = db.session.scalar(sa.select(MailAccount))
        return _page(forms.MailAccountForm(None, obj=row), row, str(refusal)), 422
    flash(_("From now on notices reach your customers."), "ok")
    return redirect(url_for(".mail_account"))


def _keep(row: MailAccount | None, form: forms.MailAccountForm) -> MailAccount:
    made = row or MailAccount()
    before = made.password if row else None
    form.populate_obj(made)
    made.password = form.password.data or before
    made.problem = ""
    rehearsing.forget_test()
    db.session.add(made)
    db.session.flush()
    audit.record("notifications.edit_mail_account", made, {"host": made.host, "user": made.user})
    return made


def _try(row: MailAccount) -> Any:
    """Send one message to the person who asks; the settings are kept either way, so that nothing is typed twice."""
    account, sender = account_of(row), (row.sender_name or str(current_company()), row.sender_address)
    letter = letter_of(_("Test of the mail server"), _("If you can read this, your mail server works."),
                       current_company().locale, current_user.email)
    message = build(letter, sender, row.reply_to)
    db.session.commit()
    try:
        answer = mail.deliver(message, account)
    except (DomainError, OutsideError) as error:
        flash(_("The mail server did not take the test: %(reason)s The settings were kept.", reason=str(error)), "bad")
    else:
        rehearsing.note_test()
        flash(_("A test was sent to %(address)s: %(answer)s", address=letter.address, answer=answer), "ok")
    return redirect(url_for(".mail_account"))
