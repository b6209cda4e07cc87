"""What the simulator must not forget: SQLite, in the given folder or in memory; committed before it answers."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.simulators import store as base

SCHEMA = """
CREATE TABLE IF NOT EXISTS taxpayer (rfc TEXT PRIMARY KEY, data TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS activated (rfc TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS cfdi (uuid TEXT PRIMARY KEY, sello TEXT UNIQUE NOT NULL, rfc TEXT, receiver TEXT, total TEXT,
    kind TEXT, serie TEXT, folio TEXT, related TEXT, stamped_at REAL, xml BLOB, sent INTEGER DEFAULT 1,
    motive TEXT DEFAULT '', substitute TEXT DEFAULT '', requested_at REAL, decision TEXT DEFAULT '', decided_at REAL);
"""


class Store(base.Store):
    """The tables of this simulator."""

    FORGOTTEN = ("meta", "taxpayer", "activated", "cfdi")

    def __init__(self, folder: Path | None) -> None:
        super().__init__(folder, "facturacion_moderna", SCHEMA)

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
