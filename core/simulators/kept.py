"""What a simulator must not forget: JSON by kind and key in SQLite, in the given folder or in memory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, ClassVar

from core.simulators.store import Store

SCHEMA = """CREATE TABLE IF NOT EXISTS kept (kind TEXT, owner TEXT, key TEXT, place INTEGER, value TEXT NOT NULL,
    PRIMARY KEY (kind, owner, key)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS kept_place ON kept (kind, owner, place);"""


class Kept(Store):
    """Values by kind, owner (a company or account of the service) and key. `schema`: tables beside them.

    Kinds in STAYS (the accounts of a service) outlive the forgetting of all else.
    """

    FORGOTTEN: ClassVar[tuple[str, ...]] = ()
    STAYS: ClassVar[tuple[str, ...]] = ()

    def __init__(self, folder: Path | None, name: str, schema: str = "") -> None:
        super().__init__(folder, name, SCHEMA + schema)

    def forget(self) -> None:
        super().forget()
        with self.writing() as db:
            marks = ", ".join("?" * len(self.STAYS))
            db.execute(f"DELETE FROM kept WHERE kind NOT IN ({marks})", self.STAYS)

    def written(self, value: Any) -> str:
        """A value as text; a service of amounts takes core.exact_json's."""
        return json.dumps(value)

    def read(self, text: str) -> Any:
        """The value of a text."""
        return json.loads(text)

    def get(self, kind: str, owner: str, key: str) -> Any:
        """What is kept under the key, None where nothing is."""
        with self.lock:
            row = self._db.execute("SELECT value FROM kept WHERE kind = ? AND owner = ? AND key = ?",
                                   (kind, owner, key)).fetchone()
        return self.read(row[0]) if row else None

    def put(self, kind: str, owner: str, key: str, value: Any) -> None:
        """Keep it, in its place among the others: behind all of them where it is new."""
        with self.lock:
            row = self._db.execute("SELECT place FROM kept WHERE kind = ? AND owner = ? AND key = ?",
                                   (kind, owner, key)).fetchone()
            place = row[0] if row else self._next(kind, owner)
            self._db.execute("INSERT OR REPLACE INTO kept VALUES (?, ?, ?, ?, ?)",
                             (kind, owner, key, place, self.written(value)))

    def _next(self, kind: str, owner: str) -> int:
        return int(self._db.execute("SELECT COALESCE(MAX(place), 0) + 1 FROM kept WHERE kind = ? AND owner = ?",
                                    (kind, owner)).fetchone()[0])

    def delete(self, kind: str, owner: str, key: str) -> None:
        """Forget one."""
        with self.lock:
            self._db.execute("DELETE FROM kept WHERE kind = ? AND owner = ? AND key = ?", (kind, owner, key))

    def all(self, kind: str, owner: str | None = None) -> list[Any]:
        """All of a kind, in order."""
        where, values = ("", (kind,)) if owner is None else (" AND owner = ?", (kind, owner))
        with self.lock:
            rows = self._db.execute(f"SELECT value FROM kept WHERE kind = ?{where} ORDER BY owner, place",
                                    values).fetchall()
        return [self.read(row[0]) for row in rows]

    def count(self, kind: str) -> int:
        """How many of a kind there are."""
        with self.lock:
            return int(self._db.execute("SELECT COUNT(*) FROM kept WHERE kind = ?", (kind,)).fetchone()[0])
