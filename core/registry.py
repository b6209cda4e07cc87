"""The one class behind every port: things registered under a key, found by it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class DuplicateKey(Exception):
    """Two entries claim the same key."""


class UnknownKey(LookupError):
    """No entry has this key; the message lists those that exist."""


class Registry(Generic[T]):
    """A named set of entries by key; registering a key twice is refused."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._entries: dict[str, T] = {}
        all_registries[name] = self

    def register(self, key: str, entry: T) -> T:
        if key in self._entries and self._entries[key] is not entry:
            raise DuplicateKey(f"{self.name}: {key!r} is registered twice")
        self._entries[key] = entry
        return entry

    def get(self, key: str) -> T:
        try:
            return self._entries[key]
        except KeyError:
            known = ", ".join(sorted(self._entries)) or "none"
            raise UnknownKey(f"{self.name} has no {key!r}; known: {known}") from None

    def find(self, key: str) -> T | None:
        return self._entries.get(key)

    def items(self) -> Iterator[tuple[str, T]]:
        yield from sorted(self._entries.items())

    def __contains__(self, key: object) -> bool:
        return key in self._entries

    def __len__(self) -> int:
        return len(self._entries)


all_registries: dict[str, Registry] = {}
