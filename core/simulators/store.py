"""What a simulator must not forget: SQLite, in the given folder or in memory; committed before it answers."""

from __future__ import annotations

import fcntl
import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from core.i18n import _

META = "CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);"


class Store:
    """One connection for all threads, one writer at a time. OSError where another simulator holds the folder.

    `name` is the simulator's, `schema` its tables beside `meta`, as statements that may be repeated. FORGOTTEN are the
    tables that a reset empties: certificates and accounts mostly stay good.
    """

    FORGOTTEN: ClassVar[tuple[str, ...]] = ()

    def __init__(self, folder: Path | None, name: str, schema: str = "") -> None:
        # held by who must read and write without another in between
        self.lock = threading.RLock()
        self._held = _only_one(folder, name) if folder else None
        path = str(folder / f"{name}.sqlite") if folder else ":memory:"
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        # NORMAL with WAL survives the death of the process, not that of the machine: enough for a simulator
        self._db.executescript(f"PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; {META} {schema}")

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction, committed when the block ends well; no other thread reads meanwhile."""
        with self.lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def rows(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        """Run a statement; all rows that it gives."""
        with self.lock:
            return self._db.execute(sql, values).fetchall()

    def row(self, sql: str, *values: Any) -> sqlite3.Row | None:
        """The first row of a statement."""
        found = self.rows(sql, *values)
        return found[0] if found else None

    def meta(self, key: str) -> Any:
        """A kept value, None where there is none."""
        found = self.row("SELECT value FROM meta WHERE key = ?", key)
        return json.loads(found["value"]) if found else None

    def set_meta(self, key: str, value: Any) -> None:
        """Keep a value that JSON can hold."""
        self.rows("INSERT OR REPLACE INTO meta VALUES (?, ?)", key, json.dumps(value))

    def release(self) -> None:
        """Let another simulator have the folder."""
        if self._held is not None:
            self._held.close()

    def forget(self) -> None:
        """Back to the start, without settings."""
        with self.writing() as db:
            for table in self.FORGOTTEN:
                db.execute(f"DELETE FROM {table}")
            db.execute("DELETE FROM meta WHERE key = 'config'")


def _only_one(folder: Path, name: str) -> Any:
    """Hold the folder: two simulators on one state would each miss the other's numbers."""
    file = (folder / f"{name}.lock").open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise OSError(0, _("another simulator %(name)s already uses %(folder)s", name=name,
                           folder=folder)) from None
    return file
