"""Refusals of this module."""

from __future__ import annotations

from core.errors import DomainError


class WrongState(DomainError):
    """The document's state does not allow what was asked."""

    code = "wrong_state"


class StillWrong(DomainError):
    """The document was corrected, but would be refused again."""

    code = "still_wrong"


class NoIssuer(DomainError):
    """No enabled module issues documents for this country."""

    code = "no_issuer"
