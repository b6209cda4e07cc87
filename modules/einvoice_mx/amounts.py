"""Amounts of a CFDI: lines of six decimals, rounded half up to cents only in the document's sums (Anexo 20). Pure.

The preview, the billing run and the issued invoice add up here (`RULE`), so that all agree to the cent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Any

from modules.accounting.totals import (
    EXCLUDED,
    EXEMPT,
    HUNDRED,
    ONE,
    UNTAXED,
    VAT,
    ZERO,
    LineLike,
    LineTotals,
    Tax,
    TaxTotal,
    Totals,
    TotalsRule,
    tax_of,
)
from modules.einvoice_mx.catalogs import IMPUESTOS
from modules.einvoice_mx.findings import CENT, cents, six

IEPS, ISR = "IEPS", "ISR"
TASA, EXENTO = "Tasa", "Exento"
# other names under which our codes are found
NAMES = {"IVA": VAT, "002": VAT, "003": IEPS, "001": ISR}


@dataclass(frozen=True)
class Tributo:
    """A tax of one line; `importe` is None where it is exempt."""

    tax: Tax
    base: Decimal
    importe: Decimal | None

    @property
    def impuesto(self) -> str:
        return IMPUESTOS.get(self.tax.code, self.tax.code)

    @property
    def factor(self) -> str:
        return EXENTO if self.tax.rate is None else TASA

    @property
    def rate(self) -> Decimal | None:
        """As a fraction."""
        return None if self.tax.rate is None else self.tax.rate / HUNDRED

    @property
    def key(self) -> tuple[Any, ...]:
        """What the document's sums are grouped by: retentions by tax, the others also by rate."""
        return (self.impuesto,) if self.tax.withheld else (self.impuesto, self.factor, self.tax.rate)


@dataclass(frozen=True)
class Concepto:
    """A line with six decimals; all amounts without tax. `category` says why it bears none ("": it does)."""

    quantity: Decimal
    unit: Decimal
    importe: Decimal
    descuento: Decimal
    tributos: tuple[Tributo, ...] = ()
    category: str = ""

    @property
    def base(self) -> Decimal:
        return self.importe - self.descuento


@dataclass
class Global:
    """A tax of the whole document: base and amount in cents."""

    tax: Tax
    base: Decimal
    importe: Decimal | None


@dataclass
class Sums:
    """What the document says of its amounts; `total` is exactly what its own attributes give (CFDI40119)."""

    conceptos: tuple[Concepto, ...]
    subtotal: Decimal = ZERO
    descuento: Decimal = ZERO
    traslados: list[Global] = field(default_factory=list)
    retenciones: list[Global] = field(default_factory=list)

    @property
    def trasladados(self) -> Decimal:
        return sum((one.importe for one in self.traslados if one.importe is not None), ZERO)

    @property
    def retenidos(self) -> Decimal:
        return sum((one.importe for one in self.retenciones if one.importe is not None), ZERO)

    @property
    def total(self) -> Decimal:
        return self.subtotal - self.descuento + self.trasladados - self.retenidos


def code_of(code: str) -> str:
    """Our code of a tax, also by the SAT's name or number."""
    return NAMES.get(code.upper(), code.upper())


def taxes_of(entries: Iterable[Any]) -> list[Tax]:
    """Taxes as they are computed: under our codes; income tax is always withheld."""
    found = [tax_of(entry) for entry in entries]
    return [replace(tax, code=code_of(tax.code), withheld=tax.withheld or code_of(tax.code) == ISR) for tax in found]


def add_up(lines: Sequence[LineLike], document_taxes: Iterable[Any] = ()) -> Sums:
    """All amounts of a document. Taxes withheld on the whole document are borne by each of its taxed lines."""
    withheld = [tax for tax in taxes_of(document_taxes) if tax.withheld]
    conceptos = tuple([_concepto(line, withheld) for line in lines])
    sums = summed(conceptos)
    if lines and all(line.price_includes_tax for line in lines):
        charged = sum((cents(line.quantity * line.unit_price) - cents(line.discount) for line in lines), ZERO)
        return _met(sums, charged)
    return sums


