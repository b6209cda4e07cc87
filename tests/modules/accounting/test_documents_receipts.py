"""Receipts: who paid, how much, for what, what is left; on half a page and on a roll."""

from __future__ import annotations

import datetime as dt
import io
import logging
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from pypdf import PdfReader

from core.i18n import use_locale
from modules.accounting import receipts, sheets
from modules.accounting.receipts import ReceiptSource
from tests.modules.accounting import documents_sample as sample

pytestmark = pytest.mark.once


@pytest.fixture(autouse=True)
def spanish(app: Flask, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    with use_locale("es_AR"), caplog.at_level(logging.WARNING):
        yield
    assert [record.getMessage() for record in caplog.records] == []


def source(**values: Any) -> ReceiptSource:
    return ReceiptSource(**{
        "number": "0001-00000042", "date": dt.date(2026, 11, 9), "made_at": dt.datetime(2026, 11, 9, 13, tzinfo=dt.UTC),
        "amount": Decimal("12250"), "currency": "ARS", "method": "Transferencia", "reference": "op. 554433",
        "customer_name": "María Ñandú Güemes", "customer_code": "C-00042", "customer_document": "DNI 30.111.222",
        "company": sample.company(), "logo": sheets.logo_image(sample.logo()),
        "paid": [("Factura B 0003-00000119", dt.date(2026, 11, 1), Decimal("12100"))], **values})


@pytest.mark.parametrize("size", receipts.SIZES)
@pytest.mark.parametrize("wanted", ["Recibo", "0001-00000042", "09/11/2026", "María Ñandú Güemes", "Cliente N° C-00042",
                                    "$12.250,00", "Transferencia · op. 554433", "Factura B 0003-00000119",
                                    "A su favor $150,00", "Este recibo no es una factura"])
def test_what_a_receipt_says(size: str, wanted: str) -> None:
    assert wanted in sample.text(receipts.render(receipts.build(source()), size))


def test_the_amount_is_written_in_words() -> None:
    assert "doce mil doscientos cincuenta pesos con 00/100" in sample.text(receipts.render(receipts.build(source())))


def test_what_is_still_owed_is_said() -> None:
    found = sample.text(receipts.render(receipts.build(source(amount=Decimal("12100"), balance=Decimal("3000")))))
    assert "Saldo después de este pago $3.000,00" in found and "A su favor" not in found


def test_a_rehearsal_is_marked() -> None:
    data = receipts.render(receipts.build(source(company=sample.company(environment="rehearsal"))))
    assert "Ensayo:sinvalidezfiscal" in "".join(PdfReader(io.BytesIO(data)).pages[0].extract_text().split())


@pytest.mark.parametrize(("size", "width", "printable"), [("80mm", 80, 72), ("58mm", 58, 48)])
@pytest.mark.parametrize("count", [0, 1, 12, 30])
def test_a_roll_is_one_page_as_long_as_needed_and_nothing_is_beside_what_printers_reach(
        count: int, size: str, width: int, printable: int) -> None:
    paid = [(f"Factura B 0003-{number:08d}", dt.date(2026, 11, 1), Decimal("1234567.89")) for number in range(count)]
    data = receipts.render(receipts.build(source(paid=paid, amount=Decimal("12345678.90"))), size)
    pages = PdfReader(io.BytesIO(data)).pages
    assert len(pages) == 1
    assert round(float(pages[0].mediabox.width) / 72 * 25.4) == width
    assert round(float(pages[0].mediabox.height) / 72 * 25.4) in receipts.ROLL_HEIGHTS
    left, right = sample.reach(data)
    margin = (width - printable) / 2
    assert margin - 0.1 <= left and right <= width - margin + 0.1


@pytest.mark.parametrize(("country", "width", "height"), [("AR", 210, 149), ("MX", 216, 140), ("CO", 216, 140)])
def test_half_a_page_is_half_of_the_paper_of_the_country(country: str, width: int, height: int) -> None:
    page = PdfReader(io.BytesIO(receipts.render(receipts.build(source(
        company=sample.company(country=country)))))).pages[0]
    assert [round(float(one) / 72 * 25.4) for one in (page.mediabox.width, page.mediabox.height)] == [width, height]
