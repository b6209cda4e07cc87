"""Amounts and taxes of a document, line by line as the DIAN and its providers add them up. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from core.errors import DomainError
from core.i18n import _
from modules.accounting import totals
from modules.accounting.totals import EXCLUDED, EXEMPT, HUNDRED, ZERO, Line, Tax, Totals, TotalsRule, tax_of
from modules.einvoice.case import CaseLine, CaseTax, LineTax
from modules.einvoice_co.adjustments import NOTHING, Adjustments, adjustments
from modules.einvoice_co.catalogs import INC, IVA, WITHHOLDINGS, codes, tribute, vat_rates
from modules.einvoice_co.findings import Draft, decimals, money
from modules.einvoice_co.rounding import Split, split

# what the providers take: WSDL amounts with up to six decimals, Siigo's price likewise
PRICE_DECIMALS = 6
HALF_CENT = Decimal("0.005")
ADDED = frozenset((IVA, "02", "03", INC))


class ColombianRule(TotalsRule):
    """Each line's tax is rounded by itself; a line that says no IVA is excluded; withholdings, which the buyer makes,
    do not change the total (reference 1.8)."""

    def compute(self, lines: Iterable[Any], document_taxes: Iterable[Any]) -> Totals:
        """Totals of lines as accounting.totals reads them; what no split of a price with IVA holds is untaxed."""
        read = [_taxed(line) for line in lines]
        totals = super().compute(read, document_taxes)
        for line, shown in zip(read, totals.lines, strict=True):
            if line.price_includes_tax and shown.taxes:
                _exact(totals, shown)
        return totals


CO = ColombianRule(rounding=ROUND_HALF_UP, sum_first=False)


def _exact(totals: Totals, shown: totals.LineTotals) -> None:
    """Make each tax of a line its rate of the base, in the line and in the document; the total stays."""
    found = _split(shown)
    base = sum((amount for _tax, amount in shown.taxes), ZERO)
    more = found.net - (shown.total - base)
    for position, ((tax, amount), exact) in enumerate(zip(list(shown.taxes), found.taxes, strict=True)):
        of_document = next(one for one in totals.taxes if (one.code, one.rate) == (tax.code, tax.rate))
        of_document.base, of_document.amount = of_document.base + more, of_document.amount + exact - amount
        shown.taxes[position] = (tax, exact)
    shown.tax = sum(found.taxes, ZERO)
    shown.net = shown.total - shown.tax
    totals.net, totals.untaxed = totals.net + more, totals.untaxed + found.odd


def _split(shown: totals.LineTotals) -> Split:
    return split(shown.total, [tax.rate or ZERO for tax, _amount in shown.taxes], CO.round)


def _taxed(line: Any) -> Line:
    if any(isinstance(tax, Mapping) and tax.get("category") == "estrato" for tax in line.taxes):
        raise DomainError(_("To issue this you must choose the IVA of each line: here it cannot follow the estrato."),
                          field="lines")
    taxes: list[Tax] = [tax for tax in map(tax_of, line.taxes) if not tax.withheld]
    if not taxes:
        taxes = [Tax("VAT", None, EXCLUDED)]
    return Line(line.quantity, line.unit_price, line.price_includes_tax, line.discount, tuple(taxes))


@dataclass(frozen=True)
class Node:
    """One tax of a line or of the document: `code` is the DIAN's."""

    code: str
    rate: Decimal
    base: Decimal
    amount: Decimal


@dataclass(frozen=True)
class Row:
    """A line as it is sent: `gross` is quantity × price and `discount` what is taken off, both without tax.

    net + its taxes = `total`; `odd` is what a price with tax leaves over beside them.
    """

    line: CaseLine
    gross: Decimal
    discount: Decimal
    net: Decimal
    total: Decimal
    # without tax, with as many decimals as it takes for quantity × price to give `gross`
    price: Decimal
    nodes: tuple[Node, ...]
    odd: Decimal = ZERO


@dataclass(frozen=True)
class Withheld:
    """What the buyer keeps back: only shown."""

    name: str
    rate: Decimal
    base: Decimal
    amount: Decimal


