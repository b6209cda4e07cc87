"""Other things that people call a spreadsheet, and files that are odd in another way."""

from __future__ import annotations

import io
import tracemalloc

import pytest

from core.errors import DomainError
from modules.importer import delimited, reader

pytestmark = pytest.mark.once
HEAD = "Código;Nombre;DNI;Plan;Saldo"
PAGE = """<html><head><meta charset="{charset}"></head><body><h1>Clientes</h1><table>
<tr><th colspan=5>Listado de abonados</th></tr>
<tr><th>Código</th><th>Nombre</th><th>DNI</th><th>Plan</th><th>Saldo</th></tr>
<tr><td rowspan="2">1</td><td rowspan="2"><b>Núñez</b>&nbsp;Ana</td><td rowspan=2>23.456.781</td>
<td>20 Megas</td><td>1.500,50</td></tr>
<tr><td>50 Megas</td><td></td></tr>
<tr><td>2</td><td>Pérez &amp; Hijos</td><td>20-12345678-6</td><td>P</td><td>-5</td></tr>
</table></body></html>"""


@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1", "utf-16"])
def test_a_web_page_called_xls_is_read(charset):
    found = reader.read(PAGE.format(charset=charset).encode(charset), "clientes.xls")
    assert found.format == "html" and found.headings == ("Código", "Nombre", "DNI", "Plan", "Saldo")
    assert [row.cells for row in found.rows] == [
        ("1", "Núñez Ana", "23.456.781", "20 Megas", "1.500,50"), ("", "", "", "50 Megas", ""),
        ("2", "Pérez & Hijos", "20-12345678-6", "P", "-5")]
    assert found.rows[1].above == ((0, "1"), (1, "Núñez Ana"), (2, "23.456.781"))


def test_a_cell_over_two_rows_of_a_web_page_is_one_customer(take):
    taken = take(data=PAGE.format(charset="utf-8").encode())
    assert {record.customer.name for record in taken.records} == {"Núñez Ana", "Pérez & Hijos"}


@pytest.mark.parametrize(("data", "words"), [
    (b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>', "XML format of Excel"),
    (b"<html><body>Sesi\xf3n vencida</body></html>", "no row with headings"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "old Excel"),
    (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "no spreadsheet"),
    (b"x" * (2**20 + 10), "longer than a million"),
    (b"\x00" * 50, "empty"),
])
def test_other_files_are_refused_in_words(data, words):
    with pytest.raises(DomainError, match=words):
        reader.read(data, "x.xls")


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_wide_letters_without_a_mark_are_recognised(encoding):
    assert reader.read(f"{HEAD}\n1;Ñandú;2;P;5\n".encode(encoding), "x.csv").rows[0].cells[1] == "Ñandú"


def test_an_open_quotation_mark_costs_its_line_only():
    rows = [f'{n};"Pérez; Hijos {n}";{n};P;5' for n in range(2, 60)]
    rows[20] = '99;"Ana;23456781;P;5'
    found = reader.read("\n".join([HEAD, *rows, '98;"Eva;3;P;5']).encode(), "x.csv")
    assert len(found.rows) == 59
    assert found.rows[20].cells[:3] == ("99", "Ana", "23456781") and found.rows[21].cells[1] == "Pérez; Hijos 23"
    assert found.rows[58].cells == ("98", "Eva", "3", "P", "5")


def test_a_cell_with_line_breaks_is_one_cell():
    found = reader.read(f'{HEAD}\n1;"Ana\n\nMaría\r\nPaz";2;P;5\n2;Eva;3;P;5\n'.encode(), "x.csv")
    assert [(row.line, row.cells[1]) for row in found.rows] == [(2, "Ana María Paz"), (6, "Eva")]


def test_control_characters_are_taken_out():
    assert reader.read(f"{HEAD}\n1;Ana\x01\x1f María;2;P;5\n".encode(), "x.csv").rows[0].cells[1] == "Ana María"


@pytest.mark.parametrize("row", ["1;;23456781;;", "5;;;;100"])
def test_a_row_without_a_name_is_given_back_rather_than_taken_for_a_total(take, row):
    taken = take(row, head=f"{HEAD};Obs")
    assert "The name is missing" in taken.refused[2]


def test_the_memory_does_not_grow_with_the_rows():
    def peak(rows):
        lines = "".join(f"{n};Gómez {n}, María José;{20000000 + n};20 Megas;{n},50\n" for n in range(rows))
        data = io.BytesIO(f"{HEAD}\n{lines}".encode())
        tracemalloc.start()
        assert len(reader.read(data, "x.csv").rows) == rows
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(100)  # what is imported late is not of the file
    assert peak(20_000) < peak(2_000) + 2_000_000


def test_the_encoding_of_a_long_file_is_found_at_its_end():
    data = ("x;y\n" * 400_000).encode() + "Núñez;Peña\n".encode("cp850")
    assert delimited.encoding_of(io.BytesIO(data)) == "cp850"


@pytest.mark.parametrize("old", ["cp1252", "cp850"])
def test_lines_of_another_encoding_in_one_file_are_read_too(old):
    lines = [f"{HEAD}\n1;Ñandú;2;P;5\n".encode(old), "2;José São;2;P;5\n".encode(),
             "3;Núñez;2;P;5\n".encode(old)]
    found = reader.read(b"".join(lines), "x.csv")
    assert [row.cells[1] for row in found.rows] == ["Ñandú", "José São", "Núñez"]
