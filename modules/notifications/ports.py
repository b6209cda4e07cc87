"""What other modules register here: kinds of notice, and channels to send them over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from core.errors import Rejected
from core.mail import Attachment
from core.registry import Registry


@dataclass(frozen=True)
class Kind:
    """A kind of notice. `placeholders` are name -> what it is; `sample` shows one in the editor.

    `transactional`: it belongs to the service (invoice, receipt, cut-off) and is sent even to who unsubscribed.
    """

    code: str
    title: Any
    placeholders: Mapping[str, Any]
    subject: Mapping[str, str]
    body: Mapping[str, str]
    sample: Mapping[str, str] = field(default_factory=dict)
    transactional: bool = True


@dataclass(frozen=True)
class Letter:
    """A message ready to be handed over; holds no database object."""

    message_id: int
    company: str
    address: str
    name: str
    subject: str
    body: str
    language: str
    color: str = "#0f766e"
    attachments: Sequence[Attachment] = ()
    unsubscribe_url: str = ""
    # the second time a person has it sent, it must not be taken for a copy of the first
    sending: int = 1


class Sender(Protocol):
    """An open way to one service for one company. Sending raises Unavailable, Rejected or Unknown.

    `repeatable`: handing the same letter over twice has the effect of once, so a lost answer needs no care.
    """

    repeatable: bool
    per_minute: int

    def open(self) -> None:
        """Connect; Unavailable or Rejected where it cannot."""

    def send(self, letter: Letter) -> tuple[str, str]:
        """(the service's answer, its id of the message)."""

    def close(self) -> None: ...


class Channel(Protocol):
    """A way to reach customers: email, and later sms, push, whatsapp."""

    title: Any
    has_subject: bool

    def addresses(self, customer_ids: Sequence[int]) -> dict[int, str]:
        """Where to reach each customer; those without are left out."""

    def check(self, address: str) -> str:
        """The address in its normal form; DomainError where it is none."""

    def correct(self, customer_id: int, old: str, new: str) -> None:
        """Put the right address in place of the wrong one at the customer."""

    def sender(self) -> Sender:
        """A sender of the company in scope; nothing is connected yet."""

    def is_bad_address(self, refusal: Rejected) -> bool:
        """True where this refusal means that the address itself is bad."""


kinds: Registry[Kind] = Registry("notice_kinds")
channels: Registry[Channel] = Registry("channels")


def kind(code: str, title: Any, placeholders: Mapping[str, Any], *, subject: Mapping[str, str],
         body: Mapping[str, str], sample: Mapping[str, str] | None = None, transactional: bool = True) -> Kind:
    """Declare a kind of notice in a module's notices.py; texts per language, Spanish at least."""
    return kinds.register(code, Kind(code, title, dict(placeholders), dict(subject), dict(body), dict(sample or {}),
                                     transactional))
