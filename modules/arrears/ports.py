"""What other modules add: groups in which a cut-off goes ahead, and lines of the story of a service."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from core.registry import Registry


@dataclass(frozen=True)
class TimelineEvent:
    """Something that happened to a service, in words a subscriber understands.

    `at` is aware, in UTC; `who` is a person or "" where it came by itself; `link` opens more, for staff; tone: ok,
    warn, bad, info, mute.
    """

    at: dt.datetime
    who: str
    words: str
    link: str = ""
    tone: str = "mute"


class Timeline(Protocol):
    """Knows what happened to a contract elsewhere: what a router answered."""

    def events(self, contract: Any) -> Sequence[TimelineEvent]:
        """In any order, with a fixed number of selects; the newest hundred are enough."""


class Stages(Protocol):
    """Divides contracts into groups that are cut one after the other: by node, by router."""

    def of(self, contract_ids: Sequence[int]) -> Mapping[int, str]:
        """The group's name by contract id; who is left out stands in a group of its own. A select or two."""


timeline: Registry[Timeline] = Registry("timeline")
stages: Registry[Stages] = Registry("stages")
