"""What is made up, per country: company, zones, plans, names. Read from data/*.json. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from core.errors import DomainError
from core.i18n import _

DATA = Path(__file__).parent / "data"
COUNTRIES = ("AR", "EC", "CO", "MX", "PE")


@dataclass(frozen=True)
class Facts:
    """The made-up provider of a country."""

    country: str
    company: Mapping[str, str]
    vat: str
    zones: tuple[Mapping[str, Any], ...]
    plans: tuple[Mapping[str, Any], ...]
    # a plan that nobody gave a price: its contracts cannot be billed
    unpriced: Mapping[str, Any]
    streets: tuple[str, ...]
    items: tuple[Mapping[str, str], ...]
    charges: tuple[Mapping[str, Any], ...]
    business_form: tuple[str, ...]
    # numbers that belong to nobody, with a place for four digits
    phone: str
    latitude: str
    longitude: str
    bank: str
    text: str
    # what the set-up of electronic invoices asks for, by input; simulators whose clocks are held in the past
    authority: Mapping[str, str]
    simulators: tuple[str, ...]
    # the smallest and the largest debt that somebody brings along
    debt: tuple[str, str]

    @property
    def taxes(self) -> list[dict[str, str]]:
        return [{"code": "VAT", "rate": self.vat}]


@lru_cache(maxsize=8)
def of(country: str) -> Facts:
    """The facts of a country; DomainError where none are made up."""
    if country not in COUNTRIES:
        raise DomainError(_("To load the demonstration you must choose among these countries: %(known)s.",
                            known=", ".join(COUNTRIES)), field="countries")
    values = json.loads((DATA / f"{country.lower()}.json").read_text(encoding="utf-8"))
    known: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
    return Facts(country=country, **known)


@lru_cache(maxsize=1)
def names() -> Mapping[str, list[str]]:
    """First and last names, trades and their names: common to all countries."""
    found: dict[str, list[str]] = json.loads((DATA / "people.json").read_text(encoding="utf-8"))
    return found
