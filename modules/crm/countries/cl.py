"""Chile: RUT, the same number for persons (RUN) and companies."""

from __future__ import annotations

import re

from core.i18n import _
from modules.crm.countries import base
from modules.crm.countries.base import TaxIdCheck

TAX_ID_KINDS = {"RUT": "RUT", "PASAPORTE": "Pasaporte"}
TAX_CONDITIONS = {"AFECTO": "Contribuyente de IVA", "EXENTO": "Exento", "CF": "Consumidor final"}
_RUT = re.compile(r"\d{6,8}[\dK]")


def compact(number: str) -> str:
    """The number without marks, zeros on the left and the country in front."""
    plain = base.bare(number, ("RUT", "RUN", "CL"))
    return plain.lstrip("0") if re.fullmatch(r"0+\d+[\dK]", plain) else plain


def validate(kind: str | None, number: str) -> TaxIdCheck:
    """Check a document of this kind (of the kind that it looks like, when None)."""
    plain = compact(number)
    if not plain:
        return base.empty()
    kind = kind or _guess(plain)
    if kind == "RUT":
        return _rut(plain)
    if kind == "PASAPORTE":
        return base.free_text(kind, plain)
    return base.unknown_kind(kind, plain, TAX_ID_KINDS) if kind else base.unknown(plain, TAX_ID_KINDS)


def format(kind: str | None, number: str) -> str:
    """As people write it: 12.531.909-2."""
    plain = compact(number)
    return f"{base.grouped(plain[:-1])}-{plain[-1]}" if _RUT.fullmatch(plain) else plain


def _guess(plain: str) -> str:
    if base.looks_like_passport(plain):
        return "PASAPORTE"
    return "RUT" if re.fullmatch(r"\d+K?", plain) else ""


def check_digit(rest: str) -> str:
    """Modulus 11 with weights 2 to 7 from the right; 10 is written K."""
    total = sum(int(digit) * (2 + index % 6) for index, digit in enumerate(reversed(rest)))
    return "0123456789K"[-total % 11]


def _rut(plain: str) -> TaxIdCheck:
    if not _RUT.fullmatch(plain):
        return base.refuse("RUT", plain, _("A RUT has 6 to 8 digits and a check digit (or K); %(number)s has not.",
                                           number=plain))
    expected = check_digit(plain[:-1])
    if plain[-1] != expected:
        return base.wrong_digit("RUT", format("RUT", plain), expected)
    return base.accept("RUT", plain, format("RUT", plain))
