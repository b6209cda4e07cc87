"""Errors in the few kinds that callers can act upon.

Inside: `DomainError`, a refusal in words for people. Outside services: `Rejected` (final), `Unavailable`
(nothing happened, try again) and `Unknown` (sent, no answer: ask before repeating).
"""

from __future__ import annotations

from typing import Any


class DomainError(Exception):
    """A refusal for people: "To do X you must do Y" or "X is not possible because Y".

    `field` names the form field it belongs to, `code` is stable for the API and the tests.
    """

    code = "refused"

    def __init__(self, message: Any, *, code: str | None = None, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.field = field

    def __str__(self) -> str:
        return str(self.message)


class NotAllowed(DomainError):
    """The user lacks the permission."""

    code = "not_allowed"


class NotFound(DomainError):
    """The thing does not exist, or not in this company."""

    code = "not_found"


class CannotRun(DomainError):
    """The installation is not ready (schema, key, lock); the message names the command that cures it."""

    code = "cannot_run"


class OutsideError(Exception):
    """Base of the three outcomes of a talk with an outside service that gave no result."""


class Rejected(OutsideError):
    """The service refused for good; carries its own code and words, shown to staff."""

    def __init__(self, message: str, *, code: str = "", details: Any = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.details = details


class Unavailable(OutsideError):
    """Nothing was done; the same call may be repeated after `retry_after` seconds."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after = retry_after


class Unknown(OutsideError):
    """It was sent and no answer came: it may have been done. Only a recovery may follow."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
