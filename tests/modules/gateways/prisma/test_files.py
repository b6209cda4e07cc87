"""Automatic card debits: files byte for byte, answers with all their checks, and that no card is ever shown."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from modules.gateways import jsonform, ports
from modules.gateways.errors import BadDebt, BadSetting
from modules.gateways.shapes import Made, Reading
from tests.modules.gateways.files import (
    built,
    debt,
    memory_of_reading,
    memory_of_writing,
    read,
    refused,
    spoilt,
    survives,
)

ACCOUNT = {"establecimiento": "0012345678", "tipo": "DEBLIQC"}
FIRST_DATA = {"establecimiento": "87654321", "tipo": "firstdata_debito"}
CARD, OTHER = "4509953566233704", "5031755734530604"
ONE = debt("1000001", ("2026-11-10", "18150.00"), ("2026-11-20", "18694.50"), invoice="12345",
           extra={"card": CARD, "first": True})
TWO = debt("77", ("2026-11-12", "99.5"), invoice="B-0003-00001245", extra={"card": OTHER})


def content(*rows: str, end: str = "\r\n") -> bytes:
    return "".join(row + end for row in rows).encode("latin-1")


# --- out -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["DEBLIQC", "DEBLIQD", "DEBLIMC"])
def test_a_file_of_debits_byte_for_byte(kind: str) -> None:
    head = f"0{kind} 0012345678900000    2026110209300" + " " * 57 + "*"
    first = (f"1{CARD}" "   " "00012345" "20261110" "0005" "000000001815000" "000000001000001" "E" + " " * 28 + "*")
    second = (f"1{OTHER}" "   " "00001245" "20261112" "0005" "000000000009950" "000000000000077" " " + " " * 28 + "*")
    tail = f"9{kind} 0012345678900000    202611020930" "0000002" "000000001824950" + " " * 36 + "*"
    assert {len(one) for one in (head, first, second, tail)} == {100}
    assert built("prisma", {**ACCOUNT, "tipo": kind}, [ONE, TWO], time="09:30") == content(head, first, second, tail)


def test_first_data_byte_for_byte() -> None:
    head = "87654321" "1" "021126" "0000002" "0" "00000001824950" + " " * 91
    first = (f"87654321" "2" f"{CARD}" "000000012345" "001" "999" "01" "00001815000" "11/26" " " "101126" + " " * 60)
    second = (f"87654321" "2" f"{OTHER}" "000300001245" "001" "999" "01" "00000009950" "11/26" " " "121126" + " " * 60)
    assert {len(one) for one in (head, first, second)} == {128}
    assert built("prisma", FIRST_DATA, [ONE, TWO]) == content(head, first, second)


@pytest.mark.parametrize(("account", "name"), [(ACCOUNT, "DEBLIQC.txt"), (FIRST_DATA, "firstdata_debito.txt")])
def test_names(account: dict, name: str) -> None:
    access = jsonform.access_of("prisma", account)
    assert ports.debt_files.get("prisma").name(access, Made(dt.date(2026, 11, 2))) == name


@pytest.mark.parametrize(("change", "words"), [
    ({"extra": {}}, "first note his card"), ({"extra": {"card": CARD[:15]}}, "15 characters"),
    ({"extra": {"card": "4509 9535 6623 3704"}}, "19 characters"), ({"extra": {"card": "٤" * 16}}, "16 digits"),
    ({"customer": "A1"}, "15 digits"), ({"customer": "1" * 16}, "15 digits"), ({"invoice": "ABC"}, "digits as ref"),
    ({"currency": "USD"}, "USD"), ({"due": [{"date": "2026-11-10", "amount": "0"}]}, "more than zero"),
])
@pytest.mark.parametrize("account", [ACCOUNT, FIRST_DATA])
def test_debts_that_cannot_be_debited(account: dict, change: dict, words: str) -> None:
    with pytest.raises(BadDebt, match=words) as error:
        built("prisma", account, [{**ONE, **change}])
    assert CARD[:12] not in str(error.value) and "4509 9535" not in str(error.value)
    access = jsonform.access_of("prisma", account)
    assert ports.debt_files.get("prisma").problem(access, jsonform.debt_of({**ONE, **change}))


def test_a_card_has_each_reference_once_in_a_file() -> None:
    assert built("prisma", ACCOUNT, [ONE, {**ONE, "invoice": "12346"}, {**ONE, "extra": {"card": OTHER}}])
    with pytest.raises(BadDebt, match="3704 has reference 00012345 twice") as error:
        built("prisma", ACCOUNT, [ONE, {**ONE, "customer": "2", "invoice": "A-12345"}])
    assert CARD not in str(error.value)


@pytest.mark.parametrize("account", [{}, {**ACCOUNT, "tipo": "X"}, {**ACCOUNT, "establecimiento": "123"},
                                     {**FIRST_DATA, "establecimiento": "0012345678"}])
def test_settings_that_make_no_file(account: dict) -> None:
    with pytest.raises(BadSetting):
        built("prisma", account, [ONE])


def test_a_debit_is_kept_as_the_answer_will_name_it() -> None:
    writer = ports.debt_files.get("prisma")
    found = list(writer.keys(jsonform.access_of("prisma", ACCOUNT), jsonform.debt_of({**TWO, "customer": "0077"})))
    assert [(key, one.customer, one.invoice) for key, one in found] == [("", "77", "00001245")]


def test_many_debits_are_not_held() -> None:
    one = jsonform.debt_of(ONE)
    small, large = (memory_of_writing("prisma", ACCOUNT, lambda count=count: (
        replace(one, invoice=str(number)) for number in range(count))) for count in (500, 3000))
    assert (large - small) / 2500 < 200


# --- answers on credit cards ------------------------------------------------------------------------------------


def detail(state: str = "0", amount: int = 1815000, movement: str = "0005", card: str = CARD, **more: str) -> str:
    found = (f"10070010001{movement} 0012345678{card}{more.get('reference', '00012345')}{more.get('day', '091126')}"
             f"      {amount:015d}01{'':15}{more.get('customer', '1000001'):0>15}E{'':10}{'':9}{state}"
             f"{more.get('reason', ''):<2}{more.get('text', ''):<29}{more.get('reason_2', ''):<2}"
             f"{more.get('text_2', ''):<29}{'':16}{more.get('new', ''):<16}101126{more.get('paid', '231126'):<6}"
             f"{'':2}{'':61}*")
    assert len(found) == 300
    return found


def head(name: str = "RDEBLIQC", establishment: str = "0012345678") -> str:
    return f"0{name}900000    {establishment}202611100800{'':258}*"


def tail(count: int, total: int, name: str = "RDEBLIQC", establishment: str = "0012345678") -> str:
    return f"9{name}900000    {establishment}202611100800{count:07d}{total:015d}{'':236}*"


GOOD = content(head(), detail(), tail(1, 1815000))


def test_an_accepted_debit() -> None:
    found = read("prisma", GOOD, ACCOUNT)
    one = found.payments[0]
    assert (one.status, one.amount, one.reference.customer, one.reference.invoice, one.channel, one.line) == (
        "approved", Decimal("18150.00"), "1000001", "00012345", "DEBLIQC", 2)
    assert (one.paid_at, one.credited_at) == (dt.date(2026, 11, 9), dt.date(2026, 11, 23))
    assert found.control is not None and (found.control.count, found.control.total, found.control.date) == (
        1, Decimal("18150.00"), dt.date(2026, 11, 10))


@pytest.mark.parametrize(("given", "status", "credited", "reason"), [
    ({}, "approved", dt.date(2026, 11, 23), ""), ({"paid": ""}, "approved", None, ""),
    ({"state": "1", "reason": "62", "text": "TARJETA VENCIDA"}, "rejected", None, "62 TARJETA VENCIDA"),
    ({"state": "1", "reason": "51", "text": "SIN FONDOS", "reason_2": "07", "text_2": "LLAMAR"}, "rejected", None,
     "51 SIN FONDOS 07 LLAMAR"),
    ({"movement": "6000"}, "reversed", dt.date(2026, 11, 23), ""),
    ({"movement": "6000", "state": "1"}, "rejected", None, ""),
])
def test_what_became_of_a_debit(given: dict, status: str, credited: dt.date | None, reason: str) -> None:
    one = read("prisma", content(head(), detail(**given), tail(1, 1815000))).payments[0]
    assert (one.status, one.credited_at, one.reason) == (status, credited, reason)


def test_the_total_is_that_of_all_debits() -> None:
    rows = [detail(), detail("1", 100, reference="00000002"), detail(movement="6000", amount=50)]
    found = read("prisma", content(head("RDEBLIMC"), *rows, tail(3, 1815150, "RDEBLIMC")))
    assert [one.status for one in found.payments] == ["approved", "rejected", "reversed"]
    assert found.control is not None and found.control.total == Decimal("18151.50")


def test_a_new_card_is_told_apart_and_shown_nowhere() -> None:
    one = read("prisma", content(head(), detail(new=OTHER), tail(1, 1815000))).payments[0]
    assert one.secret == {"card": OTHER} and one.remarks == ("new_card",)
    shown = f"{one!r} {json.dumps(jsonform.reading_json(one))} {one.external_id} {one.raw}"
    assert OTHER not in shown and CARD not in shown and CARD[:12] not in shown
    assert read("prisma", content(head(), detail(new="0" * 16), tail(1, 1815000))).payments[0].secret == {}


def test_the_same_debit_in_two_answers_is_one_and_twice_in_one_answer_is_two() -> None:
    twice = read("prisma", content(head(), detail(), detail(), tail(2, 3630000))).payments
    again = read("prisma", GOOD.replace(b"202611100800", b"202611110800")).payments
    assert twice[0].external_id == again[0].external_id != twice[1].external_id
    for change in ({"reference": "00012346"}, {"customer": "2"}, {"day": "081126"}, {"movement": "6000"},
                   {"amount": 1}, {"card": OTHER}):
        other = read("prisma", content(head(), detail(**change), tail(1, int(change.get("amount", 1815000)))))
        assert other.payments[0].external_id != twice[0].external_id


def change(number: int, position: int, text: str) -> bytes:
    rows = [head(), detail(), tail(1, 1815000)]
    row = rows[number - 1]
    rows[number - 1] = row[:position - 1] + text + row[position - 1 + len(text):]
    return content(*rows)


@pytest.mark.parametrize(("bad", "line", "words"), [
    (b"", 1, "no answer"), (b"0DEBLIQC ", 1, "no answer"), (content(head()), 1, "cut"),
    (content(head(), detail()), 2, "cut"), (content(detail(), tail(1, 1815000)), 1, "no answer"),
    (content(head(), head(), detail(), tail(1, 1815000)), 2, "positions 1–1"),
    (content(head(), detail(), tail(1, 1815000), detail()), 4, "after the trailer"),
    (content(head(), detail()[:299], tail(1, 1815000)), 2, "299 characters"),
    (content(head(), detail(), tail(2, 1815000)), 3, "count"),
    (content(head(), detail(), tail(1, 1815001)), 3, "total"),
    (content(head(), detail(), tail(1, 1815000, "RDEBLIMC")), 3, "repeat the header"),
    (content(head(), detail(), tail(1, 1815000, establishment="0000000001")), 3, "repeat the header"),
    (change(1, 10, "900001    "), 1, "positions 10–19"), (change(1, 30, "20261301"), 1, "a date"),
    (change(1, 300, " "), 1, "positions 300–300"), (change(2, 130, "A"), 2, "position 130"),
    (change(2, 130, " "), 2, "position 130"), (change(2, 12, "0006"), 2, "0005"), (change(2, 27, "4509X"), 2, "card"),
    (change(2, 43, "0001234A"), 2, "positions 43–50"), (change(2, 51, "310226"), 2, "a date"),
    (change(2, 51, "      "), 2, "a date"), (change(2, 63, "00000000181500O"), 2, "digits"),
    (change(2, 95, "00000000100000A"), 2, "digits"), (change(2, 231, "319926"), 2, "a date"),
    (change(2, 300, "0"), 2, "positions 300–300"), (change(2, 17, "0012345679"), 2, "establishment 0012345679"),
    (change(3, 42, "000000A"), 3, "digits"), (change(3, 300, " "), 3, "positions 300"),
])
def test_the_first_bad_line_is_told_and_nothing_is_taken(bad: bytes, line: int, words: str) -> None:
    error = refused("prisma", bad)
    assert (error.line, words in str(error)) == (line, True), str(error)


@pytest.mark.parametrize(("account", "words"), [
    ({"establecimiento": "0099999999", "tipo": "DEBLIQC"}, "0012345678"), ({**ACCOUNT, "tipo": "DEBLIMC"}, "DEBLIQC")])
def test_an_answer_for_somebody_else_is_refused_and_told_whose_it_is(account: dict, words: str) -> None:
    error = refused("prisma", GOOD, account)
    assert error.code == "other_company" and words in str(error)


def test_no_spoilt_answer_is_taken_for_another_and_none_shows_a_card() -> None:
    rows = [detail(reference=f"{number:08d}") for number in range(5)]
    whole = content(head(), *rows, tail(5, 5 * 1815000))
    refusals, taken = survives("prisma", whole, ACCOUNT)
    assert refusals > 800 and taken > 20
    for one in spoilt(whole, seed=3, times=150):
        try:
            for found in read("prisma", one, ACCOUNT).payments:
                assert CARD[4:13] not in found.external_id + str(found.raw)
        except Exception as error:
            assert CARD[4:13] not in str(error)


# --- Visa debit -------------------------------------------------------------------------------------------------


def visa(reason: str = "", text: str = "", movement: str = "0005") -> str:
    found = (f"1{CARD}   0001234520261110{movement}000000001815000000000001000001E{'':29}{reason:<3}{text:<40}{'':7}")
    assert len(found) == 150
    return found


def visa_file(name: str, *rows: str, count: int | None = None) -> bytes:
    begin = f"{name}0012345678900000    202611100800"
    return content(f"0{begin}{'':109}", *rows,
                   f"9{begin}{len(rows) if count is None else count:07d}{len(rows) * 1815000:015d}{'':87}")


@pytest.mark.parametrize(("name", "given", "status", "reason"), [
    ("RDEBLIQD", {}, "pending", ""), ("RDEBLIQD", {"reason": "000"}, "pending", ""),
    ("RDEBLIQD", {"reason": "020", "text": "RECHAZADA POR EL EMISOR"}, "rejected", "020 RECHAZADA POR EL EMISOR"),
    ("RDEBLIQD", {"reason": "034"}, "pending", "034"), ("LDEBLIQD", {}, "approved", ""),
    ("LDEBLIQD", {"reason": "000"}, "approved", ""), ("LDEBLIQD", {"reason": "019"}, "rejected", "019"),
    ("LDEBLIQD", {"reason": "034"}, "pending", "034"), ("LDEBLIQD", {"movement": "6000"}, "reversed", ""),
])
def test_only_what_was_settled_on_visa_debit_is_money(name: str, given: dict, status: str, reason: str) -> None:
    one = read("prisma", visa_file(name, visa(**given)), {**ACCOUNT, "tipo": "DEBLIQD"}).payments[0]
    assert (one.status, one.reason, one.paid_at, one.credited_at) == (status, reason, dt.date(2026, 11, 10), None)


def test_validated_and_settled_are_the_same_debit() -> None:
    first, second = (read("prisma", visa_file(name, visa())).payments[0] for name in ("RDEBLIQD", "LDEBLIQD"))
    assert first.external_id == second.external_id


def test_the_last_line_of_visa_debit_is_proved_unless_the_account_says_no() -> None:
    wrong = visa_file("LDEBLIQD", visa(), count=2)
    assert refused("prisma", wrong).code == "control"
    assert read("prisma", wrong, {"control_debito": False}).payments
    assert refused("prisma", content(*wrong.decode().split("\r\n")[:2]), {"control_debito": False}).code == "cut"


@pytest.mark.parametrize("establishment", ["0012345678", "0099999999"])
def test_whose_an_answer_on_visa_debit_is(establishment: str) -> None:
    account = {"establecimiento": establishment, "tipo": "DEBLIQD"}
    file = visa_file("LDEBLIQD", visa())
    if establishment == "0012345678":
        assert read("prisma", file, account).payments
    else:
        assert "0012345678" in str(refused("prisma", file, account))


# --- First Data -------------------------------------------------------------------------------------------------


def first_data(*reasons: str, count: int | None = None, total: int | None = None) -> bytes:
    rows = [f"872{'':23}{number:012d}  {1815000:011d}{'':7}{reason}11/26{'':10}" for number, reason in
            enumerate(reasons)]
    top = (f"871{'':29}{len(reasons) if count is None else count:06d} "
           f"{len(reasons) * 1815000 if total is None else total:012d}{'':20}")
    return content(top, *rows)


def test_answers_of_first_data() -> None:
    found = read("prisma", first_data("00", "62", "99"), FIRST_DATA)
    assert [(one.status, one.reason, one.reference.invoice, str(one.amount)) for one in found.payments] == [
        ("approved", "", "000000000000", "18150.00"), ("rejected", "62 vencida", "000000000001", "18150.00"),
        ("rejected", "99", "000000000002", "18150.00")]


@pytest.mark.parametrize(("bad", "line"), [
    (first_data("00", count=2), 2), (first_data("00", total=1), 2), (b"", 1), (b"871\r\n", 1),
    (first_data("00", "0A"), 3), (first_data("00") + b"x" * 129, 3), (first_data("00").replace(b"872", b"873"), 2)])
def test_answers_of_first_data_that_are_refused(bad: bytes, line: int) -> None:
    assert refused("prisma", bad, FIRST_DATA).line == line


# --- size -------------------------------------------------------------------------------------------------------


def test_gigantic_lines_latin_1_and_line_ends() -> None:
    assert refused("prisma", GOOD + b"1" * 10_000_000).line == 4
    text = content(head(), detail("1", reason="62", text="NO VÁLIDA Ñ"), tail(1, 1815000), end="\n")
    assert read("prisma", text[:-1]).payments[0].reason == "62 NO VÁLIDA Ñ"


def test_many_lines_need_no_more_memory() -> None:
    def parts(count: int) -> Any:
        def made() -> Iterator[bytes]:
            yield content(head())
            for number in range(count):
                yield content(detail(reference=f"{number:08d}"))
            yield content(tail(count, count * 1815000))
        return made

    small, large = (memory_of_reading("prisma", parts(count))[0] for count in (500, 3000))
    assert (large - small) / 2500 < 200


def test_a_reading_has_no_place_for_a_card_that_is_printed() -> None:
    assert "secret" not in repr(Reading("1", "approved", Decimal("1.00"), "ARS", secret={"card": CARD}))
