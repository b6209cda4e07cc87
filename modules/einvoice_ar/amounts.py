"""Amounts, rates of IVA and tributes of a document (WSFEv1 2.4, RG 1415). Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from core.i18n import _
from modules.accounting import totals
from modules.accounting.totals import VAT, ZERO, DocumentTax, TaxTotal, Totals
from modules.einvoice.case import CaseLine, CaseTax, LineTax
from modules.einvoice_ar import catalogs
from modules.einvoice_ar.catalogs import TRIBUTES, ZERO_RATE
from modules.einvoice_ar.findings import LARGEST, Draft, decimals, money
from modules.einvoice_ar.receiver import is_not_categorised

IIBB, INTERNAL, UNCATEGORISED, OTHER = 7, 4, 13, 99
DESCRIPTION = 80
LARGEST_RATE = Decimal(1000)


@dataclass(frozen=True)
class Amounts:
    """The amounts of the request, and the totals that they come from."""

    totals: Totals
    fields: dict[str, str]
    arrays: dict[str, Any]


def amounts(draft: Draft) -> Amounts:
    """Add the document up and check what ARCA checks of it."""
    lines = [_line(draft, index, line) for index, line in enumerate(draft.case.lines)]
    if not lines:
        draft.refuse("no_lines", "lines", _("To send this you must give the document at least one line."))
    _check_all_taxed(draft)
    taxes = [_document_tax(draft, index, tax) for index, tax in enumerate(draft.case.taxes)]
    found = totals.compute(lines, taxes, totals.rule_for("AR"))
    tributes = [tax for tax in found.taxes if tax.of_document and tax.amount]
    rates = [tax for tax in found.taxes if tax.code == VAT and not tax.of_document and (tax.base or tax.amount)]
    vat = sum((tax.amount for tax in rates), ZERO)
    levied = sum((tax.amount for tax in tributes), ZERO)
    _check_sums(draft, found, rates, vat)
    _check_not_categorised(draft, tributes)
    fields = {"ImpTotal": found.total, "ImpTotConc": found.untaxed, "ImpNeto": found.net, "ImpOpEx": found.exempt,
              "ImpTrib": levied, "ImpIVA": vat}
    arrays: dict[str, Any] = {}
    if tributes:
        arrays["Tributos"] = {"Tributo": [_tribute(tax) for tax in tributes]}
    if rates:
        arrays["Iva"] = {"AlicIva": [_rate(tax) for tax in rates]}
    return Amounts(found, {name: money(value) for name, value in fields.items()}, arrays)


# --- lines ---------------------------------------------------------------------------------------------


def _line(draft: Draft, index: int, line: CaseLine) -> CaseLine:
    """The line as it is computed: of class C without taxes, of the others with its one IVA."""
    where = f"lines[{index}]"
    if line.discount < 0 or decimals(line.discount) > 2:
        draft.refuse("discount", f"{where}.discount", _(
            "To send this you must give the discount of line %(line)s as an amount with two decimals, not negative.",
            line=index + 1), 10056)
    good = [tax for position, tax in enumerate(line.taxes) if _is_vat(draft, f"{where}.taxes[{position}]", tax)]
    if draft.kind.group == "C":
        if any(tax.rate for tax in good):
            draft.refuse("vat_in_class_c", f"{where}.taxes", _(
                "To issue a document of class C you must take the IVA out of line %(line)s: who issues C charges none.",
                line=index + 1), 10071)
        return replace(line, taxes=())
    if len(good) > 1:
        draft.refuse("two_rates", f"{where}.taxes", _(
            "To send this you must give line %(line)s one rate of IVA, not several.", line=index + 1), 10061)
    return replace(line, taxes=tuple(good[:1]))


def _is_vat(draft: Draft, where: str, tax: LineTax) -> bool:
    if tax.code != VAT or tax.withheld:
        draft.refuse("tax_not_of_lines", where, _(
            "To send this you must put the tax %(code)s on the document, not on a line: in Argentina lines bear only "
            "VAT.", code=tax.code))
        return False
    if tax.rate is not None and not tax.category and tax.rate not in catalogs.vat_rates():
        draft.refuse("rate_unknown", where, _(
            "To send this you must choose a rate of IVA that exists (%(known)s), not %(rate)s.",
            known=", ".join(f"{rate.normalize():f}" for rate in sorted(catalogs.vat_rates())),
            rate=f"{tax.rate:f}"), 10019)
    return True


def _check_all_taxed(draft: Draft) -> None:
    """Every line of A and B says its IVA: a rate, exempt or untaxed."""
    if draft.kind.group == "C":
        return
    bare = [index for index, line in enumerate(draft.case.lines)
            if not any(tax.code == VAT for tax in line.taxes)]
    # with no IVA at all ARCA misses the array (10070), with some of it the bases do not add up (10061)
    code = 10070 if len(bare) == len(draft.case.lines) else 10061
    for index in bare:
        draft.refuse("vat_missing", f"lines[{index}].taxes", _(
            "To issue a document of class %(letter)s you must say the IVA of line %(line)s: a rate, exempt or untaxed.",
            letter=draft.kind.letter, line=index + 1), code)


# --- taxes on the document -----------------------------------------------------------------------------


def _document_tax(draft: Draft, index: int, tax: CaseTax) -> DocumentTax:
    where = f"taxes[{index}]"
    number = TRIBUTES.get(tax.code.upper())
    if number is None or tax.withheld:
        draft.refuse("tribute_unknown", f"{where}.code", _(
            "To send this you must choose a tax on the document that ARCA has (%(known)s), not %(code)s.",
            known=", ".join(TRIBUTES), code=tax.code), 10025)
        number = OTHER
    _check_figures(draft, where, tax)
    made = DocumentTax(tax.code, tax.base or ZERO, tax.rate or ZERO, tax.amount, tax.jurisdiction,
                       _description(draft, where, tax, number))
    _check_computed(draft, where, made)
    return made


def _check_figures(draft: Draft, where: str, tax: CaseTax) -> None:
    """Base, rate and amount: said, not negative, not longer than ARCA takes (13+2; rate 3+2)."""
    for name, value, code in (("base", tax.base, 10026), ("rate", tax.rate, 10027), ("amount", tax.amount, 10028)):
        needed = name != "amount"
        if (value is None and needed) or (value is not None and value < 0):
            draft.refuse(f"tribute_{name}", f"{where}.{name}", _(
                "To send this you must give the %(field)s of the tax %(code)s, not negative.",
                field=f"{where}.{name}", code=tax.code), code)
        elif value is not None and (decimals(value) > 2 or value >= (LARGEST_RATE if name == "rate" else LARGEST)):
            draft.refuse("too_long", f"{where}.{name}", _(
                "To send this you must give %(field)s with two decimals at most, not %(found)s.",
                field=f"{where}.{name}", found=f"{value:f}"), 10056)


def _check_computed(draft: Draft, where: str, tax: DocumentTax) -> None:
    """ARCA does not compare amount and rate; a difference is mostly a typing error."""
    if tax.amount is None or not tax.base or not tax.rate:
        return
    computed = totals.AR.round(tax.base * tax.rate / 100)
    if not totals.AR.accepts(tax.amount, computed):
        draft.remark("tribute_differs", f"{where}.amount", _(
            "The amount of the tax %(code)s is %(found)s, and its base and rate give %(computed)s.", code=tax.code,
            found=money(tax.amount), computed=money(computed)))


def _description(draft: Draft, where: str, tax: CaseTax, number: int) -> str:
    """ARCA's Desc: what was said, else the tribute's name, with the jurisdiction."""
    place = _place(draft, where, tax, number)
    if number == OTHER and not tax.description:
        draft.refuse("tribute_description", f"{where}.description", _(
            "To send this you must describe the tax of kind OTHER."), 10042)
    text = tax.description or catalogs.tributes()[number]
    return (text if not place or place in text else f"{text} {place}")[:DESCRIPTION]


def _place(draft: Draft, where: str, tax: CaseTax, number: int) -> str:
    """The province of a three-digit code; a municipality is written as it is."""
    said = tax.jurisdiction
    name = catalogs.jurisdictions().get(said, "")
    if name or not said or not (said.isdecimal() or number == IIBB):
        return name or said
    draft.refuse("jurisdiction", f"{where}.jurisdiction", _(
        "To send this you must give the jurisdiction by its code (901 to 924), not %(found)s.", found=said))
    return ""


def _check_not_categorised(draft: Draft, tributes: list[TaxTotal]) -> None:
    """A B to CUIT 23000000000 bears the perception for those not categorised."""
    if draft.kind.group != "B" or not is_not_categorised(draft):
        return
    if any(TRIBUTES.get(tax.code.upper()) == UNCATEGORISED for tax in tributes):
        return
    message = _("To send this you must add the perception for customers not categorised (UNCATEGORISED).")
    if tributes:
        draft.remark("perception_missing", "taxes", message, 10283)
    else:
        draft.refuse("perception_missing", "taxes", message, 10067)


# --- sums ----------------------------------------------------------------------------------------------


def _check_sums(draft: Draft, found: Totals, rates: list[TaxTotal], vat: Decimal) -> None:
    for name, value, code in ((_("net"), found.net, 10045), (_("untaxed"), found.untaxed, 10043),
                              (_("exempt"), found.exempt, 10044), (_("total"), found.total, 10065)):
        if value < 0:
            draft.refuse("negative", "lines", _(
                "Sending is not possible because the document's amount %(name)s is negative (%(value)s).",
                name=name, value=money(value)), code)
    if found.total >= LARGEST:
        draft.refuse("too_large", "lines", _("Sending is not possible because the total has more than 13 digits."),
                     10056)
    for tax in rates:
        if tax.base <= 0:
            draft.refuse("base_not_positive", "lines", _(
                "To send this the lines with IVA at %(rate)s must add up to more than zero; they add up to "
                "%(base)s.", rate=f"{tax.rate:f}", base=money(tax.base)), 10020)
    if rates and not vat and any(tax.rate for tax in rates):
        draft.refuse("vat_rounds_to_zero", "lines", _(
            "To send this you must raise its amount: the IVA of %(total)s rounds to zero, and ARCA does not authorise "
            "that.", total=money(found.total)), 10018)


def _rate(tax: TaxTotal) -> dict[str, Any]:
    number = catalogs.vat_rates().get(tax.rate or ZERO, ZERO_RATE)
    return {"Id": number, "BaseImp": money(tax.base), "Importe": money(tax.amount)}


def _tribute(tax: TaxTotal) -> dict[str, Any]:
    return {"Id": TRIBUTES.get(tax.code.upper(), OTHER), "Desc": tax.description, "BaseImp": money(tax.base),
            "Alic": money(tax.rate or ZERO), "Importe": money(tax.amount)}


def internal_taxes(found: Totals) -> Iterator[Decimal]:
    """Amounts of internal taxes, which the transparency lines show."""
    return (tax.amount for tax in found.taxes if tax.of_document and TRIBUTES.get(tax.code.upper()) == INTERNAL)
