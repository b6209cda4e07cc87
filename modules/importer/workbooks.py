"""Reading XLSX row by row: numbers exact, dates as dates, formulas with what they gave, merged cells. Pure.

Only one row is in memory at a time; the table of texts lies in a temporary file.
"""

from __future__ import annotations

import datetime as dt
import functools
import posixpath
import re
import tempfile
import zipfile
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, BinaryIO

from lxml import etree

from modules.importer.cells import Cell
from modules.importer.delimited import unquoted

LARGEST = 2 * 2**30
_COLUMNS = 500
_GAP = 100
_SAFE: dict[str, Any] = {"resolve_entities": False, "no_network": True, "load_dtd": False, "huge_tree": True}
# Numbers of built-in formats that show dates; those of a file's own are told by their letters.
_DATE_FORMATS = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})
# What these give is no value of the cell, or comes from outside of the file.
_NO_VALUE = re.compile(r"\s*(_xlfn\.)?(HYPERLINK|WEBSERVICE|IMPORT\w*|RTD)\s*\(|.*\|", re.IGNORECASE)
_MERGE = re.compile(rb'<(?:\w+:)?mergeCell\s+ref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"')


class Damaged(Exception):
    """The file is no workbook that can be read."""


@dataclass(frozen=True)
class Merge:
    """Cells of one column that were made one: the lower ones show what stands in the first."""

    column: int
    first: int
    last: int


@dataclass
class Page:
    """A visible sheet."""

    title: str
    path: str


Line = tuple[int, list[Cell], tuple[tuple[int, Cell], ...]]


@dataclass
class Workbook:
    """An open XLSX file."""

    archive: zipfile.ZipFile
    pages: list[Page] = field(default_factory=list)
    base: dt.date = dt.date(1899, 12, 30)
    dates: set[int] = field(default_factory=set)
    texts: Texts | None = None

    def rows(self, page: Page) -> Iterator[Line]:
        """(line, cells, (column, value) of what is merged from above); gaps between rows are blank rows."""
        merges = _Merges(self._merges(page))
        line = 0
        with self.archive.open(page.path) as stream:
            for number, row in _numbered(stream):
                for blank in range(line + 1, min(number, line + _GAP)):
                    yield blank, [], ()
                line = number
                cells = self._cells(row)
                yield line, cells, merges.above(line, cells)

    def _cells(self, row: Any) -> list[Cell]:
        cells: list[Cell] = []
        column = -1
        for cell in row:
            column = _column(cell.get("r") or "", column + 1)
            value = self._value(cell) if column < _COLUMNS and len(cell) else ""
            if value != "":
                cells.extend([""] * (column - len(cells)))
                cells[column:column + 1] = [value]
        return cells

    def _value(self, cell: Any) -> Cell:
        parts = {part.tag.rpartition("}")[2]: part for part in cell}
        value = self._plain(cell, parts)
        formula = parts.get("f")
        if formula is None:
            return value
        text = "".join(formula.itertext())
        if value == "" or _NO_VALUE.match(text):
            return f"={text or '?'}"
        return value

    def _plain(self, cell: Any, parts: dict[str, Any]) -> Cell:
        kind, content = cell.get("t", "n"), "".join(parts["v"].itertext()) if "v" in parts else ""
        if kind == "inlineStr":
            return unquoted(_spoken(parts["is"])) if "is" in parts else ""
        if content == "":
            return ""
        if kind == "s":
            return self.texts[int(content)] if self.texts else ""
        if kind == "b":
            return "SI" if content == "1" else "NO"
        if kind == "d":
            return dt.date.fromisoformat(content[:10])
        if kind in ("str", "e"):
            return unquoted(content)
        return self._number(content, int(cell.get("s") or 0))

    def _number(self, content: str, style: int) -> Cell:
        """A float is only how the file stores a number: its 15 digits are what the person typed."""
        try:
            number = Decimal(content) if content.isdecimal() else Decimal(f"{float(content):.15g}")
        except (ValueError, InvalidOperation):
            return unquoted(content)
        if style in self.dates and 1 <= number < 2958466:
            return self.base + dt.timedelta(days=int(number))
        return number if number.is_finite() else ""

    def _merges(self, page: Page) -> Iterator[Merge]:
        """They stand behind the rows, so the sheet is looked through once before."""
        rest = b""
        with self.archive.open(page.path) as stream:
            while block := stream.read(2**20):
                block, end = rest + block, 0
                for found in _MERGE.finditer(block):
                    first, last, end = int(found[2]), int(found[4]), found.end()
                    if last > first:
                        yield Merge(_letters(found[1].decode()), first, last)
                rest = block[max(end, len(block) - 100):]


