"""What the tests of files share: reading them as an import does, on a day when they are not in the future."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

from core import clock
from modules.gateways import ports, providers
from modules.gateways.access import Access
from modules.gateways.errors import BadFile
from modules.gateways.shapes import Control, Problem, Reading

assert providers  # what fills the ports
DAY = dt.datetime(2026, 11, 28, 15, 0, tzinfo=dt.UTC)


def read(provider: str, content: bytes, settings: dict[str, Any] | None = None,
         zone: str = "America/Bogota") -> tuple[list[Reading], list[Problem], Control]:
    """(payments, problems, control); BadFile where the file is refused."""
    access = Access(provider, settings or {}, zone=zone)
    with clock.freeze(DAY):
        found = list(ports.payment_files.get(provider).read(io.BytesIO(content), access))
    assert isinstance(found[-1], Control) and not any(isinstance(one, Control) for one in found[:-1])
    return ([one for one in found if isinstance(one, Reading)], [one for one in found if isinstance(one, Problem)],
            found[-1])


def refusal(provider: str, content: bytes, settings: dict[str, Any] | None = None) -> BadFile | None:
    """Why it is refused; None where it is not. Anything else than BadFile is a fault of ours."""
    try:
        read(provider, content, settings)
    except BadFile as error:
        return error
    return None


def write(provider: str, settings: dict[str, Any], debts: list[Any], made: Any) -> bytes:
    """The debt file of a provider."""
    file = io.BytesIO()
    ports.debt_files.get(provider).write(file, Access(provider, settings), debts, made)
    return file.getvalue()
