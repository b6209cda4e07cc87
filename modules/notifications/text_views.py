"""Staff pages of the texts: the list by language and channel, and one text with preview and test."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for

from core.db import db
from core.errors import DomainError, NotFound, OutsideError
from core.forms import refused
from core.i18n import LOCALES, _
from core.scope import current_company
from core.security import current_user, require
from modules.crm.forms import LANGUAGES
from modules.notifications import forms, services, texts
from modules.notifications.blueprint import bp, letter_of
from modules.notifications.ports import Kind, channels, kinds


@bp.get("/texts")
@require("notifications.edit_templates")
def templates() -> Any:
    """Every kind of notice with its text in use."""
    channel, language = _channel(), _language()
    codes = [code for code, _kind in kinds.items()]
    own, off = services.own_templates(channel, codes), services.switched_off(channel, codes)
    rows = [(code, kind, services.find_template(own, code, language), texts.for_language(kind.subject, language))
            for code, kind in kinds.items()]
    return render_template("notifications/templates.html", rows=rows, off=off, channel=channel, language=language,
                           languages=languages(), channels=dict(channels.items()))


def languages() -> dict[str, str]:
    """The languages in which a text may be written, by code."""
    return {code: LANGUAGES.get(code, code) for code in LOCALES}


def _channel() -> str:
    wanted = request.args.get("channel", "email")
    return wanted if wanted in channels else "email"


def _language() -> str:
    wanted = request.args.get("language", "")
    return wanted if wanted in LOCALES else current_company().locale.split("_")[0]


@bp.route("/texts/<kind_code>", methods=["GET", "POST"])
@require("notifications.edit_templates")
def template(kind_code: str) -> Any:
    """Edit a text; "preview" and "test" look at it without keeping it."""
    kind = kinds.find(kind_code)
    if kind is None:
        raise NotFound(_("This kind of notice does not exist."))
    channel, language = _channel(), _language()
    own = services.find_template(services.own_templates(channel, [kind_code]), kind_code, language)
    form = forms.TemplateForm(data={
        "subject": own.subject if own else texts.for_language(kind.subject, language),
        "body": own.body if own else texts.for_language(kind.body, language),
        "enabled": kind_code not in services.switched_off(channel, [kind_code])})
    preview, status = None, 200
    if form.is_submitted():
        try:
            preview = _act(kind, language, channel, form)
        except (DomainError, OutsideError) as error:
            refused(form, error if isinstance(error, DomainError) else DomainError(str(error)))
        if preview is None and not form.form_errors and not form.errors:
            return redirect(url_for(".templates", channel=channel, language=language))
        status = 200 if preview else 422
    return render_template("notifications/template.html", kind=kind, form=form, own=own, language=language,
                           languages=languages(), preview=preview, common=texts.COMMON, channel=channel), status


def _act(kind: Kind, language: str, channel: str, form: forms.TemplateForm) -> tuple[str, str] | None:
    """Keep the text (None), or answer (subject, body) as a customer would read them."""
    if not form.validate():
        return None
    subject, body = form.subject.data, form.body.data.replace("\r\n", "\n")
    action = request.form.get("action")
    if action == "standard":
        services.restore_standard(kind.code, language, channel)
        flash(_("The standard text is used again. Notices already sent keep theirs."), "ok")
        return None
    if action not in ("preview", "test"):
        services.save_template(kind.code, language, channel, subject, body, bool(form.enabled.data))
        flash(_("The text was kept. Notices already sent keep theirs."), "ok")
        return None
    texts.check(kind, subject, body)
    context = services.sample_context(kind, current_company())
    shown = texts.one_line(texts.render(subject, context)), texts.render(body, context)
    if action == "test":
        _send_test(shown, language, channel)
    return shown


def _send_test(shown: tuple[str, str], language: str, channel: str) -> None:
    """Send the text to the person who asks, with no transaction open meanwhile."""
    letter = letter_of(*shown, language, current_user.email)
    sender = channels.get(channel).sender()
    db.session.commit()
    try:
        answer, _external = sender.send(letter)
    finally:
        sender.close()
    flash(_("A test was sent to %(address)s: %(answer)s", address=letter.address, answer=answer), "ok")
