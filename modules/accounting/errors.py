"""Refusals of this module."""

from __future__ import annotations

from core.errors import DomainError


class PeriodLocked(DomainError):
    """The day lies in a period that was closed."""

    code = "period_locked"


class WrongAmount(DomainError):
    """An amount that cannot be."""

    code = "wrong_amount"


class WrongCurrency(DomainError):
    """Payment and document are in different currencies."""

    code = "wrong_currency"


class NotPossible(DomainError):
    """The state of the document or payment does not allow it."""

    code = "not_possible"


class NothingToIssue(DomainError):
    """A document without lines or without a total that can be."""

    code = "nothing_to_issue"


class NoAccount(DomainError):
    """The chart lacks an account that a posting needs."""

    code = "no_account"
