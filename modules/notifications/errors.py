"""Refusals of the notices."""

from core.errors import DomainError


class CannotSendAgain(DomainError):
    """The message is in a state in which sending again makes no sense."""

    code = "cannot_send_again"
