"""Rows of CSV and XLSX files, one at a time: what is unsafe or no such file is refused before it is read."""

from __future__ import annotations

import csv
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any, BinaryIO, TextIO

from core.i18n import _
from modules.gateways.errors import BadFile
from modules.gateways.providers.bank.mapping import exact, text_of

Cell = str | Decimal | date
Row = tuple[int, list[Cell]]
SEPARATORS = (";", ",", "\t", "|")
LOOK_AHEAD = 40
LONGEST_LINE = 2**16
# what a workbook may unpack to
LARGEST = 256 * 2**20


def csv_rows(file: BinaryIO, separator: str) -> Iterator[Row]:
    """(line, cells) of a CSV file; BadFile where it is no text."""
    with text_of(file, "") as stream:
        reader = csv.reader(_lines(stream), delimiter=separator)
        try:
            for cells in reader:
                yield reader.line_num, [cell.strip() for cell in cells]
        except csv.Error as error:
            raise BadFile(_("Line %(line)s cannot be divided into columns (%(reason)s).", line=reader.line_num,
                            reason=str(error)), reader.line_num, code="columns") from None


def _lines(stream: TextIO) -> Iterator[str]:
    number = 0
    while line := stream.readline(LONGEST_LINE):
        number += 1
        if len(line) >= LONGEST_LINE:
            raise BadFile(_("Line %(line)s is too long for a statement.", line=number), number, code="length")
        if "\x00" in line:
            raise BadFile(_("Line %(line)s is no text: this is no CSV file.", line=number), number, code="encoding")
        yield line


def head(file: BinaryIO, separator: str) -> list[list[Cell]]:
    """The first rows, to look for headings. The file is at its start afterwards."""
    found = []
    for _line, cells in csv_rows(file, separator):
        found.append(cells)
        if len(found) == LOOK_AHEAD:
            break
    file.seek(0)
    return found


def xlsx_rows(file: BinaryIO, sheet: str) -> Iterator[Row]:
    """(row, cells) of a sheet, by its name or the first one; amounts exact, dates as dates."""
    _prove_safe(file)
    book = _opened(file)
    try:
        names = book.sheetnames
        if sheet and sheet not in names:
            raise BadFile(_("There is no sheet %(sheet)s; found: %(names)s.", sheet=sheet, names=", ".join(names)), 1,
                          code="columns")
        if not sheet and not book.worksheets:
            raise _damaged(ValueError(_("it has no sheet")))
        page = book[sheet] if sheet else book.worksheets[0]
        if not hasattr(page, "reset_dimensions"):
            raise _damaged(ValueError(_("it has no sheet")))  # a chart fills its page
        page.reset_dimensions()
        for number, row in enumerate(_rows(page), 1):
            yield number, [_cell(value) for value in row]
    finally:
        book.close()


def _opened(file: BinaryIO) -> Any:
    from openpyxl import load_workbook

    file.seek(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return load_workbook(file, read_only=True, data_only=True)
    except Exception as error:  # a damaged workbook fails in any way
        raise _damaged(error) from None


def _rows(page: Any) -> Iterator[Iterable[Any]]:
    rows = page.iter_rows(values_only=True)
    while True:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                row = next(rows, None)
        except Exception as error:  # as above
            raise _damaged(error) from None
        if row is None:
            return
        yield row


def _damaged(error: Exception) -> BadFile:
    return BadFile(_("This workbook cannot be read (%(reason)s). Save it as XLSX again.",
                     reason=f"{type(error).__name__}: {error}"[:120]), 1, code="cut")


def _cell(value: Any) -> Cell:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, int | float) and not isinstance(value, bool):
        return exact(value)
    return value if isinstance(value, date) else str(value).strip()


def _prove_safe(file: BinaryIO) -> None:
    """No declarations of its own, and nothing that unpacks to more than a statement can be."""
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as archive:
            if sum(one.file_size for one in archive.infolist()) > LARGEST:
                raise BadFile(_("This workbook is larger than any statement: it is not read."), 1, code="unsafe")
            for one in archive.infolist():
                if one.filename.endswith((".xml", ".rels")):
                    with archive.open(one) as part:
                        start = part.read(8192).replace(b"\x00", b"").upper()
                    if b"<!DOCTYPE" in start or b"<!ENTITY" in start:
                        raise BadFile(_("This file declares things of its own (DOCTYPE), which no statement needs: it "
                                        "is not read."), 1, code="unsafe")
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError, EOFError, zlib.error) as error:
        raise _damaged(error) from None
