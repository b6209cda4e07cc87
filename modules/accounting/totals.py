"""What a document adds up to: net, taxes per rate, total, and what each line shows of it. Pure.

Used alike by the preview of a case, the billing run and the issued invoice, so that all agree to the cent.
The amounts are of the document's currency. Taxes are computed on sums, never summed from rounded lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache
from typing import Any, Protocol

ZERO, ONE, HUNDRED = Decimal("0.00"), Decimal(1), Decimal(100)
VAT = "VAT"
EXEMPT, UNTAXED, EXCLUDED, ZERO_RATED = "exempt", "untaxed", "excluded", "zero"


@dataclass(frozen=True, slots=True)
class TotalsRule:
    """How a country rounds and groups.

    `sum_first`: tax on the sum of a rate's lines (else line by line). A tax is accepted when it is off by no more
    than `tolerance`, or by no more than `relative` of itself.
    """

    cent: Decimal = Decimal("0.01")
    rounding: str = ROUND_HALF_EVEN
    sum_first: bool = True
    tolerance: Decimal = Decimal("0.01")
    relative: Decimal = Decimal("0.0001")

    def round(self, value: Decimal) -> Decimal:
        """The value in whole cents."""
        return value.quantize(self.cent, self.rounding)

    def accepts(self, given: Decimal, computed: Decimal, entries: int = 1) -> bool:
        """Whether `given` passes for `computed`, a sum of so many entries (AR: WSFEv1 manual, rules of margin)."""
        off = abs(given - computed)
        return off <= self.tolerance * entries or off <= abs(computed) * self.relative

    def compute(self, lines: Iterable[LineLike], document_taxes: Iterable[Any]) -> Totals:
        """The totals by this rule; a country whose taxes stand on each other puts its own way here."""
        return _compute(lines, document_taxes, self)


# WSFEv1: per rate, half to even
AR = TotalsRule()
RULES: dict[str, TotalsRule] = {"AR": AR}


def rule_for(country: str) -> TotalsRule:
    """The rule of a country; where none was brought, that of sums per rate, half to even."""
    return RULES.get(country, AR)


@dataclass(frozen=True, slots=True)
class Tax:
    """A tax on a line: `rate` in percent, None where the category says that none applies."""

    code: str
    rate: Decimal | None
    category: str = ""
    withheld: bool = False


class LineLike(Protocol):
    """What `compute` reads of a line; `taxes` are Tax or mappings like {"code": "VAT", "rate": "21"}."""

    @property
    def quantity(self) -> Decimal: ...
    @property
    def unit_price(self) -> Decimal: ...
    @property
    def price_includes_tax(self) -> bool: ...
    @property
    def discount(self) -> Decimal: ...
    @property
    def taxes(self) -> Sequence[Any]: ...


@dataclass(slots=True)
class Line:
    """A line to be computed; `discount` is an amount of the same kind (with tax or without) as the price."""

    quantity: Decimal
    unit_price: Decimal
    price_includes_tax: bool = False
    discount: Decimal = ZERO
    taxes: Sequence[Tax | Mapping[str, Any]] = ()


@dataclass(slots=True)
class DocumentTax:
    """A tax on the whole document (a perception). Without `amount` it is base × rate / 100."""

    code: str
    base: Decimal = ZERO
    rate: Decimal = ZERO
    amount: Decimal | None = None
    jurisdiction: str = ""
    description: str = ""


@dataclass(slots=True)
class TaxTotal:
    """One tax of the document with its rate, base and amount."""

    code: str
    rate: Decimal | None
    base: Decimal
    amount: Decimal
    category: str = ""
    withheld: bool = False
    jurisdiction: str = ""
    description: str = ""
    # a tax on the whole document, not on its lines
    of_document: bool = False


@dataclass(slots=True)
class LineTotals:
    """What a line shows. The nets, taxes and totals of all lines add up to the document's, to the cent."""

    net: Decimal
    tax: Decimal
    total: Decimal
    # (tax, amount), withheld ones included
    taxes: list[tuple[Tax, Decimal]] = field(default_factory=list)


@dataclass(slots=True)
class Totals:
    """`total` = net + untaxed + exempt + taxes − withheld. `net` is taxed at some rate (0 too), or says no tax."""

    net: Decimal
    untaxed: Decimal
    exempt: Decimal
    discount: Decimal
    taxes: list[TaxTotal]
    withheld: Decimal
    total: Decimal
    lines: list[LineTotals]

    @property
    def tax_total(self) -> Decimal:
        """All taxes that are added to the price."""
        return sum((tax.amount for tax in self.taxes if not tax.withheld), ZERO)


