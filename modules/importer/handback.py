"""The rows that were not loaded, given back as a file in the same layout with a column of reasons. Pure."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Sequence
from decimal import Decimal

from modules.importer import columns
from modules.importer.cells import Cell, text
from modules.importer.reader import Sheet
from modules.importer.rows import Record

_HARMLESS = re.compile(r"[+-]?[\d\s.,()$/-]+")


def as_csv(sheet: Sheet, refused: Sequence[Record]) -> bytes:
    """UTF-8 with BOM, semicolon, CRLF: what a spreadsheet program of Latin America opens with a double click."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    for row in _table(sheet, refused):
        writer.writerow([_safe(text(cell)) if not isinstance(cell, dt.date) else cell.strftime("%d/%m/%Y")
                         for cell in row])
    return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8")


def as_xlsx(sheet: Sheet, refused: Sequence[Record]) -> bytes:
    """Numbers as numbers, dates as dates, and nothing that runs as a formula."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    book = Workbook(write_only=True)
    page = book.create_sheet("Abona")
    for row in _table(sheet, refused):
        written = []
        for value in row:
            cell = WriteOnlyCell(page, value=value)
            if isinstance(value, str):
                cell.data_type = "s"
            written.append(cell)
        page.append(written)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _table(sheet: Sheet, refused: Sequence[Record]) -> list[list[Cell]]:
    """Headings and cells as they came; a column of reasons of a former time is replaced."""
    kept = [index for index, heading in enumerate(sheet.headings) if columns.field_of(heading) != "reason"]
    rows: list[list[Cell]] = [[*(sheet.headings[index] for index in kept), columns.REASON_HEADING]]
    for record in sorted(refused, key=lambda record: record.line):
        cells: list[Cell] = [_plain(record.row.cells[index]) for index in kept]
        rows.append([*cells, " ".join(record.problems)])
    return rows


def _plain(cell: Cell) -> Cell:
    return int(cell) if isinstance(cell, Decimal) and cell == cell.to_integral_value() else cell  # type: ignore[return-value]


def _safe(cell: str) -> str:
    """An apostrophe keeps a spreadsheet from running a text as a formula; the reader takes it off again."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@")) and not _HARMLESS.fullmatch(cell) else cell
