"""Filling a whole database: emptied, and without foreign keys while rows come in any order; all are proved after."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from core.db import db, is_postgresql
from core.errors import DomainError
from core.i18n import _


def drop_everything() -> None:
    """Drop every table, whatever module it belonged to."""
    db.session.remove()
    with foreign_keys_off(db.engine.connect()) as connection, connection.begin():
        for name in sa.inspect(connection).get_table_names():
            connection.exec_driver_sql(f'DROP TABLE IF EXISTS "{name}"' + (" CASCADE" if is_postgresql() else ""))


@contextmanager
def without_foreign_keys() -> Iterator[sa.Connection]:
    """One transaction in which rows may come in any order. At its end every foreign key must hold, or all is undone."""
    with foreign_keys_off(db.engine.connect()) as connection, connection.begin():
        if not is_postgresql():
            yield connection
            _prove_sqlite(connection)
            return
        keys = connection.execute(sa.text(
            "SELECT conrelid::regclass::text AS place, quote_ident(conname) AS name, pg_get_constraintdef(oid) AS rule "
            "FROM pg_constraint WHERE contype = 'f' AND connamespace = current_schema()::regnamespace")).all()
        for key in keys:
            connection.exec_driver_sql(f"ALTER TABLE {key.place} DROP CONSTRAINT {key.name}")
        yield connection
        for key in keys:
            connection.exec_driver_sql(f"ALTER TABLE {key.place} ADD CONSTRAINT {key.name} {key.rule}")


@contextmanager
def foreign_keys_off(connection: sa.Connection) -> Iterator[sa.Connection]:
    """The connection, closed at the end, with SQLite's foreign keys off: rebuilding a table needs it.

    They can only be switched outside a transaction, and must be on again before the next one uses the connection.
    """
    raw: Any = connection.connection.driver_connection
    with connection:
        if connection.dialect.name == "sqlite":
            raw.execute("PRAGMA foreign_keys=OFF")
        try:
            yield connection
        finally:
            if connection.in_transaction():
                connection.rollback()
            if connection.dialect.name == "sqlite":
                raw.execute("PRAGMA foreign_keys=ON")


def _prove_sqlite(connection: sa.Connection) -> None:
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if broken is not None:
        raise DomainError(_("This backup cannot be restored because a row of %(table)s points to a row of %(target)s "
                            "that is not there.", table=broken[0], target=broken[2]))


def mend_sequences(connection: sa.Connection, tables: Iterable[sa.Table]) -> None:
    """Let PostgreSQL go on counting after the ids that were brought in."""
    if not is_postgresql():
        return
    for table in tables:
        key = list(table.primary_key.columns)
        name = _sequence_of(connection, key[0]) if len(key) == 1 else None
        if name:
            last = connection.execute(sa.select(sa.func.max(key[0]))).scalar()
            connection.execute(sa.text("SELECT setval(:name, :last, :used)"),
                               {"name": name, "last": last or 1, "used": last is not None})


def _sequence_of(connection: sa.Connection, column: sa.Column) -> str | None:
    return connection.execute(sa.text("SELECT pg_get_serial_sequence(:table, :column)"),
                              {"table": f'"{column.table.name}"', "column": column.name}).scalar()
