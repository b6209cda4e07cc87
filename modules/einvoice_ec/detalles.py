"""The lines of a document and their taxes under the SRI's codes (tables 16 to 18). Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from core.i18n import _
from modules.accounting.totals import VAT
from modules.einvoice.case import CaseLine, LineTax
from modules.einvoice_ec import catalogs
from modules.einvoice_ec.amounts import CENT, ICE, MICRO, Detalle, Impuesto, cents, detalle
from modules.einvoice_ec.catalogs import FACTURA, ICE_OF_COMPANIES, NEGOCIO_POPULAR, RUC, TWO_DECIMALS
from modules.einvoice_ec.emisor import rimpe
from modules.einvoice_ec.findings import DIFFERENCES, Draft, clean, decimals, digits

MOST_ADDITIONAL = 3
# tarifa has four digits with two decimals
LARGEST_RATE = Decimal(100)
CODE, UNIT = 25, 50
# of quantity and unit price before the point; after it as many as the version has
MOST_WHOLE = 12


@dataclass(frozen=True)
class Linea:
    """A line of the case with its figures and texts."""

    codigo: str
    auxiliar: str
    descripcion: str
    unidad: str
    adicionales: tuple[tuple[str, str], ...]
    detalle: Detalle


def lineas(draft: Draft) -> list[Linea]:
    """All lines, with what is wrong about them."""
    if not draft.case.lines:
        draft.refuse("no_lines", "lines", _("To send this you must give the document at least one line."))
    if draft.case.taxes:
        draft.refuse("document_taxes", "taxes", _(
            "To send this you must put its taxes on the lines: in Ecuador no tax stands on the whole document."))
    return [_linea(draft, index, line) for index, line in enumerate(draft.case.lines)]


def _linea(draft: Draft, index: int, line: CaseLine) -> Linea:
    where = f"lines[{index}]"
    _check_figures(draft, where, line)
    _check_taxes(draft, where, line)
    places = CENT if draft.version in TWO_DECIMALS else MICRO
    found = detalle(line, places)
    if found.neto < 0:
        draft.refuse("discount", f"{where}.discount", _(
            "To send this you must lower the discount of line %(line)s: it is more than the line costs.",
            line=index + 1))
    _check_price_exists(draft, where, line, found)
    if not line.code and draft.kind.cod_doc == FACTURA:
        draft.remark("code_missing", f"{where}.code", _(
            "Line %(line)s has no code of plan or service; the SRI wants one.", line=index + 1))
    return Linea(draft.text(line.code, f"{where}.code", CODE),
                 draft.text(line.extra.get("codigoAuxiliar"), f"{where}.extra.codigoAuxiliar", CODE),
                 draft.text(line.description, f"{where}.description", needed=True),
                 draft.text(line.extra.get("unidadMedida"), f"{where}.extra.unidadMedida", UNIT),
                 pairs(draft, line.extra.get("detallesAdicionales"), f"{where}.extra.detallesAdicionales",
                       MOST_ADDITIONAL), found)


def _check_figures(draft: Draft, where: str, line: CaseLine) -> None:
    places = 2 if draft.version in TWO_DECIMALS else 6
    for name, value, most in (("quantity", line.quantity, places), ("unit_price", line.unit_price, places),
                              ("discount", line.discount, 2)):
        too_fine = decimals(value) > most and not (name == "unit_price" and line.price_includes_tax)
        if digits(value) > MOST_WHOLE + places and not too_fine:
            draft.refuse("digits", f"{where}.{name}", _(
                "To send this you must give %(field)s with at most %(most)s digits in all, not %(found)s.",
                field=f"{where}.{name}", most=MOST_WHOLE + places, found=f"{value:f}"))
        if value < 0 or too_fine:
            draft.refuse(name, f"{where}.{name}", _(
                "To send this you must give %(field)s not negative and with at most %(places)s decimals, not "
                "%(found)s.", field=f"{where}.{name}", places=most, found=f"{value:f}"))
    if line.quantity == 0:
        draft.refuse("quantity", f"{where}.quantity", _("To send this you must give %(field)s above zero.",
                                                        field=f"{where}.quantity"))


def _check_price_exists(draft: Draft, where: str, line: CaseLine, found: Detalle) -> None:
    """Some prices with tax do not exist: 10.00 at 15 % is 8.70 + 1.31 or 8.69 + 1.30. IVA is never bent."""
    if not line.price_includes_tax:
        return
    wanted = cents(line.quantity * line.unit_price - line.discount)
    made = found.neto + sum((part.valor for part in found.impuestos if not part.tax.withheld), Decimal(0))
    if made != wanted:
        draft.remark("price_does_not_exist", f"{where}.unit_price", _(
            "No price without tax gives %(wanted)s with it; %(made)s is charged.", wanted=f"{wanted:.2f}",
            made=f"{made:.2f}"))


# --- taxes ---------------------------------------------------------------------------------------------


def _check_taxes(draft: Draft, where: str, line: CaseLine) -> None:
    """One IVA, and ICE where it applies."""
    ivas = 0
    for position, tax in enumerate(line.taxes):
        place = f"{where}.taxes[{position}]"
        if tax.withheld or tax.code not in (VAT, ICE):
            draft.refuse("tax_unknown", place, _(
                "To send this you must give lines only VAT and ICE, not %(code)s: what customers withhold does not "
                "stand on the factura.", code=tax.code + (" (withheld)" if tax.withheld else "")))
        elif tax.code == ICE:
            _check_ice(draft, place, tax)
        else:
            ivas += 1
            _check_iva(draft, place, tax)
    if ivas != 1:
        draft.refuse("vat_missing" if not ivas else "two_rates", f"{where}.taxes", _(
            "To send this you must give each line one IVA: a rate, zero, exempt or untaxed."))
    if sum(tax.code == ICE for tax in line.taxes) > 1:
        draft.refuse("two_ices", f"{where}.taxes", _("To send this you must give each line one ICE at most."))


def _check_iva(draft: Draft, place: str, tax: LineTax) -> None:
    if not tax.category:
        _check_rate(draft, place, tax)
    elif tax.category in catalogs.CATEGORIES:
        _check_code(draft, place, tax, catalogs.CATEGORIES[tax.category])
    else:
        draft.refuse("category", f"{place}.category", _(
            "To send this you must choose zero, untaxed or exempt; Ecuador has no %(found)s.", found=tax.category),
            DIFFERENCES)


def _check_rate(draft: Draft, place: str, tax: LineTax) -> None:
    rate, day = tax.rate or Decimal(0), tax_day(draft)
    row = catalogs.iva_of(rate, day)
    if row is None:
        draft.refuse("rate_unknown", f"{place}.rate", _(
            "To send this you must choose a rate of IVA that is in force on %(day)s (%(known)s), not %(found)s.",
            day=day.isoformat(), found=f"{rate:f}", known=", ".join(_rates(day))), DIFFERENCES)
    elif _check_code(draft, place, tax, row.codigo) and rate and row.first is None:
        draft.remark("rate_special", f"{place}.rate", _(
            "%(rate)s %% is no general rate of IVA: it holds only where a decree says so.", rate=f"{rate:f}"))
    if rate and rimpe(draft.case.issuer) == NEGOCIO_POPULAR:
        draft.remark("negocio_popular", f"{place}.rate", _(
            "A negocio popular of the regime RIMPE charges no IVA and issues notas de venta."))


def _check_code(draft: Draft, place: str, tax: LineTax, expected: str) -> bool:
    """Whether a codigoPorcentaje that was said is that of the rate or category (ficha, table 17)."""
    said = clean(tax.entry.get("codigoPorcentaje"))
    if said in ("", expected):
        return True
    draft.refuse("iva_code", f"{place}.codigoPorcentaje", _(
        "To send this you must give IVA (%(name)s) its codigoPorcentaje %(expected)s, not %(found)s.",
        name=catalogs.iva_by_code()[expected].name, expected=expected, found=said), DIFFERENCES)
    return False


def _rates(day: Any) -> Iterator[str]:
    return (f"{one.rate.normalize():f}" for one in catalogs.iva_rates()
            if one.in_force(day) and one.codigo not in ("6", "7"))


def _check_ice(draft: Draft, place: str, tax: LineTax) -> None:
    code = clean(tax.entry.get("codigoPorcentaje"))
    row = catalogs.ice_by_code().get(code)
    rate = tax.rate or Decimal(0)
    if row is None:
        draft.refuse("ice_code", f"{place}.codigoPorcentaje", _(
            "To send this you must give ICE with its codigoPorcentaje (%(known)s), not %(found)s.",
            known=", ".join(catalogs.ice_by_code()), found=code or _("nothing")), DIFFERENCES)
    elif rate != row.rate and draft.kind.cod_doc == FACTURA:
        draft.refuse("ice_rate", f"{place}.rate", _(
            "To send this you must give ICE %(code)s its rate %(expected)s, not %(found)s.", code=code,
            expected=f"{row.rate:f}", found=f"{rate:f}"), DIFFERENCES)
    elif code == ICE_OF_COMPANIES and not _is_company(draft):
        draft.remark("ice_of_companies", f"{place}.codigoPorcentaje", _(
            "ICE %(code)s is only for telephony sold to companies; this customer is none.", code=code))
    if not 0 <= rate < LARGEST_RATE:
        draft.refuse("ice_rate", f"{place}.rate", _("To send this you must give ICE a rate below 100, not %(found)s.",
                                                    found=f"{rate:f}"))


def _is_company(draft: Draft) -> bool:
    """Whether the customer's RUC is one of a company or a public body: its third digit is 9 or 6."""
    party = draft.case.customer
    return catalogs.identities().get(party.tax_id_kind.upper()) == RUC and clean(party.tax_id)[2:3] in ("6", "9")


