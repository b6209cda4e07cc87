"""What was billed, collected and owed by day, for charts and figures, without adding up the ledger each time.

Sums per day stand in DayTotal, and of payments by their method in MethodTotal, up to an entry; what was booked after it
is read from the ledger. Entries are never changed, so both parts together are always exact. A job moves the border
along, well behind what is being written now.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from core import clock
from core.db import db, is_postgresql
from core.scope import current_company, current_company_id, every_company
from modules.accounting.models import Entry, Invoice, PaymentMedium, Posting, Refund
from modules.accounting.models.ledger import DayTotal, MethodTotal

ZERO = Decimal("0.00")
# entries younger than this may still have older ones beside them whose transaction has not ended
SETTLED = dt.timedelta(minutes=15)
DAYS = (Entry.company_id, Entry.date, Entry.currency)
WHAT = sa.case((Invoice.origin == "import", "other"), (Entry.kind.in_(("issue", "cancel")), "billed"),
               (Entry.kind.in_(("payment", "reversal", "refund")), "collected"), else_="other")


@dataclass
class Summary:
    """One currency's days from `first` on; `before` is what was owed when they began."""

    first: dt.date
    before: Decimal = ZERO
    days: dict[tuple[dt.date, str], Decimal] = field(default_factory=lambda: defaultdict(lambda: ZERO))

    def between(self, what: str, first: dt.date, last: dt.date) -> Decimal:
        """What was billed or collected in these days, both included; collected as people say it, positive."""
        total = sum((one for (day, kind), one in self.days.items() if kind == what and first <= day <= last), ZERO)
        return -total if what == "collected" else total

    def on(self, what: str, day: dt.date) -> Decimal:
        """The same of one day."""
        total = self.days.get((day, what), ZERO)
        return -total if what == "collected" else total

    def by_month(self, what: str) -> dict[dt.date, Decimal]:
        """The same for each month that has any, by its first day."""
        found: dict[dt.date, Decimal] = defaultdict(lambda: ZERO)
        for (day, kind), amount in self.days.items():
            if kind == what:
                found[day.replace(day=1)] += -amount if what == "collected" else amount
        return found

    def owed_after(self, last: dt.date) -> Decimal:
        """What all customers together owed at the end of that day, less what others had in favour."""
        return self.before + sum((amount for (day, _what), amount in self.days.items() if day <= last), ZERO)


def read(first: dt.date) -> dict[str, Summary]:
    """By currency what moved since that day, in four statements whatever the size of the ledger."""
    mark = last_read()
    found: dict[str, Summary] = {current_company().currency: Summary(first)}
    for row in db.session.execute(sa.select(DayTotal.currency, sa.func.sum(DayTotal.amount)).where(
            DayTotal.day < first).group_by(DayTotal.currency)):
        found.setdefault(row[0], Summary(first)).before = row[1]
    kept = sa.select(DayTotal.day, DayTotal.currency, DayTotal.what, DayTotal.amount).where(DayTotal.day >= first)
    for day, currency, what, amount in [*db.session.execute(kept), *_unread(mark)]:
        one = found.setdefault(currency, Summary(first))
        if day < first:
            one.before += amount
        else:
            one.days[(day, what)] += amount
    return found


def by_method(currency: str, first: dt.date, last: dt.date) -> dict[str, Decimal]:
    """What was collected in these days by each method of payment; one statement, as `read`."""
    company_id = current_company_id()
    kept = sa.select(MethodTotal.method, sa.func.sum(MethodTotal.amount)).where(
        MethodTotal.company_id == company_id, MethodTotal.currency == currency,
        MethodTotal.day.between(first, last)).group_by(MethodTotal.method)
    mark = sa.select(sa.func.coalesce(sa.func.max(DayTotal.last_entry_id), 0)).scalar_subquery()
    unread = _by_method((), Entry.id > mark, _mine(), Entry.currency == currency, Entry.date.between(first, last))
    found: dict[str, Decimal] = defaultdict(lambda: ZERO)
    with every_company():
        rows: Any = db.session.execute(sa.union_all(kept, unread)).all()
        for row in rows:
            found[row[0]] += row[1]
    return {method: amount for method, amount in found.items() if amount}


