"""Moratoria by hand: which hold, and ending one at once."""

from __future__ import annotations

import sqlalchemy as sa

from core import audit, clock
from core.db import db, lock
from core.i18n import _
from core.scope import current_user_id
from modules.arrears.errors import NotPossible
from modules.arrears.models import Moratorium


def lasting() -> sa.ColumnElement[bool]:
    """What is true of a moratorium that holds or is still to come."""
    return sa.and_(Moratorium.ended_at.is_(None),
                   sa.or_(Moratorium.last_day.is_(None), Moratorium.last_day >= clock.today()))


def lasts(row: Moratorium) -> bool:
    """The same of one that was read."""
    return row.ended_at is None and (row.last_day is None or row.last_day >= clock.today())


def end(moratorium_id: int) -> Moratorium:
    """It spares nobody from this moment on; who is due is told, and cut so many days later."""
    db.session.flush()
    row: Moratorium = db.session.scalars(
        lock(sa.select(Moratorium).where(Moratorium.id == moratorium_id))
        .execution_options(populate_existing=True)).one()
    if not lasts(row):
        raise NotPossible(_("Ending this moratorium is not possible because it is over."))
    row.ended_at, row.ended_by, row.last_day = clock.now(), current_user_id(), max(clock.today(), row.first_day)
    db.session.flush()
    audit.record("arrears.end_moratorium", row, {"ended": row.ended_at})
    return row
