"""What an authority or a provider can answer about one document."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from modules.einvoice.files import Kept


@dataclass(frozen=True)
class Yes:
    """Authorised, or cancelled where that was asked for: `code` is what proves it.

    `data` is added to the document's, `files` are kept with it.
    """

    code: str
    valid_until: dt.date | None = None
    response: dict[str, Any] = field(default_factory=dict)
    observations: list[dict[str, str]] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)
    files: tuple[Kept, ...] = ()


@dataclass(frozen=True)
class No:
    """Refused: [{"code", "message"}], the cause first. `used_up`: its number cannot be sent again.

    `files` prove the refusal and are kept with the document, aside.
    """

    problems: list[dict[str, str]]
    response: dict[str, Any] = field(default_factory=dict)
    used_up: bool = False
    files: tuple[Kept, ...] = ()


@dataclass(frozen=True)
class Wait:
    """Received, not decided yet: ask again after so many seconds. `text`: what the authority said, for people."""

    seconds: float
    text: str = ""
    response: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Signed:
    """Signed, and valid to hand over; the authority has not decided: ask again after so many seconds.

    `code` is what proves it; `text` what is said of the authority meanwhile, for people.
    """

    code: str
    seconds: float
    text: str = ""
    response: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    files: tuple[Kept, ...] = ()


@dataclass(frozen=True)
class Taken:
    """Somebody else's document has the number: ours gets the next one. `text` tells people, `alarm`: before it does."""

    text: str
    alarm: bool = False


Verdict = Yes | No | Wait
Answer = Verdict | Signed
