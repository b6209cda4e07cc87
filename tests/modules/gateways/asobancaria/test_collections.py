"""Asobancaria's payment files: what banks write, what their dialects mean, and every file that is refused (ref. 3)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest

from modules.gateways import ports
from modules.gateways.errors import BadFile
from tests.modules.gateways.reading import read, refusal

pytestmark = pytest.mark.once
SAMPLES = Path(__file__).parent / "samples"
ONE_BATCH = (SAMPLES / "recaudo2001_un_lote_crlf.txt").read_bytes()
CUT_TAIL = (SAMPLES / "recaudo2001_ultima_linea_corta.txt").read_bytes()
TWO_BATCHES = (SAMPLES / "recaudo2001_dos_lotes_devolucion_lf.txt").read_bytes()
OLD = (SAMPLES / "recaudo1998.txt").read_bytes()
ACCOUNT = {"nit": "900.123.456-8", "bank": "40", "account": "400000012345"}
P = "asobancaria_2001"


def lines(content: bytes = ONE_BATCH) -> list[str]:
    return content.decode("latin-1").splitlines()


def joined(rows: list[str]) -> bytes:
    return "".join(f"{row}\r\n" for row in rows).encode("latin-1")


def changed(number: int, start: int, text: str, content: bytes = ONE_BATCH) -> bytes:
    """The file with `text` at a position (a slice's start) of a line (from 1)."""
    rows = lines(content)
    row = rows[number - 1]
    rows[number - 1] = row[:start] + text + row[start + len(text):]
    return joined(rows)


def test_a_bank_s_day_is_read() -> None:
    payments, problems, control = read(P, ONE_BATCH, ACCOUNT)
    assert [(one.reference.customer, one.amount, one.channel, one.remarks) for one in payments] == [
        ("1045", Decimal("89900.00"), "cash", ()), ("1046", Decimal("45000.00"), "cheque", ("subject_to_clearing",)),
        ("1047", Decimal("125500.50"), "debit_web", ())]
    assert {one.status for one in payments} == {"approved"} and {one.currency for one in payments} == {"COP"}
    assert {one.paid_at for one in payments} == {dt.date(2026, 11, 9)} and problems == []
    assert (control.count, control.total, control.date) == (3, Decimal("260400.50"), dt.date(2026, 11, 9))


def test_a_reference_keeps_what_stood_there() -> None:
    payment = read(P, ONE_BATCH)[0][0]
    assert payment.raw["referencia"] == "1045".zfill(48) and payment.raw["sucursal"] == "0977"


def test_of_a_reference_of_zeros_one_stays() -> None:
    assert read(P, changed(3, 2, "0" * 48))[0][0].reference.customer == "0"


def test_the_agreement_says_what_the_reference_is() -> None:
    reference = read(P, ONE_BATCH, {**ACCOUNT, "reference_from": "invoice"})[0][0].reference
    assert (reference.customer, reference.invoice) == ("", "1045")


@pytest.mark.parametrize("content", [
    CUT_TAIL, ONE_BATCH.replace(b"\r\n", b"\n"), ONE_BATCH.rstrip(), ONE_BATCH + b"\r\n   \r\n\r\n",
    b"\n".join(line.rstrip() for line in ONE_BATCH.splitlines()),
])
def test_line_ends_and_missing_blanks_do_not_matter(content: bytes) -> None:
    assert [one.external_id for one in read(P, content)[0]] == [one.external_id for one in read(P, ONE_BATCH)[0]]


def test_zeros_and_blanks_both_mean_that_nothing_came_back_and_a_return_still_counts() -> None:
    payments, problems, control = read(P, TWO_BATCHES)
    assert [(one.status, one.reason, one.amount) for one in payments] == [
        ("approved", "", Decimal("89900.00")), ("reversed", "R01", Decimal("89900.00")),
        ("approved", "", Decimal("1.00"))]
    assert problems == [] and (control.count, control.total) == (3, Decimal("179801.00"))


def test_a_payment_is_known_by_owner_day_modifier_batch_and_sequence() -> None:
    first, second, third = (one.external_id for one in read(P, TWO_BATCHES)[0])
    assert first == "9001234568-001-629126130-20261109-A-0001-0000002"
    assert len({first, second, third}) == 3 and third.endswith("-0002-0000002")
    assert read(P, changed(1, 52, "B"))[0][0].external_id != read(P, ONE_BATCH)[0][0].external_id


def test_fillings_of_the_account_are_not_part_of_the_identity() -> None:
    blank = changed(1, 23, "     400000012345")
    assert [one.external_id for one in read(P, blank, ACCOUNT)[0]] == [one.external_id for one in read(P, ONE_BATCH)[0]]


@pytest.mark.parametrize("content", [
    joined([lines()[0], "09" + "0" * 27]), joined([*lines()[:2], "08" + "0" * 27 + "0001", "09" + "0" * 27]),
])
def test_a_day_without_payments_is_legal(content: bytes) -> None:
    payments, problems, control = read(P, content, ACCOUNT)
    assert payments == problems == [] and (control.count, control.total) == (0, Decimal("0.00"))


def test_an_unknown_means_of_payment_is_taken_and_noted() -> None:
    payment = read(P, changed(3, 66, "77"))[0][0]
    assert (payment.channel, payment.remarks) == ("77", ("unknown_channel",))


def test_an_amount_of_nothing_is_shown_and_not_booked() -> None:
    rows = [lines()[0], lines()[1], lines()[2][:50] + "0" * 14 + lines()[2][64:],
            "08" + "000000001" + "0" * 18 + "0001", "09" + "000000001" + "0" * 18]
    payments, problems, control = read(P, joined(rows))
    assert payments == [] and [(one.line, one.code) for one in problems] == [(3, "no_payment")] and control.count == 1


@pytest.mark.parametrize(("content", "line", "code"), [
    (changed(3, 63, "9"), 6, "control"),                       # a digit of an amount
    (changed(6, 10, "4"), 6, "control"), (changed(6, 28, "9"), 6, "control"), (changed(6, 32, "2"), 6, "control"),
    (changed(7, 10, "4"), 7, "control"), (changed(7, 28, "9"), 7, "control"),
    (changed(6, 2, "00000000X"), 6, "field"), (changed(7, 11, "            26O400"), 7, "field"),
    (changed(3, 50, "0000000899000O"), 3, "field"), (changed(3, 64, "A1"), 3, "field"),
    (changed(3, 87, "000000 "), 3, "field"), (changed(1, 2, "90012345X8"), 1, "field"),
    (changed(1, 12, "20261309"), 1, "field"), (changed(1, 12, "00000000"), 1, "field"),
    (changed(1, 12, "        "), 1, "field"), (changed(1, 40, "20260230"), 1, "field"),
    (changed(1, 12, "20261129"), 1, "future"),
    (changed(3, 0, "07"), 3, "record"), (changed(2, 0, "06"), 2, "order"),
    (joined([lines()[0], *lines()]), 2, "order"), (joined(lines()[1:]), 1, "order"),
    (joined([*lines(), lines()[2]]), 8, "order"), (joined([*lines(), *lines()]), 8, "order"),
    (joined(lines()[:-1]), 6, "cut"), (joined(lines()[:3]), 3, "cut"), (joined([*lines()[:5], lines()[6]]), 6, "order"),
    (joined([*lines()[:3], "", *lines()[3:]]), 4, "order"), (b"", 1, "empty"), (b"\r\n\r\n", 1, "cut"),
    (joined([lines()[0] + " ", *lines()[1:]]), 1, "length"), (joined([*lines()[:2], lines()[2][:80], *lines()[3:]]), 3,
                                                              "field"),
    (joined([*lines()[:4], lines()[3][:94] + "R01" + lines()[3][97:], *lines()[5:]]), 5, "conflict"),
    (ONE_BATCH + b"\x1a", 8, "record"), (b"x" * 100_000, 1, "length"),
    (b"\x00" * 500, 1, "record"), ("año\n".encode(), 1, "record"),
])
def test_a_file_that_is_not_whole_gives_nothing(content: bytes, line: int, code: str) -> None:
    error = refusal(P, content)
    assert error is not None and (error.line, error.code) == (line, code)
    assert str(line) in str(error) or code == "empty"


@pytest.mark.parametrize(("settings", "words"), [
    ({"nit": "9009999990"}, "9009999990"), ({"bank": "007"}, "007"), ({"account": "400000012346"}, "400000012346"),
])
def test_a_file_of_somebody_else_is_refused_and_told_whose_it_is(settings: dict, words: str) -> None:
    error = refusal(P, ONE_BATCH, {**ACCOUNT, **settings})
    assert error is not None and (error.line, error.code) == (1, "foreign") and words in str(error)


def test_the_same_line_twice_is_booked_once_and_shown() -> None:
    rows = lines()
    doubled = [*rows[:3], rows[2], rows[3], rows[4], "08" + "000000004" + "000000000035030050" + "0001",
               "09" + "000000004" + "000000000035030050"]
    payments, problems, control = read(P, joined(doubled))
    assert [one.line for one in payments] == [3, 5, 6] and control.count == 4
    assert [(one.line, one.code) for one in problems] == [(4, "repeated_line")]


@pytest.mark.parametrize("content", [ONE_BATCH, TWO_BATCHES, CUT_TAIL])
def test_no_beginning_of_a_file_passes_for_the_whole(content: bytes) -> None:
    whole = len(content.rstrip())
    for length in range(0, whole, 3):
        assert refusal(P, content[:length]) is not None, length


def test_no_change_of_a_number_passes() -> None:
    """Every digit of every number but the references, which nothing proves."""
    rows = lines()
    for number, row in enumerate(rows, 1):
        places = range(50, 64) if row.startswith("06") else range(2, 29) if row[:2] in ("08", "09") else ()
        for place in places:
            other = str((int(row[place]) + 1) % 10)
            assert refusal(P, changed(number, place, other)) is not None, (number, place)
            assert refusal(P, changed(number, place, "ñ")) is not None, (number, place)


def test_the_layout_of_1998_is_read_and_said_to_be_unconfirmed() -> None:
    payments, problems, control = read("asobancaria_1998", OLD, ACCOUNT)
    assert [(one.reference.customer, one.amount) for one in payments] == [
        ("1045", Decimal("89900.00")), ("1046", Decimal("45000.00"))]
    assert (problems, control.count, control.total) == ([], 2, Decimal("134900.00"))
    assert not ports.providers.get("asobancaria_1998").confirmed


@pytest.mark.parametrize("content", [OLD[:-200], OLD.replace(b"0000004500000", b"0000004500001"),
                                     OLD.replace(b"09000000002", b"09000000003"), OLD + OLD])
def test_the_layout_of_1998_is_proved_as_well(content: bytes) -> None:
    with pytest.raises(BadFile):
        read("asobancaria_1998", content)


@pytest.mark.parametrize(("nit", "good"), [("9001234568", True), ("900.123.456-8", True), ("900123456", False)])
def test_the_nit_has_ten_digits(nit: str, good: bool) -> None:
    setting = ports.providers.get(P).settings[0]
    assert setting.check is not None and bool(setting.check(nit)) is not good
