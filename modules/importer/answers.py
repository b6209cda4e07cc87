"""What no file can tell: are prices with tax, is the day first. Found out where it shows, else asked once. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from core.errors import DomainError
from core.i18n import _
from modules.importer import cells, columns
from modules.importer.cells import Cell, CellError
from modules.importer.reader import Sheet
from modules.importer.rows import Answers

CHOICES = {"prices": ("gross", "net"), "dates": ("day_first", "month_first"), "decimals": (",", ".")}


@dataclass(frozen=True)
class Setup:
    """How a file is to be understood: the field of each column, the answers, and what was only assumed."""

    fields: list[str]
    answers: Answers
    # {"prices": "gross", ...}: what is taken because nobody said otherwise
    assumed: dict[str, str]

    def said(self) -> dict[str, str]:
        """The answers in the words in which they are given: {"prices", "dates", "decimals"}."""
        return {"prices": self.answers.prices, "decimals": self.answers.decimal_mark,
                "dates": "day_first" if self.answers.day_first else "month_first"}


def prepare(sheet: Sheet, country: str, today: dt.date, given: Mapping[str, Any]) -> Setup:
    """Combine what is given (by a person, or remembered) with what the file shows and the country's habits.

    `given` may have "columns" {label: field}, "prices", "dates" and "decimals".
    """
    _check(given)
    fields = columns.apply(sheet.labels, given.get("columns") or {})
    if "name" not in fields:
        raise DomainError(_("To import this you must say which column is the name; the columns are: %(known)s.",
                            known=_known(sheet)), field="columns")
    money = chain(*(_column(sheet, fields, wanted) for wanted in ("price", "balance", "credit")))
    decimals = given.get("decimals") or cells.decimal_mark_of(money, country)
    order = cells.date_order(_column(sheet, fields, "started_on"))
    assumed: dict[str, str] = {}
    prices = given.get("prices") or _prices(_column(sheet, fields, "price"), decimals, assumed)
    dates = given.get("dates") or ("month_first" if order.day_first is False else "day_first")
    if not given.get("dates") and order.day_first is None and order.ambiguous:
        assumed["dates"] = dates
    return Setup(fields, Answers(country, today, decimals, dates == "day_first", prices), assumed)


def check_headings(sheet: Sheet, wanted: Iterable[str]) -> None:
    """Refuse a mapping that names a column which the file does not have."""
    known = {columns.fold(label) for label in sheet.labels}
    missing = [heading for heading in wanted if columns.fold(heading) not in known]
    if missing:
        raise DomainError(_("To import this you must name columns that the file has: %(known)s. There is no %(bad)s.",
                            known=_known(sheet), bad=", ".join(missing)), field="columns")


def _known(sheet: Sheet) -> str:
    return ", ".join(label for label in sheet.labels if label)


def _check(given: Mapping[str, Any]) -> None:
    for name, choices in CHOICES.items():
        if given.get(name) and given[name] not in choices:
            raise DomainError(_("To import this you must give %(name)s as one of: %(known)s.", name=name,
                                known=" ".join(choices)), field=name)
    unknown = set((given.get("columns") or {}).values()) - {"", *columns.FIELDS}
    if unknown:
        raise DomainError(_("To import this you must map columns to these fields only: %(known)s. Unknown: %(bad)s.",
                            known=", ".join(columns.FIELDS), bad=", ".join(sorted(unknown))), field="columns")


def _column(sheet: Sheet, fields: Sequence[str], wanted: str) -> Iterator[Cell]:
    places = [index for index, field in enumerate(fields) if field == wanted]
    return (row.cell(index) for row in sheet.rows for index in places) if places else iter(())


def _prices(column: Iterable[Cell], decimals: str, assumed: dict[str, str]) -> str:
    """Where some prices say "+ IVA" the others have it in them, and the other way round; else it is assumed."""
    marks = set()
    for cell in column:
        try:
            money = cells.amount(cell, decimals)
        except CellError:
            continue
        if money:
            marks.add(money.tax)
    if marks <= {"net", "gross"}:
        return "gross"
    if "net" in marks or "gross" in marks:
        return "gross" if "net" in marks else "net"
    assumed["prices"] = "gross"
    return "gross"


def questions(assumed: Mapping[str, str]) -> dict[str, str]:
    """What was assumed, as sentences that say how to change it."""
    texts = {
        "prices": _("Prices were taken with tax included; if they are without, choose so (--prices net)."),
        "dates": _("Dates like 03/02/2021 were read with the day first; if it is the month, choose so "
                   "(--dates month_first)."),
    }
    return {name: texts[name] for name in assumed}
