"""A rendition of 200,000 payments against the bare driver writing the same rows; notices stored and worked through."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from core import companies, schema
from core.db import db
from core.scope import company_scope
from modules.crm import bulk as crm
from modules.crm.drafts import CustomerData
from modules.gateways import accounts, ports
from tests.bench.billing import Control
from tests.bench.measure import Measure, note
from tests.bench.place import Place, Worker, place

LINES, CUSTOMERS, NOTICES = 200_000, 20_000, 3000
# of each table: which rows belong to the payments between two ids
TABLES = {
    "accounting_payment": "id > {low} AND id <= {high}",
    "accounting_payment_medium": "payment_id > {low} AND payment_id <= {high}",
    "accounting_entry": "payment_id > {low} AND payment_id <= {high}",
    "accounting_posting": "entry_id IN (SELECT id FROM accounting_entry WHERE payment_id > {low} "
                          "AND payment_id <= {high})",
    "gateways_transaction": "payment_id > {low} AND payment_id <= {high}",
}
# the product also proves the file, finds the owner of each line and tells what follows
GOAL, GROWTH, MEMORY = 1 / 20, 0.8, 20.0
# a gateway repeats its notice where the answer takes seconds; a busy evening brings some per second
ACCEPTED, WORKED = 1 / 100, 1 / 100


def run(count: int, server: str) -> bool:
    """The file small and large, then notices; N only makes them smaller."""
    lines = min(LINES, count * 10)
    with place(server) as where:
        account_id = _filled(where, min(CUSTOMERS, count))
        paths = [_rendition(where.folder / name, first, size, min(CUSTOMERS, count)) for name, first, size in (
            ("small.txt", 1, lines // 10), ("large.txt", lines, lines))]
        with where.copy() as control, where.worker() as worker:
            answers = _files(where, worker, control, account_id, paths, lines)
        with where.worker() as worker:
            answers += _notices(worker)
    return all(answers)


def _filled(where: Place, count: int) -> int:
    """A company with customers and an account at SIRO; the account's id."""
    with where.app().app_context():
        schema.upgrade()
        company = companies.create_company("AR", "Banco de Pruebas S.A.", "30990005008", code="bench",
                                           tax_condition="RI")
        with company_scope(company):
            for start in range(0, count, 5000):
                crm.create_many([CustomerData(name=f"Abonado Número {n}", code=str(n + 1), tax_condition="CF")
                                 for n in range(start, min(start + 5000, count))])
            settings = ports.providers.get("siro").extra["rehearsal"]["AR"]
            found = accounts.create("siro", "siro", settings).id
            db.session.commit()
        db.session.remove()
        db.engine.dispose()
    return found


def _rendition(path: Path, first: int, count: int, customers: int) -> Path:
    """So many lines of SIRO's unified form, each a payment of its own (reference 2.4)."""
    day = dt.date.today()
    paid, credited = f"{day:%Y%m%d}", f"{day + dt.timedelta(days=2):%Y%m%d}"
    with path.open("w", encoding="latin-1", newline="") as file:
        for number in range(first, first + count):
            code = f"0{number % customers + 1:08d}"
            line = (f"{paid}{credited}{paid}{1210000:011d}{code[1:]}{code[0]}{'':<59}{'':<20}{'PF':<3}{'':<3}{'':<20}"
                    f"{'':<2}{'':<15}{'':60}{number:010d}{'':<36}{'':<100}{'':<15}{'':89}")
            file.write(line + "\r\n")
    return path


def _files(where: Place, worker: Worker, control: str, account_id: int, paths: list[Path], lines: int) -> list[bool]:
    """Small, then large: the same speed, no more memory, each line booked once."""
    engine = sa.create_engine(where.url)
    found, last = [], 0
    for path in paths:
        answer = worker.ask("import_payments", account_id=account_id, path=str(path))
        limit, last = _written(engine, control, last)
        found.append({**answer, "limit": limit})
    engine.dispose()
    small, large = found
    right = (small["booked"], large["booked"]) == (lines // 10, lines)
    if not right:
        note(f"WRONG after the files: {found}")
    measure = Measure(f"rendition_{engine.dialect.name}", lines, "the same rows with the bare driver", GOAL,
                      [large["seconds"]], [large["limit"]])
    grown = Measure("rendition_growth", lines, "the same lines a second with a tenth", GROWTH,
                    [large["seconds"]], [small["seconds"] * 10])
    more = large["peak_mb"] - small["peak_mb"]
    note(f"rendition: {more:.1f} MB more for ten times the lines (at most {MEMORY})")
    return [measure.report(statements=large["statements"], peak_mb=large["peak_mb"], more_mb=round(more, 1)),
            grown.report(), right, more <= MEMORY]


def _written(engine: sa.Engine, target: str, last: int) -> tuple[float, int]:
    """(seconds of writing the rows of the last file alone, highest payment)."""
    writer = Control(engine, target, TABLES, "accounting_payment", ("core_file", "gateways_file"))
    limit, _rows, highest = writer.write_after(last)
    return limit, highest


def _notices(worker: Worker) -> list[bool]:
    """Requests of a gateway, a third of them twice: stored one by one, then worked through."""
    answer: dict[str, Any] = worker.ask("take_notices", count=NOTICES)
    stored = Measure("notices_stored", NOTICES, "inserts and commits of the bare driver", ACCEPTED,
                     [answer["stored"]], [answer["limit"]])
    worked = Measure("notices_worked", answer["new"], "inserts and commits of the bare driver", WORKED,
                     [answer["worked"]], [answer["limit"] * answer["new"] / NOTICES])
    return [stored.report(peak_mb=answer["peak_mb"]), worked.report(peak_mb=answer["peak_mb"]),
            answer["booked"] == answer["new"]]
