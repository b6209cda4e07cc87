"""Refusals of the notices."""

from core.errors import DomainError


class TextChanged(DomainError):
    """Somebody kept another revision of the text since the form was opened."""

    code = "text_changed"


class TooManyTests(DomainError):
    """This person sent as many tests as an hour allows."""

    code = "too_many_tests"


class CannotSendAgain(DomainError):
    """The message is in a state in which sending again makes no sense."""

    code = "cannot_send_again"
