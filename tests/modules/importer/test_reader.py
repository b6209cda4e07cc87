"""Files as people have them: encodings, separators, titles, totals, formulas, damage."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from core.errors import DomainError
from modules.importer import columns, reader

pytestmark = pytest.mark.once
DATA = Path(__file__).parents[2] / "data" / "import"
HEAD = "Código;Nombre;DNI;Plan;Saldo"


def sheet(name):
    return reader.read((DATA / name).read_bytes(), name)


def test_the_argentine_sheet_is_read_without_being_told_how():
    found = sheet("planilla_ar_latin1.csv")
    assert (found.encoding, found.separator, found.heading_line) == ("cp1252", ";", 3)
    assert [row.line for row in found.rows] == list(range(4, 17))
    assert found.rows[0].cells[1] == "GÓMEZ, María José" and found.rows[0].cells[4] == 'Av. San Martín 1234 PB "B"'
    assert found.rows[9].cells[1] == "D'Angelo; Hijos"
    assert [(one.line, one.what) for one in found.skipped] == [(1, "title"), (2, "empty"), (17, "total"), (18, "empty")]


def test_the_ecuadorian_sheet_is_read_without_being_told_how():
    found = sheet("clientes_ec_utf8bom.csv")
    assert (found.encoding, found.separator, found.heading_line) == ("utf-8-sig", ",", 1)
    assert found.headings[0] == "codigo" and len(found.rows) == 5 and found.skipped == []
    assert found.rows[3].cells[1] == 'Smith, John "Jack"' and found.rows[3].cells[7] == "22,40"


def test_headings_are_understood_in_both_files():
    assert columns.guess(sheet("planilla_ar_latin1.csv").headings) == [
        "code", "name", "tax_id", "tax_condition", "street", "city", "district", "phone", "email", "plan", "price",
        "started_on", "due_day", "ip", "pppoe_user", "balance", "notes"]
    assert columns.guess(sheet("clientes_ec_utf8bom.csv").headings) == [
        "code", "name", "tax_id", "email", "phone", "street", "plan", "price", "started_on", "due_day", "balance"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "cp1252", "cp850", "utf-16"])
@pytest.mark.parametrize("separator", [";", ",", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_encoding_and_separator_gives_the_same_rows(encoding, separator, end):
    lines = ["Código;Nombre;Teléfono;Dirección;Observación", "1;Núñez Peña, Ñandú;123;San Martín 5;Añejo",
             '2;"Pérez ""Pepe""";456;Güemes 7;']
    content = end.join(line.replace(";", separator) if separator != "," else
                       line.replace("Núñez Peña, Ñandú", '"Núñez Peña, Ñandú"').replace(";", ",") for line in lines)
    found = reader.read(content.encode(encoding), "x.csv")
    assert found.headings == ("Código", "Nombre", "Teléfono", "Dirección", "Observación")
    assert [row.cells[1] for row in found.rows] == ["Núñez Peña, Ñandú", 'Pérez "Pepe"']


@pytest.mark.parametrize("row", ["TOTAL;;;;500,00", ";;;TOTALES;500,00", "Total general:;3;;;900", ";;;;500,00",
                                 "Subtotal;;;;5", "Suma;;;;5"])
def test_a_row_of_totals_is_never_data(row):
    found = reader.read(f"{HEAD};Obs\n1;Ana;2;P;5;x\n{row};\n".encode(), "x.csv")
    assert [r.line for r in found.rows] == [2] and found.skipped[-1].what == "total"


def test_a_customer_whose_name_begins_with_total_is_data():
    found = reader.read(f"{HEAD}\n9;Total Gas S.A.;30707386343;20 Megas;5,00\n".encode(), "x.csv")
    assert len(found.rows) == 1


def test_headings_repeated_in_the_middle_of_the_file_are_set_aside():
    found = reader.read(f"{HEAD}\n1;Ana;2;P;5\n{HEAD}\n2;Eva;3;P;5\n".encode(), "x.csv")
    assert [r.line for r in found.rows] == [2, 4]