def methods_used() -> set[str]:
    """The ways of paying that anything ever came by; one statement, as `read`."""
    company_id = current_company_id()
    kept = sa.select(MethodTotal.method).where(MethodTotal.company_id == company_id).distinct()
    mark = sa.select(sa.func.coalesce(sa.func.max(DayTotal.last_entry_id), 0)).scalar_subquery()
    unread = sa.select(PaymentMedium.method).join(Entry, Entry.payment_id == PaymentMedium.payment_id).where(
        Entry.id > mark, _mine()).distinct()
    with every_company():
        return set(db.session.scalars(sa.union(kept, unread)))


def last_read() -> int:
    """The last entry that is in the totals, of whatever company; 0 where there are none yet."""
    with every_company():
        return db.session.scalar(sa.select(sa.func.max(DayTotal.last_entry_id))) or 0


def _unread(mark: int) -> Sequence[Any]:
    """(day, currency, what, amount) of the entries after the mark, added up by the database."""
    wanted = _grouped(mark, Posting.date, Posting.currency, WHAT).add_columns(sa.func.sum(Posting.amount))
    with every_company():
        return db.session.execute(wanted.where(_mine())).all()


def _mine() -> sa.ColumnElement[bool]:
    """The entries of the company in scope, for statements that begin at the mark.

    SQLite would look through all of a company's entries instead of those after the mark, were it not compared as a
    sum; PostgreSQL takes a sum for one row in two hundred, and after a large run joins the rest one by one.
    """
    own = Entry.company_id if is_postgresql() else Entry.company_id + 0
    return own == current_company_id()


def _grouped(mark: int, *keys: Any) -> sa.Select[Any]:
    return (sa.select(*keys).select_from(Entry).join(Posting, Posting.entry_id == Entry.id)
            .outerjoin(Invoice, Invoice.id == Entry.invoice_id)
            .where(Entry.id > mark, Posting.entry_id > mark,  # said twice, so that either table is read from there on
                   Posting.customer_id.is_not(None)).group_by(*keys))


def _by_method(keys: Sequence[Any], *conditions: Any) -> sa.Select[Any]:
    """The keys (columns of the entry), the method, and what payments brought less what was taken or given back."""
    amount = sa.case((Entry.kind == "payment", PaymentMedium.amount), else_=-PaymentMedium.amount)
    paid = (sa.select(*keys, PaymentMedium.method, amount.label("amount")).select_from(Entry)
            .join(PaymentMedium, PaymentMedium.payment_id == Entry.payment_id)
            .where(Entry.kind.in_(("payment", "reversal")), *conditions))
    back = (sa.select(*keys, Refund.method, (-Refund.amount).label("amount")).select_from(Entry)
            .join(Refund, Refund.entry_id == Entry.id).where(*conditions))
    rows = sa.union_all(paid, back).subquery()
    named = [column for column in rows.c if column.name != "amount"]
    return sa.select(*named, sa.func.sum(rows.c.amount).label("amount")).group_by(*named)


# --- moving the border ------------------------------------------------------------------------------------


def fold() -> int:
    """Add what has settled since the last time to the totals of all companies; how many totals changed."""
    with every_company():
        _alone()
        mark = last_read()
        until = _settled(mark)
        if until is None:
            return 0
        wanted = _grouped(mark, Entry.company_id, Posting.date, Posting.currency, WHAT).where(Entry.id <= until)
        names = ("company_id", "day", "currency", "what", "amount", "last_entry_id")
        rows = [dict(zip(names, row, strict=True)) for row in db.session.execute(
            wanted.add_columns(sa.func.sum(Posting.amount), sa.func.max(Entry.id)))]
        _add(DayTotal, rows, "last_entry_id")
        media = _by_method(DAYS, Entry.id > mark, Entry.id <= until)
        parts = ("company_id", "day", "currency", "method", "amount")
        _add(MethodTotal, [dict(zip(parts, row, strict=True)) for row in db.session.execute(media)])
        return len(rows)


