"""Ecuador: RUC, cédula and the other identifications of the SRI (reference of the electronic documents, 5.2)."""

from __future__ import annotations

from core.i18n import _
from modules.crm.countries import base
from modules.crm.countries.base import TaxIdCheck

TAX_ID_KINDS = {"RUC": "RUC", "CEDULA": "Cédula", "PASAPORTE": "Pasaporte", "CONSUMIDOR_FINAL": "Consumidor final",
                "EXTERIOR": "Identificación del exterior"}
TAX_CONDITIONS = {"GENERAL": "Régimen general", "RIMPE_E": "RIMPE emprendedor", "RIMPE_NP": "RIMPE negocio popular",
                  "ESPECIAL": "Contribuyente especial", "CF": "Consumidor final"}
# provinces, by the first two digits of cédula and RUC
REGIONS = {
    "01": "Azuay", "02": "Bolívar", "03": "Cañar", "04": "Carchi", "05": "Cotopaxi", "06": "Chimborazo",
    "07": "El Oro", "08": "Esmeraldas", "09": "Guayas", "10": "Imbabura", "11": "Loja", "12": "Los Ríos",
    "13": "Manabí", "14": "Morona Santiago", "15": "Napo", "16": "Pastaza", "17": "Pichincha", "18": "Tungurahua",
    "19": "Zamora Chinchipe", "20": "Galápagos", "21": "Sucumbíos", "22": "Orellana",
    "23": "Santo Domingo de los Tsáchilas", "24": "Santa Elena",
}
FINAL_CONSUMER = "9999999999999"
_PROVINCES = {f"{n:02d}" for n in range(1, 25)} | {"30", "50"}
_PUBLIC = (3, 2, 7, 6, 5, 4, 3, 2)
_COMPANY = (4, 3, 2, 7, 6, 5, 4, 3, 2)


def compact(number: str) -> str:
    """The number without marks."""
    return base.bare(number, ("RUC", "CEDULA", "CÉDULA", "CI", "C.I.", "PASAPORTE", "PAS"))


def validate(kind: str | None, number: str) -> TaxIdCheck:
    """Check a document; format errors and the digit of persons refuse, the digit of companies only warns.

    Companies registered in recent years have numbers that fail every formula and are active at the SRI.
    """
    plain = compact(number)
    if not plain:
        return base.empty()
    kind = kind or _guess(plain)
    if kind == "CONSUMIDOR_FINAL":
        return _final_consumer(plain)
    if kind == "CEDULA":
        return _cedula(plain)
    if kind == "RUC":
        return _ruc(plain)
    if kind in ("PASAPORTE", "EXTERIOR"):
        return base.free_text(kind, plain)
    return base.unknown_kind(kind, plain, TAX_ID_KINDS) if kind else base.unknown(plain, TAX_ID_KINDS)


def format(kind: str | None, number: str) -> str:
    """As it is printed: the digits alone; a cédula with its check digit set off, 171003406-5."""
    plain = compact(number)
    if (kind or _guess(plain)) == "CEDULA" and len(plain) == 10:
        return f"{plain[:9]}-{plain[9]}"
    return plain


def _guess(plain: str) -> str:
    if plain == FINAL_CONSUMER:
        return "CONSUMIDOR_FINAL"
    if plain.isdecimal():
        return "CEDULA" if len(plain) <= 10 else "RUC"
    return "PASAPORTE" if base.looks_like_passport(plain) else ""


def _final_consumer(plain: str) -> TaxIdCheck:
    if plain != FINAL_CONSUMER:
        return base.refuse("CONSUMIDOR_FINAL", plain, _("The final consumer's number is %(number)s.",
                                                        number=FINAL_CONSUMER))
    return base.accept("CONSUMIDOR_FINAL", plain, plain)


def _cedula(plain: str) -> TaxIdCheck:
    if len(plain) != 10 or not plain.isdecimal():
        return _short("CEDULA", plain, 10)
    trouble = _person_trouble(plain)
    if trouble:
        return base.refuse("CEDULA", plain, trouble)
    expected = person_digit(plain[:9])
    if plain[9] != expected:
        return base.wrong_digit("CEDULA", f"{plain[:9]}-{plain[9]}", expected)
    return base.accept("CEDULA", plain, format("CEDULA", plain))


def _short(kind: str, plain: str, length: int) -> TaxIdCheck:
    """Wrong length; where one zero on the left would make it right, say so: spreadsheets drop it."""
    check, filled = base.wrong_length(kind, plain, str(length)), plain.zfill(length)
    if len(plain) == length - 1 and plain.isdecimal() and validate(kind, filled).valid:
        return base.refuse(kind, plain, check.reason + " " + base.dropped_zero(filled))
    return check


def _person_trouble(plain: str) -> str:
    if plain[:2] not in _PROVINCES:
        return _province(plain)
    if plain[2] > "6":
        return _("The third digit of a cédula is 0 to 6; in %(number)s it is %(digit)s.", number=plain, digit=plain[2])
    return ""


def _province(plain: str) -> str:
    return _("%(number)s does not begin with a province (01 to 24, 30 or 50).", number=plain)


def person_digit(nine: str) -> str:
    """Modulus 10 with weights 2, 1, 2…; products over 9 lose 9."""
    total = 0
    for index, digit in enumerate(nine):
        product = int(digit) * (2 if index % 2 == 0 else 1)
        total += product - 9 if product > 9 else product
    return str(-total % 10)


def _ruc(plain: str) -> TaxIdCheck:
    if len(plain) != 13 or not plain.isdecimal():
        return _short("RUC", plain, 13)
    if plain[:2] not in _PROVINCES:
        return base.refuse("RUC", plain, _province(plain))
    if plain[2] in "78":
        return base.refuse("RUC", plain, _("The third digit of a RUC is 0 to 6 or 9; in %(number)s it is %(digit)s.",
                                           number=plain, digit=plain[2]))
    if plain.endswith("000"):
        return base.refuse("RUC", plain, _("A RUC does not end in 000; the first establishment is 001."))
    if plain[2] in "012345":
        expected = person_digit(plain[:9])
        if plain[9] != expected:
            return base.wrong_digit("RUC", plain, _("%(digit)s in tenth place", digit=expected))
        return base.accept("RUC", plain, plain)
    return base.accept("RUC", plain, plain, "" if _formula_holds(plain) else _(
        "No formula confirms this RUC. Companies registered in recent years have such numbers; look it up at the SRI "
        "if in doubt."))


def _formula_holds(plain: str) -> bool:
    """Does the digit of public bodies (third digit 6) or companies (9) agree? Or, with a 6, that of a person."""
    if plain[2] == "9":
        return plain[9] == _mod11(plain[:9], _COMPANY)
    return plain[8] == _mod11(plain[:8], _PUBLIC) or plain[9] == person_digit(plain[:9])


def _mod11(digits: str, weights: tuple[int, ...]) -> str:
    return str((11 - base.weighted(digits, weights) % 11) % 11)
