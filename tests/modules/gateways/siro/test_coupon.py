"""SIRO's bar codes: the examples that were computed with the bank's generator, and slips that cannot be."""

from __future__ import annotations

from typing import Any

import pytest

from modules.gateways import jsonform, ports
from modules.gateways.errors import BadDebt
from modules.gateways.providers.check_digits import with_check_digits
from modules.gateways.shapes import Coupon
from tests.modules.gateways.files import debt

DUE = (("2026-11-10", "18150.00"), ("2026-11-20", "18694.50"))
PAGE = "https://siropagos.bancoroela.com.ar/Home/PagoOffLine/0010000015150058293/"


def coupon(form: str, customer: str = "1000001", *due: tuple[str, str], extra: dict | None = None,
           **account: Any) -> Coupon:
    access = jsonform.access_of("siro", {"convenio": "5150058293", "formato_barra": form, **account})
    return ports.coupons.get("siro").coupon(access, jsonform.debt_of(debt(customer, *(due or DUE), extra=extra)))


def test_check_digits() -> None:
    assert with_check_digits("123456") == "12345661"


@pytest.mark.parametrize(("form", "customer", "symbology", "barcode"), [
    ("0447", "1000001", "i2of5", "04470010000012611101815000101869450000000000515005829358"),
    ("0449", "1000001", "code128", "04490010000012611100181500010018694500000000000515005829340"),
    ("0448", "700012345678901", "code128", "04487000123456789012611100001815000100001869450515005829380"),
])
def test_the_bank_s_examples(form: str, customer: str, symbology: str, barcode: str) -> None:
    found = coupon(form, customer)
    assert (found.barcode, found.symbology) == (barcode, symbology)


def test_an_open_slip_says_neither_day_nor_amount() -> None:
    found = coupon("0447", extra={"open": True})
    assert found.barcode == "04470010000010000000000000000000000000000000515005829331"
    assert coupon("0448", extra={"open": True}).barcode[:-2] == "0448" + "1000001".zfill(15) + "0" * 28 + "5150058293"


def test_three_due_dates_are_days_apart() -> None:
    found = coupon("0447", "1", ("2026-12-28", "1.00"), ("2027-01-05", "2.00"), ("2027-04-14", "3.50"))
    assert found.barcode[13:44] == "261228" "0000100" "08" "0000200" "99" "0000350"


def test_the_payment_code_and_its_page_are_told() -> None:
    assert (coupon("0447").text, coupon("0447").link) == ("0010000015150058293", PAGE)
    wide = coupon("0448", "700012345678901")
    assert (wide.text, wide.link) == (wide.barcode, "")  # nine of its digits would be somebody else
    assert coupon("0448", "1000001").link == PAGE


@pytest.mark.parametrize(("form", "due", "words"), [
    ("0447", (("2026-11-10", "100000.00"),), "0449"), ("0449", (("2026-11-10", "1000000.00"),), "0448"),
    ("0448", (("2026-11-10", "100000000.00"),), "too large"),
    ("0447", (("2026-11-10", "1.00"), ("2027-02-18", "1.00")), "99 days"),
    ("0448", (*DUE, ("2026-11-30", "19000.00")), "holds 2"), ("0440", DUE, "0444, 0447, 0448, 0449"),
    ("0447", tuple(reversed(DUE)), "before"), ("0447", (("2026-11-10", "2.00"), ("2026-11-11", "1.00")), "less"),
])
def test_slips_that_cannot_be(form: str, due: tuple, words: str) -> None:
    with pytest.raises(BadDebt, match=words):
        coupon(form, "1000001", *due)


@pytest.mark.parametrize(("form", "customer"), [("0447", "1234567890"), ("0448", "1" * 16), ("0447", "A1")])
def test_customers_that_no_slip_can_name(form: str, customer: str) -> None:
    with pytest.raises(BadDebt, match="digits"):
        coupon(form, customer)


def test_the_limits_fit() -> None:
    found = coupon("0447", "1", ("2026-11-10", "99999.99"), ("2027-02-17", "99999.99"))
    assert found.barcode[19:35] == "9" * 16
