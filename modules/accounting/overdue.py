"""What is overdue, in SQL: what was to be paid before today, less what is paid in another way until a later day.

Peru's detracción is such a part (`ports.elsewhere`): who owes nothing but that is not in arrears before its own day.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

from core import clock
from core.db import Amount, among, db
from modules.accounting.models import Invoice
from modules.accounting.ports import elsewhere

# asked anew in each statement: "overdue" moves with the calendar
TODAY: Any = sa.bindparam(None, callable_=clock.today, type_=sa.Date())
# what is paid in another way may be paid in whole units (Banco de la Nación), rounded half up
ROUNDING = Decimal("0.50")
OPEN = sa.and_(Invoice.state == "issued", Invoice.kind != "credit_note", Invoice.open_amount != 0)


class _ComesLater(sa.ColumnElement[Decimal]):
    """What of a document comes in another way, and is not due yet.

    Put into words when a statement is compiled: lists are declared before every module has said what it brings.
    """

    inherit_cache = True
    type = Amount()


@compiles(_ComesLater)
def _comes_later(_element: _ComesLater, compiler: SQLCompiler, **options: Any) -> str:
    parts = _parts()
    if parts is None:
        return "0"
    found = sa.select(sa.func.coalesce(sa.func.sum(parts.c.amount + sa.literal(ROUNDING, Amount())), 0)).where(
        parts.c.invoice_id == Invoice.id, parts.c.until >= TODAY).correlate(Invoice).scalar_subquery()
    return str(compiler.process(found, **options))


def _parts() -> sa.Subquery | None:
    """(invoice_id, amount, until) of every part that comes in another way and did not come yet."""
    known: Any = [one.parts() for _name, one in elsewhere.items()]
    return sa.union_all(*known).subquery() if known else None


# more is open than what comes in another way until a later day
SOME_IS_DUE = Invoice.open_amount > _ComesLater()
OVERDUE = sa.and_(OPEN, Invoice.due_date < TODAY, SOME_IS_DUE)


def of_these(documents: Sequence[Invoice]) -> set[int]:
    """The ids of those of these documents that are overdue; one select where any day has passed, else none."""
    today = clock.today()
    past = [one.id for one in documents if one.due_date is not None and one.due_date < today and one.open_amount]
    if not past:
        return set()
    return set(db.session.scalars(sa.select(Invoice.id).where(among(Invoice.id, past), OVERDUE)))
