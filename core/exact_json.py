"""JSON whose amounts are numbers to the other side and Decimals to us: never a float in between. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any


def as_json(value: Any) -> str:
    """The very text that is sent."""
    if isinstance(value, Mapping):
        inside = ",".join(f"{json.dumps(str(name))}:{as_json(one)}" for name, one in value.items())
        return "{" + inside + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(as_json(one) for one in value) + "]"
    if isinstance(value, Decimal):
        return number(value)
    return json.dumps(value, ensure_ascii=False)


def number(value: Decimal) -> str:
    """The shortest writing without an exponent: 100000, 84033.61."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def read(content: bytes | str) -> Any:
    """An answer, its numbers as Decimals and ints. ValueError where it is no JSON."""
    return json.loads(content, parse_float=Decimal)
