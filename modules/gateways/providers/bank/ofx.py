"""OFX 1 (SGML, end tags may be missing) and 2 (XML): the movements of bank and card accounts, tag by tag. Pure.

Source: Open Financial Exchange 1.6 and 2.2, sections 2 and 11. Banks differ in headers, end tags and encodings, so the
text is taken apart here instead of by a parser that holds the file and skips what it does not know.
"""

from __future__ import annotations

import codecs
import datetime as dt
import html
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import BinaryIO

from core.i18n import _
from modules.gateways.access import Access
from modules.gateways.errors import BadFile
from modules.gateways.ports import BankLine
from modules.gateways.providers.bank.mapping import Account, blocks, encoding_of
from modules.gateways.shapes import Control, Problem

# no tag and no text of a statement is longer
LONGEST = 20_000
AMOUNT = re.compile(r"[+-]?\d{1,15}([.,]\d{1,4})?")
Token = tuple[str, str, int]


def read(file: BinaryIO, access: Access) -> Iterator[BankLine | Problem | Control]:
    """The movements of all statements in the file, which must be of one account."""
    account, movement, currency, ended, last = Account(access), None, "", False, 1
    for tag, text, last in _tokens(file):
        if tag == "STMTTRN":
            movement = {}
        elif tag == "/STMTTRN":
            yield _line(account, movement or {}, currency, last)
            movement = None
        elif movement is not None:
            movement[tag] = text
        elif tag == "CURDEF":
            currency = text
        elif tag == "ACCTID":
            account.belongs(text, last)
        elif tag == "BALAMT" and "closing" not in account.facts:
            account.facts["closing"] = f"{_amount(text, last):.2f}"
        ended = ended or tag == "/OFX"
    if not ended or movement is not None:
        raise BadFile(_("The file ends at line %(line)s before its end tag: it was cut. Ask for it again.", line=last),
                      last, code="cut")
    yield account.control()


def _line(account: Account, found: dict[str, str], currency: str, line: int) -> BankLine:
    for tag in ("DTPOSTED", "TRNAMT"):
        if tag not in found:
            raise BadFile(_("The movement before line %(line)s has no %(tag)s.", line=line, tag=tag), line,
                          code="field")
    name = found.get("NAME") or found.get("PAYEE", "")
    text = " ".join(dict.fromkeys(part for part in (found.get("NAME", ""), found.get("MEMO", "")) if part))
    return account.line(_day(found["DTPOSTED"], line), _amount(found["TRNAMT"], line),
                        found.get("CURSYM") or currency, found.get("FITID", ""), line, text=text, name=name,
                        reference=found.get("REFNUM") or found.get("CHECKNUM", ""))


def _amount(text: str, line: int) -> Decimal:
    if not AMOUNT.fullmatch(text):
        raise BadFile(_("Line %(line)s: found “%(found)s”, expected an amount.", line=line, found=text[:40]), line,
                      code="field")
    return Decimal(text.replace(",", "."))


def _day(text: str, line: int) -> dt.date:
    """AAAAMMDD and what follows: the day at the bank."""
    try:
        return dt.datetime.strptime(text[:8], "%Y%m%d").date()
    except ValueError:
        raise BadFile(_("Line %(line)s: found “%(found)s”, expected a date.", line=line, found=text[:40]), line,
                      code="field") from None


def _tokens(file: BinaryIO) -> Iterator[Token]:
    """(tag, text behind it, line), one at a time."""
    decoder = codecs.getincrementaldecoder(encoding_of(file))(errors="replace")
    rest, line = "", 1
    for block in blocks(file):
        pieces = (rest + decoder.decode(block)).split("<")
        # the last piece may go on in the next block
        rest = "<" + pieces.pop() if len(pieces) > 1 else pieces.pop()
        for piece in pieces:
            yield from _token(piece, line)
            line += piece.count("\n")
        if len(rest) > LONGEST:
            raise BadFile(_("Line %(line)s is no OFX: a tag or text is far too long.", line=line), line, code="length")
    for piece in (rest + decoder.decode(b"", final=True)).split("<"):
        yield from _token(piece, line)
        line += piece.count("\n")


def _token(piece: str, line: int) -> Iterator[Token]:
    tag, end, text = piece.partition(">")
    if not end:
        return
    if tag.startswith("!"):
        raise BadFile(_("Line %(line)s declares “%(found)s”, which no statement needs: it is not read.", line=line,
                        found=tag[:40]), line, code="unsafe")
    yield tag.strip().upper(), html.unescape(text.strip()), line
