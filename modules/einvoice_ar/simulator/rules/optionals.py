"""Optional data and activities: which ids exist, for which types, with a value, once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from modules.einvoice_ar.simulator.detail import Context
from modules.einvoice_ar.simulator.tables import OPTIONALS

CREDIT_INVOICES = {"2101", "2102", "22", "27"}
MAY_REPEAT = {"1801", "1802", "2901", "2902"}
# one resolution each; ids of two of them do not go together
RESOLUTIONS = ({"2"}, {"5", "61", "62", "7"}, {"10", "1011", "1012"}, {"11"}, {"12"}, {"13", "14", "15"},
               {"17", "1801", "1802"}, {"91", "92", "93"})
# internet access and the rest of telecommunications (CLAE); others are not of our issuers
ACTIVITIES = {611010, 611090, 612000, 613000, 614010, 614090, 619000}


def check(document: dict[str, Any], context: Context) -> Iterator[int]:
    """Opcionales and Actividades."""
    for one in document["Actividades"] or ():
        if one["Id"] not in ACTIVITIES:
            yield 10223 if 10000 <= one["Id"] <= 999999 else 10220
    found = document["Opcionales"]
    if found is None:
        return
    if not found:
        yield 10052
    ids = [one["Id"] or "" for one in found]
    if any(one not in OPTIONALS for one in ids):
        yield 10053
    if any(ids.count(one) > 1 and one not in MAY_REPEAT for one in ids):
        yield 10054
    if any(not one["Valor"] for one in found):
        yield 10055
    if sum(bool(group & set(ids)) for group in RESOLUTIONS) > 1:
        yield 10112
    if not context.kind.fce and set(ids) & CREDIT_INVOICES:
        yield 10169
    elif any(not _admitted(one, context) for one in ids if one in OPTIONALS):
        yield 10068


def _admitted(one: str, context: Context) -> bool:
    """Does this type of document take this id? The list says it in words."""
    use = OPTIONALS[one]
    if one in CREDIT_INVOICES:
        return context.kind.fce
    if use == "clase A":
        return context.is_a
    if use == "B y C":
        return context.group in {"B", "C"}
    if use == "49" or "," in use:
        return str(context.kind.id) in use.split(",")
    return True
