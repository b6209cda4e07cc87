"""XLSX with real numbers and dates, a row at a time: the sheet goes to the disk as it grows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

# a sheet holds 1,048,576 rows; what is more goes to another one
ROWS_PER_SHEET = 1_000_000
LONGEST_TEXT = 32_767
WIDEST = 60


class _Sheets:
    """The sheets of a book; a new one begins, with the header, when one is full."""

    def __init__(self, title: str, header: Sequence[str], formats: Sequence[str]) -> None:
        self.book = Workbook(write_only=True)
        self.title, self.header, self.formats = _sheet_title(title), header, formats
        self._begin()

    def _begin(self) -> None:
        number = len(self.book.worksheets) + 1
        self.sheet = self.book.create_sheet(self.title if number == 1 else f"{self.title[:26]} {number}")
        self.sheet.freeze_panes = "A2"
        for place, (text, form) in enumerate(zip(self.header, self.formats, strict=True), 1):
            width = min(max(len(text) + 3, len(form) + 2, 12), WIDEST)
            self.sheet.column_dimensions[get_column_letter(place)].width = width
        self.sheet.append([self._heading(text) for text in self.header])
        # one cell per column, filled anew for each row: a third of the time of new ones
        self.cells = [WriteOnlyCell(self.sheet) for _text in self.header]
        for cell, form in zip(self.cells, self.formats, strict=True):
            if form:
                cell.number_format = form
        self.rows = 0

    def _heading(self, text: str) -> WriteOnlyCell:
        cell = WriteOnlyCell(self.sheet, text)
        cell.data_type, cell.font = "s", Font(bold=True)
        return cell

    def append(self, values: Sequence[Any]) -> None:
        """One row. A text stays a text, also where it begins like a formula."""
        if self.rows == ROWS_PER_SHEET:
            self._begin()
        for cell, value in zip(self.cells, values, strict=True):
            if isinstance(value, str):
                cell.value = ILLEGAL_CHARACTERS_RE.sub("", value)[:LONGEST_TEXT]
                cell.data_type = "s"
            else:
                cell.value = value
        self.sheet.append(self.cells)
        self.rows += 1


def write(path: Path, title: str, header: Sequence[str], chunks: Iterable[Sequence[Sequence[Any]]],
          forms: Sequence[Callable[[Any], Any]], formats: Sequence[str],
          told: Callable[[int], None] = lambda rows: None) -> int:
    """Write rows that come in chunks; `forms` turn values into cells, `formats` are number formats; how many rows."""
    sheets, count = _Sheets(title, header, formats), 0
    for chunk in chunks:
        for row in chunk:
            sheets.append([form(value) for form, value in zip(forms, row, strict=True)])
        count += len(chunk)
        told(count)
    sheets.book.save(path)
    return count


def _sheet_title(text: str) -> str:
    """A name that Excel accepts."""
    return "".join(" " if char in '[]:*?/\\' else char for char in text).strip("' ")[:31] or "Abona"
