"""What the simulator must not forget: SQLite, in the given folder or in memory; committed before it answers."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS taxpayer (ruc TEXT PRIMARY KEY, data TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS comprobante (id INTEGER PRIMARY KEY AUTOINCREMENT, clave TEXT NOT NULL, ambiente TEXT,
    ruc TEXT, cod_doc TEXT, serie TEXT, secuencial TEXT, xml BLOB, ready REAL, hidden INTEGER DEFAULT 0,
    estado TEXT, fecha TEXT, mensajes TEXT, total TEXT, buyer TEXT);
CREATE INDEX IF NOT EXISTS ix_clave ON comprobante (clave);
CREATE INDEX IF NOT EXISTS ix_number ON comprobante (ruc, ambiente, cod_doc, serie, secuencial);
"""
AUTHORIZED, REFUSED = "AUTORIZADO", "NO AUTORIZADO"
ANNULLED, ANNULLING = "ANULADO", "PENDIENTE DE ANULAR"
FORGOTTEN = ("taxpayer", "comprobante")


class Store:
    """One connection for all threads, one writer at a time."""

    def __init__(self, folder: Path | None) -> None:
        self._lock = threading.RLock()
        path = str(folder / "sri.sqlite") if folder else ":memory:"
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.executescript(f"PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; {SCHEMA}")

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction, committed when the block ends well; no other thread reads meanwhile."""
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

    def of_key(self, clave: str) -> list[sqlite3.Row]:
        """All that was received under a key, the oldest first."""
        return self.rows("SELECT * FROM comprobante WHERE clave = ? ORDER BY id", clave)

    def meta(self, key: str) -> Any:
        """A kept value, None where there is none."""
        found = self.rows("SELECT value FROM meta WHERE key = ?", key)
        return json.loads(found[0]["value"]) if found else None

    def set_meta(self, key: str, value: Any) -> None:
        with self.writing() as db:
            db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, json.dumps(value)))

    def forget(self) -> None:
        """Back to the start; the authority's key stays, so that certificates stay good."""
        with self.writing() as db:
            for table in FORGOTTEN:
                db.execute(f"DELETE FROM {table}")
            db.execute("DELETE FROM meta WHERE key = 'config'")
