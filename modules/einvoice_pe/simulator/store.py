"""What the simulator must not forget: SQLite, in the given folder or in memory; committed before it answers."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.simulators import store as base

SCHEMA = """
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


class Store(base.Store):
    """The tables of this simulator."""

    FORGOTTEN = ("document", "voiding", "meta")

    def __init__(self, folder: Path | None) -> None:
        super().__init__(folder, "nubefact", SCHEMA)

    def insert(self, table: str, row: Mapping[str, Any]) -> None:
        names = ", ".join(row)
        marks = ", ".join("?" * len(row))
        self.rows(f"INSERT OR REPLACE INTO {table} ({names}) VALUES ({marks})", *row.values())

    def document(self, route: str, kind: Any, series: Any, number: Any) -> sqlite3.Row | None:
        """A document of an account by type, series and number."""
        return self.row("SELECT * FROM document WHERE route = ? AND kind = ? AND series = ? AND number = ?", route,
                        kind, series, number)

    def forget(self) -> None:
        """Back to the start: no documents; accounts stay, as certificates do elsewhere, and are good again."""
        super().forget()
        self.rows("UPDATE account SET suspended = 0")
