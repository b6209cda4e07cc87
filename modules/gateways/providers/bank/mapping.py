"""What all formats of statements share: lines with a stable identity, their sum, whose account it is. Pure."""

from __future__ import annotations

import codecs
import datetime as dt
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import blake2b
from typing import Any, BinaryIO

from core import clock
from core.i18n import _
from modules.gateways.access import Access
from modules.gateways.errors import BadFile
from modules.gateways.ports import BankLine
from modules.gateways.repeats import Repeats
from modules.gateways.shapes import Control

# banks show movements of the days to come; beyond these it is no statement
AHEAD = dt.timedelta(days=7)
BLOCK = 2**16
LONGEST_TEXT = 500
# the end of an account number that is enough to know it
SHORTEST = 6


@dataclass
class Account:
    """The lines of a statement as they are read; `number` is the account's as the file says it."""

    access: Access
    count: int = 0
    total: Decimal = Decimal("0.00")
    number: str = ""
    last: dt.date | None = None
    facts: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._ids, self._contents = Repeats(), Repeats()
        self._latest = self.access.day(clock.now()) + AHEAD

    def belongs(self, number: str, line: int | None) -> None:
        """The statement is of this account; BadFile where the settings name another."""
        ours = str(self.access.get("account"))
        if ours and not same_account(number, ours):
            raise BadFile(_("This statement is of account %(number)s; yours is %(ours)s.", number=number, ours=ours),
                          line, code="foreign")
        if self.number and number != self.number:
            raise BadFile(_("This file holds statements of several accounts: %(one)s and %(other)s. Import one account "
                            "at a time.", one=self.number, other=number), line, code="foreign")
        self.number = number
        self.facts["account"] = number

    def line(self, date: dt.date, amount: Decimal, currency: str = "", own: str = "", line: int | None = None,
             balance: Decimal | None = None, **texts: str) -> BankLine:
        """A movement. `own` is the bank's identity of it; without one it gets a digest of what it says."""
        if date > self._latest:
            raise BadFile(_("Line %(line)s: %(day)s is in the future.", line=line or "?", day=date.isoformat()), line,
                          code="future")
        told = {key: tidy(value) for key, value in texts.items()}
        self.count += 1
        self.total += amount
        self.last = max(date, self.last or date)
        return BankLine(self._identity(own, (date.isoformat(), f"{amount:.2f}", *sorted(told.values()))), date,
                        amount, currency or self.access.currency, balance=balance, line=line, **told)

    def _identity(self, own: str, content: tuple[str, ...]) -> str:
        """The same in every statement that shows the line: equal lines of a day are numbered."""
        digest = blake2b("\0".join(content).encode(), digest_size=12).hexdigest()
        if own:
            # some banks give one number to several movements
            return own if self._ids.number(own) == 1 else f"{own}-{digest}-{self._contents.number(own + digest)}"
        return f"{digest}-{self._contents.number(digest)}"

    def control(self) -> Control:
        """What was read, at the end."""
        return Control(self.count, self.total.quantize(Decimal("0.01")), self.last, dict(self.facts))

    def prove(self, opening: Decimal | None, moved: Decimal, closing: Decimal | None, line: int | None) -> None:
        """Both balances and what lies between must agree."""
        if opening is not None and closing is not None and opening + moved != closing:
            raise BadFile(_("The movements before line %(line)s add up to %(moved)s, but the balance goes from "
                            "%(opening)s to %(closing)s. Ask for the statement again.", line=line or "?", moved=moved,
                            opening=opening, closing=closing), line, code="control")
        self.facts.update({name: f"{value:.2f}" for name, value in (("opening", opening), ("closing", closing))
                           if value is not None and (name == "closing" or "opening" not in self.facts)})


def same_account(one: str, other: str) -> bool:
    """The same number, whatever shapes it; banks write it with and without their codes in front."""
    short, long = sorted((re.sub(r"[\W_]", "", text).lstrip("0").upper() for text in (one, other)), key=len)
    return short == long or (len(short) >= SHORTEST and long.endswith(short))


def tidy(text: str) -> str:
    """One line, blanks made one, control characters gone."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())[:LONGEST_TEXT]


def exact(found: Any) -> Decimal:
    """What a spreadsheet shows: it stores doubles, whose 15 digits are what somebody typed."""
    return Decimal(found) if isinstance(found, int) else Decimal(f"{found:.15g}")


def encoding_of(file: BinaryIO) -> str:
    """By its mark, else UTF-8 if it is that throughout, else what Windows wrote. The file is at its start again."""
    file.seek(0)
    if file.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        file.seek(0)
        return "utf-16"
    decoder, found = codecs.getincrementaldecoder("utf-8")(), "utf-8-sig"
    file.seek(0)
    try:
        for block in blocks(file):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        found = "cp1252"
    file.seek(0)
    return found


@contextmanager
def text_of(file: BinaryIO, newline: str | None) -> Iterator[io.TextIOWrapper]:
    """The file as text, whatever wrote it; it stays open afterwards."""
    stream = io.TextIOWrapper(file, encoding_of(file), errors="replace", newline=newline)
    try:
        yield stream
    finally:
        if not file.closed:
            stream.detach()


def blocks(file: BinaryIO) -> Iterator[bytes]:
    """A file in pieces."""
    while block := file.read(BLOCK):
        yield block
