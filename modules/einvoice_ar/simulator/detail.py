"""One document under examination: what was sent, and what the rules need to know around it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from modules.einvoice_ar.simulator.register import Point, Taxpayer
from modules.einvoice_ar.simulator.settings import Config
from modules.einvoice_ar.simulator.tables import Kind

CENT = Decimal("0.01")
# invoices, debit and credit notes that the amounts' rules treat more gently
RELAXED = frozenset({2, 3, 7, 8, 52, 53})


@dataclass(frozen=True)
class Context:
    """What stays the same for all documents of a request."""

    cuit: str
    kind: Kind
    issuer: Taxpayer | None
    point: Point
    config: Config
    today: dt.date
    find: Callable[[str], Taxpayer | None]
    # (cuit, point, kind, number) → the registered document's row, or None
    registered: Callable[[str, int, int, int], Any]
    # (cuit, point) → is it a point of sale of electronic documents?
    electronic: Callable[[str, int], bool]

    @property
    def group(self) -> str:
        return self.kind.group

    @property
    def is_a(self) -> bool:
        return self.kind.group in {"A", "ALEY"}

    @property
    def is_c(self) -> bool:
        return self.kind.group == "C"


def day(text: str | None) -> dt.date | None:
    """A date written yyyymmdd, None for anything else."""
    if text is None or len(text) != 8 or not text.isdecimal():
        return None
    try:
        return dt.date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None


def issue_date(document: dict[str, Any], context: Context) -> dt.date | None:
    """The document's date; the processing date where none was sent, None where it is no date."""
    return day(document["CbteFch"]) if document["CbteFch"] else context.today


def close(given: Decimal, computed: Decimal, count: int = 1) -> bool:
    """ARCA's tolerance: 0.01 % of the right value, or a cent per entry."""
    difference = abs(given - computed)
    return difference <= CENT * count or difference * 10000 <= abs(computed)


def in_pesos(document: dict[str, Any]) -> Decimal:
    """The total in pesos by the document's own rate."""
    total: Decimal = document["ImpTotal"]
    return total if document["MonId"] == "PES" else total * (document["MonCotiz"] or 1)
