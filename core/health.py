"""The health page: the doctor's checks in words. Modules add theirs with `@check(name, words=Words(...))`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from core import audit, checks, modules
from core.checks import Finding, Words
from core.db import db
from core.i18n import lazy
from core.jobs import enqueue, job
from core.models import AuditHead, AuditRecord, Company, Job

PROVED = "core.check_data"


@dataclass(frozen=True)
class Line:
    """A finding with its words."""

    finding: Finding
    words: Words


def now() -> list[Line]:
    """What is quick to ask, the bad first. Asks the mail server and Redis, with short patience.

    What only concerns countries in which no company of this installation is, says nothing to anybody here.
    """
    served = {None, *db.session.scalars(sa.select(Company.country).distinct())}
    names = [name for name, words in checks.words_of.items() if words.live and name in checks.checks
             and modules.country_of(checks.checks.get(name).__module__) in served]
    found = [Line(finding, checks.words_of[finding.name]) for finding in checks.run_all(names)]
    return sorted(found, key=lambda line: (line.finding.ok, str(line.words.title)))


def ask_proof() -> None:
    """Have every invariant of the data checked in the background."""
    enqueue(prove_data)


@job(words=lazy("Check the data"))
def prove_data() -> None:
    """Check the data of all companies; what came out is on record as {"checked": n, "bad": {name: detail}}."""
    found = checks.run_all(checks.data_checks())
    audit.record(PROVED, db.session.get(AuditHead, audit.HEAD), {
        "checked": len(found), "bad": {one.name: one.detail for one in found if not one.ok}})


def proof_runs() -> bool:
    """Whether such a check waits or runs."""
    return db.session.scalar(sa.select(Job.id).where(
        Job.function == "core.health.prove_data", Job.state.in_(("pending", "running"))).limit(1)) is not None


def last_proof() -> AuditRecord | None:
    """The latest check of the data."""
    return db.session.scalar(
        sa.select(AuditRecord).where(AuditRecord.object_type == AuditHead.__tablename__,
                                     AuditRecord.object_id == audit.HEAD, AuditRecord.action == PROVED)
        .order_by(AuditRecord.id.desc()).limit(1))


def title_of(name: str) -> Any:
    """A check in words; its name where it has none."""
    words = checks.words_of.get(name)
    return words.title if words else name
