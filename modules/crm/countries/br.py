"""Brazil: CPF and CNPJ, also the CNPJ with letters that is given out since July 2026."""

from __future__ import annotations

import re

from core.i18n import _
from modules.crm.countries import base
from modules.crm.countries.base import TaxIdCheck

TAX_ID_KINDS = {"CNPJ": "CNPJ", "CPF": "CPF", "PASSAPORTE": "Passaporte"}
TAX_CONDITIONS = {"CONTRIBUINTE": "Contribuinte de ICMS", "ISENTO": "Isento de inscrição estadual",
                  "NAO_CONTRIBUINTE": "Não contribuinte"}
_CNPJ = re.compile(r"[A-Z0-9]{12}\d{2}")


def compact(number: str) -> str:
    """The number without marks."""
    return base.bare(number, ("CNPJ", "CPF"))


def validate(kind: str | None, number: str) -> TaxIdCheck:
    """Check a document; both check digits of CPF and CNPJ must agree."""
    plain = compact(number)
    if not plain:
        return base.empty()
    kind = kind or _guess(plain)
    if kind == "CPF":
        return _cpf(plain)
    if kind == "CNPJ":
        return _cnpj(plain)
    if kind == "PASSAPORTE":
        return base.free_text(kind, plain)
    return base.unknown_kind(kind, plain, TAX_ID_KINDS) if kind else base.unknown(plain, TAX_ID_KINDS)


def format(kind: str | None, number: str) -> str:
    """As people write it: 390.533.447-05, 11.222.333/0001-81."""
    plain = compact(number)
    if len(plain) == 11 and plain.isdecimal():
        return f"{plain[:3]}.{plain[3:6]}.{plain[6:9]}-{plain[9:]}"
    if len(plain) == 14:
        return f"{plain[:2]}.{plain[2:5]}.{plain[5:8]}/{plain[8:12]}-{plain[12:]}"
    return plain


def _guess(plain: str) -> str:
    if base.looks_like_passport(plain):
        return "PASSAPORTE"
    if plain.isdecimal() and len(plain) <= 11:
        return "CPF"
    return "CNPJ" if len(plain) in (12, 13, 14, 15) else ""


def _cpf(plain: str) -> TaxIdCheck:
    if len(plain) != 11 or not plain.isdecimal():
        return base.wrong_length("CPF", plain, "11")
    if base.all_same(plain):
        return base.refuse("CPF", plain, _("A %(kind)s of one repeated digit does not exist.", kind="CPF"))
    first = str(base.weighted(plain[:9], range(1, 10)) % 11 % 10)
    second = str(base.weighted(plain[:9] + first, range(0, 10)) % 11 % 10)
    if plain[9:] != first + second:
        return base.wrong_digit("CPF", format("CPF", plain), first + second)
    return base.accept("CPF", plain, format("CPF", plain))


def _cnpj(plain: str) -> TaxIdCheck:
    if not _CNPJ.fullmatch(plain):
        return base.refuse("CNPJ", plain, _("A CNPJ has 12 digits or letters and 2 check digits; %(number)s has not.",
                                            number=plain))
    if base.all_same(plain):
        return base.refuse("CNPJ", plain, _("A %(kind)s of one repeated digit does not exist.", kind="CNPJ"))
    expected = check_digits(plain[:12])
    if plain[12:] != expected:
        return base.wrong_digit("CNPJ", format("CNPJ", plain), expected)
    return base.accept("CNPJ", plain, format("CNPJ", plain))


def check_digits(twelve: str) -> str:
    """Both digits of a CNPJ; a letter counts as its ASCII code less 48 (Receita Federal, IN 2.229/2024)."""
    digits = ""
    for weights in ((5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2), (6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)):
        total = sum((ord(char) - 48) * weight for char, weight in zip(twelve + digits, weights, strict=True))
        digits += str(0 if total % 11 < 2 else 11 - total % 11)
    return digits
