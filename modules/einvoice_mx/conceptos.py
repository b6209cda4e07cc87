"""The lines of a CFDI: keys, texts, amounts, taxes and refusals (CFDI40162 to 40186). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from core.i18n import _
from modules.accounting.totals import ZERO
from modules.einvoice.case import CaseLine, CaseTax, LineTax
from modules.einvoice_mx import catalogs
from modules.einvoice_mx.amounts import IEPS, ISR, VAT, Concepto, Sums, Tributo, add_up, code_of
from modules.einvoice_mx.catalogs import ACTIVITY, BILLING, IMPUESTOS, INTERNET, PIECE, RECEIPT, RESICO, SERVICE_UNIT
from modules.einvoice_mx.findings import Draft, decimals, plain, precise

OBJECT, NO_OBJECT = "02", "01"
# the taxes that a line charges under some of c_ObjetoImp, these and no others; it may be withheld from
CHARGED: dict[str, frozenset[str]] = {"06": frozenset(), "07": frozenset({IEPS}), "08": frozenset()}
SALE = "Venta"
# LISR art. 113-J: legal entities withhold from natural persons of the simplified regime of trust
RESICO_RATE = Decimal("1.25")
BORDER_RATE = Decimal(8)
LARGEST = Decimal(10) ** 18


@dataclass(frozen=True)
class Line:
    """A Concepto: its attributes in the schema's order, and its amounts."""

    attributes: dict[str, str]
    concepto: Concepto


def lines(draft: Draft) -> tuple[list[Line], Sums]:
    """The lines and the document's amounts."""
    case = draft.case
    if not case.lines:
        draft.refuse("no_lines", "lines", _("To send this you must give the document at least one line."), "301")
    given = [_receipt(line) if draft.is_global else line for line in case.lines]
    for index, line in enumerate(given):
        _check_line(draft, index, line)
    for index, tax in enumerate(case.taxes):
        _check_document_tax(draft, index, tax)
    sums = draft.given or add_up(given, [*_document_taxes(draft), *_resico(draft)])
    made = [Line(_attributes(draft, index, line, concepto), concepto)
            for index, (line, concepto) in enumerate(zip(given, sums.conceptos, strict=True))]
    _check_sums(draft, sums)
    return made, sums


def _receipt(line: CaseLine) -> CaseLine:
    """In a global invoice each receipt is one: its amount is its price."""
    return replace(line, quantity=Decimal(1), unit_price=line.quantity * line.unit_price)


def _document_taxes(draft: Draft) -> list[dict[str, Any]]:
    return [{"code": tax.code, "rate": tax.rate, "withheld": True} for tax in draft.case.taxes
            if _is_withheld(tax) and tax.rate is not None]


def _is_withheld(tax: CaseTax | LineTax) -> bool:
    return tax.withheld or code_of(tax.code) == ISR


def _resico(draft: Draft) -> list[dict[str, Any]]:
    """Income tax that a legal entity withholds from an issuer of RESICO, where no line says it already."""
    applies = (draft.kind in ("I", "E") and draft.regime == RESICO and len(draft.rfc) == 13
               and len(draft.receiver_rfc) == 12)
    said = [tax for line in draft.case.lines for tax in line.taxes] + list(draft.case.taxes)
    if not applies or any(code_of(tax.code) == ISR for tax in said):
        return []
    return [{"code": ISR, "rate": RESICO_RATE, "withheld": True}]


# --- attributes ----------------------------------------------------------------------------------------


def _attributes(draft: Draft, index: int, line: CaseLine, concepto: Concepto) -> dict[str, str]:
    product, identification = _keys(draft, index, line)
    places = max(2, decimals(concepto.descuento))  # CFDI40168: not more decimals than Importe
    found = {"ClaveProdServ": product, "NoIdentificacion": identification, "Cantidad": plain(line.quantity),
             "ClaveUnidad": _unit(draft, index, line),
             "Unidad": draft.text(line.extra.get("Unidad"), f"lines[{index}].extra.Unidad", 20),
             "Descripcion": SALE if draft.is_global
             else draft.text(line.description, f"lines[{index}].description", 1000),
             "ValorUnitario": precise(concepto.unit), "Importe": precise(concepto.importe, places)}
    if concepto.descuento:
        found["Descuento"] = precise(concepto.descuento)
    found["ObjetoImp"] = _tax_object(draft, index, line, concepto)
    if not found["Descripcion"]:
        draft.refuse("description", f"lines[{index}].description", _(
            "To send this you must describe line %(line)s.", line=index + 1), "301")
    return {name: value for name, value in found.items() if value}


