"""Payments typed in a form of many rows: understood as the lines of a file, so that there is one way into the books."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from core.db import db
from core.errors import DomainError
from core.i18n import _
from modules.accounting import queries
from modules.crm import finding
from modules.crm.models import Customer
from modules.importer import payment_files, payment_lines

FIELDS = ("who", "amount", "method", "reference")
# rows of an empty form, how many more are given at a time, and how many there may be
ROWS, MOST = 10, 200
# what stands between the code of a customer who was suggested and his name
MARK = " · "
SUGGESTED = 8


@dataclass
class TypedRow:
    """A row as it was typed; `problem` says why it cannot be a payment."""

    who: str = ""
    amount: str = ""
    method: str = ""
    reference: str = ""
    problem: str = ""

    def is_empty(self) -> bool:
        """Whether nothing was typed that says of a payment: a method alone says nothing."""
        return not (self.who or self.amount or self.reference)


def rows_of(form: Any) -> list[TypedRow]:
    """The rows as they were typed, the empty ones too; `form` gives the list of each field's values."""
    columns = [[one.strip() for one in form.getlist(name)][:MOST] for name in FIELDS]
    return [TypedRow(*values) for values in zip(*columns, strict=False)]


def with_empty(rows: Sequence[TypedRow], more: int = 0) -> list[TypedRow]:
    """These rows and so many empty ones behind them, never fewer in all than an empty form has."""
    count = min(max(len(rows) + more, ROWS), MOST)
    return [*rows, *(TypedRow() for _number in range(count - len(rows)))]


def suggestions(text: str) -> list[dict[str, str]]:
    """Whom the text may mean: {"id", "label"} with code, name and what he owes; the label is what the field takes."""
    from core.templating import amount

    found = finding.people(text, SUGGESTED) if text else []
    owed = queries.balances([one.id for one in found]) if found else {}
    return [{"id": str(one.id), "label": MARK.join((one.code, one.name, *(
        [_("owes %(amount)s", amount=amount(owed[one.id]))] if owed.get(one.id, 0) > 0 else ())))} for one in found]


def as_file(rows: Sequence[TypedRow], day: dt.date) -> bytes:
    """A file of payments with these rows, all of that day: row n is line n + 2."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\n")
    writer.writerow(payment_lines.PASTED)
    for row in rows:
        writer.writerow((_code(row.who), day.isoformat(), row.amount, row.method, row.reference))
    return out.getvalue().encode()


def check(rows: Sequence[TypedRow], day: dt.date, given: Mapping[str, Any]) -> bytes:
    """The file of these rows. DomainError where nothing was typed or a row cannot be a payment; it then says why."""
    if not rows:
        raise DomainError(_("To record payments you must fill in at least one row."))
    data = as_file(rows, day)
    verdicts = payment_files.verdicts(data, given)
    for number, row in enumerate(rows):
        row.problem = verdicts.get(number + 2, _("The customer is missing: write the code or the document."))
    if any(row.problem for row in rows):
        raise DomainError(_("Nothing was recorded: correct the rows that say why."))
    return data


def _code(typed: str) -> str:
    """The code of who was suggested, or the only one with this name; else as it was typed, which the books judge."""
    code = typed.split(MARK)[0].strip()
    if not code or any(letter.isdigit() for letter in code):
        return code
    if db.session.scalar(sa.select(Customer.id).where(Customer.code == code)) is not None:
        return code
    named = finding.written(code, 2)
    return named[0].code if len(named) == 1 else code
