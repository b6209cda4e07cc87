"""The one search box: modules register what they can find."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from core.registry import Registry


@dataclass(frozen=True)
class Hit:
    """One thing found: its name, where it opens, and a line that tells it apart from others like it."""

    label: str
    url: str
    detail: str = ""


@dataclass(frozen=True)
class Searcher:
    """`find(text, limit)` answers hits, best first; it must be fast and limited to the company in scope."""

    title: Any
    find: Callable[[str, int], Sequence[Hit]]
    permission: str
    order: int = 50


searchers: Registry[Searcher] = Registry("searchers")


def search(text: str, limit: int = 8) -> list[tuple[Any, list[Hit]]]:
    """(title, hits) of everything that the current user may see and that matches."""
    from core.security import can

    text = text.strip()
    if len(text) < 2:
        return []
    allowed = sorted((entry.order, key, entry) for key, entry in searchers.items() if can(entry.permission))
    found = [(entry.title, list(entry.find(text, limit))) for _order, _key, entry in allowed]
    return [(title, hits) for title, hits in found if hits]
