"""What is refused here."""

from __future__ import annotations

from core.errors import DomainError


class NoPromise(DomainError):
    """A promise of payment is not possible; the message says why not."""

    code = "no_promise"


class BadProof(DomainError):
    """What was sent as a proof of payment cannot be taken."""

    code = "bad_proof"


class NotPossible(DomainError):
    """The state of the thing does not allow it."""

    code = "not_possible"
