"""What the law wants printed: QR and legends."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal as D

import pytest

from modules.einvoice_ar.legends import LegendFacts, legends
from modules.einvoice_ar.qr import QrFacts, text, url

pytestmark = pytest.mark.once
# the official example of RG 4892's specification
OFFICIAL = (
    "eyJ2ZXIiOjEsImZlY2hhIjoiMjAyMC0xMC0xMyIsImN1aXQiOjMwMDAwMDAwMDA3LCJwdG9WdGEiOjEwLCJ0aXBvQ21wIjox"
    "LCJucm9DbXAiOjk0LCJpbXBvcnRlIjoxMjEwMCwibW9uZWRhIjoiRE9MIiwiY3R6Ijo2NSwidGlwb0RvY1JlYyI6ODAsIm5y"
    "b0RvY1JlYyI6MjAwMDAwMDAwMDEsInRpcG9Db2RBdXQiOiJFIiwiY29kQXV0Ijo3MDQxNzA1NDM2NzQ3Nn0="
)


def facts(**changes: object) -> QrFacts:
    given = {"date": dt.date(2020, 10, 13), "cuit": "30000000007", "point_of_sale": 10, "kind": 1, "number": 94,
             "total": D("12100.00"), "currency": "DOL", "rate": D("65"), "receiver_kind": 80,
             "receiver_number": 20000000001, "code": "70417054367476"}
    return QrFacts(**(given | changes))  # type: ignore[arg-type]


def test_the_official_example_byte_for_byte():
    assert url(facts()) == f"https://www.arca.gob.ar/fe/qr/?p={OFFICIAL}"


@pytest.mark.parametrize(("changes", "part"), [
    ({"total": D("38750.250")}, '"importe":38750.25,'), ({"rate": D("1450.500000")}, '"ctz":1450.5,'),
    ({"total": D("1000000.00")}, '"importe":1000000,'), ({"code": "00417054367476"}, '"codAut":417054367476}'),
    ({"receiver_kind": 99, "receiver_number": 0}, '"ctz":65,"tipoCodAut"'), ({"code_kind": "A"}, '"tipoCodAut":"A"'),
])
def test_numbers_and_absent_parts(changes, part):
    assert part in text(facts(**changes))


@pytest.mark.parametrize(("group", "condition", "document", "expected"), [
    ("B", 5, 99, ["Transparencia", "IVA Contenido: $ 2.100,00", "Indirectos: $ 8,00", "CONSUMIDOR FINAL"]),
    ("B", 5, 96, ["Transparencia", "IVA Contenido", "Indirectos"]),
    ("B", 4, 80, ["Transparencia", "IVA Contenido", "Indirectos"]),
    ("B", 9, 94, []), ("A", 1, 80, []), ("A", 6, 80, ["Ley Nº 27.618"]), ("A", 13, 80, ["Ley Nº 27.618"]),
    ("A", 16, 80, ["Ley Nº 27.618"]), ("ALEY", 1, 80, ["OPERACIÓN SUJETA A RETENCIÓN"]),
    ("ALEY", 6, 80, ["Ley Nº 27.618", "OPERACIÓN SUJETA A RETENCIÓN"]), ("C", 5, 96, []), ("C", 5, 99, ["CONSUMIDOR"]),
])
def test_legends(group, condition, document, expected):
    found = legends(LegendFacts(group, condition, document, D("2100.00"), D("8.00"), D("12108.00"), "ARS", "PES", D(1)))
    assert len(found) == len(expected)
    assert all(part in text for part, text in zip(expected, found, strict=True))


def test_foreign_currency_shows_rate_and_total_in_pesos():
    found = legends(LegendFacts("A", 1, 80, D("21"), D(0), D("121.00"), "USD", "DOL", D("1450.500000")))
    assert found == ("Tipo de cambio: 1450.5. Total en pesos: $ 175.510,50",)
