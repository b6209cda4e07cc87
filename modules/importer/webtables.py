"""Reading the tables of a web page: many programs "export to Excel" by calling one .xls. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from lxml import etree

from modules.importer.cells import Cell
from modules.importer.delimited import unquoted

_PAGE = re.compile(rb"<(!doctype html|html|head|body|table|meta|div)\b", re.IGNORECASE)
_SPREADSHEET_XML = b"urn:schemas-microsoft-com:office:spreadsheet"
_WIDEST = 100


def is_page(head: bytes) -> bool:
    """Does a file begin as a web page does?"""
    plain = head.replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe\r\n\t ")
    return plain.startswith(b"<") and bool(_PAGE.search(plain[:4096]))


def is_spreadsheet_xml(head: bytes) -> bool:
    """The XML of Excel 2003, which only a spreadsheet program reads."""
    return _SPREADSHEET_XML in head


def rows(file: BinaryIO, encoding: str) -> Iterator[tuple[int, list[Cell], tuple[tuple[int, Cell], ...]]]:
    """(number of the row, cells, (column, value) of what spans from above) of all tables, one after the other."""
    file.seek(0)
    spans: dict[int, tuple[int, Cell]] = {}
    events = etree.iterparse(file, html=True, tag="tr", encoding=encoding, no_network=True, huge_tree=True)
    for line, (_event, row) in enumerate(events, 1):
        cells, begun = _cells(row, spans)
        above = tuple((column, value) for column, (_left, value) in spans.items())
        yield line, cells, above
        spans = {column: (left - 1, value) for column, (left, value) in spans.items() if left > 1} | begun
        row.clear()


def _cells(row: Any, spans: dict[int, tuple[int, Cell]]) -> tuple[list[Cell], dict[int, tuple[int, Cell]]]:
    """The cells of a row in their columns, and those that span further rows: column -> (rows, value)."""
    cells: list[Cell] = []
    begun: dict[int, tuple[int, Cell]] = {}
    for cell in row.iterchildren("td", "th"):
        while len(cells) in spans and len(cells) < _WIDEST:
            cells.append("")
        value = unquoted(" ".join(cell.itertext()))
        if _span(cell, "rowspan") > 1:
            begun[len(cells)] = (_span(cell, "rowspan") - 1, value)
        cells.append(value)
        cells.extend([""] * (_span(cell, "colspan") - 1))
    return cells, begun


def _span(cell: Any, name: str) -> int:
    written = str(cell.get(name) or "1")
    return min(int(written), _WIDEST) if written.isdecimal() and int(written) > 0 else 1
