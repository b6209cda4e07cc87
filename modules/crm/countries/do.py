"""Dominican Republic: RNC of companies, cédula of persons (both with old numbers that break the rule)."""

from __future__ import annotations

from collections.abc import Callable

from stdnum.do import cedula as stdnum_cedula
from stdnum.do import rnc as stdnum_rnc
from stdnum.luhn import calc_check_digit as luhn_digit

from core.i18n import _
from modules.crm.countries import base
from modules.crm.countries.base import TaxIdCheck

TAX_ID_KINDS = {"RNC": "RNC", "CEDULA": "Cédula", "PASAPORTE": "Pasaporte"}
TAX_CONDITIONS = {"CREDITO_FISCAL": "Crédito fiscal", "CONSUMO": "Consumidor final", "ESPECIAL": "Régimen especial",
                  "GUBERNAMENTAL": "Gubernamental"}


def compact(number: str) -> str:
    """The number without marks."""
    return base.bare(number, ("RNC", "CEDULA", "CÉDULA"))


def validate(kind: str | None, number: str) -> TaxIdCheck:
    """Check a document; numbers known to exist against the rule are accepted with a warning."""
    plain = compact(number)
    if not plain:
        return base.empty()
    kind = kind or _guess(plain)
    if kind == "RNC":
        return _checked(kind, plain, 9, stdnum_rnc.calc_check_digit, stdnum_rnc.whitelist)
    if kind == "CEDULA":
        return _checked(kind, plain, 11, luhn_digit, stdnum_cedula.whitelist)
    if kind == "PASAPORTE":
        return base.free_text(kind, plain)
    return base.unknown_kind(kind, plain, TAX_ID_KINDS) if kind else base.unknown(plain, TAX_ID_KINDS)


def format(kind: str | None, number: str) -> str:
    """As people write it: 1-31-24679-6, 224-0002211-1."""
    plain = compact(number)
    if len(plain) == 9 and plain.isdecimal():
        return f"{plain[0]}-{plain[1:3]}-{plain[3:8]}-{plain[8]}"
    if len(plain) == 11 and plain.isdecimal():
        return f"{plain[:3]}-{plain[3:10]}-{plain[10]}"
    return plain


def _guess(plain: str) -> str:
    if plain.isdecimal():
        return "RNC" if len(plain) <= 9 else "CEDULA"
    return "PASAPORTE" if base.looks_like_passport(plain) else ""


def _checked(kind: str, plain: str, length: int, rule: Callable[[str], str], exceptions: set[str]) -> TaxIdCheck:
    if plain in exceptions:
        return base.accept(kind, plain, format(kind, plain), _("An old number that does not follow the rule."))
    if len(plain) != length or not plain.isdecimal():
        return base.wrong_length(kind, plain, str(length))
    if not plain.strip("0"):
        return base.refuse(kind, plain, _("A %(kind)s of zeros does not exist.", kind=kind))
    expected = rule(plain[:-1])
    if plain[-1] != expected:
        return base.wrong_digit(kind, format(kind, plain), expected)
    return base.accept(kind, plain, format(kind, plain))
