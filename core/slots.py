"""Slots: places of a screen that other modules fill; the only point where the interface is composed upwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from core import modules, scope

# a line that opens its list, for "home.todo": NOTICE.format(tone, url, words); tones are ok, info, warn, bad
NOTICE = Markup('<div class="notice notice-{}" role="status"><div><a href="{}">{}</a></div></div>')


@dataclass(frozen=True)
class Slot:
    """One thing in a place: a tab, a card, an action. `render(obj)` answers Markup (empty: nothing to show)."""

    key: str
    label: Any
    render: Callable[[Any], Any]
    permission: str | None = None
    order: int = 50
    # of the module that adds it, where that one is for one country
    country: str | None = None


_places: dict[str, dict[str, Slot]] = {}


def add(place: str, key: str, label: Any, render: Callable[[Any], Any], permission: str | None = None,
        order: int = 50) -> None:
    """Put something into a place ("customer.tabs"); the same key again replaces it."""
    _places.setdefault(place, {})[key] = Slot(key, label, render, permission, order,
                                              modules.country_of(str(getattr(render, "__module__", ""))))


def entries(place: str) -> list[Slot]:
    """What the current user may see in a place, in order; what a country's module adds, only in its country."""
    from core.security import can

    found = sorted(_places.get(place, {}).values(), key=lambda slot: (slot.order, slot.key))
    country = scope.country_or_none()
    return [slot for slot in found if (slot.permission is None or can(slot.permission))
            and slot.country in (None, country)]


def render(place: str, obj: Any = None) -> Markup:
    """Everything in a place, one after the other."""
    return Markup("").join(Markup(slot.render(obj) or "") for slot in entries(place))


def places() -> dict[str, list[str]]:
    """Every place with its keys: for the documents and the tests."""
    return {place: sorted(slots) for place, slots in sorted(_places.items())}
