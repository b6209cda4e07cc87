"""Searching the help: nearly all words must occur, where they stand decides the order."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from flask import current_app
from markupsafe import Markup, escape

from core.help import text as texts
from core.help.reader import Reader, topic_url
from core.help.topics import Topic
from core.search import Hit

WORD = re.compile(r"[^\W_]+")
# asked in whole sentences: these words say nothing about the subject
SMALL = frozenset(WORD.findall("""
    a al ante aqui como con cual cuando de del desde donde el ella en entre es esta este hace hacer hago la las lo los
    me mi o otra otro para por puedo que quiero se si sin sobre su sus tengo un una uno y ya
    how do i the to of in is what why where and or my can for"""))
TITLE, NAMED, HEADING, BODY = 12, 8, 4, 1
# endings that go, so that plurals and infinitives find their relatives; what is left has three letters at least
ENDINGS = ("es", "ar", "er", "ir", "s", "o", "a", "e")
LEAST = 3
EXCERPT = 200


@dataclass(frozen=True)
class Found:
    """A topic that fits, the best place in it, and what stands there with the words marked."""

    topic: Topic
    title: str
    url: str
    heading: str
    excerpt: Markup


# --- words -----------------------------------------------------------------------------------------------


def fold(text: str) -> str:
    """Small letters without accents."""
    apart = unicodedata.normalize("NFKD", text.lower())
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def words(text: str) -> list[str]:
    return WORD.findall(fold(text))


def stems(asked: str) -> list[str]:
    """The beginnings of words to look for."""
    return list(dict.fromkeys(_stem(word) for word in words(asked) if word not in SMALL))


def _stem(word: str) -> str:
    ending = next((one for one in ENDINGS if word.endswith(one) and len(word) - len(one) > LEAST), "")
    return word.removesuffix(ending)


def count(stem: str, among: Sequence[str]) -> int:
    """How many words begin so."""
    return sum(word.startswith(stem) for word in among)


# --- the index: of each topic the words, folded, as readers of one language and country have them -----------


class Page:
    """A topic as it is searched."""

    def __init__(self, topic: Topic, reader: Reader) -> None:
        self.topic, self.title = topic, reader.title(topic)
        self.parts = texts.sections(reader.tokens(topic))
        self.fields = ((TITLE, words(self.title)), (NAMED, words(topic.text(reader.locale).words)),
                       (HEADING, words(" ".join(part.heading for part in self.parts))))

    @cached_property
    def bodies(self) -> list[list[str]]:
        return [words(f"{part.heading} {part.text}") for part in self.parts]

    def is_named(self, wanted: list[str]) -> bool:
        """Whether its name, or one of those that people have for it, holds all words."""
        names = [word for _weight, field in self.fields[:2] for word in field]
        return bool(wanted) and all(count(stem, names) for stem in wanted)

    def score(self, wanted: list[str]) -> int:
        """The sum over all words of where they stand; 0 where too many are nowhere: of three words one may be."""
        each = [sum(weight for weight, field in self.fields if count(stem, field))
                + BODY * min(sum(count(stem, body) for body in self.bodies), 3) for stem in wanted]
        missing = each.count(0)
        return sum(each) * (len(each) - missing) // len(each) if missing <= len(each) // 3 else 0

    def best_part(self, wanted: list[str]) -> texts.Section:
        """The section with most of the words; the first one where only the name has them."""
        hits = [sum(bool(count(stem, body)) for stem in wanted) for body in self.bodies]
        return self.parts[hits.index(max(hits))]


def _pages(reader: Reader) -> list[Page]:
    """Those of the topics that concern the reader."""
    index: dict[tuple[str, str | None, str], Page] = current_app.extensions.setdefault("abona_help_index", {})
    found = []
    for topic in reader.topics():
        key = (reader.locale, reader.country, topic.key)
        if key not in index or index[key].topic is not topic:
            index[key] = Page(topic, reader)
        found.append(index[key])
    return found


# --- asking ------------------------------------------------------------------------------------------------


def find(asked: str, reader: Reader) -> list[Found]:
    """The topics for this reader in which the words occur, the best first."""
    wanted = stems(asked)
    scored = [(page.score(wanted), page) for page in _pages(reader)] if wanted else []
    best = sorted((one for one in scored if one[0]), key=lambda one: (-one[0], one[1].topic.order, one[1].topic.key))
    return [_found(page, wanted) for _score, page in best]


def named(asked: str, limit: int) -> list[Hit]:
    """For the box that searches everything: only what a topic is called, not what it mentions."""
    wanted = stems(asked)
    fitting = [page for page in _pages(Reader()) if page.is_named(wanted)]
    return [Hit(page.title, topic_url(page.topic)) for page in fitting[:limit]]


def _found(page: Page, wanted: list[str]) -> Found:
    part = page.best_part(wanted)
    return Found(page.topic, page.title, topic_url(page.topic, part.anchor), part.heading, excerpt(part.text, wanted))


def excerpt(text: str, wanted: list[str]) -> Markup:
    """Some words around the first hit, the hits marked."""
    written = text.split()
    hits = [at for at, word in enumerate(written) if any(count(stem, words(word)) for stem in wanted)]
    first = max(0, (hits[0] if hits else 0) - 8)
    shown, length = [], 0
    for word in written[first:]:
        length += len(word) + 1
        if length > EXCERPT:
            break
        shown.append(_marked(word, wanted))
    before, after = "… " if first else "", " …" if first + len(shown) < len(written) else ""
    return Markup("{}{}{}").format(before, Markup(" ").join(shown), after)


def _marked(written: str, wanted: list[str]) -> Markup:
    """A word with the marks of punctuation around it, only the word itself marked where it fits."""
    parts = re.split(r"([^\W_]+)", written)
    return Markup("").join(Markup("<mark>{}</mark>").format(part) if any(count(stem, words(part)) for stem in wanted)
                           else escape(part) for part in parts)


__all__ = ["Found", "excerpt", "find", "fold", "named", "stems"]
