"""Amounts, and ways of paying, in words."""

from __future__ import annotations

from decimal import Decimal

import pytest

from modules.accounting import labels
from modules.accounting.words import in_words

pytestmark = pytest.mark.once


@pytest.mark.parametrize(("amount", "words"), [
    ("0", "cero pesos con 00/100"), ("0.31", "cero pesos con 31/100"), ("1", "un peso con 00/100"),
    ("21", "veintiún pesos con 00/100"), ("31.05", "treinta y un pesos con 05/100"), ("100", "cien pesos con 00/100"),
    ("101", "ciento un pesos con 00/100"), ("1000", "mil pesos con 00/100"),
    ("21000", "veintiún mil pesos con 00/100"), ("31001", "treinta y un mil un pesos con 00/100"),
    ("12250", "doce mil doscientos cincuenta pesos con 00/100"), ("101000", "ciento un mil pesos con 00/100"),
    ("1000000", "un millón de pesos con 00/100"), ("2000000", "dos millones de pesos con 00/100"),
    ("1000001", "un millón un pesos con 00/100"), ("21000000", "veintiún millones de pesos con 00/100"),
    ("1000021.99", "un millón veintiún pesos con 99/100"), ("-5", "menos cinco pesos con 00/100"),
])
def test_spanish(amount: str, words: str) -> None:
    assert in_words(Decimal(amount), "ARS", "es_AR") == words


@pytest.mark.parametrize(("currency", "words"), [
    ("USD", "un dólar con 50/100"), ("PEN", "un sol con 50/100"), ("XYZ", "un XYZ con 50/100"),
])
def test_currencies(currency: str, words: str) -> None:
    assert in_words(Decimal("1.50"), currency) == words


def test_english_and_an_unknown_language() -> None:
    assert in_words(Decimal("2.10"), "USD", "en") == "two dollars and 10/100"
    assert in_words(Decimal("2.10"), "USD", "qu") == "dos dólares con 10/100"


@pytest.mark.parametrize(("code", "said"), [("Mercado Pago", "Mercado Pago"), ("CardNET", "CardNET"),
                                            ("pago_facil", "Pago facil")])
def test_a_way_of_paying_is_written_as_its_owner_writes_it(code: str, said: str) -> None:
    assert labels.method_of(code) == said
