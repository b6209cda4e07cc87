"""A network's own file or list of a day beside our books: what it does not hold of ours, and what only it told us.

What of a payment the network's file held is kept with it (`Transaction.held_at`). A day is compared as soon as
a file or list held any payment of it, or said that it was empty.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from core import clock
from core.db import db, insert_new, is_postgresql
from modules.gateways import causes, ports
from modules.gateways.models import Account, File, HeldAgain, Transaction

ZERO = Decimal("0.00")
Ours, Theirs = aliased(Transaction), aliased(Transaction)
# a day in the name of a file that holds no payment which could tell it
NAMED_DAY = re.compile(r"(?<!\d)(20\d\d)-?([01]\d)-?([0-3]\d)(?!\d)")


# what a file or list of the network held: a day of which there is any was told
IS_HELD = sa.and_(Transaction.held_at.is_not(None), Transaction.kind == "payment")


IN_BOOKS = sa.and_(Transaction.kind == "payment", Transaction.state == "booked")
NOT_HELD = sa.and_(IN_BOOKS, Transaction.held_at.is_(None))


def _held_days(what: Any, account_id: Any) -> Any:
    """Of the days of which the account's files or lists held a payment; by ix_gateways_transaction_held."""
    return sa.select(what).where(Theirs.account_id == account_id, Theirs.held_at.is_not(None),
                                 Theirs.kind == "payment").scalar_subquery()


def _compared() -> Any:
    """Whether a file or list of the day of one of ours is here.

    A value with a limit, and no EXISTS: for that PostgreSQL would read all that was ever held, in the belief that many
    payments are asked about.
    """
    that_day = sa.select(Theirs.id).where(
        Theirs.account_id == Ours.account_id, Theirs.held_at.is_not(None), Theirs.kind == "payment",
        Theirs.paid_on == Ours.paid_on).limit(1).scalar_subquery()
    return sa.or_(that_day.is_not(None), sa.exists().where(
        File.account_id == Ours.account_id, File.direction == "in", File.kind == "payments", File.state == "imported",
        File.day == Ours.paid_on))


def _told_by_days() -> sa.Select[int]:
    """Accounts whose files or lists come at all: of others nothing is asked."""
    return sa.select(Account.id).where(sa.or_(
        _held_days(sa.func.min(Theirs.paid_on), Account.id).is_not(None),
        sa.exists().where(File.account_id == Account.id, File.direction == "in", File.kind == "payments",
                          File.state == "imported", File.day.is_not(None))))


def _within(column: Any, wanted: sa.Select[int]) -> Any:
    """`column IN wanted`, where `wanted` is read first and by itself: what is not held lies in few accounts, which no
    statistics tell, so that PostgreSQL would look at every payment instead."""
    if is_postgresql():
        return column == sa.func.any(sa.func.array(wanted.scalar_subquery()))
    return column.in_(wanted)


def _unheld(*more: Any) -> Any:
    """In our books and held by nothing, of accounts that are compared."""
    return _within(Transaction.id, sa.select(Ours.id).where(
        Ours.kind == "payment", Ours.state == "booked", Ours.held_at.is_(None),
        _within(Ours.account_id, _told_by_days()), *more))


def missing() -> Any:
    """In our books, and not in the network's file of its day."""
    return _unheld(_compared())


def no_file() -> Any:
    """The network has told of later days, and of earlier ones, but not of this one."""
    first, last = (_held_days(what(Theirs.paid_on), Ours.account_id) for what in (sa.func.min, sa.func.max))
    return _unheld(Ours.paid_on > first, Ours.paid_on < last, ~_compared())


def only_there() -> Any:
    """Told first by a file, though the network tells us of each payment by itself."""
    asking = sa.select(Account.id).where(Account.provider.in_([name for name, _one in ports.pulls.items()]))
    return sa.and_(Transaction.kind == "payment", Transaction.file_id.is_not(None), Transaction.held_at.is_not(None),
                   Transaction.state != "set_aside", Transaction.account_id.in_(asking))


def which(code: str) -> Any:
    """The condition of a choice: missing, no_file, only_there."""
    return {"missing": missing, "no_file": no_file, "only_there": only_there}[code]()


@dataclass
class Day:
    """Payments of one day: in our books, in the network's file, only in one of both, in both with another amount."""

    ours: int = 0
    amount: Decimal = ZERO
    held: int = 0
    held_amount: Decimal = ZERO
    missing: int = 0
    only_there: int = 0
    differing: int = 0
    # whether the network's file or list of the day is here
    compared: bool = False


