"""Reading a spreadsheet as it is: encoding and separator found out, title, empty and total rows set aside. Pure."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from core.errors import DomainError
from core.i18n import _
from modules.crm import names
from modules.importer import columns
from modules.importer.cells import Cell, is_empty, text

SEPARATORS = (";", ",", "\t", "|")
_LOOK_AHEAD = 30
_TOTAL = re.compile(r"(sub ?)?total(es)?\b|suma(s|n)?$|cantidad de (clientes|abonados)\b|saldo total\b")
_LARGEST = 300 * 2**20


@dataclass(frozen=True)
class SourceRow:
    """A row of data: its line in the file (as the person sees it) and one cell per heading."""

    line: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Skipped:
    """A row that is no data: "title", "empty", "total"; its text for the total."""

    line: int
    what: str
    cells: tuple[Cell, ...] = ()


@dataclass(frozen=True)
class Sheet:
    """A file taken apart."""

    name: str
    format: str
    headings: tuple[str, ...]
    heading_line: int
    rows: list[SourceRow]
    skipped: list[Skipped] = field(default_factory=list)
    encoding: str = ""
    separator: str = ""

    @property
    def signature(self) -> str:
        """What the mapping of columns is remembered by: the headings, without accents and case."""
        return columns.signature(self.headings)


Raw = list[tuple[int, list[Cell]]]


def read(data: bytes, name: str) -> Sheet:
    """Take a CSV or XLSX file apart. DomainError where it is neither, broken, or has no heading row."""
    if not data.strip(b"\x00 \r\n\t"):
        raise DomainError(_("%(name)s cannot be imported because it is empty.", name=name))
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise DomainError(_("To import %(name)s you must save it as XLSX or CSV: it is in the format of old Excel.",
                            name=name))
    if data.startswith(b"PK"):
        return _best_sheet(data, name)
    return _csv(data, name)


# --- CSV -----------------------------------------------------------------------------------------------


def _csv(data: bytes, name: str) -> Sheet:
    content, encoding = decode(data)
    if "\x00" in content:
        raise DomainError(_("%(name)s cannot be imported because it is no spreadsheet (CSV or XLSX).", name=name))
    separator = _separator(content)
    try:
        rows = list(_csv_rows(content, separator))
    except _Swallowed:
        rows = list(_csv_rows(content, separator, quoting=csv.QUOTE_NONE))
    return _arranged(rows, name, "csv", encoding=encoding, separator=separator)


def decode(data: bytes) -> tuple[str, str]:
    """(text, encoding): by its mark, else UTF-8, else what Windows or, failing the eye, DOS wrote."""
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return data.decode(encoding, "replace"), encoding
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        pass
    windows = data.decode("cp1252", "replace")
    dos = data.decode("cp850", "replace")
    if _letters(dos) > _letters(windows):
        return dos, "cp850"
    return (windows, "cp1252") if "\ufffd" not in windows else (data.decode("latin-1"), "latin-1")


def _letters(content: str) -> int:
    """How many letters of Spanish and Portuguese a reading has: the right reading has more."""
    return sum(content.count(char) for char in "áéíóúñüÁÉÍÓÚÑÜçãõºª°")


def _separator(content: str) -> str:
    """The one whose heading row is understood best; the more columns, the better."""
    found = re.match(r"sep=(.)\r?\n", content)
    if found:
        return found[1]

    def merit(separator: str) -> tuple[int, int]:
        lines = "".join(content.splitlines(keepends=True)[:_LOOK_AHEAD])
        head = [row for _line, row in _csv_rows(lines, separator, quoting=csv.QUOTE_NONE)]
        return (max((columns.score(row) for row in head), default=0), max((len(row) for row in head), default=0))

    return max(SEPARATORS, key=merit)


class _Swallowed(Exception):
    """A quotation mark that is never closed has taken many lines into one cell."""


def _csv_rows(content: str, separator: str, quoting: int = csv.QUOTE_MINIMAL) -> Iterator[tuple[int, list[Cell]]]:
    """(line in the file, cells) of each record."""
    csv.field_size_limit(2**20)
    reader = csv.reader(io.StringIO(content, newline=""), delimiter=separator, quoting=quoting)  # type: ignore[arg-type]
    while True:
        start = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error:
            raise _Swallowed from None
        if reader.line_num - start > 20:
            raise _Swallowed
        if start > 1 or not (row and row[0].startswith("sep=")):
            yield start, [_unquoted(cell) for cell in row]


def _unquoted(cell: str) -> str:
    """Without the apostrophe that keeps a spreadsheet from running a text as a formula."""
    tidy = names.tidy(cell)
    return tidy[1:] if re.match(r"'[=+\-@]", tidy) else tidy


# --- XLSX ----------------------------------------------------------------------------------------------


def _best_sheet(data: bytes, name: str) -> Sheet:
    """The sheet whose headings are understood best; formulas as text unless the file holds their number."""
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(info.file_size for info in archive.infolist()) > _LARGEST:
                raise DomainError(_("%(name)s cannot be imported because it is too large.", name=name))
        written = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=False)
        sheets = {sheet.title: list(_xlsx_rows(sheet)) for sheet in written.worksheets
                  if sheet.sheet_state == "visible"}
        if any(_has_formula(rows) for rows in sheets.values()):
            _put_values(sheets, openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True))
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, OSError, SyntaxError) as error:
        raise DomainError(_("%(name)s cannot be imported because it is damaged or no XLSX file.", name=name)) from error
    if not sheets:
        raise DomainError(_("%(name)s cannot be imported because it is empty.", name=name))
    best = max(sheets.values(), key=lambda rows: max((columns.score(r) for _line, r in rows[:_LOOK_AHEAD]), default=0))
    return _arranged(best, name, "xlsx")


def _xlsx_rows(sheet: Any) -> Iterator[tuple[int, list[Cell]]]:
    for line, row in enumerate(sheet.iter_rows(values_only=True), 1):
        yield line, [_xlsx_cell(value) for value in row]


def _xlsx_cell(value: Any) -> Cell:
    """A float is only how the file stores a number: its shortest form is what the person typed."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "SI" if value else "NO"
    if isinstance(value, (int, float)):
        return Decimal(repr(value)) if abs(value) < 10**15 else Decimal(int(value))
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    return _unquoted(str(value))


