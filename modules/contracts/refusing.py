"""Which errors mean that the database refuses these rows, and what to tell people then."""

from __future__ import annotations

from typing import Any

from sqlalchemy.exc import DataError, IntegrityError, StatementError

from core.errors import DomainError
from core.i18n import _
from modules.contracts.ports import Problem


def is_refusal(error: Exception) -> bool:
    """Whether fewer rows could be accepted: not for a lost connection, a lock, or a bug of ours elsewhere."""
    if isinstance(error, (IntegrityError, DataError, DomainError)):
        return True
    if isinstance(error, StatementError):  # a value that its column type does not take
        return isinstance(error.orig, (ValueError, TypeError))
    return isinstance(error, (ValueError, TypeError, ArithmeticError)) or _is_driver_refusal(error)


def _is_driver_refusal(error: Exception) -> bool:
    """COPY raises the driver's own errors."""
    import psycopg

    return isinstance(error, (psycopg.errors.IntegrityError, psycopg.errors.DataError))


def database_problem(error: Exception, bill: Any) -> Problem:
    """The exception row of the one invoice that was refused."""
    number = bill.parts[-1].contract.number
    if isinstance(error, DomainError):
        return Problem(error.code, str(error), "contract")
    reason = str(getattr(error, "orig", error)).splitlines()[0][:200]
    return Problem("refused_by_database", _(
        "Billing contract %(number)s is not possible because its data were refused (%(reason)s). Correct the "
        "contract, or ask whoever looks after the installation.", number=number, reason=reason), "contract")
