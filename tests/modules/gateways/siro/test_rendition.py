"""SIRO's renditions: every form, every class of a line, what is refused, what repeats."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from modules.gateways.providers.siro.codes import channels
from tests.modules.gateways.files import memory_of_reading, read, refused

CODE = "04490010000012611100181500010018694500000000000515005829340"
SLIP = "04470010000012611101815000101869450000000000515005829358"
UUID = "4ed54f5c-0412-406b-a4bb-3fc6607d0d05"


def line(paid: str = "20261109", credited: str = "20261112", due: str = "20261110", amount: int = 1815000,
         nine: str = "001000001", barcode: str = CODE, invoice: str = "B000300001245  01126", channel: str = "PF",
         code: str = "", text: str = "", card: str = "", payment: str = "", **more: Any) -> str:
    """A line of the extended form; of the unified one where it has a payment's number."""
    found = (f"{paid}{credited}{due}{amount:011d}{nine[1:]}{nine[0]}{barcode:<59}{invoice:<20}{channel:<3}{code:<3}"
             f"{text:<20}{'01' if card else '':<2}{card:<15}{'':60}")
    assert len(found) == 226
    if payment:
        found += (f"{payment}{more.get('result', ''):<36}{more.get('reference', ''):<100}{more.get('wide', ''):<15}"
                  f"{'':89}")
        assert len(found) == 476
    return found


def content(*lines: str, end: str = "\r\n") -> bytes:
    return "".join(one + end for one in lines).encode("latin-1")


def test_a_line_of_the_extended_form() -> None:
    found = read("siro", content(line()))
    one = found.payments[0]
    assert (one.status, one.amount, one.currency, one.channel, one.line) == (
        "approved", Decimal("18150.00"), "ARS", "PF", 1)
    assert (one.paid_at, one.credited_at) == (dt.date(2026, 11, 9), dt.date(2026, 11, 12))
    assert (one.reference.customer, one.reference.invoice, one.reference.barcode) == (
        "001000001", "B000300001245  01126", CODE)
    assert found.control is not None and (found.control.count, found.control.total) == (1, Decimal("18150.00"))


def test_the_concept_is_the_first_of_the_nine_digits() -> None:
    assert read("siro", content(line(nine="345678901"))).payments[0].reference.customer == "345678901"


def test_a_line_of_the_unified_form_is_known_by_its_number() -> None:
    one = read("siro", content(line(payment="0012345678", result=UUID, reference="A-77", channel="BPC"))).payments[0]
    assert (one.external_id, one.known_as, one.shared, one.reference.attempt) == (
        "0012345678", (UUID,), "ref:A-77", "A-77")


def test_a_page_that_was_paid_twice_gives_two_payments() -> None:
    both = [line(payment=number, reference="A-77", channel="BPD") for number in ("0012345678", "0012345679")]
    assert [one.shared for one in read("siro", content(*both)).payments] == ["ref:A-77", ""]


def test_a_line_of_the_alternate_form() -> None:
    text = "202611092026111220261110" "1815000" "01000001" "0" + SLIP + "PF "
    one = read("siro", content(text)).payments[0]
    assert (one.amount, one.reference.customer, one.reference.barcode, one.channel) == (
        Decimal("18150.00"), "001000001", SLIP, "PF")


@pytest.mark.parametrize(("change", "status", "credited", "remarks"), [
    ({"channel": code}, one.means, dt.date(2026, 11, 12), ()) for code, one in channels().items()] + [
    ({"channel": "DD-", "code": "R10"}, "reversed", dt.date(2026, 11, 12), ()),
    ({"channel": "DD-", "amount": 0}, "reversed", dt.date(2026, 11, 12), ()),
    ({"channel": "BPD", "code": "402"}, "rejected", dt.date(2026, 11, 12), ()),
    ({"channel": "PF", "amount": 0}, "rejected", dt.date(2026, 11, 12), ()),
    ({"channel": "MCR", "credited": "19000101"}, "rejected", None, ()),
    ({"channel": "PF", "credited": "19000101"}, "approved", None, ("not_credited",)),
    ({"channel": "XYZ"}, "approved", dt.date(2026, 11, 12), ("unknown_channel",)),
    ({"channel": "XYZ", "credited": "19000101"}, "approved", None, ("unknown_channel", "not_credited")),
])
def test_the_class_of_a_line(change: dict, status: str, credited: dt.date | None, remarks: tuple) -> None:
    one = read("siro", content(line(**change))).payments[0]
    assert (one.status, one.credited_at, one.remarks) == (status, credited, remarks)


def test_a_refusal_says_why() -> None:
    text = line(channel="BPR", code="402", text="FONDOS INSUFICIENTES", card="VISA", credited="19000101")
    one = read("siro", content(text)).payments[0]
    assert (one.reason, one.raw) == ("402 FONDOS INSUFICIENTES", {"card": "VISA", "instalments": "01"})


@pytest.mark.parametrize(("invoice", "expected"), [
    ("0" * 20, ""), ("0" * 15 + "01126", "0" * 15 + "01126"), ("", ""), ("0" * 14 + "1" + "0" * 5, "0" * 14 + "100000"),
])
def test_slips_and_transfers_name_no_invoice(invoice: str, expected: str) -> None:
    assert read("siro", content(line(invoice=invoice))).payments[0].reference.invoice == expected


