"""The legends that the law wants on a document, as texts (RG 1415 annex II, RG 5614, RG 5003). Pure.

The fixed words are the law's and are not translated.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from core.i18n import format_number
from modules.accounting.print_data import Note
from modules.einvoice_ar.catalogs import CONDITIONS, NOBODY, PESOS

# RG 5614: title and both lines, always, for who cannot deduct the tax
TRANSPARENCY = "Régimen de Transparencia Fiscal al Consumidor (Ley 27.743)"
TO_MONOTRIBUTO = ("El crédito fiscal discriminado en el presente comprobante, sólo podrá ser computado a efectos del "
                  "Régimen de Sostenimiento e Inclusión Fiscal para Pequeños Contribuyentes de la Ley Nº 27.618")
WITHHOLDING = "OPERACIÓN SUJETA A RETENCIÓN"
# receivers of a B who cannot deduct the tax
CONSUMERS = frozenset(CONDITIONS[code] for code in ("CF", "EX", "NC", "NA", "LI"))
MONOTRIBUTO = frozenset((CONDITIONS["MO"], CONDITIONS["MS"], CONDITIONS["MP"]))


@dataclass(frozen=True)
class LegendFacts:
    """What decides the legends: `group` is the class (A, ALEY, B, C; "" of no fiscal document), `condition` ARCA's
    number, `currency` the ISO code."""

    group: str
    condition: int | None
    receiver_kind: int
    vat: Decimal
    internal_taxes: Decimal
    total: Decimal
    currency: str
    arca_currency: str
    rate: Decimal


def notes(facts: LegendFacts) -> Iterator[Note]:
    """The document's legends as paragraphs, in the order in which they are printed."""
    if facts.group == "B" and facts.condition in CONSUMERS:
        vat, others = (_money(amount, facts.currency) for amount in (facts.vat, facts.internal_taxes))
        yield Note(f"IVA Contenido: {vat}\nOtros Impuestos Nacionales Indirectos: {others}", TRANSPARENCY)
    if facts.group in ("A", "ALEY") and facts.condition in MONOTRIBUTO:
        yield Note(TO_MONOTRIBUTO)
    if facts.group == "ALEY":
        yield Note(WITHHOLDING)
    if facts.condition == CONDITIONS["CF"] and facts.receiver_kind == NOBODY:
        yield Note("A CONSUMIDOR FINAL")
    if facts.arca_currency != PESOS:
        pesos = (facts.total * facts.rate).quantize(Decimal("0.01"))
        yield Note(f"Tipo de cambio: {facts.rate.normalize():f}. Total en pesos: {_money(pesos, 'ARS')}")


def legends(facts: LegendFacts) -> tuple[str, ...]:
    """The same, line by line."""
    return tuple(line for note in notes(facts) for line in (note.title, *note.text.split("\n")) if line)


def _money(value: Decimal, currency: str) -> str:
    sign = "$" if currency == "ARS" else currency
    return f"{sign} {format_number(value, '#,##0.00', 'es_AR', '')}"
