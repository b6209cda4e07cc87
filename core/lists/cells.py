"""How a value looks in a cell, in a CSV, in a spreadsheet, and how PostgreSQL itself writes it: one class per kind."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from markupsafe import Markup

from core import scope
from core.db import Scaled, UTCDateTime
from core.i18n import _, decimal_sign, format_date, format_number
from core.templating import amount, icon, moment

# what a spreadsheet program would run; numbers with a sign are not
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
NUMBER = r"[-+]?[0-9]+([.,][0-9]+)?"
SIGNS = {"ok": "check", "warn": "clock", "bad": "cross", "info": "running"}
_number = re.compile(NUMBER)


@dataclass(frozen=True)
class Style:
    """How a CSV is written. `plain` is for other programs: ISO dates, decimal point, commas, no mark at the top."""

    plain: bool
    decimal: str
    zone: str

    @property
    def delimiter(self) -> str:
        """A spreadsheet program with a decimal comma expects semicolons."""
        return ";" if self.decimal == "," else ","

    @property
    def day(self) -> str:
        return "%Y-%m-%d" if self.plain else "%d/%m/%Y"

    @property
    def moment(self) -> str:
        return f"{self.day} %H:%M:%S"

    @classmethod
    def here(cls, plain: bool) -> Style:
        """For the reader's language and the company in scope."""
        decimal = "." if plain else decimal_sign()
        return cls(plain, decimal, scope.current_company().timezone if scope.company_id_or_none() else "UTC")


def harmless(text: str) -> str:
    """A text that no spreadsheet program takes for a formula."""
    return "'" + text if text.startswith(FORMULA) and not _number.fullmatch(text) else text


class Kind:
    """Text, and what all kinds have in common."""

    css = ""
    number_format = ""

    def html(self, value: Any, currency: str | None) -> Any:
        return "" if value is None else str(value)

    def csv(self, style: Style) -> Callable[[Any], str]:
        """A function from the value to its text."""
        return lambda value: "" if value is None else harmless(str(value))

    def xlsx(self, style: Style) -> Callable[[Any], Any]:
        """A function from the value to what a spreadsheet cell holds."""
        return lambda value: None if value is None else str(value)

    def sql(self, value: Any, style: Style) -> Any:
        """The same text as `csv`, made by PostgreSQL."""
        text = sa.cast(value, sa.Text)
        runs = sa.and_(sa.func.left(text, 1).in_(FORMULA), text.op("!~")(f"^{NUMBER}$"))
        return sa.case((runs, sa.literal("'").concat(text)), else_=text)


class PaperNumber(Kind):
    """The number of a paper, with its zeros as printed ("00000017"): a text, with which nobody calculates."""

    DIGITS = 8

    def html(self, value: Any, currency: str | None) -> Any:
        return self._text(value)

    def csv(self, style: Style) -> Callable[[Any], str]:
        return self._text

    def xlsx(self, style: Style) -> Callable[[Any], Any]:
        return lambda value: self._text(value) or None

    def _text(self, value: Any) -> str:
        return "" if value is None else f"{value:0{self.DIGITS}d}"

    def sql(self, value: Any, style: Style) -> Any:
        text = sa.cast(value, sa.Text)
        return sa.func.lpad(text, sa.func.greatest(sa.func.length(text), self.DIGITS), "0")


class Number(Kind):
    """A count, or a number with a fixed count of decimals."""

    css = "num"

    def __init__(self, places: int = 0) -> None:
        self.places = places
        self.number_format = {0: "#,##0", 2: "#,##0.00"}.get(places, "#,##0.00" + "#" * (places - 2))

    def html(self, value: Any, currency: str | None) -> Any:
        return "" if value is None else format_number(value, "#,##0.######")

    def csv(self, style: Style) -> Callable[[Any], str]:
        places = self.places
        if not places:
            return lambda value: "" if value is None else str(value)
        if style.decimal == ".":
            return lambda value: "" if value is None else f"{value:.{places}f}"
        return lambda value: "" if value is None else f"{value:.{places}f}".replace(".", ",")

    def xlsx(self, style: Style) -> Callable[[Any], Any]:
        return lambda value: value

    def sql(self, value: Any, style: Style) -> Any:
        if not self.places:
            return sa.cast(value, sa.Text)
        # a whole number times 0.01 is exact, and PostgreSQL writes it with two decimals
        shifted = sa.type_coerce(value, sa.BigInteger) * sa.literal_column("0." + "0" * (self.places - 1) + "1")
        text = sa.cast(shifted, sa.Text)
        return text if style.decimal == "." else sa.func.replace(text, ".", ",")


class Money(Number):
    """An amount, shown with its currency."""

    css = "num amount"

    def __init__(self) -> None:
        super().__init__(2)

    def html(self, value: Any, currency: str | None) -> Any:
        if value is None:
            return ""
        text = amount(value, currency) if currency or scope.company_id_or_none() else f"{value:.2f}"
        return Markup('<span class="bad">{}</span>').format(text) if value < 0 else text