@lru_cache(maxsize=1024)
def _tax(code: str, rate: str | None, category: str, withheld: bool) -> Tax:
    if category == ZERO_RATED:
        return Tax(code, ZERO, "", withheld)
    if category:
        return Tax(code, None, category, withheld)
    return Tax(code, Decimal(rate or 0), "", withheld)


def tax_of(entry: Any) -> Tax:
    """A Tax from {"code", "rate"} or {"code", "category"} (CASE.json); a Tax as it is."""
    if isinstance(entry, Tax):
        return entry
    rate = entry.get("rate")
    return _tax(entry["code"], None if rate is None else str(rate), entry.get("category") or "",
                bool(entry.get("withheld")))


def compute(lines: Iterable[LineLike], document_taxes: Iterable[Any] = (), rule: TotalsRule = AR) -> Totals:
    """Everything that a document adds up to (reference for Argentina: WSFEv1 2.4).

    `document_taxes` are DocumentTax or mappings with code, base, rate and, where it is fixed, amount.
    """
    return rule.compute(lines, document_taxes)


def _compute(lines: Iterable[LineLike], document_taxes: Iterable[Any], rule: TotalsRule) -> Totals:
    results: list[LineTotals] = []
    groups: dict[Any, _Group] = {}
    discount = ZERO
    for index, line in enumerate(lines):
        amount = (line.quantity * line.unit_price).quantize(rule.cent, rule.rounding)
        if line.discount:
            less = rule.round(line.discount)
            amount, discount = amount - less, discount + less
        taxes = tuple([tax_of(entry) for entry in line.taxes])
        result = LineTotals(amount, ZERO, amount)
        results.append(result)
        key = taxes if rule.sum_first else (taxes, index)
        group = groups.get(key)
        if group is None:
            group = groups[key] = _Group(taxes)
        (group.gross if line.price_includes_tax else group.plain).append(result)
    totals = Totals(ZERO, ZERO, ZERO, discount, [], ZERO, ZERO, results)
    for group in groups.values():
        group.add_to(totals, rule)
    for entry in document_taxes:
        totals.taxes.append(_document_tax(entry, rule))
    return _closed(totals)


def of_draft(draft: Any, country: str) -> Totals:
    """The totals of an invoice as it is asked for (accounting.drafts.InvoiceDraft), by its country's rule."""
    return compute(draft.lines, draft.document_taxes, rule_for(country))


def _closed(totals: Totals) -> Totals:
    """Put withheld and total, the only place where they are made."""
    total = totals.net + totals.untaxed + totals.exempt
    for tax in totals.taxes:
        if tax.withheld:
            totals.withheld += tax.amount
            total -= tax.amount
        else:
            total += tax.amount
    totals.total = total
    return totals


def _document_tax(entry: Any, rule: TotalsRule) -> TaxTotal:
    if isinstance(entry, Mapping):
        fixed = entry.get("amount")
        entry = DocumentTax(entry["code"], Decimal(str(entry.get("base") or 0)), Decimal(str(entry.get("rate") or 0)),
                            Decimal(str(fixed)) if fixed not in (None, "") else None,
                            entry.get("jurisdiction") or "", entry.get("description") or "")
    amount = entry.amount if entry.amount is not None else rule.round(entry.base * entry.rate / HUNDRED)
    return TaxTotal(entry.code, entry.rate, entry.base, amount, jurisdiction=entry.jurisdiction,
                    description=entry.description, of_document=True)