class Texts:
    """The table of shared texts in a temporary file; only the places are in memory."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the table
        self._ends = array("Q", [0])
        self._find = functools.lru_cache(maxsize=20_000)(self._read)

    def append(self, text: str) -> None:
        content = text.encode("utf-8", "replace")
        self._file.write(content)
        self._ends.append(self._ends[-1] + len(content))

    def __getitem__(self, index: int) -> str:
        return self._find(index) if 0 <= index < len(self._ends) - 1 else ""

    def _read(self, index: int) -> str:
        self._file.seek(self._ends[index])
        return self._file.read(self._ends[index + 1] - self._ends[index]).decode("utf-8")


class _Merges:
    """What merged cells show in the rows below their first one."""

    def __init__(self, merges: Iterator[Merge]) -> None:
        self.begin: dict[int, list[Merge]] = {}
        for merge in merges:
            self.begin.setdefault(merge.first, []).append(merge)
        self.open: list[tuple[Merge, Cell]] = []

    def above(self, line: int, cells: list[Cell]) -> tuple[tuple[int, Cell], ...]:
        self.open = [(merge, value) for merge, value in self.open if merge.last >= line]
        found = tuple((merge.column, value) for merge, value in self.open)
        for merge in self.begin.pop(line, ()):
            if merge.column < len(cells) and cells[merge.column] != "":
                self.open.append((merge, cells[merge.column]))
        return found


# --- opening -------------------------------------------------------------------------------------------


def open_workbook(file: BinaryIO) -> Workbook:
    """Damaged where it is not a readable XLSX file; the message is the technical reason."""
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise Damaged(str(error)) from error
    if sum(info.file_size for info in archive.infolist()) > LARGEST:
        raise Damaged("too large")
    book = Workbook(archive)
    main = _main(archive)
    targets = _targets(archive, main)
    root = etree.fromstring(archive.read(main), etree.XMLParser(**_SAFE))
    for part in root.iter("{*}workbookPr"):
        if part.get("date1904") in ("1", "true"):
            book.base = dt.date(1904, 1, 1)
    for sheet in root.iter("{*}sheet"):
        found = targets.get(next((value for name, value in sheet.attrib.items() if name.endswith("}id")), ""))
        if found and sheet.get("state", "visible") == "visible" and found[1].endswith("worksheet"):
            book.pages.append(Page(sheet.get("name") or "", found[0]))
    for path, kind in targets.values():
        if kind.endswith("styles"):
            book.dates = _date_styles(archive.read(path))
        elif kind.endswith("sharedStrings"):
            book.texts = _texts(archive, path)
    return book


def what_else(file: BinaryIO) -> str:
    """Of a ZIP file that is no XLSX: "binary" (XLSB), "ods", or "" for anything."""
    try:
        known = set(zipfile.ZipFile(file).namelist())
    except (zipfile.BadZipFile, OSError, ValueError):
        return ""
    if "xl/workbook.bin" in known:
        return "binary"
    return "ods" if {"content.xml", "mimetype"} <= known else ""


def _main(archive: zipfile.ZipFile) -> str:
    for path, kind in _targets(archive, "").values():
        if kind.endswith("officeDocument"):
            return path
    raise Damaged("no workbook in the file")


def _targets(archive: zipfile.ZipFile, part: str) -> dict[str, tuple[str, str]]:
    """What a part points to: id -> (path, type)."""
    folder, name = posixpath.split(part)
    try:
        content = archive.read(posixpath.join(folder, "_rels", f"{name}.rels"))
    except KeyError:
        raise Damaged("the file names no parts") from None
    found = {}
    for one in etree.fromstring(content, etree.XMLParser(**_SAFE)):
        target = one.get("Target") or ""
        path = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
        found[one.get("Id") or ""] = (path, one.get("Type") or "")
    return found


def _date_styles(content: bytes) -> set[int]:
    """The numbers of the cell styles that show a date."""
    root = etree.fromstring(content, etree.XMLParser(**_SAFE))
    own = {int(one.get("numFmtId")): one.get("formatCode") or ""
           for one in root.iter("{*}numFmt") if one.get("numFmtId")}
    styles = next(iter(root.iter("{*}cellXfs")), ())
    return {place for place, style in enumerate(styles)
            if (number := int(style.get("numFmtId") or 0)) in _DATE_FORMATS or _shows_date(own.get(number, ""))}


def _shows_date(code: str) -> bool:
    """Has the format a day or a year outside of quoted texts and colours? Times alone are no dates."""
    bare = re.sub(r'"[^"]*"|\\.|\[[^\]]*\]|_.|\*.', "", code.split(";")[0]).lower()
    return bool(re.search(r"[dy]|mmm", bare)) and "general" not in bare


def _texts(archive: zipfile.ZipFile, path: str) -> Texts:
    found = Texts()
    with archive.open(path) as stream:
        for _event, item in etree.iterparse(stream, tag="{*}si", **_SAFE):
            found.append(unquoted(_spoken(item)))
            _forget(item)
    return found


def _spoken(item: Any) -> str:
    """The text of a plain or rich text, without the phonetic signs of eastern languages."""
    return "".join(part.text or "" for part in item.iter("{*}t")
                   if not any(above.tag.endswith("}rPh") for above in part.iterancestors()))


def _numbered(stream: Any) -> Iterator[tuple[int, Any]]:
    """(number, element) of each row; those that a program wrote without numbers are counted."""
    line = 0
    for _event, row in etree.iterparse(stream, tag="{*}row", **_SAFE):
        line = int(row.get("r") or line + 1)
        yield line, row
        _forget(row)


def _forget(item: Any) -> None:
    """Free what was read, else the whole sheet stays in memory."""
    item.clear()
    while item.getprevious() is not None:
        del item.getparent()[0]


def _column(reference: str, following: int) -> int:
    """Where a cell is: where its address says, else after the one before it."""
    letters = reference.rstrip("0123456789")
    return _letters(letters) if letters.isalpha() else following


def _letters(letters: str) -> int:
    """"A" is 0, "AA" 26."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number - 1
