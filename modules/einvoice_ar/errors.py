"""Refusals of this module."""

from __future__ import annotations

from core.errors import DomainError, Rejected, Unavailable


class BadCertificate(DomainError):
    """The uploaded file is not the certificate that is needed."""

    code = "bad_certificate"


class NotEnabled(DomainError):
    """The company has no certificate, point of sale or ticket to issue with."""

    code = "not_enabled"


class LoginRefused(Rejected):
    """WSAA refused the login for a reason that waiting does not cure."""


class TicketRefused(Unavailable):
    """WSFE did not accept the ticket with this id; nothing was done."""

    def __init__(self, message: str, ticket_id: int) -> None:
        super().__init__(message)
        self.ticket_id = ticket_id


class HeaderRefused(Rejected):
    """WSFE refused the request as a whole (issuer, point of sale, kind, count): `code` and words are ARCA's."""
