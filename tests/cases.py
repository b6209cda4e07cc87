"""Changes to a CASE.json, for tables of cases."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any


def changed(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A copy with changes; `customer__tax_id=…` changes inside an object."""
    made: dict[str, Any] = copy.deepcopy(dict(base))
    for name, value in changes.items():
        *outer, last = name.split("__")
        place = made
        for step in outer:
            place = place.setdefault(step, {})
        place[last] = value
    return made
