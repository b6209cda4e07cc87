"""What would be sent for a case, and what is wrong with it. Pure: no database, no network."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from modules.accounting.totals import TaxTotal, Totals

ERROR, WARNING = "error", "warning"


@dataclass(frozen=True)
class Problem:
    """What the authority would refuse (`authority_code`), or only remark on (severity warning)."""

    code: str
    field: str
    message: str
    authority_code: str = ""
    severity: str = ERROR


@dataclass(frozen=True)
class Certificate:
    """The issuer's PKCS#12 file and its password, for countries that sign the document itself."""

    data: bytes
    password: str = field(default="", repr=False)


@dataclass(frozen=True)
class Printed:
    """What the authority wants on the printed document."""

    qr: str = ""
    barcode: str = ""
    access_key: str = ""
    amount_in_words: str = ""
    legends: tuple[str, ...] = ()


@dataclass(frozen=True)
class Preview:
    """The document as it would be sent."""

    problems: tuple[Problem, ...]
    legal_kind: str
    series: str
    number: int | None
    totals: Totals
    payload_format: str
    payload: Any
    printed: Printed

    @property
    def valid(self) -> bool:
        """Whether nothing would be refused."""
        return not any(problem.severity == ERROR for problem in self.problems)


def result(preview: Preview) -> dict[str, Any]:
    """The result as `abona einvoice preview --json` prints it (docs: commands)."""
    printed = preview.printed
    return {
        "valid": preview.valid,
        "problems": [{"code": one.code, "field": one.field, "message": one.message,
                      "authority_code": one.authority_code, "severity": one.severity} for one in preview.problems],
        "legal_kind": preview.legal_kind, "series": preview.series, "number": preview.number,
        "totals": totals_json(preview.totals), "payload_format": preview.payload_format, "payload": preview.payload,
        "print": {"qr": printed.qr, "barcode": printed.barcode, "access_key": printed.access_key,
                  "amount_in_words": printed.amount_in_words, "legends": list(printed.legends)}}


def totals_json(totals: Totals) -> dict[str, Any]:
    """Totals with amounts as texts of two decimals."""
    return {
        "net": amount(totals.net), "untaxed": amount(totals.untaxed), "exempt": amount(totals.exempt),
        "discount": amount(totals.discount), "taxes": [_tax(tax) for tax in totals.taxes],
        "withheld": amount(totals.withheld), "total": amount(totals.total),
        "lines": [{"net": amount(line.net), "taxes": [
            {"code": tax.code, "rate": rate(tax.rate), "amount": amount(part)} | ({"withheld": True} if tax.withheld
                                                                                 else {})
            for tax, part in line.taxes if tax.rate is not None], "total": amount(line.total)}
            for line in totals.lines]}


def _tax(tax: TaxTotal) -> dict[str, Any]:
    found: dict[str, Any] = {"code": tax.code, "rate": rate(tax.rate), "base": amount(tax.base),
                             "amount": amount(tax.amount)}
    if tax.withheld:
        found["withheld"] = True
    if tax.of_document:
        found |= {name: value for name, value in (("jurisdiction", tax.jurisdiction),
                                                  ("description", tax.description)) if value}
    return found


def amount(value: Decimal) -> str:
    """An amount as text: 12100.00"""
    return f"{value:.2f}"


def rate(value: Decimal | None) -> str | None:
    """A rate as people write it: 21, 10.5."""
    return None if value is None else f"{value.normalize():f}"


def ordered(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """The problems without repetitions, what would be refused first."""
    return tuple(sorted(dict.fromkeys(problems), key=lambda problem: problem.severity != ERROR))
