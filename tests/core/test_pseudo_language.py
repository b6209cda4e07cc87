"""Every text that a person sees is translatable: a walk over all pages in a language that puts brackets around them."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import flask_babel
import pytest
import sqlalchemy as sa
from babel.support import NullTranslations
from lxml import html
from wtforms.i18n import get_builtin_gnu_translations

from core import companies, schema, scope
from core.db import Base, db
from core.i18n import use_locale
from core.models import Company
from modules.crm import countries, regions
from modules.notifications.ports import kinds
from modules.notifications.services import sample_context
from tests.world import World, world

pytestmark = pytest.mark.once
# states, kinds and keys: a page that shows them as they are shows no words
CODE = re.compile(r"[a-z0-9_.:-]+")
LETTERS = re.compile(r"[^\W\d_]{2,}")
# names and units that every language says alike
SAID_ALIKE = {"abona", "abono", "arca", "cae", "csv", "enter", "gb", "jpeg", "kb", "mb", "min", "pdf", "png",
              "starttls", "tls", "utc", "xlsx", "zip"}
# not a text: codes, what somebody typed, moments
QUIET = ("script", "style", "code", "pre", "kbd", "time", "svg", "textarea")
# a month as Babel writes it, a language by its own name, a currency or country, an amount of another currency, a time
# zone, a place in a template, an object of the audit, a code of a tax authority with its own words, an algorithm,
# a provider by its name, what a provider calls the two halves of its key, a series
ALIKE = re.compile(r"\w+ de \d{4}|(Español|English|Português)( \(.*\))?|[A-Z]{2,3}|[A-Z]{3}[\d.,]+|America/[\w/-]+"
                   r"|.*\{\{.*\}\}.*|\w+:\d+|[A-Z]-\d+ .*|(rsa-)?(sha|SHA-)\d+|The Factory HKA( ·)?"
                   r"|Facturación Moderna \(SAT\)|tokenEmpresa|tokenPassword|[A-Z]{2}\d{2}")
SPOKEN = ("title", "placeholder", "aria-label", "alt", "data-label", "data-confirm")
# machines read these
LEFT_OUT = {"core.healthz", "core.readyz", "core.metrics", "static", "admin.static", "core.login"}
# a message in the language of its reader
MESSAGES = {"notifications.message_html"}


class Brackets(NullTranslations):
    """A language in which every message stands between ⟦ and ⟧."""

    def ugettext(self, message: str) -> str:
        return f"⟦{message}⟧"

    def ungettext(self, one: str, many: str, num: int) -> str:
        return f"⟦{one if num == 1 else many}⟧"

    gettext, ngettext = ugettext, ungettext

    def upgettext(self, context: str, message: str) -> str:
        return f"⟦{message}⟧"

    pgettext = upgettext


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("pseudo")) as made:
        with made.app.app_context():  # other tests of this process declare tables too, which a check looks into
            Base.metadata.create_all(db.engine)
        yield made


@pytest.fixture
def brackets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flask_babel.Domain, "get_translations", lambda _self: Brackets())


def pages(place: World) -> Iterator[tuple[str, str]]:
    """(address, HTML) of every page that the administrator can open."""
    for rule in place.app.url_map.iter_rules():
        if place.country_of(rule) not in (None, place.country):  # tests/core/test_countries.py
            continue
        if "GET" not in (rule.methods or ()) or rule.endpoint in LEFT_OUT | MESSAGES:
            continue
        path = place.address(rule, place.values(rule, place.own), place.own)
        with place.undone():
            answer = place.open("admin", "GET", path)
            if answer.mimetype == "text/html" and answer.status_code == 200:
                yield path, answer.get_data(as_text=True)
            answer.close()


def said(page: str) -> Iterator[str]:
    """Each piece of text that eyes or ears get."""
    root = html.fromstring(page)
    for element in root.iter():
        if not isinstance(element.tag, str) or any(map(is_quiet, element.iterancestors())):
            continue
        yield element.tail or ""
        if is_quiet(element):
            continue
        yield element.text or ""
        yield from (element.get(name, "") for name in SPOKEN)
        if element.tag == "input" and element.get("type") in ("submit", "button"):
            yield element.get("value", "")


def is_quiet(element: Any) -> bool:
    """Codes, boxes that nobody sees (they hold data for scripts), texts of docs/help and what is said to be in some
    language (a notice as a customer reads it): these are in a language whole."""
    classes = element.get("class", "").split()
    return element.tag in QUIET or "hidden" in element.attrib or "d-none" in classes \
        or "help-text" in classes or (element.tag == "span" and "lang" in element.attrib)


def without_brackets(text: str) -> str:
    before = None
    while before != text:
        before, text = text, re.sub(r"⟦[^⟦⟧]*⟧", " ", text)
    return text


def data(country: str) -> set[str]:
    """Every word that stands in a table, and what the countries' laws call things: both are said as they are."""
    found: set[str] = set()
    law = countries.get(country)
    for table in (law.TAX_CONDITIONS, law.TAX_ID_KINDS, regions.of(country)):
        found.update(map(str, table.values()))
    with use_locale("es"):
        found.update(city for _zone, city in companies.zones(country))
    found.update(lists_of(country))
    found.update(get_builtin_gnu_translations(["es"])._catalog.values())  # WTForms brings its own
    for _code, kind in kinds.items():
        found.update(value for value in sample_context(kind, Company(name="")).values() if value)
    with scope.every_company():
        for table in Base.metadata.sorted_tables:
            texts = [column for column in table.columns if type(column.type) in (sa.String, sa.Text)]
            for row in db.session.execute(sa.select(*texts)) if texts else ():
                found.update(value for value in row if value and not CODE.fullmatch(value))
    return {word.lower() for value in found for word in LETTERS.findall(value)}


def lists_of(country: str) -> Iterator[str]:
    """What the country's authority calls the entries of its code lists."""
    catalogs = importlib.import_module(f"modules.einvoice_{country.lower()}.catalogs")
    for value in vars(catalogs).values():
        if isinstance(value, dict):
            yield from (word for word in value.values() if type(word) is str)
    for file in Path(catalogs.__file__ or "").with_name("data").glob("*.csv"):
        yield file.read_text()


def foreign(text: str, known: set[str]) -> list[str]:
    """The words of a text that are neither translated nor data."""
    left = " ".join(without_brackets(text).split())
    if ALIKE.fullmatch(left):
        return []
    return [word for word in LETTERS.findall(left) if word.lower() not in SAID_ALIKE | known]


@pytest.mark.usefixtures("brackets")
def test_no_text_is_outside_the_catalogs(place: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "is_current", lambda: True)  # it asks for a connection of its own
    known, found, count = data(place.country), {}, 0
    for path, page in pages(place):
        assert "⟦" in page, path
        count += 1
        for text in said(page):
            if foreign(text, known):
                found.setdefault(" ".join(text.split())[:120], path)
    assert {text: path for text, path in found.items() if not text.startswith("tests · ")} == {}  # jobs of other tests
    assert count > 100


def test_the_walk_would_notice() -> None:
    page = '<p>⟦Good day, ⟦Ana⟧⟧ <b>Save</b></p><input placeholder="Name"><code>x y</code>'
    assert [text for text in said(page) if foreign(text, set())] == ["Save", "Name"]
