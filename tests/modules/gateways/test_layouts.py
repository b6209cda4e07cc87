"""Layouts as data: what an operator may write, what is refused and in which words, files read and written by them."""

from __future__ import annotations

import copy
import datetime as dt
import io
import json
from decimal import Decimal
from typing import Any

import pytest

from core import clock
from modules.gateways import layout_payments, layout_trial, layout_writer, layouts
from modules.gateways.access import Access
from modules.gateways.errors import BadDebt, BadFile
from modules.gateways.layout_shapes import BadLayout
from modules.gateways.shapes import Control, Debt, Due, Made, Problem, Reading
from tests.modules.gateways.reading import DAY

pytestmark = pytest.mark.once
ACCESS = Access("generic_file", {"company": "77"}, currency="MXN", zone="America/Mexico_City")
DELIMITED: dict[str, Any] = {
    "direction": "in", "delimiter": ",", "encoding": "utf-8", "header": True, "decimal": ".", "thousands": "",
    "columns": ["company", "ref", "amount", "day", "hour", "kind", "number", "who", "fee"],
    "map": {"reference": "ref", "amount": "amount", "paid_at": ["day", "hour"], "external_id": "number", "name": "who",
            "fee": "fee", "reverses": "number",
            "status": {"field": "kind", "words": {"P": "approved", "D": "reversed"}}},
    "formats": {"day": "%d/%m/%Y", "hour": "%H:%M"}, "checks": ["company==account.company"],
    "unique": ["number", "kind"]}
GOOD = "77,C-1,15,09/11/2026,10:20,P,1,,0"
HEAD = "company,ref,amount,day,hour,kind,number,who,fee\n"
FIXED: dict[str, Any] = {
    "direction": "in", "length": 30, "encoding": "latin-1", "amount_decimals": 2, "currency": "MXN",
    "records": {
        "H": {"name": "header", "fields": [["kind", 1, "n"], ["company", 5, "0>"], ["day", 8, "d"], ["n", 6, "n"],
                                           ["rest", 10, "b"]]},
        "D": {"name": "detail", "fields": [["kind", 1, "a<"], ["ref", 10, "0>"], ["amount", 9, "n"], ["number", 6, "n"],
                                           ["rest", 4, "b"]]},
        "T": {"name": "trailer", "fields": [["kind", 1, "a<"], ["n", 6, "n"], ["sum", 12, "n"], ["rest", 11, "b"]]}},
    "order": {"start": ["H"], "H": ["D", "T"], "D": ["D", "T"], "T": []},
    "checks": ["H.company==account.company", "T.n==count(D)", "T.sum==sum(D.amount)", "T.n==H.n"],
    "map": {"reference": "ref", "amount": "amount", "paid_at": "H.day"}, "unique": ["H.day", "number"]}
FIXED["records"]["H"]["fields"][0][2] = "a<"


def read(layout: Any, content: str | bytes, access: Access = ACCESS) -> list[Any]:
    content = content.encode() if isinstance(content, str) else content
    with clock.freeze(DAY):
        return list(layout_payments.read(layouts.load(layout), io.BytesIO(content), access))


