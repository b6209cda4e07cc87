"""Efecty's files by our presets (ref. 2): byte for byte out, read and refused in."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from modules.gateways import ports
from modules.gateways.access import Access
from modules.gateways.errors import BadDebt, BadSetting
from modules.gateways.shapes import Debt, Due, Made
from tests.modules.gateways.reading import read, refusal, write

pytestmark = pytest.mark.once
SAMPLES = Path(__file__).parent / "samples"
PAID = (SAMPLES / "pagos.csv").read_bytes()
ACCOUNT: dict[str, Any] = {"convenio": "113456", "preset": "v1"}
DUE = (Due(dt.date(2026, 11, 20), Decimal("89900.00")), Due(dt.date(2026, 11, 30), Decimal("92000.00")))
ANA = Debt("1045", "Ana Prueba", "F-1", "Internet noviembre 2026", "COP", DUE,
           {"document_kind": "CC", "document": "1020304050", "first_name": "Ana", "first_surname": "Prueba"})
SHOP = Debt("1046", "Tienda Ejemplo SAS", "F-2", "Internet noviembre 2026", "COP",
            (Due(dt.date(2026, 11, 20), Decimal("45000.00")),), {"document_kind": "NIT", "document": "9001234568",
                                                                 "first_name": "nobody"})
MADE = Made(dt.date(2026, 11, 1))


@pytest.mark.parametrize("preset", ["v1", "v2"])
def test_the_presets_are_written_byte_for_byte(preset: str) -> None:
    assert write("efecty", {**ACCOUNT, "preset": preset}, [ANA, SHOP], MADE) == (
        SAMPLES / f"deudas_{preset}.csv").read_bytes()


def row(debt: Debt, **settings: Any) -> str:
    return write("efecty", {**ACCOUNT, **settings}, [debt], MADE).decode("latin-1").split("\r\n")[1]


def test_texts_are_in_capitals_without_accents_and_separators() -> None:
    debt = replace(ANA, name="  José \t Ñandú; & Cía. “Sur”\r\n", concept="Internet 50 Mb – año 2026")
    assert row(debt) == "113456;1045;1020304050;JOSE NANDU & CIA. SUR;89900;2026-11-20;INTERNET 50 MB ANO 2026"


def test_the_agreement_says_what_the_reference_is() -> None:
    assert row(replace(ANA, invoice="77"), reference_from="invoice").split(";")[1] == "77"
    assert row(ANA, check_digit=True).split(";")[1] == "010454"


def test_without_debts_only_the_headings_are_written() -> None:
    assert write("efecty", ACCOUNT, [], MADE).decode() == (
        "convenio;referencia;documento;nombre;valor;fecha_limite;descripcion\r\n")


@pytest.mark.parametrize(("debt", "settings", "words"), [
    (replace(ANA, due=(Due(DUE[0].date, Decimal("89900.50")),)), {}, "89900.50"), (replace(ANA, customer=""), {},
                                                                                   "reference"),
    (replace(ANA, extra={}), {"preset": "v2"}, "documento"), (replace(ANA, currency="USD"), {}, "USD"),
    (ANA, {"minimum": "90000"}, "90000"), (replace(ANA, customer="EC-1"), {"check_digit": True}, "EC-1"),
])
def test_debts_that_cannot_be_in_the_file_are_told(debt: Debt, settings: dict, words: str) -> None:
    assert words in ports.debt_files.get("efecty").problem(Access("efecty", {**ACCOUNT, **settings}), debt)


def test_a_debt_with_cents_stops_the_file() -> None:
    with pytest.raises(BadDebt):
        write("efecty", ACCOUNT, [replace(ANA, due=(Due(DUE[0].date, Decimal("0.5")),))], MADE)


@pytest.mark.parametrize("settings", [{"preset": "v3"}, {"convenio": ""}, {"layout_out": "{"},
                                      {"layout_out": {"direction": "in"}}])
def test_settings_that_mean_nothing_are_told(settings: dict) -> None:
    with pytest.raises(BadSetting):
        write("efecty", {**ACCOUNT, **settings}, [ANA], MADE)


def test_the_operator_s_own_layout_replaces_the_preset() -> None:
    layout = {"direction": "out", "delimiter": "|", "columns": ["r", "v"], "amount_decimals": 0,
              "fill": {"r": "reference", "v": "amount"}}
    assert write("efecty", {**ACCOUNT, "layout_out": json.dumps(layout)}, [ANA], MADE) == b"1045|89900\r\n"


def test_collectors_who_want_asobancaria_get_it() -> None:
    account = {"preset": "asobancaria_2001", "nit": "9001234568", "bank": "040"}
    assert write("efecty", account, [ANA], MADE).startswith(b"019001234568")
    error = refusal("efecty", PAID, account)
    assert error is not None and error.code == "record"


def test_payments_are_read() -> None:
    payments, problems, control = read("efecty", PAID, ACCOUNT)
    assert [(one.external_id, one.reference.customer, one.amount, one.paid_at, one.channel, one.payer["document"])
            for one in payments] == [
        ("880000000001", "1045", Decimal("89900.00"), dt.date(2026, 11, 9), "BOG-0977", "1020304050"),
        ("880000000002", "1046", Decimal("45000.00"), dt.date(2026, 11, 9), "MED-0012", "9001234568")]
    assert problems == [] and (control.count, control.total) == (2, Decimal("134900.00"))


def test_check_digits_are_taken_off_and_slips_are_noted() -> None:
    content = PAID.replace(b";1045;", b";010454;").replace(b";1046;", b";010461;")
    first, second = read("efecty", content, {**ACCOUNT, "check_digit": True})[0]
    assert (first.reference.customer, first.remarks) == ("1045", ())
    assert (second.reference.customer, second.remarks) == ("010461", ("bad_check_digit",))


LINE = b"113456;1046;9001234568;45000;2026-11-09;16:02:55;MED-0012;880000000002\r\n"


@pytest.mark.parametrize("amount", [b"0", b"-45000", b"-0,50"])
def test_reversals_that_nobody_knows_are_shown_and_not_booked(amount: bytes) -> None:
    payments, problems, _control = read("efecty", PAID.replace(b";45000;", b";" + amount + b";"), ACCOUNT)
    assert len(payments) == 1 and [(one.line, one.code) for one in problems] == [(3, "no_payment")]


def test_the_same_transaction_twice_is_one_payment() -> None:
    payments, problems, _control = read("efecty", PAID + LINE, ACCOUNT)
    assert len(payments) == 2 and [(one.line, one.code) for one in problems] == [(4, "repeated_line")]


@pytest.mark.parametrize(("content", "line", "code"), [
    (PAID.replace(b"113456;1046", b"113457;1046"), 3, "foreign"),
    (PAID + LINE.replace(b"45000", b"45001"), 4, "conflict"),
    (PAID.replace(b"2026-11-09;16", b"2026-11-29;16"), 3, "future"),
    (PAID.replace(b"2026-11-09;16", b"9/11/26;16"), 3, "field"),
    (PAID.replace(b"16:02:55", b"26:02:55"), 3, "field"), (PAID.replace(b"45000", b"45.000"), 3, "field"),
    (PAID.replace(b"45000", b"45000,505"), 3, "field"), (PAID.replace(b";880000000002", b";"), 3, "field"),
    (PAID.replace(b";880000000002", b""), 3, "columns"), (PAID.replace(b"MED-0012", b"MED;0012"), 3, "columns"),
    (PAID.replace(b"referencia", b"ref"), 1, "columns"), (PAID.replace(b"MED-0012", "MED-Ñ".encode("latin-1")), 3,
                                                          "encoding"),
    (PAID.replace(b"MED-0012", b"M" * 5000), 3, "length"), (b"", 1, "empty"), (LINE, 1, "columns"),
])
def test_files_that_are_not_right_are_refused(content: bytes, line: int, code: str) -> None:
    error = refusal("efecty", content, ACCOUNT)
    assert error is not None and (error.line, error.code) == (line, code)


def test_another_convenio_is_seen_without_settings_too() -> None:
    error = refusal("efecty", PAID.replace(b"113456;1046", b"113457;1046"))
    assert error is not None and error.code == "foreign"


def test_no_line_that_was_cut_passes() -> None:
    ends = [index + 1 for index, sign in enumerate(PAID) if sign == 10]
    for length in range(len(PAID)):
        if length not in ends:
            assert refusal("efecty", PAID[:length], ACCOUNT) is not None, length


def test_a_mark_of_utf_8_and_other_line_ends_do_not_matter() -> None:
    assert len(read("efecty", b"\xef\xbb\xbf" + PAID.replace(b"\r\n", b"\n"), ACCOUNT)[0]) == 2
