"""The topics: read from the operator's folder, from docs/help and from modules that carry their own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from flask import current_app

from core import modules
from core.config import ROOT
from core.errors import CannotRun
from core.i18n import DEFAULT, _

# who finds no text in his language gets the product's first one, which is complete, and then whatever there is
FALLBACKS = (DEFAULT, "en")
MARK = "---"


@dataclass(frozen=True)
class Text:
    """A topic in one language; `words` are what people may call it besides its title."""

    locale: str
    title: str
    words: str
    body: str


@dataclass
class Topic:
    """One subject. `key` is "module/page"; `pages` are endpoints, or a blueprint for all of its own."""

    key: str
    module: str
    texts: dict[str, Text] = field(default_factory=dict)
    heads: list[dict[str, str]] = field(default_factory=list)

    @cached_property
    def pages(self) -> tuple[str, ...]:
        return tuple(page.strip() for page in self._fact("pages").split(",") if page.strip())

    @cached_property
    def group(self) -> str:
        """Where it stands in the index: a group of the side menu."""
        return self._fact("group") or "start"

    @cached_property
    def order(self) -> int:
        return int(self._fact("order") or 50)

    def _fact(self, name: str) -> str:
        """What is the same in every language stands in one of the files."""
        return next((head[name] for head in self.heads if head.get(name)), "")

    def text(self, locale: str) -> Text:
        """The text for a reader of `locale` (es_AR): his country's, his language's, Spanish, English, any."""
        wanted = [locale, locale.split("_")[0], *FALLBACKS]
        found = next((one for one in wanted if one in self.texts), None)
        return self.texts[found or next(iter(self.texts))]


@dataclass(frozen=True)
class Topics:
    """Every topic by its key, and those about a page."""

    by_key: dict[str, Topic]
    by_page: dict[str, list[Topic]]

    def of_page(self, endpoint: str | None) -> list[Topic]:
        """The topics about an endpoint, several where each country has its own.

        What belongs to a list (`…__do_send`) is told with the list.
        """
        if not endpoint:
            return []
        whole = endpoint.split("__")[0]
        return next((self.by_page[page] for page in (endpoint, whole, whole.partition(".")[0]) if page in self.by_page),
                    [])


def all_topics() -> Topics:
    """The topics of the enabled modules, read once per process (anew in debugging)."""
    found: Topics | None = current_app.extensions.get("abona_help")
    if found is None or current_app.debug:
        found = current_app.extensions["abona_help"] = _read()
    return found


def _read() -> Topics:
    enabled = ("core", *current_app.extensions["abona_modules"])
    topics: dict[str, Topic] = {}
    for locale, module, path in _files(enabled):
        topic = topics.setdefault(f"{module}/{path.stem}", Topic(f"{module}/{path.stem}", module))
        head, body = split(path)
        topic.heads.append(head)
        topic.texts.setdefault(locale, Text(locale, head.get("title", path.stem), head.get("words", ""), body))
    ordered = dict(sorted(topics.items(), key=lambda one: (one[1].order, one[0])))
    by_page: dict[str, list[Topic]] = {}
    for topic in ordered.values():
        for page in topic.pages:
            by_page.setdefault(page, []).append(topic)
    return Topics(ordered, by_page)


def _files(names: tuple[str, ...]) -> Iterator[tuple[str, str, Path]]:
    """(language, module, file), the one that wins first: the operator's own, ours, the module's."""
    own = Path(current_app.extensions["abona"].instance)
    for folder in (own / "templates" / "help", ROOT / "docs" / "help"):
        for path in sorted(folder.glob("*/*/*.md")):
            if path.parent.name in names:
                yield path.parent.parent.name, path.parent.name, path
    for name in names:
        if name != "core":
            for path in sorted((modules.folder(name) / "help").glob("*/*.md")):
                yield path.parent.name, name, path


def split(path: Path) -> tuple[dict[str, str], str]:
    """Head and body of a file. Refused where there is no head: nobody would find the text."""
    lines = path.read_text(encoding="utf-8").splitlines()
    if not lines or lines[0] != MARK or MARK not in lines[1:]:
        raise CannotRun(_("To be shown, the help %(file)s must begin with a head between two lines of ---, with the "
                          "title and the pages that it is about.", file=path))
    end = lines.index(MARK, 1)
    head = dict(_pair(line) for line in lines[1:end] if line.strip())
    return head, "\n".join(lines[end + 1:]).strip()


def _pair(line: str) -> tuple[str, str]:
    name, _colon, value = line.partition(":")
    return name.strip(), value.strip().strip('"')


__all__ = ["Text", "Topic", "Topics", "all_topics", "split"]
