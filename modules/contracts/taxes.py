"""The taxes that a plan or an extra may be offered with: those of a document's lines, and what follows the place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from modules.accounting.taxes import CATEGORIES, NAMES, RATES, Taxes, parse, value
from modules.accounting.taxes import choices as fixed
from modules.accounting.taxes import text as fixed_text
from modules.contracts.ports import place_taxes

__all__ = ["CATEGORIES", "NAMES", "RATES", "Taxes", "beside", "choices", "decided", "may_follow", "parse", "text",
           "value"]


def choices(country: str, present: Sequence[dict[str, Any]] | None = None) -> list[tuple[str, str]]:
    """(value, label) for a form: first what the country decides by the place, then the fixed ones."""
    rule = place_taxes.find(country)
    following = [(value(taxes), str(label)) for taxes, label in rule.choices] if rule else []
    known = None if rule and rule.follows(tuple(present or ())) else present
    return [*following, *fixed(country, known)]


def text(taxes: Sequence[dict[str, Any]], country: str = "") -> str:
    """Taxes in a few words."""
    rule = place_taxes.find(country) if country else None
    named = {value(known): str(label) for known, label in rule.choices} if rule else {}
    return named.get(value(taxes)) or fixed_text(taxes, country)


def may_follow(country: str) -> bool:
    """Whether a tax may follow the place of the service there."""
    return place_taxes.find(country) is not None


def decided(country: str, bill: Any) -> str:
    """What of the place decided the taxes of a bill (drafting.Bill), in words; "" where nothing followed it."""
    rule = place_taxes.find(country)
    placed = next((part.placed for part in bill.parts if part.placed), "") if bill else ""
    return str(rule.groups[placed]) if rule and placed else ""


def beside(taxes: Sequence[dict[str, Any]], country: str) -> list[dict[str, Any]]:
    """What a one-off charge bears where the plan bears `taxes`: the same, unless those follow the place."""
    rule = place_taxes.find(country)
    return rule.usual(tuple(taxes)) if rule and rule.follows(tuple(taxes)) else list(taxes)
