"""Who reads: his language, his company's country, and what he may open."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flask import current_app, request, url_for
from markdown_it.token import Token
from markupsafe import Markup
from werkzeug.routing import Rule

from core import menu, modules, scope
from core.help import text as texts
from core.help.topics import Topic, all_topics
from core.i18n import current_locale, lazy
from core.security import access, can

START = ("start", (lazy("To begin with"), "info"))


@dataclass(frozen=True)
class Screen:
    """A page that a topic is about and that can be opened without choosing a row first."""

    url: str
    title: str


class Reader:
    """The person asking; made for one request."""

    @cached_property
    def locale(self) -> str:
        return current_locale()

    @cached_property
    def country(self) -> str | None:
        return scope.current_company().country if scope.company_id_or_none() else None

    # --- what he may open ----------------------------------------------------------------------------

    def may_read(self, topic: Topic) -> bool:
        """Whether a topic concerns him: his country, and a page of it that he may open."""
        if self.country and self._land(topic) not in (None, self.country):
            return False
        return not topic.pages or any(self.may_open(page) for page in topic.pages)

    @staticmethod
    def _land(topic: Topic) -> str | None:
        """The country that a topic's module is for."""
        manifest = modules.available().get(topic.module)
        return manifest.country if manifest else None

    def may_open(self, page: str) -> bool:
        """Whether he may open an endpoint; for the name of a blueprint of master data, its list."""
        view = _admin_views().get(page.partition(".")[0])
        if view is not None:
            return bool(view.is_accessible())
        guard = getattr(current_app.view_functions.get(page), "guard", None)
        return guard in (access.LOGGED_IN, access.PUBLIC) or (guard is not None and can(guard))

    def topics(self) -> list[Topic]:
        return [topic for topic in all_topics().by_key.values() if self.may_read(topic)]

    def here(self) -> Topic | None:
        """The topic of the page that is shown now; that of his country before the one for everybody."""
        found = [topic for topic in all_topics().of_page(request.endpoint) if self.may_read(topic)]
        return next(iter(sorted(found, key=lambda topic: self._land(topic) is None)), None)

    # --- what he reads ---------------------------------------------------------------------------------

    def title(self, topic: Topic) -> str:
        text = topic.text(self.locale)
        return texts.on_screen(text.title, text.locale, self.locale)

    def lang(self, topic: Topic) -> str | None:
        """The language of the text where it is not the reader's."""
        mine = topic.text(self.locale).locale.replace("_", "-")
        return None if mine.split("-")[0] == self.locale.split("_")[0] else mine

    def tokens(self, topic: Topic) -> list[Token]:
        return texts.prepare(topic.text(self.locale), self.locale, self.country)

    def html(self, topic: Topic) -> Markup:
        return texts.html(self.tokens(topic), lambda written: self._resolve(topic, written))

    def groups(self) -> list[tuple[str, str, list[Topic]]]:
        """(title, icon, topics) in the order of the side menu."""
        found = []
        for key, (title, icon) in (START, *menu.GROUPS.items()):
            inside = [topic for topic in self.topics() if topic.group == key]
            if inside:
                found.append((str(title), icon, inside))
        return found

    def screens(self, topic: Topic) -> list[Screen]:
        """The pages of a topic that open without a row, by the name that the menu gives them."""
        names = {entry.url: entry.label for group in menu.build() for entry in group.entries}
        urls = dict.fromkeys(url for page in topic.pages if (url := self._screen_url(page)) in names)
        return [Screen(str(url), names[str(url)]) for url in urls]

    # --- links -----------------------------------------------------------------------------------------

    def _resolve(self, topic: Topic, written: str) -> str | None:
        """Where a link of a topic leads this reader; None where he may not go, or it leads nowhere."""
        if written.startswith(texts.OUTSIDE):
            return written
        if written.startswith("screen:"):
            return self._screen_url(written.removeprefix("screen:"))
        key, anchor = target(topic, written)
        found = all_topics().by_key.get(key)
        return topic_url(found, anchor) if found is not None and self.may_read(found) else None

    def _screen_url(self, page: str) -> str | None:
        view = _admin_views().get(page)
        endpoint = f"{page}.index_view" if view is not None else page
        rule = _rule(endpoint)
        return url_for(endpoint) if rule is not None and self.may_open(page) else None


def target(topic: Topic, written: str) -> tuple[str, str]:
    """(key of a topic, anchor) that a link to another file means, as written in this topic's."""
    path, _mark, anchor = written.partition("#")
    if not path:
        return topic.key, anchor
    return posixpath.normpath(posixpath.join(topic.module, path)).removesuffix(".md"), anchor


def topic_url(topic: Topic, anchor: str = "") -> str:
    module, _slash, page = topic.key.partition("/")
    return url_for("core.help_topic", module=module, page=page, _anchor=anchor or None)


def _rule(endpoint: str) -> Rule | None:
    """The address of an endpoint that needs no row."""
    found = current_app.url_map._rules_by_endpoint.get(endpoint, [])
    return next((rule for rule in found if "GET" in (rule.methods or ()) and not rule.arguments), None)


def _admin_views() -> dict[str, Any]:
    from core.admin import ModelView

    return {view.endpoint: view for view in current_app.extensions["abona_admin"]._views
            if isinstance(view, ModelView)}


__all__ = ["Reader", "Screen", "target", "topic_url"]
