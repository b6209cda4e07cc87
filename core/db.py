"""The database: declarative base, company scope, and set-based writing that works on SQLite and PostgreSQL."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

import orjson
import sqlalchemy as sa
from flask import Flask, has_request_context, request
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import event
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    ORMExecuteState,
    Session,
    declared_attr,
    mapped_column,
    with_loader_criteria,
)
from sqlalchemy.sql import operators
from sqlalchemy.sql.util import find_tables

from core import scope, turns
from core.errors import NotFound
from core.i18n import _
from core.types import Amount, BigId, Encrypted, JSONText, Scaled, UTCDateTime

__all__ = [
    "Amount", "BigId", "CompanyScoped", "Encrypted", "JSONText", "Model", "Scaled", "UTCDateTime", "allocate_ids",
    "among", "db", "find", "init_app", "insert_new", "is_postgresql", "lock", "reading", "refresh_statistics", "secret",
    "write_rows",
]

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


# how long a transaction of SQLite waits for its turn to write
WRITE_SECONDS = 30
_reading: ContextVar[bool] = ContextVar("abona_reading", default=False)
Row = TypeVar("Row", bound="Model")


class Base(DeclarativeBase):
    metadata = sa.MetaData(naming_convention=NAMING)


db = SQLAlchemy(model_class=Base, disable_autonaming=True)

if TYPE_CHECKING:

    class Model(Base):
        __abstract__ = True
else:
    Model = db.Model


class CompanyScoped:
    """Rows that belong to one company: filled in and filtered by the company in scope."""

    @declared_attr
    def company_id(cls) -> Mapped[int]:
        return mapped_column(sa.ForeignKey("core_company.id"), index=True)


def secret(**options: Any) -> Any:
    """An encrypted column, loaded only when read: a lost key then hurts only who needs the secret."""
    return mapped_column(Encrypted, deferred=True, **options)


def init_app(app: Flask) -> None:
    """Bind the engine; JSON columns carry Decimals and dates as text."""
    settings = app.extensions["abona"]
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database_url
    options: dict[str, Any] = {"json_serializer": dump_json}
    if not settings.is_sqlite:
        options |= {"pool_pre_ping": True, "pool_size": settings.worker_threads + 6, "max_overflow": 20}
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = options
    db.init_app(app)


def dump_json(value: Any) -> str:
    """Compact JSON; Decimals and dates become text."""
    try:
        return orjson.dumps(value, default=_plain, option=orjson.OPT_PASSTHROUGH_DATACLASS).decode()
    except TypeError:  # keys that are no text, integers of more than 64 bits
        return _encoder.encode(value)


def _plain(value: Any) -> str:
    if isinstance(value, Decimal) or hasattr(value, "isoformat"):
        return value.isoformat() if hasattr(value, "isoformat") else str(value)
    return str(value)


# made once: json.dumps with these options would make one for each value
_encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_plain)


def is_postgresql() -> bool:
    return db.engine.dialect.name == "postgresql"


def lock(statement: sa.Select) -> sa.Select:
    """FOR UPDATE on PostgreSQL; on SQLite every writing transaction is exclusive already."""
    return statement.with_for_update() if is_postgresql() else statement


def among(column: Any, values: Iterable[int] | Iterable[str]) -> sa.ColumnElement[bool]:
    """`column IN values` for many ids or codes in one parameter, whatever their number.

    PostgreSQL then uses the index, statistics or not; neither database compiles a statement per number of ids.
    """
    wanted = list(values)
    if is_postgresql():
        kind = sa.Text() if isinstance(column.type, sa.String) else sa.BigInteger()
        listed = sa.func.any(sa.bindparam(None, wanted, type_=sa.ARRAY(kind)))
        # where the column is a function, Python's == would put "any" on the left, which PostgreSQL does not know
        found: sa.ColumnElement[bool] = column.operate(operators.eq, listed)
        return found
    rows = sa.func.json_each(sa.bindparam(None, json.dumps(wanted), type_=sa.Text())).table_valued("value")
    return column.in_(sa.select(rows.c.value))


def only(model: type[Row]) -> Row:
    """The one row of this table that the company in scope has; made, with its defaults, when it is first asked for."""
    found = db.session.scalar(sa.select(model))
    if found is None:
        found = model()
        db.session.add(found)
        db.session.flush()
    return found


def find(model: type[Any], row_id: int) -> Any:
    """The row with this id in the company in scope; NotFound otherwise.

    Unlike `session.get`, it never answers with another company's row from the session.
    """
    row = db.session.scalar(sa.select(model).where(model.id == row_id))
    if row is None:
        raise NotFound(_("This record does not exist, or belongs to another company."))
    return row


# --- company scope -------------------------------------------------------------------------------------


@event.listens_for(Session, "do_orm_execute")
def _limit_to_company(state: ORMExecuteState) -> None:
    """Add the company condition to every ORM select, update and delete of company rows."""
    if state.is_column_load or scope.is_every_company():
        return
    if not (state.is_select or state.is_update or state.is_delete):
        return
    company_id = scope.company_id_or_none()
    if company_id is None:
        if _mentions_company_rows(state):
            scope.current_company_id()  # raises: such a statement needs a company
        return
    # always, since a count, a subquery or an EXISTS names no company row among what it returns
    state.statement = state.statement.options(
        with_loader_criteria(CompanyScoped, lambda cls: cls.company_id == company_id, include_aliases=True)
    )


def _mentions_company_rows(state: ORMExecuteState) -> bool:
    """Is there a company's table anywhere in the statement, subqueries included?"""
    if any(issubclass(mapper.class_, CompanyScoped) for mapper in state.all_mappers):
        return True
    statement: Any = state.statement
    named = find_tables(statement, include_joins=True, include_selects=True, include_aliases=True,
                        check_columns=True)
    scoped = {mapper.local_table for mapper in Base.registry.mappers if issubclass(mapper.class_, CompanyScoped)}
    return any(table in scoped for table in named)


