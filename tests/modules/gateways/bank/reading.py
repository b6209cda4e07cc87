"""What the tests of bank statements share."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

from core import clock
from modules.gateways import ports, providers
from modules.gateways.access import Access
from modules.gateways.errors import BadFile
from modules.gateways.ports import BankLine
from modules.gateways.shapes import Control, Problem

assert providers  # what fills the ports
DAY = dt.datetime(2026, 11, 28, 15, 0, tzinfo=dt.UTC)


def read(content: bytes | str, **settings: Any) -> tuple[list[BankLine], list[Problem], Control]:
    """(movements, problems, control); BadFile where the file is refused."""
    content = content.encode() if isinstance(content, str) else content
    access = Access("bank", settings, currency="COP")
    with clock.freeze(DAY):
        found = list(ports.bank_statements.get("bank").read(io.BytesIO(content), access))
    assert isinstance(found[-1], Control) and not any(isinstance(one, Control) for one in found[:-1])
    return ([one for one in found if isinstance(one, BankLine)], [one for one in found if isinstance(one, Problem)],
            found[-1])


def refusal(content: bytes | str, **settings: Any) -> BadFile | None:
    """Why it is refused; None where it is not."""
    try:
        read(content, **settings)
    except BadFile as error:
        return error
    return None
