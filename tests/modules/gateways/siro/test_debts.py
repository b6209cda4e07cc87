"""SIRO's debt files byte for byte, the keys of debts, and what is refused."""

from __future__ import annotations

import datetime as dt
from itertools import islice
from typing import Any

import pytest

from modules.gateways import jsonform, ports
from modules.gateways.errors import BadDebt, BadSetting
from modules.gateways.shapes import Made
from tests.modules.gateways.files import built, debt, memory_of_writing, problem

ACCOUNT = {"convenio": "5150058293", "cuit_administrador": "30-52276392-2", "ente": "Ñandú Internet S.R.L."}
LINK = {**ACCOUNT, "formato": "link"}
ONE = debt("1000001", ("2026-11-10", "18150.00"), ("2026-11-20", "18694.50"), invoice="B-0003-00001245",
           concept="Internet 100 Mb/s noviembre 2026")
TWO = debt("200000002", ("2026-12-05", "12100.5"), invoice="1234567890123456789", concept="Ñoño")
HEAD = "0" "400" "0000" "20261102" "1" + "0" * 263
FIRST = ("5" "0010000015150058293" "B000300001245  " "0" "1126" "0" "20261110" "00001815000" "20261120" "00001869450"
         "20261120" "00001869450" + "0" * 19 + "0010000015150058293" "NANDU INTERNET " "INTERNET 100 MBS NOVIEMBR"
         "NANDU INTERNET " + " " * 60 + "0" * 29)
SECOND = ("5" "2000000025150058293" "567890123456789" "0" "1226" "0" + ("20261205" + "00001210050") * 3 + "0" * 19
          + "2000000025150058293" "NANDU INTERNET " "NONO                     " "NANDU INTERNET " + " " * 60 + "0" * 29)
TAIL = "9" "400" "0000" "20261102" "0000002" "0000000" "0000000003025050" + "0" * 234


def test_the_full_file_byte_for_byte() -> None:
    assert built("siro", ACCOUNT, [ONE, TWO]) == "".join(
        line + "\r\n" for line in (HEAD, FIRST, SECOND, TAIL)).encode()


def test_the_link_file_byte_for_byte() -> None:
    head = "HRFACTURACION" "   " "261102" "00001" + " " * 104
    first = ("01126" "001" "0010000015150058293" "261110" "000001815000" "261120" "000001869450" "000000" "000000000000"
             "NANDU INTERNET " "INTERNET 100 MBS NOVIEMBR" + " " * 10)
    second = ("71226" "001" "2000000025150058293" "261205" "000001210050" + "0" * 36
              + "NANDU INTERNET " "NONO                     " + " " * 10)
    tail = ("TRFACTURACION" "00000004" "000000000003025050" "000000000001869450" "000000000000000000" + " " * 56)
    assert {len(one) for one in (head, first, second, tail)} == {131}
    two = {**TWO, "extra": {"concept": 7}}
    assert built("siro", LINK, [ONE, two]) == "".join(
        line + "\r\n" for line in (head, first, second, tail)).encode()


def test_a_file_without_debts_has_its_frame() -> None:
    lines = built("siro", ACCOUNT, []).split(b"\r\n")
    assert [len(one) for one in lines] == [280, 280, 0] and lines[1][16:23] == b"0000000"


@pytest.mark.parametrize(("invoice", "extra", "expected"), [
    ("12", {}, "000000000000012" "01126"), ("A0012", {"concept": "3"}, "A0012          " "31126"),
    ("B 0003-00001245", {"period": "0127"}, "B000300001245  " "00127"),
    ("ABCDEFGHIJKLMNOPQRST", {}, "ABCDEFGHIJKLMNO" "01126"), ("99900000000000000012", {}, "000000000000012" "01126"),
    ("", {}, " " * 15 + "01126"), ("ñ-7é", {}, "N7E            " "01126"),
])
def test_the_twenty_characters_of_an_invoice(invoice: str, extra: dict, expected: str) -> None:
    one = debt("1", ("2026-11-10", "1.00"), invoice=invoice, extra=extra)
    assert built("siro", ACCOUNT, [one]).split(b"\r\n")[1][20:40].decode() == expected


