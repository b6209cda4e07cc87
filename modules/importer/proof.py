"""The closing proof: what the file holds, what was loaded, what was refused; the difference must be zero. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from modules.crm import names
from modules.importer.arranging import ZERO, Arrangement, place, telling
from modules.importer.rows import Record


@dataclass(frozen=True)
class Totals:
    """Four figures of a set of rows or of what stands in the books."""

    customers: int = 0
    contracts: int = 0
    debt: Decimal = ZERO
    credit: Decimal = ZERO

    def minus(self, other: Totals) -> Totals:
        return Totals(self.customers - other.customers, self.contracts - other.contracts, self.debt - other.debt,
                      self.credit - other.credit)


@dataclass(frozen=True)
class Proof:
    """File = loaded + refused, for each figure."""

    file: Totals
    loaded: Totals
    refused: Totals

    @property
    def difference(self) -> Totals:
        """What is neither loaded nor refused; all zero where the proof holds."""
        rest = self.file.minus(self.loaded)
        return rest.minus(self.refused)

    @property
    def ok(self) -> bool:
        return self.difference == Totals()

    def as_json(self) -> dict[str, Any]:
        """{"ok", "customers": {"file", "loaded", "refused", "difference"}, "contracts", "debt", "credit"}"""
        parts = {"file": self.file, "loaded": self.loaded, "refused": self.refused, "difference": self.difference}
        return {"ok": self.ok} | {
            figure: {part: _plain(getattr(totals, figure)) for part, totals in parts.items()}
            for figure in ("customers", "contracts", "debt", "credit")}


def _plain(value: int | Decimal) -> int | str:
    return value if isinstance(value, int) else f"{value:.2f}"


def of_file(arrangement: Arrangement) -> Totals:
    """Everything that stands in the file; contracts and balances are counted row by row."""
    return _totals(arrangement.records, len(arrangement.customers) + len(_strangers(arrangement)))


def of_refused(arrangement: Arrangement) -> Totals:
    """The rows that are not loaded; a customer of whom another row is loaded counts as loaded."""
    return _totals(arrangement.refused, len(_strangers(arrangement)))


def to_load(arrangement: Arrangement) -> Totals:
    """What is to be loaded, counted over the customers made of the rows."""
    balances = [record.balance for customer in arrangement.customers for record in customer.records]
    return Totals(len(arrangement.customers), sum(len(customer.services) for customer in arrangement.customers),
                  sum((b for b in balances if b > 0), ZERO), sum((-b for b in balances if b < 0), ZERO))


def _totals(records: Iterable[Record], people: int) -> Totals:
    rows = list(records)
    return Totals(people, sum(record.service is not None for record in rows),
                  sum((r.balance for r in rows if r.balance > 0), ZERO),
                  sum((-r.balance for r in rows if r.balance < 0), ZERO))


def _strangers(arrangement: Arrangement) -> set[int]:
    """People of whom no row is loaded, each named by the line where he first occurs."""
    known = {mark: 0 for customer in arrangement.customers for record in customer.records for mark in _marks(record)}
    found: set[int] = set()
    for record in arrangement.refused:
        marks = _marks(record)
        person = next((known[mark] for mark in marks if mark in known), record.line)
        known.update({mark: person for mark in marks if mark not in known})
        if person:
            found.add(person)
    return found


def _marks(record: Record) -> list[str]:
    """By what a person is told apart, the surest first."""
    data = record.customer
    if data is None:
        return []
    marks = [f"code:{names.fold(data.code)}"] if data.code else []
    marks += [f"tax:{data.tax_id}"] if telling(data.tax_id) else []
    return marks or [f"name:{names.fold(data.name)}@{place(record.address)}"]
