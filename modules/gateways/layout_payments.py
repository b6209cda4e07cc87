"""Payments out of the lines of a file, by the map of its layout. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from hashlib import blake2b
from typing import Any, BinaryIO

from core import clock
from core.i18n import _
from modules.gateways.access import Access
from modules.gateways.barcodes import without_check_digit
from modules.gateways.errors import BadFile
from modules.gateways.layout_reader import Row, Rows, wrong
from modules.gateways.layout_shapes import BadLayout, Layout, Place
from modules.gateways.repeats import Repeats
from modules.gateways.shapes import Control, Problem, Reading, Reference, reversal_of

# a reference that nobody of ours has: mistyped at the counter
BAD_DIGIT = "bad_check_digit"


def read(layout: Layout, file: BinaryIO, access: Access) -> Iterator[Reading | Problem | Control]:
    """As ports.PaymentFile.read. A layout without a map is refused: BadLayout."""
    if "amount" not in layout.fields:
        raise BadLayout("map", None, _("which fields hold reference, amount and date"))
    return _Payments(layout, access).read(file)


class _Payments:
    def __init__(self, layout: Layout, access: Access) -> None:
        self.layout, self.access = layout, access
        self.rows = Rows(layout, access)
        self.today = access.day(clock.now())
        self.identities, self.contents = Repeats(), Repeats()
        # what the file tells of who paid
        self.told = [key for key in ("name", "document", "email") if key in layout.fields]

    def read(self, file: BinaryIO) -> Iterator[Reading | Problem | Control]:
        day: dt.date | None = None
        for row in self.rows.read(file):
            if row.kind.code == self.layout.detail:
                yield self._detail(row)
            elif self._date_stands_in(row):
                day = self._day("date", row)
        yield Control(self.rows.count, self.rows.total.quantize(Decimal("0.01")), day, self._facts())

    def _date_stands_in(self, row: Row) -> bool:
        return any(place.record == row.kind.code for place in self.layout.fields.get("date", ()))

    def _facts(self) -> dict[str, str]:
        """Whose file it is, for the screen."""
        facts = {}
        for check in self.layout.checks:
            seen = self.rows.seen.get(check.left.record)
            if check.how == "account" and seen:
                facts[check.right.field] = str(seen.values[check.left.field])
        return facts

    def _detail(self, row: Row) -> Reading | Problem:
        identity = self._identity(row)
        if self._repeated(row, identity):
            return Problem(row.line, "repeated_line", _("This line repeats one before it; it is booked once."))
        amount, status = self._value("amount", row), self._status(row)
        if amount <= 0:
            return Problem(row.line, "no_payment", _("The amount %(amount)s is no payment; look at it by hand.",
                                                     amount=amount))
        if status is None:
            return Problem(row.line, "unknown_status", _("The state “%(state)s” is not in the layout's table; look at "
                                                         "it by hand.", state=self._word("status", row)))
        return self._reversed(self._reading(row, identity, amount, status))

    def _identity(self, row: Row) -> str:
        """The payment's number at the network; where it gives none, a digest that is the same in every reading."""
        places = self.layout.fields.get("external_id") or self.layout.unique
        if not places:
            digest = blake2b("\0".join(row.raw.values()).encode(), digest_size=12).hexdigest()
            return f"{digest}-{self.contents.number(digest)}"
        identity = self._joined(places, row)
        if not identity.strip("-"):
            raise wrong(row, places[0].field, _("the number of a payment"))
        return identity

    def _joined(self, places: tuple[Place, ...], row: Row) -> str:
        return "-".join(_text(self.rows.value(place, row)) for place in places)

    def _repeated(self, row: Row, identity: str) -> bool:
        """Does the line repeat one before it? BadFile where it only has its number."""
        if not (self.layout.unique or "external_id" in self.layout.fields):
            return False
        places = self.layout.unique
        key = self._joined(places, row) if places and "external_id" in self.layout.fields else identity
        same = self.contents.number("\0".join((key, *row.raw.values()))) > 1
        if self.identities.number(key) > 1 and not same:
            raise BadFile(_("Line %(line)s has the number %(identity)s of a line before it, but says something else. "
                            "Ask for the file again.", line=row.line, identity=identity), row.line, code="conflict")
        return same

    def _reading(self, row: Row, identity: str, amount: Decimal, status: str) -> Reading:
        channel, remarks = self._channel(row)
        reference, slips = self._reference(row)
        fee, withheld = self._value("fee", row), self._value("withheld", row)
        payer = {key: text for key in self.told if (text := self._text(key, row))}
        paid_at = self._day("paid_at", row)
        if paid_at is None:
            raise wrong(row, self.layout.fields["paid_at"][0].field, _("a date"))
        return Reading(identity, status, amount, self._currency(row), paid_at,
                       self._day("credited_at", row), fee, withheld, channel, reference,
                       self._text("reverses", row) if status == "reversed" else "",
                       reason=self._text("reason", row) if status != "approved" else "", payer=payer,
                       remarks=remarks + slips, line=row.line, raw=row.raw)

    def _reversed(self, reading: Reading) -> Reading:
        if reading.reverses and reading.reverses == reading.external_id:
            return replace(reading, external_id=reversal_of(reading.external_id))
        return reading

    def _status(self, row: Row) -> str | None:
        spoken = self.layout.spoken.get("status")
        return spoken.of(self._word("status", row)) if spoken else "approved"

    def _word(self, key: str, row: Row) -> str:
        spoken = self.layout.spoken.get(key)
        return _text(self.rows.value(spoken.place, row)) if spoken else ""

    def _channel(self, row: Row) -> tuple[str, tuple[str, ...]]:
        """The channel in our words where the table has it, and remarks that the file gives."""
        remarks = []
        channel = word = self._word("channel", row)
        spoken = self.layout.spoken.get("channel")
        if spoken and spoken.words:
            found = spoken.of(word)
            channel = word if found is None else found
            remarks += ["unknown_channel"] if found is None and word else []
        noted = self.layout.spoken.get("remarks")
        if noted and (remark := noted.of(self._word("remarks", row))):
            remarks.append(remark)
        return channel, tuple(remarks)

    def _currency(self, row: Row) -> str:
        return self._text("currency", row) or self.layout.settings.get("currency") or self.access.currency

    def _reference(self, row: Row) -> tuple[Reference, tuple[str, ...]]:
        """Whose it is. A check digit is taken off; a wrong one is noted, and the reference stays as it came."""
        given, slips = self._number("reference", row), ()
        if given and self.access.get("check_digit", False):
            bare = without_check_digit(given) if given.isascii() and given.isdigit() else None
            given, slips = (given, (BAD_DIGIT,)) if bare is None else (bare, ())
        from_invoice = self.access.get("reference_from", "customer") == "invoice"
        return Reference(self._number("customer", row) or ("" if from_invoice else given),
                         self._number("invoice", row) or (given if from_invoice else ""),
                         self._text("barcode", row)), slips

    def _number(self, key: str, row: Row) -> str:
        """A reference. Of one that is nothing but filling zeros, one stays."""
        text = self._text(key, row)
        if text or key not in self.layout.fields:
            return text
        place = self.layout.fields[key][0]
        return row.raw.get(place.field, "").strip()[-1:] if place.record == row.kind.code else ""

    def _text(self, key: str, row: Row) -> str:
        return _text(self._value(key, row)) if key in self.layout.fields else ""

    def _value(self, key: str, row: Row) -> Any:
        places = self.layout.fields.get(key)
        return self.rows.value(places[0], row) if places else None

    def _day(self, key: str, row: Row) -> dt.date | None:
        """A date out of one or more fields. What was paid, was not paid in the future."""
        places = self.layout.fields.get(key, ())
        values = [self.rows.value(place, row) for place in places]
        found = values[0] if values and isinstance(values[0], dt.date) else self._written(places, values, row)
        if found and key in ("paid_at", "date") and found > self.today:
            line = self._line(places[0], row)
            raise BadFile(_("Line %(line)s, %(field)s: %(day)s is in the future. Ask for the file again.", line=line,
                            field=places[0].field, day=found.isoformat()), line, code="future")
        return found

    def _line(self, place: Place, row: Row) -> int:
        return row.line if place.record == row.kind.code else self.rows.seen[place.record].line

    def _written(self, places: tuple[Place, ...], values: list[Any], row: Row) -> dt.date | None:
        text = " ".join(_text(value) for value in values).strip()
        if not (places and text):
            return None
        form = " ".join(format_of(self.layout, place) for place in places)
        try:
            return dt.datetime.strptime(text, form).date()
        except ValueError:
            raise wrong(row, places[0].field, _("a date like %(sample)s", sample=f"{self.today:{form}}")) from None


def format_of(layout: Layout, place: Place) -> str:
    """How a date is written in a field."""
    named = f"{place.record}.{place.field}"
    return layout.formats.get(named) or layout.formats.get(place.field) or "%Y-%m-%d"


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value.strftime("%Y%m%d") if isinstance(value, dt.date) else str(value).strip()
