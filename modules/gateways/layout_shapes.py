"""What a layout says, once it is understood: kinds of lines, their order, checks, what stands for what. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from core.i18n import _
from modules.gateways.errors import BadSetting
from modules.gateways.records import Record


class BadLayout(BadSetting):
    """A layout that cannot be used: where, what was found, what was expected."""

    def __init__(self, path: str, found: Any, expected: str) -> None:
        shown = json.dumps(found, ensure_ascii=False, default=str)
        super().__init__(_("%(path)s: found %(found)s, expected %(expected)s", path=path or "{}", found=shown[:80],
                           expected=expected), field="layout")
        self.path = path


@dataclass(frozen=True)
class Place:
    """A field of a kind of line."""

    record: str
    field: str


@dataclass(frozen=True)
class Check:
    """`left` must be what `how` says: count or sum of `right` (`batch`: since the last such line), field, account."""

    text: str
    left: Place
    how: str
    right: Place
    batch: bool = False


@dataclass(frozen=True)
class Spoken:
    """A field whose words mean something to us; "*" is for all others, without it they stand for themselves."""

    place: Place
    words: Mapping[str, str] = field(default_factory=dict)

    def of(self, word: str) -> str | None:
        """Ours for theirs; None where the table does not know it."""
        return self.words.get(word, self.words.get("*"))


@dataclass(frozen=True)
class Source:
    """Where the value of a field comes from when a file is written; `constant` where it always is the same.

    A setting of the account without `default` must be there.
    """

    name: str = ""
    constant: str | None = None
    default: str | None = None
    cut: int = 0
    digits: bool = False
    words: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Kind:
    """A kind of line. `record` where its fields have fixed widths."""

    code: str
    name: str
    fields: tuple[str, ...]
    record: Record | None = None


@dataclass(frozen=True)
class Layout:
    """A layout that was proved to make sense."""

    name: str
    direction: str
    kinds: Mapping[str, Kind]
    detail: str
    order: Mapping[str, tuple[str, ...]]
    checks: tuple[Check, ...]
    unique: tuple[Place, ...]
    fields: Mapping[str, tuple[Place, ...]]
    spoken: Mapping[str, Spoken]
    fill: Mapping[str, Mapping[str, Source]]
    required: tuple[str, ...]
    formats: Mapping[str, str]
    settings: Mapping[str, Any]

    @property
    def is_fixed(self) -> bool:
        return "length" in self.settings

    @property
    def confirmed(self) -> bool:
        return bool(self.settings.get("confirmed", True))

    @property
    def encoding(self) -> str:
        return str(self.settings.get("encoding", "latin-1"))

    @property
    def decimals(self) -> int:
        return int(self.settings.get("amount_decimals", 2))

    @property
    def has_trailer(self) -> bool:
        """Does the file itself tell whether it is whole?"""
        return any(check.how in ("count", "sum") for check in self.checks)

    @cached_property
    def summed(self) -> frozenset[Place]:
        """Fields that hold amounts."""
        named = {place for key in ("amount", "fee", "withheld") for place in self.fields.get(key, ())}
        return frozenset(named | {place for check in self.checks if check.how == "sum"
                                  for place in (check.left, check.right)})
