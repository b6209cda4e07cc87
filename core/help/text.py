"""Markdown to HTML, for one reader: labels as his screen says them, what concerns his country, links he may follow.

Three things are ours, all readable in the plain file too:

- **bold** is a word of the screen, written as the catalog of the text's language has it, and shown as the reader's has
  it: "Descuento" is "Bonificación" in Argentina.
- a paragraph or an item of a list that begins with *Argentina:* or *Colombia, Perú:* is for companies of these
  countries.
- links go to other topics (`../crm/customers.md`) and to screens (`screen:crm.customers`).

Raw HTML and images are off: what is written as such is shown as text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

from babel import Locale
from flask import current_app
from flask_babel import force_locale, get_translations
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from core.help.topics import Text

# from the address written in a link to the one that this reader gets; None where he has none
Resolve = Callable[[str], str | None]
BREAKS = ("softbreak", "hardbreak")
OUTSIDE = ("https://", "http://", "mailto:")


@dataclass(frozen=True)
class Section:
    """A piece between two headings, for searching; the first one has no heading."""

    anchor: str
    heading: str
    text: str


# --- what the reader's screen calls a thing --------------------------------------------------------------


def labels(language: str) -> dict[str, list[str]]:
    """What a language's catalog says -> the messages that say it."""
    cache: dict[str, dict[str, list[str]]] = current_app.extensions.setdefault("abona_help_labels", {})
    if language not in cache:
        with force_locale(language):
            known = {key: said for key, said in getattr(get_translations(), "_catalog", {}).items()
                     if key and isinstance(key, str)}
        if language == "en":
            known = {key: key for key in _known("es")}
        found: dict[str, list[str]] = {}
        for message, said in sorted(known.items()):
            found.setdefault(said, []).append(message)
        cache[language] = found
    return cache[language]


def _known(language: str) -> list[str]:
    return [message for messages in labels(language).values() for message in messages]


def on_screen(label: str, language: str, locale: str) -> str:
    """A label of a text in `language` as a reader of `locale` sees it; unchanged where that is not certain."""
    with force_locale(locale):
        said = {str(get_translations().ugettext(message)) for message in labels(language).get(label, ())}
    return said.pop() if len(said) == 1 else label


# --- parsing ---------------------------------------------------------------------------------------------


def prepare(text: Text, locale: str, country: str | None) -> list[Token]:
    """The text's tokens for readers of this language and country, links not yet resolved; kept for the next one."""
    cache: dict[Any, list[Token]] = current_app.extensions.setdefault("abona_help_tokens", {})
    key = (text, locale, country)
    if key not in cache:
        tokens = _for_country(parser().parse(text.body), text.locale, country)
        _name_labels(tokens, text.locale, locale)
        _anchor_headings(tokens)
        cache[key] = tokens
    return cache[key]


def _name_labels(tokens: list[Token], language: str, locale: str) -> None:
    for token in tokens:
        children = token.children or []
        for before, child, after in zip(children, children[1:], children[2:], strict=False):
            if (before.type, child.type, after.type) == ("strong_open", "text", "strong_close"):
                child.content = on_screen(child.content, language, locale)


def _anchor_headings(tokens: list[Token]) -> None:
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open":
            opening.attrSet("id", "help-" + slug(plain(inline)))


def slug(text: str) -> str:
    """A heading as an anchor."""
    ascii_only = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", ascii_only).strip("-")


def plain(inline: Token) -> str:
    """The words of an inline token."""
    kept = [child for child in inline.children or [] if child.type in ("text", "code_inline", *BREAKS)]
    return "".join(" " if child.type in BREAKS else child.content for child in kept)


# --- countries -------------------------------------------------------------------------------------------


def _for_country(tokens: list[Token], language: str, country: str | None) -> list[Token]:
    """Without the paragraphs and items that are for other countries; all of them where there is no company."""
    kept: list[Token] = []
    place = 0
    while place < len(tokens):
        meant = countries_of(tokens, place, language)
        if country and meant and country not in meant:
            place = _end(tokens, place)
        else:
            kept.append(tokens[place])
        place += 1
    return _without_empty_lists(kept)


