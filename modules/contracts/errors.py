"""Refusals of this module."""

from __future__ import annotations

from core.errors import DomainError


class NotPossible(DomainError):
    """The contract's state does not allow it."""

    code = "not_possible"


class WrongValue(DomainError):
    """A date, price or number that cannot be."""

    code = "wrong_value"


class NothingToBill(DomainError):
    """There is no contract to be billed in this month."""

    code = "nothing_to_bill"


class RunInProgress(DomainError):
    """The month is being billed."""

    code = "run_in_progress"
