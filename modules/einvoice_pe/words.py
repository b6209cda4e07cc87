"""The amount in words as SUNAT's legend 1000 has it: SON: CUARENTA Y CINCO CON 30/100 SOLES. Pure."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

from num2words import num2words

NAMES = {"PEN": "SOLES", "USD": "DOLARES AMERICANOS", "EUR": "EUROS", "GBP": "LIBRAS ESTERLINAS"}


def in_words(amount: Decimal, currency: str) -> str:
    """Upper case without accents; a final one is UNO, before MIL it is UN (peru.md, section 3)."""
    whole, cents = divmod(int((abs(amount) * 100).to_integral_value()), 100)
    return f"SON: {number_in_words(whole)} CON {cents:02d}/100 {NAMES.get(currency, currency)}"


def number_in_words(whole: int) -> str:
    text = unicodedata.normalize("NFD", str(num2words(whole, lang="es")))
    text = "".join(letter for letter in text if not unicodedata.combining(letter)).upper()
    return re.sub(r"UNO\b(?= MIL| BILL)", "UN", text)