def _concepto(line: LineLike, withheld: Sequence[Tax]) -> Concepto:
    taxes = [*taxes_of(line.taxes), *withheld]
    ieps, vat = _fraction(taxes, IEPS), _fraction(taxes, VAT)
    inside = (ONE + ieps) * (ONE + vat) if line.price_includes_tax else ONE
    unit = six(line.unit_price / inside)
    importe, descuento = six(line.quantity * unit), six(line.discount / inside)
    if cents((importe - descuento) * inside) != cents(line.quantity * line.unit_price) - cents(line.discount):
        # of many units the price without tax is not precise enough: what is charged decides
        importe = six(line.quantity * line.unit_price / inside)
    made = Concepto(line.quantity, unit, importe, descuento)
    category = next((tax.category for tax in taxes if tax.category in (UNTAXED, EXCLUDED)), "")
    if category or made.base <= 0 or not any(not tax.withheld for tax in taxes):
        return replace(made, category=category or UNTAXED)
    return replace(made, tributos=tuple(_tributo(tax, made.base, ieps) for tax in taxes),
                   category=EXEMPT if any(tax.category == EXEMPT for tax in taxes) else "")


def _fraction(taxes: Iterable[Tax], code: str) -> Decimal:
    return sum((tax.rate for tax in taxes if tax.code == code and tax.rate is not None and not tax.withheld),
               ZERO) / HUNDRED


def _tributo(tax: Tax, base: Decimal, ieps: Decimal) -> Tributo:
    """IEPS is part of the base of IVA (LIVA art. 12)."""
    if tax.code == VAT and not tax.withheld:
        base += six(base * ieps)
    return Tributo(tax, base, None if tax.rate is None else six(base * tax.rate / HUNDRED))


def summed(conceptos: tuple[Concepto, ...]) -> Sums:
    """What a document of these lines says of its amounts."""
    found = Sums(conceptos, cents(sum((one.importe for one in conceptos), ZERO)),
                 cents(sum((one.descuento for one in conceptos), ZERO)))
    for withheld, into in ((False, found.traslados), (True, found.retenciones)):
        groups: dict[tuple[Any, ...], list[Tributo]] = {}
        for one in conceptos:
            for tributo in one.tributos:
                if tributo.tax.withheld == withheld:
                    groups.setdefault(tributo.key, []).append(tributo)
        into += [_global(group) for group in groups.values()]
    return found


def _global(group: Sequence[Tributo]) -> Global:
    importe = None if group[0].importe is None else cents(sum((one.importe or ZERO for one in group), ZERO))
    return Global(group[0].tax, cents(sum((one.base for one in group), ZERO)), importe)


def _met(sums: Sums, charged: Decimal) -> Sums:
    """The document at the price that is charged: one line's tax takes a cent that is off, in its range (CFDI40180)."""
    off = charged - (sums.total + sums.retenidos)
    if not off or abs(off) > CENT:
        return sums
    for index in sorted(range(len(sums.conceptos)), key=lambda place: -sums.conceptos[place].base):
        changed = [*sums.conceptos]
        changed[index] = _nudged(changed[index], ROUND_CEILING if off > 0 else ROUND_FLOOR)
        found = summed(tuple(changed))
        if found.total + found.retenidos == charged:
            return found
    return sums


def _nudged(concepto: Concepto, rounding: str) -> Concepto:
    """The line with its taxes in cents, rounded to one side."""
    return replace(concepto, tributos=tuple(
        one if one.importe is None or one.tax.withheld
        else replace(one, importe=one.importe.quantize(CENT, rounding)) for one in concepto.tributos))


# --- as accounting shows it ----------------------------------------------------------------------------


