"""Refusals of this module."""

from __future__ import annotations

from core.errors import DomainError


class NotEnabled(DomainError):
    """The company has no access to its provider, or no resolution to number with."""

    code = "not_enabled"
