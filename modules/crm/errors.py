"""Refusals of this module."""

from core.errors import DomainError, NotFound


class WrongTaxId(DomainError):
    """The tax number cannot exist."""

    code = "wrong_tax_id"


class CodeTaken(DomainError):
    """Another customer of the company has this code."""

    code = "code_taken"


class UnreadableContact(DomainError):
    """A piece of an e-mail or phone field is neither."""

    code = "unreadable_contact"


class UnknownCustomer(NotFound):
    """No customer has this code, document or id."""

    code = "unknown_customer"


class StillBound(DomainError):
    """The customer cannot leave: a module still has something with him."""

    code = "still_bound"
