"""CASE.json: one document of any country, as plain values, read strictly. Pure.

What is misspelt, missing or of the wrong shape is refused here with its path; what the authority would refuse
is the country's to find.
"""

from __future__ import annotations

import datetime as dt
import difflib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from core.errors import DomainError
from core.i18n import _

KINDS = ("invoice", "credit_note", "debit_note", "payment")
ENVIRONMENTS = ("test", "testing", "rehearsal", "production")
CATEGORIES = ("exempt", "untaxed", "excluded", "zero")
_NUMBER = re.compile(r"-?\d{1,18}(\.\d{1,12})?")


@dataclass(frozen=True)
class Fault:
    """Something that cannot be read: where, what was found, what was expected."""

    path: str
    found: str
    expected: str

    def __str__(self) -> str:
        return _("%(path)s: found %(found)s, expected %(expected)s", path=self.path, found=self.found,
                 expected=self.expected)


class BadCase(DomainError):
    """A case that cannot be read; `faults` says all that is wrong with it."""

    code = "bad_case"

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(_("To preview this document you must correct its file:\n%(faults)s",
                           faults="\n".join(f"  {fault}" for fault in faults)))
        self.faults = tuple(faults)


@dataclass(frozen=True)
class Address:
    street: str = ""
    city: str = ""
    region: str = ""
    postal_code: str = ""
    country: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Party:
    """Issuer or customer; `series` is the issuer's, `email` the customer's."""

    name: str = ""
    trade_name: str = ""
    tax_id_kind: str = ""
    tax_id: str = ""
    tax_condition: str = ""
    series: str = ""
    email: str = ""
    address: Address = field(default_factory=Address)
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class LineTax:
    """A tax on a line: a rate in percent, or a category where none applies; `entry` is the whole of it."""

    code: str
    rate: Decimal | None
    category: str = ""
    withheld: bool = False
    entry: Mapping[str, Any] = field(default_factory=dict)

    def get(self, name: str) -> Any:
        """As accounting.totals reads it."""
        return {"rate": self.rate, "category": self.category, "withheld": self.withheld}.get(name)

    def __getitem__(self, name: str) -> Any:
        return self.code if name == "code" else self.get(name)