@dataclass(frozen=True)
class Amounts:
    """All amounts of the document."""

    totals: Totals
    rows: tuple[Row, ...]
    withheld: tuple[Withheld, ...] = ()
    adjusted: Adjustments = NOTHING

    @property
    def gross(self) -> Decimal:
        """TaxInclusiveAmount: before what is taken off or put on the whole document."""
        return self.totals.total - self.adjusted.change - self.odd

    @property
    def odd(self) -> Decimal:
        """What prices with tax inside leave over: part of the document's rounding."""
        return sum((row.odd for row in self.rows), ZERO)

    @property
    def excluded(self) -> Decimal:
        """Lines without any tax."""
        return sum((row.net for row in self.rows if not row.nodes), ZERO)

    @property
    def net(self) -> Decimal:
        """LineExtensionAmount."""
        return sum((row.net for row in self.rows), ZERO)

    @property
    def base(self) -> Decimal:
        """TaxExclusiveAmount: the lines that bear a tax, at 0 % too; excluded lines stay out."""
        return sum((row.net for row in self.rows if row.nodes), ZERO)

    @property
    def by_rate(self) -> list[Node]:
        """One node per tax and rate."""
        return merged([node for row in self.rows for node in row.nodes])

    @property
    def by_tax(self) -> dict[str, Decimal]:
        """The amount of each tax."""
        return sums(self.by_rate)

    def of(self, code: str) -> Decimal:
        """The amount of one tax."""
        return self.by_tax.get(code, ZERO)


def merged(nodes: Iterable[Node]) -> list[Node]:
    """One node per tax and rate, in order of appearance."""
    found: dict[tuple[str, Decimal], Node] = {}
    for node in nodes:
        key = (node.code, node.rate.normalize())
        kept = found.get(key)
        found[key] = node if kept is None else Node(node.code, node.rate, kept.base + node.base,
                                                    kept.amount + node.amount)
    return list(found.values())


def sums(nodes: Sequence[Node]) -> dict[str, Decimal]:
    """{code: amount} of nodes."""
    found: dict[str, Decimal] = {}
    for node in nodes:
        found[node.code] = found.get(node.code, ZERO) + node.amount
    return found


def amounts(draft: Draft) -> Amounts:
    """Add the document up and check what is checked of it."""
    lines = draft.case.lines
    if not lines:
        draft.refuse("no_lines", "lines", _("To send this you must give the document at least one line."),
                     siigo="parameter_required")
    for index, line in enumerate(lines):
        _check_line(draft, index, line)
        for position, tax in enumerate(line.taxes):
            _check_tax(draft, f"lines[{index}].taxes[{position}]", tax)
        _check_repeated(draft, index, line)
    found = totals.compute(lines, (), CO)
    rows = tuple(_row(line, shown) for line, shown in zip(lines, found.lines, strict=True))
    adjusted = adjustments(draft)
    found.total, found.discount = found.total + adjusted.change, found.discount + adjusted.discounts
    if found.total <= 0 and lines:
        draft.refuse("total", "lines", _(
            "Sending is not possible because the document adds up to %(total)s.", total=money(found.total)), "FAU14",
            "invalid_amount")
    kept = _withholdings(draft, rows)
    # shown, and not taken off the total
    found.withheld = sum((one.amount for one in kept), ZERO)
    return Amounts(found, rows, kept, adjusted)


def _check_line(draft: Draft, index: int, line: CaseLine) -> None:
    where = f"lines[{index}]"
    if line.quantity <= 0:
        draft.refuse("quantity", f"{where}.quantity", _(
            "To send this you must give line %(line)s a quantity above zero.", line=index + 1), siigo="invalid_range")
    most = PRICE_DECIMALS if draft.provider == "hka" else 2
    if decimals(line.quantity) > most:
        draft.refuse("quantity_long", f"{where}.quantity", _(
            "To send this you must give the quantity of line %(line)s with %(most)s decimals at most, not %(found)s.",
            line=index + 1, most=most, found=f"{line.quantity:f}"), siigo="invalid_amount")
    if line.unit_price < 0:
        draft.refuse("price", f"{where}.unit_price", _(
            "To send this you must give line %(line)s a price that is not negative.", line=index + 1),
            siigo="invalid_amount")
    elif decimals(line.unit_price) > PRICE_DECIMALS:
        draft.refuse("price_long", f"{where}.unit_price", _(
            "To send this you must give the price of line %(line)s with six decimals at most, not %(found)s.",
            line=index + 1, found=f"{line.unit_price:f}"), siigo="invalid_amount")
    _check_discount(draft, index, line)
    if not line.description.strip():
        draft.refuse("description", f"{where}.description", _(
            "To send this you must describe line %(line)s.", line=index + 1), siigo="parameter_required")


def _check_discount(draft: Draft, index: int, line: CaseLine) -> None:
    if line.discount < 0 or decimals(line.discount) > 2 or line.discount > line.quantity * line.unit_price:
        draft.refuse("discount", f"lines[{index}].discount", _(
            "To send this you must give the discount of line %(line)s as an amount with two decimals, not negative and "
            "not above the line's amount.", line=index + 1), siigo="invalid_amount")


