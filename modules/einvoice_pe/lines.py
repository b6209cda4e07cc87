"""The lines of a document, read and checked one by one (peru.md, 1.3 and 2.4). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from core.i18n import _
from modules.accounting.totals import EXEMPT, VAT, ZERO, ZERO_RATED
from modules.einvoice.case import CaseLine, LineTax
from modules.einvoice_pe.catalogs import (
    EXONERATED,
    EXPORT,
    EXPORTED,
    FREE,
    GOODS,
    SERVICE,
    TAXED,
    UNAFFECTED,
    Affectation,
    affectations,
)
from modules.einvoice_pe.findings import Draft, cents, clean, decimals, number, plain, whole, yes
from modules.einvoice_pe.references import PENDING_AMOUNT, note_kind

DESCRIPTION, CODE = 250, 250
LARGEST = Decimal(10) ** 12
# our code of the tax, SUNAT's name and its code (catalogue 5)
IGV = (VAT, "IGV", "1000")
# rates in force beside the usual one: that of small restaurants and hotels, which Nubefact takes from anybody
OTHER_RATES = frozenset({Decimal("10.5")})


@dataclass
class Item:
    """A line with its kind of IGV and its sums; `discount` is without tax."""

    index: int
    line: CaseLine
    kind: Affectation
    rate: Decimal
    subtotal: Decimal = ZERO
    igv: Decimal = ZERO
    discount: Decimal = ZERO

    @property
    def sign(self) -> int:
        """An advance that was invoiced before is deducted."""
        return -1 if yes(self.line.extra.get("anticipo_regularizacion")) else 1

    @property
    def is_free(self) -> bool:
        return self.kind.is_free

    @property
    def is_service(self) -> bool:
        return unit(self.line) == SERVICE


def unit(line: CaseLine) -> str:
    """unidad_de_medida: ZZ of a service, NIU of goods, or what the line says."""
    said = str(line.extra.get("unidad_de_medida") or "").strip().upper()
    return said or (GOODS if line.extra.get("goods") else SERVICE)


def read(draft: Draft) -> list[Item]:
    """All lines with their kind of IGV; sums are not filled in yet."""
    if not draft.case.lines:
        draft.refuse("no_lines", "lines", _("To send this you must give the document at least one line."))
    return [_read(draft, index, line) for index, line in enumerate(draft.case.lines)]


def _read(draft: Draft, index: int, line: CaseLine) -> Item:
    where = f"lines[{index}]"
    _check_texts(draft, where, line)
    tax = _tax(draft, where, line)
    kind = _affectation(draft, where, line, tax)
    rate = tax.rate if tax is not None and tax.rate is not None else draft.terms.igv
    item = Item(index, line, kind, rate)
    gross = cents(line.quantity * line.unit_price)
    if "tipo_de_igv" not in line.extra and line.discount and line.discount == gross and kind.number in FREE:
        # a discount of everything: what costs nothing is given for free, at its price as reference
        item = Item(index, replace(line, discount=ZERO), affectations()[FREE[kind.number]], rate)
    _check_numbers(draft, where, item)
    return item


def _check_texts(draft: Draft, where: str, line: CaseLine) -> None:
    text = clean(line.description)
    if not text:
        draft.refuse("description", f"{where}.description", _("To send this you must describe each line."), 2027)
    elif len(text) > DESCRIPTION:
        draft.refuse("description", f"{where}.description", _(
            "To send this you must shorten the description to %(size)s characters; it has %(found)s.",
            size=DESCRIPTION, found=len(text)))
    if len(clean(line.code)) > CODE:
        draft.refuse("code", f"{where}.code", _(
            "To send this you must shorten the code of the line to %(size)s characters; it has %(found)s.", size=CODE,
            found=len(clean(line.code))))
    product = str(line.extra.get("codigo_producto_sunat") or "")
    if product and not (len(product) <= 8 and product.isdecimal()):
        draft.refuse("product_code", f"{where}.extra.codigo_producto_sunat", _(
            "To send this you must give SUNAT's code of the product as 8 digits, not %(found)s.", found=product))
    if not 2 <= len(unit(line)) <= 5:
        draft.refuse("unit", f"{where}.extra.unidad_de_medida", _(
            "To send this you must give a unit like ZZ (service) or NIU (goods), not %(found)s.", found=unit(line)),
            2936)


def _tax(draft: Draft, where: str, line: CaseLine) -> LineTax | None:
    """The line's IGV; every line says one: a rate, exempt or untaxed."""
    for position, tax in enumerate(line.taxes):
        if tax.code.upper() not in IGV or tax.withheld:
            draft.refuse("tax_unknown", f"{where}.taxes[{position}]", _(
                "Sending is not possible because a line bears only IGV (VAT) here, not %(code)s.", code=tax.code), 21)
    found = [tax for tax in line.taxes if tax.code.upper() in IGV and not tax.withheld]
    if len(found) > 1:
        draft.refuse("two_rates", f"{where}.taxes", _("To send this you must give each line one rate of IGV."), 3026)
    if not found and "tipo_de_igv" not in line.extra:
        draft.refuse("tax_missing", f"{where}.taxes", _(
            "To send this you must say the IGV of each line: a rate, exempt or untaxed."), 2371)
    return found[0] if found else None


