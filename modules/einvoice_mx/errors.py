"""Refusals of this module."""

from __future__ import annotations

from core.errors import DomainError


class BadCsd(DomainError):
    """The files are not the digital seal (CSD) that is needed."""

    code = "bad_csd"


class NotEnabled(DomainError):
    """The company has no seal or no account to issue with."""

    code = "not_enabled"


class NotOurs(DomainError):
    """A file is not the stamped XML of one of our documents."""

    code = "not_ours"