def countries_of(tokens: Sequence[Token], place: int, language: str) -> frozenset[str]:
    """The countries that the block at this place begins with; none for a block that is for everybody."""
    inside = 1 if tokens[place].type == "paragraph_open" else 2 if tokens[place].type == "list_item_open" else 0
    first = tokens[place + inside].children if inside else None
    if not first or first[0].type != "em_open" or not first[1].content.endswith(":"):
        return frozenset()
    names = re.split(r", | y | and ", first[1].content.rstrip(":"))
    codes = [_country_names(language).get(name) for name in names]
    return frozenset(code for code in codes if code) if all(codes) else frozenset()


@lru_cache(maxsize=8)
def _country_names(language: str) -> dict[str, str]:
    return {name: code for code, name in Locale.parse(language).territories.items()}


def _end(tokens: Sequence[Token], place: int) -> int:
    """Where the block that opens at this place closes."""
    level, kind = tokens[place].level, tokens[place].type.replace("_open", "_close")
    return next(at for at in range(place, len(tokens)) if tokens[at].type == kind and tokens[at].level == level)


def _without_empty_lists(tokens: list[Token]) -> list[Token]:
    kept: list[Token] = []
    for token in tokens:
        if token.type.endswith("_list_close") and kept and kept[-1].type.endswith("_list_open"):
            kept.pop()
        else:
            kept.append(token)
    return kept


# --- output ----------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def parser() -> MarkdownIt:
    """Markdown without HTML and images."""
    made = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    made.add_render_rule("link_open", _open_link)
    made.add_render_rule("link_close", _close_link)
    return made


def _open_link(renderer: Any, tokens: Sequence[Token], place: int, options: Any, env: Any) -> str:
    """Where the reader may not go, only the words stay."""
    written = str(tokens[place].attrs.get("href", ""))
    url = env["resolve"](written)
    env["open"].append(bool(url))
    further = ' rel="noopener noreferrer" target="_blank"' if written.startswith(OUTSIDE) else ""
    return str(Markup('<a href="{}"{}>').format(url, Markup(further))) if url else ""


def _close_link(renderer: Any, tokens: Sequence[Token], place: int, options: Any, env: Any) -> str:
    return "</a>" if env["open"].pop() else ""


def html(tokens: Sequence[Token], resolve: Resolve) -> Markup:
    """The tokens as HTML; safe, since the parser lets no HTML through and every link is ours."""
    made = parser()
    kept = _without_dead_ends(tokens, resolve)
    return Markup(made.renderer.render(kept, made.options, {"resolve": resolve, "open": []}))


def _without_dead_ends(tokens: Sequence[Token], resolve: Resolve) -> list[Token]:
    """Without the items that are links which the reader may not follow, and headings with nothing left below."""
    kept: list[Token] = []
    place = 0
    while place < len(tokens):
        if tokens[place].type == "list_item_open" and _is_dead_end(tokens[place + 2], resolve):
            place = _end(tokens, place)
        else:
            kept.append(tokens[place])
        place += 1
    kept = _without_empty_lists(kept)
    bare = {at for at, token in enumerate(kept) if token.type == "heading_close"
            and (at + 1 == len(kept) or (kept[at + 1].type == "heading_open" and kept[at + 1].tag <= token.tag))}
    return [token for at, token in enumerate(kept) if not bare & {at, at + 1, at + 2}]


def _is_dead_end(inline: Token, resolve: Resolve) -> bool:
    links = [child for child in inline.children or [] if child.type == "link_open"]
    begins = bool(links) and inline.children is not None and inline.children[0] is links[0]
    return begins and not any(resolve(str(link.attrs.get("href", ""))) for link in links)


def sections(tokens: Sequence[Token]) -> list[Section]:
    """The text by heading."""
    found: list[Section] = []
    anchor, heading, said = "", "", list[str]()
    for before, token in zip([None, *tokens], tokens, strict=False):
        if before is not None and before.type == "heading_open":
            found.append(Section(anchor, heading, " ".join(said)))
            anchor, heading, said = str(before.attrGet("id")), plain(token), []
        elif token.type == "inline":
            said.append(plain(token))
    return [one for one in [*found, Section(anchor, heading, " ".join(said))] if one.text]


__all__ = ["OUTSIDE", "Section", "countries_of", "html", "labels", "on_screen", "parser", "prepare", "sections", "slug"]