def compares(account: Account) -> bool:
    """Whether there is anything to be compared: it tells by itself, and its files or lists come too."""
    tells = any(account.provider in one for one in (ports.pulls, ports.webhooks, ports.polls, ports.checkouts))
    return tells and db.session.scalar(sa.select(sa.func.min(Transaction.paid_on)).where(
        Transaction.account_id == account.id, Transaction.held_at.is_not(None))) is not None


def days(account: Account, first: dt.date, last: dt.date) -> dict[dt.date, Day]:
    """The days on which either of both has a payment, in order: two statements."""
    found: dict[dt.date, Day] = defaultdict(Day)
    told = sa.and_(IS_HELD, Transaction.state != "set_aside")
    counted = {"ours": IN_BOOKS, "seen": IS_HELD, "held": told, "missing": NOT_HELD, "only_there": only_there(),
               "differing": sa.and_(told, Transaction.attention == causes.CONTRADICTED)}
    rows = db.session.execute(
        sa.select(Transaction.paid_on, *(sa.func.sum(sa.case((which, 1), else_=0)).label(name)
                                         for name, which in counted.items()),
                  sa.func.sum(sa.case((IN_BOOKS, Transaction.amount))).label("amount"),
                  sa.func.sum(sa.case((told, Transaction.amount))).label("held_amount"))
        .where(Transaction.account_id == account.id, Transaction.paid_on.between(first, last))
        .group_by(Transaction.paid_on))
    for row in rows:
        if row.ours or row.held:
            found[row.paid_on] = Day(row.ours, row.amount or ZERO, row.held, row.held_amount or ZERO, row.missing,
                                     row.only_there, row.differing, bool(row.seen))
    for day in db.session.scalars(sa.select(File.day).where(
            File.account_id == account.id, File.direction == "in", File.kind == "payments", File.state == "imported",
            File.day.between(first, last))):
        if day is not None:
            found[day].compared = True
    for one in found.values():
        one.missing = one.missing if one.compared else 0
    return dict(sorted(found.items()))


def keep(rows: Sequence[Transaction], file_id: int | None) -> None:
    """A file holds these, or a list of the network (None), which nobody takes back."""
    moment = clock.now()
    again = [row.id for row in rows if row.held_at is not None and file_id and row.held_id not in (None, file_id)]
    for row in rows:
        if row.held_at is None:
            row.held_at, row.held_id = moment, file_id
        elif file_id is None:
            row.held_id = None
    insert_new(HeldAgain.__table__, [{"transaction_id": key, "file_id": file_id} for key in sorted(set(again))],
               unique=("transaction_id", "file_id"))


def forget(file_id: int, account_id: int) -> None:
    """The file was taken back: what only it held is to be compared anew."""
    db.session.flush()
    db.session.execute(sa.delete(HeldAgain).where(HeldAgain.file_id == file_id))
    mine = sa.update(Transaction).where(Transaction.account_id == account_id, Transaction.held_id == file_id)
    other = sa.select(sa.func.min(HeldAgain.file_id)).where(
        HeldAgain.transaction_id == Transaction.id).scalar_subquery()
    db.session.execute(mine.where(sa.exists().where(HeldAgain.transaction_id == Transaction.id))
                       .values(held_id=other).execution_options(synchronize_session=False))
    db.session.execute(mine.values(held_id=None, held_at=None).execution_options(synchronize_session=False))
    db.session.execute(sa.delete(HeldAgain).where(sa.exists().where(
        Transaction.id == HeldAgain.transaction_id, Transaction.held_id == HeldAgain.file_id)))
    for row in db.session:
        if isinstance(row, Transaction):
            db.session.expire(row, ["held_at", "held_id"])


def others(file_id: int) -> dict[int, int | None]:
    """Of the transactions that this file told first, those that another file or list holds too, and which file."""
    again = sa.select(HeldAgain.transaction_id, sa.func.min(HeldAgain.file_id).label("file_id")).where(
        HeldAgain.file_id != file_id).group_by(HeldAgain.transaction_id).subquery()
    other = sa.func.coalesce(sa.func.nullif(Transaction.held_id, file_id), again.c.file_id)
    rows = db.session.execute(
        sa.select(Transaction.id, other.label("other")).outerjoin(again, again.c.transaction_id == Transaction.id)
        .where(Transaction.file_id == file_id, Transaction.held_at.is_not(None),
               sa.or_(Transaction.held_id.is_(None), other.is_not(None))))
    return {row.id: row.other for row in rows}


def day_of(paid: set[dt.date | None], name: str) -> dt.date | None:
    """The day of a file that does not tell it: that of all its payments; of an empty one, that of its name."""
    if len(paid) == 1:
        return next(iter(paid))
    found = NAMED_DAY.search(name) if not paid else None
    try:
        return dt.date(*(int(part) for part in found.groups())) if found else None
    except ValueError:
        return None
