"""Many PDFs joined into one, written as they come: 100,000 invoices need no more memory than 100.

A merger that holds the whole document until the end needs gigabytes for that. Here each source is read, its objects are
numbered anew and written at once; what stays in memory is one offset per object and the fingerprints of recent ones, so
that the logo and the fonts that all invoices share are written once.
"""

from __future__ import annotations

import hashlib
import io
from array import array
from collections import OrderedDict
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from pypdf import PdfReader
from pypdf.errors import PyPdfError
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, NameObject, StreamObject

PAGES_PER_NODE = 500
REMEMBERED = 20_000
# of no use in a joined document, or leading out of the page
LEFT_OUT = frozenset({"/Parent", "/StructParents", "/StructParent", "/Tabs", "/B", "/Metadata", "/PieceInfo"})


class BadPdf(ValueError):
    """The content is not a PDF that can be read; nothing of it is in the joined document."""


class Joiner:
    """The joined document: `add(data)` each PDF, at the end of the `with` block the file is whole."""

    def __init__(self, path: Path) -> None:
        self._file: BinaryIO = path.open("wb")
        # offset of object n at n - 1; 0 while it is not written
        self._offsets = array("Q")
        self._known: OrderedDict[bytes, int] = OrderedDict()
        self.pages = 0
        self._file.write(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
        self._catalog, self._root = self._reserve(), self._reserve()
        self._nodes: list[tuple[int, int]] = []
        self._node, self._kids = self._reserve(), array("Q")

    def __enter__(self) -> Joiner:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        try:
            if kind is None:
                self._finish()
        finally:
            self._file.close()

    def add(self, data: bytes) -> int:
        """Append all pages of a PDF; how many. BadPdf leaves the document as it was."""
        try:
            reader = PdfReader(io.BytesIO(data))
            if reader.is_encrypted:
                raise BadPdf("it is encrypted")
            numbers = _Source(self, reader).copy_pages(self._node)
        except BadPdf:
            raise
        except (PyPdfError, ValueError, TypeError, KeyError, AttributeError, RecursionError, OSError) as error:
            raise BadPdf(f"{type(error).__name__}: {error}") from error
        if not numbers:
            raise BadPdf("it has no pages")
        self._kids.extend(numbers)
        self.pages += len(numbers)
        if len(self._kids) >= PAGES_PER_NODE:
            self._close_node()
        return len(numbers)

    # --- objects ---------------------------------------------------------------------------------------

    def _reserve(self) -> int:
        self._offsets.append(0)
        return len(self._offsets)

    def _write(self, number: int, body: bytes) -> None:
        self._offsets[number - 1] = self._file.tell()
        self._file.write(b"%d 0 obj\n" % number + body + b"\nendobj\n")

    def _write_shared(self, body: bytes) -> int:
        """Write an object, or find the same one among those written lately; its number."""
        mark = hashlib.sha256(body).digest()
        number = self._known.get(mark)
        if number is not None:
            self._known.move_to_end(mark)
            return number
        number = self._known[mark] = self._reserve()
        self._write(number, body)
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return number

    # --- the tree of pages -------------------------------------------------------------------------------

    def _close_node(self) -> None:
        kids = b" ".join(b"%d 0 R" % number for number in self._kids)
        self._write(self._node, b"<< /Type /Pages /Parent %d 0 R /Count %d /Kids [%s] >>" % (
            self._root, len(self._kids), kids))
        self._nodes.append((self._node, len(self._kids)))
        self._node, self._kids = self._reserve(), array("Q")

    def _finish(self) -> None:
        if self._kids or not self._nodes:
            self._close_node()
        kids = b" ".join(b"%d 0 R" % number for number, _count in self._nodes)
        self._write(self._root, b"<< /Type /Pages /Count %d /Kids [%s] >>" % (self.pages, kids))
        self._write(self._catalog, b"<< /Type /Catalog /Pages %d 0 R >>" % self._root)
        begin = self._file.tell()
        self._file.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(self._offsets) + 1))
        for offset in self._offsets:
            self._file.write(b"%010d 00000 n \n" % offset if offset else b"0000000000 00000 f \n")
        self._file.write(b"trailer\n<< /Size %d /Root %d 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
            len(self._offsets) + 1, self._catalog, begin))


class _Source:
    """One PDF being copied: which of its objects has which number in the joined document."""

    def __init__(self, joiner: Joiner, reader: PdfReader) -> None:
        self.joiner, self.reader = joiner, reader
        self.numbers: dict[int, int] = {}
        self.open: set[int] = set()

    def copy_pages(self, parent: int) -> list[int]:
        """Write all pages below `parent`; their numbers."""
        pages, found = list(self.reader.pages), []
        for page in pages:
            number = self.joiner._reserve()
            found.append(number)
            if page.indirect_reference is not None:  # links between pages stay whole
                self.numbers[page.indirect_reference.idnum] = number
        for page, number in zip(pages, found, strict=True):
            self.joiner._write(number, self._page(page, parent))
        return found

    def _page(self, page: Any, parent: int) -> bytes:
        out = io.BytesIO()
        out.write(b"<< /Parent %d 0 R" % parent)
        self._entries(page, out)
        out.write(b" >>")
        return out.getvalue()

    def _entries(self, entries: Any, out: BinaryIO) -> None:
        # raw_get: an indirect value must stay indirect
        for key in entries:
            if key not in LEFT_OUT and not (isinstance(entries, StreamObject) and key == "/Length"):
                out.write(b" ")
                NameObject(key).write_to_stream(out)
                out.write(b" ")
                self._value(entries.raw_get(key), out)

    def _value(self, value: Any, out: BinaryIO) -> None:
        if isinstance(value, IndirectObject):
            out.write(self._reference(value))
        elif isinstance(value, DictionaryObject):
            out.write(b"<<")
            self._entries(value, out)
            out.write(b" >>")
        elif isinstance(value, ArrayObject):
            out.write(b"[")
            for one in list.__iter__(value):
                out.write(b" ")
                self._value(one, out)
            out.write(b" ]")
        else:
            value.write_to_stream(out)

    def _reference(self, reference: IndirectObject) -> bytes:
        return b"%d 0 R" % self._number(reference)

    def _number(self, reference: IndirectObject) -> int:
        """The number of an object, written with all that it needs before itself; a ring gets its number first."""
        source = reference.idnum
        if source in self.numbers:
            return self.numbers[source]
        if source in self.open:
            self.numbers[source] = self.joiner._reserve()
            return self.numbers[source]
        self.open.add(source)
        body = self._body(reference.get_object())
        self.open.discard(source)
        if source in self.numbers:
            self.joiner._write(self.numbers[source], body)
        else:
            self.numbers[source] = self.joiner._write_shared(body)
        return self.numbers[source]

    def _body(self, value: Any) -> bytes:
        out = io.BytesIO()
        if value is None:
            return b"null"
        if isinstance(value, StreamObject):
            content = value._data if isinstance(value._data, bytes) else value._data.encode("latin-1")
            out.write(b"<< /Length %d" % len(content))
            self._entries(value, out)
            out.write(b" >>\nstream\n" + content + b"\nendstream")
        else:
            self._value(value, out)
        return out.getvalue()
