"""Reading a file by its layout, line by line: order of lines, counts, sums and owner are proved on the way. Pure."""

from __future__ import annotations

import csv
import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, BinaryIO

from core.i18n import _
from modules.gateways.access import Access
from modules.gateways.errors import BadFile
from modules.gateways.layout_shapes import Check, Kind, Layout, Place
from modules.gateways.records import lines

ZERO = Decimal(0)


@dataclass(frozen=True)
class Row:
    """A line: its number, its kind, its values by field, and what stood there."""

    line: int
    kind: Kind
    values: dict[str, Any]
    raw: dict[str, str]


@dataclass
class Rows:
    """The lines of a file as they come. After the last one everything that the layout promises is proved.

    `seen` holds the latest line of each kind, so that a detail knows its headers; `count` and `total` are of details.
    """

    layout: Layout
    access: Access
    seen: dict[str, Row] = field(default_factory=dict)
    count: int = 0
    total: Decimal = ZERO

    def read(self, file: BinaryIO) -> Iterator[Row]:
        """BadFile, at any time, with the first line that is wrong."""
        self._tallies = _Tallies(self.layout, self.access)
        self._following: tuple[str, ...] | None = self.layout.order.get("start")
        watched, number, blank = _Watched(file), 0, 0
        for number, text in lines(watched, self.layout.encoding):
            if not text.strip():
                blank = blank or number
                continue
            if blank:
                raise BadFile(_("Line %(line)s is blank, and others follow it.", line=blank), blank, code="order")
            if number == 1:
                text = text.removeprefix("\ufeff")
                if self.layout.settings.get("header"):
                    self._headings(text)
                    continue
            yield self._row(number, text)
        self._end(blank or number, watched)

    def value(self, place: Place, row: Row) -> Any:
        """What a field says: of this line, or of the latest line of another kind."""
        found = row if row.kind.code == place.record else self.seen.get(place.record)
        return found.values.get(place.field) if found else None

    def _headings(self, text: str) -> None:
        expected = list(self.layout.kinds[self.layout.detail].fields)
        found = [cell.strip() for cell in self._cells(1, text)]
        if found != expected:
            sign = self.layout.settings["delimiter"]
            raise BadFile(_("Line 1: found the columns “%(found)s”, expected “%(expected)s”.",
                            found=sign.join(found)[:200], expected=sign.join(expected)), 1, code="columns")

    def _row(self, number: int, text: str) -> Row:
        cells = [] if self.layout.is_fixed else [cell.strip() for cell in self._cells(number, text)]
        kind = self._kind(number, text if self.layout.is_fixed else cells[0])
        if self._following is not None and kind.code not in self._following:
            raise self._misplaced(number, kind)
        self._following = self.layout.order.get(kind.code)
        row = self._fixed(number, text, kind) if self.layout.is_fixed else self._delimited(number, cells, kind)
        self._amounts(row)
        self._tallies.add(row, self)
        self.seen[kind.code] = row
        if kind.code == self.layout.detail:
            self.count += 1
            amount = self.layout.fields.get("amount")
            self.total += row.values[amount[0].field] if amount else ZERO
        return row

    def _kind(self, number: int, start: str) -> Kind:
        for code in sorted(self.layout.kinds, key=len, reverse=True):
            if start.startswith(code) if self.layout.is_fixed else code in ("", start):
                return self.layout.kinds[code]
        raise BadFile(_("Line %(line)s begins with “%(found)s”; a line of this file begins with one of: %(known)s.",
                        line=number, found=start[:max(map(len, self.layout.kinds))],
                        known=", ".join(self.layout.kinds)), number, code="record")

    def _misplaced(self, number: int, kind: Kind) -> BadFile:
        if not self._following:
            return BadFile(_("Line %(line)s stands after the end of the file. Ask for the file again.", line=number),
                           number, code="order")
        names = [self.layout.kinds[code].name for code in self._following]
        return BadFile(_("Line %(line)s is a %(found)s; expected here: %(expected)s.", line=number, found=kind.name,
                         expected=", ".join(names)), number, code="order")

    def _fixed(self, number: int, text: str, kind: Kind) -> Row:
        assert kind.record is not None
        if self.layout.settings.get("pad_short_lines"):
            text = text.ljust(kind.record.length)
        values = kind.record.read(text, number)
        raw = {one.name: text[one.start:one.start + one.width] for one in kind.record.fields}
        return Row(number, kind, values, raw)

    def _delimited(self, number: int, cells: list[str], kind: Kind) -> Row:
        if len(cells) != len(kind.fields):
            raise BadFile(_("Line %(line)s has %(found)s columns; expected %(expected)s. Ask for the file again.",
                            line=number, found=len(cells), expected=len(kind.fields)), number, code="columns")
        values = dict(zip(kind.fields, cells, strict=True))
        return Row(number, kind, values, dict(values))

    def _cells(self, number: int, text: str) -> list[str]:
        quote = self.layout.settings.get("quote", '"')
        try:
            return next(csv.reader([text], delimiter=self.layout.settings["delimiter"], quotechar=quote or None,
                                   quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE), [""])
        except csv.Error as error:
            raise BadFile(_("Line %(line)s cannot be divided into columns (%(reason)s).", line=number,
                            reason=str(error)), number, code="columns") from None

    def _amounts(self, row: Row) -> None:
        for place in self.layout.summed:
            if place.record == row.kind.code:
                row.values[place.field] = self._amount(place, row)

    def _amount(self, place: Place, row: Row) -> Decimal:
        value = row.values[place.field]
        if isinstance(value, Decimal):
            return value
        if self.layout.is_fixed:
            if value.isascii() and value.isdigit():
                return Decimal(value).scaleb(-self.layout.decimals)
            raise wrong(row, place.field, _("digits"))
        return self._written(str(value), place, row)

    def _written(self, text: str, place: Place, row: Row) -> Decimal:
        """An amount as a person writes it, with the layout's signs."""
        settings = self.layout.settings
        decimal, thousands = settings.get("decimal", "."), settings.get("thousands", "")
        if not decimal:
            if re.fullmatch(r"-?[0-9]{1,17}", text):
                return Decimal(text).scaleb(-self.layout.decimals)
            raise wrong(row, place.field, _("digits"))
        cents = rf"({re.escape(decimal)}[0-9]{{1,2}})?"
        if thousands and re.fullmatch(rf"-?[0-9]{{1,3}}({re.escape(thousands)}[0-9]{{3}})+{cents}", text):
            text = text.replace(thousands, "")
        if re.fullmatch(rf"-?[0-9]{{1,15}}{cents}", text):
            return Decimal(text.replace(decimal, "."))
        raise wrong(row, place.field, _("an amount like %(sample)s", sample=f"89900{decimal}50"))

    def _end(self, number: int, watched: _Watched) -> None:
        if number == 0:
            raise BadFile(_("The file is empty."), 1, code="empty")
        if self._following:
            names = [self.layout.kinds[code].name for code in self._following]
            raise BadFile(_("The file ends at line %(line)s without its %(expected)s: it was cut. Ask for it again.",
                            line=number, expected=", ".join(names)), number, code="cut")
        if not self.layout.has_trailer and not watched.ended:
            # nothing else tells a line that was cut in its last column
            raise BadFile(_("Line %(line)s, the last one, has no line end: the file may be cut. Ask for it again, or "
                            "end the line.", line=number), number, code="cut")


