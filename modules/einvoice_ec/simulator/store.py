"""What the simulator must not forget: SQLite, in the given folder or in memory; committed before it answers."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from core.simulators import store as base

SCHEMA = """
CREATE TABLE IF NOT EXISTS taxpayer (ruc TEXT PRIMARY KEY, data TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS comprobante (id INTEGER PRIMARY KEY AUTOINCREMENT, clave TEXT NOT NULL, ambiente TEXT,
    ruc TEXT, cod_doc TEXT, serie TEXT, secuencial TEXT, xml BLOB, ready REAL, hidden INTEGER DEFAULT 0,
    estado TEXT, fecha TEXT, mensajes TEXT, total TEXT, buyer TEXT);
CREATE INDEX IF NOT EXISTS ix_clave ON comprobante (clave);
CREATE INDEX IF NOT EXISTS ix_number ON comprobante (ruc, ambiente, cod_doc, serie, secuencial);
"""
AUTHORIZED, REFUSED = "AUTORIZADO", "NO AUTORIZADO"
ANNULLED, ANNULLING = "ANULADO", "PENDIENTE DE ANULAR"


class Store(base.Store):
    """The tables of this simulator."""

    FORGOTTEN = ("taxpayer", "comprobante")

    def __init__(self, folder: Path | None) -> None:
        super().__init__(folder, "sri", SCHEMA)

    def of_key(self, clave: str) -> list[sqlite3.Row]:
        """All that was received under a key, the oldest first."""
        return self.rows("SELECT * FROM comprobante WHERE clave = ? ORDER BY id", clave)
