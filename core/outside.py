"""Outside services of a company: each is in rehearsal or in production, and changes sides by one guarded step."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from core.errors import DomainError
from core.i18n import _
from core.registry import Registry
from core.scope import current_company


@dataclass(frozen=True)
class Standing:
    """Where one service of the company in scope stands, in words for people."""

    title: Any
    # True where what is done reaches the outside for real
    live: bool
    # what happens now with what is sent there
    text: str
    # the page with the guarded step to the other side, and the permission that opens it
    url: str
    permission: str


# by the service's name; None where the company in scope has no such service. Each reads at most a few rows
services: Registry[Callable[[], Standing | None]] = Registry("outside_services")


def standings() -> list[Standing]:
    """Every service of the company in scope."""
    return [found for _key, ask in services.items() if (found := ask()) is not None]


def confirm(typed: str) -> None:
    """Refuse where the company's tax number was not typed: the guard of each step into production."""
    company = current_company()
    if re.sub(r"[\s.\-/]", "", typed or "").upper() != company.tax_id.upper():
        raise DomainError(_("To leave the rehearsal you must type the tax number of %(company)s; found: %(found)s.",
                            company=company.name, found=(typed or "").strip()[:40] or "-"), field="confirm")
