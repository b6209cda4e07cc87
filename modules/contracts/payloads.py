"""An invoice to be as JSON and back, so that what was approved is exactly what is issued. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import fields
from decimal import Decimal
from typing import Any

from modules.accounting.drafts import DraftLine, InvoiceDraft

DATES = {"issue_date", "due_date", "second_due_date", "service_from", "service_to"}
NUMBERS = {"exchange_rate", "second_due_total", "quantity", "unit_price", "discount"}


def as_json(draft: InvoiceDraft) -> dict[str, Any]:
    """Decimals and dates as text; empty values left out."""
    values = {field.name: getattr(draft, field.name) for field in fields(draft) if field.name != "lines"}
    return _plain(values) | {"lines": [_plain({f.name: getattr(line, f.name) for f in fields(line)})
                                       for line in draft.lines]}


def from_json(data: Mapping[str, Any]) -> InvoiceDraft:
    """The draft that was stored."""
    lines = tuple(DraftLine(**_read(line)) for line in data["lines"])
    return InvoiceDraft(lines=lines, **_read({key: value for key, value in data.items() if key != "lines"}))


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _text(value) for name, value in values.items() if value is not None}


def _text(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, dt.date):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


def _read(values: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in values.items():
        if name in DATES:
            value = dt.date.fromisoformat(value)
        elif name in NUMBERS:
            value = Decimal(value)
        elif name in {"taxes", "document_taxes"}:
            value = tuple(value)
        found[name] = value
    return found
