"""What the simulator must not forget: SQLite, in the given folder or in memory; committed before it answers."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.simulators import store as base

SCHEMA = """
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


class Store(base.Store):
    """The tables of this simulator."""

    FORGOTTEN = ("login", "expired", "taxpayer", "point_of_sale", "document")

    def __init__(self, folder: Path | None) -> None:
        super().__init__(folder, "arca", SCHEMA)

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
