"""Imports on screen: a file is kept, looked at, corrected, loaded in the background; refused rows are kept."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from core import storage
from core.db import db, find, write_rows
from core.errors import DomainError, NotFound
from core.i18n import _
from core.jobs import enqueue
from core.scope import current_company_id, current_user_id
from modules.importer import handback, reader, services
from modules.importer.handback import Refused
from modules.importer.models import ImportRefusal, ImportRun
from modules.importer.outcome import SHOWN, looks, outcome
from modules.importer.rows import Record
from modules.importer.services import Examined

# A larger file is looked at in the background: reading it takes longer than a page may.
AT_ONCE = {"csv": 1_000_000, "html": 1_000_000, "xlsx": 200_000}
LARGEST = 200 * 2**20
_BATCH = 1000


def open_run(data: bytes, name: str) -> ImportRun:
    """Keep an uploaded file and look at it, at once where it is small. DomainError where it is no spreadsheet."""
    if len(data) > LARGEST:
        raise DomainError(_("%(name)s cannot be imported because it is too large.", name=name), field="file")
    kind = reader.kind_of(io.BytesIO(data), name)
    small = len(data) <= AT_ONCE[kind]
    examined = services.examine(data, name) if small else None
    stored = storage.store(data, name[:200], services.MEDIA[kind])
    run = ImportRun(company_id=current_company_id(), file_id=stored.id, user_id=current_user_id(), state="checking",
                    given={})
    db.session.add(run)
    db.session.flush()
    if examined is None:
        _check_later(run)
    else:
        keep_check(run, examined)
    return run


def find_run(run_id: int, kind: str) -> ImportRun:
    """The import of this kind in the company in scope; NotFound otherwise."""
    run: ImportRun = find(ImportRun, run_id)
    if run.kind != kind:
        raise NotFound(_("There is no such import."))
    return run


def check_again(run: ImportRun, said: Mapping[str, Any]) -> None:
    """Look at the file anew with corrected columns and answers."""
    require_open(run)
    given = {**{key: value for key, value in run.given.items() if key not in ("prices", "dates", "decimals")},
             **{key: value for key, value in said.items() if value}}
    if said.get("page") and said["page"] != run.given.get("page"):
        given = {"page": said["page"]}
    if len(storage.read(run.file_id)) > AT_ONCE["xlsx"]:
        run.given = given
        _check_later(run)
        return
    keep_check(run, services.examine(storage.read(run.file_id), run.file.name, given))


def _check_later(run: ImportRun) -> None:
    from modules.importer import jobs

    run.state, run.error, run.done, run.total = "checking", "", 0, 0
    enqueue(jobs.check_run, run_id=run.id)


def require_open(run: ImportRun) -> None:
    """Refuse where nothing can be changed any more."""
    if run.state not in ("checked", "failed"):
        raise DomainError(_("This cannot be changed any more because the file was loaded."))


def keep_check(run: ImportRun, examined: Examined) -> None:
    """Keep what a look at the file gave."""
    run.result, run.looks = outcome(examined, loaded=False, most=SHOWN), looks(examined)
    run.given, run.state, run.error = services.frozen(examined), "checked", ""
    run.done, run.total, run.counts = 0, len(examined.arrangement.customers), {}
    keep_refusals(run, examined)


def keep_refusals(run: ImportRun, examined: Examined) -> None:
    """Keep the refused rows in place of those of a former look."""
    db.session.execute(sa.delete(ImportRefusal).where(ImportRefusal.run_id == run.id))
    batch: list[dict[str, Any]] = []
    for record in examined.arrangement.refused:
        batch.append(_refusal(run, record))
        if len(batch) == _BATCH:
            write_rows(ImportRefusal.__table__, batch)
            batch = []
    write_rows(ImportRefusal.__table__, batch)


def _refusal(run: ImportRun, record: Record) -> dict[str, Any]:
    return {"company_id": run.company_id, "run_id": run.id, "line": record.line,
            "name": record.customer.name[:200] if record.customer else "", "reason": " ".join(record.problems),
            "balance": (record.unreadable_balance or f"{record.balance:.2f}")[:60],
            "cells": handback.as_json(record.row.cells)}


def confirm_run(run: ImportRun) -> None:
    """Load the file in the background."""
    from modules.importer import jobs

    if run.state != "checked" and not (run.state == "failed" and run.result):
        return
    run.state, run.error = "loading", ""
    enqueue(jobs.load_run, run_id=run.id)


def refused_rows(run: ImportRun) -> Iterator[Refused]:
    """The refused rows in the order of the file, read a batch at a time."""
    last = 0
    while rows := _refusals_after(run, last):
        yield from ((handback.from_json(row.cells), row.reason) for row in rows)
        last = rows[-1].line


def _refusals_after(run: ImportRun, line: int) -> list[Any]:
    return list(db.session.execute(
        sa.select(ImportRefusal.line, ImportRefusal.cells, ImportRefusal.reason)
        .where(ImportRefusal.run_id == run.id, ImportRefusal.line > line).order_by(ImportRefusal.line).limit(_BATCH)))


def refusals(run: ImportRun) -> sa.Select[Any]:
    """The refused rows for a list on screen."""
    return sa.select(ImportRefusal).where(ImportRefusal.run_id == run.id)


def headings(run: ImportRun) -> list[str]:
    """The headings of the file, for giving its refused rows back."""
    return list(run.looks.get("headings") or ())


def count_states(states: Iterable[str]) -> int:
    """How many imports of the company are in one of these states."""
    return db.session.scalar(sa.select(sa.func.count()).select_from(ImportRun)
                             .where(ImportRun.state.in_(tuple(states)))) or 0