def _keys(draft: Draft, index: int, line: CaseLine) -> tuple[str, str]:
    """ClaveProdServ and NoIdentificacion; a line's code that is a key of the SAT is taken as such."""
    code = draft.text(line.extra.get("NoIdentificacion") or line.code, f"lines[{index}].code", 100)
    if draft.is_global:
        if not code:
            draft.remark("receipt_missing", f"lines[{index}].code", _(
                "Line %(line)s of a global invoice should say the number of its receipt.", line=index + 1))
        return RECEIPT, code
    known = catalogs.official("c_ClaveProdServ")
    said = str(line.extra.get("ClaveProdServ") or "").strip()
    if not said and line.code in known:
        said, code = line.code, str(line.extra.get("NoIdentificacion") or "")
    key = said or (BILLING if draft.kind == "E" else INTERNET)
    if key not in known:
        draft.refuse("product_key", f"lines[{index}].extra.ClaveProdServ", _(
            "To send this you must give line %(line)s a product key that the SAT has (ClaveProdServ, like %(known)s), "
            "not %(found)s.", line=index + 1, known=INTERNET, found=key), "CFDI40162")
    return key, code


def _unit(draft: Draft, index: int, line: CaseLine) -> str:
    if draft.is_global:
        return ACTIVITY
    usual = PIECE if line.extra.get("goods") else ACTIVITY if draft.kind == "E" else SERVICE_UNIT
    key = str(line.extra.get("ClaveUnidad") or usual).strip()
    if key not in catalogs.official("c_ClaveUnidad"):
        draft.refuse("unit_key", f"lines[{index}].extra.ClaveUnidad", _(
            "To send this you must give line %(line)s a unit that the SAT has (ClaveUnidad, like %(known)s), not "
            "%(found)s.", line=index + 1, known=SERVICE_UNIT, found=key), "CFDI40165")
    return key


def _tax_object(draft: Draft, index: int, line: CaseLine, concepto: Concepto) -> str:
    found = OBJECT if concepto.tributos else NO_OBJECT
    said, where = str(line.extra.get("ObjetoImp") or "").strip(), f"lines[{index}].extra.ObjetoImp"
    if not said:
        return found
    if said not in catalogs.tax_objects():
        draft.refuse("tax_object", where, _(
            "To send this you must give ObjetoImp as the SAT has it (01 to 08), not %(found)s.", found=said),
            "CFDI40170")
    elif said == OBJECT and not concepto.tributos:
        draft.refuse("tax_object", where, _(
            "To send this you must say the taxes of line %(line)s, or that it bears none (ObjetoImp 01).",
            line=index + 1), "CFDI40171")
    elif said in ("01", "03", "04", "05") and concepto.tributos:
        draft.refuse("tax_object", where, _(
            "To send this you must take the taxes of line %(line)s away, or give ObjetoImp 02.", line=index + 1),
            "CFDI40172")
    elif said in CHARGED and _charged(concepto) != CHARGED[said]:
        draft.refuse("tax_object", where, _(
            "To send this you must give ObjetoImp 02, or line %(line)s the taxes only that go with %(found)s: "
            "%(words)s.", line=index + 1, found=said, words=catalogs.tax_objects()[said]))
    return said


def _charged(concepto: Concepto) -> frozenset[str]:
    return frozenset(tributo.tax.code for tributo in concepto.tributos if not tributo.tax.withheld)


# --- checks --------------------------------------------------------------------------------------------


def _check_line(draft: Draft, index: int, line: CaseLine) -> None:
    where = f"lines[{index}]"
    if line.quantity <= 0 or decimals(line.quantity) > 6:
        draft.refuse("quantity", f"{where}.quantity", _(
            "To send this you must give line %(line)s a quantity above zero with six decimals at most, not %(found)s.",
            line=index + 1, found=plain(line.quantity)), "301")
    if line.unit_price <= 0:
        draft.refuse("price", f"{where}.unit_price", _(
            "To send this you must give line %(line)s a price above zero, or leave it out.", line=index + 1),
            "CFDI40166")
    elif decimals(line.unit_price) > 6 and not line.price_includes_tax and not draft.is_global:
        draft.refuse("price", f"{where}.unit_price", _(
            "To send this you must give the price of line %(line)s with six decimals at most, not %(found)s.",
            line=index + 1, found=plain(line.unit_price)), "301")
    if line.discount < 0:
        draft.refuse("discount", f"{where}.discount", _(
            "To send this you must give the discount of line %(line)s as an amount that is not negative.",
            line=index + 1), "301")
    elif decimals(line.discount) > 6 and not line.price_includes_tax:
        draft.refuse("discount", f"{where}.discount", _(
            "To send this you must give the discount of line %(line)s with six decimals at most, not %(found)s.",
            line=index + 1, found=plain(line.discount)), "301")
    elif line.discount > line.quantity * line.unit_price > 0:
        draft.refuse("discount", f"{where}.discount", _(
            "To send this the discount of line %(line)s must not be above its amount.", line=index + 1), "CFDI40169")
    for place, tax in enumerate(line.taxes):
        _check_tax(draft, f"{where}.taxes[{place}]", tax)
        _check_withheld(draft, f"{where}.taxes[{place}]", tax)
    # a sale of a global invoice may have lines of several rates
    codes = [(code_of(tax.code), _is_withheld(tax), (tax.rate, tax.category) if draft.is_global else None)
             for tax in line.taxes]
    if len(set(codes)) < len(codes):
        draft.refuse("tax_repeated", f"{where}.taxes", _(
            "To send this you must give line %(line)s each tax only once.", line=index + 1), "CFDI40218")


