"""The rows that were not loaded, given back as a file in the same layout with a column of reasons. Pure."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any, BinaryIO

from modules.importer import columns
from modules.importer.cells import Cell, text
from modules.importer.reader import Sheet
from modules.importer.rows import Record

_HARMLESS = re.compile(r"[+-]?[\d\s.,()$/-]+")
_LONGEST = 32_000

# a row's cells and why it was refused
Refused = tuple[Sequence[Cell], str]


def of_records(records: Iterable[Record]) -> Iterator[Refused]:
    """The refused rows of a file that was just read."""
    return ((record.row.cells, " ".join(record.problems)) for record in records)


def headings_of(sheet: Sheet) -> list[str]:
    """The headings as written, with a blank one for each column that has none."""
    return [*sheet.headings, *([""] * (len(sheet.labels) - len(sheet.headings)))]


def write(out: BinaryIO, kind: str, headings: Sequence[str], refused: Iterable[Refused]) -> None:
    """Write "csv" or "xlsx", row by row."""
    (_write_xlsx if kind == "xlsx" else _write_csv)(out, _table(headings, refused))


def _write_csv(out: BinaryIO, table: Iterable[list[Cell]]) -> None:
    """UTF-8 with BOM, semicolon, CRLF: what a spreadsheet program of Latin America opens with a double click."""
    out.write(b"\xef\xbb\xbf")
    page = io.TextIOWrapper(out, "utf-8", newline="", write_through=True)
    writer = csv.writer(page, delimiter=";", lineterminator="\r\n")
    for row in table:
        writer.writerow([_safe(text(cell)) for cell in row])
    page.detach()


def _write_xlsx(out: BinaryIO, table: Iterable[list[Cell]]) -> None:
    """Numbers as numbers, dates as dates, and nothing that runs as a formula."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    book = Workbook(write_only=True)
    page = book.create_sheet("Abona")
    for row in table:
        written = []
        for value in row:
            cell = WriteOnlyCell(page, value=value[:_LONGEST] if isinstance(value, str) else value)
            if isinstance(value, str):
                cell.data_type = "s"
            written.append(cell)
        page.append(written)
    book.save(out)


def _table(headings: Sequence[str], refused: Iterable[Refused]) -> Iterator[list[Cell]]:
    """Headings and cells as they came; a column of reasons of a former time is replaced."""
    kept = [index for index, heading in enumerate(headings) if columns.field_of(heading) != "reason"]
    yield [*(headings[index] for index in kept), columns.REASON_HEADING]
    for cells, reason in refused:
        yield [*(_plain(cells[index] if index < len(cells) else "") for index in kept), reason]


def _plain(cell: Cell) -> Any:
    return int(cell) if isinstance(cell, Decimal) and cell == cell.to_integral_value() else cell


def _safe(cell: str) -> str:
    """An apostrophe keeps a spreadsheet from running a text as a formula; the reader takes it off again."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@")) and not _HARMLESS.fullmatch(cell) else cell


# --- keeping them in the database ------------------------------------------------------------------------


def as_json(cells: Iterable[Cell]) -> list[Any]:
    """Cells for a JSON column: numbers and dates stay what they are."""
    return [{"n": str(cell)} if isinstance(cell, Decimal) else {"d": cell.isoformat()} if isinstance(cell, dt.date)
            else cell for cell in cells]


def from_json(cells: Iterable[Any]) -> list[Cell]:
    return [cell if isinstance(cell, str) else Decimal(cell["n"]) if "n" in cell else dt.date.fromisoformat(cell["d"])
            for cell in cells]
