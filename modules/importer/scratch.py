"""Lists and marks of one reading that live on the disk, so that memory does not grow with the file.

SQLite's private temporary database: nobody else sees it, and it is gone when the reading is.
"""

from __future__ import annotations

import pickle
import sqlite3
from collections.abc import Iterator
from typing import Any, Generic, TypeVar

T = TypeVar("T")
_BATCH = 500


class Scratch:
    """The temporary database of one file."""

    def __init__(self) -> None:
        self.connection = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-16000", "locking_mode=EXCLUSIVE"):
            self.connection.execute(f"PRAGMA {pragma}")
        self.connection.execute("BEGIN")  # never ended: a transaction for each row would cost more than the row
        self._tables = 0

    def shelf(self) -> Shelf[Any]:
        """A new list on the disk."""
        return Shelf(self.connection, self._table("position INTEGER PRIMARY KEY, item BLOB NOT NULL"))

    def marks(self) -> Marks:
        """A new dictionary on the disk."""
        return Marks(self.connection, self._table("mark TEXT PRIMARY KEY, first INTEGER, second INTEGER",
                                                  "WITHOUT ROWID"))

    def _table(self, columns: str, options: str = "") -> str:
        self._tables += 1
        name = f"part{self._tables}"
        self.connection.execute(f"CREATE TABLE {name} ({columns}) {options}")
        return name


class Shelf(Generic[T]):
    """A list that is added to at its end; items are copies, so a changed one is put back with `replace`."""

    def __init__(self, connection: sqlite3.Connection, table: str) -> None:
        self._connection, self._table, self._size = connection, table, 0

    def append(self, item: T) -> int:
        """Its position."""
        self._connection.execute(f"INSERT INTO {self._table} VALUES (?, ?)", (self._size, _packed(item)))
        self._size += 1
        return self._size - 1

    def replace(self, position: int, item: T) -> None:
        self._connection.execute(f"UPDATE {self._table} SET item = ? WHERE position = ?", (_packed(item), position))

    def clear(self) -> None:
        self._connection.execute(f"DELETE FROM {self._table}")
        self._size = 0

    def chunk(self, start: int, size: int) -> list[T]:
        """At most `size` items from this position on."""
        found = self._connection.execute(
            f"SELECT item FROM {self._table} WHERE position >= ? ORDER BY position LIMIT ?", (start, size)).fetchall()
        return [pickle.loads(item) for (item,) in found]

    def __iter__(self) -> Iterator[T]:
        start = 0
        while found := self.chunk(start, _BATCH):
            yield from found
            start += len(found)

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, position: int) -> T:
        found = self.chunk(position if position >= 0 else self._size + position, 1)
        if not found:
            raise IndexError(position)
        return found[0]


class Marks:
    """Texts with two numbers each; the first one that is set stays."""

    def __init__(self, connection: sqlite3.Connection, table: str) -> None:
        self._connection, self._table = connection, table

    def add(self, mark: str, first: int, second: int = 0) -> None:
        """Set the mark where it is not set yet."""
        self._connection.execute(f"INSERT OR IGNORE INTO {self._table} VALUES (?, ?, ?)", (mark, first, second))

    def find(self, mark: str) -> tuple[int, int] | None:
        found: tuple[int, int] | None = self._connection.execute(
            f"SELECT first, second FROM {self._table} WHERE mark = ?", (mark,)).fetchone()
        return found

    def remove(self, mark: str) -> None:
        self._connection.execute(f"DELETE FROM {self._table} WHERE mark = ?", (mark,))

    def __contains__(self, mark: object) -> bool:
        return isinstance(mark, str) and self.find(mark) is not None


def _packed(item: Any) -> bytes:
    return pickle.dumps(item, pickle.HIGHEST_PROTOCOL)
