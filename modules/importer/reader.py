"""Taking a file apart: what format it is, where the headings are, which rows are data. Pure.

The rows go to a scratch database on the disk, so that a large file needs no more memory than a small one.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import BinaryIO

from lxml import etree

from core.errors import DomainError
from core.i18n import _
from modules.crm import names
from modules.importer import columns, delimited, webtables, workbooks
from modules.importer.cells import Cell, is_empty, text
from modules.importer.delimited import LOOK_AHEAD
from modules.importer.scratch import Scratch, Shelf

_TOTAL = re.compile(r"(sub ?)?total(es)?\b|suma(s|n)?$|cantidad de (clientes|abonados)\b|saldo total\b")
_OLE, _ENCRYPTED = b"\xd0\xcf\x11\xe0", "EncryptedPackage".encode("utf-16-le")
_AMOUNTS = {"price", "balance", "credit", ""}
_NOTED = 200


@dataclass(frozen=True)
class SourceRow:
    """A row of data: its line in the file (as the person sees it), a cell per heading, and merged cells above it."""

    line: int
    cells: tuple[Cell, ...]
    # (column, value) of cells that are merged with one of a row above and so are empty here
    above: tuple[tuple[int, Cell], ...] = ()

    def cell(self, index: int) -> Cell:
        return self.cells[index] if index < len(self.cells) else ""


@dataclass(frozen=True)
class Skipped:
    """A row that is no data: "title", "empty", "total"; its text for the total."""

    line: int
    what: str
    cells: tuple[Cell, ...] = ()


@dataclass
class Sheet:
    """A file taken apart. `headings` are as written; `labels` are unique, and name columns without a heading."""

    name: str
    format: str
    headings: tuple[str, ...]
    heading_line: int
    rows: Shelf[SourceRow]
    scratch: Scratch
    # the first ones, and how many there are
    skipped: list[Skipped] = field(default_factory=list)
    skipped_rows: int = 0
    encoding: str = ""
    separator: str = ""
    # of a workbook: the sheet that was read, and others with headings that were not
    page: str = ""
    other_pages: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()

    @property
    def signature(self) -> str:
        """What the mapping of columns is remembered by: the headings, without accents and case."""
        return columns.signature(self.headings)

    def skip(self, row: Skipped) -> None:
        self.skipped_rows += 1
        if len(self.skipped) < _NOTED:
            self.skipped.append(row)


Line = tuple[int, list[Cell], tuple[tuple[int, Cell], ...]]
Score = Callable[[Sequence[Cell]], int]


def kind_of(file: BinaryIO, name: str) -> str:
    """"xlsx", "html" or "csv"; DomainError for what is none of them, as far as its first bytes tell."""
    file.seek(0)
    head = file.read(8192)
    if not head.strip(b"\x00 \r\n\t"):
        raise DomainError(_("%(name)s cannot be imported because it is empty.", name=name))
    if head.startswith(_OLE):
        raise DomainError(_old_office(file, name))
    if head.startswith(b"PK"):
        return "xlsx"
    if webtables.is_spreadsheet_xml(head):
        raise DomainError(_("To import %(name)s you must save it as XLSX or CSV: it is in the XML format of "
                            "Excel 2003.", name=name))
    return "html" if webtables.is_page(head) else "csv"


def read(source: bytes | BinaryIO, name: str, page: str = "", score: Score = columns.score) -> Sheet:
    """Take a CSV or XLSX file (or a web page called .xls) apart; `page` names a sheet of a workbook.

    `score` says how many fields a row of headings names.

    DomainError where it is none of them, broken, protected, or has no heading row.
    """
    file = io.BytesIO(source) if isinstance(source, bytes) else source
    kind = kind_of(file, name)
    if kind == "xlsx":
        return _workbook(file, name, page, score)
    encoding = delimited.encoding_of(file)
    if kind == "html":
        return _arranged(webtables.rows(file, encoding.removesuffix("-sig")), name, "html", score, encoding=encoding)
    separator = delimited.separator_of(file, encoding)
    found = ((line, cells, ()) for line, cells in delimited.rows(file, name, encoding, separator))
    return _arranged(found, name, "csv", score, encoding=encoding, separator=separator)


def _old_office(file: BinaryIO, name: str) -> str:
    file.seek(0)
    rest = b""
    while block := file.read(2**20):
        if _ENCRYPTED in rest + block:
            return _("To import %(name)s you must first take its password off: open it, save it without one.",
                     name=name)
        rest = block[-64:]
    return _("To import %(name)s you must save it as XLSX or CSV: it is in the format of old Excel.", name=name)


# --- XLSX ----------------------------------------------------------------------------------------------


def _workbook(file: BinaryIO, name: str, wanted: str, score: Score) -> Sheet:
    try:
        book = workbooks.open_workbook(file)
        scores = {page.title: _score(book, page, score) for page in book.pages}
        if not scores:
            raise DomainError(_("%(name)s cannot be imported because it is empty.", name=name))
        best = wanted if wanted in scores else max(scores, key=lambda title: scores[title])
        others = tuple(title for title, points in scores.items() if points > 2 and title != best)
        page = next(page for page in book.pages if page.title == best)
        return _arranged(book.rows(page), name, "xlsx", score, page=best, other_pages=others)
    except (workbooks.Damaged, zipfile.BadZipFile, zlib.error, EOFError, KeyError, ValueError, IndexError, OSError,
            RuntimeError, NotImplementedError, etree.LxmlError) as error:
        raise DomainError(_no_workbook(file, name, error)) from error


def _score(book: workbooks.Workbook, page: workbooks.Page, score: Score) -> int:
    return max((score(cells) for _line, cells, _above in islice(book.rows(page), LOOK_AHEAD)), default=0)


def _no_workbook(file: BinaryIO, name: str, error: Exception) -> str:
    if str(error) == "too large":
        return _("%(name)s cannot be imported because it is too large.", name=name)
    if workbooks.what_else(file) in ("binary", "ods"):
        return _("To import %(name)s you must save it as XLSX or CSV: it is in another format.", name=name)
    return _("%(name)s cannot be imported because it is damaged or no XLSX file.", name=name)


# --- what is what --------------------------------------------------------------------------------------


def _arranged(lines: Iterator[Line], name: str, kind: str, score: Score, **more: object) -> Sheet:
    """Find the heading row; above it are titles, below it data, with empty and total rows set aside."""
    head = list(islice(lines, LOOK_AHEAD))
    place = max(range(len(head)), key=lambda index: (score(head[index][1]), -index), default=None)
    if place is None or score(head[place][1]) < 2:
        raise DomainError(_(
            "%(name)s cannot be imported because no row with headings was found (like Name, Document, Plan, Balance). "
            "First row: %(row)s", name=name, row=" | ".join(text(cell) for cell in (head[0][1] if head else []))[:200]))
    heading_line, written, _above = head[place]
    scratch = Scratch()
    sheet = Sheet(name, kind, tuple(text(cell) for cell in written[:_width(written)]), heading_line, scratch.shelf(),
                  scratch, **more)  # type: ignore[arg-type]
    for line, row, _above in head[:place]:
        sheet.skip(Skipped(line, "empty" if _is_blank(row) else "title", tuple(row)))
    used: set[int] = set()
    for line, row, above in chain(head[place + 1:], lines):
        _sort(sheet, line, row, above, used)
    sheet.labels = _labels(sheet.headings, used)
    return sheet


def _sort(sheet: Sheet, line: int, row: list[Cell], above: tuple[tuple[int, Cell], ...], used: set[int]) -> None:
    """Keep a row of data, set any other aside."""
    width = len(sheet.headings)
    cells = tuple((row + [""] * width)[:max(width, _width(row))])
    if _is_blank(row):
        sheet.skip(Skipped(line, "empty"))
    elif not above and _is_total(sheet, row):
        sheet.skip(Skipped(line, "total", cells))
    elif columns.is_repeated(cells, sheet.headings):
        sheet.skip(Skipped(line, "title", cells))
    else:
        used.update(index for index, cell in enumerate(row) if cell != "")
        sheet.rows.append(SourceRow(line, cells, above))


def _labels(headings: Sequence[str], used: set[int]) -> tuple[str, ...]:
    """Each heading once; a column with data but without a heading is called by its letter: "(F)"."""
    labels: list[str] = []
    for index in range(max([len(headings), *(place + 1 for place in used)])):
        heading = headings[index] if index < len(headings) else ""
        label = heading or (f"({_letter(index)})" if index in used else "")
        number = 2
        while label and label in labels:
            label, number = f"{heading} ({number})", number + 1
        labels.append(label)
    return tuple(labels)


def _letter(index: int) -> str:
    """The letter of a column: 0 is A, 26 is AA."""
    return (_letter(index // 26 - 1) if index >= 26 else "") + chr(65 + index % 26)


def _width(row: Sequence[Cell]) -> int:
    """Up to the last cell with something in it."""
    return max((index + 1 for index, cell in enumerate(row) if text(cell)), default=0)


def _is_blank(row: Sequence[Cell]) -> bool:
    return not any(cell != "" and text(cell) for cell in row)


def _is_total(sheet: Sheet, row: Sequence[Cell]) -> bool:
    """Its first word says so, or it has nothing but one or two amounts under the headings of amounts."""
    filled = [(index, text(cell)) for index, cell in enumerate(row) if cell != ""]
    if any(_TOTAL.match(names.fold(cell)) for _index, cell in filled[:2]):
        return len(filled) <= max(4, len(row) // 2)
    if len(filled) > 2 or len(sheet.headings) <= 4 or is_empty(filled[-1][1]):
        return False
    headings = {columns.field_of(sheet.headings[index]) for index, _cell in filled if index < len(sheet.headings)}
    return headings <= _AMOUNTS and all(re.fullmatch(r"[$\s\d.,()-]+", cell) for _index, cell in filled)
