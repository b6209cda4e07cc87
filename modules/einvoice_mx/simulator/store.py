"""What the simulator must not forget: SQLite, in the given folder or in memory; committed before it answers."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS taxpayer (rfc TEXT PRIMARY KEY, data TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS activated (rfc TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS cfdi (uuid TEXT PRIMARY KEY, sello TEXT UNIQUE NOT NULL, rfc TEXT, receiver TEXT, total TEXT,
    kind TEXT, serie TEXT, folio TEXT, related TEXT, stamped_at REAL, xml BLOB, sent INTEGER DEFAULT 1,
    motive TEXT DEFAULT '', substitute TEXT DEFAULT '', requested_at REAL, decision TEXT DEFAULT '', decided_at REAL);
"""


class Store:
    """One connection for all threads, one writer at a time."""

    def __init__(self, folder: Path | None) -> None:
        self._lock = threading.RLock()
        path = str(folder / "facturacion_moderna.sqlite") if folder else ":memory:"
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.row_factory = sqlite3.Row
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

    def taxpayer(self, rfc: str) -> dict[str, Any] | None:
        """Who is registered under an RFC."""
        found = self.row("SELECT data FROM taxpayer WHERE rfc = ?", rfc)
        return dict(json.loads(found["data"])) if found else None

    def add_taxpayer(self, rfc: str, data: Mapping[str, Any]) -> None:
        with self.writing() as db:
            db.execute("INSERT OR REPLACE INTO taxpayer VALUES (?, ?)", (rfc, json.dumps(data, ensure_ascii=False)))

    def activate(self, rfc: str) -> None:
        """The PAC may cancel for this issuer from now on."""
        with self.writing() as db:
            db.execute("INSERT OR IGNORE INTO activated VALUES (?)", (rfc,))

    def is_activated(self, rfc: str) -> bool:
        return self.row("SELECT 1 FROM activated WHERE rfc = ?", rfc) is not None

    def by_seal(self, sello: str) -> sqlite3.Row | None:
        return self.row("SELECT * FROM cfdi WHERE sello = ?", sello)

    def cfdi(self, uuid: str) -> sqlite3.Row | None:
        return self.row("SELECT * FROM cfdi WHERE uuid = ?", uuid.upper())

    def add(self, values: Mapping[str, Any]) -> None:
        """A stamped document; its UUID and its seal are unique."""
        names = ", ".join(values)
        with self.writing() as db:
            db.execute(f"INSERT INTO cfdi ({names}) VALUES ({', '.join('?' * len(values))})", tuple(values.values()))

    def change(self, uuid: str, **values: Any) -> None:
        with self.writing() as db:
            db.execute(f"UPDATE cfdi SET {', '.join(f'{name} = ?' for name in values)} WHERE uuid = ?",
                       (*values.values(), uuid.upper()))

    def related_to(self, uuid: str) -> list[sqlite3.Row]:
        """Documents that refer to this one: [{"relation", "uuid"}, …] of each is in `related`."""
        return self.rows("SELECT * FROM cfdi WHERE related LIKE ?", f"%{uuid.upper()}%")

    def forget(self) -> None:
        """Back to the start."""
        with self.writing() as db:
            for table in ("meta", "taxpayer", "activated", "cfdi"):
                db.execute(f"DELETE FROM {table}")
