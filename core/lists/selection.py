"""Which rows are meant: those that were ticked, or all that fit the filters, as they were at one moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from core.errors import DomainError
from core.i18n import _
from core.lists.ask import Ask
from core.lists.declaration import List
from core.lists.query import Query

MOST_TICKED = 1000


@dataclass(frozen=True)
class Selection:
    """Ticked `ids`, or (None) everything that `args` asks for up to the id `upto`. All of it is JSON.

    "All" is the filter itself: it is asked anew, chunk by chunk, so that it costs no memory; `upto` keeps it from
    growing, and periods like "this month" were turned into days when it was made.
    """

    args: Mapping[str, Sequence[str]] = field(default_factory=dict)
    given: Mapping[str, Any] = field(default_factory=dict)
    ids: Sequence[int] | None = None
    upto: int | None = None

    def query(self, shown: List, only: Any = None) -> Query:
        """The rows that are meant, and still fit."""
        return Query(Ask.of(shown, self.args, self.given), ids=self.ids, upto=self.upto, only=only)

    def json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def load(cls, packed: Mapping[str, Any]) -> Selection:
        return cls(**packed)

    def words(self, shown: List) -> list[str]:
        """The filters in words: for the record of what was exported."""
        return [f"{one.label}: {one.say(value)}" for one, value in Ask.of(shown, self.args, self.given).filters]


def ticked(ask: Ask, ids: Sequence[str]) -> Selection:
    """The rows that were ticked on a page; DomainError for none, or for what no page offers."""
    found = sorted({int(one) for one in ids if one.isascii() and one.isdecimal() and int(one) < 2**62})
    if not found:
        raise DomainError(_("To go on you must tick at least one row."))
    if len(found) > MOST_TICKED:
        raise DomainError(_("To work on more than %(count)s rows, choose all that fit the filters.", count=MOST_TICKED))
    kept = {name: list(values) for name, values in ask.args.items() if name in ("sort", "cols", "of")}
    return Selection(lifted(ask.spec) | kept, dict(ask.given), found, None)


def lifted(shown: List) -> dict[str, list[str]]:
    """The address that lifts what the list opens on: ticked rows are meant whatever the filters say meanwhile."""
    return {name: list(values) for one in shown.filters for name, values in one.without().items() if values}


def everything(ask: Ask) -> Selection:
    """All rows that fit now; DomainError where the filters cannot be understood."""
    if ask.errors:
        raise DomainError(next(iter(ask.errors.values())))
    return Selection(ask.pack(), dict(ask.given), None, Query(ask).newest())
