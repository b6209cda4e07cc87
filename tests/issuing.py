"""Legal documents on their way: what there is, and workers that send it while waiting costs no time."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from core.db import db
from core.jobs import RetryLater
from modules.einvoice.jobs import authorize_sequence
from modules.einvoice.models import Document
from modules.einvoice.models import Sequence as Numbering

OPEN = ("pending", "sending", "unknown", "signed")


def documents() -> Sequence[Document]:
    """All of the company in scope, as they are in the database."""
    db.session.expire_all()
    return db.session.scalars(sa.select(Document).order_by(Document.id)).all()


def work(rounds: int = 40) -> None:
    """Work on all sequences until nothing is open."""
    for _round in range(rounds):
        for sequence_id in db.session.scalars(sa.select(Numbering.id)).all():
            try:
                authorize_sequence(sequence_id)
                db.session.commit()
            except RetryLater:
                db.session.rollback()
        let_time_pass()
        if not any(one.state in OPEN for one in documents()):
            return


def let_time_pass() -> None:
    """Whatever waits for a moment is due."""
    for table in (Document.__table__, Numbering.__table__):
        db.session.execute(sa.update(table).values(next_try=None))  # type: ignore[arg-type]
    db.session.commit()
