"""Records of fixed width: what is read, what is refused and in which words, what is written."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal

import pytest

from modules.gateways.errors import BadDebt, BadFile
from modules.gateways.records import Record, lines, plain

DETAIL = Record("detail", (("kind", 1, "=5"), ("code", 6, "n"), ("amount", 8, "m2"), ("paid", 8, "d"),
                           ("name", 5, "a<"),
                           ("rest", 2, "z")))
LINE = "5" + "000123" + "00012100" + "20261110" + "PEREZ" + "00"


def test_a_line_is_read_and_written_back_the_same() -> None:
    values = DETAIL.read(LINE, 1)
    assert (values["code"], values["amount"], values["paid"], values["name"]) == (
        "000123", Decimal("121.00"), dt.date(2026, 11, 10), "PEREZ")
    assert DETAIL.write(values) == LINE


@pytest.mark.parametrize(("line", "place"), [
    (LINE[:-1], "29"), ("6" + LINE[1:], "1–1"), (LINE.replace("000123", "00O123"), "2–7"),
    (LINE.replace("00012100", "0001²100"), "8–15"), (LINE.replace("20261110", "20261340"), "16–23"),
    (LINE[:-2] + "01", "29–30"),
])
def test_what_is_wrong_is_told_with_its_place(line: str, place: str) -> None:
    with pytest.raises(BadFile, match=place) as refused:
        DETAIL.read(line, 7)
    assert refused.value.line == 7


@pytest.mark.parametrize("values", [
    {"code": "1234567"}, {"code": "12A"}, {"amount": Decimal("1.005")}, {"amount": Decimal("-1")},
    {"amount": Decimal("1000000.00")}, {"name": "LARGO!"},
])
def test_what_does_not_fit_is_not_written(values: dict) -> None:
    with pytest.raises(BadDebt):
        DETAIL.write({"code": "1", "amount": Decimal("1"), "paid": None, "name": ""} | values)


@pytest.mark.parametrize("content", [b"A\r\nB\r\n", b"A\nB", b"A\r\nB"])
def test_every_line_end_is_understood(content: bytes) -> None:
    assert list(lines(io.BytesIO(content))) == [(1, "A"), (2, "B")]


def test_a_gigantic_line_is_refused_before_it_is_read() -> None:
    file = io.BytesIO(b"x" * 50_000_000)
    with pytest.raises(BadFile):
        list(lines(file))
    assert file.tell() <= 4096


@pytest.mark.parametrize(("kind", "good", "none", "bad"), [
    ("d", "20261110", ("00000000", "        "), ("0000 000", "20261301", "2026111 ")),
    ("d!", "20261110", (), ("00000000", "        ")),
    ("d0", "20261110", ("00000000",), ("        ", "0000000 ")),
])
def test_a_date_may_be_missing_where_its_kind_says_so(kind: str, good: str, none: tuple, bad: tuple) -> None:
    record = Record("day", (("day", 8, kind),))
    assert record.read(good, 1)["day"] == dt.date(2026, 11, 10) and record.write({"day": dt.date(2026, 11, 10)}) == good
    assert [record.read(text, 1)["day"] for text in none] == [None] * len(none)
    for text in bad:
        with pytest.raises(BadFile):
            record.read(text, 1)


def test_text_of_the_networks() -> None:
    assert plain("1º piso ß ½") == "1 PISO SS 12"
    assert plain("Ñandú & Cía.\tS.R.L. «x»") == "NANDU  CIASRL X"
