"""Staff pages: the outbox, a message, the texts, the mail server; and the public page to unsubscribe."""

from __future__ import annotations

import io
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, flash, make_response, redirect, render_template, request, send_file, url_for

from core import audit, mail, storage
from core.db import db, find
from core.errors import DomainError, NotFound, OutsideError
from core.forms import refused
from core.i18n import _, lazy
from core.paging import paginate
from core.scope import company_scope, current_company
from core.security import csrf, current_user, public, require
from modules.notifications import forms, queries, services, texts, unsubscribing
from modules.notifications.channels.email import account_of, build
from modules.notifications.models import MailAccount, Message
from modules.notifications.ports import Letter, channels, kinds

bp = Blueprint("notifications", __name__, url_prefix="/notices")
STATE_WORDS = {
    "queued": (lazy("waiting"), "warn"), "sending": (lazy("being sent"), "info"), "sent": (lazy("sent"), "ok"),
    "bounced": (lazy("came back"), "bad"), "failed": (lazy("not sent"), "bad"),
    "unknown": (lazy("perhaps sent"), "warn"),
    "suppressed": (lazy("address not written to"), "mute"), "no_address": (lazy("no address"), "mute"),
}
MAIL_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox"
GROUP_WORDS = {"waiting": lazy("Waiting"), "sent": lazy("Sent"), "returned": lazy("Came back"),
               "problem": lazy("With a problem"), "no_address": lazy("No address")}


@bp.get("/")
@require("notifications.view_messages")
def outbox() -> Any:
    """What was sent to whom, and what is not sent, with the reason."""
    wanted = request.args
    chosen = queries.MessageFilter(wanted.get("q", "").strip()[:200], wanted.get("group", ""), wanted.get("kind", ""),
                                   wanted.get("customer", type=int))
    page = paginate(queries.listed(chosen), [Message.id], desc=True)
    return render_template("notifications/outbox.html", page=page, chosen=chosen, counts=queries.counts_by_group(),
                           states=STATE_WORDS, groups=GROUP_WORDS, kinds=dict(kinds.items()))


@bp.get("/<int:message_id>")
@require("notifications.view_messages")
def message(message_id: int) -> Any:
    """One message as it was sent, with what became of it."""
    return _message_page(find(Message, message_id), forms.AddressForm(formdata=None))


def _message_page(row: Message, form: forms.AddressForm) -> str:
    if not form.address.data:
        form.address.data = row.address
    files = storage.names_of(row.attachments)
    return render_template("notifications/message.html", message=row, files=[files[one] for one in row.attachments
                           if one in files], states=STATE_WORDS, kind=kinds.find(row.kind), form=form)


@bp.get("/<int:message_id>/html")
@require("notifications.view_messages")
def message_html(message_id: int) -> Any:
    """The message as the customer's program shows it."""
    row = find(Message, message_id)
    response = make_response(_letter_html(_letter(row.subject, row.body, row.language)))
    # a mail has its styles in itself; shown in a frame without scripts, forms or pictures from outside
    response.headers["Content-Security-Policy"] = MAIL_POLICY
    return response


def _letter(subject: str, body: str, language: str, address: str = "") -> Letter:
    company = current_company()
    return Letter(0, str(company), address, "", subject, body, language, company.color)


def _letter_html(letter: Letter) -> str:
    return render_template("notifications/mail.html", letter=letter, body=texts.as_html(letter.body, letter.color))


@bp.get("/<int:message_id>/files/<int:file_id>")
@require("notifications.view_messages")
def attachment(message_id: int, file_id: int) -> Any:
    """A file that went with the message."""
    row = find(Message, message_id)
    if file_id not in row.attachments:
        raise NotFound(_("This file does not exist."))
    file = storage.find_file(file_id)
    return send_file(io.BytesIO(storage.read(file)), mimetype=file.media_type, download_name=file.name,
                     as_attachment=file.media_type != "application/pdf")


@bp.post("/<int:message_id>/again")
@require("notifications.send_messages")
def send_again(message_id: int) -> Any:
    """Send once more."""
    services.send_again(find(Message, message_id))
    flash(_("The notice is sent again."), "ok")
    return redirect(url_for(".message", message_id=message_id))


@bp.post("/<int:message_id>/address")
@require("notifications.send_messages")
def correct_address(message_id: int) -> Any:
    """Correct the customer's address and send there."""
    row, form = find(Message, message_id), forms.AddressForm()
    if form.validate_on_submit():
        try:
            services.correct_address(row, form.address.data)
        except DomainError as error:
            refused(form, error)
            row = find(Message, message_id)
        else:
            flash(_("The address was corrected; the notice is sent to %(address)s.", address=row.address), "ok")
            return redirect(url_for(".message", message_id=message_id))
    return _message_page(row, form), 422


# --- texts -----------------------------------------------------------------------------------------------


@bp.get("/texts")
@require("notifications.edit_templates")
def templates() -> Any:
    """Every kind of notice with its text in use."""
    channel = _channel()
    own = services.own_templates(channel, [code for code, _kind in kinds.items()])
    language = current_company().locale
    rows = [(code, kind, services.find_template(own, code, language)) for code, kind in kinds.items()]
    return render_template("notifications/templates.html", rows=rows, channel=channel,
                           channels=dict(channels.items()))


