"""A statement in any of the formats: which one it is, is told by the settings or by how the file begins."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import BinaryIO

from core.i18n import _
from modules.gateways.access import Access
from modules.gateways.errors import BadFile
from modules.gateways.ports import BankLine
from modules.gateways.providers.bank import camt, mt940, ofx, tables
from modules.gateways.shapes import Control, Problem

Reader = Callable[[BinaryIO, Access], Iterator[BankLine | Problem | Control]]
FORMATS: Mapping[str, Reader] = {"csv": tables.read_csv, "xlsx": tables.read_xlsx, "ofx": ofx.read, "mt940": mt940.read,
                                 "camt053": camt.read}


class Statements:
    """Statements of an account."""

    def read(self, file: BinaryIO, access: Access) -> Iterator[BankLine | Problem | Control]:
        """All or nothing; the file must be one that can be read twice."""
        name = str(access.get("format", "")) or format_of(file)
        if name not in FORMATS:
            raise BadFile(_("There is no format %(found)s; known: %(known)s.", found=name, known=", ".join(FORMATS)), 1,
                          code="record")
        file.seek(0)
        yield from FORMATS[name](file, access)


def format_of(file: BinaryIO) -> str:
    """By the first bytes; what is nothing else is CSV. BadFile for an old or empty file."""
    file.seek(0)
    start = file.read(4096)
    text = start.replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    if not text:
        raise BadFile(_("The file is empty."), 1, code="empty")
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        raise BadFile(_("This is a workbook of an old kind (XLS). Save it as XLSX or CSV."), 1, code="record")
    if start.startswith(b"PK\x03\x04"):
        return "xlsx"
    if re.search(rb"OFXHEADER|<OFX>", text, re.IGNORECASE):
        return "ofx"
    if text.startswith(b"<"):
        return "camt053"
    return "mt940" if re.search(rb"^:20:", text, re.MULTILINE) else "csv"
