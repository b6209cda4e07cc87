"""Argentina's part of the printed document: letter, legends, transparency, QR after the official example."""

from __future__ import annotations

import base64
import datetime as dt
import json
from decimal import Decimal
from types import SimpleNamespace as Bag
from typing import Any

import pytest

from modules.einvoice_ar import layout, print
from modules.einvoice_ar.legends import TRANSPARENCY

pytestmark = pytest.mark.once
# official specification of the QR, RG 4892/2020
EXAMPLE = ("eyJ2ZXIiOjEsImZlY2hhIjoiMjAyMC0xMC0xMyIsImN1aXQiOjMwMDAwMDAwMDA3LCJwdG9WdGEiOjEwLCJ0aXBvQ21wIjoxLCJucm9D"
           "bXAiOjk0LCJpbXBvcnRlIjoxMjEwMCwibW9uZWRhIjoiRE9MIiwiY3R6Ijo2NSwidGlwb0RvY1JlYyI6ODAsIm5yb0RvY1JlYyI6MjAwMDAw"
           "MDAwMDEsInRpcG9Db2RBdXQiOiJFIiwiY29kQXV0Ijo3MDQxNzA1NDM2NzQ3Nn0=")


def document(**values: Any) -> Any:
    request = {"ImpTotal": "12100.00", "ImpIVA": "2100.00", "MonId": "DOL", "MonCotiz": "65.000000", "DocTipo": 80,
               "DocNro": "20000000001", **values.pop("request", {})}
    return Bag(**{"invoice_id": 7, "state": "authorized", "kind": "1", "series": "10", "number": 94,
                  "authorization_code": "70417054367476", "valid_until": dt.date(2020, 10, 23),
                  "issue_date": dt.date(2020, 10, 13), "environment": "production", "data": {},
                  "request": request, **values})


def invoice(**values: Any) -> Any:
    customer = {"tax_condition": "CF", "tax_id_kind": "DNI", "tax_id": "30111222", **values.pop("customer", {})}
    return Bag(**{"id": 7, "kind": "invoice", "legal_state": "pending", "currency": "ARS",
                  "snapshot": {"customer": customer}, **values})


def part(*, customer: dict[str, str] | None = None, **values: Any) -> Any:
    issuer = {"issuer_tax_id": "30-00000000-7"}
    return print.part(layout.facts(invoice(customer=customer or {}), document(**values), issuer))


def test_the_qr_is_that_of_the_official_example() -> None:
    assert layout.qr_text(document(), "30-00000000-7") == "https://www.arca.gob.ar/fe/qr/?p=" + EXAMPLE


def test_an_unidentified_consumer_has_no_document_in_the_qr() -> None:
    made = layout.qr_text(document(request={"DocTipo": 99, "DocNro": 0, "ImpTotal": "38750.250"}), "30000000007")
    found = json.loads(base64.b64decode(made.partition("?p=")[2]), parse_float=Decimal)
    assert "tipoDocRec" not in found and "nroDocRec" not in found and found["importe"] == Decimal("38750.25")


@pytest.mark.parametrize(("kind", "letter", "code", "title", "net_prices"), [
    ("1", "A", "COD. 001", "Factura", True), ("2", "A", "COD. 002", "Nota de Débito", True),
    ("3", "A", "COD. 003", "Nota de Crédito", True), ("6", "B", "COD. 006", "Factura", False),
    ("8", "B", "COD. 008", "Nota de Crédito", False), ("11", "C", "COD. 011", "Factura", False),
    ("13", "C", "COD. 013", "Nota de Crédito", False), ("51", "A", "COD. 051", "Factura", True),
    ("201", "A", "COD. 201", "Factura de Crédito Electrónica MiPyME (FCE)", True),
])
def test_letter_code_and_name(kind: str, letter: str, code: str, title: str, net_prices: bool) -> None:
    made = part(kind=kind)
    assert (made.letter, made.letter_code, made.title, not made.tax_in_prices) == (letter, code, title, net_prices)
    assert made.number == "Punto de Venta: 00010  Comp. Nro: 00000094" and made.valid


@pytest.mark.parametrize(("kind", "condition", "lines"), [
    ("6", "CF", True), ("6", "EX", True), ("8", "CF", True), ("1", "RI", False), ("11", "CF", False),
])
def test_transparency_lines_are_on_b_for_who_cannot_deduct(kind: str, condition: str, lines: bool) -> None:
    titles = [note.title for note in part(kind=kind, customer={"tax_condition": condition}).legends]
    assert (TRANSPARENCY in titles) is lines


def test_both_transparency_lines_are_there_even_when_zero() -> None:
    (note,) = part(kind="6", request={"ImpIVA": "0", "MonId": "PES", "MonCotiz": "1"}).legends
    assert note.text == "IVA Contenido: $ 0,00\nOtros Impuestos Nacionales Indirectos: $ 0,00"


@pytest.mark.parametrize(("kind", "customer", "words"), [
    ("1", {"tax_condition": "MO"}, "Ley Nº 27.618"), ("51", {"tax_condition": "RI"}, "OPERACIÓN SUJETA A RETENCIÓN"),
    ("6", {"tax_condition": "CF", "tax_id": ""}, "A CONSUMIDOR FINAL"),
])
def test_legends(kind: str, customer: dict[str, str], words: str) -> None:
    assert any(words in note.text for note in part(kind=kind, customer=customer).legends)


@pytest.mark.parametrize("state", ["pending", "sending", "unknown", "rejected"])
def test_without_authorisation_there_is_no_letter_number_or_code(state: str) -> None:
    made = part(state=state)
    assert (made.letter, made.legal, made.qr_text, made.copy, made.valid) == ("", [], "", "", False)
    assert made.void_text == "DOCUMENTO NO VÁLIDO COMO FACTURA" and "94" not in made.number


@pytest.mark.parametrize(("environment", "marked"), [("production", False), ("testing", True), ("rehearsal", True)])
def test_what_a_simulator_or_a_testing_service_authorised_is_marked(environment: str, marked: bool) -> None:
    assert part(environment=environment).rehearsal is marked


def test_the_date_is_the_documents_own() -> None:
    assert part().date == "13/10/2020"


def test_the_customers_document_and_condition_are_in_words() -> None:
    shown = [f"{fact.label} {fact.value}".strip() for fact in part().customer]
    assert shown == ["DNI 30.111.222 · Consumidor Final", "Condición de venta: Cuenta corriente"]


def test_a_document_that_needs_no_authority_bears_an_x_and_its_own_number() -> None:
    found = print.part(print.LegalFacts("invoice", own_number="00000012"))
    assert (found.letter, found.number, found.valid) == ("X", "N° 00000012", False)
    assert found.void_text == "DOCUMENTO NO VÁLIDO COMO FACTURA"
