"""Amounts in words, as receipts want them: "veintiún mil pesos con 50/100". Pure."""

from __future__ import annotations

import re
from decimal import Decimal

from num2words import num2words

# singular and plural of the unit, per language
_UNITS: dict[str, dict[str, tuple[str, str]]] = {
    "es": {"ARS": ("peso", "pesos"), "MXN": ("peso", "pesos"), "COP": ("peso", "pesos"), "CLP": ("peso", "pesos"),
           "UYU": ("peso", "pesos"), "DOP": ("peso", "pesos"), "USD": ("dólar", "dólares"), "PEN": ("sol", "soles"),
           "EUR": ("euro", "euros"), "BRL": ("real", "reales")},
    "en": {"ARS": ("peso", "pesos"), "MXN": ("peso", "pesos"), "COP": ("peso", "pesos"), "USD": ("dollar", "dollars"),
           "PEN": ("sol", "soles")},
}
_WITH = {"es": "con", "en": "and"}


def in_words(amount: Decimal, currency: str, language: str = "es") -> str:
    """The amount in words with cents as a fraction; the currency's code where its name is not known."""
    language = language.split("_")[0] if language.split("_")[0] in _UNITS else "es"
    whole, cents = divmod(int((abs(amount) * 100).to_integral_value()), 100)
    one, many = _UNITS[language].get(currency, (currency, currency))
    text = _spanish(whole) if language == "es" else str(num2words(whole, lang="en"))
    sign = {"es": "menos ", "en": "minus "}[language] if amount < 0 else ""
    return f"{sign}{text} {one if whole == 1 else many} {_WITH[language]} {cents:02d}/100"


def _spanish(whole: int) -> str:
    """num2words' Spanish with the apocopes it lacks before a noun and before "mil", and "de" after millions."""
    text = str(num2words(whole, lang="es"))
    text = re.sub(r"veintiuno\b(?= mil| mill|$)", "veintiún", text)
    text = re.sub(r"\buno\b(?= mil| mill|$)", "un", text)
    return text + " de" if re.search(r"mill(ón|ones)$|bill(ón|ones)$", text) else text
