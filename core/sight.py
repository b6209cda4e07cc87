"""What a role sees: its menu, its screens and what it may do there, read from the very marks that guard them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from flask import current_app, url_for
from werkzeug.routing import Rule

from core import lists, menu, modules
from core.lists.declaration import endpoints
from core.security import access

# addresses that belong to a screen and are none of their own
PARTS = ("__suggest", "__save_view", "__change_view")
VARIABLE = re.compile(r"<[^>]+>")


@dataclass(frozen=True)
class Place:
    """An address that a permission opens. `title` is empty where only its page names it, `url` where it needs a row."""

    path: str
    title: Any = ""
    url: str | None = None


@dataclass
class Opened:
    """A permission with what it opens to look at and what it lets one do; whether the role has it."""

    permission: modules.Permission
    allowed: bool
    screens: list[Place] = field(default_factory=list)
    verbs: list[Place] = field(default_factory=list)


@dataclass(frozen=True)
class Area:
    """A module with its permissions."""

    title: Any
    lines: list[Opened]

    @property
    def allowed(self) -> int:
        return sum(line.allowed for line in self.lines)


def areas(permissions: Iterable[str]) -> list[Area]:
    """Every permission by module, with what it opens; allowed where it is among `permissions`."""
    held = frozenset(permissions)
    screens: dict[str, list[Place]] = defaultdict(list)
    verbs: dict[str, list[Place]] = defaultdict(list)
    for code, is_screen, place in sorted([*_views(), *_admin_views()], key=lambda one: (not one[2].title, one[2].path)):
        (screens if is_screen else verbs)[code].append(place)
    return [Area(title, [Opened(one, one.code in held, screens[one.code], verbs[one.code]) for one in found])
            for _name, title, found in modules.permission_groups(current_app.extensions["abona_modules"])]


def menu_of(permissions: Iterable[str]) -> list[menu.Group]:
    """The side menu of somebody with these permissions in the company in scope."""
    with access.looking_with(frozenset(permissions)):
        return menu.build()


def _views() -> Iterator[tuple[str, bool, Place]]:
    """(permission, whether it is a screen, place) of the views."""
    titles = _titles()
    for rule in current_app.url_map.iter_rules():
        guard = getattr(current_app.view_functions[rule.endpoint], "guard", None)
        if guard in (None, access.PUBLIC, access.LOGGED_IN) or rule.endpoint.endswith(PARTS):
            continue
        methods, title = rule.methods or set(), titles.get(rule.endpoint, "")
        if "GET" in methods:
            yield guard, True, Place(_shown(rule), title, None if rule.arguments else url_for(rule.endpoint))
        if "POST" in methods:
            yield guard, False, Place(_shown(rule), title)


def _shown(rule: Rule) -> str:
    return VARIABLE.sub("…", rule.rule)


def _titles() -> dict[str, Any]:
    """Endpoint -> words: what the menu, the lists and their actions call it."""
    found: dict[str, Any] = {}
    for key, spec in lists.lists.items():
        if endpoint := endpoints.get(key):
            found[endpoint] = spec.title
            found.update({f"{endpoint}__do_{action.key}": action.label for action in spec.actions})
    manifests = modules.available()
    items = [item for name in current_app.extensions["abona_modules"] for item in manifests[name].menu]
    found.update({item.endpoint: item.label for item in [*items, *menu.CORE_ITEMS]})
    return found


def _admin_views() -> Iterator[tuple[str, bool, Place]]:
    from core.admin import ModelView

    for view in current_app.extensions["abona_admin"]._views:
        if not isinstance(view, ModelView):
            continue
        yield view.permission, True, Place(view.url, view.name, url_for(f"{view.endpoint}.index_view"))
        if view.can_create or view.can_edit or view.can_delete:
            yield view.edit_permission or view.permission, False, Place(f"{view.url}/…", view.name)
