"""Writing a file of debts by its layout: what fills which field stands in the layout too. Pure."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, BinaryIO

from core.i18n import _
from modules.gateways.access import Access
from modules.gateways.barcodes import with_check_digit
from modules.gateways.errors import BadDebt
from modules.gateways.layout_payments import format_of
from modules.gateways.layout_shapes import BadLayout, Kind, Layout, Place, Source
from modules.gateways.records import plain
from modules.gateways.shapes import Control, Debt, Made

ZERO = Decimal("0.00")
# written by people: may be changed to fit; everything else is a code and must fit as it is
FREE = ("name", "concept")


def problem(layout: Layout, access: Access, debt: Debt) -> str:
    """Why a debt cannot be in a file of this layout, in words; "" where it can."""
    try:
        _Writer(layout, access, Made(dt.date(2026, 1, 1))).line(layout.detail, debt)
    except BadDebt as error:
        return str(error)
    return ""


def write(layout: Layout, file: BinaryIO, access: Access, debts: Iterable[Debt], made: Made) -> Control:
    """As ports.DebtFile.write: what stands before the debts, a line for each in the order given, what stands after."""
    if not layout.fill:
        raise BadLayout("fill", None, _("what fills the fields"))
    writer = _Writer(layout, access, made)
    for debt in debts:
        writer.count += 1
        writer.total += debt.amount
    for content in writer.lines(debts):
        file.write(content)
    return Control(writer.count, writer.total, made.date)


class _Writer:
    def __init__(self, layout: Layout, access: Access, made: Made) -> None:
        self.layout, self.access, self.made = layout, access, made
        self.count, self.total, self.number = 0, ZERO, 0
        self.newline = str(layout.settings.get("newline", "\r\n"))

    def lines(self, debts: Iterable[Debt]) -> Iterator[bytes]:
        kinds = list(self.layout.kinds)
        place = kinds.index(self.layout.detail)
        if self.layout.settings.get("header"):
            yield self._ended(self.layout.settings["delimiter"].join(self.layout.kinds[self.layout.detail].fields))
        yield from (self.line(code) for code in kinds[:place])
        for debt in debts:
            self.number += 1
            yield self.line(self.layout.detail, debt)
        yield from (self.line(code) for code in kinds[place + 1:])

    def line(self, code: str, debt: Debt | None = None) -> bytes:
        """The line of a kind; BadDebt where something does not fit."""
        if debt is not None:
            self._collectable(debt)
        kind, sources = self.layout.kinds[code], self.layout.fill.get(code, {})
        values = {name: self._filled(source, Place(code, name), kind, debt) for name, source in sources.items()}
        if code:
            values.setdefault(kind.fields[0], code)
        for name in self.layout.required:
            if name in kind.fields and not str(values.get(name) or ""):
                raise BadDebt(_("To put this into the file, its %(field)s must be filled in.", field=name), field=name)
        return self._ended(self._fixed(kind, values) if kind.record else self._delimited(kind, values))

    def _collectable(self, debt: Debt) -> None:
        currency = self.layout.settings.get("currency")
        if currency and debt.currency != currency:
            raise BadDebt(_("This file holds debts in %(currency)s; found: %(found)s.", currency=currency,
                            found=debt.currency), field="currency")
        if debt.amount <= 0:
            raise BadDebt(_("Only an amount above zero can be collected; found: %(found)s.", found=str(debt.amount)),
                          field="due")

    def _fixed(self, kind: Kind, values: Mapping[str, Any]) -> str:
        assert kind.record is not None
        fitting = {}
        for one in kind.record.fields:
            value = values.get(one.name)
            if isinstance(value, Decimal) and one.kind[0] != "m":
                value = self._minor(value, one.name)
            fitting[one.name] = value
        return kind.record.write(fitting)

    def _delimited(self, kind: Kind, values: Mapping[str, Any]) -> str:
        cells = []
        for name in kind.fields:
            value = values.get(name, "")
            cells.append(self._amount(value, name) if isinstance(value, Decimal) else str(value))
        return str(self.layout.settings["delimiter"]).join(cells)

    def _minor(self, value: Decimal, name: str) -> str:
        scaled = value.scaleb(self.layout.decimals)
        if scaled != scaled.to_integral_value():
            raise BadDebt(_("This file takes amounts with %(decimals)s decimals; found: %(found)s.",
                            decimals=self.layout.decimals, found=f"{value:f}"), field=name)
        return str(int(scaled))

    def _amount(self, value: Decimal, name: str) -> str:
        whole, decimals = self._minor(value, name).rjust(self.layout.decimals + 1, "0"), self.layout.decimals
        decimal = str(self.layout.settings.get("decimal", "."))
        return f"{whole[:-decimals]}{decimal}{whole[-decimals:]}" if decimals else whole

    def _filled(self, source: Source, place: Place, kind: Kind, debt: Debt | None) -> Any:
        if source.constant is not None:
            return source.constant
        value = self._value(source, debt)
        if isinstance(value, Decimal):
            return value
        one = next((one for one in kind.record.fields if one.name == place.field), None) if kind.record else None
        if isinstance(value, dt.date | dt.time):
            if one and one.kind[0] == "d":
                return value
            value = value.strftime(self._form(value, place))
        text = self._text(source, str(value if value is not None else ""), place.field)
        if source.name in FREE and one:
            text = text[:one.width].rstrip()
        return text

    def _form(self, value: Any, place: Place) -> str:
        if isinstance(value, dt.time):
            return self.layout.formats.get(place.field, "%H%M")
        return format_of(self.layout, place)

    def _value(self, source: Source, debt: Debt | None) -> Any:
        first, _dot, rest = source.name.partition(".")
        if first == "account":
            return self.access.need(rest) if source.default is None else self.access.get(rest, source.default)
        if first == "made":
            return getattr(self.made, rest)
        if first in ("count", "sum", "line"):
            return {"count": str(self.count), "sum": self.total, "line": str(self.number)}[first]
        return self._of_debt(debt, first, rest) if debt else None

    def _of_debt(self, debt: Debt, first: str, rest: str) -> Any:
        if first == "extra":
            return debt.extra.get(rest)
        if first == "due":
            number, _dot, what = rest.partition(".")
            due = debt.due[int(number) - 1] if int(number) <= len(debt.due) else None
            return getattr(due, what) if due else None
        if first == "due_date":
            return debt.due[0].date
        return reference_of(self.access, debt) if first == "reference" else getattr(debt, first)

    def _text(self, source: Source, text: str, name: str) -> str:
        if source.name in FREE or source.name.startswith("extra."):
            text = self._tidy(text)
        text = text or source.default or ""
        if source.digits:
            text = digits(text, name)
        text = source.words.get(text, source.words.get("*", text))
        if source.cut:
            text = text[:source.cut].rstrip()
        if not self._holds(text):
            raise BadDebt(_("To put this into the file, %(field)s must not hold signs that the file does not know; "
                            "found: %(found)s.", field=name, found=text[:60]), field=name)
        return text

    def _tidy(self, text: str) -> str:
        form = self.layout.settings.get("text", "plain")
        if form == "plain":
            return " ".join(plain(text.replace("\t", " ")).split())
        text = capitals(text) if form == "capitals" else text
        return " ".join("".join(sign if self._holds(sign) else " " for sign in text).split())

    def _holds(self, text: str) -> bool:
        """Can the file hold it: in its encoding, without what ends a column or a line?"""
        try:
            text.encode(self.layout.encoding)
        except UnicodeEncodeError:
            return False
        return text.isprintable() and str(self.layout.settings.get("delimiter") or "\n") not in text

    def _ended(self, line: str) -> bytes:
        return (line + self.newline).encode(self.layout.encoding)


def reference_of(access: Access, debt: Debt) -> str:
    """What the payer gives: the customer's code, or the invoice's, with a check digit where the agreement says so."""
    found = debt.invoice if access.get("reference_from", "customer") == "invoice" else debt.customer
    if not found:
        raise BadDebt(_("To be collected, a debt must have a reference; this one has none."), field="reference")
    return with_check_digit(found) if access.get("check_digit", False) else found


def digits(text: str, name: str) -> str:
    """A number without the marks that people write into it; BadDebt where it holds something else."""
    found = re.sub(r"[\s.\-/]", "", text)
    if found and not (found.isascii() and found.isdigit()):
        raise BadDebt(_("To put this into the file, %(field)s must be a number; found: %(found)s.", field=name,
                        found=text[:60]), field=name)
    return found


def capitals(text: str) -> str:
    """In capitals and without accents (Ñ is N); all other signs stay."""
    bare = unicodedata.normalize("NFKD", text.upper())
    return "".join(sign for sign in bare if not unicodedata.combining(sign)).upper()
