"""Venezuela: RIF of the SENIAT and the cédula."""

from __future__ import annotations

import re

from core.i18n import _
from modules.crm.countries import base
from modules.crm.countries.base import TaxIdCheck

TAX_ID_KINDS = {"RIF": "RIF", "CEDULA": "Cédula", "PASAPORTE": "Pasaporte"}
TAX_CONDITIONS = {"ORDINARIO": "Contribuyente ordinario", "ESPECIAL": "Contribuyente especial",
                  "FORMAL": "Contribuyente formal", "CF": "Consumidor final"}
# What each letter adds to the weighted sum; the rule of C (communal councils) is not published.
_LETTERS = {"V": 4, "E": 8, "J": 12, "P": 16, "G": 20}
_WEIGHTS = (3, 2, 7, 6, 5, 4, 3, 2)


def compact(number: str) -> str:
    """Letter and digits without marks; a RIF's number is filled to eight digits."""
    plain = base.bare(number)
    for prefix in ("RIF", "CI"):
        rest = plain.removeprefix(prefix).lstrip(":#")
        if rest != plain and re.fullmatch(r"[VEJPGC]?\d+", rest):
            plain = rest
    return plain


def validate(kind: str | None, number: str) -> TaxIdCheck:
    """Check a document of this kind (of the kind that it looks like, when None)."""
    plain = compact(number)
    if not plain:
        return base.empty()
    kind = kind or _guess(plain)
    if kind == "RIF":
        return _rif(plain)
    if kind == "CEDULA":
        return _cedula(plain)
    if kind == "PASAPORTE":
        return base.free_text(kind, plain)
    return base.unknown_kind(kind, plain, TAX_ID_KINDS) if kind else base.unknown(plain, TAX_ID_KINDS)


def format(kind: str | None, number: str) -> str:
    """As people write it: J-07013380-5, V-11.470.283."""
    plain = compact(number)
    if re.fullmatch(r"[VEJPGC]\d{9}", plain):
        return f"{plain[0]}-{plain[1:9]}-{plain[9]}"
    if re.fullmatch(r"[VE]\d{6,8}", plain):
        return f"{plain[0]}-{base.grouped(plain[1:])}"
    return base.grouped(plain) if plain.isdecimal() else plain


def _guess(plain: str) -> str:
    if re.fullmatch(r"[VE]?\d{6,8}", plain):
        return "CEDULA"
    return "RIF" if re.fullmatch(r"[VEJPGC]\d{7,10}", plain) else ""


def check_digit(letter: str, eight: str) -> str:
    """The last digit of a RIF (SENIAT): 11 − sum modulo 11, where 10 and 11 count as 0."""
    return "00987654321"[(_LETTERS[letter] + base.weighted(eight, _WEIGHTS)) % 11]


def _rif(plain: str) -> TaxIdCheck:
    if not re.fullmatch(r"[VEJPGC]\d{9}", plain):
        return base.refuse("RIF", plain, _("A RIF has a letter (V, E, J, P, G or C), eight digits and a check digit; "
                                           "%(number)s has not.", number=plain))
    if plain[0] == "C":
        return base.accept("RIF", plain, format("RIF", plain), _("The check digit of this kind of RIF is not known."))
    expected = check_digit(plain[0], plain[1:9])
    if plain[9] != expected:
        return base.wrong_digit("RIF", format("RIF", plain), expected)
    return base.accept("RIF", plain, format("RIF", plain))


def _cedula(plain: str) -> TaxIdCheck:
    if not re.fullmatch(r"[VE]?\d{5,8}", plain):
        return base.refuse("CEDULA", plain, _("A cédula has up to eight digits after V or E; %(number)s has not.",
                                              number=plain))
    return base.accept("CEDULA", plain, format("CEDULA", plain))
