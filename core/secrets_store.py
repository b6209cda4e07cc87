"""All encrypted columns of the installation: rotating their key, and proving that they can be read."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from core import crypto
from core.db import Base, db
from core.types import Encrypted


def encrypted_columns() -> Iterator[tuple[sa.Table, sa.Column]]:
    """Every column of type Encrypted, of the frame and all enabled modules."""
    mappers = [mapper for mapper in Base.registry.mappers if mapper.class_.__module__.startswith(("core.", "modules."))]
    for table in sorted({mapper.local_table for mapper in mappers}, key=str):
        for column in table.columns:
            if isinstance(column.type, Encrypted):
                yield table, column  # type: ignore[misc]


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


def _tokens(table: sa.Table, column: sa.Column) -> Iterator[tuple[int, str]]:
    """(id, token) of every secret of a column, some at a time: a table of customers may be long."""
    raw = sa.text(f'SELECT id, "{column.name}" FROM "{table.name}" WHERE "{column.name}" IS NOT NULL AND id > :last '
                  "ORDER BY id LIMIT 1000")
    last = 0
    while rows := db.session.execute(raw, {"last": last}).all():
        yield from ((row[0], row[1]) for row in rows)
        last = rows[-1][0]
