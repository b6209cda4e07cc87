"""Examining a file (which changes nothing), loading it, and what is remembered from one file to the next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, BinaryIO

import sqlalchemy as sa

from core import audit, clock
from core.db import db
from core.scope import current_company, current_company_id
from modules.importer import answers, arranging, columns, comparing, reader, rows
from modules.importer.answers import Setup
from modules.importer.arranging import Arrangement
from modules.importer.loading import CHUNK, Loader
from modules.importer.models import ImportMapping
from modules.importer.reader import Sheet

MEDIA = {"csv": "text/csv", "html": "text/html",
         "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


@dataclass
class Examined:
    """A file understood; `counts` say what became, or would become, of its customers."""

    sheet: Sheet
    setup: Setup
    arrangement: Arrangement
    counts: Counter[str] = field(default_factory=Counter)
    surveyed: bool = False


def examine(source: bytes | BinaryIO, name: str, given: Mapping[str, Any] | None = None) -> Examined:
    """Read a file with what is given, else with what is remembered for its headings. Changes nothing.

    It takes seconds for thousands of rows: jobs and commands call the three steps themselves, with no transaction open.
    """
    sheet = reader.read(source, name, (given or {}).get("page") or "")
    return understand(sheet, settle(sheet, given or {}), current_company().country, clock.today())


def settle(sheet: Sheet, given: Mapping[str, Any]) -> dict[str, Any]:
    """What holds for this file: what was remembered for its headings, and above it what is given."""
    said = {key: value for key, value in given.items() if value}
    answers.check_headings(sheet, said.get("columns") or {})
    if "frozen" in said:
        return said
    known = remembered(sheet.signature)
    mapped = {**(known.get("columns") or {}), **(said.get("columns") or {})}
    return {**known, **said, "columns": mapped}


def understand(sheet: Sheet, settled: Mapping[str, Any], country: str, today: date) -> Examined:
    """Make customers of the rows. Pure: the database is not asked."""
    setup = answers.prepare(sheet, country, today, settled)
    records = (rows.understand(row, setup.fields, setup.answers) for row in sheet.rows)
    return Examined(sheet, setup, arranging.arrange(records, sheet))


def survey(examined: Examined) -> Iterator[int]:
    """Compare with what is here, chunk by chunk, without writing; the caller may end its transaction after each."""
    start = 0
    while chunk := examined.arrangement.customers.chunk(start, CHUNK):
        for step in comparing.compare(chunk):
            examined.arrangement.settle(step)
            examined.counts[step.outcome] += not step.refusal
        start += len(chunk)
        yield start
    examined.surveyed = True


def load(examined: Examined, done_before: int = 0) -> Iterator[int]:
    """Write what was examined, chunk by chunk; the caller commits after each. Yields customers done.

    `done_before` customers were counted by an attempt that was killed; they are looked at again, not counted again.
    """
    loader = Loader(examined.arrangement, clock.today())
    for done in loader.load():
        if done > done_before:
            examined.counts.update(loader.counts)
        loader.counts.clear()
        yield done
    audit.record("importer.load", current_company(), {
        "file": examined.sheet.name, "customers": len(examined.arrangement.customers),
        "refused": len(examined.arrangement.refused)})


# --- what is remembered ----------------------------------------------------------------------------------


def remembered(signature: str) -> dict[str, Any]:
    """What was said about the last file with these headings; {} for new ones."""
    found = db.session.scalar(sa.select(ImportMapping.given).where(ImportMapping.signature == signature))
    return dict(found or {})


def remember(examined: Examined) -> None:
    """Keep columns and answers for the next file with these headings; assumptions are asked again."""
    setup = examined.setup
    kept: dict[str, Any] = {name: value for name, value in setup.said().items() if name not in setup.assumed}
    kept["columns"] = {label: name for label, name in mapping(examined).items() if columns.field_of(label) != name}
    row = db.session.scalar(sa.select(ImportMapping).where(ImportMapping.signature == examined.sheet.signature))
    if row is None:
        row = ImportMapping(company_id=current_company_id(), signature=examined.sheet.signature)
        db.session.add(row)
    row.given = kept
    db.session.flush()


def frozen(examined: Examined) -> dict[str, Any]:
    """All that was said and remembered, so that what is loaded is exactly what was seen."""
    said = {name: value for name, value in examined.setup.said().items() if name not in examined.setup.assumed}
    return {"frozen": True, "columns": mapping(examined), "page": examined.sheet.page, **said}


def mapping(examined: Examined) -> dict[str, str]:
    """The field of each column that has a name."""
    return {label: name for label, name in zip(examined.sheet.labels, examined.setup.fields, strict=True) if label}
