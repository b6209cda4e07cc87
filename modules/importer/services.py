"""Examining a file (which changes nothing), loading it, and what is remembered from one file to the next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from core import audit, clock, storage
from core.db import db
from core.errors import DomainError
from core.i18n import _
from core.jobs import enqueue
from core.scope import current_company, current_company_id, current_user_id
from modules.importer import answers, arranging, columns, comparing, proof, reader, rows, targets
from modules.importer.answers import Setup
from modules.importer.arranging import Arrangement
from modules.importer.comparing import Step
from modules.importer.loading import Loader
from modules.importer.models import ImportMapping, ImportRun
from modules.importer.reader import Sheet

MEDIA = {"csv": "text/csv", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


@dataclass
class Examined:
    """A file understood and compared with what is here; nothing is written yet."""

    sheet: Sheet
    setup: Setup
    arrangement: Arrangement
    steps: list[Step]
    doubts: list[tuple[int, str]] = field(default_factory=list)


def examine(data: bytes, name: str, given: Mapping[str, Any] | None = None) -> Examined:
    """Read a file with what is given, else with what is remembered for its headings. Changes nothing."""
    company = current_company()
    sheet = reader.read(data, name)
    merged = {**remembered(sheet.signature), **{key: value for key, value in (given or {}).items() if value}}
    setup = answers.prepare(sheet, company.country, clock.today(company), merged)
    records = [rows.understand(row, setup.fields, setup.answers) for row in sheet.rows]
    arrangement = arranging.arrange(records)
    return Examined(sheet, setup, arrangement, comparing.compare(arrangement))


def load(examined: Examined) -> Iterator[int]:
    """Write what was examined, chunk by chunk; the caller commits after each. Yields customers done."""
    loader = Loader(clock.today())
    yield from loader.load(examined.steps)
    examined.doubts = loader.doubts
    audit.record("importer.load", current_company(), {"file": examined.sheet.name, "customers": len(examined.steps)})


def outcome(examined: Examined, *, loaded: bool) -> dict[str, Any]:
    """What came of it as JSON; `loaded` measures what stands in the books, else what would."""
    arrangement = examined.arrangement
    counts = dict.fromkeys(("created", "updated", "unchanged"), 0)
    for step in examined.steps:
        counts[step.outcome] += 1
    measured = targets.in_the_books(examined.steps) if loaded else proof.to_load(arrangement)
    closing = proof.Proof(proof.of_file(arrangement), measured, proof.of_refused(arrangement))
    refused = sorted(arrangement.refused, key=lambda record: record.line)
    return {
        "file": examined.sheet.name, "company": current_company().code, "dry_run": not loaded,
        "read": {"format": examined.sheet.format, "encoding": examined.sheet.encoding,
                 "separator": examined.sheet.separator, "heading_line": examined.sheet.heading_line,
                 "rows": len(examined.sheet.rows), "columns": _columns(examined),
                 "skipped": [{"line": one.line, "what": one.what} for one in examined.sheet.skipped]},
        **counts,
        "refused": [{"line": record.line, "reason": " ".join(record.problems), "name": _name(record),
                     "balance": record.unreadable_balance or f"{record.balance:.2f}"} for record in refused],
        "warnings": _warnings(examined),
        "assumed": [{"what": what, "taken": examined.setup.assumed[what], "message": message}
                    for what, message in answers.questions(examined.setup.assumed).items()],
        "answers": {key: value for key, value in examined.setup.as_json().items() if key != "fields"},
        "proof": closing.as_json(),
    }


def _columns(examined: Examined) -> dict[str, str]:
    return {heading: name for heading, name in zip(examined.sheet.headings, examined.setup.fields, strict=True)
            if heading}


def _name(record: rows.Record) -> str:
    return record.customer.name if record.customer else ""


def _warnings(examined: Examined) -> list[dict[str, Any]]:
    found = [(record.line, text) for record in examined.arrangement.records if not record.problems
             for text in record.warnings] + examined.doubts
    unreadable = [(record.line, _("The balance %(text)s could not be read and is in no sum.",
                                  text=record.unreadable_balance))
                  for record in examined.arrangement.refused if record.unreadable_balance]
    return [{"line": line, "message": text} for line, text in sorted([*found, *unreadable])]


# --- remembering -----------------------------------------------------------------------------------------


def remembered(signature: str) -> dict[str, Any]:
    """What was said about the last file with these headings; {} for new ones."""
    found = db.session.scalar(sa.select(ImportMapping.given).where(ImportMapping.signature == signature))
    return dict(found or {})


def remember(examined: Examined) -> None:
    """Keep columns and answers for the next file with these headings; assumptions are asked again."""
    setup = examined.setup
    kept = {name: value for name, value in setup.as_json().items()
            if name not in ("fields", *setup.assumed)}
    kept["columns"] = {heading: name for heading, name in _columns(examined).items()
                       if columns.field_of(heading) != name}
    row = db.session.scalar(sa.select(ImportMapping).where(ImportMapping.signature == examined.sheet.signature))
    if row is None:
        row = ImportMapping(company_id=current_company_id(), signature=examined.sheet.signature)
        db.session.add(row)
    row.given = kept
    db.session.flush()


# --- imports on screen -----------------------------------------------------------------------------------


def open_run(data: bytes, name: str) -> ImportRun:
    """Keep an uploaded file and examine it."""
    sheet = reader.read(data, name)
    stored = storage.store(data, name[:200], MEDIA[sheet.format])
    run = ImportRun(company_id=current_company_id(), file_id=stored.id, user_id=current_user_id())
    run.given = remembered(sheet.signature)
    db.session.add(run)
    db.session.flush()
    check_run(run, {})
    return run


def examined_again(run: ImportRun) -> Examined:
    """The file of a run, understood as it was said."""
    return examine(storage.read(run.file_id), run.file.name, run.given)


def check_run(run: ImportRun, given: Mapping[str, Any]) -> None:
    """Examine the file anew with corrected columns and answers."""
    if run.state not in ("checked", "failed"):
        raise DomainError(_("This cannot be changed any more because the file was loaded."))
    run.given = {**run.given, **given}
    examined = examined_again(run)
    run.result, run.state, run.error = outcome(examined, loaded=False), "checked", ""
    run.done, run.total = 0, len(examined.steps)


def confirm_run(run: ImportRun) -> None:
    """Load the file in the background."""
    from modules.importer import jobs

    if run.state not in ("checked", "failed"):
        return
    run.state, run.done, run.error = "loading", 0, ""
    enqueue(jobs.load_run, run_id=run.id)


def refused_lines(run: ImportRun) -> Sequence[dict[str, Any]]:
    """The refused rows of the last check or loading."""
    return run.result.get("refused", [])
