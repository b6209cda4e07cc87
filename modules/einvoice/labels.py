"""States of documents and environments in words."""

from __future__ import annotations

from typing import Any

from core.i18n import lazy
from modules.einvoice import states

# (words, tone)
STATES: dict[str, tuple[Any, str]] = {
    states.PENDING: (lazy("waiting for the authority"), "warn"), states.SENDING: (lazy("being sent"), "info"),
    states.SIGNED: (lazy("valid to hand over, the authority decides later"), "info"),
    states.AUTHORIZED: (lazy("authorised"), "ok"), states.REJECTED: (lazy("refused"), "bad"),
    states.UNKNOWN: (lazy("sent, no answer yet"), "warn"), states.CANCELLING: (lazy("being annulled"), "warn"),
    states.CANCELLED: (lazy("given up"), "mute")}
ENVIRONMENTS = {"rehearsal": lazy("rehearsal"), "testing": lazy("the authority's testing service"),
                "production": lazy("production")}


def of_state(state: str) -> tuple[str, str]:
    """(words, tone) of a document's state."""
    words, tone = STATES.get(state, (state, "mute"))
    return str(words), tone


def of_environment(environment: str) -> str:
    """Where a document counts, in words."""
    return str(ENVIRONMENTS.get(environment, environment))
