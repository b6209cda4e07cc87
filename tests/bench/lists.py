"""Every list and screen at any depth, accounts of one customer, debtors, and a whole list as CSV.

`MONTHS=10 N=100000` makes a million invoices.
"""

from __future__ import annotations

import datetime as dt
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from core import months, processes, scope
from core.db import db, reading, refresh_statistics
from core.lists import lists, output
from core.lists.ask import Ask, Place
from core.lists.query import Query
from core.models import Company
from core.scope import company_scope
from modules.accounting import queries, summaries
from modules.accounting.models import Invoice
from modules.crm.models import Customer
from tests.bench import papers, screens
from tests.bench.fill import fill
from tests.bench.measure import Measure, counting, note, peak_mb, rounds, tell
from tests.bench.place import Place as Where
from tests.bench.place import place

TIMES = 30
DEPTH, STATEMENTS = 1 / 2, 4
ACCOUNT, DEBTORS_MS = 1 / 3, 10.0
EXPORT, MEMORY = 1 / 5, 10.0
HISTORY = 3


def run(count: int, server: str) -> bool:
    """All measures of reading, over some months of invoices."""
    with place(server) as where:
        began = time.perf_counter()
        _fill(where, count, int(os.environ.get("MONTHS") or HISTORY))
        note(f"filled in {time.perf_counter() - began:.0f} s")
        answers = screens.measure(where)
        with where.app().app_context():
            company = db.session.scalars(sa.select(Company.id)).one()
            with company_scope(company), reading():
                answers += [_pages(), _accounts(), _debtors()]
            with company_scope(company):
                answers += [_export(where)]
            db.session.remove()
            db.engine.dispose()
    return all(answers)


def _fill(where: Where, count: int, history: int) -> None:
    """Subscribers with so many months of invoices, the first of them paid by two in three."""
    first = months.add(months.of(dt.date.today()), 1)
    with where.app().app_context():
        fill(count, first)
        db.session.remove()
        db.engine.dispose()
    with where.crew() as crew:
        for index in range(history):
            crew[0].ask("start", month=months.add(first, index).isoformat())
            for worker in crew:
                worker.tell("drain")
            for worker in crew:
                worker.answer()
            if not index:
                crew[0].ask("pay")
    with where.app().app_context():
        company_id = db.session.scalars(sa.select(Company.id)).one()
        with company_scope(company_id):
            papers.fill(company_id)
            summaries.fold()  # as a job does every ten minutes
            db.session.commit()
        if where.is_sqlite:
            refresh_statistics()  # as housekeeping does every hour
            db.session.commit()
        else:
            with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql("VACUUM ANALYZE")


def _query(key: str = "accounting.invoices", **place_of: Any) -> Query:
    ask = Ask.of(lists.get(key), {}, {}, key)
    if place_of:
        ask.__dict__["place"] = Place(**place_of)
    return Query(ask)


def _pages() -> bool:
    """Page one against the page nine tenths down."""
    total = db.session.scalar(sa.select(sa.func.count()).select_from(Invoice)) or 0
    ask = _query().ask
    deep = db.session.execute(_query().ordered(sa.select(*ask.keys)).offset(total * 9 // 10).limit(1)).one()
    measure = Measure("list_depth", TIMES, "page one", DEPTH)
    rounds(measure, lambda: [_page(keys=list(deep)) for _number in range(TIMES)],
           lambda: [_page() for _number in range(TIMES)])
    with counting() as seen:
        _page(keys=list(deep))
    met = measure.report(rows=total, statements=len(seen), ms=round(sorted(measure.ours)[1] / TIMES * 1000, 3))
    return met and len(seen) <= STATEMENTS


def _page(**place_of: Any) -> None:
    query = _query(**place_of)
    lines, _keys, _more = query.page(query.ask.columns)
    assert len(lines) == query.ask.size
    db.session.expunge_all()


def _accounts() -> bool:
    """Balance and statement of one customer against reading the customer by id."""
    ids = db.session.scalars(sa.select(Customer.id).limit(TIMES)).all()
    company = scope.current_company()  # as a request holds it

    def by_id() -> None:
        for key in ids:
            db.session.execute(sa.select(Customer.id, Customer.name).where(Customer.id == key)).one()

    found = []
    for name, ask in (("balance", queries.balance), ("statement", queries.statement)):
        measure = Measure(name, TIMES, "SELECT … WHERE id", ACCOUNT)
        rounds(measure, lambda ask=ask: [ask(key) for key in ids], by_id)  # type: ignore[misc]
        found.append(measure.report(ms=round(sorted(measure.ours)[1] / TIMES * 1000, 3), company=company.code))
    return all(found)


def _debtors() -> bool:
    """The fifty who owe most."""
    took = []
    for _number in range(5):
        query = _query("accounting.debtors")
        began = time.perf_counter()
        lines, _keys, _more = query.page(query.ask.columns)
        took.append((time.perf_counter() - began) * 1000)
        assert len(lines) == 50
        db.session.expunge_all()
    middle = sorted(took)[2]
    tell({"name": "debtors", "n": 50, "ms": round(middle, 2), "limit_ms": DEBTORS_MS, "met": middle <= DEBTORS_MS,
          "control": "none: milliseconds for the first page"})
    return middle <= DEBTORS_MS


def _export(where: Where) -> bool:
    """The whole list as CSV; on PostgreSQL against COPY of the same columns, else against reading the bare rows."""
    query = _query()
    shown = query.spec
    made = output.Output(shown, "csv_plain", query, output.chosen(shown, []))
    total = query.exact()
    before, folder = peak_mb(), Path(tempfile.mkdtemp(dir=where.folder))
    control = _copy if not where.is_sqlite else _read
    measure = Measure("export_csv", total, "COPY (query) TO STDOUT" if not where.is_sqlite else
                      "the bare driver reading the same rows", EXPORT)

    def product() -> None:
        with output.snapshot() as source:
            made.write(folder / "list.csv", source)

    processes.settle()  # as the worker does that makes these files
    rounds(measure, product, lambda: control(total))
    grown = peak_mb() - before
    size = (folder / "list.csv").stat().st_size
    met = measure.report(bytes=size, grown_mb=round(grown, 1), grown_goal_mb=MEMORY, columns=len(made.columns))
    if made.rows != total:
        note(f"WRONG: {made.rows} rows of {total} were exported")
    return met and grown <= MEMORY and made.rows == total


def _select() -> str:
    return ("SELECT i.id, i.legal_number, i.issue_date, i.due_date, i.total, i.open_amount, i.legal_state, c.code, "
            "c.name, c.tax_id FROM accounting_invoice i JOIN crm_customer c ON c.id = i.customer_id "
            "ORDER BY i.issue_date DESC, i.id DESC")


def _copy(total: int) -> None:
    driver: Any = db.engine.raw_connection()
    count = 0
    with driver.cursor() as cursor, cursor.copy(f"COPY ({_select()}) TO STDOUT") as copy:
        for _data in copy:
            count += 1
    driver.close()
    assert count == total


def _read(total: int) -> None:
    driver: Any = db.engine.raw_connection()
    cursor, count = driver.cursor(), 0
    cursor.execute(_select())
    while rows := cursor.fetchmany(5000):
        count += len(rows)
    driver.close()
    assert count == total
