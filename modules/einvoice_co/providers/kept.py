"""What a simulator must not forget: JSON by kind and key in SQLite, in the given folder or in memory."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SCHEMA = """PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;
CREATE TABLE IF NOT EXISTS kept (kind TEXT, owner TEXT, key TEXT, place INTEGER, value TEXT NOT NULL,
    PRIMARY KEY (kind, owner, key)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS kept_place ON kept (kind, owner, place);"""


class Kept:
    """One connection for all threads, one writer at a time; `owner` is a company of the provider."""

    def __init__(self, folder: Path | None, name: str) -> None:
        self._lock = threading.RLock()
        path = str(folder / f"{name}.sqlite") if folder else ":memory:"
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.executescript(SCHEMA)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """A transaction, committed when the block ends well; nobody else reads or writes meanwhile."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def get(self, kind: str, owner: str, key: str) -> Any:
        """What is kept under the key, None where nothing is."""
        with self._lock:
            row = self._db.execute("SELECT value FROM kept WHERE kind = ? AND owner = ? AND key = ?",
                                   (kind, owner, key)).fetchone()
        return json.loads(row[0]) if row else None

    def put(self, kind: str, owner: str, key: str, value: Any) -> None:
        """Keep it, in its place among the others: behind all of them where it is new."""
        with self._lock:
            row = self._db.execute("SELECT place FROM kept WHERE kind = ? AND owner = ? AND key = ?",
                                   (kind, owner, key)).fetchone()
            place = row[0] if row else self._next(kind, owner)
            self._db.execute("INSERT OR REPLACE INTO kept VALUES (?, ?, ?, ?, ?)",
                             (kind, owner, key, place, json.dumps(value)))

    def _next(self, kind: str, owner: str) -> int:
        return int(self._db.execute("SELECT COALESCE(MAX(place), 0) + 1 FROM kept WHERE kind = ? AND owner = ?",
                                    (kind, owner)).fetchone()[0])

    def delete(self, kind: str, owner: str, key: str) -> None:
        """Forget one."""
        with self._lock:
            self._db.execute("DELETE FROM kept WHERE kind = ? AND owner = ? AND key = ?", (kind, owner, key))

    def all(self, kind: str, owner: str | None = None) -> list[Any]:
        """All of a kind, in order."""
        where, values = ("", (kind,)) if owner is None else (" AND owner = ?", (kind, owner))
        with self._lock:
            rows = self._db.execute(f"SELECT value FROM kept WHERE kind = ?{where} ORDER BY owner, place",
                                    values).fetchall()
        return [json.loads(row[0]) for row in rows]

    def count(self, kind: str) -> int:
        """How many of a kind there are."""
        with self._lock:
            return int(self._db.execute("SELECT COUNT(*) FROM kept WHERE kind = ?", (kind,)).fetchone()[0])

    def forget(self) -> None:
        """Back to the start."""
        with self._lock:
            self._db.execute("DELETE FROM kept")