def rebuild() -> int:
    """Add everything up anew: the cure where a total is not the ledger's."""
    with every_company():
        _alone()
        db.session.execute(sa.delete(DayTotal))
        db.session.execute(sa.delete(MethodTotal))
        return fold()


def wrong() -> sa.Select[Any]:
    """The companies (a row per day) whose kept total is not that of the ledger up to the mark; of every company."""
    with every_company():
        until = last_read()
    return sa.union_all(*_wrong_days(until), *_wrong_methods(until))  # type: ignore[return-value]


def _wrong_days(until: int) -> tuple[sa.Select[Any], sa.Select[Any]]:
    ledger = _grouped(0, Entry.company_id, Posting.date, Posting.currency, WHAT.label("what")).add_columns(
        sa.func.sum(Posting.amount).label("amount")).where(Entry.id <= until).subquery()
    same = sa.and_(DayTotal.company_id == ledger.c.company_id, DayTotal.day == ledger.c.date,
                   DayTotal.currency == ledger.c.currency, DayTotal.what == ledger.c.what)
    missing = sa.select(ledger.c.company_id).outerjoin(DayTotal, same).where(
        sa.func.coalesce(DayTotal.amount, 0) != ledger.c.amount)
    alone = sa.select(DayTotal.company_id).outerjoin(ledger, same).where(
        ledger.c.date.is_(None), DayTotal.amount != 0)
    return missing, alone


def _wrong_methods(until: int) -> tuple[sa.Select[Any], sa.Select[Any]]:
    ledger = _by_method(DAYS, Entry.id <= until).subquery()
    company, day, currency, method, amount = ledger.c
    same = sa.and_(MethodTotal.company_id == company, MethodTotal.day == day, MethodTotal.currency == currency,
                   MethodTotal.method == method)
    missing = sa.select(company).outerjoin(MethodTotal, same).where(sa.func.coalesce(MethodTotal.amount, 0) != amount)
    alone = sa.select(MethodTotal.company_id).outerjoin(ledger, same).where(day.is_(None), MethodTotal.amount != 0)
    return missing, alone


def is_behind() -> bool:
    """Whether there is anything to fold."""
    with every_company():
        return _settled(last_read()) is not None


def _settled(mark: int) -> int | None:
    """The last entry that no unfinished transaction can come before; None where there is nothing new."""
    young = db.session.scalar(sa.select(sa.func.min(Entry.id)).where(
        Entry.id > mark, Entry.created_at > clock.now() - SETTLED))
    older = sa.select(sa.func.max(Entry.id)).where(Entry.id > mark)
    return db.session.scalar(older if young is None else older.where(Entry.id < young))


def _alone() -> None:
    """Two that fold at once would count twice: the second waits. SQLite has one writer anyway."""
    if is_postgresql():
        db.session.execute(sa.text("SELECT pg_advisory_xact_lock(hashtext('accounting_day_total'))"))


def _add(model: Any, rows: list[dict[str, Any]], *newest: str) -> None:
    """Add amounts to the rows with the same unique key; columns of `newest` become the new ones."""
    if not rows:
        return
    if is_postgresql():
        from sqlalchemy.dialects.postgresql import insert
    else:
        from sqlalchemy.dialects.sqlite import insert  # type: ignore[assignment]
    table: Any = model.__table__
    statement = insert(table)
    new = statement.excluded
    key = [name for name in rows[0] if name not in ("amount", *newest)]
    db.session.connection().execute(statement.on_conflict_do_update(index_elements=key, set_={
        "amount": table.c.amount + new.amount, **{name: new[name] for name in newest}}), rows)
    db.session.expire_all()