@event.listens_for(Session, "before_flush")
def _fill_company(session: Session, context: Any, instances: Any) -> None:
    """New company rows get the company in scope; a row of another company is a programming error."""
    for row in session.new:
        if not isinstance(row, CompanyScoped):
            continue
        if row.company_id is None:
            row.company_id = scope.current_company_id()
        elif not scope.is_every_company() and row.company_id != scope.current_company_id():
            raise ValueError(f"{row!r} belongs to company {row.company_id}, not to the one in scope")


@contextmanager
def reading() -> Iterator[None]:
    """A block that only reads: on SQLite its transactions do not take the write lock. Ends with a rollback."""
    token = _reading.set(True)
    db.session.rollback()
    try:
        yield
    finally:
        db.session.rollback()
        _reading.reset(token)


# pages of the log (64 MB) after which SQLite carries them over: with its usual 1000 each thousand lines of a large
# import carried the same leaves of indexes over again, and the more the larger these were
LOG_PAGES = 16_000


# --- SQLite as a serious database ------------------------------------------------------------------------


@event.listens_for(sa.Engine, "connect")
def _prepare(connection: Any, record: Any) -> None:
    if type(connection).__module__.startswith("psycopg"):
        # compiling a statement that PostgreSQL believes to be long takes seconds, where its work takes a millisecond
        connection.execute("SET jit = off")
        connection.commit()
    if not hasattr(connection, "isolation_level") or "sqlite3" not in type(connection).__module__:
        return
    connection.isolation_level = None  # the driver's own BEGIN would come too late: see _begin_sqlite
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", f"busy_timeout={WRITE_SECONDS}000", "synchronous=NORMAL",
                   "cache_size=-16000", "temp_store=MEMORY", f"wal_autocheckpoint={LOG_PAGES}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


@event.listens_for(sa.Engine, "begin")
def _begin_sqlite(connection: sa.Connection) -> None:
    """Take the write lock first, so that read, add, write back never loses an update; pages only read."""
    if connection.dialect.name != "sqlite":
        return
    if _reading.get() or (has_request_context() and request.method in {"GET", "HEAD", "OPTIONS"}):
        connection.exec_driver_sql("BEGIN")
        return
    queue = turns.of(str(connection.engine.url.database))
    mine = queue.take(WRITE_SECONDS)
    if mine is None:
        raise sa.exc.OperationalError("BEGIN IMMEDIATE", {}, sqlite3.OperationalError("database is locked"))
    info = connection.info
    info["turn"] = (queue, mine)
    try:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    except BaseException:
        _next_turn(info)
        raise


@event.listens_for(sa.Engine, "commit")
@event.listens_for(sa.Engine, "rollback")
def _end_sqlite(connection: sa.Connection) -> None:
    """The next in the queue begins; it finds the lock free as soon as this transaction has really ended."""
    if connection.dialect.name == "sqlite" and not connection.invalidated:
        _next_turn(connection.info)


@event.listens_for(sa.Pool, "checkin")
def _forgotten(_connection: Any, record: Any) -> None:
    """A connection that was thrown away in the middle of its transaction."""
    _next_turn(record.info)


def _next_turn(info: dict[Any, Any]) -> None:
    queue, mine = info.pop("turn", (None, None))
    if queue is not None:
        queue.give(mine)


# --- set-based writing ---------------------------------------------------------------------------------


def allocate_ids(table: sa.FromClause, count: int) -> list[int]:
    """Reserve ids in one block, so that children know their parents without RETURNING.

    Write the rows before anything else inserts into the table in this transaction.
    """
    assert isinstance(table, sa.Table)
    if count <= 0:
        return []
    if is_postgresql():
        sequence = sa.text("SELECT nextval(pg_get_serial_sequence(:name, 'id')) FROM generate_series(1, :count)")
        return list(db.session.execute(sequence, {"name": table.name, "count": count}).scalars())
    reserved = db.session.info.setdefault("reserved_ids", {})
    last = db.session.execute(sa.select(sa.func.max(table.c.id))).scalar() or 0
    first = max(last, reserved.get(table.name, 0)) + 1
    reserved[table.name] = first + count - 1
    return list(range(first, first + count))


