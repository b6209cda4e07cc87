"""SQLite's one writer at a time: who asked first writes first, and nobody keeps a turn who is gone."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from core import db as database
from core import turns


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    made = sa.create_engine(f"sqlite:///{tmp_path / 't.sqlite'}")
    with made.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE written (name TEXT)")
    yield made
    made.dispose()


def written(engine: sa.Engine) -> list[str]:
    with engine.begin() as connection:
        return list(connection.exec_driver_sql("SELECT name FROM written ORDER BY rowid").scalars())


def queue_of(engine: sa.Engine) -> Any:
    return turns.of(str(engine.url.database))._queue


def test_who_asked_first_writes_before_who_begins_anew(engine: sa.Engine) -> None:
    inside, others = threading.Event(), threading.Event()

    def greedy() -> None:
        for number in range(3):
            with engine.begin() as connection:
                connection.exec_driver_sql("INSERT INTO written VALUES (?)", (f"greedy {number}",))
                inside.set()
                others.wait(10)

    def patient() -> None:
        with engine.begin() as connection:
            connection.exec_driver_sql("INSERT INTO written VALUES ('patient')")

    first = threading.Thread(target=greedy)
    first.start()
    assert inside.wait(10)
    second = threading.Thread(target=patient)
    second.start()
    while len(queue_of(engine)) < 2:
        pass
    others.set()
    first.join(10)
    second.join(10)
    assert written(engine)[:2] == ["greedy 0", "patient"] and len(written(engine)) == 4


@pytest.mark.parametrize("end", ["commit", "rollback", "error", "closed", "thrown away"])
def test_the_turn_ends_with_the_transaction_however_it_ends(engine: sa.Engine, end: str) -> None:
    connection = engine.connect()
    connection.begin()
    assert len(queue_of(engine)) == 1
    if end == "error":
        with pytest.raises(sa.exc.OperationalError):
            connection.exec_driver_sql("INSERT INTO nothing VALUES (1)")
        connection.close()
    elif end == "closed":
        connection.close()
    elif end == "thrown away":
        del connection
        gc.collect()
    else:
        getattr(connection.get_transaction(), end)()
    assert not queue_of(engine)
    with engine.begin() as again:
        again.exec_driver_sql("INSERT INTO written VALUES ('again')")


def test_who_waits_too_long_is_refused_and_leaves_the_queue(engine: sa.Engine,
                                                            monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "WRITE_SECONDS", 0.05)
    with engine.connect() as holder:
        holder.begin()
        with pytest.raises(sa.exc.OperationalError, match="locked"), engine.begin():
            pass
        assert len(queue_of(engine)) == 1
    assert not queue_of(engine)
