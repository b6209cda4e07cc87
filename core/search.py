"""The one search box: modules register what they can find."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from core.registry import Registry


@dataclass(frozen=True)
class Hit:
    """One thing found: its name, where it opens, and a line that tells it apart from others like it."""

    label: str
    url: str
    detail: str = ""


@dataclass(frozen=True)
class Searcher:
    """`find(text, limit)` answers hits, best first; it must be fast and limited to the company in scope.

    `permission` is empty where everybody may ask. `guess` answers in the same way what may have been meant; it is asked
    only where nobody finds anything. What is shown `aside` (help) never counts as something found.
    """

    title: Any
    find: Callable[[str, int], Sequence[Hit]]
    permission: str
    order: int = 50
    guess: Callable[[str, int], Sequence[Hit]] | None = None
    aside: bool = False


searchers: Registry[Searcher] = Registry("searchers")


def search(text: str, limit: int = 8) -> list[tuple[Searcher, list[Hit]]]:
    """(searcher, hits) of everything that the current user may see and that matches."""
    from core.security import can

    text = text.strip()
    if len(text) < 2:
        return []
    allowed = [entry for _key, entry in sorted(searchers.items(), key=lambda one: (one[1].order, one[0]))
               if not entry.permission or can(entry.permission)]
    found = [(entry, list(entry.find(text, limit))) for entry in allowed]
    if not any(hits for entry, hits in found if not entry.aside):
        found = [(entry, list(entry.guess(text, limit)) if entry.guess else hits) for entry, hits in found]
    return [(entry, hits) for entry, hits in found if hits]


def sorted_after(column: Any) -> Any:
    """An order for the few rows that are found by something else.

    It keeps SQLite from walking a whole index in this order, looking for them.
    """
    return sa.func.coalesce(column, sa.null(), type_=column.type)
