"""The run of arrears against the bare driver writing the very same rows; before it the dry run, after it the run again.

Everybody owes a month that is old enough: each contract is warned of nothing, cut, and told so, as the hourly job does
it, in parts of 250 customers.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from psycopg.types.json import set_json_loads

from core import clock, months, processes
from core.db import db
from core.scope import company_scope
from modules.arrears import jobs, running
from modules.arrears.models import ArrearsPolicy
from modules.contracts.models import BillingProfile, Contract
from tests.bench.billing import _bill
from tests.bench.fill import fill
from tests.bench.measure import Measure, counting, note, tell
from tests.bench.place import Place, place

# what a run writes; those above come first
TABLES = ("contracts_suspension", "arrears_deed", "arrears_cut", "notifications_message", "core_audit", "core_job")
GOAL, AGAIN, LATER = 1 / 20, 4.0, dt.timedelta(days=60)


def run(count: int, server: str) -> bool:
    """5,000 contracts; N below 20,000 makes them fewer."""
    count, month = max(min(count // 4, 5000), 100), months.of(dt.date.today())
    with place(server) as where:
        app = where.app()
        with app.app_context():
            company_id = fill(count, month).company_id
            _rules(company_id)
            db.session.remove()
            db.engine.dispose()
        with where.worker() as worker:
            _bill([worker], month.isoformat())
        with where.copy() as control, app.app_context(), company_scope(company_id):
            good = _measure(where, control)
            db.session.remove()
            db.engine.dispose()
    return good


def _rules(company_id: int) -> None:
    """Cut ten days after the due date, on any day of the week at any hour."""
    with company_scope(company_id):
        profile = db.session.scalars(sa.select(BillingProfile).where(BillingProfile.is_default)).one()
        profile.cut_after_days, profile.cut_hour, profile.notice_days = 10, 0, []
        db.session.add(ArrearsPolicy(profile_id=profile.id, free_weekdays=[], free_holidays=False, free_eves=False,
                                     cut_until_hour=24, warn_days=None))
        db.session.commit()


def _measure(where: Place, control: str) -> bool:
    processes.settle()
    before, dry_seconds, dry = _known(), *_timed(dry=True)
    with counting() as statements:
        seconds, done = _timed()
    again_seconds, again = _timed()
    writer = Control(where.url, control, before)
    limit, rows = writer.write()
    cut = db.session.scalar(sa.select(sa.func.count()).where(Contract.state == "suspended"))
    measure = Measure(f"arrears_{db.engine.dialect.name}", len(done), "the same rows written by the bare driver", GOAL)
    measure.add(seconds, limit)
    repeated = Measure(f"arrears_again_{db.engine.dialect.name}", len(done), "the first run", AGAIN)
    repeated.add(again_seconds, seconds)
    right = dry == done and not again and rows["arrears_cut"] == len(done) == rows["notifications_message"]
    if not right:
        note(f"WRONG: dry {len(dry)}, done {len(done)}, again {len(again)}, {rows}")
    tell({"name": f"arrears_dry_{db.engine.dialect.name}", "n": len(dry), "seconds": round(dry_seconds, 3),
          "per_second": round(len(dry) / dry_seconds, 1)})
    good = measure.report(rows=rows, suspended=cut, statements_each=round(len(statements) / max(len(done), 1), 1))
    return repeated.report() and good and right


def _timed(dry: bool = False) -> tuple[float, list[tuple[str, str]]]:
    """(seconds, (contract, action) of what was done)."""
    found, began = [], time.perf_counter()
    moment = running.on(clock.today() + LATER)
    for part in running.run(moment, dry=dry, size=jobs.SIZE):
        db.session.rollback() if dry else db.session.commit()
        found += [(one.number, one.action) for one, _words in part.actions]
    return time.perf_counter() - began, found


def _known() -> dict[str, int]:
    """The highest id of each table."""
    found = {name: db.session.execute(sa.text(f"SELECT COALESCE(MAX(id), 0) FROM {name}")).scalar() or 0
             for name in TABLES}
    db.session.rollback()
    return found


class Control:
    """Writes what the run wrote into a copy of the database, as many rows in a transaction as the run."""

    def __init__(self, source: str, target: str, known: dict[str, int]) -> None:
        self._source, self._target, self._known = sa.create_engine(source), sa.create_engine(target), known
        self._is_sqlite = self._source.dialect.name == "sqlite"

    def write(self) -> tuple[float, dict[str, int]]:
        """(seconds of writing alone, rows by table)."""
        found = {name: self._rows(f"SELECT * FROM {name} WHERE id > {self._known[name]} ORDER BY id")
                 for name in TABLES}
        _names, states = self._rows("SELECT state, id FROM contracts_contract WHERE state = 'suspended' ORDER BY id")
        connection: Any = self._target.raw_connection().driver_connection
        if self._is_sqlite:
            connection.isolation_level = None
            for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=NORMAL", "cache_size=-16000"):
                connection.execute(f"PRAGMA {pragma}")
        began = time.perf_counter()
        longest = max(len(rows) for _columns, rows in found.values())
        for at in range(0, longest, jobs.SIZE):
            self._block(connection, {name: (columns, rows[at:at + jobs.SIZE])
                                     for name, (columns, rows) in found.items()}, states[at:at + jobs.SIZE])
        seconds = time.perf_counter() - began
        connection.close()
        self._source.dispose()
        self._target.dispose()
        return seconds, {name: len(rows) for name, (_columns, rows) in found.items()}

    def _rows(self, select: str) -> tuple[list[str], list[Any]]:
        driver: Any = self._source.raw_connection()
        cursor = driver.cursor()
        if not self._is_sqlite:
            set_json_loads(lambda data: bytes(data).decode(), cursor)  # as text, as it is written
        cursor.execute(select)
        found = [column[0] for column in cursor.description], cursor.fetchall()
        driver.close()
        return found

    def _block(self, connection: Any, block: dict[str, tuple[list[str], list[Any]]], states: Sequence[Any]) -> None:
        if self._is_sqlite:
            connection.execute("BEGIN IMMEDIATE")
        for table, columns, rows in self._parts(block):
            names = ", ".join(f'"{column}"' for column in columns)
            if self._is_sqlite:
                connection.executemany(f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(columns))})", rows)
                continue
            with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        mark = "?" if self._is_sqlite else "%s"
        connection.cursor().executemany(f"UPDATE contracts_contract SET state = {mark} WHERE id = {mark}", states)
        connection.execute("COMMIT")

    def _parts(self, block: dict[str, tuple[list[str], list[Any]]]) -> Iterator[tuple[str, list[str], list[Any]]]:
        for table in TABLES:
            columns, rows = block[table]
            if rows:
                yield table, columns, rows