def changed(base: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy with another value at a path; the value `gone` takes it out."""
    found = copy.deepcopy(base)
    inner: Any = found
    *before, last = path.split(".")
    for key in before:
        inner = inner[int(key) if isinstance(inner, list) else key]
    key: Any = int(last) if isinstance(inner, list) else last
    if value == "gone":
        del inner[key]
    else:
        inner[key] = value
    return found


@pytest.mark.parametrize(("layout", "path"), [
    (changed(FIXED, "direction", "sideways"), "direction"), (changed(FIXED, "lenght", 30), "lenght"),
    (changed(FIXED, "length", "gone"), "length"), (changed(FIXED, "delimiter", ";"), "length"),
    (changed(FIXED, "length", 31), "records.H.fields"), (changed(FIXED, "length", True), "length"),
    (changed(FIXED, "encoding", "latin-99"), "encoding"), (changed(FIXED, "newline", "\r"), "newline"),
    (changed(FIXED, "records.D.fields.1", ["ref", 10]), "records.D.fields[1]"),
    (changed(FIXED, "records.D.fields.1.2", "text"), "records.D.fields[1][2]"),
    (changed(FIXED, "records.D.fields.1.1", "10"), "records.D.fields[1][1]"),
    (changed(FIXED, "records.H.fields.2.2", "d6"), "records.H.fields[2][2]"),
    (changed(FIXED, "records.D.fields.3.0", "ref"), "records.D.fields[3]"),
    (changed(FIXED, "records.D.width", 3), "records.D.width"), (changed(FIXED, "records", {}), "records"),
    (changed(FIXED, "order.D.0", "X"), "order.D[0]"), (changed(FIXED, "order.T", "gone"), "order.T"),
    (changed(FIXED, "order.T", ["H"]), "order"), (changed(FIXED, "order", "gone"), "order"),
    (changed(changed(FIXED, "order.D.0", "T"), "records.D.name", "line"), "detail"),
    (changed(FIXED, "detail", "X"), "detail"),
    (changed(FIXED, "checks.0", "H.company=account.company"), "checks[0]"),
    (changed(FIXED, "checks.1", "T.n==count(X)"), "checks[1]"),
    (changed(FIXED, "checks.2", "T.sun==sum(D.amount)"), "checks[2]"),
    (changed(FIXED, "map.amount", "valor"), "map.amount"), (changed(FIXED, "map.paid_at", "gone"), "map.paid_at"),
    (changed(FIXED, "map.customer_id", "ref"), "map.customer_id"), (changed(FIXED, "unique.0", 5), "unique[0]"),
    (changed(DELIMITED, "map.status.words.P", "paid"), "map.status.words.P"),
    (changed(DELIMITED, "map.status.field", "gone"), "map.status.field"),
    (changed(DELIMITED, "delimiter", ";;"), "delimiter"),
    (changed(DELIMITED, "columns.1", "company"), "columns[1]"), (changed(DELIMITED, "columns.1", "a b"), "columns[1]"),
    (changed(DELIMITED, "formats.date", "%Y"), "formats.date"), (changed(DELIMITED, "records", {}), "columns"),
    (changed(DELIMITED, "fill", {"ref": "customer.code"}), "fill.ref"),
    (changed(DELIMITED, "fill", {"reference": "customer"}), "fill.reference"),
    (changed(DELIMITED, "fill", {"ref": {"from": "name", "cut": -1}}), "fill.ref.cut"),
    (changed(DELIMITED, "required", ["x"]), "required[0]"), ([], "{}"), ("{", "{}"),
])
def test_what_cannot_be_used_is_told_with_its_place(layout: Any, path: str) -> None:
    with pytest.raises(BadLayout) as refused:
        layouts.load(layout)
    assert str(refused.value).startswith(f"{path}: found ")
    assert layouts.trouble(layout) == str(refused.value) and layouts.trouble(FIXED) == ""


def test_the_text_of_a_layout_is_as_good_as_its_object() -> None:
    assert layouts.load(json.dumps(FIXED), "x") == layouts.load(FIXED, "x")


def fixed(*details: tuple[str, int, int], day: str = "20261110", company: str = "00077") -> str:
    total = sum(amount for _ref, amount, _number in details)
    rows = [f"H{company}{day}{len(details):06}",
            *(f"D{ref:0>10}{amount:09}{number:06}" for ref, amount, number in details),
            f"T{len(details):06}{total:012}"]
    return "".join(f"{row:30}\n" for row in rows)


def test_fixed_width_with_header_and_trailer_is_read() -> None:
    first, second, control = read(FIXED, fixed(("A12", 12100, 1), ("0", 50, 2)))
    assert (first.external_id, first.amount, first.paid_at, first.reference.customer, first.currency) == (
        "20261110-000001", Decimal("121.00"), dt.date(2026, 11, 10), "A12", "MXN")
    assert second.reference.customer == "0"
    assert control == Control(2, Decimal("121.50"), None, {"company": "77"})


def test_lines_may_only_be_short_where_the_layout_says_so() -> None:
    short = "\n".join(line.rstrip() for line in fixed(("A12", 12100, 1)).splitlines())
    with pytest.raises(BadFile, match="20 characters"):
        read(FIXED, short)
    assert len(read(changed(FIXED, "pad_short_lines", True), short)) == 2


def csv_file(*rows: str) -> str:
    return HEAD + "".join(f"{row}\n" for row in rows)


def test_delimited_is_read_with_the_layout_s_signs_and_words() -> None:
    paid, back, control = read(DELIMITED, csv_file('77,C-1,1500.5,09/11/2026,10:20,P,900,"Ana, de López",12.3',
                                                   "77,C-1,1500.50,09/11/2026,18:20,D,900,Ana,0"))
    assert (paid.external_id, paid.amount, paid.fee, paid.payer, paid.status, paid.currency) == (
        "900", Decimal("1500.5"), Decimal("12.3"), {"name": "Ana, de López"}, "approved", "MXN")
    assert (back.external_id, back.reverses, back.status) == ("900-R", "900", "reversed")
    assert (control.count, control.total) == (2, Decimal("3001.00"))


@pytest.mark.parametrize(("text", "amount"), [("1.500,50", "1500.50"), ("1500,5", "1500.5"), ("15", "15"),
                                              ("1.234.567", "1234567")])
def test_amounts_as_people_write_them(text: str, amount: str) -> None:
    layout = {**DELIMITED, "decimal": ",", "thousands": ".", "delimiter": ";"}
    content = csv_file(GOOD.replace(",15,", ",@,")).replace(",", ";").replace("@", text)
    assert read(layout, content)[0].amount == Decimal(amount)


@pytest.mark.parametrize(("content", "line", "code"), [
    *((csv_file(GOOD.replace(",15,", f",{amount},")), 2, "field") for amount in ("15.505", "1e3", "1 500", "NaN", "")),
    *((csv_file(GOOD.replace("09/11/2026,10:20", when)), 2, "field")
      for when in ("2026-11-09,10:20", "09/11/2026,25:20", ",")),
    (csv_file(GOOD.replace("2026", "2027")), 2, "future"), (csv_file(GOOD.replace("P,1", "P,")), 2, "field"),
    (csv_file(GOOD.replace("77", "78")), 2, "foreign"), (csv_file(GOOD[:-2]), 2, "columns"),
    (csv_file(GOOD, GOOD.replace("C-1", "C-2")), 3, "conflict"), (csv_file(GOOD).rstrip(), 2, "cut"),
    (HEAD.replace("ref", "referencia"), 1, "columns"), (csv_file("", GOOD), 2, "order"), ("", 1, "empty"),
    (csv_file(GOOD.replace(",,", ",José,")).encode("latin-1"), 2, "encoding"), (HEAD + "x" * 5000, 2, "length"),
    (csv_file(GOOD.replace(",,", ',"Ana,')), 2, "columns"),
])
def test_delimited_files_that_are_not_right_are_refused(content: Any, line: int, code: str) -> None:
    with pytest.raises(BadFile) as refused:
        read(DELIMITED, content)
    assert (refused.value.line, refused.value.code) == (line, code)


def test_without_settings_all_lines_must_be_of_one_owner() -> None:
    rows = [f"{owner},C-1,15,09/11/2026,10:20,P,{owner},,0" for owner in ("77", "78")]
    assert isinstance(read(DELIMITED, csv_file(rows[0]), Access("x", {}))[-1], Control)
    with pytest.raises(BadFile, match="somebody else"):
        read(DELIMITED, csv_file(*rows), Access("x", {}))


def test_what_is_no_payment_is_shown_and_the_rest_is_taken() -> None:
    found = read(DELIMITED, csv_file("77,C,-15,09/11/2026,10:20,P,1,,0", "77,C,0,09/11/2026,10:20,P,2,,0",
                                     "77,C,15,09/11/2026,10:20,X,3,,0", "77,C,15,09/11/2026,10:20,P,4,,0"))
    assert [(type(one), getattr(one, "code", "")) for one in found[:4]] == [
        (Problem, "no_payment"), (Problem, "no_payment"), (Problem, "unknown_status"), (Reading, "")]


def test_payments_without_number_are_the_same_in_every_reading_and_two_where_they_are_two() -> None:
    layout = changed(changed(changed(DELIMITED, "unique", "gone"), "map.external_id", "gone"), "map.reverses", "gone")
    content = csv_file(*["77,C,15,09/11/2026,10:20,P,,,0"] * 2, "77,C,16,09/11/2026,10:20,P,,,0")
    first, second = ([one.external_id for one in read(layout, content)[:3]] for _time in range(2))
    assert first == second and len(set(first)) == 3


def test_delimited_files_may_have_headers_and_trailers_too() -> None:
    layout = {"direction": "in", "delimiter": "|", "currency": "PEN", "records": {
        "C": {"columns": ["kind", "company", "day"]}, "D": {"columns": ["kind", "ref", "amount", "number"]},
        "F": {"columns": ["kind", "n", "sum"]}}, "order": {"start": ["C"], "C": ["D", "F"], "D": ["D", "F"], "F": []},
        "checks": ["F.n==count(D)", "F.sum==sum(D.amount)"],
        "map": {"reference": "ref", "amount": "amount", "paid_at": "C.day", "external_id": "number"}}
    whole = "C|77|2026-11-09\nD|10|15.00|1\nD|11|20.50|2\nF|2|35.50"
    assert read(layout, whole)[-1] == Control(2, Decimal("35.50"))
    for bad in (whole.replace("F|2", "F|3"), whole.replace("35.50", "35.51"), whole[:30], whole + "\nD|12|1.00|3",
                whole.replace("D|10", "X|10")):
        with pytest.raises(BadFile):
            read(layout, bad)


def test_no_garbage_breaks_the_reader() -> None:
    whole = fixed(("A12", 12100, 1), ("B1", 300, 2)).encode()
    for place in range(len(whole)):
        for sign in (b"\x00", b"\xff", b"\n", b" "):
            if whole[place:place + 1] != sign:
                try:
                    found = read(FIXED, whole[:place] + sign + whole[place + 1:])
                except BadFile:
                    continue
                # nothing proves a reference, and a line end may be in the last blanks
                assert found[-1].total == Decimal("124.00")


# --- writing ---------------------------------------------------------------------------------------------

OUT = {**{key: FIXED[key] for key in ("length", "amount_decimals", "currency", "records", "order")}, "direction": "out",
       "fill": {"H": {"company": "account.company", "day": "made.date", "n": "count"},
                "D": {"ref": "reference", "amount": "amount", "number": "line"}, "T": {"n": "count", "sum": "sum"}}}
ANA = Debt("45", "Ana; Núñez\tPérez", "F-1", "Internet; ñandú – 50 Mb", "MXN",
           (Due(dt.date(2026, 11, 20), Decimal("121.5")), Due(dt.date(2026, 11, 30), Decimal("130"))),
           {"document": "1-2"})
MADE = Made(dt.date(2026, 11, 10), dt.time(9, 5), 3)


def written(layout: Any, *debts: Debt, access: Access = ACCESS) -> str:
    file = io.BytesIO()
    layout_writer.write(layouts.load(layout), file, access, debts, MADE)
    return file.getvalue().decode("latin-1")


def test_what_is_written_can_be_read() -> None:
    assert written(OUT, ANA).splitlines()[1] == "D000000004500001215000000" + "1    "
    assert read(FIXED, written(OUT, ANA, ANA))[-1] == Control(2, Decimal("243.00"), None, {"company": "77"})


CSV_OUT = {"direction": "out", "delimiter": ";", "header": True, "columns": ["c", "who", "what", "v1", "d1", "v2", "x"],
           "fill": {"c": "invoice", "who": {"from": "name", "cut": 9}, "what": "concept", "v1": "amount",
                    "d1": "due_date", "v2": "due.2.amount", "x": {"from": "extra.other", "default": "no"}},
           "formats": {"d1": "%d/%m/%Y"}}


@pytest.mark.parametrize(("text", "who", "what"), [
    ("plain", "ANA NUNEZ", "INTERNET NANDU 50 MB"), ("capitals", "ANA NUNEZ", "INTERNET NANDU 50 MB"),
    ("as_is", "Ana Núñez", "Internet ñandú 50 Mb"),
])
def test_texts_are_made_to_fit(text: str, who: str, what: str) -> None:
    row = written({**CSV_OUT, "text": text}, ANA).split("\r\n")[1]
    assert row == f"F-1;{who};{what};121.50;20/11/2026;130.00;no"


@pytest.mark.parametrize(("layout", "debt", "words"), [
    (CSV_OUT, {"invoice": "F;1"}, "signs"), (CSV_OUT, {"invoice": "F\n1"}, "signs"),
    (CSV_OUT, {"invoice": "F☃"}, "signs"), ({**CSV_OUT, "amount_decimals": 0}, {}, "0 decimals"),
    ({**CSV_OUT, "required": ["x"], "fill": {"c": "invoice"}}, {}, "filled in"),
    ({**CSV_OUT, "currency": "USD"}, {}, "USD"),
    ({**CSV_OUT, "fill": {"c": {"from": "extra.document", "digits": True}}}, {"extra": {"document": "A1"}}, "number"),
    (OUT, {"customer": "12345678901"}, "10 positions"), (OUT, {"customer": ""}, "reference"),
])
def test_a_debt_that_does_not_fit_is_told(layout: Any, debt: dict[str, Any], words: str) -> None:
    from dataclasses import replace

    wrong = replace(ANA, **debt)
    assert words in layout_writer.problem(layouts.load(layout), ACCESS, wrong)
    with pytest.raises(BadDebt):
        written(layout, wrong)


# --- trying ----------------------------------------------------------------------------------------------


def test_a_layout_is_tried_on_a_sample_before_it_is_saved() -> None:
    with clock.freeze(DAY):
        good = layout_trial.read(json.dumps(FIXED), fixed(("A12", 12100, 1)).encode(), ACCESS)
        bad = layout_trial.read(FIXED, fixed(("A12", 12100, 1), company="00078").encode(), ACCESS)
        worse = layout_trial.read("{", b"", ACCESS)
    assert good.control and len(good.payments) == 1 and good.error == ""
    assert (bad.line, bad.control, bad.payments) == (1, None, []) and "00078"[3:] in bad.error
    assert worse.error.startswith("{}: found")


def test_a_layout_of_debts_is_tried_on_made_up_ones() -> None:
    trial = layout_trial.write(CSV_OUT, ACCESS, MADE.date)
    assert trial.text.count("\r\n") == 3 and "ANA MUNOZ" in trial.text and trial.control and trial.control.count == 2
    assert layout_trial.write(DELIMITED, ACCESS, MADE.date).error.startswith("fill: ")