@pytest.mark.parametrize(("change", "words"), [
    ({"due": [("2026-11-20", "10.00"), ("2026-11-10", "11.00")]}, "2026-11-10 after 2026-11-20"),
    ({"due": [("2026-11-10", "10.00"), ("2026-11-20", "9.99")]}, "9.99 after 10.00"),
    ({"due": [(f"2026-11-{day}", "1.00") for day in (10, 11, 12, 13)]}, "one to 3"),
    ({"due": [("2026-11-10", "0.00")]}, "more than zero"), ({"due": [("2026-11-10", "1.005")]}, "whole cents"),
    ({"due": [("2026-11-10", "1000000000.00")]}, "fit"), ({"customer": "1234567890"}, "at most 9"),
    ({"customer": "12A"}, "digits"), ({"customer": "１２"}, "digits"), ({"currency": "USD"}, "USD"),
    ({"extra": {"concept": "10"}}, "one digit"), ({"extra": {"period": "112026"}}, "MMYY"),
    ({"extra": {"period": "١١٢٦"}}, "MMYY"),
    ({"due": [("2026-10-01", "10.00"), ("2026-11-01", "11.00")]}, "all past"),
])
@pytest.mark.parametrize("account", [ACCOUNT, LINK])
def test_debts_that_siro_would_refuse(account: dict, change: dict, words: str) -> None:
    given: dict[str, Any] = {"customer": "1", "due": [("2026-11-10", "10.00")], "currency": "ARS", **change}
    one = debt(given.pop("customer"), *given.pop("due"), **given)
    with pytest.raises(BadDebt, match=words if account is ACCOUNT or words != "fit" else "thousand millions"):
        built("siro", account, [one])
    assert words == "all past" or problem("siro", account, one)


def test_a_debt_that_is_due_today_may_still_be_sent() -> None:
    assert built("siro", ACCOUNT, [debt("1", ("2026-10-10", "1.00"), ("2026-11-02", "1.00"))])


def test_the_same_five_digits_of_a_customer_go_into_a_file_once() -> None:
    pair = [ONE, {**ONE, "invoice": "other"}]
    with pytest.raises(BadDebt, match=r"0010000015150058293 with 01126"):
        built("siro", ACCOUNT, pair)
    pair[1] = {**pair[1], "extra": {"concept": "1"}}
    assert built("siro", ACCOUNT, pair)


@pytest.mark.parametrize("account", [{**ACCOUNT, "convenio": "515"}, {"ente": "X"}, {**ACCOUNT, "formato": "long"}])
def test_settings_that_make_no_file(account: dict) -> None:
    with pytest.raises((BadDebt, BadSetting)):
        built("siro", account, [ONE])


def test_keys_of_a_debt_are_its_own_then_other_concepts_then_numbers_that_are_no_month() -> None:
    writer, access = ports.debt_files.get("siro"), jsonform.access_of("siro", ACCOUNT)
    one = jsonform.debt_of({**ONE, "extra": {"concept": "2"}})
    found = list(islice(writer.keys(access, one), 115))
    keys = [key[-5:] for key, _debt in found]
    assert keys[:12] == ["21126", "01126", "11126", "31126", "41126", "51126", "61126", "71126", "81126", "91126",
                         "00000", "00001"]
    assert "00100" not in keys and len(set(keys)) == len(keys)
    assert all(key.startswith("0010000015150058293") for key, _debt in found)


@pytest.mark.parametrize(("account", "invoice"), [(ACCOUNT, "B000300001245  11126"), (LINK, "0" * 15 + "11126")])
def test_a_debt_with_its_key_is_written_as_the_rendition_will_name_it(account: dict, invoice: str) -> None:
    writer, access = ports.debt_files.get("siro"), jsonform.access_of("siro", account)
    second = list(islice(writer.keys(access, jsonform.debt_of(ONE)), 2))[1][1]
    assert (second.customer, second.invoice) == ("001000001", invoice)
    again = debt(second.customer, ("2026-11-10", "1.00"), invoice=second.invoice, extra=second.extra)
    line = built("siro", account, [again]).split(b"\r\n")[1].decode()
    assert invoice in line if account is ACCOUNT else line.startswith("11126")


@pytest.mark.parametrize(("account", "number", "name"), [
    (ACCOUNT, 1, "30522763922.20261102"), (ACCOUNT, 2, "30522763922.20261102-2"), ({}, 1, "SIRO.20261102")])
def test_the_name_of_the_file(account: dict, number: int, name: str) -> None:
    access = jsonform.access_of("siro", account)
    assert ports.debt_files.get("siro").name(access, Made(dt.date(2026, 11, 2), number=number)) == name


def test_many_debts_are_not_held() -> None:
    one = jsonform.debt_of(ONE)

    def debts(count: int) -> Any:
        from dataclasses import replace
        return lambda: (replace(one, customer=str(number)) for number in range(count))

    small, large = (memory_of_writing("siro", ACCOUNT, debts(count)) for count in (500, 3000))
    assert (large - small) / 2500 < 200