@pytest.mark.parametrize(("barcode", "wide", "expected"), [
    ("04487000123456789012611100001815000100001869450515005829380", "", "700012345678901"),
    (CODE, "700012345678901", "700012345678901"), (CODE, "000000345678901", "345678901"),
    (CODE, "700012999999999", "345678901"), (CODE, "", "345678901"),
])
def test_a_customer_of_fifteen_digits_is_named_whole(barcode: str, wide: str, expected: str) -> None:
    text = line(barcode=barcode, nine="345678901", payment="0000000001", wide=wide)
    assert read("siro", content(text)).payments[0].reference.customer == expected


def test_two_equal_lines_are_two_payments_and_the_same_two_in_every_reading() -> None:
    file = content(line(), line(nine="001000002"), line())
    ids = [one.external_id for one in read("siro", file).payments]
    assert len(set(ids)) == 3 and ids == [one.external_id for one in read("siro", file).payments]
    assert ids[0][:-2] == ids[2][:-2]


@pytest.mark.parametrize("change", [
    {"paid": "20261108"}, {"credited": "20261113"}, {"amount": 1815001}, {"nine": "001000002"}, {"invoice": ""},
    {"channel": "RP"}, {"barcode": SLIP}])
def test_what_tells_lines_apart(change: dict) -> None:
    first, second = read("siro", content(line(), line(**change))).payments
    assert first.external_id != second.external_id


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("cut", ["", "end"])
def test_line_ends(end: str, cut: str) -> None:
    file = content(line(), line(nine="001000002"), end=end)
    file = file[:-len(end)] if cut else file + end.encode() * 2
    assert len(read("siro", b"\xef\xbb\xbf" + file).payments) == 2


def test_blanks_at_the_end_of_a_line_may_be_missing() -> None:
    file = content(line().rstrip(), line(nine="001000002", channel="BPD"), line(channel="PF").rstrip())
    assert [one.channel for one in read("siro", file).payments] == ["PF", "BPD", "PF"]
    unified = line(payment="0000000001").rstrip()
    assert read("siro", content(unified)).payments[0].external_id == "0000000001"


@pytest.mark.parametrize(("barcode", "theirs"), [
    (CODE, "5150058293"), (SLIP, "5150058293"), (SLIP[:44] + "000" + SLIP[44:], "5150058293"), ("", ""), ("0" * 59, ""),
    ("9" * 59, "")])
def test_whose_a_line_is(barcode: str, theirs: str) -> None:
    file = content(line(barcode=barcode))
    assert read("siro", file, {"convenio": "5150058293"}).payments
    if theirs:
        error = refused("siro", file, {"convenio": "5150099999"})
        assert error.code == "other_company" and theirs in str(error) and error.line == 1
    else:
        assert read("siro", file, {"convenio": "5150099999"}).payments


GOOD = line(nine="001000002")


@pytest.mark.parametrize(("bad", "words"), [
    (line()[:60], "60 characters"), (line()[:124], "124 characters"), (line(channel=" "), "no channel"),
    (line(paid="20261309"), "a date"), (line(paid="00000000"), "a date"), (line(due="        "), "a date"),
    (line(credited="2026111x"), "a date"), (line().replace("00001815000", "0000181500O"), "digits"),
    (line(nine="0010000O1"), "digits"), ("HEADER", "6 characters"), (line() + "x", "227 characters"), ("", "empty"),
])
def test_the_first_bad_line_is_told_and_nothing_is_taken(bad: str, words: str) -> None:
    error = refused("siro", content(GOOD, bad, bad, GOOD))
    assert error.line == 2 and words in str(error)


@pytest.mark.parametrize("bad", [line(), line(payment="00000000A1"), line(payment="0000000001", result="4ed54f5c-0412"),
                                 line(payment="0000000001")[:230]])
def test_a_unified_file_has_a_number_in_every_line(bad: str) -> None:
    assert refused("siro", content(line(payment="0000000002"), bad)).line == 2


@pytest.mark.parametrize(("form", "text"), [
    ("extended", line(payment="0000000001")), ("unified", line()), ("alternate", line())])
def test_the_account_may_say_the_form(form: str, text: str) -> None:
    assert refused("siro", content(text), {"rendicion": form}).line == 1


@pytest.mark.parametrize("file", [b"", b"\r\n", b"\n\n\n"])
def test_an_empty_file_is_no_rendition(file: bytes) -> None:
    assert refused("siro", file).code == "empty"


def test_a_gigantic_line_is_refused() -> None:
    assert refused("siro", content(line()) + b"0" * 10_000_000).line == 2


def test_letters_of_latin_1_are_understood() -> None:
    assert read("siro", content(line(text="TARJETA DÉBITO Ñ", channel="BPR"))).payments[0].reason == "TARJETA DÉBITO Ñ"


def test_no_spoilt_file_makes_a_reader_fall() -> None:
    """Without a trailer the format cannot tell a missing line; every line that stands is read or refused."""
    from modules.gateways.errors import BadFile
    from tests.modules.gateways.files import spoilt
    file = content(*(line(nine=f"00100000{number}", payment=f"000000000{number}", result=UUID) for number in range(5)))
    counts = [0, 0]
    for one in spoilt(file, times=200):
        try:
            found = read("siro", one)
        except BadFile as error:
            assert error.line is not None or error.code == "empty"
            counts[0] += 1
        else:
            assert found.control is not None and found.control.count == len(found.payments)
            assert found.control.total == sum(payment.amount for payment in found.payments)
            counts[1] += 1
    assert min(counts) > 100


def test_many_lines_need_no_more_memory() -> None:
    def parts(count: int) -> Any:
        def made() -> Iterator[bytes]:
            for number in range(count):
                yield content(line(nine=f"{number:09d}"))
        return made

    small, large = (memory_of_reading("siro", parts(count))[0] for count in (500, 3000))
    assert (large - small) / 2500 < 200
