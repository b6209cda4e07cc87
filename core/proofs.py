"""Proving that the audit is whole: the chain of hashes is computed anew, and what came out is itself on record."""

from __future__ import annotations

import sqlalchemy as sa

from core import audit
from core.db import db
from core.i18n import lazy
from core.jobs import enqueue, job
from core.models import AuditHead, AuditRecord

PROVED = "core.prove_audit"
# more records than so are read in the background
AT_ONCE = 50_000


def prove() -> AuditRecord:
    """Read every record; what came out, as {"records": how many, "broken": position of the first bad one or null}."""
    head = db.session.get(AuditHead, audit.HEAD)
    count, broken = audit.verify()
    return audit.record(PROVED, head, {"records": count, "broken": broken})


@job(words=lazy("Prove the record of who did what"))
def prove_later() -> None:
    """The same in the background."""
    prove()


def ask() -> AuditRecord | None:
    """Prove it now where that is quick, else in the background (None)."""
    head = db.session.get(AuditHead, audit.HEAD)
    if head is not None and head.position > AT_ONCE:
        enqueue(prove_later)
        return None
    return prove()


def last() -> AuditRecord | None:
    """The latest proof."""
    return db.session.scalar(
        sa.select(AuditRecord).where(AuditRecord.object_type == AuditHead.__tablename__,
                                     AuditRecord.object_id == audit.HEAD, AuditRecord.action == PROVED)
        .order_by(AuditRecord.id.desc()).limit(1))
