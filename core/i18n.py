"""Languages: English message ids, one catalog per language, country words in a second folder.

Flask-Babel merges the folders, the later one winning; each falls back on its own (es_AR to es), which is
why the country catalogs live apart from the base ones.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from functools import lru_cache
from typing import Any

from babel import Locale
from babel.numbers import format_currency, format_decimal, get_currency_symbol, get_decimal_symbol
from babel.support import NullTranslations, Translations
from flask import Flask, current_app, has_app_context, has_request_context, request, session
from flask_babel import Babel, force_locale, get_locale
from flask_babel import gettext as _babel_gettext
from flask_babel import ngettext as _babel_ngettext
from markupsafe import Markup, escape

# how a company wants its numbers written, whatever language is read
NUMBER_STYLES = ("", "point", "comma")
# whose separators a style has
_SEPARATORS = {"point": "es_MX", "comma": "es_AR"}
LOCALES = ("es", "es_AR", "es_CO", "es_EC", "es_MX", "es_PE", "es_DO", "en", "pt")
DEFAULT = "es"

babel = Babel()
_spoken: NullTranslations | None = None


def _(message: str, /, **values: Any) -> str:
    """The message in the reader's language; outside an app in that of the process, by default as it is written."""
    if not has_app_context():
        found = str(_spoken.ugettext(message)) if _spoken else message
        return found % values if values else found
    return _babel_gettext(message, **values)


def speak(locale: str) -> None:
    """Let this process speak a language outside any app too: the `abona` command does."""
    global _spoken
    from core.config import ROOT

    _spoken = Translations.load(ROOT / "translations", [locale])


def ngettext(one: str, many: str, num: int, /, **values: Any) -> str:
    """Singular or plural form of a message, with `%(num)s`."""
    if not has_app_context():
        return (one if num == 1 else many) % {"num": num, **values}
    return _babel_ngettext(one, many, num, **values)


def lazy(message: str, /, **values: Any) -> Any:
    """A message translated when it is shown: for texts at import time."""
    return _LazyText(message, values)


class _LazyText:
    """Text that is translated each time it is turned into a string."""

    __slots__ = ("message", "values")

    def __init__(self, message: str, values: dict[str, Any]) -> None:
        self.message, self.values = message, values

    def __str__(self) -> str:
        return _(self.message, **self.values)

    def __html__(self) -> Markup:
        return escape(str(self))

    def __repr__(self) -> str:
        return f"lazy({self.message!r})"

    def __eq__(self, other: object) -> bool:
        return str(self) == str(other)

    def __hash__(self) -> int:
        return hash(self.message)

    def __lt__(self, other: object) -> bool:
        return str(self) < str(other)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(str(self), name)

    def __mod__(self, values: Any) -> str:
        return str(self) % values

    def __add__(self, other: object) -> str:
        return str(self) + str(other)


def init_app(app: Flask) -> None:
    """Set the catalog folders: base languages first, country words over them, then modules that live elsewhere."""
    from core import modules
    from core.config import ROOT

    folders = [ROOT / "translations", ROOT / "translations" / "countries"]
    folders += [modules.folder(name) / "translations" for name in app.extensions["abona_modules"]]
    app.config["BABEL_DEFAULT_LOCALE"] = app.extensions["abona"].language
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = ";".join(str(folder) for folder in folders if folder.is_dir())
    babel.init_app(app, locale_selector=choose_locale)


def choose_locale() -> str:
    """The reader's language: chosen by the person, else by the company in scope, else by the browser.

    Outside a request it is the installation's.
    """
    if not has_request_context():
        return str(current_app.config["BABEL_DEFAULT_LOCALE"])
    chosen = session.get("locale") or getattr(request, "abona_locale", None)
    return chosen or request.accept_languages.best_match(LOCALES) or DEFAULT


@contextmanager
def use_locale(locale: str) -> Iterator[None]:
    """Speak this language in the block: a customer's in documents and messages."""
    with force_locale(locale):
        yield


def current_locale() -> str:
    """The code of the language in use, like es_AR."""
    return str(get_locale() or DEFAULT)


def number_style() -> str:
    """The style of the company in scope; "" is the way of the language that is read."""
    return _company_way()[0]


def _company_way() -> tuple[str, str]:
    """(number style, currency) of the company in scope; nothing without one."""
    from core import scope

    if scope.company_id_or_none() is None:
        return "", ""
    company = scope.current_company()
    return company.number_style or "", company.currency


def format_amount(value: Decimal, currency: str, locale: str | None = None) -> str:
    """Money for people on screens, in files and on paper: the only place where it is written.

    Symbol and its place are the locale's, separators those of the company's number style. The minus stands before the
    symbol, and dollars of another country are never a bare "$" (words.md, section 3). No-break spaces are kept.
    """
    style, home = _company_way()
    text = _money(abs(value), currency, locale or current_locale(), style, home)
    return f"-{text}" if value < 0 else text


def _money(value: Decimal, currency: str, locale: str, style: str, home: str) -> str:
    pattern, symbol = _money_pattern(currency, locale)
    if symbol == "$" and currency == "USD" != home and home:
        symbol = "US$"
    return str(format_currency(value, currency, format=pattern.replace("¤", f"'{symbol}'"),
                               locale=_SEPARATORS.get(style, locale)))


@lru_cache(maxsize=200)
def _money_pattern(currency: str, locale: str) -> tuple[str, str]:
    """(how positive amounts are written, the symbol)."""
    pattern = Locale.parse(locale).currency_formats["standard"].pattern
    return pattern.split(";")[0], get_currency_symbol(currency, locale)


def format_number(value: int | float | Decimal, pattern: str = "#,##0.##", locale: str | None = None,
                  style: str | None = None) -> str:
    """A number without currency, with the same separators; `style` where it is known already."""
    style = number_style() if style is None else style
    return str(format_decimal(value, format=pattern, locale=_SEPARATORS.get(style) or locale or current_locale()))


def decimal_sign() -> str:
    """Comma or point, as numbers are written here."""
    return str(get_decimal_symbol(_SEPARATORS.get(number_style()) or current_locale()))


def format_date(value: dt.date | None) -> str:
    """A date as dd/mm/yyyy, which every served country reads alike."""
    return value.strftime("%d/%m/%Y") if value else ""


__all__ = ["LOCALES", "_", "babel", "current_locale", "decimal_sign", "format_amount", "format_date",
           "format_number", "init_app", "lazy", "ngettext", "number_style", "use_locale"]
