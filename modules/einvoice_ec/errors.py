"""Refusals of this module."""

from __future__ import annotations

from core.errors import DomainError


class BadCertificate(DomainError):
    """The file is not a certificate that can sign for the SRI."""

    code = "bad_certificate"


class NotEnabled(DomainError):
    """The company has no certificate, fiscal profile or point of emission to issue with."""

    code = "not_enabled"
