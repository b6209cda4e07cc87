"""The billing run against the bare driver writing the very same rows; again; without writing; small and large."""

from __future__ import annotations

import datetime as dt
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from psycopg.types.json import set_json_loads

from core import months
from core.db import db
from modules.contracts import billing_read
from tests.bench.fill import Filled, fill
from tests.bench.measure import ROUNDS, Measure, note, peak_mb, tell
from tests.bench.place import Place, Worker, place

# invoices in one transaction of the control
BLOCK = 5000
# of each table: which rows belong to the invoices between two ids
TABLES = {
    "accounting_invoice": "id > {low} AND id <= {high}",
    "accounting_invoice_line": "invoice_id > {low} AND invoice_id <= {high}",
    "accounting_invoice_tax": "invoice_id > {low} AND invoice_id <= {high}",
    "accounting_entry": "invoice_id > {low} AND invoice_id <= {high}",
    "accounting_posting": "entry_id IN (SELECT id FROM accounting_entry WHERE invoice_id > {low} "
                          "AND invoice_id <= {high})",
    "accounting_balance": "customer_id IN (SELECT customer_id FROM accounting_invoice WHERE id > {low} "
                          "AND id <= {high})",
    "contracts_billed_period": "invoice_id > {low} AND invoice_id <= {high}",
}
GOALS = {"sqlite": 1 / 4, "postgresql": 1 / 2}
AGAIN, PREVIEW, GROWTH, MEMORY = 1 / 0.08, 1 / 0.60, 0.8, 15.0


