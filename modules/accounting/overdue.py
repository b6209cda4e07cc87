"""What is overdue, in SQL: what was to be paid before today, less what is paid in another way until a later day.

Peru's detracción is such a part (`ports.elsewhere`): who owes nothing but that is not in arrears before its own day.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

from core import clock, modules, scope
from core.db import Amount, among, db
from modules.accounting.models import Invoice
from modules.accounting.ports import elsewhere

# asked anew in each statement: "overdue" moves with the calendar
TODAY: Any = sa.bindparam(None, callable_=clock.today, type_=sa.Date())
# what is paid in another way may be paid in whole units (Banco de la Nación), rounded half up
ROUNDING = Decimal("0.50")
OPEN = sa.and_(Invoice.state == "issued", Invoice.kind != "credit_note", Invoice.open_amount != 0)


# These two are put into words when a statement is compiled: lists are declared before every module has said what it
# brings. It is compiled once for companies of all countries (without `_traverse_internals` SQLAlchemy would do so each
# time, which takes ten times as long as to run it), so nothing in it may be bound to the one in scope.


class _ComesLater(sa.ColumnElement[Decimal]):
    """What of a document comes in another way, and is not due yet."""

    inherit_cache = True
    _traverse_internals: Any = ()
    type = Amount()


@compiles(_ComesLater)
def _comes_later(_element: _ComesLater, compiler: SQLCompiler, **options: Any) -> str:
    parts = _parts()
    if parts is None:
        return "0"
    found = sa.select(sa.func.coalesce(sa.func.sum(parts.c.amount + sa.literal(ROUNDING, Amount())), 0)).where(
        parts.c.invoice_id == Invoice.id, parts.c.until >= TODAY).correlate(Invoice).scalar_subquery()
    return str(compiler.process(found, **options))


class _DueDay(sa.ColumnElement[dt.date]):
    """The day on which what is open of a document was, or is, to be paid: that of the part where only it is open."""

    inherit_cache = True
    _traverse_internals: Any = ()
    type = sa.Date()


@compiles(_DueDay)
def _due_day(_element: _DueDay, compiler: SQLCompiler, **options: Any) -> str:
    usual, parts = sa.func.coalesce(Invoice.due_date, Invoice.issue_date), _parts()
    if parts is None:
        return str(compiler.process(usual, **options))
    later = sa.select(sa.func.max(parts.c.until)).where(
        parts.c.invoice_id == Invoice.id, parts.c.amount + sa.literal(ROUNDING, Amount()) >= Invoice.open_amount,
        parts.c.until > usual).correlate(Invoice).scalar_subquery()
    return str(compiler.process(sa.func.coalesce(later, usual), **options))


def _parts(country: str | None = None) -> sa.Subquery | None:
    """(invoice_id, amount, until) of every part that comes in another way and did not come yet.

    Of one country, where a statement is not kept for companies of others.
    """
    known: Any = [one.parts() for _name, one in elsewhere.items()
                  if country is None or modules.country_of(type(one).__module__) in (None, country)]
    return sa.union_all(*known).subquery() if known else None


DUE_DAY = _DueDay()
# more is open than what comes in another way until a later day
SOME_IS_DUE = Invoice.open_amount > _ComesLater()
OVERDUE = sa.and_(OPEN, Invoice.due_date < TODAY, SOME_IS_DUE)


def moved(company_id: int, currency: str, place: Callable[[Any], Any]) -> list[Any]:
    """(place by the document's day, place by the part's own, amount) of what is owed and comes in another way later.

    `place` makes an expression of a day.
    """
    parts, usual = _parts(scope.country_or_none()), sa.func.coalesce(Invoice.due_date, Invoice.issue_date)
    if parts is None:
        return []
    least = sa.case((parts.c.amount < Invoice.open_amount, parts.c.amount), else_=Invoice.open_amount)
    before, after = place(usual).label("before"), place(parts.c.until).label("after")
    return list(db.session.execute(
        sa.select(before, after, sa.func.sum(least)).join(parts, parts.c.invoice_id == Invoice.id)
        .where(OPEN, Invoice.company_id == company_id, Invoice.currency == currency, parts.c.until > usual)
        .group_by(before, after)))


def of_these(documents: Sequence[Invoice]) -> set[int]:
    """The ids of those of these documents that are overdue; one select where any day has passed, else none."""
    today = clock.today()
    past = [one.id for one in documents if one.due_date is not None and one.due_date < today and one.open_amount]
    if not past:
        return set()
    return set(db.session.scalars(sa.select(Invoice.id).where(among(Invoice.id, past), OVERDUE)))
