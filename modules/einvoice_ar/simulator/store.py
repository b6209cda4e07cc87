"""What the simulator must not forget: SQLite, in the given folder or in memory; committed before it answers."""

from __future__ import annotations

import fcntl
import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core.i18n import _

SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS permission (cuit TEXT, alias TEXT, service TEXT, represented TEXT,
    PRIMARY KEY (cuit, alias, service, represented));
CREATE TABLE IF NOT EXISTS login (cuit TEXT, alias TEXT, service TEXT, issued_at REAL NOT NULL,
    PRIMARY KEY (cuit, alias, service));
CREATE TABLE IF NOT EXISTS expired (token TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS taxpayer (cuit TEXT PRIMARY KEY, data TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS point_of_sale (cuit TEXT, number INTEGER, data TEXT NOT NULL, PRIMARY KEY (cuit, number));
CREATE TABLE IF NOT EXISTS document (cuit TEXT, point INTEGER, kind INTEGER, number INTEGER, number_to INTEGER,
    date TEXT, total TEXT, doc_kind INTEGER, doc_number INTEGER, cae TEXT, expires TEXT, processed TEXT,
    observations TEXT, detail BLOB, PRIMARY KEY (cuit, point, kind, number)) WITHOUT ROWID;
"""
COLUMNS = ("cuit", "point", "kind", "number", "number_to", "date", "total", "doc_kind", "doc_number", "cae",
           "expires", "processed", "observations", "detail")
# what a reset forgets; certificates and their permissions stay good
FORGOTTEN = ("login", "expired", "taxpayer", "point_of_sale", "document")


class Store:
    """One connection for all threads, one writer at a time."""

    def __init__(self, folder: Path | None) -> None:
        self._lock = threading.RLock()
        self._held = _only_one(folder) if folder else None
        path = str(folder / "arca.sqlite") if folder else ":memory:"
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        # NORMAL with WAL survives the death of the process, not that of the machine: enough for a simulator
        self._db.executescript(f"PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; {SCHEMA}")

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction, committed when the block ends well."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def rows(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        """All rows of a query."""
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    def row(self, sql: str, *values: Any) -> sqlite3.Row | None:
        """The first row of a query."""
        found = self.rows(sql, *values)
        return found[0] if found else None

    def meta(self, key: str) -> Any:
        """A kept value, None where there is none."""
        found = self.row("SELECT value FROM meta WHERE key = ?", key)
        return json.loads(found["value"]) if found else None

    def set_meta(self, key: str, value: Any) -> None:
        with self.writing() as db:
            db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, json.dumps(value)))

    def add_documents(self, make: Callable[[int], list[tuple[Any, ...]]]) -> None:
        """`make(how many were ever issued)` gives rows in the order of COLUMNS; all are kept, or none."""
        marks = ", ".join("?" * len(COLUMNS))
        with self.writing() as db:
            kept = db.execute("SELECT value FROM meta WHERE key = 'issued'").fetchone()
            issued = int(kept["value"]) if kept else 0
            made = make(issued)
            db.executemany(f"INSERT INTO document ({', '.join(COLUMNS)}) VALUES ({marks})", made)
            db.execute("INSERT OR REPLACE INTO meta VALUES ('issued', ?)", (str(issued + len(made)),))

    def document(self, cuit: str, point: int, kind: int, number: int) -> sqlite3.Row | None:
        """The document that has this number, also inside a lot."""
        return self.row("SELECT * FROM document WHERE cuit = ? AND point = ? AND kind = ? AND number <= ? "
                        "AND number_to >= ? ORDER BY number DESC LIMIT 1", cuit, point, kind, number, number)

    def last(self, cuit: str, point: int, kind: int) -> tuple[int, str]:
        """Last number and its date (yyyymmdd), (0, "") where there is none."""
        found = self.row("SELECT number_to, date FROM document WHERE cuit = ? AND point = ? AND kind = ? "
                         "ORDER BY number DESC LIMIT 1", cuit, point, kind)
        return (found["number_to"], found["date"]) if found else (0, "")

    def forget(self) -> None:
        """Back to the start; keys, certificates and permissions stay."""
        with self.writing() as db:
            for table in FORGOTTEN:
                db.execute(f"DELETE FROM {table}")
            db.execute("DELETE FROM meta WHERE key = 'config'")


def _only_one(folder: Path) -> Any:
    """Hold the folder: two simulators on one state would each miss the other's numbers."""
    file = (folder / "arca.lock").open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise OSError(0, _("another simulator of ARCA already uses %(folder)s", folder=folder)) from None
    return file