def _has_formula(rows: Raw) -> bool:
    return any(isinstance(cell, str) and cell.startswith("=") for _line, row in rows for cell in row)


def _put_values(sheets: dict[str, Raw], computed: Any) -> None:
    """Where a formula gave a number or date, take that; where it gave text, keep the formula to be seen."""
    for title, rows in sheets.items():
        values = dict(_xlsx_rows(computed[title]))
        for line, row in rows:
            for index, cell in enumerate(row):
                if isinstance(cell, str) and cell.startswith("="):
                    value = values.get(line, [])[index:index + 1]
                    row[index] = value[0] if value and isinstance(value[0], (Decimal, dt.date)) else cell


# --- what is what --------------------------------------------------------------------------------------


def _arranged(rows: Raw, name: str, kind: str, encoding: str = "", separator: str = "") -> Sheet:
    """Find the heading row; above it are titles, below it data, with empty and total rows set aside."""
    head = rows[:_LOOK_AHEAD]
    place = max(range(len(head)), key=lambda index: (columns.score(head[index][1]), -index), default=None)
    if place is None or columns.score(head[place][1]) < 2:
        raise DomainError(_(
            "%(name)s cannot be imported because no row with headings was found (like Name, Document, Plan, Balance). "
            "First row: %(row)s", name=name, row=" | ".join(text(cell) for cell in (rows[0][1] if rows else []))[:200]))
    heading_line, headings = rows[place]
    width = _width(headings)
    skipped = [Skipped(line, "empty" if _is_blank(row) else "title", tuple(row)) for line, row in rows[:place]]
    data: list[SourceRow] = []
    for line, row in rows[place + 1:]:
        cells = tuple((row + [""] * width)[:max(width, _width(row))])
        if _is_blank(row):
            skipped.append(Skipped(line, "empty"))
        elif _is_total(row):
            skipped.append(Skipped(line, "total", cells))
        elif columns.fold_all(row) == columns.fold_all(headings):
            skipped.append(Skipped(line, "title", cells))
        else:
            data.append(SourceRow(line, cells))
    return Sheet(name, kind, tuple(text(cell) for cell in headings[:width]), heading_line, data, skipped, encoding,
                 separator)


def _width(row: Sequence[Cell]) -> int:
    """Up to the last cell with something in it."""
    return max((index + 1 for index, cell in enumerate(row) if text(cell)), default=0)


def _is_blank(row: Sequence[Cell]) -> bool:
    return not any(text(cell) for cell in row)


def _is_total(row: Sequence[Cell]) -> bool:
    """Its first word says so, or it has nothing but one or two numbers."""
    filled = [text(cell) for cell in row if text(cell)]
    if any(_TOTAL.match(names.fold(cell)) for cell in filled[:2]):
        return len(filled) <= max(4, len(row) // 2)
    numbers = [cell for cell in filled if re.fullmatch(r"[$\s\d.,()-]+", cell)]
    return len(filled) <= 2 and len(numbers) == len(filled) and not is_empty(filled[-1]) and len(row) > 4
