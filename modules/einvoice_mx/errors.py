"""Refusals of this module."""

from __future__ import annotations

from core.errors import DomainError


class BadCsd(DomainError):
    """The files are not the digital seal (CSD) that is needed."""

    code = "bad_csd"
