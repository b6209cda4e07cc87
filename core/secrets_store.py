"""All encrypted columns of the installation: rotating their key, and proving that they can be read."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from core import crypto
from core.db import Base, db
from core.types import Encrypted


def encrypted_columns() -> Iterator[tuple[sa.Table, sa.Column]]:
    """Every column of type Encrypted, of all enabled modules."""
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, Encrypted):
                yield table, column


def rotate_all() -> tuple[int, int]:
    """Re-encrypt every secret under the newest key: (done, unreadable)."""
    done = unreadable = 0
    for table, column in encrypted_columns():
        for row_id, token in _tokens(table, column):
            try:
                fresh = crypto.rotate(token)
            except Exception:
                unreadable += 1
                continue
            raw = sa.text(f'UPDATE "{table.name}" SET "{column.name}" = :fresh WHERE id = :id')
            db.session.execute(raw, {"fresh": fresh, "id": row_id})
            done += 1
    return done, unreadable


def unreadable() -> list[str]:
    """table.column of the secrets that no key opens."""
    bad = []
    for table, column in encrypted_columns():
        for _row_id, token in _tokens(table, column):
            try:
                crypto.decrypt(token)
            except crypto.SecretUnreadable:
                bad.append(f"{table.name}.{column.name}")
                break
    return bad


def _tokens(table: sa.Table, column: sa.Column) -> list[tuple[int, str]]:
    raw = sa.text(f'SELECT id, "{column.name}" FROM "{table.name}" WHERE "{column.name}" IS NOT NULL')
    return [(row[0], row[1]) for row in db.session.execute(raw)]
