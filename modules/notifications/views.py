"""Staff pages: the outbox and a message. Texts, mail server and the subscriber's page are in files of their own."""

from __future__ import annotations

import io
from typing import Any

from flask import flash, make_response, redirect, render_template, send_file, url_for

from core import lists, storage
from core.db import find
from core.errors import DomainError, NotFound
from core.forms import refused
from core.i18n import _
from core.security import require
from modules.crm.models import Customer
from modules.notifications import (
    forms,
    public_views,
    queries,
    server_views,
    services,
    text_views,
)
from modules.notifications.blueprint import MAIL_POLICY, bp, letter_html, letter_of
from modules.notifications.lists import OUTBOX
from modules.notifications.models import Message
from modules.notifications.ports import kinds
from modules.notifications.states import STATE_WORDS

__all__ = ["bp", "public_views", "server_views", "text_views"]


@lists.at(bp, "/", OUTBOX)
def outbox(shown: Any) -> Any:
    """What was sent to whom, and what is not sent, with the reason; the last one first."""
    return shown.render(counts=queries.counts_by_group())


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
                           if one in files], states=STATE_WORDS, kind=kinds.find(row.kind), form=form,
                           attempts=queries.attempts_of(row.id))


@bp.get("/<int:message_id>/html")
@require("notifications.view_messages")
def message_html(message_id: int) -> Any:
    """The message as the customer's program shows it."""
    row = find(Message, message_id)
    response = make_response(letter_html(letter_of(row.subject, row.body, row.language)))
    response.headers["Content-Security-Policy"] = MAIL_POLICY
    return response


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


def customer_tab(row: Customer) -> str:
    """What a customer was sent, as a tab of his page."""
    return render_template("notifications/customer_tab.html", customer=row, messages=queries.recent_of(row.id),
                           states=STATE_WORDS, kinds=dict(kinds.items()))
