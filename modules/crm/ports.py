"""What other modules tell of a customer: events for his history, the state of his service, what still binds him."""

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


class ServiceState(Protocol):
    """What a module that serves customers knows of a customer's service."""

    def state(self, customer_id: int) -> str:
        """"active" or "cut" (held back for debt or by hand); "" where it serves him nothing. One select."""


service_states: Registry[ServiceState] = Registry("service_states")


def service_of(customer_id: int) -> str:
    """"cut" where any service is, else "active"; "" where nobody serves him."""
    told = {one.state(customer_id) for _key, one in service_states.items()}
    return "cut" if "cut" in told else "active" if "active" in told else ""


@dataclass(frozen=True)
class Bond:
    """Why a customer cannot leave yet, in words that end a sentence, and the tab of his page where that is ended."""

    words: str
    tab: str


class Bonds(Protocol):
    """What a module still has with a customer."""

    def of(self, customer_id: int) -> Sequence[Bond]:
        """Nothing where he may leave. One select."""


bonds: Registry[Bonds] = Registry("bonds")


def bonds_of(customer_id: int) -> list[Bond]:
    """Everything that keeps a customer from becoming a former one."""
    return [bond for _key, one in bonds.items() for bond in one.of(customer_id)]
