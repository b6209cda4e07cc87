"""GS1-128 of Colombian bills (ref. 4): composed, refused, drawn and read back."""

from __future__ import annotations

import datetime as dt
import shutil
import subprocess
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from core import pdf
from core.errors import DomainError
from modules.gateways import barcodes, ports
from modules.gateways.access import Access
from modules.gateways.errors import BadDebt, BadSetting
from modules.gateways.shapes import Coupon, Debt, Due
from tests.modules.gateways import reading

assert reading  # the ports are filled
pytestmark = pytest.mark.once
ACCOUNT: dict[str, Any] = {"gln": "7709998000001", "amount_width": 10, "reference_width": 12}
DEBT = Debt("123456", "Ana", "98", "Internet", "COP", (Due(dt.date(2026, 11, 30), Decimal("89900.00")),))


def coupon(debt: Debt = DEBT, **settings: Any) -> Coupon:
    return ports.coupons.get("efecty").coupon(Access("efecty", {**ACCOUNT, **settings}), debt)


def test_the_worked_example() -> None:
    assert coupon() == Coupon("41577099980000018020000000123456\x1d39000000089900\x1d9620261130", "gs1-128",
                              "(415)7709998000001(8020)000000123456(3900)0000089900(96)20261130")


@pytest.mark.parametrize(("settings", "text"), [
    ({"reference_width": 0}, "(415)7709998000001(8020)123456(3900)0000089900(96)20261130"),
    ({"reference_width": "8", "amount_width": "14"},
     "(415)7709998000001(8020)00123456(3900)00000000089900(96)20261130"),
    ({"reference_from": "invoice", "reference_width": 4}, "(415)7709998000001(8020)0098(3900)0000089900(96)20261130"),
    ({"amount_decimals": "2"}, "(415)7709998000001(8020)000000123456(3902)0008990000(96)20261130"),
    ({"account_code": "4521"}, "(415)7709998000001(8020)4521(8020)000000123456(3900)0000089900(96)20261130"),
    ({"check_digit": True}, "(415)7709998000001(8020)000001234566(3900)0000089900(96)20261130"),
])
def test_what_the_agreement_changes(settings: dict, text: str) -> None:
    assert coupon(**settings).text == text


def test_the_office_takes_the_first_amount_until_the_last_day() -> None:
    later = Due(dt.date(2026, 12, 10), Decimal("92000.00"))
    assert coupon(replace(DEBT, due=(*DEBT.due, later))).text.endswith("(3900)0000089900(96)20261210")


def test_every_part_of_variable_length_is_ended_but_the_last() -> None:
    assert coupon(account_code="4521").barcode == (
        "415770999800000180204521\x1d8020000000123456\x1d39000000089900\x1d9620261130")


@pytest.mark.parametrize("settings", [
    {"gln": "7709998000002"}, {"gln": "770999800000"}, {"gln": "77099980000O1"}, {"gln": ""}, {"amount_width": 9},
    {"amount_width": 16}, {"amount_width": "ten"}, {"amount_width": 0}, {"reference_width": -1},
])
def test_settings_that_cannot_be_printed_are_refused(settings: dict) -> None:
    with pytest.raises(BadSetting):
        coupon(**settings)


@pytest.mark.parametrize("debt", [
    *(replace(DEBT, due=(Due(DEBT.due[0].date, Decimal(amount)),)) for amount in ("89900.50", "0", "10000000000")),
    replace(DEBT, customer="EC-1045"),
    replace(DEBT, customer="1" * 26), replace(DEBT, customer=""), replace(DEBT, customer="12ñ4"),
    replace(DEBT, customer="١٢"),
])
def test_debts_that_cannot_be_printed_are_refused(debt: Debt) -> None:
    with pytest.raises(BadDebt):
        coupon(debt)


@pytest.mark.parametrize("text", ["AÑO", "canción", "pingüino", "1234\xf1"])
def test_letters_that_would_be_drawn_as_functions_are_refused(text: str) -> None:
    with pytest.raises(DomainError):
        barcodes.drawn(Coupon(text, "code128"))


def test_other_symbologies_are_drawn_as_they_are() -> None:
    assert barcodes.drawn(Coupon("1234", "i2of5")) == ("1234", "i2of5")


@pytest.mark.parametrize(("number", "printed"), [("1045", "010454"), ("7992739871", "79927398713"), ("7", "000075")])
def test_check_digits_go_there_and_back(number: str, printed: str) -> None:
    assert barcodes.with_check_digit(number) == printed and barcodes.without_check_digit(printed) == number
    wrong = str((int(printed[-1]) + 1) % 10)
    assert barcodes.without_check_digit(printed[:-1] + wrong) is None


@pytest.mark.skipif(shutil.which("zbarimg") is None, reason="zbarimg is not installed")
@pytest.mark.parametrize("settings", [{}, {"reference_width": 0, "account_code": "45213"}])
def test_what_is_printed_is_read_back(settings: dict, tmp_path: Path) -> None:
    wanted = coupon(**settings)
    value, symbology = barcodes.drawn(wanted)
    path = tmp_path / "page.pdf"
    drawing = f'<pdf:barcode value="{value}" type="{symbology}" barwidth="0.25mm" barheight="13mm"></pdf:barcode>'
    head = "<html><head><style>@page { size: 15cm 4cm; margin: 1cm }</style></head>"
    path.write_bytes(pdf.render(f"{head}<body>{drawing}</body></html>"))
    subprocess.run(["pdftoppm", "-r", "300", "-gray", "-png", path, tmp_path / "page"], check=True)
    (image,) = tmp_path.glob("page*.png")
    found = subprocess.run(["zbarimg", "-q", "--raw", "-Sdisable", "-Scode128.enable", image], capture_output=True,
                           check=True).stdout.decode().rstrip("\n")
    # the first function character says GS1 and is not part of the data
    assert found.removeprefix("\x1d") == wanted.barcode
