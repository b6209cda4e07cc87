"""Staff pages of the texts: the list by language and channel, and one text with preview, test and revisions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import flash, make_response, redirect, render_template, request, url_for

from core import audit
from core.db import db, reading
from core.errors import DomainError, NotFound, OutsideError
from core.forms import refused
from core.i18n import LOCALES, _, use_locale
from core.scope import current_company
from core.security import current_user, limiter, require
from modules.crm.forms import LANGUAGES
from modules.notifications import forms, sending, services, texts
from modules.notifications.blueprint import MAIL_POLICY, bp, letter_html, letter_of
from modules.notifications.errors import TextChanged
from modules.notifications.models import Template
from modules.notifications.ports import Kind, Letter, channels, kinds


@bp.get("/texts")
@require("notifications.edit_templates")
def templates() -> Any:
    """Every kind of notice with its text in use."""
    channel, language = _channel(), _language()
    codes = [code for code, _kind in kinds.items()]
    own, off = services.own_templates(channel, codes), services.switched_off(channel, codes)
    rows = [(code, kind, row := services.find_template(own, code, language), _sampled(
        kind, row.subject if row else texts.for_language(kind.subject, language))) for code, kind in kinds.items()]
    return render_template("notifications/templates.html", rows=rows, off=off, channel=channel, language=language,
                           languages=languages(), channels=dict(channels.items()))


def _sampled(kind: Kind, subject: str) -> str:
    """The subject as a customer might read it; as it is written where it cannot be filled."""
    try:
        return texts.one_line(texts.render(subject, services.sample_context(kind, current_company())))
    except texts.BadTemplate:
        return subject


def languages() -> dict[str, str]:
    """The languages in which a text may be written, by code."""
    return {code: LANGUAGES.get(code, code) for code in LOCALES}


def _channel() -> str:
    wanted = request.args.get("channel", "email")
    return wanted if wanted in channels else "email"


def _language() -> str:
    wanted = request.args.get("language", "")
    return wanted if wanted in LOCALES else current_company().locale.split("_")[0]


def _kind(code: str) -> Kind:
    kind = kinds.find(code)
    if kind is None:
        raise NotFound(_("This kind of notice does not exist."))
    return kind


# --- one text --------------------------------------------------------------------------------------------


@bp.route("/texts/<kind_code>", methods=["GET", "POST"])
@require("notifications.edit_templates")
def template(kind_code: str) -> Any:
    """Edit a text, send a test of it, go back to the standard one. ?revision=3 begins with an old one."""
    kind, channel, language = _kind(kind_code), _channel(), _language()
    form = forms.TemplateForm()
    if not form.is_submitted():
        _fill(form, kind, channel, language)
        return _page(form, kind, channel, language)
    try:
        if _act(form, kind, channel, language):
            return redirect(url_for(".template", kind_code=kind_code, channel=channel, language=language))
    except (DomainError, OutsideError) as error:
        refused(form, error if isinstance(error, DomainError) else DomainError(str(error), field="test_address"))
        if isinstance(error, TextChanged):
            form.base.raw_data = [str(_newest(kind, channel, language))]
    return _page(form, kind, channel, language, 422 if form.errors or form.form_errors else 200)


def _fill(form: forms.TemplateForm, kind: Kind, channel: str, language: str) -> None:
    """The text in use, or the one of the address."""
    number = request.args.get("revision", type=int)
    shown = (_revision(kind, channel, language, number) if number else
             services.find_template(services.own_templates(channel, [kind.code]), kind.code, language))
    if shown is not None and shown.body:
        form.subject.data, form.body.data = shown.subject, shown.body
    else:
        form.subject.data = texts.for_language(kind.subject, language)
        form.body.data = texts.for_language(kind.body, language)
    form.enabled.data = kind.code not in services.switched_off(channel, [kind.code])
    form.base.data, form.test_address.data = _newest(kind, channel, language), current_user.email


def _revision(kind: Kind, channel: str, language: str, number: int) -> Template:
    for row in services.revisions(kind.code, language, channel):
        if row.revision == number:
            return row
    raise NotFound(_("This revision does not exist."))


def _newest(kind: Kind, channel: str, language: str) -> int:
    return next((row.revision for row in services.revisions(kind.code, language, channel, 1)), 0)


def _page(form: forms.TemplateForm, kind: Kind, channel: str, language: str, status: int = 200) -> Any:
    kept = services.revisions(kind.code, language, channel)
    sample = services.sample_context(kind, current_company())
    placeholders = [(name, label, sample[name]) for name, label in [*kind.placeholders.items(), *texts.COMMON.items()]]
    return render_template(
        "notifications/template.html", kind=kind, form=form, language=language, languages=languages(), channel=channel,
        channels=dict(channels.items()), placeholders=placeholders, revisions=kept,
        standard=(texts.for_language(kind.subject, language), texts.for_language(kind.body, language)),
        own=bool(kept and kept[0].body), begun=request.args.get("revision", type=int),
        authors=audit.authors(Template.__tablename__, [row.id for row in kept])), status


def _act(form: forms.TemplateForm, kind: Kind, channel: str, language: str) -> bool:
    """Do what the button says; True where the page is to be opened anew."""
    action = request.form.get("action")
    if action == "standard":
        services.restore_standard(kind.code, language, channel)
        flash(_("The standard text is used again. Notices already sent keep theirs."), "ok")
        return True
    if not form.validate():
        return False
    subject, body = form.subject.data or "", form.body.data.replace("\r\n", "\n")
    if action == "test":
        _send_test(form, kind, channel, language)
        return False
    services.save_template(kind.code, language, channel, subject, body, bool(form.enabled.data), form.base.data)
    flash(_("The text was kept. Notices already sent keep theirs."), "ok")
    return True


@bp.post("/texts/<kind_code>/<int:revision>/again")
@require("notifications.edit_templates")
def template_again(kind_code: str, revision: int) -> Any:
    """Make an old revision of a text the newest."""
    kind, channel, language = _kind(kind_code), _channel(), _language()
    old = _revision(kind, channel, language, revision)
    if old.body:
        services.save_template(kind.code, language, channel, old.subject, old.body,
                               kind.code not in services.switched_off(channel, [kind.code]))
    else:
        services.restore_standard(kind.code, language, channel)
    flash(_("Revision %(number)s is used again. Notices already sent keep theirs.", number=revision), "ok")
    return redirect(url_for(".template", kind_code=kind_code, channel=channel, language=language))


# --- looking and trying ----------------------------------------------------------------------------------


@bp.post("/texts/<kind_code>/preview")
@require("notifications.edit_templates")
@limiter.limit("120 per minute")
def template_preview(kind_code: str) -> Any:
    """The text of the form as a customer would read it, with made-up values. Nothing is kept, nothing is sent."""
    kind, form = _kind(kind_code), forms.TemplateForm()
    try:
        with reading():
            letter = _sample(form, kind, _channel(), _language())
    except DomainError as error:
        return render_template("refused.html", error=error), 422
    response = make_response(letter_html(letter, preview=True))
    response.headers["Content-Security-Policy"] = MAIL_POLICY
    return response


def _sample(form: forms.TemplateForm, kind: Kind, channel: str, language: str, address: str = "") -> Letter:
    subject, body = form.subject.data or "", (form.body.data or "").replace("\r\n", "\n")[:texts.LONGEST]
    texts.check(kind, subject if channels.get(channel).has_subject else "", body)
    context = services.sample_context(kind, current_company())
    return letter_of(texts.one_line(texts.render(subject, context)), texts.render(body, context), language, address)


def _send_test(form: forms.TemplateForm, kind: Kind, channel: str, language: str) -> None:
    """Send the text, marked as a test, the way that notices go; it stands in the outbox whatever becomes of it."""
    letter = _sample(form, kind, channel, language)
    to = services.begin_test(current_user, kind, channel, form.test_address.data or "")
    with use_locale(language):
        letter = replace(letter, address=to, subject=_("Test: %(subject)s", subject=letter.subject),
                         body=_("This is a test: nobody else got it, and nothing in it counts.") + "\n\n" + letter.body)
    outcome = sending.hand_over_test(channels.get(channel), services.note_test(current_user, kind, channel, letter))
    sending.record(channel, [outcome])
    if outcome.state != "sent":
        db.session.commit()  # the refusal undoes what the request did, the outbox keeps the test
        raise DomainError(outcome.answer, field="test_address")
    flash(_("A test was sent to %(address)s: %(answer)s", address=to, answer=outcome.answer), "ok")
