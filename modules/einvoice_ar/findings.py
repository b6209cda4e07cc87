"""What ARCA would refuse about a document, collected while it is mapped. Pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from modules.einvoice.case import Case
from modules.einvoice.preview import ERROR, WARNING, Problem
from modules.einvoice_ar.catalogs import DocumentKind, document_kinds

# amounts in force since 2026 (RG 5866/2026; FCE since 2026-04-14), where no dated setting says otherwise
THRESHOLDS = {"identify": Decimal("10000000.00"), "fce": Decimal("5549862.00")}
BUENOS_AIRES = dt.timezone(dt.timedelta(hours=-3))
# total of 13 whole digits, WSFEv1
LARGEST = Decimal(10) ** 13


@dataclass
class Draft:
    """The document while it is being mapped."""

    case: Case
    thresholds: dict[str, Decimal]
    # day of sending; None where only the document itself is looked at
    today: dt.date | None = None
    problems: list[Problem] = field(default_factory=list)
    kind: DocumentKind = field(default_factory=lambda: document_kinds()[6])
    # the receiver's condition as ARCA numbers it
    condition: int | None = None
    concept: int = 2

    @property
    def date(self) -> dt.date:
        """The document's date, in Buenos Aires."""
        return self.case.issued_at.astimezone(BUENOS_AIRES).date()

    @property
    def extra(self) -> Any:
        """What only Argentina has, under ARCA's names."""
        return self.case.extra

    def refuse(self, code: str, where: str, message: str, authority: int | None = None) -> None:
        """Note what would be refused; `authority` is ARCA's code of the rule."""
        self.problems.append(Problem(code, where, message, str(authority or ""), ERROR))

    def remark(self, code: str, where: str, message: str, authority: int | None = None) -> None:
        """Note what would pass with a remark."""
        self.problems.append(Problem(code, where, message, str(authority or ""), WARNING))


def day(date: dt.date) -> str:
    """yyyymmdd"""
    return date.strftime("%Y%m%d")


def money(value: Decimal) -> str:
    """An amount with two decimals, as text."""
    return f"{value:.2f}"


def whole(value: Any) -> int | None:
    """A whole number, also written as text; None where it is none."""
    text = str(value).strip()
    return int(text) if text.isdecimal() and not isinstance(value, bool) else None


def decimals(value: Decimal) -> int:
    """How many decimals a value has, trailing zeros apart."""
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
