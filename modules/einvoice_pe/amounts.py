"""Lines and sums of a document as Nubefact wants them: line by line, half up (peru.md, 2.4 and 2.5). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from core.i18n import _
from modules.accounting import totals
from modules.accounting.totals import EXEMPT, UNTAXED, VAT, ZERO, LineTotals, TaxTotal, Totals, TotalsRule
from modules.einvoice_pe import lines as lines_part
from modules.einvoice_pe.catalogs import EXONERATED, EXPORT, TAXED, UNAFFECTED
from modules.einvoice_pe.findings import Draft, amount_or_nothing, cents, clean, decimals, money, number, plain
from modules.einvoice_pe.lines import LARGEST, Item, unit

# per line, half up
PE = TotalsRule(rounding=ROUND_HALF_UP, sum_first=False)
UNIT = Decimal("0.0000000001")
HUNDRED = Decimal(100)


@dataclass(frozen=True)
class Amounts:
    """The sums of the header, the lines as they are sent, and the totals that people see."""

    totals: Totals
    header: dict[str, str]
    items: list[dict[str, Any]]
    lines: list[Item]
    rate: Decimal


def amounts(draft: Draft) -> Amounts:
    """Add the document up and check what SUNAT and Nubefact check of it."""
    if any(not tax.withheld for tax in draft.case.taxes):
        draft.refuse("document_tax", "taxes", _(
            "Sending is not possible because documents of Peru bear no taxes beside those of their lines."))
    items = lines_part.read(draft)
    rate = lines_part.one_rate(draft, items)
    found = totals.compute([_computed(item) for item in items], (), PE)
    for item, shown in zip(items, found.lines, strict=True):
        _fill(item, shown)
    credits = [item for item in items if item.subtotal < 0] if draft.terms.folds_credits else []
    kept = [item for item in items if item not in credits]
    discount = _fold(draft, kept, credits) if credits else _global_discount(draft, found, kept, rate)
    header = _header(draft, found, kept, discount)
    _check_header(draft, found)
    return Amounts(found, header, [_sent(item) for item in kept], kept, rate)


# --- adding up ----------------------------------------------------------------------------------------


def _computed(item: Item) -> totals.Line:
    """The line as accounting.totals adds it up; what is free costs nothing."""
    line = item.line
    if item.is_free:
        return totals.Line(line.quantity, ZERO)
    return totals.Line(line.quantity, line.unit_price, line.price_includes_tax, line.discount, (_shown_tax(item),))


def _shown_tax(item: Item) -> totals.Tax:
    if item.kind.number == TAXED:
        return totals.Tax(VAT, item.rate)
    return totals.Tax(VAT, None, EXEMPT if item.kind.number == EXONERATED else UNTAXED)


def _fill(item: Item, shown: LineTotals) -> None:
    """subtotal, igv and discount; of a free line by its reference price, without IGV."""
    line = item.line
    if item.is_free:
        tax = (totals.Tax(VAT, item.rate),) if item.kind.is_taxed else ()
        alone = totals.compute([totals.Line(line.quantity, line.unit_price, line.price_includes_tax, line.discount,
                                            tax)], (), PE)
        item.subtotal = alone.lines[0].net
    else:
        item.subtotal, item.igv = shown.net, shown.tax
    included = line.price_includes_tax and item.kind.is_taxed
    item.discount = cents(line.discount / _factor(item)) if included else line.discount


def _factor(item: Item) -> Decimal:
    return 1 + item.rate / HUNDRED


def _global_discount(draft: Draft, found: Totals, items: Sequence[Item], rate: Decimal) -> Decimal:
    """descuento_global, before tax: off the taxed lines, of a document without any off the others.

    Where all prices hold the tax, so does the discount (as a line's does), and the total falls by exactly that.
    """
    said = draft.extra.get("descuento_global")
    if said in (None, ""):
        return ZERO
    amount = number(said)
    if amount is None or amount < 0 or decimals(amount) > 2:
        draft.refuse("global_discount", "extra.descuento_global", _(
            "To send this you must give the discount as an amount with two decimals, not %(found)s.", found=said), 2065)
        return ZERO
    taxed = any(item.kind.number == TAXED for item in items)
    included = taxed and all(item.line.price_includes_tax for item in items if item.kind.number == TAXED)
    base = (found.net + found.tax_total if included else found.net) if taxed else found.exempt or found.untaxed
    if amount > base:
        draft.refuse("global_discount", "extra.descuento_global", _(
            "To send this the discount must not be more than the lines (%(base)s).", base=money(base)), 2065)
        return ZERO
    net = min(cents(amount / (1 + rate / HUNDRED)), found.net) if included else amount
    _take_off(found, net, taxed, rate, found.net + found.tax_total - amount if included else None)
    return net


def _take_off(found: Totals, amount: Decimal, taxed: bool, rate: Decimal, left: Decimal | None) -> None:
    """The totals after a global discount: the IGV is that of the base; of prices with tax, what `left` is above it."""
    if taxed:
        found.net -= amount
        igv = cents(found.net * rate / HUNDRED) if left is None else left - found.net
        found.taxes = [TaxTotal(VAT, rate, found.net, igv) if tax.rate is not None else tax for tax in found.taxes]
    elif found.exempt:
        found.exempt -= amount
    else:
        found.untaxed -= amount
    found.discount += amount
    found.total = found.net + found.untaxed + found.exempt + found.tax_total


def _fold(draft: Draft, kept: Sequence[Item], credits: Sequence[Item]) -> Decimal:
    """Credits among the lines as discounts: taxed ones off the whole document, others off lines of their own kind."""
    discount = ZERO
    for credit in credits:
        if credit.kind.number == TAXED:
            discount -= credit.subtotal
        else:
            _off_lines(draft, kept, credit)
    return discount


def _off_lines(draft: Draft, kept: Sequence[Item], credit: Item) -> None:
    left = -credit.subtotal
    for item in sorted(kept, key=lambda one: -one.subtotal):
        if item.kind == credit.kind and left:
            part = min(left, item.subtotal)
            item.discount, item.subtotal, left = item.discount + part, item.subtotal - part, left - part
    if left:
        draft.refuse("negative", f"lines[{credit.index}].unit_price", _(
            "Sending is not possible because the credit is more than the lines of the same IGV."), 2369)


def _header(draft: Draft, found: Totals, items: Sequence[Item], discount: Decimal) -> dict[str, str]:
    """The sums of the header. Their total is the lines' to the cent, whatever was rounded where."""
    def of(*kinds: int) -> Decimal:
        return sum((item.sign * item.subtotal for item in items if item.kind.number in kinds), ZERO)

    advances = sum((item.subtotal for item in items if item.sign < 0), ZERO)
    if advances:
        _deduct(found, items)
    charges = _charges(draft)
    found.total += charges
    taxed = any(item.kind.number == TAXED for item in items)
    gravada, exonerada, inafecta = of(TAXED), of(EXONERATED), of(UNAFFECTED, EXPORT)
    if taxed:
        gravada -= discount
    elif exonerada:
        exonerada -= discount
    else:
        inafecta -= discount
    igv = found.tax_total
    return {
        "descuento_global": amount_or_nothing(discount),
        "total_descuento": amount_or_nothing(discount + sum((item.discount for item in items), ZERO)),
        "total_anticipo": amount_or_nothing(advances), "total_gravada": amount_or_nothing(gravada),
        "total_inafecta": amount_or_nothing(inafecta), "total_exonerada": amount_or_nothing(exonerada),
        "total_igv": amount_or_nothing(igv),
        "total_gratuita": amount_or_nothing(sum((item.subtotal for item in items if item.is_free), ZERO)),
        "total_otros_cargos": amount_or_nothing(charges), "total": money(found.total)}


def _charges(draft: Draft) -> Decimal:
    """total_otros_cargos: beside the lines, without IGV."""
    said = draft.extra.get("total_otros_cargos")
    found = ZERO if said in (None, "") else number(said)
    if found is None or found < 0 or decimals(found) > 2 or found >= LARGEST:
        draft.refuse("charges", "extra.total_otros_cargos", _(
            "To send this you must give the other charges as an amount with two decimals, not %(found)s.", found=said))
        return ZERO
    return found


def _deduct(found: Totals, items: Sequence[Item]) -> None:
    """Take twice off what advances were added as: once for nothing, once as deduction."""
    for item in items:
        if item.sign > 0 or item.is_free:
            continue
        if item.kind.number == TAXED:
            found.net -= 2 * item.subtotal
            for tax in found.taxes:
                if tax.rate == item.rate:
                    tax.base -= 2 * item.subtotal
                    tax.amount -= 2 * item.igv
        elif item.kind.number == EXONERATED:
            found.exempt -= 2 * item.subtotal
        else:
            found.untaxed -= 2 * item.subtotal
    found.total = found.net + found.untaxed + found.exempt + found.tax_total


def _check_header(draft: Draft, found: Totals) -> None:
    if found.total < 0 or found.net < 0:
        draft.refuse("negative", "lines", _(
            "Sending is not possible because the document would be negative: issue a credit note instead."), 2062)
    if found.total >= LARGEST:
        draft.refuse("too_large", "lines", _("To send this its total must be below a million millions."), 2062)


# --- what is sent --------------------------------------------------------------------------------------


def _sent(item: Item) -> dict[str, Any]:
    line = item.line
    valor, precio = _unit_prices(item)
    sent = {
        "unidad_de_medida": unit(line), "codigo": clean(line.code), "descripcion": clean(line.description),
        "cantidad": plain(line.quantity), "valor_unitario": plain(valor), "precio_unitario": plain(precio),
        "descuento": amount_or_nothing(item.discount), "subtotal": money(item.subtotal),
        "tipo_de_igv": item.kind.number, "igv": money(item.igv), "total": money(item.subtotal + item.igv),
        "anticipo_regularizacion": item.sign < 0,
        "anticipo_documento_serie": str(line.extra.get("anticipo_documento_serie") or ""),
        "anticipo_documento_numero": line.extra.get("anticipo_documento_numero") or ""}
    product = str(line.extra.get("codigo_producto_sunat") or "")
    return sent | ({"codigo_producto_sunat": product} if product else {})


def _unit_prices(item: Item) -> tuple[Decimal, Decimal]:
    """valor_unitario (without IGV) and precio_unitario (with it), both before the discount; ten decimals."""
    line = item.line
    taxed = item.kind.is_taxed and bool(item.rate)
    valor = line.unit_price
    if line.price_includes_tax and taxed and line.quantity:
        valor = ((item.subtotal + item.discount) / line.quantity).quantize(UNIT, ROUND_HALF_UP)
    if item.kind.number != TAXED:
        return valor, valor
    if line.price_includes_tax:
        return valor, line.unit_price
    return valor, (valor * _factor(item)).quantize(UNIT, ROUND_HALF_UP)
