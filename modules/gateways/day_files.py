"""A network's own file or list of a day beside our books: what it does not hold of ours, and what only it told us.

What of a payment the network's file held is kept with it (`Transaction.held_at`, noting). A day is compared as soon as
a file or list held any payment of it, or said that it was empty.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from core.db import db
from modules.gateways import causes, ports
from modules.gateways.models import Account, File, Transaction

ZERO = Decimal("0.00")
Other = aliased(Transaction)
# a day in the name of a file that holds no payment which could tell it
NAMED_DAY = re.compile(r"(?<!\d)(20\d\d)-?([01]\d)-?([0-3]\d)(?!\d)")


def _held(*more: Any) -> Any:
    return sa.exists().where(Other.company_id == Transaction.company_id, Other.account_id == Transaction.account_id,
                             Other.held_at.is_not(None), *more)


EMPTY = sa.exists().where(File.account_id == Transaction.account_id, File.direction == "in", File.kind == "payments",
                          File.state == "imported", File.day == Transaction.paid_on)
COMPARED = sa.or_(_held(Other.paid_on == Transaction.paid_on), EMPTY)
IN_BOOKS = sa.and_(Transaction.kind == "payment", Transaction.state == "booked")
NOT_HELD = sa.and_(IN_BOOKS, Transaction.held_at.is_(None))
# in our books, and not in the network's file of its day
MISSING = sa.and_(NOT_HELD, COMPARED)
# the network has told of later days, and of earlier ones, but not of this one
NO_FILE = sa.and_(NOT_HELD, ~COMPARED, _held(Other.paid_on < Transaction.paid_on),
                  _held(Other.paid_on > Transaction.paid_on))


def only_there() -> Any:
    """Told first by a file, though the network tells us of each payment by itself."""
    asking = sa.select(Account.id).where(Account.provider.in_([name for name, _one in ports.pulls.items()]))
    return sa.and_(Transaction.kind == "payment", Transaction.file_id.is_not(None), Transaction.held_at.is_not(None),
                   Transaction.state != "set_aside", Transaction.account_id.in_(asking))


def which(code: str) -> Any:
    """The condition of a choice: missing, no_file, only_there."""
    return only_there() if code == "only_there" else {"missing": MISSING, "no_file": NO_FILE}[code]


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
    return tells and db.session.scalar(sa.select(Transaction.id).where(
        Transaction.account_id == account.id, Transaction.held_at.is_not(None)).limit(1)) is not None


def days(account: Account, first: dt.date, last: dt.date) -> dict[dt.date, Day]:
    """The days on which either of both has a payment, in order: two statements."""
    found: dict[dt.date, Day] = defaultdict(Day)
    told = sa.and_(Transaction.held_at.is_not(None), Transaction.kind == "payment", Transaction.state != "set_aside")
    counted = {"ours": IN_BOOKS, "held": told, "missing": NOT_HELD, "only_there": only_there(),
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
                                     row.only_there, row.differing, bool(row.held))
    for day in db.session.scalars(sa.select(File.day).where(
            File.account_id == account.id, File.direction == "in", File.kind == "payments", File.state == "imported",
            File.day.between(first, last))):
        if day is not None:
            found[day].compared = True
    for one in found.values():
        one.missing = one.missing if one.compared else 0
    return dict(sorted(found.items()))


def forget(file_id: int, account_id: int) -> None:
    """The file was taken back: what it held is to be compared anew."""
    db.session.execute(sa.update(Transaction).where(Transaction.account_id == account_id,
                                                    Transaction.held_id == file_id).values(
        held_id=None, held_at=None).execution_options(synchronize_session="fetch"))


def day_of(paid: set[dt.date | None], name: str) -> dt.date | None:
    """The day of a file that does not tell it: that of all its payments; of an empty one, that of its name."""
    if len(paid) == 1:
        return next(iter(paid))
    found = NAMED_DAY.search(name) if not paid else None
    try:
        return dt.date(*(int(part) for part in found.groups())) if found else None
    except ValueError:
        return None