@event.listens_for(Session, "after_transaction_end")
def _forget_reserved(session: Session, transaction: Any) -> None:
    if transaction.parent is None:
        session.info.pop("reserved_ids", None)


def write_rows(table: sa.FromClause, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows in bulk: COPY on PostgreSQL, executemany elsewhere. All rows have the same keys."""
    assert isinstance(table, sa.Table)
    if not rows:
        return
    connection = db.session.connection()
    defaults = _missing_defaults(table, rows[0])
    columns = ", ".join(f'"{name}"' for name in [*rows[0], *defaults])
    values = _values(table, rows, connection.dialect, list(defaults.values()))
    if connection.dialect.name == "postgresql":
        _copy(connection, f'COPY "{table.name}" ({columns}) FROM STDIN', values)
        return
    # past the compiler of statements, which would cost several times what the driver does
    places = ", ".join("?" * (len(rows[0]) + len(defaults)))
    connection.exec_driver_sql(f'INSERT INTO "{table.name}" ({columns}) VALUES ({places})', list(values))


def _copy(connection: sa.Connection, statement: str, values: Iterable[Sequence[Any]]) -> None:
    driver = connection.connection.driver_connection
    assert driver is not None
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in values:
                copy.write_row(row)
    except connection.dialect.loaded_dbapi.Error as error:
        # COPY goes past SQLAlchemy: its refusals must look like those of an INSERT all the same
        raise sa.exc.DBAPIError.instance(statement, None, error, connection.dialect.loaded_dbapi.Error,
                                         dialect=connection.dialect) from error


def _values(table: sa.Table, rows: Sequence[Mapping[str, Any]], dialect: sa.Dialect,
            defaults: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
    """Each row as the driver takes it. Converted column by column, which costs a third of row by row."""
    columns = [_converted(table.c[name], [row[name] for row in rows], dialect) for name in rows[0]]
    return zip(*columns, *[[value] * len(rows) for value in defaults], strict=True)


def _converted(column: sa.Column, values: list[Any], dialect: sa.Dialect) -> list[Any]:
    """The same object (an amount, a list of taxes) is converted once; the rows keep theirs alive meanwhile."""
    convert = _converter(column, dialect)
    if convert is None:
        return values
    made = {key: None if value is None else convert(value)
            for key, value in dict(zip(map(id, values), values, strict=True)).items()}
    return list(map(made.__getitem__, map(id, values)))


def _converter(column: sa.Column, dialect: sa.Dialect) -> Any:
    """What makes a value of this column one of the driver; None where nothing is to be done."""
    if isinstance(column.type, Scaled):
        return column.type.whole
    if isinstance(column.type, sa.JSON):
        return dump_json  # both drivers take JSON as text
    return column.type.dialect_impl(dialect).bind_processor(dialect)


def _missing_defaults(table: sa.Table, names: Iterable[str]) -> dict[str, Any]:
    """Scalar Python-side defaults of columns that the rows leave out, as the ORM would fill them."""
    given, found = set(names), {}
    for column in table.columns:
        default = column.default
        if column.name in given or not isinstance(default, sa.ColumnDefault) or not default.is_scalar:
            continue
        convert = _converter(column, db.engine.dialect)
        found[column.name] = convert(default.arg) if convert and default.arg is not None else default.arg
    return found


def refresh_statistics(*models: type[Any]) -> None:
    """Have the database look anew at how its rows are spread, on which its choice of indexes rests.

    PostgreSQL does so by itself after a while, and now for these models; SQLite only when asked.
    """
    if is_postgresql():
        tables = ", ".join(model.__tablename__ for model in models)
        statements = [f"ANALYZE {tables}"] if tables else []
    else:  # a sample of each index is enough (sqlite.org/lang_analyze.html)
        statements = ["PRAGMA analysis_limit = 1000", "ANALYZE"]
    for statement in statements:
        db.session.execute(sa.text(statement))


def insert_new(table: sa.FromClause, rows: Sequence[Mapping[str, Any]], unique: Sequence[str]) -> int:
    """Insert the rows whose unique columns are not taken yet; how many were new."""
    assert isinstance(table, sa.Table)
    if not rows:
        return 0
    if is_postgresql():
        from sqlalchemy.dialects.postgresql import insert
    else:
        from sqlalchemy.dialects.sqlite import insert  # type: ignore[assignment]
    statement = insert(table).on_conflict_do_nothing(index_elements=list(unique))
    options = {"preserve_rowcount": True}
    result = db.session.connection().execute(statement, [dict(row) for row in rows], execution_options=options)
    return int(result.rowcount)
