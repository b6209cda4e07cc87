"""Statements in CSV and XLSX: headings, amounts and dates as banks write them, and what is refused."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from decimal import Decimal
from typing import Any

import pytest
from openpyxl import Workbook

from modules.gateways import ports
from modules.gateways.providers.bank import sheets
from modules.gateways.providers.bank.tables import amount_of
from tests.modules.gateways.bank.reading import read, refusal

pytestmark = pytest.mark.once
CSV = """Banco Ejemplo;;;
Cuenta;400000012345;;
Fecha;Descripción;Crédito;Débito;Saldo
09/11/2026;TRANSFERENCIA 1045 ANA PRUEBA;89.900,00;;189.900,00
10/11/2026;COMISIÓN;;1.500,50;188.399,50
;;;;
Saldo final;;;;188.399,50
"""


def workbook(*rows: Any, title: str = "Movimientos", others: Any = ()) -> bytes:
    book = Workbook()
    page = book.active
    page.title = title
    for row in rows:
        page.append(row)
    for name in others:
        book.create_sheet(name)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize("content", [CSV.encode(), CSV.encode("cp1252"), b"\xef\xbb\xbf" + CSV.encode(),
                                     CSV.encode("utf-16"), CSV.replace("\n", "\r\n").encode(), CSV.replace(
                                         ";", "\t").encode()])
def test_a_bank_s_csv_is_read_whatever_wrote_it(content: bytes) -> None:
    (paid, fee), problems, control = read(content)
    assert (paid.date, paid.amount, paid.currency, paid.text, paid.balance, paid.line) == (
        dt.date(2026, 11, 9), Decimal("89900.00"), "COP", "TRANSFERENCIA 1045 ANA PRUEBA", Decimal("189900.00"), 4)
    assert (fee.amount, fee.text) == (Decimal("-1500.50"), "COMISIÓN")
    assert [(one.line, one.code) for one in problems] == [(7, "no_movement")]
    assert (control.count, control.total) == (2, Decimal("88399.50"))


@pytest.mark.parametrize(("head", "row", "amount"), [
    ("Fecha,Importe,Concepto", '10/11/2026,"-1,500.50",X', "-1500.50"), ("Fecha|Monto|Glosa", "10-11-2026|(1.500,50)|X",
                                                                         "-1500.50"),
    ("FECHA;VALOR;TIPO;DESCRIPCION", "2026-11-10;1500,50;D;X", "-1500.50"), ("Fecha;Valor;Tipo;Detalle",
                                                                            "20261110;1500,5;Abono;X", "1500.50"),
    ("Fecha;Valor;Tipo;Detalle", "10/11/26;1500;Transferencia;X", "1500"), ("Fecha operación;Cargos;Abonos;Concepto",
                                                                           "10.11.2026;$ 1,500.50;;X", "-1500.50"),
    ("Fecha;Débitos;Créditos;X", "10/11/2026 08:15;-1500,50;0,00;X", "-1500.50"),
])
def test_amounts_and_dates_as_banks_write_them(head: str, row: str, amount: str) -> None:
    (line,), _problems, _control = read(f"{head}\n{row}\n")
    assert (line.date, line.amount) == (dt.date(2026, 11, 10), Decimal(amount))


@pytest.mark.parametrize(("text", "decimal", "amount"), [
    ("1.234,56", "", "1234.56"), ("1,234.56", "", "1234.56"), ("1.234.567", "", "1234567"), ("1234", "", "1234"),
    ("12,5", "", "12.5"), ("1.234", ",", "1234"), ("1.234", ".", "1.234"), ("S/ 1,234.50", "", "1234.50"),
    ("US$10", "", "10"), ("1.234", "", None), ("1,234", "", None), ("1.23.456", "", None), ("12-5", "", None),
    ("abc", "", None), ("", "", None),
    ("1 234,50", "", "1234.50"), ("1.2345,67", "", None), ("1,234.567,8", "", None), ("+5.00", "", "5.00"),
])
def test_an_amount_that_may_be_two_is_none(text: str, decimal: str, amount: str | None) -> None:
    assert amount_of(text, decimal) == (None if amount is None else Decimal(amount))


def test_an_amount_that_may_be_two_refuses_the_file_until_somebody_says_which() -> None:
    content = "Fecha;Importe\n10/11/2026;1.500\n"
    error = refusal(content)
    assert error is not None and (error.line, error.code) == (2, "field") and "settings" in str(error)
    assert read(content, decimal=",")[0][0].amount == Decimal("1500")


def test_headings_of_the_settings_win() -> None:
    content = "Fec.;Concepto;Neto;Importe;Quién\n10/11/2026;X;5,00;9,00;Ana\n"
    (line,), _problems, _control = read(content, columns=["date=Fec.", "amount=neto", "name=QUIEN"])
    assert (line.amount, line.name, line.text) == (Decimal("5.00"), "Ana", "X")
    assert refusal(content) is not None


def test_the_bank_s_own_number_is_the_identity_else_equal_lines_are_counted() -> None:
    rows = "10/11/2026;5,00;X;{}\n" * 2
    one, two = read("Fecha;Importe;Concepto;ID\n" + rows.format("A", "B"))[0]
    assert (one.external_id, two.external_id) == ("A", "B")
    one, two = read("Fecha;Importe;Concepto;Z\n" + rows.format("", ""))[0]
    assert one.external_id != two.external_id and one.external_id[:-1] == two.external_id[:-1]
    alone = read("Fecha;Importe;Concepto\n10/11/2026;5,00;X\n11/11/2026;7,00;Y\n")[0][0]
    assert alone.external_id == one.external_id


@pytest.mark.parametrize(("balances", "gaps"), [
    (("105,00", "112,00", "120,00"), []), (("120,00", "115,00", "108,00"), []), (("105,00", "112,00", "121,00"), [4]),
    (("105,00", "999,00", "1,00"), [3]), (("", "112,00", ""), []),
])
def test_balances_that_do_not_follow_are_told_once(balances: tuple[str, ...], gaps: list[int]) -> None:
    rows = "".join(f"{10 + n}/11/2026;{amount};{balance}\n" for n, (amount, balance) in enumerate(
        zip(("5,00", "7,00", "8,00"), balances, strict=True)))
    lines, problems, _control = read("Fecha;Importe;Saldo\n" + rows)
    assert len(lines) == 3 and [one.line for one in problems if one.code == "balance_gap"] == gaps


@pytest.mark.parametrize(("content", "line", "code"), [
    ("Fecha;Concepto\n10/11/2026;X\n", 2, "columns"), ("nada\n" * 100, 40, "columns"),
    ("Fecha;Importe\n10/11/2026;5,0x\n", 2, "field"),
    ("Fecha;Importe\n10/11/2026;5,005\n", 2, "field"), ("Fecha;Importe;Concepto\n10/11/2026;5,00\n", 2, "columns"),
    ("Fecha;Importe\n10/12/2026;5,00\n", 2, "future"), ("Fecha;Importe\n10/11/2026;5,00\x00\n", 2, "encoding"),
    ("Fecha;Importe\n" + "x" * 70_000, 2, "length"),
])
def test_files_that_are_not_right_are_refused(content: str, line: int, code: str) -> None:
    error = refusal(content, format="csv")
    assert error is not None and (error.line, error.code) == (line, code)


def test_the_order_of_day_and_month_can_be_said() -> None:
    content = "Fecha;Importe\n11/09/2026;5,00\n"
    assert read(content)[0][0].date == dt.date(2026, 9, 11)
    assert read(content, date_format="mdy")[0][0].date == dt.date(2026, 11, 9)


# --- workbooks -------------------------------------------------------------------------------------------

ROWS = (["Banco Ejemplo"], [], ["Fecha", "Descripción", "Referencia", "Importe", "Saldo"],
        [dt.datetime(2026, 11, 9, 10, 21), "TRANSFERENCIA", 1045, 89900.1, 189900.1],
        ["10/11/2026", "COMISIÓN", None, "-1.500,50", 188399.6], [None, "Total", None, 88399.6, None])


def test_a_workbook_is_read_with_exact_amounts() -> None:
    (paid, fee), problems, control = read(workbook(*ROWS))
    assert (paid.date, paid.amount, paid.reference, paid.balance) == (
        dt.date(2026, 11, 9), Decimal("89900.10"), "1045", Decimal("189900.10"))
    assert (fee.date, fee.amount) == (dt.date(2026, 11, 10), Decimal("-1500.50"))
    assert [one.line for one in problems] == [6] and control.total == Decimal("88399.60")


def test_a_sheet_can_be_named() -> None:
    content = workbook(*ROWS, others=("Notas",))
    assert read(content, sheet="Movimientos")[2].count == 2
    error = refusal(content, sheet="Otra")
    assert error is not None and "Notas" in str(error)
    assert refusal(content, sheet="Notas") is not None


def rewritten(content: bytes, name: str, change: Any) -> bytes:
    """The workbook with one part changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for one in old.namelist():
            part = old.read(one)
            new.writestr(one, change(part) if one == name else part)
    return out.getvalue()


