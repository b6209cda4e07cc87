"""Requests for issued invoices, by the same mapping as previews. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from modules.einvoice.case import Case
from modules.einvoice.preview import ERROR, Problem
from modules.einvoice_ar.mapping import map_document

# what the sequence gives when it numbers the document
NUMBERED = ("CbteDesde", "CbteHasta")
_CUSTOMER = "customer."


def map_case(case: Case, thresholds: Mapping[str, Decimal] | None = None,
             ) -> tuple[str, dict[str, Any], list[dict[str, str]]]:
    """ARCA's type, the request without number, and the problems ({"code", "message", "field"}).

    A problem's code is ARCA's where it has one, and its field the customer's to mend, or "".
    """
    mapped = map_document(case, thresholds)
    request = {name: value for name, value in mapped.detail.items() if name not in NUMBERED}
    return str(mapped.kind.id), request, [_told(one) for one in mapped.problems if one.severity == ERROR]


def _told(problem: Problem) -> dict[str, str]:
    return {"code": problem.authority_code or problem.code, "message": problem.message,
            "field": _field(problem.field)}


def _field(path: str) -> str:
    return path.removeprefix(_CUSTOMER) if path.startswith(_CUSTOMER) else ""
