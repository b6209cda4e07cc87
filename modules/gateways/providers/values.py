"""What answers of gateways are made of, taken without trust: numbers, texts, objects, moments. Pure."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

CENT = Decimal("0.01")
LARGEST = Decimal("1E+15")


def money(value: Any) -> Decimal | None:
    """A number of their JSON (int or Decimal), to the cent; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    found = Decimal(value)
    if not found.is_finite() or abs(found) >= LARGEST:
        return None
    return found.quantize(CENT, rounding=ROUND_HALF_UP)


def amount(value: Any) -> Decimal | None:
    """An amount that is a number, or a text with at most two decimals ("449.50"); None for anything else."""
    if isinstance(value, str):
        value = Decimal(value) if re.fullmatch(r"[0-9]{1,15}(\.[0-9]{1,2})?", value) else None
    found = money(value)
    return found if found is not None and found == value else None


def text(value: Any) -> str:
    """A text or a whole number as text, "" for anything else."""
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def mapping(value: Any) -> Mapping[str, Any]:
    """An object, an empty one for anything else."""
    return value if isinstance(value, Mapping) else {}


def objects(value: Any) -> list[Mapping[str, Any]]:
    """The objects of a list, [] for anything else."""
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def plain(value: Any) -> Any:
    """Decimals as texts, so that any JSON column holds them."""
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return str(value) if isinstance(value, Decimal) else value


def kept(found: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """These of its fields, for storing."""
    return {name: plain(found[name]) for name in names if name in found}


def milliseconds(value: Any) -> dt.datetime | None:
    """A moment in milliseconds since 1970; None for anything else."""
    number = money(value)
    good = number is not None and 0 < number < 10**14
    return dt.datetime.fromtimestamp(int(number) / 1000, dt.UTC) if good and number is not None else None


def body(content: str) -> dict[str, Any]:
    """The JSON object of a request, its numbers without loss; an empty one for anything else."""
    try:
        found = json.loads(content, parse_float=Decimal)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
