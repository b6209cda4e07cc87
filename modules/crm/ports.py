"""What other modules tell of a customer: events for his history."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from core.registry import Registry


@dataclass(frozen=True)
class Happening:
    """One line of a customer's history, in words that can be read aloud.

    `at` is a moment in UTC, or a day where no hour is known; `who` is a person, "" where it came by itself.
    """

    at: dt.datetime | dt.date
    what: str
    detail: str = ""
    who: str = ""
    reason: str = ""
    url: str = ""
    # ok, warn, bad, info, mute
    tone: str = "mute"


class Story(Protocol):
    """What a module knows of a customer."""

    # of who may read it
    permission: str

    def of(self, customer: Any, limit: int) -> Sequence[Happening]:
        """The newest happenings, at most `limit`, with a fixed number of selects."""


stories: Registry[Story] = Registry("stories")