def _check_tax(draft: Draft, where: str, tax: LineTax | CaseTax) -> None:
    code, withheld = code_of(tax.code), _is_withheld(tax)
    number = IMPUESTOS.get(code)
    if number is None:
        draft.refuse("tax_unknown", where, _(
            "To send this you must choose a tax that the SAT has (%(known)s), not %(found)s.",
            known=", ".join(IMPUESTOS), found=tax.code), "CFDI40182" if withheld else "CFDI40175")
        return
    category = tax.category if isinstance(tax, LineTax) else ""
    if category and withheld:
        draft.refuse("tax_exempt_withheld", where, _(
            "To send this you must give the tax withheld a rate: what is withheld is never exempt."), "CFDI40184")
    if tax.rate is None or category:
        return
    if not catalogs.rate_exists(number, tax.rate / 100, withheld):
        draft.refuse("rate_unknown", where, _(
            "To send this you must choose a rate that the SAT has for %(tax)s, not %(rate)s %%.", tax=code,
            rate=plain(tax.rate)), "CFDI40185" if withheld else "CFDI40179")
    elif (code, withheld, tax.rate) == (VAT, False, BORDER_RATE) and not draft.case.issuer.extra.get("border_region"):
        draft.remark("border_rate", where, _(
            "IVA of 8 % is only for issuers in the stimulus of the border region, and places of issue in it."),
            "CFDI40179")


def _check_withheld(draft: Draft, where: str, tax: LineTax | CaseTax) -> None:
    """Income tax is withheld by legal entities (LISR art. 113-J): not by a natural person, not by the public."""
    if code_of(tax.code) == ISR and len(draft.receiver_rfc) != 12:
        draft.remark("withheld_by_person", where, _(
            "Only legal entities withhold income tax, and %(rfc)s is none.", rfc=draft.receiver_rfc))


def _check_document_tax(draft: Draft, index: int, tax: CaseTax) -> None:
    """Only what is withheld may be said once for all lines."""
    if not _is_withheld(tax):
        draft.refuse("tax_of_document", f"taxes[{index}]", _(
            "To send this you must put the tax %(code)s on the lines: in Mexico lines bear the taxes.", code=tax.code),
            "CFDI40175")
        return
    _check_tax(draft, f"taxes[{index}]", tax)
    _check_withheld(draft, f"taxes[{index}]", tax)
    if tax.rate is None:
        draft.refuse("rate_missing", f"taxes[{index}].rate", _(
            "To send this you must give the rate of the tax withheld %(code)s.", code=tax.code), "CFDI40185")


def _check_sums(draft: Draft, sums: Sums) -> None:
    if sums.descuento > sums.subtotal > 0:
        draft.refuse("discount", "lines", _(
            "To send this the discounts must not be above the amounts of the lines."), "CFDI40110")
    if sums.total < 0:
        draft.refuse("negative", "lines", _(
            "Sending is not possible because the total is negative (%(total)s).", total=f"{sums.total:.2f}"),
            "CFDI40119")
    if max(sums.subtotal, sums.total + sums.retenidos) >= LARGEST:
        draft.refuse("too_large", "lines", _("Sending is not possible because the total has more than 18 digits."),
                     "301")


def internet_with_ieps(draft: Draft, made: Sequence[Line]) -> None:
    """Internet access bears no IEPS (LIEPS art. 8-IV-d): the line is probably not split as it must be."""
    for index, line in enumerate(made):
        if line.attributes.get("ClaveProdServ") == INTERNET and any(
                one.tax.code == IEPS and (one.importe or ZERO) > 0 for one in line.concepto.tributos):
            draft.remark("ieps_on_internet", f"lines[{index}].taxes", _(
                "Internet access is exempt from IEPS: show it on a line of its own, apart from telephony or "
                "television."))


def tax_attributes(tributo: Tributo) -> dict[str, str]:
    """A Traslado or Retencion of a line."""
    found = {"Base": precise(tributo.base), "Impuesto": tributo.impuesto, "TipoFactor": tributo.factor}
    if tributo.importe is not None and tributo.rate is not None:
        found |= {"TasaOCuota": f"{tributo.rate:.6f}", "Importe": precise(tributo.importe)}
    return found
