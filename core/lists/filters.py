"""The filters of a list: how the address says them, what they ask of the database, and the words of their chip."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from core import clock, once, scope
from core.db import UTCDateTime
from core.forms import amount_sample, parse_decimal
from core.i18n import _, format_date, lazy
from core.lists import periods
from core.lists.cells import plain_words
from core.templating import amount, number

# the names of the address with their values
Args = Mapping[str, Sequence[str]]
ALL = "all"
LONGEST = 200


class BadFilter(ValueError):
    """What the address says cannot be understood; the message says what was found and what is expected."""


@dataclass(frozen=True, eq=False)
class Filter:
    """`where` is an SQL expression, or a function from the value to a condition. `key` is the name in the address."""

    kind: ClassVar[str] = ""

    key: str
    label: Any
    where: Any = None
    # offered in the panel of filters; without it only links and chips know it
    panel: bool = field(default=True, kw_only=True)

    @property
    def names(self) -> tuple[str, ...]:
        """The names in the address that belong to this filter."""
        return (self.key,)

    def read(self, args: Args) -> Any:
        """What is asked for, None for nothing; BadFilter where it cannot be understood."""
        raise NotImplementedError

    def condition(self, value: Any) -> Any:
        """The condition on the rows; None where the value limits nothing."""
        return self.where(value) if callable(self.where) else self.where == value

    def say(self, value: Any) -> str:
        """The value in words."""
        return str(value)

    def pack(self, value: Any) -> dict[str, list[str]]:
        """The address that means the same tomorrow."""
        return {self.key: [str(value)]}

    def without(self) -> dict[str, list[str] | None]:
        """What to change in the address to be rid of this filter."""
        return dict.fromkeys(self.names)

    def _one(self, args: Args, name: str = "") -> str:
        given = args.get(name or self.key) or [""]
        return given[-1].replace("\x00", "").strip()[:LONGEST]


@dataclass(frozen=True, eq=False)
class Text(Filter):
    """Words that are looked for: in the columns of `where` (one or several), or by its function. `exact` compares."""

    kind: ClassVar[str] = "text"

    exact: bool = field(default=False, kw_only=True)
    placeholder: Any = field(default="", kw_only=True)

    def read(self, args: Args) -> str | None:
        return self._one(args) or None

    def condition(self, value: str) -> Any:
        if callable(self.where):
            return self.where(value)
        columns = self.where if isinstance(self.where, tuple) else (self.where,)
        if self.exact:
            return sa.or_(*[column == value for column in columns])
        return sa.or_(*[column.icontains(value, autoescape=True) for column in columns])


@dataclass(frozen=True, eq=False)
class Choice(Filter):
    """One of a few. `choices` is {code: words}, or {code: (words, tone)}, or a function that gives it.

    `where` is a column, a function of the code, or {code: condition}. With a `default` the list opens on it, and
    "all" in the address lifts it. `chips` shows the choices above the list, as links.
    """

    kind: ClassVar[str] = "choice"

    choices: Any = None
    chips: bool = field(default=False, kw_only=True)
    default: Any = field(default=None, kw_only=True)
    all_label: Any = field(default=lazy("All"), kw_only=True)

    @property
    def known(self) -> Mapping[Any, Any]:
        """{code: words}; a function is asked once per request."""
        if not callable(self.choices):
            return self.choices
        return once.a_request(self, self.choices)

    def start(self) -> str:
        """The code that the list opens on; "all" where it is not limited."""
        return str((self.default() if callable(self.default) else self.default) or ALL)

    def read(self, args: Args) -> str | None:
        found = self._one(args) or self.start()
        if found == ALL:
            return None
        if found not in self._codes():
            raise BadFilter(_("To filter by this you must choose one of: %(known)s. Found: %(found)s.",
                              known=self._said(), found=found))
        return found

    def _said(self) -> str:
        return ", ".join([plain_words(said) for said in self.known.values()][:12])

    def _codes(self) -> dict[str, Any]:
        return {str(code): code for code in self.known}

    def condition(self, value: str) -> Any:
        if isinstance(self.where, Mapping):
            return self.where[value]
        code = self._codes().get(value, value)
        return self.where(code) if callable(self.where) else self.where == code

    def say(self, value: str) -> str:
        return plain_words(self.known.get(self._codes().get(value, value), value))

    def without(self) -> dict[str, list[str] | None]:
        return {self.key: [ALL] if self.default else None}


@dataclass(frozen=True, eq=False)
class Choices(Choice):
    """Several of a few."""

    kind: ClassVar[str] = "choices"

    def read(self, args: Args) -> Any:
        known = self._codes()
        found = [one.strip() for text in args.get(self.key, ()) for one in text.split(",") if one.strip()]
        unknown = [one for one in found if one not in known]
        if unknown:
            raise BadFilter(_("To filter by this you must choose one of: %(known)s. Found: %(found)s.",
                              known=self._said(), found=unknown[0][:40]))
        return list(dict.fromkeys(found)) or None

    def condition(self, value: Any) -> Any:
        codes = [self._codes().get(one, one) for one in value]
        if isinstance(self.where, Mapping):
            return sa.or_(*[self.where[code] for code in codes])
        return self.where(codes) if callable(self.where) else self.where.in_(codes)

    def say(self, value: Any) -> str:
        return ", ".join(super(Choices, self).say(one) for one in value)

    def pack(self, value: Any) -> dict[str, list[str]]:
        return {self.key: list(value)}

    def without(self) -> dict[str, list[str] | None]:
        return {self.key: None}


@dataclass(frozen=True)
class Days:
    """First and last day, either may be open; the code of the period where it has a name."""

    first: dt.date | None
    last: dt.date | None
    code: str = ""


@dataclass(frozen=True, eq=False)
class Dates(Filter):
    """A range of days, or a period with a name; of a date, or of a moment (then in the company's zone)."""

    kind: ClassVar[str] = "dates"

    periods: Sequence[str] = periods.PAST

    @property
    def names(self) -> tuple[str, ...]:
        return self.key, f"{self.key}_from", f"{self.key}_to"

    @property
    def named(self) -> list[tuple[str, Any]]:
        return [(code, periods.PERIODS[code][0]) for code in self.periods]

    def read(self, args: Args) -> Days | None:
        code = self._one(args)
        first, last = self._day(args, f"{self.key}_from"), self._day(args, f"{self.key}_to")
        if first or last:
            if first and last and first > last:
                raise BadFilter(_("To filter by dates the first one must not be after the last: %(first)s, %(last)s.",
                                  first=format_date(first), last=format_date(last)))
            return Days(first, last)
        if not code:
            return None
        if code not in periods.PERIODS:
            raise BadFilter(_("To filter by this you must choose one of: %(known)s. Found: %(found)s.",
                              known=", ".join(str(words) for _code, words in self.named), found=code))
        return Days(*periods.span(code, today()), code)

    def _day(self, args: Args, name: str) -> dt.date | None:
        text = self._one(args, name)
        if not text:
            return None
        for form in ("%Y-%m-%d", "%d/%m/%Y"):
            try:
                day = dt.datetime.strptime(text, form).date()
            except ValueError:
                continue
            if 1900 <= day.year <= 2200:
                return day
        raise BadFilter(_("This is not a date: %(found)s. Write it like 30/11/2026.", found=text[:40]))

    def condition(self, value: Days) -> Any:
        if not hasattr(self.where, "type"):
            return self.where(value)
        if isinstance(self.where.type, UTCDateTime):
            return self._between(midnight(value.first) if value.first else None,
                                 midnight(value.last + periods.DAY) if value.last else None)
        return self._between(value.first, value.last + periods.DAY if value.last else None)

    def _between(self, first: Any, end: Any) -> Any:
        return sa.and_(*([self.where >= first] if first else []), *([self.where < end] if end else []))

    def say(self, value: Days) -> str:
        if value.code:
            return str(periods.PERIODS[value.code][0])
        if value.first and value.last:
            return f"{format_date(value.first)}–{format_date(value.last)}"
        if value.first:
            return _("since %(day)s", day=format_date(value.first))
        return _("until %(day)s", day=format_date(value.last))

    def pack(self, value: Days) -> dict[str, list[str]]:
        ends = {f"{self.key}_from": value.first, f"{self.key}_to": value.last}
        return {name: [day.isoformat()] for name, day in ends.items() if day}


@dataclass(frozen=True, eq=False)
class Amounts(Filter):
    """A range of amounts as people write them; either end may be open."""

    kind: ClassVar[str] = "amounts"

    @property
    def names(self) -> tuple[str, ...]:
        return f"{self.key}_from", f"{self.key}_to"

    def read(self, args: Args) -> tuple[Decimal | None, Decimal | None] | None:
        low, high = (self._amount(args, name) for name in self.names)
        if low is not None and high is not None and low > high:
            raise BadFilter(_("To filter by amounts the first one must not be above the last: %(first)s, %(last)s.",
                              first=number(low), last=number(high)))
        return None if low is None and high is None else (low, high)

    def _amount(self, args: Args, name: str) -> Decimal | None:
        text = self._one(args, name)
        found = parse_decimal(text) if text else None
        if text and (found is None or -found.as_tuple().exponent > 2 or abs(found) >= 10**15):  # type: ignore[operator]
            raise BadFilter(_("This is not an amount: %(found)s. Write it like %(sample)s.", found=text[:40],
                              sample=amount_sample()))
        return found

    def condition(self, value: Any) -> Any:
        if not hasattr(self.where, "type"):
            return self.where(value)
        low, high = value
        return sa.and_(*([self.where >= low] if low is not None else []),
                       *([self.where <= high] if high is not None else []))

    def say(self, value: Any) -> str:
        low, high = ("" if one is None else _shown(one) for one in value)
        if low and high:
            return f"{low}–{high}"
        return _("from %(amount)s", amount=low) if low else _("up to %(amount)s", amount=high)

    def pack(self, value: Any) -> dict[str, list[str]]:
        return {name: [f"{one:.2f}"] for name, one in zip(self.names, value, strict=True) if one is not None}


def _shown(value: Decimal) -> str:
    return amount(value) if scope.company_id_or_none() else number(value)


@dataclass(frozen=True, eq=False)
class Relation(Filter):
    """Another record, found by typing. `search(text, limit)` gives [(id, words)], `labels(ids)` gives {id: words}."""

    kind: ClassVar[str] = "relation"

    search: Callable[[str, int], Iterable[tuple[int, str]]] = field(default=lambda text, limit: (), kw_only=True)
    labels: Callable[[Sequence[int]], Mapping[int, str]] = field(default=lambda ids: {}, kw_only=True)

    def read(self, args: Args) -> int | None:
        """The id; words typed without a script's help stand for the first record that they find."""
        text = self._one(args)
        if not text:
            return None
        if text.isascii() and text.isdecimal() and int(text) < 2**62:
            return int(text)
        found = next(iter(self.search(text, 1)), None)
        if found is None:
            raise BadFilter(_("Nothing is called like this: %(found)s.", found=text[:40]))
        return found[0]

    def say(self, value: int) -> str:
        return str(self.labels([value]).get(value, f"#{value}"))


def today() -> dt.date:
    """The day in the company's zone; in UTC without a company."""
    return clock.today() if scope.company_id_or_none() else clock.now().date()


def midnight(day: dt.date) -> dt.datetime:
    """The moment at which a day begins where the company is."""
    zone = ZoneInfo(scope.current_company().timezone) if scope.company_id_or_none() else dt.UTC
    return dt.datetime.combine(day, dt.time(), zone).astimezone(dt.UTC)