def _check_tax(draft: Draft, where: str, tax: LineTax) -> None:
    code = tribute(tax.code)
    if tax.withheld:
        if code not in WITHHOLDINGS:
            draft.refuse("withholding_unknown", f"{where}.code", _(
                "To send this you must choose a withholding that the DIAN has (ReteIVA, ReteFuente, ReteICA), not "
                "%(found)s.", found=tax.code), "110", "invalid_retentions")
        return
    if code not in ADDED:
        draft.refuse("tax_unknown", f"{where}.code", _(
            "To send this you must choose a tax of lines that the DIAN has (IVA, INC), not %(found)s.",
            found=tax.code), "110", "invalid_reference")
    elif tax.rate is not None and not tax.category and not _rate_exists(code, tax.rate):
        draft.refuse("rate_unknown", f"{where}.rate", _(
            "To send this you must choose a rate of IVA that exists (%(known)s), not %(rate)s.",
            known=", ".join(f"{rate:f}" for rate in sorted(vat_rates())), rate=f"{tax.rate:f}"), "FAX",
            "invalid_reference")


def _rate_exists(code: str, rate: Decimal) -> bool:
    return rate in vat_rates() if code == IVA else 0 <= rate < HUNDRED


def _check_repeated(draft: Draft, index: int, line: CaseLine) -> None:
    """One tax of each kind on a line, and what is exempt or excluded bears no IVA besides."""
    known = [tribute(tax.code) for tax in line.taxes if not tax.withheld]
    if len(set(known)) < len(known):
        draft.refuse("tax_repeated", f"lines[{index}].taxes", _(
            "To send this you must give line %(line)s each tax once, not several of one kind.", line=index + 1),
            "FAX", "invalid_array")


def _row(line: CaseLine, shown: totals.LineTotals) -> Row:
    rates = sum((tax.rate or ZERO for tax, _amount in shown.taxes), ZERO) if line.price_includes_tax else ZERO
    if not rates:
        gross = CO.round(line.quantity * line.unit_price)
        return Row(line, gross, gross - shown.net, shown.net, shown.total, line.unit_price,
                   tuple(_nodes(line, shown, shown.net)))
    found, less = _split(shown), CO.round(line.discount / (1 + rates / HUNDRED))
    gross = found.net + less
    return Row(line, gross, less, found.net, shown.total - found.odd, _price(gross, line.quantity),
               tuple(_nodes(line, shown, found.net)), found.odd)


def _price(gross: Decimal, quantity: Decimal) -> Decimal:
    """The price without tax, with the fewest decimals that give back the amount."""
    if quantity <= 0:
        return ZERO
    for places in range(2, PRICE_DECIMALS):
        price = (gross / quantity).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
        if abs(price * quantity - gross) < HALF_CENT:
            return price
    return (gross / quantity).quantize(Decimal(1).scaleb(-PRICE_DECIMALS), ROUND_HALF_UP)


def _nodes(line: CaseLine, shown: totals.LineTotals, base: Decimal) -> Iterable[Node]:
    """Exempt is a node at 0 %; excluded is no node at all (reference 1.8)."""
    for said in line.taxes:
        if not said.withheld and said.category == EXEMPT:
            yield Node(tribute(said.code) or IVA, ZERO, base, ZERO)
    for tax, amount in shown.taxes:
        yield Node(tribute(tax.code) or IVA, tax.rate or ZERO, base, amount)


# --- what the buyer withholds ---------------------------------------------------------------------------


def _withholdings(draft: Draft, rows: Sequence[Row]) -> tuple[Withheld, ...]:
    found: dict[tuple[str, Decimal], tuple[Decimal, Decimal]] = {}
    for row in rows:
        for tax in row.line.taxes:
            if tax.withheld and tax.rate is not None and (code := tribute(tax.code)):
                base, amount = found.get((code, tax.rate), (ZERO, ZERO))
                found[code, tax.rate] = (base + row.net, amount + CO.round(row.net * tax.rate / HUNDRED))
    listed = [Withheld(codes("tributos")[code], rate, base, amount) for (code, rate), (base, amount) in found.items()]
    return (*listed, *(kept for index, tax in enumerate(draft.case.taxes)
                       if (kept := _document_tax(draft, index, tax)) is not None))


def _document_tax(draft: Draft, index: int, tax: CaseTax) -> Withheld | None:
    """Only withholdings are of the document; every other tax is a line's."""
    code = tribute(tax.code)
    if code not in WITHHOLDINGS:
        draft.refuse("tax_of_document", f"taxes[{index}].code", _(
            "To send this you must put the tax %(code)s on its lines: only withholdings are of the whole document.",
            code=tax.code), "110", "invalid_retentions")
        return None
    base, rate = tax.base or ZERO, tax.rate or ZERO
    amount = tax.amount if tax.amount is not None else CO.round(base * rate / HUNDRED)
    return Withheld(codes("tributos")[code], rate, base, amount)