class _Group:
    """The lines that bear the same taxes: those priced without tax (`plain`) and with it (`gross`)."""

    __slots__ = ("gross", "plain", "taxes")

    def __init__(self, taxes: tuple[Tax, ...]) -> None:
        self.taxes = taxes
        self.plain: list[LineTotals] = []
        self.gross: list[LineTotals] = []

    def add_to(self, totals: Totals, rule: TotalsRule) -> None:
        """Compute the group on its sums and show each line its part."""
        added = [tax for tax in self.taxes if tax.rate is not None and not tax.withheld]
        net = sum([line.net for line in self.plain], ZERO)
        amounts = [rule.round(net * tax.rate / HUNDRED) for tax in added if tax.rate is not None]
        _share_out(self.plain, added, amounts, rule, included=False)
        if self.gross:
            net = net + self._take_out(added, amounts, rule)
        for position, (tax, amount) in enumerate(zip(added, amounts, strict=True)):
            self._agree(position, tax, net, amount, amounts, rule)
            totals.taxes.append(TaxTotal(tax.code, tax.rate, net, amounts[position], tax.category))
        self._file(totals, net)
        self._withhold(totals, net, rule)
        if len(totals.taxes) > 1:
            totals.taxes = _merged(totals.taxes)

    def _take_out(self, added: list[Tax], amounts: list[Decimal], rule: TotalsRule) -> Decimal:
        """The net inside the prices with tax: of their sum, so that the customer pays exactly the prices."""
        gross = sum([line.total for line in self.gross], ZERO)
        rates = sum([tax.rate for tax in added if tax.rate is not None], ZERO)
        net = rule.round(gross / (ONE + rates / HUNDRED))
        inside = [rule.round(net * tax.rate / HUNDRED) for tax in added[:-1] if tax.rate is not None]
        if added:
            inside.append(gross - net - sum(inside, ZERO))
        _share_out(self.gross, added, inside, rule, included=True)
        for position, amount in enumerate(inside):
            amounts[position] += amount
        return net

    def _agree(self, position: int, tax: Tax, net: Decimal, amount: Decimal, amounts: list[Decimal],
               rule: TotalsRule) -> None:
        """Both kinds of price in one rate: where their sum would be refused, tax the whole base."""
        if not (self.plain and self.gross) or tax.rate is None:
            return
        whole = rule.round(net * tax.rate / HUNDRED)
        if not rule.accepts(amount, whole):
            amounts[position] = whole
            _spread(self.plain, position, whole - amount, rule)

    def _file(self, totals: Totals, net: Decimal) -> None:
        """The net belongs to untaxed or exempt where the line's VAT says so, else to the taxed net."""
        category = next((tax.category for tax in self.taxes if tax.rate is None), "")
        if category == EXEMPT:
            totals.exempt += net
        elif category in (UNTAXED, EXCLUDED):
            totals.untaxed += net
        else:
            totals.net += net

    def _withhold(self, totals: Totals, net: Decimal, rule: TotalsRule) -> None:
        for tax in self.taxes:
            if not tax.withheld or tax.rate is None:
                continue
            amount = rule.round(net * tax.rate / HUNDRED)
            totals.taxes.append(TaxTotal(tax.code, tax.rate, net, amount, withheld=True))
            lines = [*self.plain, *self.gross]
            shown = _parts([line.net for line in lines], tax.rate / HUNDRED, amount, rule)
            for line, part in zip(lines, shown, strict=True):
                line.taxes.append((tax, part))
                line.total -= part


def _share_out(lines: list[LineTotals], taxes: list[Tax], amounts: list[Decimal], rule: TotalsRule,
               included: bool) -> None:
    """Show each line its part of each tax; a price with tax keeps its total, one without keeps its net."""
    rates = sum([tax.rate for tax in taxes if tax.rate is not None], ZERO) if included else ZERO
    weights = [line.net for line in lines]
    for tax, amount in zip(taxes, amounts, strict=True):
        share = (tax.rate or ZERO) / (HUNDRED + rates)
        for line, part in zip(lines, _parts(weights, share, amount, rule), strict=True):
            line.taxes.append((tax, part))
            line.tax += part
            if included:
                line.net -= part
            else:
                line.total += part


def _parts(weights: list[Decimal], share: Decimal, amount: Decimal, rule: TotalsRule) -> list[Decimal]:
    """Each weight's own rounded part, corrected by cents on the largest ones so that they add up to `amount`."""
    if len(weights) == 1:
        return [amount]
    parts = [rule.round(weight * share) for weight in weights]
    missing = amount - sum(parts, ZERO)
    if missing:
        cent = rule.cent if missing > 0 else -rule.cent
        order = sorted(range(len(parts)), key=lambda index: -abs(weights[index]))
        for step in range(int(missing / cent)):
            parts[order[step % len(order)]] += cent
    return parts


def _spread(lines: list[LineTotals], position: int, difference: Decimal, rule: TotalsRule) -> None:
    """Add a difference of a few cents to the tax shown by the lines, the largest first."""
    extra = _parts([line.net for line in lines], ZERO, difference, rule)
    for line, part in zip(lines, extra, strict=True):
        tax, shown = line.taxes[position]
        line.taxes[position] = (tax, shown + part)
        line.tax += part
        line.total += part


def _merged(taxes: list[TaxTotal]) -> list[TaxTotal]:
    """One entry per code, rate and kind, in order of appearance."""
    found: dict[tuple[Any, ...], TaxTotal] = {}
    for tax in taxes:
        key = (tax.code, tax.rate, tax.withheld)
        if key in found:
            found[key].base += tax.base
            found[key].amount += tax.amount
        else:
            found[key] = tax
    return list(found.values())
