"""Records of fixed width as data: a table of fields, one reader and one writer for all files of that kind. Pure.

A field is (name, width, kind); kinds:

    n       digits, zeros on the left                    "0000123"
    m2      money in whole minor units with 2 decimals   "0000012100" is 121.00; m0 whole units
    d       AAAAMMDD   d6 AAMMDD   d8r DDMMAAAA   d6r DDMMAA; zeros or blanks mean no date. With ! a date must stand
            there (d!, d6r!), with 0 zeros are good and blanks are not (d0)
    0>      text, zeros on the left                      a<  text, blanks on the right      a>  blanks on the left
    =text   this very text                               z   zeros      b   blanks      .   anything (not looked at)
"""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import Any, BinaryIO

from core.i18n import _
from modules.gateways.errors import BadDebt, BadFile

DATES = {"d": "%Y%m%d", "d6": "%y%m%d", "d8r": "%d%m%Y", "d6r": "%d%m%y"}
# a line of a payment file is never longer; what is, is no such file
LONGEST_LINE = 4096


@dataclass(frozen=True)
class Field:
    """A part of a record: `width` characters from `start` (a Python index) on."""

    name: str
    width: int
    kind: str
    start: int

    @property
    def place(self) -> str:
        """Its positions as manuals write them: 1-based, inclusive."""
        return f"{self.start + 1}–{self.start + self.width}"


@dataclass(frozen=True)
class Record:
    """A kind of line. `fields` fill it from the left, without holes."""

    name: str
    table: tuple[tuple[str, int, str], ...]

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        found, start = [], 0
        for name, width, kind in self.table:
            found.append(Field(name, width, kind, start))
            start += width
        return tuple(found)

    @cached_property
    def length(self) -> int:
        return sum(width for _name, width, _kind in self.table)

    def read(self, line: str, number: int) -> dict[str, Any]:
        """The values of a line by name: str, Decimal, date (None for zeros).

        BadFile names line, field, what was found.
        """
        if len(line) != self.length:
            raise BadFile(_("Line %(line)s has %(found)s characters; a %(record)s has %(expected)s. Ask for the file "
                            "again.", line=number, found=len(line), record=self.name, expected=self.length),
                          number, code="length")
        return {one.name: _read(one, line[one.start:one.start + one.width], self, number) for one in self.fields
                if one.kind not in (".",)}

    def write(self, values: Mapping[str, Any]) -> str:
        """The line; BadDebt where a value does not fit."""
        return "".join(_write(one, values.get(one.name)) for one in self.fields)


def _read(one: Field, text: str, record: Record, number: int) -> Any:
    kind = one.kind
    if kind[0] == "=" or kind in ("z", "b"):
        wanted = kind[1:].ljust(one.width) if kind[0] == "=" else {"z": "0", "b": " "}[kind] * one.width
        if text != wanted:
            raise _bad(one, text, record, number, wanted)
        return text
    if kind == "n" or kind[0] == "m":
        if not (text.isascii() and text.isdigit()):
            raise _bad(one, text, record, number, _("digits"))
        return text if kind == "n" else Decimal(text).scaleb(-int(kind[1:]))
    if date := _date_kind(kind):
        return _read_date(one, text, record, number, *date)
    return text.lstrip("0 ").rstrip() if kind == "0>" else text.strip() if kind == "a>" else text.rstrip()


@lru_cache(maxsize=64)
def _date_kind(kind: str) -> tuple[str, str] | None:
    """(format, "" or ! or 0) of a kind of date; None for the other kinds."""
    if kind in DATES:
        return DATES[kind], ""
    return (DATES[kind[:-1]], kind[-1]) if kind[:-1] in DATES and kind[-1] in "!0" else None


def _read_date(one: Field, text: str, record: Record, number: int, form: str, mode: str) -> dt.date | None:
    if mode != "!" and (text == "0" * one.width or (not mode and text == " " * one.width)):
        return None
    try:
        return _day(text, form)
    except ValueError:
        raise _bad(one, text, record, number, _("a date")) from None