class _Watched:
    """A file that remembers whether its last line was ended."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self.ended = file, True

    def readline(self, size: int = -1) -> bytes:
        line = self._file.readline(size)
        if line:
            self.ended = line.endswith(b"\n")
        return line


class _Tallies:
    """Counts, sums and comparisons of the layout's checks, each proved when the line comes that says it."""

    def __init__(self, layout: Layout, access: Access) -> None:
        self.checks, self.access = layout.checks, access
        self.sums: dict[int, Decimal] = defaultdict(Decimal)
        self.first: dict[int, str] = {}
        self.decimals = layout.decimals

    def add(self, row: Row, rows: Rows) -> None:
        for index, check in enumerate(self.checks):
            if row.kind.code == check.left.record:
                self._prove(index, check, row, rows)
            if check.how in ("count", "sum") and row.kind.code == check.right.record:
                self.sums[index] += 1 if check.how == "count" else row.values[check.right.field]

    def _prove(self, index: int, check: Check, row: Row, rows: Rows) -> None:
        said = row.values[check.left.field]
        if check.how == "account":
            self._owner(index, check, row, str(said))
            return
        found: Any = rows.value(check.right, row) if check.how == "field" else self.sums[index]
        if check.how == "count":
            same = str(said).isdecimal() and int(said) == found
        else:
            same = bare(said) == bare(found) if check.how == "field" else said == found
        if not same:
            raise BadFile(_("Line %(line)s (%(record)s): %(field)s says %(said)s, but the lines before it give "
                            "%(found)s. Ask for the file again.", line=row.line, record=row.kind.name,
                            field=check.left.field, said=said, found=found), row.line, code="control")
        if check.batch:
            self.sums[index] = ZERO

    def _owner(self, index: int, check: Check, row: Row, said: str) -> None:
        """Whose the file is; without settings, all its lines must at least be of the same owner."""
        ours = str(self.access.get(check.right.field)) or self.first.setdefault(index, said)
        if bare(said) != bare(ours):
            raise BadFile(_("Line %(line)s (%(record)s): %(field)s is %(said)s, but that of this account is %(ours)s: "
                            "the file is somebody else's.", line=row.line, record=row.kind.name,
                            field=check.left.field, said=said, ours=ours), row.line, code="foreign")


def bare(value: Any) -> str:
    """A number or code without what only fills it: zeros in front, blanks, marks."""
    text = value.isoformat() if isinstance(value, dt.date) else str(value)
    return re.sub(r"[\W_]", "", text).lstrip("0").casefold()


def wrong(row: Row, name: str, expected: str) -> BadFile:
    """A field that is not what it must be."""
    return BadFile(_("Line %(line)s, %(field)s: found “%(found)s”, expected %(expected)s.", line=row.line, field=name,
                     found=row.raw.get(name, "")[:60], expected=expected), row.line, code="field")
