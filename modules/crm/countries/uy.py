"""Uruguay: RUT of the DGI and the cédula de identidad."""

from __future__ import annotations

from core.i18n import _
from modules.crm.countries import base
from modules.crm.countries.base import TaxIdCheck

TAX_ID_KINDS = {"RUT": "RUT", "CI": "Cédula de identidad", "PASAPORTE": "Pasaporte", "EXT": "Documento extranjero"}
TAX_CONDITIONS = {"CONTRIBUYENTE": "Contribuyente de IVA", "EXENTO": "Exento", "CF": "Consumidor final"}
_RUT_WEIGHTS = (4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)
_CI_WEIGHTS = (2, 9, 8, 7, 6, 3, 4)


def compact(number: str) -> str:
    """The number without marks and the country in front."""
    return base.bare(number, ("RUT", "UY", "CI"))


def validate(kind: str | None, number: str) -> TaxIdCheck:
    """Check a document of this kind (of the kind that it looks like, when None)."""
    plain = compact(number)
    if not plain:
        return base.empty()
    kind = kind or _guess(plain)
    if kind == "RUT":
        return _rut(plain)
    if kind == "CI":
        return _ci(plain)
    if kind in ("PASAPORTE", "EXT"):
        return base.free_text(kind, plain)
    return base.unknown_kind(kind, plain, TAX_ID_KINDS) if kind else base.unknown(plain, TAX_ID_KINDS)


def format(kind: str | None, number: str) -> str:
    """As people write it: 21-100342-001-7, 1.234.567-2."""
    plain = compact(number)
    if len(plain) == 12 and plain.isdecimal():
        return f"{plain[:2]}-{plain[2:8]}-{plain[8:11]}-{plain[11]}"
    if 7 <= len(plain) <= 8 and plain.isdecimal():
        return f"{base.grouped(plain[:-1])}-{plain[-1]}"
    return plain


def _guess(plain: str) -> str:
    if plain.isdecimal():
        return "CI" if len(plain) <= 8 else "RUT"
    return "PASAPORTE" if base.looks_like_passport(plain) else ""


def _rut(plain: str) -> TaxIdCheck:
    if len(plain) != 12 or not plain.isdecimal():
        return base.wrong_length("RUT", plain, "12")
    if plain[:2] == "00" or plain[2:8] == "000000":
        return base.refuse("RUT", plain, _("A RUT does not have zeros in its first parts: %(number)s.",
                                           number=format("RUT", plain)))
    digit = -base.weighted(plain[:11], _RUT_WEIGHTS) % 11
    if digit == 10:
        return base.refuse("RUT", plain, _("RUT %(number)s does not exist: such numbers are not given out.",
                                           number=format("RUT", plain)))
    if plain[11] != str(digit):
        return base.wrong_digit("RUT", format("RUT", plain), str(digit))
    usual = plain[:2] <= "22" and plain[8:11] == "001"
    warning = "" if usual else _("This RUT has unusual parts; look again.")
    return base.accept("RUT", plain, format("RUT", plain), warning)


def _ci(plain: str) -> TaxIdCheck:
    if not plain.isdecimal() or not 7 <= len(plain) <= 8:
        return base.wrong_length("CI", plain, "7–8")
    expected = str(-base.weighted(plain[:-1].zfill(7), _CI_WEIGHTS) % 10)
    if plain[-1] != expected:
        return base.wrong_digit("CI", format("CI", plain), expected)
    return base.accept("CI", plain, format("CI", plain))
