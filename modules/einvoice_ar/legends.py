"""The legends that the law wants on a document, as texts (RG 1415 annex II, RG 5614, RG 5003). Pure.

The fixed words are the law's and are not translated.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from babel.numbers import format_decimal

from modules.einvoice_ar import print as printed
from modules.einvoice_ar.catalogs import CONDITIONS, NOBODY, PESOS

# receivers of a B who cannot deduct the tax
CONSUMERS = frozenset(CONDITIONS[code] for code in printed.CONSUMERS)
MONOTRIBUTO = frozenset((CONDITIONS["MO"], CONDITIONS["MS"], CONDITIONS["MP"]))


@dataclass(frozen=True)
class LegendFacts:
    """What decides the legends: `group` is the class (A, ALEY, B, C), `currency` the ISO code."""

    group: str
    condition: int | None
    receiver_kind: int
    vat: Decimal
    internal_taxes: Decimal
    total: Decimal
    currency: str
    arca_currency: str
    rate: Decimal


def legends(facts: LegendFacts) -> tuple[str, ...]:
    """The document's legends, in the order in which they are printed."""
    found: list[str] = []
    if facts.group == "B" and facts.condition in CONSUMERS:
        found += [printed.TRANSPARENCY, f"IVA Contenido: {_money(facts.vat, facts.currency)}",
                  f"Otros Impuestos Nacionales Indirectos: {_money(facts.internal_taxes, facts.currency)}"]
    if facts.group in ("A", "ALEY") and facts.condition in MONOTRIBUTO:
        found.append(printed.TO_MONOTRIBUTO)
    if facts.group == "ALEY":
        found.append(printed.WITHHOLDING)
    if facts.condition == CONDITIONS["CF"] and facts.receiver_kind == NOBODY:
        found.append("A CONSUMIDOR FINAL")
    if facts.arca_currency != PESOS:
        pesos = (facts.total * facts.rate).quantize(Decimal("0.01"))
        found.append(f"Tipo de cambio: {facts.rate.normalize():f}. Total en pesos: {_money(pesos, 'ARS')}")
    return tuple(found)


def _money(value: Decimal, currency: str) -> str:
    sign = "$" if currency == "ARS" else currency
    return f"{sign} {format_decimal(value, '#,##0.00', locale='es_AR')}"