def _channel() -> str:
    wanted = request.args.get("channel", "email")
    return wanted if wanted in channels else "email"


@bp.route("/texts/<kind_code>", methods=["GET", "POST"])
@require("notifications.edit_templates")
def template(kind_code: str) -> Any:
    """Edit a text; "preview" and "test" look at it without keeping it."""
    kind = kinds.find(kind_code)
    if kind is None:
        raise NotFound(_("This kind of notice does not exist."))
    channel, language = _channel(), request.args.get("language") or current_company().locale.split("_")[0]
    own = services.find_template(services.own_templates(channel, [kind_code]), kind_code, language)
    form = forms.TemplateForm(data={
        "subject": own.subject if own else texts.for_language(kind.subject, language),
        "body": own.body if own else texts.for_language(kind.body, language), "enabled": own.enabled if own else True})
    preview, status = None, 200
    if form.is_submitted():
        try:
            preview = _do_template(kind_code, language, channel, form)
        except (DomainError, OutsideError) as error:
            refused(form, error if isinstance(error, DomainError) else DomainError(str(error)))
        if preview is None and not form.form_errors and not form.errors:
            return redirect(url_for(".templates", channel=channel))
        status = 200 if preview else 422
    return render_template("notifications/template.html", kind=kind, form=form, own=own, language=language,
                           preview=preview, common=texts.COMMON, channel=channel), status


def _do_template(kind_code: str, language: str, channel: str, form: forms.TemplateForm) -> tuple[str, str] | None:
    """Keep the text (None), or answer (subject, body) as a customer would read them."""
    if not form.validate():
        return None
    subject, body = form.subject.data, form.body.data
    action = request.form.get("action")
    if action not in ("preview", "test"):
        services.save_template(kind_code, language, channel, subject, body, bool(form.enabled.data))
        flash(_("The text was kept. Notices already sent keep theirs."), "ok")
        return None
    kind = kinds.get(kind_code)
    texts.check(kind, subject, body.replace("\r\n", "\n"))
    context = services.sample_context(kind, current_company())
    shown = texts.one_line(texts.render(subject, context)), texts.render(body.replace("\r\n", "\n"), context)
    if action == "test":
        letter = _letter(*shown, language, current_user.email)
        sender = channels.get(channel).sender()
        try:
            answer, _external = sender.send(letter)
        finally:
            sender.close()
        flash(_("A test was sent to %(address)s: %(answer)s", address=letter.address, answer=answer), "ok")
    return shown


# --- mail server -----------------------------------------------------------------------------------------


@bp.route("/server", methods=["GET", "POST"])
@require("notifications.edit_mail_account")
def mail_account() -> Any:
    """The company's mail server, with a button that tries it."""
    row = db.session.scalar(sa.select(MailAccount))
    form = forms.MailAccountForm(obj=row)
    if form.is_submitted() and form.validate():
        made = _keep_account(row, form)
        if request.form.get("action") != "test":
            flash(_("The mail server was kept."), "ok")
            return redirect(url_for(".mail_account"))
        return _test_account(made)
    return render_template("notifications/mail_account.html", form=form, account=row), 422 if form.errors else 200


def _keep_account(row: MailAccount | None, form: forms.MailAccountForm) -> MailAccount:
    made = row or MailAccount()
    before = made.password if row else None
    form.populate_obj(made)
    made.password = form.password.data or before
    made.problem = ""
    db.session.add(made)
    db.session.flush()
    audit.record("notifications.edit_mail_account", made, {"host": made.host, "user": made.user})
    return made


def _test_account(row: MailAccount) -> Any:
    """Send one message to the person who asks; the settings are kept either way, so that nothing is typed twice."""
    account, sender = account_of(row), (row.sender_name or str(current_company()), row.sender_address)
    letter = _letter(_("Test of the mail server"), _("If you can read this, your mail server works."),
                     current_company().locale, current_user.email)
    message = build(letter, sender, row.reply_to)
    db.session.commit()
    try:
        answer = mail.deliver(message, account)
    except (DomainError, OutsideError) as error:
        flash(_("The mail server did not take the test: %(reason)s The settings were kept.", reason=str(error)), "bad")
    else:
        flash(_("A test was sent to %(address)s: %(answer)s", address=letter.address, answer=answer), "ok")
    return redirect(url_for(".mail_account"))


# --- subscribers -----------------------------------------------------------------------------------------

def unsubscribe(token: str) -> Any:
    """Ask first: mail scanners open every link. Mail programs post by themselves (RFC 8058)."""
    company_id, channel, address = unsubscribing.read(token)
    with company_scope(company_id):
        company = current_company()
        if request.method == "POST":
            services.suppress(channel, address, "unsubscribed")
        return render_template("notifications/unsubscribe.html", company=company, address=address,
                               done=request.method == "POST")


@bp.record_once
def _add_public_page(state: Any) -> None:
    """The link stands in messages: short, and outside the staff's part."""
    view = csrf.exempt(public(unsubscribe))
    state.app.add_url_rule("/unsubscribe/<token>", "notifications.unsubscribe", view, methods=["GET", "POST"])
