"""Refused rows come back as a file that can be corrected and loaded again."""

from __future__ import annotations

import io

import openpyxl
import pytest

from modules.importer import columns, handback, reader

pytestmark = pytest.mark.once
AR = "planilla_ar_latin1.csv"


def written(sheet, refused, kind):
    out = io.BytesIO()
    handback.write(out, kind, handback.headings_of(sheet), handback.of_records(refused))
    return out.getvalue()


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_file_has_the_same_layout_and_a_column_of_reasons(take, kind):
    taken = take(file=AR)
    again = reader.read(written(taken.sheet, taken.found.refused, kind), "x")
    assert again.headings == (*taken.sheet.headings, columns.REASON_HEADING)
    assert again.signature == taken.sheet.signature
    assert [row.cells[:-1] for row in again.rows] == [r.row.cells for r in taken.found.refused]
    assert [row.cells[-1] for row in again.rows] == [" ".join(r.problems) for r in taken.found.refused]


def test_a_formula_given_back_does_not_run(take):
    taken = take(file=AR)
    text = written(taken.sheet, taken.found.refused, "csv").decode("utf-8-sig")
    assert "\"'=HYPERLINK" in text and ";'+54 Falsa 123;" in text
    page = openpyxl.load_workbook(io.BytesIO(written(taken.sheet, taken.found.refused, "xlsx"))).active
    assert "f" not in {cell.data_type for row in page.iter_rows() for cell in row}


def test_a_corrected_file_keeps_no_second_column_of_reasons(take):
    taken = take(file=AR)
    again = reader.read(written(taken.sheet, taken.found.refused, "csv"), "x")
    twice = written(again, [], "csv").decode("utf-8-sig")
    assert twice.count(columns.REASON_HEADING) == 1