@dataclass(frozen=True)
class MexicanRule(TotalsRule):
    """Lines of six decimals; taxes on them, IVA on IEPS; half up to cents in the sums."""

    rounding: str = ROUND_HALF_UP

    def compute(self, lines: Iterable[LineLike], document_taxes: Iterable[Any] = ()) -> Totals:
        """The totals of a CFDI with these lines. Taxes withheld are those of `document_taxes` that say so."""
        entries = list(document_taxes)
        withheld = [entry for entry in entries if _is_withheld(entry)]
        found = totals_of(add_up(list(lines), withheld))
        codes = {tax.code for tax in taxes_of(withheld)}
        for tax in found.taxes:
            tax.of_document = tax.withheld and tax.code in codes
        for entry in entries:
            if entry not in withheld:
                _add_of_document(found, entry)
        return found


def _is_withheld(entry: Any) -> bool:
    return bool(entry.get("withheld") if isinstance(entry, Mapping) else getattr(entry, "withheld", False))


def totals_of(sums: Sums) -> Totals:
    """The sums in cents, and what each line shows of them: the parts add up to the document."""
    net = sums.subtotal - sums.descuento
    lines = [LineTotals(part, ZERO, part) for part in _spread([one.base for one in sums.conceptos], net)]
    exempt = _filed(sums, lambda one: one.category == EXEMPT)
    untaxed = _filed(sums, lambda one: one.category in (UNTAXED, EXCLUDED))
    if not any(not one.category for one in sums.conceptos):  # the cents of all lines, not of each kind
        exempt = exempt and net - untaxed
        untaxed = net - exempt
    taxes = [tax for found in (*sums.traslados, *sums.retenciones) for tax in _shown(sums, found, lines)]
    return Totals(net - exempt - untaxed, untaxed, exempt, sums.descuento, taxes, sums.retenidos, sums.total, lines)


def _filed(sums: Sums, belongs: Callable[[Concepto], bool]) -> Decimal:
    return cents(sum((one.base for one in sums.conceptos if belongs(one)), ZERO))


def _shown(sums: Sums, found: Global, lines: Sequence[LineTotals]) -> list[TaxTotal]:
    """A tax of the document per rate (one, but for retentions), its parts put on the lines that bear it."""
    if found.importe is None:
        return []
    code, withheld = found.tax.code, found.tax.withheld
    bearing = [(line, one) for line, concepto in zip(lines, sums.conceptos, strict=True) for one in concepto.tributos
               if (one.tax.code, one.tax.withheld) == (code, withheld) and (withheld or one.tax.rate == found.tax.rate)]
    parts = _spread([one.importe or ZERO for _line, one in bearing], found.importe)
    made: dict[Decimal | None, TaxTotal] = {}
    for (line, one), part in zip(bearing, parts, strict=True):
        line.taxes.append((one.tax, part))
        line.tax += ZERO if withheld else part
        line.total += -part if withheld else part
        total = made.setdefault(one.tax.rate, TaxTotal(code, one.tax.rate, ZERO, ZERO, withheld=withheld))
        total.base, total.amount = total.base + one.base, total.amount + part
    for total in made.values():
        total.base = cents(total.base)
    return list(made.values())


def _spread(exact: Sequence[Decimal], whole: Decimal) -> list[Decimal]:
    """Each exact amount in cents, corrected by cents on the largest ones so that all add up to `whole`."""
    parts = [cents(one) for one in exact]
    missing = whole - sum(parts, ZERO)
    step = CENT if missing > 0 else -CENT
    order = sorted(range(len(parts)), key=lambda index: -abs(exact[index]))
    for turn in range(int(missing / step) if order else 0):
        parts[order[turn % len(order)]] += step
    return parts


def _add_of_document(found: Totals, entry: Any) -> None:
    """A tax on the whole document that is no CFDI's: counted, and refused when the document is mapped."""
    read = entry.get if isinstance(entry, Mapping) else lambda name: getattr(entry, name, None)
    base, rate, amount = (Decimal(str(read(name) or 0)) for name in ("base", "rate", "amount"))
    amount = amount or cents(base * rate / HUNDRED)
    found.taxes.append(TaxTotal(str(read("code")), rate, base, amount, of_document=True))
    found.total += amount


RULE = MexicanRule()