@dataclass(frozen=True)
class CaseLine:
    """One line; `discount` is of the same kind (with tax or without) as the price."""

    quantity: Decimal
    unit_price: Decimal
    code: str = ""
    description: str = ""
    price_includes_tax: bool = False
    discount: Decimal = Decimal("0.00")
    taxes: tuple[LineTax, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class CaseTax:
    """A tax on the whole document; None where base, rate or amount were not said."""

    code: str
    base: Decimal | None = None
    rate: Decimal | None = None
    amount: Decimal | None = None
    jurisdiction: str = ""
    description: str = ""
    withheld: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Reference:
    """Another document that this one is about; `amount` is its total where known."""

    kind: str = ""
    series: str = ""
    number: int | None = None
    date: dt.date | None = None
    authorization_code: str = ""
    reason: str = ""
    amount: Decimal | None = None
    entry: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """A document to be previewed or sent."""

    country: str
    kind: str
    issuer: Party
    customer: Party
    issued_at: dt.datetime
    currency: str
    lines: tuple[CaseLine, ...]
    provider: str = ""
    environment: str = "test"
    number: int | None = None
    service_from: dt.date | None = None
    service_to: dt.date | None = None
    due_date: dt.date | None = None
    exchange_rate: Decimal | None = None
    payment: Mapping[str, Any] = field(default_factory=dict)
    taxes: tuple[CaseTax, ...] = ()
    references: tuple[Reference, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)


def read(text: str | bytes) -> Case:
    """The case in a JSON text. BadCase where it cannot be read."""
    try:
        data = json.loads(text, parse_float=Decimal)
    except UnicodeDecodeError as error:
        raise BadCase([Fault("", _("bytes that are not UTF-8"), _("a JSON document in UTF-8"))]) from error
    except json.JSONDecodeError as error:
        where = _("line %(line)s, column %(column)s", line=error.lineno, column=error.colno)
        raise BadCase([Fault(where, error.msg, _("a JSON document"))]) from error
    return parse(data)


def parse(data: Any) -> Case:
    """The case in a parsed JSON document. BadCase lists everything that cannot be read."""
    faults: list[Fault] = []
    if not isinstance(data, Mapping):
        raise BadCase([Fault("", _shown(data), _("an object"))])
    top = _Object(data, "", faults)
    case = Case(
        country=top.text("country", needed=True).upper(), provider=top.text("provider"),
        environment=top.choice("environment", ENVIRONMENTS, "test"), kind=top.choice("kind", KINDS),
        issuer=_party(top.object("issuer", needed=True)), customer=_party(top.object("customer", needed=True)),
        number=top.integer("number"), issued_at=top.moment("issued_at"), service_from=top.date("service_from"),
        service_to=top.date("service_to"), due_date=top.date("due_date"), currency=top.text("currency", needed=True),
        exchange_rate=top.decimal("exchange_rate"), payment=top.mapping("payment"),
        lines=tuple(_line(one) for one in top.objects("lines", needed=data.get("kind") != "payment")),
        taxes=tuple(_tax(one) for one in top.objects("taxes")),
        references=tuple(_reference(one) for one in top.objects("references")), extra=top.mapping("extra"))
    top.close()
    if faults:
        raise BadCase(faults)
    return case


def _party(source: _Object) -> Party:
    place = source.object("address")
    address = Address(place.text("street"), place.text("city"), place.text("region"), place.text("postal_code"),
                      place.text("country"), place.mapping("extra"))
    place.close()
    party = Party(source.text("name"), source.text("trade_name"), source.text("tax_id_kind"), source.text("tax_id"),
                  source.text("tax_condition"), source.text("series"), source.text("email"), address,
                  source.mapping("extra"))
    source.close()
    return party


def _line(source: _Object) -> CaseLine:
    line = CaseLine(
        quantity=source.decimal("quantity", needed=True) or Decimal(0),
        unit_price=source.decimal("unit_price", needed=True) or Decimal(0), code=source.text("code"),
        description=source.text("description"), price_includes_tax=source.boolean("price_includes_tax"),
        discount=source.decimal("discount") or Decimal("0.00"),
        taxes=tuple(_line_tax(one) for one in source.objects("taxes")), extra=source.mapping("extra"))
    source.close()
    return line


def _line_tax(source: _Object) -> LineTax:
    rate, category = source.decimal("rate"), source.choice("category", CATEGORIES, "")
    if rate is None and not category and "rate" not in source.faulty and "category" not in source.faulty:
        source.fault("rate", None, _("a rate, or a category (%(known)s)", known=", ".join(CATEGORIES)))
    tax = LineTax(source.text("code", needed=True), rate, category, source.boolean("withheld"), source.data)
    source.close()
    return tax


def _tax(source: _Object) -> CaseTax:
    tax = CaseTax(source.text("code", needed=True), source.decimal("base"), source.decimal("rate"),
                  source.decimal("amount"), source.text("jurisdiction"), source.text("description"),
                  source.boolean("withheld"), source.mapping("extra"))
    source.close()
    return tax


def _reference(source: _Object) -> Reference:
    amount = source.decimal("amount")
    reference = Reference(source.text("kind"), source.text("series"), source.integer("number"), source.date("date"),
                          source.text("authorization_code"), source.text("reason"),
                          amount if amount is not None else source.decimal("total"), source.data)
    source.close()
    return reference


class _Object:
    """Reads the fields of one JSON object, and notes what is wrong with them."""

    def __init__(self, data: Mapping[str, Any], path: str, faults: list[Fault]) -> None:
        self.data, self.path, self.faults = data, path, faults
        self.asked: set[str] = set()
        self.faulty: set[str] = set()

    def fault(self, name: str, found: Any, expected: str) -> None:
        self.faulty.add(name)
        self.faults.append(Fault(self._path(name), _shown(found) if name in self.data else _("nothing"), expected))

    def _path(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name

    def _read(self, name: str, convert: Callable[[Any], Any], expected: str, needed: bool = False) -> Any:
        """The converted value; None where it is absent or null, or cannot be converted (ValueError)."""
        self.asked.add(name)
        value = self.data.get(name)
        if value is None or (value == "" and needed):
            if needed:
                self.fault(name, value, expected)
            return None
        try:
            return convert(value)
        except (ValueError, TypeError):
            self.fault(name, value, expected)
            return None

    def text(self, name: str, needed: bool = False) -> str:
        return self._read(name, _text, _("a text"), needed) or ""

    def choice(self, name: str, known: Sequence[str], default: str | None = None) -> str:
        def chosen(value: Any) -> str:
            if value not in known:
                raise ValueError(value)
            return str(value)

        found = self._read(name, chosen, _("one of %(known)s", known=", ".join(known)), default is None)
        return found or default or ""

    def decimal(self, name: str, needed: bool = False) -> Decimal | None:
        found: Decimal | None = self._read(name, _decimal, _('an amount as text, like "10000.00"'), needed)
        return found

    def integer(self, name: str) -> int | None:
        found: int | None = self._read(name, _integer, _("a whole number"))
        return found

    def boolean(self, name: str) -> bool:
        def truth(value: Any) -> bool:
            if not isinstance(value, bool):
                raise ValueError(value)
            return value

        return bool(self._read(name, truth, "true, false"))

    def date(self, name: str) -> dt.date | None:
        found: dt.date | None = self._read(name, _date, _("a date like 2026-11-01"))
        return found

    def moment(self, name: str) -> dt.datetime:
        expected = _("a time with offset like 2026-11-01T09:30:00-03:00")
        return self._read(name, _moment, expected, needed=True) or dt.datetime(1, 1, 1, tzinfo=dt.UTC)

    def mapping(self, name: str) -> dict[str, Any]:
        def taken(value: Any) -> dict[str, Any]:
            if not isinstance(value, Mapping):
                raise ValueError(value)
            return dict(value)

        return self._read(name, taken, _("an object")) or {}

    def object(self, name: str, needed: bool = False) -> _Object:
        found = self.mapping(name)
        if needed and name not in self.faulty and not isinstance(self.data.get(name), Mapping):
            self.fault(name, self.data.get(name), _("an object"))
            found = {}
        return _Object(found, self._path(name), self.faults if found or not needed else [])

    def objects(self, name: str, needed: bool = False) -> list[_Object]:
        def listed(value: Any) -> list[Any]:
            if not isinstance(value, list):
                raise ValueError(value)
            return value

        made = []
        for index, entry in enumerate(self._read(name, listed, _("a list"), needed) or []):
            path = f"{self._path(name)}[{index}]"
            if isinstance(entry, Mapping):
                made.append(_Object(entry, path, self.faults))
            else:
                self.faults.append(Fault(path, _shown(entry), _("an object")))
        return made

    def close(self) -> None:
        """A field nobody asked for is left alone, unless it looks like a misspelling of one that is missing."""
        missing = self.asked - set(self.data)
        for name in set(self.data) - self.asked:
            like = difflib.get_close_matches(str(name), missing, 1, 0.8)
            if like:
                self.fault(name, name, _("a field named %(name)s", name=like[0]))


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:57] + "..."


def _text(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise ValueError(value)
    return str(value).strip()


def _decimal(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
        raise ValueError(value)
    if not _NUMBER.fullmatch(f"{value:f}" if isinstance(value, Decimal) else str(value)):
        raise ValueError(value)
    return Decimal(value)


def _integer(value: Any) -> int:
    if isinstance(value, bool) or not re.fullmatch(r"-?\d{1,18}", str(value)):
        raise ValueError(value)
    return int(value)


def _date(value: Any) -> dt.date:
    if not isinstance(value, str) or len(value) != 10:
        raise ValueError(value)
    return dt.date.fromisoformat(value)


def _moment(value: Any) -> dt.datetime:
    """A time with offset; of a date alone its noon in UTC, which is the same date all over Latin America."""
    if isinstance(value, str) and len(value) == 10:
        return dt.datetime.combine(dt.date.fromisoformat(value), dt.time(12), dt.UTC)
    found = dt.datetime.fromisoformat(value)
    if found.tzinfo is None:
        raise ValueError(value)
    return found