def run(count: int, server: str) -> bool:
    """All measures of billing; whether every goal is met and nothing is wrong."""
    first = months.add(months.of(dt.date.today()), 1)
    small, few = _small(max(count // 10, billing_read.CHUNK), server, first)
    with place(server) as where:
        filled = _filled(where, count, first)
        with where.copy() as control, where.crew() as crew:
            found = _rounds(where, crew, control, filled, first)
            right = found.pop("right")
            mine: Measure = found["measure"]
            answers = [mine.report(rows=found["rows"], statements=found["statements"], chunks=found["chunks"],
                                   peak_mb=found["peak"], bytes_per_invoice=found["bytes"], workers=len(crew)), right]
            answers += [_again(crew, mine, first), _preview(crew[0], mine, months.add(first, ROUNDS + 1))]
            answers += [_growth(mine, small, few), _memory(found["peak"], small["peak_mb"], count, few)]
    return all(answers)


def _filled(where: Place, count: int, first: dt.date) -> Filled:
    began = time.perf_counter()
    with where.app().app_context():
        made = fill(count, first)
        db.session.remove()
        db.engine.dispose()
    note(f"{count} subscribers in {time.perf_counter() - began:.1f} s")
    return made


def _small(count: int, server: str, first: dt.date) -> tuple[dict[str, Any], int]:
    """The same with a tenth of the subscribers: (its best round, how many)."""
    with place(server) as where:
        _filled(where, count, first)
        with where.crew() as crew:
            found = [_bill(crew, months.add(first, index).isoformat()) for index in range(ROUNDS + 1)]
    middle = sorted(found[1:], key=lambda one: one["seconds"])[ROUNDS // 2]
    return {**middle, "peak_mb": found[-1]["peak_mb"]}, count


def _bill(crew: list[Worker], month: str) -> dict[str, Any]:
    """Bill a month with all these workers, from the start of the run until the last chunk is done."""
    began = time.perf_counter()
    run_id = crew[0].ask("start", month=month)["run_id"]
    for worker in crew:
        worker.tell("drain")
    answers = [worker.answer() for worker in crew]
    took = time.perf_counter() - began
    found = crew[0].ask("finished", run_id=run_id)
    if found["state"] != "billed":
        raise RuntimeError(f"the run of {month} is {found['state']}: {found}")
    return {**found, "seconds": took, "statements": sum(one["statements"] for one in answers),
            "peak_mb": max(one["peak_mb"] for one in answers)}


def _rounds(where: Place, crew: list[Worker], control: str, filled: Filled, first: dt.date) -> dict[str, Any]:
    engine = sa.create_engine(where.url)
    name = engine.dialect.name
    measure = Measure(f"billing_{name}", filled.billable, _name(name), GOALS[name])
    last, found, right = 0, {}, True
    for index in range(ROUNDS + 1):
        month = months.add(first, index).isoformat()
        found = _bill(crew, month)
        proof = crew[0].ask("proof", month=month)
        good = proof["right"] and proof["invoices"] == filled.billable and proof["faults"] == filled.broken
        if not good:
            note(f"WRONG after billing {month}: {proof}, expected {filled}")
        right = right and good
        writer = Control(engine, control)
        limit, rows, last = writer.write_after(last)
        if index:  # the first round warms both up
            measure.add(found["seconds"], limit)
    size = _size(engine)
    engine.dispose()
    return {"measure": measure, "rows": rows, "statements": found["statements"], "chunks": found["chunks"],
            "peak": found["peak_mb"], "bytes": round(size / (filled.billable * (ROUNDS + 1))), "right": right}


def _name(dialect: str) -> str:
    return "COPY of the same rows" if dialect == "postgresql" else "executemany of the same rows with the bare driver"


def _size(engine: sa.Engine) -> int:
    """Bytes of the tables that billing writes, with their indexes."""
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            return sum(connection.execute(sa.text("SELECT pg_total_relation_size(CAST(:t AS regclass))"),
                                          {"t": table}).scalar() or 0 for table in TABLES)
        return os.path.getsize(str(engine.url.database))


class Control:
    """Writes the rows of a run into a copy of the database with the bare driver, block by block."""

    def __init__(self, source: sa.Engine, target: str, tables: Mapping[str, str] = TABLES,
                 one_each: str = "accounting_invoice", above: Sequence[str] = ("contracts_billing_run",)) -> None:
        """`tables`: which rows belong to those between two ids of the table `one_each`; `above`: what they refer to."""
        self.source, self.target, self.tables, self.one_each = source, sa.create_engine(target), tables, one_each
        self.above = above
        self.is_sqlite = source.dialect.name == "sqlite"

    def write_after(self, last: int) -> tuple[float, dict[str, int], int]:
        """(seconds of writing alone, rows by table, highest invoice)."""
        took, rows = 0.0, dict.fromkeys(self.tables, 0)
        connection: Any = self.target.raw_connection().driver_connection
        self._prepare(connection)
        for low, high in self._blocks(last):
            block = self._read(low, high)
            began = time.perf_counter()
            self._write(connection, block)
            took += time.perf_counter() - began
            for table, (_columns, found) in block.items():
                rows[table] += len(found)
            last = high
        connection.close()
        self.target.dispose()
        return took, rows, last

    def _prepare(self, connection: Any) -> None:
        """Balances are changed by each run, not added: the control adds them to an empty table."""
        if self.is_sqlite:
            connection.isolation_level = None
            for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=NORMAL", "cache_size=-16000"):
                connection.execute(f"PRAGMA {pragma}")
        connection.execute("DELETE FROM accounting_balance")
        if not self.is_sqlite:
            connection.commit()
        for table in self.above:
            known = connection.execute(f"SELECT COALESCE(MAX(id), 0) FROM {table}").fetchone()[0]
            self._write(connection, {table: self._rows(table, f"id > {known}")})

    def _blocks(self, last: int) -> Iterator[tuple[int, int]]:
        with self.source.connect() as connection:
            ids = connection.execute(sa.text(f"SELECT id FROM {self.one_each} WHERE id > :last ORDER BY id"),
                                     {"last": last}).scalars().all()
        for start in range(0, len(ids), BLOCK):
            yield (ids[start] - 1, ids[min(start + BLOCK, len(ids)) - 1])

    def _read(self, low: int, high: int) -> dict[str, tuple[list[str], list[Any]]]:
        """Plain values as the driver gives them, by table."""
        return {table: self._rows(table, where.format(low=low, high=high)) for table, where in self.tables.items()}

    def _rows(self, table: str, where: str) -> tuple[list[str], list[Any]]:
        driver: Any = self.source.raw_connection()
        cursor = driver.cursor()
        if not self.is_sqlite:
            set_json_loads(lambda data: bytes(data).decode(), cursor)  # as text, as it is written
        cursor.execute(f"SELECT * FROM {table} WHERE {where} ORDER BY 1")
        found = [column[0] for column in cursor.description], cursor.fetchall()
        driver.close()
        return found

    def _write(self, connection: Any, block: dict[str, tuple[list[str], list[Any]]]) -> None:
        if self.is_sqlite:
            connection.execute("BEGIN IMMEDIATE")
        for table, (columns, rows) in block.items():
            names = ", ".join(f'"{column}"' for column in columns)
            if self.is_sqlite:
                connection.executemany(f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(columns))})", rows)
                continue
            with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        connection.execute("COMMIT")


def _again(crew: list[Worker], mine: Measure, first: dt.date) -> bool:
    """A month that is billed, run again: nobody is billed, and it costs next to nothing."""
    measure = Measure(mine.name.replace("billing", "billing_again"), mine.n, "the first run", AGAIN)
    billed = 0
    for index in range(1, ROUNDS + 1):
        found = _bill(crew, months.add(first, index).isoformat())
        billed += found["billed"]
        measure.add(found["seconds"], mine.ours[index - 1])
    return measure.report(rows=billed, peak_mb=found["peak_mb"]) and not billed


def _preview(worker: Worker, mine: Measure, month: dt.date) -> bool:
    """The next month, without writing."""
    measure = Measure(mine.name.replace("billing", "billing_preview"), mine.n, "the run", PREVIEW)
    for limit in mine.ours:
        found = worker.ask("preview", month=month.isoformat())
        measure.add(found["seconds"], limit)
    return measure.report(peak_mb=found["peak_mb"], billed=found["billed"])


def _growth(mine: Measure, small: dict[str, Any], count: int) -> bool:
    """Ten times as many take ten times as long."""
    measure = Measure(mine.name.replace("billing", "billing_growth"), mine.n, f"the same for {count}", GROWTH)
    for ours in mine.ours:
        measure.add(ours, small["seconds"] / small["billed"] * mine.n)
    return measure.report()


def _memory(large: float, small: float, count: int, few: int) -> bool:
    """The measured process needs as much memory for many as for few."""
    met = large - small <= MEMORY
    tell({"name": "billing_memory", "n": count, "peak_mb": large, "limit_mb": round(small + MEMORY, 1), "met": met,
          "control": f"peak of a process that bills {few}, and {MEMORY:.0f} MB", "own_peak_mb": peak_mb()})
    return met
