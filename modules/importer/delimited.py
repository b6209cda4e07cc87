"""Reading CSV line by line: encoding and separator found out, a stray quotation mark mended. Pure."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from typing import BinaryIO

from core.errors import DomainError
from core.i18n import _
from modules.crm import names
from modules.importer import columns
from modules.importer.cells import Cell

SEPARATORS = (";", ",", "\t", "|")
LOOK_AHEAD = 30
_BLOCK = 2**16
_LONGEST_LINE = 2**20
# A cell over more lines than this is a quotation mark that somebody forgot to close.
_LONGEST_CELL = 20
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_LETTERS = "áéíóúñüÁÉÍÓÚÑÜçãõºª°"
_OLD = ("cp1252", "cp850", "latin-1")
_UNDEFINED = b"\x81\x8d\x8f\x90\x9d"
# NUL is kept: it tells a file that is no text
_CONTROL = re.compile("[\x01-\x08\x0e-\x1f\x7f]")


def encoding_of(file: BinaryIO) -> str:
    """By its mark, else UTF-8 if it is that throughout, else what Windows or, failing the eye, DOS wrote."""
    file.seek(0)
    head = file.read(4096)
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    wide = _wide(head)
    if wide:
        return wide
    return "utf-8" if _is_utf8(file) else _old(file)


def _wide(head: bytes) -> str:
    """UTF-16 without its mark: every other byte of a western text is zero."""
    pairs = len(head) // 2
    if pairs > 8 and head[1::2].count(0) > pairs * 0.7:
        return "utf-16-le"
    if pairs > 8 and head[0::2].count(0) > pairs * 0.7:
        return "utf-16-be"
    return ""


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    file.seek(0)
    while block := file.read(_BLOCK):
        yield block


def _is_utf8(file: BinaryIO) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for block in _blocks(file):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _old(file: BinaryIO) -> str:
    """Of the encodings with one byte per letter, the one that gives more letters of Spanish and Portuguese."""
    counts = dict.fromkeys(("cp1252", "cp850"), 0)
    undefined = False
    for block in _blocks(file):
        undefined = undefined or len(block) != len(block.translate(None, _UNDEFINED))
        for encoding in counts:
            letters = bytes(code for char in _LETTERS for code in char.encode(encoding, "ignore"))
            counts[encoding] += len(block) - len(block.translate(None, letters))
    if counts["cp850"] > counts["cp1252"]:
        return "cp850"
    return "latin-1" if undefined else "cp1252"


def separator_of(file: BinaryIO, encoding: str) -> str:
    """The one whose heading row is understood best; the more columns, the better."""
    with _text(file, encoding) as stream:
        head = [stream.readline(_LONGEST_LINE) for _number in range(LOOK_AHEAD)]
    found = re.match(r"sep=(.)\r?\n", head[0])
    if found:
        return found[1]

    def merit(separator: str) -> tuple[int, int]:
        rows = list(csv.reader(head, delimiter=separator, quoting=csv.QUOTE_NONE))
        return (max((columns.score(row) for row in rows), default=0), max((len(row) for row in rows), default=0))

    return max(SEPARATORS, key=merit)


def rows(file: BinaryIO, name: str, encoding: str, separator: str) -> Iterator[tuple[int, list[Cell]]]:
    """(line in the file, cells) of each record; DomainError where it is no text, or has a line without end."""
    csv.field_size_limit(_LONGEST_LINE)
    with _text(file, encoding) as stream:
        lines = _Lines(stream, name)
        while (record := _record(lines, separator)) is not None:
            line, cells = record
            if line > 1 or not (cells and cells[0].startswith("sep=")):
                yield line, [unquoted(cell) for cell in cells]


class _text:
    """The file as text from its beginning; the file stays open afterwards."""

    def __init__(self, file: BinaryIO, encoding: str) -> None:
        file.seek(0)
        self.stream = io.TextIOWrapper(file, encoding, errors="replace", newline="")

    def __enter__(self) -> io.TextIOWrapper:
        return self.stream

    def __exit__(self, *_details: object) -> None:
        self.stream.detach()


def _unmixed(line: str, encoding: str) -> str:
    """A line of UTF-8 in a file that is otherwise of Windows or DOS: two files that somebody put together."""
    if encoding not in _OLD or line.isascii():
        return line
    try:
        return line.encode(encoding).decode("utf-8")
    except UnicodeError:
        return line


class _Swallowed(Exception):
    """A quotation mark that is never closed takes many lines into one cell."""


class _Lines:
    """The lines of a file, the last ones of which can be given back."""

    def __init__(self, stream: io.TextIOWrapper, name: str) -> None:
        self.stream, self.name, self.number = stream, name, 0
        self.taken: list[str] = []
        self.waiting: list[str] = []
        self.ended = False

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if len(self.taken) >= _LONGEST_CELL:
            raise _Swallowed
        line = self.waiting.pop() if self.waiting else self._read()
        if not line:
            self.ended = True
            raise StopIteration
        self.number += 1
        self.taken.append(line)
        return line

    def _read(self) -> str:
        line = self.stream.readline(_LONGEST_LINE)
        if "\x00" in line:
            raise DomainError(_("%(name)s cannot be imported because it is no spreadsheet (CSV or XLSX).",
                                name=self.name))
        if len(line) >= _LONGEST_LINE:
            raise DomainError(_("%(name)s cannot be imported because line %(line)s is longer than a million "
                                "characters.", name=self.name, line=self.number + 1))
        return _unmixed(line, self.stream.encoding)

    def begin(self) -> int:
        """Start a record; the number of its first line."""
        self.taken.clear()
        return self.number + 1

    def keep_first(self) -> str:
        """Give back all lines of the record but its first, which is the answer."""
        first, rest = self.taken[0], self.taken[1:]
        self.waiting.extend(reversed(rest))
        self.number -= len(rest)
        self.ended = False
        return first


def _record(lines: _Lines, separator: str) -> tuple[int, list[str]] | None:
    """The next record, blank ones too; where a quotation mark is never closed, its line stands for itself."""
    start = lines.begin()
    try:
        cells = next(csv.reader(lines, delimiter=separator))
        if len(lines.taken) > 1 or lines.ended:
            # only the strict reading sees that a mark was closed by that of another cell, or not at all
            next(csv.reader(list(lines.taken), delimiter=separator, strict=True))
        return start, cells
    except StopIteration:
        return None
    except (csv.Error, _Swallowed):
        pass
    first = lines.keep_first().rstrip("\r\n")
    return start, [cell.strip('"') for cell in first.split(separator)]


def unquoted(cell: str) -> str:
    """Without control characters, and without the apostrophe that keeps a spreadsheet from running a text."""
    tidy = names.tidy(_CONTROL.sub("", cell))
    return tidy[1:] if re.match(r"'[=+\-@]", tidy) else tidy
