"""What the simulator must not forget: SQLite, in the given folder or in memory; committed before it answers."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS account (route TEXT PRIMARY KEY, token TEXT, ruc TEXT, name TEXT, address TEXT, series TEXT,
    mode TEXT, suspended INTEGER);
CREATE TABLE IF NOT EXISTS document (key TEXT PRIMARY KEY, route TEXT, kind INTEGER, series TEXT, number INTEGER,
    unique_code TEXT, request TEXT, created REAL, hash TEXT, qr TEXT, code TEXT, description TEXT, note TEXT,
    asked INTEGER DEFAULT 0, foreign_program INTEGER DEFAULT 0, voided INTEGER DEFAULT 0,
    UNIQUE (route, kind, series, number));
CREATE INDEX IF NOT EXISTS document_unique ON document (route, unique_code);
CREATE TABLE IF NOT EXISTS voiding (document TEXT PRIMARY KEY, ticket TEXT, number INTEGER, reason TEXT,
    asked INTEGER DEFAULT 0, accepted INTEGER DEFAULT 0);
"""


class Store:
    """One connection for all threads; `lock` is held for a whole operation."""

    def __init__(self, folder: Path | None) -> None:
        self.lock = threading.RLock()
        path = str(folder / "nubefact.sqlite") if folder else ":memory:"
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.executescript(f"PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; {SCHEMA}")

    def run(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        """Run a statement; the rows it gives."""
        with self.lock:
            return self._db.execute(sql, values).fetchall()

    def one(self, sql: str, *values: Any) -> sqlite3.Row | None:
        found = self.run(sql, *values)
        return found[0] if found else None

    def insert(self, table: str, row: Mapping[str, Any]) -> None:
        names = ", ".join(row)
        marks = ", ".join("?" * len(row))
        self.run(f"INSERT OR REPLACE INTO {table} ({names}) VALUES ({marks})", *row.values())

    def meta(self, key: str) -> Any:
        found = self.one("SELECT value FROM meta WHERE key = ?", key)
        return json.loads(found["value"]) if found else None

    def set_meta(self, key: str, value: Any) -> None:
        self.insert("meta", {"key": key, "value": json.dumps(value)})

    def document(self, route: str, kind: Any, series: Any, number: Any) -> sqlite3.Row | None:
        """A document of an account by type, series and number."""
        return self.one("SELECT * FROM document WHERE route = ? AND kind = ? AND series = ? AND number = ?", route,
                        kind, series, number)

    def forget(self) -> None:
        """Back to the start: no documents; accounts stay, as certificates do elsewhere."""
        with self.lock:
            for table in ("document", "voiding", "meta"):
                self.run(f"DELETE FROM {table}")
            self.run("UPDATE account SET suspended = 0")
