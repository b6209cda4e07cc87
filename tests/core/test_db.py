"""Set-based writing, locks and transactions: the same on SQLite and PostgreSQL."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from decimal import Decimal

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Mapped, mapped_column

from core import db as database
from core.db import (
    Amount,
    BigId,
    JSONText,
    Model,
    UTCDateTime,
    allocate_ids,
    among,
    db,
    insert_new,
    is_postgresql,
    reading,
    refresh_statistics,
    write_rows,
)
from core.models import Lease
from tests.installation import Installation


class Line(Model):
    """A row that is written in bulk."""

    __tablename__ = "test_db_line"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(20), unique=True)
    amount: Mapped[Decimal] = mapped_column(Amount, default=Decimal("0.00"))
    note: Mapped[str] = mapped_column(sa.String(50), default="-")
    at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    facts: Mapped[dict | None] = mapped_column(JSONText)  # type: ignore[type-arg]


TABLE = Line.__table__


@pytest.fixture
def table(app: Flask) -> Iterator[None]:
    TABLE.create(db.session.connection())  # type: ignore[attr-defined]
    yield
    db.session.rollback()


def rows() -> list[tuple[str, Decimal, str]]:
    return [tuple(row) for row in db.session.execute(sa.select(Line.code, Line.amount, Line.note).order_by(Line.id))]


def test_many_rows_are_written_with_types_and_defaults_as_one_by_one(table: None) -> None:
    moment = dt.datetime(2026, 11, 3, 12, tzinfo=dt.UTC)
    odd = "tab\t new\nline \\ 'quote' Ñ"
    write_rows(TABLE, [{"code": f"c{n}", "amount": Decimal(n).scaleb(-2), "at": moment,
                        "facts": {"text": odd, "n": None}} for n in range(1000)])
    found = db.session.scalars(sa.select(Line).where(Line.code == "c999")).one()
    assert (found.amount, found.note, found.at, found.facts) == (Decimal("9.99"), "-", moment, {"text": odd, "n": None})
    assert db.session.scalar(sa.select(sa.func.sum(Line.amount))) == Decimal("4995.00")
    write_rows(TABLE, [])


def test_texts_with_marks_arrive_whole(table: None) -> None:
    texts = ["tab\t", "new\nline", "back\\slash", "\\N", "", "Ñandú", "a\rb", '"']
    write_rows(TABLE, [{"code": f"c{n}", "note": text} for n, text in enumerate(texts)])
    assert [note for _code, _amount, note in rows()] == texts


def test_reserved_ids_are_free_and_in_order_and_are_used_as_given(table: None) -> None:
    db.session.add(Line(code="first"))
    db.session.flush()
    ids = [*allocate_ids(TABLE, 3), *allocate_ids(TABLE, 2)]
    assert ids == sorted(set(ids)) and len(ids) == 5 and allocate_ids(TABLE, 0) == []
    write_rows(TABLE, [{"id": one, "code": f"c{one}"} for one in ids])
    db.session.add(Line(code="last"))
    db.session.flush()
    assert db.session.scalar(sa.select(sa.func.max(Line.id)).where(Line.code == "last")) > max(ids)


def test_what_exists_already_is_left_alone_and_what_is_new_is_counted(table: None) -> None:
    first = [{"code": "a", "note": "old"}, {"code": "b", "note": "old"}]
    defaults = {"amount": Decimal("1.00")}
    assert insert_new(TABLE, [row | defaults for row in first], ("code",)) == 2
    again = [{"code": "b", "note": "new"}, {"code": "c", "note": "new"}]
    assert insert_new(TABLE, [row | defaults for row in again], ("code",)) == 1
    assert [(code, note) for code, _amount, note in rows()] == [("a", "old"), ("b", "old"), ("c", "new")]
    assert insert_new(TABLE, [], ("code",)) == 0


def test_a_conflict_of_another_kind_is_still_an_error(table: None) -> None:
    from sqlalchemy.exc import IntegrityError

    with pytest.raises(IntegrityError):
        insert_new(TABLE, [{"code": None, "amount": Decimal(1), "note": ""}], ("code",))
    db.session.rollback()


def test_a_block_that_only_reads_keeps_nothing(app: Flask) -> None:
    with reading():
        db.session.add(Lease(name="x", owner="y", until=dt.datetime.now(dt.UTC)))
        db.session.flush()
    assert db.session.get(Lease, "x") is None


def test_two_who_read_add_and_write_back_lose_nothing(installation: Installation) -> None:
    """SQLite takes the write lock at BEGIN, PostgreSQL the row's lock: no update is lost."""
    installation.settings |= {"ABONA_MODULES": "crm", "ABONA_SECRET_KEY": "k"}
    installation.init()
    with installation.app() as app:
        db.session.add(Lease(name="counter", owner="0", until=dt.datetime.now(dt.UTC)))
        db.session.commit()

        def add() -> None:
            with app.app_context():
                for _number in range(20):
                    row = db.session.scalars(database.lock(sa.select(Lease).where(Lease.name == "counter"))
                                             .execution_options(populate_existing=True)).one()
                    row.owner = str(int(row.owner) + 1)
                    db.session.commit()

        threads = [threading.Thread(target=add) for _number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert db.session.scalar(sa.select(Lease.owner).where(Lease.name == "counter")) == "120"


def test_a_page_can_be_read_while_somebody_writes(installation: Installation) -> None:
    installation.settings |= {"ABONA_MODULES": "crm", "ABONA_SECRET_KEY": "k"}
    installation.init()
    with installation.app() as app:
        db.session.add(Lease(name="open", owner="x", until=dt.datetime.now(dt.UTC)))
        db.session.flush()
        seen: list[int] = []

        def read() -> None:
            with app.app_context(), reading():
                seen.append(db.session.scalar(sa.select(sa.func.count()).select_from(Lease)) or 0)

        thread = threading.Thread(target=read)
        thread.start()
        thread.join(10)
        assert seen == [0]
        db.session.commit()


def test_the_database_learns_how_rows_are_spread_before_anything_is_committed(app: Flask) -> None:
    """Else SQLite takes whichever index comes first, and a page of debtors reads every payment."""
    until = dt.datetime.now(dt.UTC)
    write_rows(Lease.__table__, [{"name": f"lease {number}", "owner": "x", "until": until} for number in range(500)])
    refresh_statistics(Lease)
    if is_postgresql():
        rows = db.session.scalar(sa.text("SELECT reltuples FROM pg_class WHERE relname = 'core_lease'"))
    else:
        rows = db.session.scalar(sa.text("SELECT CAST(stat AS INTEGER) FROM sqlite_stat1 WHERE tbl = 'core_lease'"))
    assert rows and rows >= 500


def test_postgresql_compiles_no_statement(app: Flask) -> None:
    if not is_postgresql():
        pytest.skip("SQLite compiles none")
    assert db.session.scalar(sa.text("SHOW jit")) == "off"


def test_what_a_function_makes_of_a_column_is_among_values(app: Flask) -> None:
    """PostgreSQL knows "any" only on the right of the equals sign."""
    bare = sa.func.ltrim(sa.literal("001001"), "0", type_=sa.Text())
    assert [bool(db.session.scalar(sa.select(among(bare, [code])))) for code in ("1001", "1002")] == [True, False]
