"""What notices tell of a customer: what he was sent, and what became of it."""

from __future__ import annotations

from flask import url_for

from core.i18n import _
from modules.crm.models import Customer
from modules.crm.ports import Happening
from modules.notifications import queries
from modules.notifications.states import STATE_WORDS


class Sent:
    """Every notice with its state."""

    permission = "notifications.view_messages"

    def of(self, customer: Customer, limit: int) -> list[Happening]:
        return [Happening(
            one.sent_at or one.created_at, _("Notice: %(subject)s", subject=one.subject or one.kind),
            " · ".join(part for part in (str(STATE_WORDS[one.state][0]), one.address) if part),
            url=url_for("notifications.message", message_id=one.id),
            tone=STATE_WORDS[one.state][1] if one.state != "sent" else "mute")
            for one in queries.recent_of(customer.id, limit)]
