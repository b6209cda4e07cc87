"""Argentina: CUIT, CUIL, CDI, DNI and the documents that ARCA knows (table of document kinds, WSFEv1)."""

from __future__ import annotations

from core.i18n import _
from modules.crm.countries import base
from modules.crm.countries.base import TaxIdCheck

TAX_ID_KINDS = {
    "CUIT": "CUIT", "CUIL": "CUIL", "CDI": "CDI", "DNI": "DNI", "PAS": "Pasaporte",
    "CI_EXT": "Cédula extranjera", "LE": "Libreta de enrolamiento", "LC": "Libreta cívica",
}
# Codes of the receiver's condition (RG 5616) in the words of this product; ARCA's numbers are in einvoice_ar.
TAX_CONDITIONS = {
    "RI": "IVA Responsable Inscripto", "MO": "Responsable Monotributo", "EX": "IVA Sujeto Exento",
    "CF": "Consumidor Final", "MS": "Monotributista Social", "MP": "Monotributo Trabajador Independiente Promovido",
    "NA": "IVA No Alcanzado", "NC": "Sujeto No Categorizado", "LI": "IVA Liberado – Ley N° 19.640",
    "PE": "Proveedor del Exterior", "CE": "Cliente del Exterior",
}
# ISO 3166-2:AR, the letter of each province
REGIONS = {
    "B": "Buenos Aires", "K": "Catamarca", "H": "Chaco", "U": "Chubut", "C": "Ciudad Autónoma de Buenos Aires",
    "W": "Corrientes", "X": "Córdoba", "E": "Entre Ríos", "P": "Formosa", "Y": "Jujuy", "L": "La Pampa",
    "F": "La Rioja", "M": "Mendoza", "N": "Misiones", "Q": "Neuquén", "R": "Río Negro", "A": "Salta", "J": "San Juan",
    "D": "San Luis", "Z": "Santa Cruz", "S": "Santa Fe", "G": "Santiago del Estero", "V": "Tierra del Fuego",
    "T": "Tucumán",
}
_PREFIXES = (*TAX_ID_KINDS, "CI")
_WEIGHTS = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)
# 25 and 26 exist for persons although libraries refuse them; 50, 51, 55 are of foreigners, for exports.
_PERSONS = ("20", "23", "24", "25", "26", "27")
_STARTS = (*_PERSONS, "30", "33", "34", "50", "51", "55")
_ELEVEN = ("CUIT", "CUIL", "CDI")


def compact(number: str) -> str:
    """The number without marks: 23.456.781 is 23456781."""
    return base.bare(number, _PREFIXES)


def validate(kind: str | None, number: str) -> TaxIdCheck:
    """Check a document of this kind (of the kind that it looks like, when None)."""
    plain = compact(number)
    if not plain:
        return base.empty()
    kind = kind or _guess(plain)
    if kind in _ELEVEN:
        return _cuit(kind, plain)
    if kind in ("DNI", "LE", "LC"):
        return _dni(kind, plain)
    if kind in ("PAS", "CI_EXT"):
        return base.free_text(kind, plain)
    return base.unknown_kind(kind, plain, TAX_ID_KINDS) if kind else base.unknown(plain, TAX_ID_KINDS)


def format(kind: str | None, number: str) -> str:
    """As people write it: 20-11111111-2, 23.456.781."""
    plain = compact(number)
    kind = kind or _guess(plain)
    if kind in _ELEVEN and len(plain) == 11:
        return f"{plain[:2]}-{plain[2:10]}-{plain[10]}"
    if kind in ("DNI", "LE", "LC") and plain.isdecimal():
        return base.grouped(plain)
    return plain


def _guess(plain: str) -> str:
    if plain.isdecimal():
        return "DNI" if len(plain) <= 8 else "CUIT"
    return "PAS" if base.looks_like_passport(plain) else ""


def check_digit(first_ten: str) -> int:
    """The digit that ten digits ask for; 10 where no CUIT exists with that prefix."""
    return (11 - base.weighted(first_ten, _WEIGHTS) % 11) % 11


def _cuit(kind: str, plain: str) -> TaxIdCheck:
    if len(plain) != 11 or not plain.isdecimal():
        return base.wrong_length(kind, plain, "11")
    starts = _PERSONS if kind == "CUIL" else _STARTS
    if plain[:2] not in starts:
        return base.wrong_start(kind, plain, plain[:2], starts)
    formatted, wanted = format(kind, plain), check_digit(plain[:10])
    if wanted == 10:
        return base.refuse(kind, plain, _not_assigned(kind, formatted))
    if int(plain[10]) != wanted:
        return base.wrong_digit(kind, formatted, str(wanted))
    if plain == "23000000000":
        return base.accept(kind, plain, formatted, _("This is the conventional number of somebody not categorised."))
    return base.accept(kind, plain, formatted)


def _not_assigned(kind: str, formatted: str) -> str:
    """Where the sum gives 10 the authority assigns 23 (persons) or 33 (companies) instead."""
    other = {"20": "23", "27": "23", "24": "23", "30": "33"}.get(formatted[:2])
    text = _("The %(kind)s %(number)s does not exist: with its first two digits these numbers are not assigned.",
             kind=kind, number=formatted)
    if not other or check_digit(other + formatted[3:11]) == 10:
        return text
    expected = f"{other}-{formatted[3:11]}-{check_digit(other + formatted[3:11])}"
    return text + " " + _("It is probably %(expected)s.", expected=expected)


def _dni(kind: str, plain: str) -> TaxIdCheck:
    shortest = 7 if kind == "DNI" else 5
    if not plain.isdecimal() or not shortest <= len(plain) <= 8:
        return base.wrong_length(kind, plain, f"{shortest}–8")
    if not plain.strip("0"):
        return base.refuse(kind, plain, _("A %(kind)s of zeros does not exist.", kind=kind))
    number = plain.lstrip("0") if len(plain) == 8 else plain
    return base.accept(kind, number, base.grouped(number), base.placeholder_warning(number))