def _affectation(draft: Draft, where: str, line: CaseLine, tax: LineTax | None) -> Affectation:
    known = affectations()
    said = line.extra.get("tipo_de_igv")
    if said not in (None, ""):
        found = known.get(whole(said) or 0)
        if found is None:
            draft.refuse("igv_kind", f"{where}.extra.tipo_de_igv", _(
                "To send this you must choose a kind of IGV that exists (%(known)s), not %(found)s.",
                known=", ".join(map(str, sorted(known))), found=said), 2040)
            return known[TAXED]
        _check_agrees(draft, where, found, tax)
        return found
    return known[_by_tax(draft, where, tax)]


def _check_agrees(draft: Draft, where: str, kind: Affectation, tax: LineTax | None) -> None:
    """A taxed kind goes with a rate, the others with none."""
    if tax is None:
        return
    if kind.number == TAXED and tax.rate is None:
        draft.refuse("igv_kind", f"{where}.taxes", _("To send this a taxed line must have a rate of IGV."), 3111)
    elif not kind.is_free and kind.number != TAXED and tax.rate:
        draft.refuse("igv_kind", f"{where}.taxes", _(
            "To send this a line that is exonerated, unaffected or exported must have no rate of IGV."), 3110)


def _by_tax(draft: Draft, where: str, tax: LineTax | None) -> int:
    if whole(draft.extra.get("sunat_transaction")) == EXPORTED:
        return EXPORT
    if tax is None:
        return TAXED
    if tax.category == ZERO_RATED or (tax.rate is not None and tax.rate == 0):
        draft.refuse("zero_rate", f"{where}.taxes", _(
            "To send this you must choose a rate above zero, exempt or untaxed: Peru has no rate of zero."), 2993)
        return TAXED
    if tax.category:
        return EXONERATED if tax.category == EXEMPT else UNAFFECTED
    return TAXED


def _check_numbers(draft: Draft, where: str, item: Item) -> None:
    line = item.line
    if line.quantity <= 0:
        draft.refuse("quantity", f"{where}.quantity", _("To send this you must give a quantity above zero."), 2024)
    elif decimals(line.quantity) > 10 or line.quantity >= LARGEST:
        draft.refuse("quantity", f"{where}.quantity", _(
            "To send this you must give a quantity with up to 10 decimals."), 2025)
    if decimals(line.unit_price) > 10 or abs(line.unit_price) >= LARGEST:
        draft.refuse("unit_price", f"{where}.unit_price", _(
            "To send this you must give a price with up to 10 decimals."), 2369)
    if line.discount < 0 or decimals(line.discount) > 2:
        draft.refuse("discount", f"{where}.discount", _(
            "To send this you must give a discount with two decimals, not negative."), 2955)
    elif line.unit_price >= 0 and line.discount > cents(line.quantity * line.unit_price):
        draft.refuse("discount", f"{where}.discount", _(
            "To send this the discount must not be more than the line."), 2955)
    _check_price(draft, where, item)


def _check_price(draft: Draft, where: str, item: Item) -> None:
    if item.line.unit_price < 0:
        if not draft.terms.folds_credits:
            draft.refuse("negative", f"{where}.unit_price", _(
                "Sending is not possible because nothing on a document may be negative: give a discount, or issue a "
                "credit note."), 2369)
    elif item.line.unit_price == 0 and not (draft.is_note and note_kind(draft) == PENDING_AMOUNT):
        draft.refuse("no_price", f"{where}.unit_price", _(
            "To send a line that is free of charge you must give its usual price, as reference, and its kind of IGV "
            "(tipo_de_igv), or a discount of all of it."), 2417)


def one_rate(draft: Draft, items: Sequence[Item]) -> Decimal:
    """porcentaje_de_igv: that of all taxed lines, which must be one."""
    rates = list(dict.fromkeys(item.rate for item in items if item.kind.is_taxed and item.rate))
    for item in items:
        if item.kind.number == TAXED and item.rate and (
                item.rate not in OTHER_RATES | {draft.terms.igv} or item.rate != rates[0]):
            draft.refuse("rate", f"lines[{item.index}].taxes", _(
                "To send this all lines must bear the same rate of IGV, and one in force (%(rate)s %%), not %(found)s.",
                rate=plain(draft.terms.igv), found=plain(item.rate)))
    return _said_rate(draft, rates[0] if rates else None)


def _said_rate(draft: Draft, rate: Decimal | None) -> Decimal:
    """The header's own rate must be that of the lines; it stands by itself where no line is taxed."""
    said = draft.extra.get("porcentaje_de_igv")
    found = None if said in (None, "") else number(said)
    if said not in (None, "") and (found not in OTHER_RATES | {draft.terms.igv} or found != (rate or found)):
        draft.refuse("rate", "extra.porcentaje_de_igv", _(
            "To send this all lines must bear the same rate of IGV, and one in force (%(rate)s %%), not %(found)s.",
            rate=plain(draft.terms.igv), found=said))
        found = None
    return rate or found or draft.terms.igv
