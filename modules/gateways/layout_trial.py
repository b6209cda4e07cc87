"""Trying a layout before it is saved: a sample file read by it, or sample debts written. Nothing is kept. Pure."""

from __future__ import annotations

import datetime as dt
import io
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from core.errors import DomainError
from modules.gateways import layout_payments, layout_writer, layouts
from modules.gateways.access import Access
from modules.gateways.shapes import Control, Debt, Due, Made, Problem, Reading

# lines that the screen shows
SHOWN = 20


@dataclass
class Trial:
    """What came of it: the first payments or the text of the file, or in `error` what is wrong, and where."""

    payments: list[Reading] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    control: Control | None = None
    text: str = ""
    error: str = ""
    line: int | None = None


def read(layout: Any, sample: bytes, access: Access) -> Trial:
    """A sample payment file by a layout (JSON text or object)."""
    trial = Trial()
    try:
        for one in layout_payments.read(layouts.load(layout), io.BytesIO(sample), access):
            if isinstance(one, Control):
                trial.control = one
            elif isinstance(one, Problem):
                trial.problems.append(one)
            elif len(trial.payments) < SHOWN:
                trial.payments.append(one)
    except DomainError as error:
        return Trial(error=str(error), line=getattr(error, "line", None))
    return trial


def write(layout: Any, access: Access, day: dt.date, debts: list[Debt] | None = None) -> Trial:
    """The file that a layout makes of some debts, or of two made-up ones."""
    file = io.BytesIO()
    try:
        known = layouts.load(layout)
        control = layout_writer.write(known, file, access, debts or samples(access, day), Made(day))
    except DomainError as error:
        return Trial(error=str(error))
    return Trial(control=control, text=file.getvalue().decode(known.encoding))


def with_values(access: Access) -> Access:
    """The account as files of it are read: with the values that its layouts call `account.…`, one a line."""
    rows = access.get("values", ())
    given = (str(one).partition("=") for one in (rows.splitlines() if isinstance(rows, str) else rows))
    return replace(access, settings={**{name.strip(): value.strip() for name, sign, value in given if sign},
                                     **access.settings})


def samples(access: Access, day: dt.date) -> list[Debt]:
    """Two debts of nobody: a person's and a company's."""
    due = tuple(Due(day + dt.timedelta(days=days), amount)
                for days, amount in ((10, Decimal("89900.00")), (20, Decimal("92600.00"))))
    currency = access.currency or "COP"
    return [Debt("1045", "Ana Muñoz", "F0001-00000045", "Internet", currency, due[:1],
                 {"document_kind": "CC", "document": "1020304050", "first_name": "Ana", "first_surname": "Muñoz"}),
            Debt("1046", "Tienda Ejemplo S.A.S.", "F0001-00000046", "Internet", currency, due,
                 {"document_kind": "NIT", "document": "900123456-8"})]
