"""What SUNAT or Nubefact would refuse about a document, collected while it is mapped. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from typing import Any

from modules.einvoice.case import Case
from modules.einvoice.preview import ERROR, WARNING, Problem
from modules.einvoice_pe.catalogs import BOLETA, CREDITO, DEBITO, FACTURA, SOLES

LIMA = dt.timezone(dt.timedelta(hours=-5))
CENT = Decimal("0.01")
# Nubefact's code for "could not be done", with the reason in words
REFUSED = 21


@dataclass(frozen=True)
class Terms:
    """Amounts and rates that the law moves, in soles and percent (peru.md, 1.2 to 1.5)."""

    igv: Decimal = Decimal("18.00")
    # who buys for so much in a boleta is identified
    identify: Decimal = Decimal("700.00")
    # detracción: above this total; Nubefact's number of the service; rate; how it is paid (1: deposit)
    detraction_above: Decimal = Decimal("700.00")
    detraction_kind: int = 35
    detraction_rate: Decimal = Decimal("12")
    detraction_payment: int = 1
    # retención by customers that are agents: above this total
    retention_above: Decimal = Decimal("700.00")
    retention_rate: Decimal = Decimal("3")
    # fold negative lines into discounts: credits that the billing run put among the lines
    folds_credits: bool = False


@dataclass
class Draft:
    """The document while it is being mapped."""

    case: Case
    terms: Terms
    # day of sending, and how many days a document may lie behind it; None where only the document is looked at
    today: dt.date | None = None
    days_back: int = 0
    problems: list[Problem] = field(default_factory=list)
    # tipo_de_comprobante, and the type of the document that a note modifies
    kind: int = BOLETA
    modified: int = 0

    @property
    def date(self) -> dt.date:
        """The document's date, in Lima."""
        return self.case.issued_at.astimezone(LIMA).date()

    @cached_property
    def extra(self) -> Mapping[str, Any]:
        """What only Peru has, under Nubefact's names: of the document, else of its payment, else of its issuer."""
        return {**self.case.issuer.extra, **self.case.payment, **self.case.extra}

    @property
    def series(self) -> str:
        return self.case.issuer.series.upper()

    @property
    def is_note(self) -> bool:
        return self.kind in (CREDITO, DEBITO)

    @property
    def is_factura(self) -> bool:
        """A factura, or a note on one."""
        return (self.modified if self.is_note else self.kind) == FACTURA

    def in_soles(self, amount: Decimal) -> Decimal:
        """An amount of the document in soles, two decimals."""
        rate = self.case.exchange_rate if self.case.currency.upper() != SOLES else None
        return cents(amount * (rate or 1))

    def refuse(self, code: str, where: str, message: str, authority: int | str = REFUSED) -> None:
        """Note what would be refused; `authority` is SUNAT's code of the rule, or Nubefact's."""
        self.problems.append(Problem(code, where, message, str(authority), ERROR))

    def remark(self, code: str, where: str, message: str, authority: int | str) -> None:
        """Note what would pass with an observation."""
        self.problems.append(Problem(code, where, message, str(authority), WARNING))


def cents(value: Decimal) -> Decimal:
    """Half up to two decimals."""
    return value.quantize(CENT, ROUND_HALF_UP)


def day(date: dt.date | None) -> str:
    """DD-MM-YYYY; nothing of no date."""
    return date.strftime("%d-%m-%Y") if date else ""


def read_day(value: Any) -> dt.date | None:
    """A date as Nubefact writes it, or as ISO; None where it is neither."""
    text = str(value or "").strip()
    for form in ("%d-%m-%Y", "%Y-%m-%d"):
        try:
            return dt.datetime.strptime(text, form).date()
        except ValueError:
            continue
    return None


def money(value: Decimal) -> str:
    """An amount with two decimals, as text."""
    return f"{value:.2f}"


def amount_or_nothing(value: Decimal) -> str:
    """An amount; "" for zero, which Nubefact takes as absent."""
    return money(value) if value else ""


def plain(value: Decimal) -> str:
    """A number of up to ten decimals without superfluous zeros."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def decimals(value: Decimal) -> int:
    """How many decimals a value has, trailing zeros apart."""
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def whole(value: Any) -> int | None:
    """A whole number, also written as text; None where it is none."""
    text = str(value).strip()
    return int(text) if text.isdecimal() and not isinstance(value, bool) else None


def number(value: Any) -> Decimal | None:
    """A number as text, int or Decimal; None where it is none."""
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
        return None
    text = str(value).strip()
    return Decimal(text) if text.lstrip("-").replace(".", "", 1).isdecimal() else None


def yes(value: Any) -> bool | None:
    """A truth as JSON or as text; None where nothing is said."""
    if value is None or value == "":
        return None
    return value is True or str(value).strip().lower() == "true"


def clean(text: str) -> str:
    """Without double quotes, tabs and line breaks, which Nubefact does not take."""
    return " ".join(text.replace('"', "").split())
