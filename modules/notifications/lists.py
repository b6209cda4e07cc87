"""The outbox: every notice with what became of it, and sending many again."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import url_for
from markupsafe import Markup
from sqlalchemy.orm import joinedload

from core.db import find as find_row
from core.i18n import _, lazy, ngettext
from core.lists import Action, Choice, Choices, Column, Dates, Empty, Line, List, Relation, Text, badge, register
from core.models import User
from modules.crm import finding
from modules.crm.models import Customer
from modules.notifications import queries, services
from modules.notifications.models import Message
from modules.notifications.ports import channels, kinds
from modules.notifications.states import GROUP_WORDS, STATE_WORDS


def _kinds() -> dict[str, Any]:
    return {code: kind.title for code, kind in kinds.items()}


def _channels() -> dict[str, Any]:
    return {code: channel.title for code, channel in channels.items()}


def send_again(message_id: int, _values: dict[str, Any]) -> None:
    """Send one notice again, to the customer's present address."""
    services.send_again(find_row(Message, message_id))


GROUPS = {group: sa.and_(Message.state.in_(states), ~queries.IS_TEST)
          for group, states in queries.GROUPS.items()} | {"test": queries.IS_TEST}


def _state(line: Line) -> Any:
    """The state, whether it was a test, and of what was not sent why."""
    row, shown = line.row, badge(STATE_WORDS[line.row.state])
    if row.is_test:
        shown = Markup("{} {}").format(shown, badge((_("test"), "mute")))
    said = row.answer if row.state != "sent" else ""
    return Markup('{}<div class="small muted">{}</div>').format(shown, said) if said else shown


OUTBOX = register(List(
    "notifications.outbox", lazy("Outbox"), Message, "notifications.view_messages",
    related=lambda statement: statement.outerjoin(Customer, Customer.id == Message.customer_id).outerjoin(
        User, User.id == Message.test_by_id),
    columns=(
        Column("customer", lazy("To"), sa.func.coalesce(Customer.name, User.name), lead=True),
        Column("address", lazy("Address"), Message.address, css="long muted"),
        Column("subject", lazy("Notice"), Message.subject, css="long"),
        Column("state", lazy("State"), Message.state, words=STATE_WORDS, show=_state),
        Column("queued", lazy("Queued"), Message.created_at, default=False),
        Column("sent", lazy("Sent at"), Message.sent_at),
        Column("answer", lazy("What the server answered"), Message.answer, css="long muted", default=False),
        Column("kind", lazy("Kind"), Message.kind, words=_kinds, default=False),
        Column("channel", lazy("Channel"), Message.channel, words=_channels, default=False),
        Column("test", lazy("Test"), queries.IS_TEST, kind="yes_no", default=False),
        Column("attempts", lazy("Attempts"), Message.attempts, default=False),
        Column("message_id", lazy("Message id"), Message.external_id, default=False, css="mono"),
    ),
    filters=(
        Text("q", lazy("Customer or address"), queries.matches),
        Choice("group", lazy("State"), GROUPS, GROUP_WORDS, chips=True),
        Choices("kind", lazy("Kind"), Message.kind, _kinds),
        Choices("channel", lazy("Channel"), Message.channel, _channels),
        Relation("customer", lazy("Customer"), Message.customer_id, search=finding.choices, labels=finding.named),
        Dates("queued", lazy("Queued"), Message.created_at),
        Dates("sent", lazy("Sent at"), Message.sent_at),
    ),
    actions=(
        Action("again", lazy("Send again"), "notifications.send_messages", each=send_again, icon="notices", chunk=200,
               only=sa.and_(Message.state.not_in(services.OPEN), ~queries.IS_TEST),
               warning=lazy("Those that were sent already, or perhaps, go out once more.")),
    ),
    options=(joinedload(Message.customer),),
    sort="-id", link=lambda row: url_for("notifications.message", message_id=row.id),
    count=lambda count: ngettext("%(num)s notice", "%(num)s notices", count),
    empty=Empty(lazy("No notices here"), lazy(
        "Invoices, receipts and reminders that go to customers are listed here with what became of them."), "notices"),
    template="notifications/outbox.html"))