SHEET = "xl/worksheets/sheet1.xml"


@pytest.mark.parametrize("change", [
    lambda part: b'<!DOCTYPE x [<!ENTITY a "b">]>' + part, lambda part: b"<?xml version='1.0'?><!doctype x>" + part,
    lambda part: part[:200], lambda part: b"", lambda part: part.replace(b"<row", b"<rrr"), lambda part: b"\xff" * 500,
])
def test_workbooks_that_are_unsafe_or_damaged_are_refused(change: Any) -> None:
    error = refusal(rewritten(workbook(*ROWS), SHEET, change))
    assert error is not None and error.code in ("unsafe", "cut", "columns")


def test_a_workbook_that_grows_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "LARGEST", 2**20)
    error = refusal(rewritten(workbook(*ROWS), SHEET, lambda part: part + b" " * 2**20))
    assert error is not None and error.code == "unsafe"


def test_no_beginning_of_a_workbook_breaks_the_reader() -> None:
    content = workbook(*ROWS)
    for length in range(4, len(content), 211):
        assert refusal(content[:length]) is not None


@pytest.mark.parametrize(("lines", "good"), [(["date=Fecha", "amount = Importe"], True), (["fecha=Fecha"], False),
                                             (["date"], False), (["date="], False)])
def test_the_table_of_columns_is_checked(lines: list[str], good: bool) -> None:
    setting = next(one for one in ports.providers.get("bank").settings if one.name == "columns")
    assert setting.check is not None and (setting.check(lines) == "") is good
