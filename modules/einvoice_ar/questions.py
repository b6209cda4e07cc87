"""Questions to ARCA that change nothing: put again where it is worth while, with a new ticket where one ended."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from core.errors import Unavailable
from modules.einvoice_ar import access, wsaa
from modules.einvoice_ar.client import Wsfe
from modules.einvoice_ar.errors import TicketRefused

TIMES = 3


def ask(environment: str, question: Callable[[Wsfe], Any], times: int = TIMES) -> Any:
    """The answer to a question. Commits where it needs a ticket; call it with no transaction open.

    One that failed is put again at once, a few times, unless ARCA or WSAA wants to be left in peace. A ticket that is
    refused is thrown away and replaced once.
    """
    renewed = False
    for attempt in range(1, times + 1):
        try:
            return question(access.connect(environment))
        except TicketRefused as refusal:
            wsaa.forget(refusal.ticket_id)
            if renewed or attempt == times:
                raise
            renewed = True
        except Unavailable as error:
            if attempt == times or (error.retry_after or 0) > 1:
                raise
    raise AssertionError("unreachable")
