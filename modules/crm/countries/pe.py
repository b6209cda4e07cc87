"""Peru: RUC, DNI and the identity documents of SUNAT's catalogue 6."""

from __future__ import annotations

import re

from stdnum.pe import cui

from core.i18n import _
from modules.crm.countries import base
from modules.crm.countries.base import TaxIdCheck

TAX_ID_KINDS = {"RUC": "RUC", "DNI": "DNI", "CE": "Carné de extranjería", "PASAPORTE": "Pasaporte",
                "CDI": "Cédula diplomática de identidad", "EXT": "Documento del país de residencia",
                "TAM": "Tarjeta andina de migración", "PTP": "Permiso temporal de permanencia"}
TAX_CONDITIONS: dict[str, str] = {"GENERAL": "Régimen general", "RMT": "Régimen MYPE tributario",
                                  "RER": "Régimen especial", "RUS": "Nuevo RUS"}
# departments, the first two digits of the ubigeo
REGIONS = {
    "01": "Amazonas", "02": "Áncash", "03": "Apurímac", "04": "Arequipa", "05": "Ayacucho", "06": "Cajamarca",
    "07": "Callao", "08": "Cusco", "09": "Huancavelica", "10": "Huánuco", "11": "Ica", "12": "Junín",
    "13": "La Libertad", "14": "Lambayeque", "15": "Lima", "16": "Loreto", "17": "Madre de Dios", "18": "Moquegua",
    "19": "Pasco", "20": "Piura", "21": "Puno", "22": "San Martín", "23": "Tacna", "24": "Tumbes", "25": "Ucayali",
}
_WEIGHTS = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)
_STARTS = ("10", "15", "16", "17", "20")


def compact(number: str) -> str:
    """The number without marks; a DNI without the character that is only printed on the card."""
    plain = base.bare(number, ("RUC", "DNI", "CE", "PASAPORTE"))
    return plain[:8] if _is_card(str(number), plain) else plain


def validate(kind: str | None, number: str) -> TaxIdCheck:
    """Check a document of this kind (of the kind that it looks like, when None)."""
    plain = compact(number)
    if not plain:
        return base.empty()
    kind = kind or _guess(plain)
    if kind == "RUC":
        return _ruc(plain)
    if kind == "DNI":
        return _dni(number, plain)
    if kind in TAX_ID_KINDS:
        return base.free_text(kind, plain, 15 if kind not in ("CE", "PASAPORTE") else 12)
    return base.unknown_kind(kind, plain, TAX_ID_KINDS) if kind else base.unknown(plain, TAX_ID_KINDS)


def format(kind: str | None, number: str) -> str:
    """SUNAT writes all of them without marks."""
    return compact(number)


def _is_card(number: str, plain: str) -> bool:
    """A DNI with its card character, set off by a dash (12345678-9) or a letter."""
    return bool(re.fullmatch(r"\d{8}[0-9A-K]", plain)) and bool(re.search(r"\d\s*-\s*\w\s*$|[A-K]\s*$", number, re.I))


def _guess(plain: str) -> str:
    if plain.isdecimal():
        return {8: "DNI", 9: "CE"}.get(len(plain), "DNI" if len(plain) < 8 else "RUC")
    return "PASAPORTE" if base.looks_like_passport(plain) else ""


def check_digit(first_ten: str) -> str:
    """Modulus 11 of the RUC: 10 counts as 0, 11 as 1."""
    return str((11 - base.weighted(first_ten, _WEIGHTS) % 11) % 10)


def _ruc(plain: str) -> TaxIdCheck:
    if len(plain) != 11 or not plain.isdecimal():
        return base.wrong_length("RUC", plain, "11")
    if plain[:2] not in _STARTS:
        return base.wrong_start("RUC", plain, plain[:2], _STARTS)
    expected = check_digit(plain[:10])
    if plain[10] != expected:
        return base.wrong_digit("RUC", plain, expected)
    return base.accept("RUC", plain, plain)


def _dni(number: str, plain: str) -> TaxIdCheck:
    if len(plain) != 8 or not plain.isdecimal():
        check = base.wrong_length("DNI", plain, "8")
        if plain.isdecimal() and 5 < len(plain) < 8:
            return base.refuse("DNI", plain, f"{check.reason} {base.dropped_zero(plain.zfill(8))}")
        return check
    card = base.bare(number, ("DNI",))
    if len(card) == 9 and card[8] not in cui.calc_check_digits(plain):
        return base.accept("DNI", plain, plain, _("The character after the dash is not the one of this DNI."))
    return base.accept("DNI", plain, plain, base.placeholder_warning(plain))
