"""Refusals of this module."""

from __future__ import annotations

from core.errors import DomainError


class NotEnabled(DomainError):
    """The company has no route, token or series to issue with."""

    code = "not_enabled"
