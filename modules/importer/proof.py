"""The closing proof: what the file holds, what was loaded, what was refused; the difference must be zero. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from modules.importer.rows import Record

ZERO = Decimal("0.00")


@dataclass(frozen=True)
class Totals:
    """Four figures of a set of rows or of what stands in the books."""

    customers: int = 0
    contracts: int = 0
    debt: Decimal = ZERO
    credit: Decimal = ZERO

    def plus(self, other: Totals) -> Totals:
        return Totals(self.customers + other.customers, self.contracts + other.contracts, self.debt + other.debt,
                      self.credit + other.credit)

    def minus(self, other: Totals) -> Totals:
        return Totals(self.customers - other.customers, self.contracts - other.contracts, self.debt - other.debt,
                      self.credit - other.credit)


def of_row(record: Record) -> Totals:
    """What a row adds; people are counted apart, since several rows may be of one."""
    return Totals(0, int(record.service is not None), max(record.balance, ZERO), max(-record.balance, ZERO))


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
