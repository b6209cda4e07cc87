"""Tables as rows of plain JSON and back: the same text whichever database wrote it, so that one moves to another.

Moments are ISO 8601 in UTC, JSON columns their text, bytes base64.
"""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

CHUNK = 2000
Convert = Callable[[Any], Any]


def reflected(connection: sa.Connection) -> sa.MetaData:
    """Every table that is in the database, whatever modules are switched on; but alembic's own."""
    metadata, indexes = sa.MetaData(), _search_indexes(connection)
    metadata.reflect(bind=connection, only=lambda name, _metadata: name != "alembic_version" and not name.startswith(
        indexes))
    return metadata


def _search_indexes(connection: sa.Connection) -> tuple[str, ...]:
    """SQLite's virtual tables, which triggers fill from others, are no data; nor what begins with their names."""
    if connection.dialect.name != "sqlite":
        return ()
    return tuple(connection.scalars(sa.text("SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE VIRTUAL TABLE%'")))


def columns_of(table: sa.Table) -> list[str]:
    """The columns that hold data of their own."""
    return [column.name for column in table.columns if column.computed is None]


def read_rows(connection: sa.Connection, table: sa.Table) -> Iterator[list[Any]]:
    """The rows as lists of what JSON can hold, in the order of their key; a few at a time in memory."""
    columns = [table.c[name] for name in columns_of(table)]
    as_text = sa.cast if connection.dialect.name == "postgresql" else sa.type_coerce
    # JSON as its own text: read as values, NULL and the JSON value null would become the same
    chosen = [as_text(column, sa.Text) if isinstance(column.type, sa.JSON) else column for column in columns]
    statement = sa.select(*chosen).order_by(*table.primary_key.columns)
    writers = [_writer(column) for column in columns]
    result = connection.execution_options(stream_results=True, yield_per=CHUNK).execute(statement)
    for row in result:
        yield _convert(writers, row)


def _convert(converters: Sequence[Convert | None], values: Sequence[Any]) -> list[Any]:
    return [convert(value) if convert and value is not None else value
            for convert, value in zip(converters, values, strict=True)]


def _writer(column: sa.Column) -> Convert | None:
    if isinstance(column.type, sa.DateTime):
        return _write_moment
    if isinstance(column.type, (sa.Date, sa.Time)):
        return lambda value: value.isoformat()
    if isinstance(column.type, sa.LargeBinary):
        return lambda value: base64.b64encode(value).decode()
    if isinstance(column.type, (sa.Integer, sa.String, sa.Boolean, sa.JSON)):
        return None
    return str


def _write_moment(value: dt.datetime) -> str:
    aware = value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)
    return aware.isoformat()


def write_rows(connection: sa.Connection, table: sa.Table, names: list[str], rows: Iterator[list[Any]]) -> int:
    """Insert rows that `read_rows` made; how many."""
    columns = [table.c[name] for name in names]
    if connection.dialect.name == "postgresql":
        return _copy(connection, table, columns, rows)
    readers = [_sqlite_reader(column) for column in columns]
    marks = ", ".join("?" * len(names))
    quoted = ", ".join(f'"{name}"' for name in names)
    insert, count = f'INSERT INTO "{table.name}" ({quoted}) VALUES ({marks})', 0
    for chunk in _chunks(rows):
        values = [tuple(_convert(readers, row)) for row in chunk]
        connection.exec_driver_sql(insert, values)
        count += len(values)
    return count


def _copy(connection: sa.Connection, table: sa.Table, columns: list[sa.Column], rows: Iterator[list[Any]]) -> int:
    driver = connection.connection.driver_connection
    assert driver is not None
    readers = [base64.b64decode if isinstance(column.type, sa.LargeBinary) else None for column in columns]
    quoted, count = ", ".join(f'"{column.name}"' for column in columns), 0
    with driver.cursor() as cursor, cursor.copy(f'COPY "{table.name}" ({quoted}) FROM STDIN') as copy:
        for row in rows:
            copy.write_row(_convert(readers, row))
            count += 1
    return count


def _chunks(rows: Iterator[list[Any]]) -> Iterator[list[list[Any]]]:
    chunk: list[list[Any]] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _sqlite_reader(column: sa.Column) -> Convert | None:
    """From the archive's text to what SQLAlchemy keeps in SQLite."""
    if isinstance(column.type, sa.DateTime):
        return lambda value: dt.datetime.fromisoformat(value).strftime("%Y-%m-%d %H:%M:%S.%f")
    if isinstance(column.type, sa.LargeBinary):
        return base64.b64decode
    if isinstance(column.type, sa.Boolean):
        return int
    if isinstance(column.type, sa.Numeric):
        return lambda value: str(Decimal(value))
    return None
