"""How the SRI adds a document up (ficha técnica, sections 8 and 11; message 52). Pure.

A line's net is rounded, half up; ICE stands on the net, IVA on net and ICE; the document's tax is that of the sum of
the lines' bases, not the sum of their taxes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from modules.accounting.totals import (
    EXCLUDED,
    EXEMPT,
    HUNDRED,
    ONE,
    UNTAXED,
    ZERO,
    LineLike,
    LineTotals,
    Tax,
    TaxTotal,
    Totals,
    TotalsRule,
    tax_of,
)

ICE = "ICE"
MICRO, CENT = Decimal("0.000001"), Decimal("0.01")


@dataclass(slots=True)
class Impuesto:
    """A tax of a line; `tax.rate` is None where it is exempt or outside the tax."""

    tax: Tax
    base: Decimal
    valor: Decimal
    entry: Any = None


@dataclass(slots=True)
class Detalle:
    """A line as the SRI shows it: price without tax, discount in money, net, and its taxes, ICE before IVA."""

    cantidad: Decimal
    precio_unitario: Decimal
    descuento: Decimal
    neto: Decimal
    impuestos: list[Impuesto] = field(default_factory=list)


def detalle(line: LineLike, price_places: Decimal = MICRO) -> Detalle:
    """A line with its taxes. A price with tax keeps as many decimals without it as the XML has."""
    taxes = [(tax_of(entry), entry) for entry in line.taxes]
    added = [(tax, entry) for tax, entry in taxes if not tax.withheld]
    inside = _inside([tax for tax, _entry in added]) if line.price_includes_tax else ONE
    price = line.unit_price if inside == ONE else (line.unit_price / inside).quantize(price_places, ROUND_HALF_UP)
    discount = cents((line.discount or ZERO) / inside)
    made = Detalle(line.quantity, price, discount, cents(line.quantity * price - discount))
    base = made.neto
    for tax, entry in sorted(added, key=lambda one: one[0].code != ICE):
        if tax.code == ICE and not tax.rate:
            continue  # ICE at 0 % stands nowhere
        valor = cents(base * (tax.rate or ZERO) / HUNDRED)
        made.impuestos.append(Impuesto(tax, base, valor, entry))
        if tax.code == ICE:
            base = base + valor
    made.impuestos += [Impuesto(tax, made.neto, cents(made.neto * (tax.rate or ZERO) / HUNDRED), entry)
                       for tax, entry in taxes if tax.withheld]
    return made


def _inside(taxes: Sequence[Tax]) -> Decimal:
    """What a price with tax is to be divided by; ICE and IVA stand on each other."""
    factor = ONE
    for tax in taxes:
        factor *= ONE + (tax.rate or ZERO) / HUNDRED
    return factor


def cents(value: Decimal) -> Decimal:
    """Two decimals, half up."""
    return value.quantize(CENT, ROUND_HALF_UP)


class SriRule(TotalsRule):
    """Totals of Ecuador. The lines' figures add up to the document's, so the cents between both go to the largest."""

    def compute(self, lines: Iterable[LineLike], document_taxes: Iterable[Any]) -> Totals:
        """As the SRI computes them; taxes on the whole document do not exist in Ecuador and are added as they are."""
        return total([detalle(line) for line in lines], document_taxes)


# rounding of message 52, half up
EC = SriRule(rounding=ROUND_HALF_UP)


def total(detalles: Sequence[Detalle], document_taxes: Iterable[Any] = ()) -> Totals:
    """What these lines add up to."""
    shown = [LineTotals(one.neto, ZERO, one.neto) for one in detalles]
    totals = Totals(ZERO, ZERO, ZERO, sum((one.descuento for one in detalles), ZERO), [], ZERO, ZERO, shown)
    for one in detalles:
        _file(totals, one)
    for group in grouped(detalles, lambda part: part.tax).values():
        if group.tax.rate is not None:
            totals.taxes.append(_tax_total(group, shown))
    totals.taxes += [_document_tax(entry) for entry in document_taxes]
    totals.withheld = sum((tax.amount for tax in totals.taxes if tax.withheld), ZERO)
    totals.total = totals.net + totals.untaxed + totals.exempt + totals.tax_total - totals.withheld
    return totals


def _file(totals: Totals, one: Detalle) -> None:
    """The net is untaxed or exempt where its IVA says so, else taxed (at 0 % too)."""
    category = next((part.tax.category for part in one.impuestos if part.tax.rate is None), "")
    if category == EXEMPT:
        totals.exempt += one.neto
    elif category in (UNTAXED, EXCLUDED):
        totals.untaxed += one.neto
    else:
        totals.net += one.neto


@dataclass(slots=True)
class Group:
    """One tax of the document: a pair of codigo and codigoPorcentaje in the SRI's words."""

    tax: Tax
    base: Decimal = ZERO
    parts: list[tuple[int, Impuesto]] = field(default_factory=list)

    @property
    def valor(self) -> Decimal:
        """The tax of the sum, never the sum of taxes."""
        return cents(self.base * (self.tax.rate or ZERO) / HUNDRED)


def grouped(detalles: Sequence[Detalle], key: Callable[[Impuesto], Any]) -> dict[Any, Group]:
    """The document's taxes by a key of the lines' taxes, in order of appearance."""
    found: dict[Any, Group] = {}
    for index, one in enumerate(detalles):
        for part in one.impuestos:
            group = found.setdefault(key(part), Group(part.tax))
            group.base += part.base
            group.parts.append((index, part))
    return found


def _tax_total(group: Group, shown: Sequence[LineTotals]) -> TaxTotal:
    """The tax of the document; each line shows its own, the largest take the cents between."""
    tax, amount = group.tax, group.valor
    parts = [part.valor for _index, part in group.parts]
    missing = amount - sum(parts, ZERO)
    order = sorted(range(len(parts)), key=lambda position: -abs(group.parts[position][1].base))
    for step in range(int(abs(missing) / CENT)):
        parts[order[step % len(order)]] += CENT if missing > 0 else -CENT
    for (index, _part), part in zip(group.parts, parts, strict=True):
        line = shown[index]
        line.taxes.append((tax, part))
        if tax.withheld:
            line.total -= part
        else:
            line.tax += part
            line.total += part
    return TaxTotal(tax.code, tax.rate, group.base, amount, tax.category, tax.withheld)


def _document_tax(entry: Any) -> TaxTotal:
    get = entry.get if hasattr(entry, "get") else lambda name: getattr(entry, name, None)
    base, rate = Decimal(str(get("base") or 0)), Decimal(str(get("rate") or 0))
    fixed = get("amount")
    amount = cents(base * rate / HUNDRED) if fixed in (None, "") else Decimal(str(fixed))
    return TaxTotal(str(get("code")), rate, base, amount, jurisdiction=get("jurisdiction") or "",
                    description=get("description") or "", of_document=True)
