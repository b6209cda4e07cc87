"""How routers of a kind are spoken to: drivers, found in `drivers/`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from core.registry import Registry


@dataclass(frozen=True)
class Access:
    """A router for the time of a session: where it is, who we are, how it encrypts. The password is never shown."""

    host: str
    port: int
    username: str
    password: str = field(repr=False)
    tls: str = "tls_pinned"
    # SHA-256 of its certificate, "" before the first contact
    fingerprint: str = ""
    ca: str = ""
    encoding: str = "utf-8"
    cut_list: str = "abona-cut"
    cut_profile: str = "abona-cut"
    cut_limit: str = "64k/64k"
    has_ipv6: bool = False
    sets_speed: bool = False


@dataclass(frozen=True)
class About:
    """What a router says it is. `fingerprint` is that of the certificate it showed now, "" without one."""

    identity: str
    serial: str
    version: str
    board: str
    fingerprint: str = ""
    # what a person should know: an old version, no encryption
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Wanted:
    """What a connection should be. `state`: on, cut, gone; `speed`: "up/down" in kb/s, "" where nobody said."""

    connection_id: int
    mark: str
    method: str
    key: str
    state: str
    speed: str = ""
    plan: str = ""
    address: str = ""
    address6: str = ""
    # the user name that may have this address, where it is known
    user: str = ""
    former: Mapping[str, str] = field(default_factory=dict)
    # what was proved by the last reading, "" where nothing was
    applied: str = ""
    # sessions that were to be thrown off when somebody wrote here last, with commas between; or that what it had open
    # was to be closed
    kick: str = ""
    # codes of plans may be alike in the letters that a router takes: this tells them apart
    plan_id: int = 0


@dataclass(frozen=True)
class Step:
    """Something to write: one command for one or many connections. `words` are for the log: without secrets."""

    action: str
    path: str
    values: Mapping[str, str]
    # ids of rows of this session, one for each connection; none for what is added
    ids: tuple[str, ...]
    connection_ids: tuple[int, ...]
    words: str
    # what stood there before, to be kept: by connection
    former: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    # sessions that must be thrown off after it, by connection: kept too, until that was answered
    sessions: Mapping[int, str] = field(default_factory=dict)
    # one for each connection, where what it has open now is closed: which that is, is read when this is done
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True)
class Seen:
    """What was read: by connection what it is (on, cut, gone, ""), its speed, and what is in the way."""

    applied: Mapping[int, str]
    speeds: Mapping[int, str]
    differences: Mapping[int, str]
    strays: Sequence[Mapping[str, str]] = ()
    # of those that should be there: how many are not, and whether all that are there are off
    missing: int = 0
    all_off: bool = False
    # by connection the address that somebody is connected with now; of one address there is one
    sessions: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Found:
    """A thing on a router that a contract may hang on."""

    method: str
    key: str
    address: str = ""
    comment: str = ""
    detail: str = ""
    is_off: bool = False


class Session(Protocol):
    """An open session. Rejected, Unavailable and Unknown end it; Unknown means that a write may have been done."""

    def about(self) -> About:
        """What the router is."""

    def plan(self, wanted: Sequence[Wanted]) -> tuple[Seen, list[Step]]:
        """Read the router once, and what would have to be written: restores first, then cuts."""

    def apply(self, step: Step) -> dict[int, str]:
        """Write a step; by connection why it was refused. What is done already counts as done."""

    def found(self) -> list[Found]:
        """Everything that contracts may hang on."""

    def used_addresses(self) -> set[str]:
        """Addresses that somebody has on this router, itself too."""


class Driver(Protocol):
    """Routers of one kind. `methods` are codes of words.METHODS; a manual one has no sessions: a person does it."""

    title: Any
    methods: Sequence[str]
    manual: bool
    # (name, kind) of the settings that its form asks for; kinds: text, secret, number, tls
    fields: Sequence[tuple[str, str]]

    def open(self, access: Access, beat: Callable[[], None] = lambda: None) -> AbstractContextManager[Session]:
        """Log in. Unavailable where it cannot be reached, Rejected (with a code of words.CURES) where it refuses.

        `beat` is called with each sentence: it holds on to the router, and raises where somebody else has it by now.
        """

    def script(self, access: Access, allowed: Sequence[str], portal: str) -> str:
        """What a person applies once, so that cut subscribers see the notice and may pay; "" where there is none."""


drivers: Registry[Driver] = Registry("drivers")