def tax_day(draft: Draft) -> Any:
    """The day whose rates count: of a note that of the document which it changes."""
    said = draft.case.references[0].date if draft.kind.cod_doc != FACTURA and draft.case.references else None
    return said or draft.date


def codes(draft: Draft, part: Impuesto) -> tuple[str, str]:
    """(codigo, codigoPorcentaje) of a line's tax."""
    entry = part.entry
    if part.tax.code == ICE:
        return catalogs.ICE, clean(entry.entry.get("codigoPorcentaje"))
    if part.tax.rate is None:
        return catalogs.IVA, catalogs.CATEGORIES.get(part.tax.category, "6")
    row = catalogs.iva_of(part.tax.rate, tax_day(draft))
    return catalogs.IVA, row.codigo if row else "0"


def pairs(draft: Draft, said: Any, where: str, most: int) -> tuple[tuple[str, str], ...]:
    """[{nombre, valor}] as the SRI takes them."""
    if said is None or said == []:
        return ()
    if not isinstance(said, list) or not all(isinstance(one, dict) for one in said):
        draft.refuse("pairs", where, _("To send this you must give %(field)s as a list of {nombre, valor}.",
                                       field=where))
        return ()
    if len(said) > most:
        draft.refuse("too_many", where, _("To send this you must give %(field)s at most %(most)s entries, not "
                                          "%(found)s.", field=where, most=most, found=len(said)))
    return tuple((draft.text(one.get("nombre"), f"{where}[{index}].nombre", needed=True),
                  draft.text(one.get("valor"), f"{where}[{index}].valor", needed=True))
                 for index, one in enumerate(said))