def test_lines_are_counted_as_an_editor_shows_them():
    found = reader.read(f'{HEAD}\n1;"Ana\nMaría";2;P;5\n2;Eva;3;P;5\n'.encode(), "x.csv")
    assert [(r.line, r.cells[1]) for r in found.rows] == [(2, "Ana María"), (4, "Eva")]


def test_a_quotation_mark_that_is_never_closed_does_not_swallow_the_file():
    rows = "".join(f"{n};Cliente {n};{n};P;5\n" for n in range(2, 60))
    found = reader.read(f'{HEAD}\n1;"Ana;2;P;5\n{rows}'.encode(), "x.csv")
    assert len(found.rows) == 59


def test_the_apostrophe_that_keeps_a_formula_from_running_is_taken_off():
    found = reader.read(f"{HEAD}\n1;'=cmd;2;P;'-5\n".encode(), "x.csv")
    assert found.rows[0].cells == ("1", "=cmd", "2", "P", "-5")


@pytest.mark.parametrize(("data", "words"), [
    (b"", "empty"), (b"\r\n \r\n", "empty"), (b"\xd0\xcf\x11\xe0rest", "save it as XLSX or CSV"),
    (b"PK\x03\x04broken", "damaged"), (b"a;b;c\n1;2;3\n", "no row with headings"),
    (b"%PDF-1.4\x00\x01\x02 rest", "no spreadsheet")])
def test_what_is_no_spreadsheet_is_refused_in_words(data, words):
    with pytest.raises(DomainError, match=words):
        reader.read(data, "x")


def workbook(*rows, **formats):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_an_xlsx_keeps_numbers_exact_and_dates_as_dates():
    found = reader.read(workbook(
        ["Planilla de abonados"], [], ["Código", "Nombre", "DNI", "Abono", "Alta", "Saldo"],
        [1, "Ana Núñez", 23456781, 18500.1, dt.datetime(2021, 2, 3), 0.1 + 0.2], ["TOTAL", None, None, 5]),
        "x.xlsx")
    assert found.heading_line == 3 and found.format == "xlsx"
    assert found.rows[0].cells == (Decimal(1), "Ana Núñez", Decimal(23456781), Decimal("18500.1"),
                                   dt.date(2021, 2, 3), Decimal("0.3"))
    assert [s.what for s in found.skipped] == ["title", "empty", "total"]


def test_a_formula_in_an_xlsx_stays_visible_as_text():
    link = '=HYPERLINK("http://x.example";"ver")'
    found = reader.read(workbook(["Nombre", "DNI", "Plan", "Saldo"], [link, 1, "P", 5]), "x.xlsx")
    assert found.rows[0].cells[0] == link


def test_the_sheet_with_the_headings_is_taken():
    book = openpyxl.Workbook()
    book.active.append(["Instrucciones"])
    book.create_sheet("Clientes").append(["Nombre", "DNI", "Plan"])
    book["Clientes"].append(["Ana", 23456781, "P"])
    out = io.BytesIO()
    book.save(out)
    assert reader.read(out.getvalue(), "x.xlsx").headings == ("Nombre", "DNI", "Plan")


def test_a_correction_of_the_mapping_wins_over_the_guess():
    headings = ["Nro", "Nombre", "Contacto", "Deuda"]
    assert columns.guess(headings) == ["code", "name", "phone", "balance"]
    assert columns.apply(headings, {"NRO": "", "contacto": "notes"}) == ["", "name", "notes", "balance"]


def test_the_mapping_is_remembered_by_headings_whatever_their_case():
    plain = columns.signature(["Nº", "Razón Social", "DNI"])
    assert plain == columns.signature(["nº", "RAZON SOCIAL", "dni", columns.REASON_HEADING])
    assert plain != columns.signature(["Nº", "Razón Social"])


def test_surnames_apart_from_names_are_both_kept():
    assert columns.guess(["Apellido", "Nombre", "DNI"]) == ["last_name", "name", "tax_id"]
    assert columns.guess(["Apellidos", "DNI"]) == ["name", "tax_id"]