class Day(Kind):
    css = "nowrap"
    number_format = "dd/mm/yyyy"

    def html(self, value: Any, currency: str | None) -> Any:
        return format_date(value)

    def csv(self, style: Style) -> Callable[[Any], str]:
        form = style.day
        # a list has few days and many rows
        return lru_cache(maxsize=4096)(lambda value: "" if value is None else value.strftime(form))

    def xlsx(self, style: Style) -> Callable[[Any], Any]:
        return lambda value: value

    def sql(self, value: Any, style: Style) -> Any:
        return sa.func.to_char(value, "YYYY-MM-DD" if style.plain else "DD/MM/YYYY")


class Moment(Kind):
    """A moment, in the company's zone."""

    css = "nowrap"
    number_format = "dd/mm/yyyy hh:mm:ss"

    def html(self, value: Any, currency: str | None) -> Any:
        return "" if value is None else Markup('<time datetime="{}">{}</time>').format(value.isoformat(), moment(value))

    def csv(self, style: Style) -> Callable[[Any], str]:
        zone, form = ZoneInfo(style.zone), style.moment
        return lambda value: "" if value is None else value.astimezone(zone).strftime(form)

    def xlsx(self, style: Style) -> Callable[[Any], Any]:
        zone = ZoneInfo(style.zone)
        return lambda value: None if value is None else value.astimezone(zone).replace(tzinfo=None, microsecond=0)

    def sql(self, value: Any, style: Style) -> Any:
        local = sa.func.timezone(style.zone, sa.type_coerce(value, sa.DateTime(timezone=True)))
        return sa.func.to_char(local, ("YYYY-MM-DD" if style.plain else "DD/MM/YYYY") + " HH24:MI:SS")


class YesNo(Kind):
    def html(self, value: Any, currency: str | None) -> Any:
        return Markup("<span>{} {}</span>").format(icon("check"), _("yes")) if value else Markup(
            '<span class="muted">{}</span>').format(_("no"))

    def _words(self, style: Style) -> tuple[str, str]:
        return ("true", "false") if style.plain else (_("yes"), _("no"))

    def csv(self, style: Style) -> Callable[[Any], str]:
        yes, no = self._words(style)
        return lambda value: "" if value is None else yes if value else no

    def xlsx(self, style: Style) -> Callable[[Any], Any]:
        return self.csv(style)

    def sql(self, value: Any, style: Style) -> Any:
        yes, no = self._words(style)
        return sa.case((value.is_(True), yes), (value.is_(False), no), else_="")


class Words(Kind):
    """A code that stands for words: {code: words}, or {code: (words, tone)} or (words, tone, icon) for a state."""

    def __init__(self, words: Mapping[Any, Any] | Callable[[], Mapping[Any, Any]]) -> None:
        self._given = words

    @property
    def words(self) -> Mapping[Any, Any]:
        return self._given() if callable(self._given) else self._given

    def html(self, value: Any, currency: str | None) -> Any:
        return badge(self.words.get(value, "" if value is None else str(value)))

    def csv(self, style: Style) -> Callable[[Any], str]:
        known = {code: harmless(plain_words(said)) for code, said in self.words.items()}
        return lru_cache(maxsize=256)(
            lambda value: known[value] if value in known else "" if value is None else harmless(str(value)))

    def xlsx(self, style: Style) -> Callable[[Any], Any]:
        known = {code: plain_words(said) for code, said in self.words.items()}
        return lambda value: known[value] if value in known else None if value is None else str(value)

    def sql(self, value: Any, style: Style) -> Any:
        known = [(value == code, harmless(plain_words(said))) for code, said in self.words.items()]
        return sa.case(*known, else_=super().sql(value, style)) if known else super().sql(value, style)


def plain_words(said: Any) -> str:
    """The words alone, of words or of (words, tone, ...)."""
    return str(said[0] if isinstance(said, tuple) else said)


def badge(said: Any) -> Any:
    """Words as they are, or (words, tone, icon) as a state with its sign and colour."""
    if not isinstance(said, tuple):
        return str(said)
    words, tone, *rest = said
    sign = rest[0] if rest else SIGNS.get(tone, "draft")
    return Markup('<span class="badge badge-{}">{}{}</span>').format(tone, icon(sign), words)


def kind_of(value: Any) -> Kind:
    """The kind that fits the type of an SQL expression; text for functions and all else."""
    form = getattr(value, "type", None)
    # Amount is a Scaled: what decides is the count of decimals, and that it is money
    if isinstance(form, Scaled):
        return Money() if type(form).__name__ == "Amount" else Number(form.places)
    kinds: tuple[tuple[type, type[Kind]], ...] = (
        (UTCDateTime, Moment), (sa.Date, Day), (sa.Boolean, YesNo), (sa.Integer, Number))
    return next((kind() for column, kind in kinds if isinstance(form, column)), Kind())


KINDS: dict[str, Callable[[], Kind]] = {
    "": Kind, "text": Kind, "paper": PaperNumber, "number": Number, "amount": Money, "date": Day,
    "moment": Moment, "yes_no": YesNo}
