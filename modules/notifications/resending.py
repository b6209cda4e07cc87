"""Sending again many notices that did not arrive: after a server was mended, or addresses were corrected."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from core import audit, clock
from core.db import db
from core.scope import current_company
from modules.notifications import queries, services
from modules.notifications.models import Message
from modules.notifications.ports import channels, kinds
from modules.notifications.queries import MessageFilter

# Certainly not received; `unknown` ones are decided one by one, since they may have arrived.
STATES = ("failed", "bounced", "suppressed", "no_address")
_CHUNK = 500


def count(chosen: MessageFilter) -> int:
    """How many notices of the filter did not arrive; some of them may still have no good address."""
    return db.session.scalar(sa.select(sa.func.count()).select_from(_wanted(chosen).subquery())) or 0


def send_all_again(chosen: MessageFilter) -> int:
    """Queue those of the filter that have a good address now; how many."""
    queued, last = 0, 0
    while rows := db.session.execute(_wanted(chosen).where(Message.id > last).order_by(Message.id).limit(_CHUNK)).all():
        for channel in sorted({row.channel for row in rows}):
            queued += _send(channel, [row for row in rows if row.channel == channel])
        last = rows[-1].id
    if queued:
        audit.record("notifications.send_all_again", current_company(), {"count": queued, "group": chosen.group,
                                                                         "kind": chosen.kind, "text": chosen.text})
    return queued


def _wanted(chosen: MessageFilter) -> sa.Select[Any]:
    return queries.narrowed(sa.select(Message.id, Message.channel, Message.customer_id, Message.kind, Message.address),
                            chosen).where(Message.state.in_(STATES))


def _send(channel: str, rows: Sequence[Any]) -> int:
    """Of these messages of one channel, those with an address that may be written to."""
    present = channels.get(channel).addresses([row.customer_id for row in rows])
    blocked = services.suppressed(channel, set(present.values()))
    good = [{"row_id": row.id, "new_address": address} for row in rows
            if (address := present.get(row.customer_id)) and not _blocks(blocked.get(address, {}), row.kind)]
    if not good:
        return 0
    table: Any = Message.__table__
    db.session.connection().execute(
        sa.update(table).where(table.c.id == sa.bindparam("row_id")).values(
            address=sa.bindparam("new_address"), state="queued", answer="", attempts=0, next_at=clock.now()), good)
    db.session.expire_all()
    services.enqueue_sending(channel, [one["row_id"] for one in good])
    return len(good)


def _blocks(reasons: dict[str, str], kind: str) -> bool:
    known = kinds.find(kind)
    return "bounced" in reasons or ("unsubscribed" in reasons and known is not None and not known.transactional)
