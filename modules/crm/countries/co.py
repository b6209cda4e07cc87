"""Colombia: NIT with its check digit (DV) and the documents of the DIAN's table of identification."""

from __future__ import annotations

import re

from core.i18n import _
from modules.crm.countries import base
from modules.crm.countries.base import TaxIdCheck

TAX_ID_KINDS = {
    "NIT": "NIT", "CC": "Cédula de ciudadanía", "CE": "Cédula de extranjería", "TI": "Tarjeta de identidad",
    "TE": "Tarjeta de extranjería", "PASAPORTE": "Pasaporte", "PEP": "PEP", "PPT": "PPT", "RC": "Registro civil",
    "NUIP": "NUIP", "NIT_EXT": "NIT de otro país", "EXT": "Documento de identificación extranjero",
}
TAX_CONDITIONS = {"48": "Responsable de IVA", "49": "No responsable de IVA"}
FINAL_CONSUMER = "222222222222"
# departments, DIVIPOLA
REGIONS = {
    "05": "Antioquia", "08": "Atlántico", "11": "Bogotá", "13": "Bolívar", "15": "Boyacá", "17": "Caldas",
    "18": "Caquetá", "19": "Cauca", "20": "Cesar", "23": "Córdoba", "25": "Cundinamarca", "27": "Chocó",
    "41": "Huila", "44": "La Guajira", "47": "Magdalena", "50": "Meta", "52": "Nariño", "54": "Norte de Santander",
    "63": "Quindío", "66": "Risaralda", "68": "Santander", "70": "Sucre", "73": "Tolima", "76": "Valle del Cauca",
    "81": "Arauca", "85": "Casanare", "86": "Putumayo", "88": "San Andrés y Providencia", "91": "Amazonas",
    "94": "Guainía", "95": "Guaviare", "97": "Vaupés", "99": "Vichada",
}
# From the right-most digit.
_WEIGHTS = (3, 7, 13, 17, 19, 23, 29, 37, 41, 43, 47, 53, 59, 67, 71)
_DIGITS_ONLY = {"CC": (3, 10), "TI": (10, 11), "RC": (6, 11), "NUIP": (6, 11), "CE": (3, 12), "PEP": (10, 15),
                "PPT": (4, 15)}


def compact(number: str) -> str:
    """The number without marks; a NIT keeps its check digit at the end."""
    return base.bare(number, ("NIT", "CC", "CE", "TI", "PEP", "PPT", "CEDULA", "CÉDULA"))


def validate(kind: str | None, number: str) -> TaxIdCheck:
    """Check a document. A NIT without check digit gets it, with a warning; a wrong one is refused."""
    plain = compact(number)
    if not plain:
        return base.empty()
    kind = kind or _guess(plain, _has_mark(number))
    if kind == "NIT":
        return _nit(plain, _has_mark(number))
    if kind in _DIGITS_ONLY:
        return _digits(kind, plain)
    if kind in TAX_ID_KINDS:
        return base.free_text(kind, plain)
    return base.unknown_kind(kind, plain, TAX_ID_KINDS) if kind else base.unknown(plain, TAX_ID_KINDS)


def format(kind: str | None, number: str) -> str:
    """As people write it: 800.197.268-4, 1.020.345.678."""
    plain = compact(number)
    kind = kind or _guess(plain, _has_mark(number))
    if kind == "NIT" and plain.isdecimal() and len(plain) > 1:
        return f"{base.grouped(plain[:-1])}-{plain[-1]}"
    return base.grouped(plain) if kind == "CC" and plain.isdecimal() else plain


def check_digit(number: str) -> str:
    """The DV of a NIT given without it (DIAN)."""
    rest = base.weighted(number[::-1], _WEIGHTS[:len(number)]) % 11
    return str(rest if rest < 2 else 11 - rest)


def _has_mark(number: str) -> bool:
    """Is the last digit set off by a dash, as a check digit is?"""
    return bool(re.search(r"\d\s*[-–—‐‑−]\s*\d\s*$", str(number)))


def _guess(plain: str, marked: bool) -> str:
    if not plain.isdecimal():
        return "PASAPORTE" if base.looks_like_passport(plain) else ""
    if marked or (plain[0] in "89" and len(plain) in (9, 10)):
        return "NIT"
    return "CC" if len(plain) <= 10 else "NIT"


def _nit(plain: str, marked: bool) -> TaxIdCheck:
    if not plain.isdecimal() or not 6 <= len(plain) <= 15:
        return base.wrong_length("NIT", plain, "6–15")
    if plain == FINAL_CONSUMER:
        return base.accept("NIT", plain, plain, _("This is the number of the final consumer, not of a taxpayer."))
    expected = check_digit(plain[:-1])
    if len(plain) == 9 and not marked:
        return _without_digit(plain)
    if plain[-1] != expected:
        return base.wrong_digit("NIT", f"{base.grouped(plain[:-1])}-{plain[-1]}", expected)
    return base.accept("NIT", plain, format("NIT", plain))


def _without_digit(nine: str) -> TaxIdCheck:
    """Companies have nine digits and the DV is often left out: it is computed, not guessed."""
    digit = check_digit(nine)
    return base.accept("NIT", nine + digit, f"{base.grouped(nine)}-{digit}",
                       _("The check digit was missing; it is %(digit)s.", digit=digit))


def _digits(kind: str, plain: str) -> TaxIdCheck:
    shortest, longest = _DIGITS_ONLY[kind]
    if not plain.isdecimal() or not shortest <= len(plain) <= longest:
        return base.wrong_length(kind, plain, f"{shortest}–{longest}")
    return base.accept(kind, plain, format(kind, plain), base.placeholder_warning(plain))
