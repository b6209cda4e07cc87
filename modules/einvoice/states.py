"""The states of a legal document and the ways between them, as a table."""

from __future__ import annotations

PENDING = "pending"
SENDING = "sending"
# signed by the provider and valid to hand over; the authority decides later
SIGNED = "signed"
AUTHORIZED = "authorized"
REJECTED = "rejected"
UNKNOWN = "unknown"
CANCELLING = "cancelling"
CANCELLED = "cancelled"

STATES = (PENDING, SENDING, SIGNED, AUTHORIZED, REJECTED, UNKNOWN, CANCELLING, CANCELLED)

# From `unknown` there is no way to `sending`: what may have been done is asked about before it is repeated.
TRANSITIONS: dict[str, frozenset[str]] = {
    PENDING: frozenset({SENDING, REJECTED, CANCELLED, AUTHORIZED}),
    SENDING: frozenset({SIGNED, AUTHORIZED, REJECTED, UNKNOWN, PENDING}),
    UNKNOWN: frozenset({SIGNED, AUTHORIZED, REJECTED, PENDING}),
    SIGNED: frozenset({AUTHORIZED, REJECTED}),
    REJECTED: frozenset({PENDING, CANCELLED}),
    AUTHORIZED: frozenset({CANCELLING}),
    CANCELLING: frozenset({CANCELLED, AUTHORIZED}),
    CANCELLED: frozenset(),
}

# sent, or being sent: the number is taken until the authority has said otherwise
IN_FLIGHT = (SENDING, UNKNOWN)


def may_become(before: str, after: str) -> bool:
    """Whether a document may go from one state to another."""
    return after in TRANSITIONS[before]


def sources(after: str) -> tuple[str, ...]:
    """The states from which a document may become `after`."""
    return tuple(state for state in STATES if after in TRANSITIONS[state])
