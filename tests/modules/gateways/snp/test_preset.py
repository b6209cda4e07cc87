"""Direct debits on accounts: the file of 250 characters out and in, and that no account's number is shown."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from modules.gateways import jsonform, ports
from modules.gateways.errors import BadDebt, BadFile, BadSetting
from modules.gateways.shapes import Made
from tests.modules.gateways.files import (
    built,
    debt,
    memory_of_reading,
    problem,
    read,
    refused,
    spoilt,
    survives,
)

ACCOUNT = {"cuit": "30-52276392-2", "servicio": "INTERNET"}
CBU = "2850590940090418135201"
ONE = debt("1000001", ("2026-11-10", "18150.00"), invoice="B-0003-00001245", extra={"cbu": CBU})


def row(amount: int = 1815000, rejection: str = "", movement: str = "0000000001", **more: str) -> str:
    found = (f"D30522763922001{more.get('service', 'INTERNET'):<10}{more.get('day', '10112026')}28505909000"
             f"40090418135201{more.get('customer', '1000001'):<22}10112026{more.get('reference', 'B000300001245'):<15}"
             f"{amount:010d}80{'0' * 36}{'':22}{rejection:<3}{'':10}{movement:<10}{'':54}")
    assert len(found) == 250
    return found


def tail(count: int, total: int) -> str:
    return f"T{count:010d}{count:07d}{0:07d}02112026{'':70}{total:010d}{'':137}"


def content(*rows: str) -> bytes:
    return "".join(one + "\r\n" for one in rows).encode("latin-1")


GOOD = content(row(), tail(1, 1815000))


def test_a_file_of_debits_byte_for_byte() -> None:
    assert built("snp", ACCOUNT, [ONE]) == content(row(movement=""), tail(1, 1815000))
    access = jsonform.access_of("snp", ACCOUNT)
    assert ports.debt_files.get("snp").name(access, Made(dt.date(2026, 11, 2), number=2)) == (
        "DEBITOS-30522763922-20261102-2.txt")


@pytest.mark.parametrize(("change", "words"), [
    ({"extra": {}}, "note his CBU"), ({"extra": {"cbu": CBU[:-1] + "2"}}, "5202"), ({"extra": {"cbu": "1" * 21}}, "21"),
    ({"customer": "¡!"}, "1 to 22"), ({"customer": "1" * 23}, "1 to 22"), ({"currency": "USD"}, "USD"),
    ({"due": [{"date": "2026-11-10", "amount": "100000000.00"}]}, "fit")])
def test_debts_that_cannot_be_debited(change: dict, words: str) -> None:
    with pytest.raises(BadDebt, match=words) as error:
        built("snp", ACCOUNT, [{**ONE, **change}])
    assert CBU[:18] not in str(error.value) and problem("snp", ACCOUNT, {**ONE, **change})


def test_a_customer_has_each_reference_once_and_settings_must_be_there() -> None:
    with pytest.raises(BadDebt, match="twice"):
        built("snp", ACCOUNT, [ONE, ONE])
    for account in ({"cuit": "30"}, {}, {"cuit": "30522763922"}):
        with pytest.raises(BadSetting):
            built("snp", account, [ONE])


def test_an_answer() -> None:
    found = read("snp", content(row(), row(50, "R02", "0000000002"), tail(2, 1815050)), ACCOUNT)
    assert [(one.status, one.reason, str(one.amount), one.external_id) for one in found.payments] == [
        ("approved", "", "18150.00", "0000000001"), ("rejected", "R02", "0.50", "0000000002")]
    first = found.payments[0]
    assert (first.reference.customer, first.reference.invoice, first.paid_at) == (
        "1000001", "B000300001245", dt.date(2026, 11, 10))
    assert found.control is not None and found.control.date == dt.date(2026, 11, 2)


def test_without_movement_a_debit_is_known_by_whose_it_is() -> None:
    ids = [one.external_id for one in read("snp", content(
        row(movement=""), row(movement="0000000000"), row(movement="", reference="X"), tail(3, 5445000))).payments]
    assert len(set(ids)) == 3 and ids[1] == f"{ids[0]}-2" and CBU[:18] not in " ".join(ids)


@pytest.mark.parametrize(("bad", "line", "words"), [
    (b"", 1, "cut"), (content(row()), 1, "cut"), (content(row(), tail(2, 1815000)), 2, "count"),
    (content(row(), tail(1, 1)), 2, "total"), (content(row()[:-1], tail(1, 1)), 1, "249"),
    (content(row(), tail(1, 1815000), row()), 3, "after the trailer"), (content(row(day="31022026"), tail(1, 1)), 1,
                                                                       "a date"),
    (content("X" + row()[1:], tail(1, 1)), 1, "1–1"), (GOOD.replace(b"0001815000", b"000181500O"), 1, "digits"),
])
def test_wrong_files(bad: bytes, line: int, words: str) -> None:
    error = refused("snp", bad)
    assert (error.line, words in str(error)) == (line, True), str(error)


@pytest.mark.parametrize(("account", "words"), [({"cuit": "30999999999"}, "30522763922"),
                                                ({"servicio": "CABLE"}, "INTERNET")])
def test_a_file_of_another_company_is_refused(account: dict, words: str) -> None:
    error = refused("snp", GOOD, account)
    assert error.code == "other_company" and words in str(error)


def test_no_spoilt_file_is_taken_for_another_and_none_shows_an_account() -> None:
    whole = content(*(row(movement=f"{number:010d}") for number in range(1, 6)), tail(5, 5 * 1815000))
    refusals, taken = survives("snp", whole, ACCOUNT)
    assert refusals > 500 and taken > 20
    for one in spoilt(whole, seed=5, times=100):
        try:
            read("snp", one, ACCOUNT)
        except BadFile as error:
            assert "90418135" not in str(error)


def test_many_lines_need_no_more_memory() -> None:
    def parts(count: int) -> Any:
        def made() -> Iterator[bytes]:
            for number in range(count):
                yield content(row(1, movement=f"{number + 1:010d}"))
            yield content(tail(count, count))
        return made

    small, large = (memory_of_reading("snp", parts(count))[0] for count in (500, 3000))
    assert (large - small) / 2500 < 200
