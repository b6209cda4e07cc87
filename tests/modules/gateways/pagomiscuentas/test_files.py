"""PagoMisCuentas' files: debts byte for byte, collections with all their checks, files that were refused."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from modules.gateways import jsonform, ports
from modules.gateways.errors import BadDebt, BadFile, BadSetting
from modules.gateways.ports import Delivered
from modules.gateways.shapes import Made
from tests.modules.gateways.files import built, debt, memory_of_reading, memory_of_writing, read, refused, survives

ACCOUNT = {"empresa": "0123", "sigla": "ANDI"}
ONE = debt("1000001", ("2026-11-10", "18150.00"), ("2026-11-20", "18694.50"), invoice="B00030000124501",
           concept="Internet 100M nov 2026")
TWO = debt("A-77", ("2026-11-10", "12100"), invoice="B 0003-1", concept="Ñandú ¡fibra! " * 5,
           extra={"previous_reference": "77", "screen": "Pagá acá, por favor", "barcode": "123-456"})
# the worked example of the reference, and its frame
PAYMENT = "53100457            A00050000077120     2026111002026111000001498050220261112S1773101400000000000000"
HEAD, TAIL = "0400012320261112" + "0" * 84, "9400012320261112" "0000001" "0000000" "00001498050" + "0" * 59


def content(*rows: str, end: str = "\r\n") -> bytes:
    return "".join(row + end for row in rows).encode("latin-1")


COB = content(HEAD, PAYMENT, TAIL)


# --- debts ---------------------------------------------------------------------------------------------------


def test_a_file_of_debts_byte_for_byte() -> None:
    first = ("5" "1000001            " "B00030000124501     " "0" "20261110" "00001815000"
             + ("20261120" "00001869450") * 2 + "0" * 19 + "1000001            "
             "INTERNET 100M NOV 2026                  "
             "INTERNET 100M N" + " " * 60 + "0" * 29)
    second = ("5" "A77                " "B 00031             " "0" + ("20261110" "00001210000") * 3 + "0" * 19
              + "77                 " "NANDU FIBRA NANDU FIBRA NANDU FIBRA NAND" "PAGA ACA POR FA" "123456" + " " * 54
              + "0" * 29)
    head, tail = "0400012320261102" + "0" * 264, "9400012320261102" "0000002" "0000000" "0000000003025000" + "0" * 234
    assert {len(one) for one in (head, first, second, tail)} == {280}
    assert built("pagomiscuentas", ACCOUNT, [ONE, TWO]) == content(head, first, second, tail)


@pytest.mark.parametrize(("made", "name", "day"), [
    (Made(dt.date(2026, 11, 2)), "FACANDI.021126", "20261102"),
    (Made(dt.date(2026, 11, 2), dt.time(14, 29)), "FACANDI.021126", "20261102"),
    (Made(dt.date(2026, 11, 2), dt.time(14, 30)), "FACANDI.031126", "20261103"),
    (Made(dt.date(2026, 11, 6), dt.time(15)), "FACANDI.101126", "20261110"),  # the 9th is a holiday
    (Made(dt.date(2026, 11, 7), dt.time(9)), "FACANDI.101126", "20261110"),
    (Made(dt.date(2026, 11, 7)), "FACANDI.071126", "20261107"),
    (Made(dt.date(2026, 11, 2), number=2), "FACANDI.021126.01", "20261102"),
    (Made(dt.date(2026, 11, 2), number=10), "FACANDI.021126.09", "20261102"),
])
def test_name_and_day_go_by_the_hour_of_sending(made: Made, name: str, day: str) -> None:
    writer, access, file = ports.debt_files.get("pagomiscuentas"), jsonform.access_of("x", ACCOUNT), io.BytesIO()
    writer.write(file, access, [], made)
    assert writer.name(access, made) == name and file.getvalue()[8:16].decode() == day


def test_ten_files_a_day_are_all() -> None:
    with pytest.raises(BadDebt, match="10 files"):
        ports.debt_files.get("pagomiscuentas").name(jsonform.access_of("x", ACCOUNT), Made(dt.date(2026, 11, 2),
                                                                                           number=11))


@pytest.mark.parametrize(("change", "words"), [
    ({"customer": "--"}, "1 to 19"), ({"customer": "1" * 20}, "1 to 19"), ({"currency": "USD"}, "USD"),
    ({"due": [{"date": "2026-11-10", "amount": "2.00"}, {"date": "2026-11-09", "amount": "2.00"}]}, "before"),
    ({"due": [{"date": "2026-11-10", "amount": "2.00"}, {"date": "2026-11-19", "amount": "1.00"}]}, "less"),
    ({"due": [{"date": "2026-11-10", "amount": "2.00"}] * 4}, "one to 3"),
    ({"due": [{"date": "2026-11-10", "amount": "1000000000.00"}]}, "fit"), ({"extra": {"barcode": "1" * 61}}, "fit"),
    ({"extra": {"previous_reference": "1" * 20}}, "1 to 19"),
])
def test_debts_that_cannot_be_sent(change: dict, words: str) -> None:
    with pytest.raises(BadDebt, match=words):
        built("pagomiscuentas", ACCOUNT, [{**ONE, **change}])
    access, writer = jsonform.access_of("x", ACCOUNT), ports.debt_files.get("pagomiscuentas")
    assert writer.problem(access, jsonform.debt_of({**ONE, **change}))


def test_a_reference_has_each_invoice_once() -> None:
    assert built("pagomiscuentas", ACCOUNT, [ONE, {**ONE, "invoice": "X"}])
    with pytest.raises(BadDebt, match="twice"):
        built("pagomiscuentas", ACCOUNT, [ONE, {**ONE, "invoice": "b-00030000124501"}])


@pytest.mark.parametrize("account", [{}, {"empresa": "123"}])
def test_without_the_company_s_number_there_is_no_file(account: dict) -> None:
    with pytest.raises(BadSetting):
        built("pagomiscuentas", account, [ONE])


def test_a_debt_is_kept_as_the_payment_will_name_it() -> None:
    writer, access = ports.debt_files.get("pagomiscuentas"), jsonform.access_of("x", ACCOUNT)
    assert [(key, one.customer, one.invoice) for key, one in writer.keys(access, jsonform.debt_of(TWO))] == [
        ("", "A77", "B 00031")]


def test_many_debts_are_not_held() -> None:
    from dataclasses import replace
    one = jsonform.debt_of(ONE)
    small, large = (memory_of_writing("pagomiscuentas", ACCOUNT, lambda count=count: (
        replace(one, customer=str(number)) for number in range(count))) for count in (500, 3000))
    assert (large - small) / 2500 < 200


# --- collections ---------------------------------------------------------------------------------------------


def test_the_example_of_the_reference() -> None:
    found = read("pagomiscuentas", COB, ACCOUNT)
    one = found.payments[0]
    assert (one.reference.customer, one.reference.invoice, one.amount, one.channel, one.raw) == (
        "3100457", "A00050000077120", Decimal("14980.50"), "S1", {"province": "014", "control": "7731"})
    assert (one.paid_at, one.credited_at, one.status, one.line) == (
        dt.date(2026, 11, 10), dt.date(2026, 11, 12), "approved", 2)
    assert found.control is not None and (found.control.count, found.control.total, found.control.date) == (
        1, Decimal("14980.50"), dt.date(2026, 11, 12))


def test_a_payment_without_invoice_and_a_day_without_payments() -> None:
    row = f"5{'52000002':<19}{'':20}{'0' * 8}02026110900000500000120261112HB0008   {'0' * 14}"
    found = read("pagomiscuentas", content(HEAD, row, TAIL.replace("00001498050", "00000500000")))
    assert (found.payments[0].reference.invoice, found.payments[0].channel) == ("", "HB")
    empty = read("pagomiscuentas", content(HEAD, TAIL.replace("0000001" "0000000" "00001498050", "0" * 25)))
    assert empty.payments == [] and empty.control is not None and empty.control.total == 0


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_line_ends(end: str) -> None:
    whole = content(HEAD, PAYMENT, TAIL, end=end)
    assert [len(read("pagomiscuentas", one).payments) for one in (whole, whole[:-len(end)], whole + b"\n")] == [1, 1, 1]


def test_equal_payments_are_two_and_told_apart_by_their_control_number() -> None:
    tail = TAIL.replace("0000001" "0000000" "00001498050", "0000003" "0000000" "00004494150")
    ids = [one.external_id for one in read("pagomiscuentas", content(
        HEAD, PAYMENT, PAYMENT, PAYMENT.replace("7731", "7732"), tail)).payments]
    assert ids[1] == f"{ids[0]}-2" and len(set(ids)) == 3


def test_an_unknown_channel_is_remarked() -> None:
    assert read("pagomiscuentas", COB.replace(b"S1", b"ZZ")).payments[0].remarks == ("unknown_channel",)


def change(number: int, position: int, text: str) -> bytes:
    """The file with other characters from a position (1-based) of a line on."""
    rows = [HEAD, PAYMENT, TAIL]
    row = rows[number - 1]
    rows[number - 1] = row[:position - 1] + text + row[position - 1 + len(text):]
    return content(*rows)


@pytest.mark.parametrize(("spoilt", "line", "words"), [
    (b"", 1, "0 characters"), (content(HEAD), 1, "cut"), (content(HEAD, PAYMENT), 2, "cut"),
    (content(PAYMENT, TAIL), 1, "positions 1–1"), (content(HEAD, HEAD, PAYMENT, TAIL), 2, "positions 1–1"),
    (content(HEAD, PAYMENT, TAIL, TAIL), 4, "after the trailer"), (content(HEAD, PAYMENT, TAIL, PAYMENT), 4, "after"),
    (content(HEAD, PAYMENT[:99], TAIL), 2, "99 characters"), (content(HEAD, PAYMENT + "0", TAIL), 2, "101"),
    (content(HEAD, PAYMENT, PAYMENT, TAIL), 4, "count"), (content(HEAD, "", PAYMENT, TAIL), 2, "0 characters"),
    (change(1, 2, "401"), 1, "positions 2–4"), (change(1, 5, "01A3"), 1, "digits"),
    (change(1, 9, "20261301"), 1, "a date"),
    (change(1, 9, "20261113"), 2, "credited"), (change(1, 100, "1"), 1, "positions 17–100"),
    (change(2, 41, "        "), 2, "positions 41–48"), (change(2, 41, "20261131"), 2, "a date"),
    (change(2, 49, "1"), 2, "positions 49–49"), (change(2, 50, "00000000"), 2, "positions 50–57"),
    (change(2, 58, "0000149805O"), 2, "digits"), (change(2, 58, "-0001498050"), 2, "digits"),
    (change(2, 69, "3"), 2, "position 69"), (change(2, 70, "20261113"), 2, "credited"),
    (change(2, 80, "77 1"), 2, "positions 80–83"), (change(2, 87, "1"), 2, "positions 87–100"),
    (change(2, 58, "00001498051"), 3, "total"), (change(3, 5, "0124"), 3, "company"),
    (change(3, 9, "20261113"), 3, "date"), (change(3, 17, "0000002"), 3, "count"), (change(3, 24, "1"), 3, "24–30"),
    (change(3, 31, "00001498051"), 3, "total"), (change(3, 42, "1"), 3, "42–52"), (change(3, 53, " "), 3, "53–100"),
])
def test_the_first_bad_line_is_told_and_nothing_is_taken(spoilt: bytes, line: int, words: str) -> None:
    error = refused("pagomiscuentas", spoilt)
    assert (error.line, words in str(error)) == (line, True), str(error)


def test_a_file_of_another_company_is_refused_and_told_whose_it_is() -> None:
    error = refused("pagomiscuentas", COB, {"empresa": "0999"})
    assert error.code == "other_company" and "0123" in str(error) and error.line == 1


def test_no_spoilt_file_is_taken_for_another() -> None:
    rows = [PAYMENT.replace("7731", f"{7000 + number}") for number in range(5)]
    tail = TAIL.replace("0000001" "0000000" "00001498050", "0000005" "0000000" "00007490250")
    refusals, taken = survives("pagomiscuentas", content(HEAD, *rows, tail), ACCOUNT)
    assert refusals > 1000 and taken > 20  # letters of a reference may change, and lines may be exchanged


def test_latin_1_and_gigantic_lines() -> None:
    assert read("pagomiscuentas", COB.replace(b"A00050000077120", "Ñ00050000077120".encode("latin-1"))).payments
    assert refused("pagomiscuentas", COB + b"5" * 10_000_000).line == 4


def test_many_lines_need_no_more_memory() -> None:
    def parts(count: int) -> Any:
        def made() -> Iterator[bytes]:
            yield content(HEAD)
            for number in range(count):
                yield content(f"5{number:<19}" + PAYMENT[20:])
            yield content(f"{TAIL[:16]}{count:07d}{'0' * 7}{1498050 * count:011d}{'0' * 59}")
        return made

    small, large = (memory_of_reading("pagomiscuentas", parts(count))[0] for count in (500, 3000))
    assert (large - small) / 2500 < 200


# --- files that were refused -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "file"), [("RECHAZADO_FACANDI.021126", "FACANDI.021126"),
                                            ("rechazado_facandi.021126.1", "FACANDI.021126.1"),
                                            ("RECHAZADO_FAC0123.021126.09", "FAC0123.021126.09")])
def test_a_refused_file_says_which_and_why(name: str, file: str) -> None:
    answer = ports.debt_answers.get("pagomiscuentas").read(
        io.BytesIO(b"TOTAL INVALIDO\r\n" + b"0" * 280 + b"\r\n"), name, jsonform.access_of("x", ACCOUNT))
    assert answer == (file, Delivered("refused", 0, None, ("TOTAL INVALIDO",)))


@pytest.mark.parametrize(("name", "account"), [
    ("FACANDI.021126", ACCOUNT), ("RECHAZADO_FACANDI", ACCOUNT), ("RECHAZADO_FACOTRA.021126", ACCOUNT)])
def test_what_is_no_answer_for_us(name: str, account: dict) -> None:
    with pytest.raises(BadFile):
        ports.debt_answers.get("pagomiscuentas").read(io.BytesIO(b"X"), name, jsonform.access_of("x", account))