@lru_cache(maxsize=4096)
def _day(text: str, form: str) -> dt.date:
    """The days of a file are few: each is understood once."""
    if not (text.isascii() and text.isdigit()):
        raise ValueError(text)
    return dt.datetime.strptime(text, form).date()


@lru_cache(maxsize=4096)
def _day_text(day: dt.date, form: str) -> str:
    return day.strftime(form)


def _bad(one: Field, text: str, record: Record, number: int, wanted: str) -> BadFile:
    return BadFile(_("Line %(line)s (%(record)s), positions %(place)s, %(field)s: found “%(found)s”, expected "
                     "%(wanted)s.", line=number, record=record.name, place=one.place, field=one.name, found=text[:60],
                     wanted=wanted), number, code="field")


def _write(one: Field, value: Any) -> str:
    kind = one.kind
    if kind[0] == "=":
        return kind[1:].ljust(one.width)
    if kind in ("z", "b", "."):
        return ("0" if kind == "z" else " ") * one.width
    if date := _date_kind(kind):
        text = _day_text(value, date[0]) if value else "0" * one.width
    elif kind[0] == "m":
        text = _minor(one, value or Decimal(0), int(kind[1:])).zfill(one.width)
    else:
        text = str(value or "")
        text = _padded(text, one)
    if len(text) != one.width or (kind == "n" and not (text.isascii() and text.isdigit())):
        raise BadDebt(_("To put this into the file, %(field)s must fit into %(width)s positions; found: %(found)s.",
                        field=one.name, width=one.width, found=str(value)), field=one.name)
    return text


def _padded(text: str, one: Field) -> str:
    if one.kind in ("n", "0>"):
        return text.zfill(one.width)
    return text.rjust(one.width) if one.kind == "a>" else text.ljust(one.width)


def _minor(one: Field, value: Decimal, decimals: int) -> str:
    scaled = value.scaleb(decimals)
    if value < 0 or scaled != scaled.to_integral_value():
        raise BadDebt(_("To put this into the file, %(field)s must be an amount from zero with at most %(decimals)s "
                        "decimals; found: %(found)s.", field=one.name, decimals=decimals, found=f"{value:f}"),
                      field=one.name)
    return str(int(scaled))


def is_kind(kind: str, width: int) -> bool:
    """Is this a kind of field that can be so wide?"""
    if date := _date_kind(kind):
        return len(dt.date(2026, 11, 10).strftime(date[0])) == width
    if kind[:1] == "=":
        return len(kind) - 1 <= width
    return kind in ("n", "0>", "a<", "a>", "z", "b", ".") or (kind[:1] == "m" and kind[1:] in tuple("0123456"))


@lru_cache(maxsize=1024)
def plain(text: str) -> str:
    """Text as files of the networks want it: capitals without marks (Ñ is N); all but A–Z, 0–9 and blanks dropped."""
    bare = unicodedata.normalize("NFKD", text.upper()).encode("ascii", "ignore").decode()
    return "".join(sign for sign in bare if "A" <= sign <= "Z" or sign.isdigit() or sign == " ")


def lines(file: BinaryIO, encoding: str = "latin-1") -> Iterator[tuple[int, str]]:
    """(number, line without its end) of a file, one at a time; CR LF, LF and a missing last end are all understood.

    A line longer than any record is refused before it is read to its end.
    """
    number = 0
    while raw := file.readline(LONGEST_LINE):
        number += 1
        if len(raw) >= LONGEST_LINE and not raw.endswith(b"\n"):
            raise BadFile(_("Line %(line)s is longer than %(most)s characters: this is no file of this kind.",
            line=number, most=LONGEST_LINE), number, code="length")
        try:
            yield number, raw.removesuffix(b"\n").removesuffix(b"\r").decode(encoding)
        except UnicodeDecodeError:
            raise BadFile(_("Line %(line)s cannot be read as %(encoding)s. Ask for the file again.", line=number,
                            encoding=encoding), number, code="encoding") from None
