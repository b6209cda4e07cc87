"""What gateways' files, settings and payments are refused for."""

from __future__ import annotations

from core.errors import DomainError


class BadFile(DomainError):
    """A file that is not whole or not ours: no payment of it is taken. `line` is the first bad one (1-based)."""

    def __init__(self, message: str, line: int | None = None, *, code: str = "bad_file") -> None:
        super().__init__(message, code=code)
        self.line = line


class BadDebt(DomainError):
    """A debt that this gateway cannot collect; the sentence says why and what to mend."""


class BadSetting(DomainError):
    """A setting of a gateway that is missing or wrong."""
