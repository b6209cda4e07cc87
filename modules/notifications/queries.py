"""Selects of the outbox."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from core.db import db
from core.scope import current_company_id
from modules.crm.models import Customer
from modules.crm.names import fold
from modules.notifications.models import Attempt, Message

# Chips of the outbox: what a clerk looks for -> states.
GROUPS: dict[str, tuple[str, ...]] = {
    "waiting": ("queued", "sending"), "sent": ("sent",), "returned": ("bounced", "suppressed"),
    "problem": ("failed", "unknown"), "no_address": ("no_address",),
}


# sent to try a text
IS_TEST = Message.test_by_id.is_not(None)


def matches(text: str) -> Any:
    """Messages to this address, or to customers who are found by these words."""
    if "@" in text:
        return Message.address == text.lower()
    words = [Customer.search.contains(word, autoescape=True) for word in fold(text).split()]
    return Message.customer_id.in_(sa.select(Customer.id).where(*words)) if words else sa.false()


def attempts_of(message_id: int) -> list[Attempt]:
    """The tries that a message does not tell of itself, oldest first."""
    return list(db.session.scalars(sa.select(Attempt).where(Attempt.message_id == message_id)
                                   .order_by(Attempt.at, Attempt.id)))


def recent_of(customer_id: int, limit: int = 20) -> list[Message]:
    """What a customer was sent last, newest first."""
    return list(db.session.scalars(sa.select(Message).where(Message.customer_id == customer_id)
                                   .order_by(Message.id.desc()).limit(limit)))


def counts_by_group() -> dict[str, int]:
    """How many messages each chip has, without tests; over two indexes, in one statement."""
    mine = Message.company_id == current_company_id()
    every = sa.select(Message.state, sa.func.count()).where(mine).group_by(Message.state)
    tests = sa.select(Message.state, -sa.func.count()).where(mine, IS_TEST).group_by(Message.state)
    by_state: dict[str, int] = defaultdict(int)
    for state, count in db.session.execute(sa.union_all(every, tests)):
        by_state[state] += count
    return {group: sum(by_state.get(state, 0) for state in states) for group, states in GROUPS.items()}


def counts_for(kind: str, subject_keys: Iterable[str]) -> dict[str, int]:
    """{"queued", "sent", "failed"} of one kind about these subjects: the billing run's result."""
    found = {"queued": 0, "sent": 0, "failed": 0}
    keys = list(subject_keys)
    for start in range(0, len(keys), 500):
        rows = db.session.execute(
            sa.select(Message.state, sa.func.count())
            .where(Message.kind == kind, Message.subject_key.in_(keys[start:start + 500])).group_by(Message.state))
        for state, count in rows:
            name = {"queued": "queued", "sending": "queued", "sent": "sent"}.get(state, "failed")
            found[name] += count
    return found
