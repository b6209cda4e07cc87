"""Pago Fácil's codes and collection files, as far as they are known."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from modules.gateways import jsonform, ports
from modules.gateways.errors import BadDebt, BadFile, BadSetting
from modules.gateways.providers.check_digits import with_check_digits
from modules.gateways.shapes import Coupon
from tests.modules.gateways.files import debt, memory_of_reading, read, refused, spoilt

TEMPLATE = ["empresa:4", "importe:8", "vencimiento:5", "cliente:14", "=0", "recargo:6", "dias:2"]
DUE = (("2026-11-10", "18150.00"), ("2026-11-20", "18694.50"))


def coupon(customer: str = "1000001", due: tuple = DUE, **account: Any) -> Coupon:
    access = jsonform.access_of("pagofacil", {"empresa": "1234", **account})
    return ports.coupons.get("pagofacil").coupon(access, jsonform.debt_of(debt(customer, *due)))


def test_the_payment_code_has_fourteen_digits() -> None:
    found = coupon()
    assert found == Coupon(with_check_digits("123401000001"), "codabar", with_check_digits("123401000001"))
    assert len(found.barcode) == 14


def test_a_bar_code_by_the_contract_s_template() -> None:
    found = coupon(barra=TEMPLATE)
    assert found.barcode[:-2] == "1234" "01815000" "26314" "00000001000001" "0" "054450" "10"
    assert (len(found.barcode), found.symbology, found.text) == (42, "i2of5", coupon().barcode)


@pytest.mark.parametrize(("given", "error"), [
    ({"customer": "123456789"}, BadDebt), ({"customer": "A"}, BadDebt), ({"empresa": "12"}, BadSetting),
    ({"barra": ["empresa"]}, BadSetting), ({"barra": ["color:4"]}, BadSetting), ({"barra": ["=x"]}, BadSetting),
    ({"barra": ["importe:4"]}, BadDebt), ({"due": (*DUE, ("2026-11-30", "20000.00"))}, BadDebt),
])
def test_what_makes_no_code(given: dict, error: type) -> None:
    with pytest.raises(error):
        coupon(**given)


# --- files ---------------------------------------------------------------------------------------------------


def triple(customer: int = 1000001, cents: int = 1815000, means: str = "E", number: int = 1) -> list[str]:
    return [f"5{number:<63}20261109".ljust(128), f"61234{customer:08d}".ljust(128),
            f"7   {means}{'':80}{cents:015d}".ljust(128)]


def variant_a(*payments: list[str], end: str = "9") -> bytes:
    rows = ["1 20261110PAGO FACIL", "3", *(row for one in payments for row in one), "8", *([end] if end else [])]
    return "".join(row + "\r\n" for row in rows).encode()


def variant_b(*rows: tuple[int, int], end: str = "9") -> bytes:
    lines = ["1", *(f"209112026{'':74}{customer:08d}{'':16}{cents:010d}" for customer, cents in rows), end]
    return "".join(row + "\n" for row in lines).encode()


B = {"variante": "B"}


def test_three_lines_are_a_payment() -> None:
    found = read("pagofacil", variant_a(triple(), triple(2, 50, "P", 2), triple(3, 1, "Z", 3)), {"empresa": "1234"})
    told = [(one.reference.customer, str(one.amount), one.channel, one.remarks, one.line) for one in found.payments]
    assert told == [
        ("01000001", "18150.00", "cash", (), 3), ("00000002", "0.50", "debit", (), 6),
        ("00000003", "0.01", "Z", ("unknown_channel",), 9)]
    assert found.payments[0].paid_at == dt.date(2026, 11, 9)
    assert [one.code for one in found.problems] == ["not_proved"] and "18150.51" in found.problems[0].message
    assert found.control is not None and found.control.count == 3


def test_one_line_is_a_payment() -> None:
    found = read("pagofacil", variant_b((1000001, 1815000), (2, 50)), B)
    assert [(one.reference.customer, str(one.amount), one.paid_at) for one in found.payments] == [
        ("01000001", "18150.00", dt.date(2026, 11, 9)), ("00000002", "0.50", dt.date(2026, 11, 9))]


def test_equal_payments_are_two() -> None:
    assert len({one.external_id for one in read("pagofacil", variant_a(triple(), triple())).payments}) == 2


@pytest.mark.parametrize(("bad", "account", "line"), [
    (variant_a(triple(), end=""), {}, 6), (b"", {}, 1), (variant_a(triple())[3:], {}, 1),
    (variant_a(triple()[:2]), {}, 5), (variant_a(triple()[1:]), {}, 3), (variant_a(triple()) + b"5\r\n", {}, 8),
    (variant_a(triple()).replace(b"20261109", b"20261309"), {}, 3),
    (variant_a(triple()).replace(b"000000001815000", b"00000000181500O"), {}, 5),
    (variant_a(triple()), {"empresa": "9999"}, 4), (variant_b((1, 1), end="2"), B, 3),
    (variant_b((1, 1)).replace(b"209112026", b"209132026"), B, 2), (variant_b((1, 1))[:60] + b"\n9\n", B, 2),
])
def test_wrong_files(bad: bytes, account: dict, line: int) -> None:
    assert refused("pagofacil", bad, account).line == line


def test_an_unknown_variant() -> None:
    with pytest.raises(BadSetting):
        read("pagofacil", variant_a(triple()), {"variante": "C"})


def test_no_spoilt_file_makes_a_reader_fall() -> None:
    for one in spoilt(variant_a(triple(), triple(2), triple(3)), times=150):
        try:
            found = read("pagofacil", one)
        except BadFile as error:
            assert error.line
        else:
            assert found.control is not None and found.control.total == sum(item.amount for item in found.payments)


def test_many_lines_need_no_more_memory() -> None:
    def parts(count: int) -> Any:
        def made() -> Iterator[bytes]:
            yield b"1\r\n"
            for number in range(count):
                yield "".join(row + "\r\n" for row in triple(number)).encode()
            yield b"9\r\n"
        return made

    small, large = (memory_of_reading("pagofacil", parts(count))[0] for count in (500, 3000))
    assert (large - small) / 2500 < 200
