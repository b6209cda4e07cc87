"""What networking refuses."""

from __future__ import annotations

from core.errors import DomainError


class WrongSetting(DomainError):
    """A setting of a router, connection or pool that cannot be; names the field."""

    code = "wrong_setting"


class Taken(DomainError):
    """Somebody else has it: the name, the address, the contract."""

    code = "taken"
