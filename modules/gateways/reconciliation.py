"""A gateway's month, day by day: what our books say it collected, what it says itself, and what came into the bank."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from core.db import db
from modules.accounting.models import Posting
from modules.gateways.models import Account, BankLine, Settlement, Transaction

ZERO = Decimal("0.00")
PAID = sa.and_(Transaction.kind == "payment", Transaction.state == "booked")
BACK = sa.and_(Transaction.kind == "reversal", Transaction.state == "booked")
# a settled payment that our books know with other figures
DIFFERS = sa.or_(Settlement.gross != Transaction.amount, Settlement.fee != Transaction.fee_booked,
                 Settlement.withheld != Transaction.withheld_booked)


@dataclass
class Day:
    """One day. `told` is the net by the gateway's reports of what was paid that day, `untold` payments without one."""

    count: int = 0
    collected: Decimal = ZERO
    back: Decimal = ZERO
    fee: Decimal = ZERO
    withheld: Decimal = ZERO
    # ours of the payments that a report has told, and the report's
    ours: Decimal = ZERO
    told: Decimal = ZERO
    untold: int = 0
    # settled that day, and unknown in our books
    unknown: Decimal = ZERO
    released: Decimal = ZERO
    paid_out: Decimal = ZERO
    in_bank: Decimal = ZERO

    @property
    def net(self) -> Decimal:
        """What is left of the day for us, by our books."""
        return self.collected - self.back - self.fee - self.withheld

    @property
    def difference(self) -> Decimal:
        """What the gateway says too much (positive) or too little, as far as it told."""
        return self.told - self.ours + self.unknown

    def add(self, other: Day) -> None:
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)


def days(account: Account, first: dt.date, last: dt.date) -> dict[dt.date, Day]:
    """The days on which anything happened, in order: seven statements."""
    found: dict[dt.date, Day] = defaultdict(Day)
    for fill in (_collected, _taken_back, _told, _unknown, _released, _paid_out, _in_bank):
        for row in db.session.execute(fill(account, first, last)):
            for name, value in row._mapping.items():
                if name != "day":
                    setattr(found[row.day], name, value or (0 if name in ("count", "untold") else ZERO))
    return dict(sorted(found.items()))


def total(found: dict[dt.date, Day]) -> Day:
    """All days together."""
    every = Day()
    for one in found.values():
        every.add(one)
    return every


def held(account: Account) -> Decimal:
    """What the gateway still has of ours, by our books."""
    return db.session.scalar(sa.select(sa.func.sum(Posting.amount)).where(
        Posting.account_id == account.cash_account.account_id)) or ZERO


def payouts_unbooked(account: Account) -> int:
    """Payouts that wait for somebody to say into which bank account they go."""
    return db.session.scalar(sa.select(sa.func.count()).select_from(Settlement).where(
        Settlement.account_id == account.id, Settlement.kind == "payout", Settlement.entry_id.is_(None))) or 0


def misfits(account: Account, first: dt.date, last: dt.date, limit: int = 100) -> Sequence[Any]:
    """Settled payments of these days that our books do not know, or know with other figures: (settlement, ours)."""
    return db.session.execute(
        sa.select(Settlement, Transaction).outerjoin(Transaction, Transaction.id == Settlement.transaction_id).where(
            Settlement.account_id == account.id, Settlement.kind == "payment",
            Settlement.settled_on.between(first, last),
            sa.or_(Transaction.id.is_(None), Transaction.state != "booked", DIFFERS))
        .order_by(Settlement.settled_on, Settlement.id).limit(limit)).all()


def _of_day(column: Any, account: Account, first: dt.date, last: dt.date, *columns: Any) -> sa.Select:
    return sa.select(column.label("day"), *columns).where(column.between(first, last)).group_by(column)


def _sum(column: Any) -> Any:
    return sa.func.sum(column)


def _collected(account: Account, first: dt.date, last: dt.date) -> sa.Select:
    return _of_day(Transaction.paid_on, account, first, last, sa.func.count().label("count"),
                   _sum(Transaction.amount).label("collected"), _sum(Transaction.fee_booked).label("fee"),
                   _sum(Transaction.withheld_booked).label("withheld")).where(
        Transaction.account_id == account.id, PAID)


def _taken_back(account: Account, first: dt.date, last: dt.date) -> sa.Select:
    return _of_day(Transaction.paid_on, account, first, last, _sum(Transaction.amount).label("back")).where(
        Transaction.account_id == account.id, BACK)


def _told(account: Account, first: dt.date, last: dt.date) -> sa.Select:
    ours = Transaction.amount - Transaction.fee_booked - Transaction.withheld_booked
    is_told = Settlement.id.is_not(None)
    return _of_day(Transaction.paid_on, account, first, last,
                   _sum(sa.case((is_told, ours))).label("ours"), _sum(Settlement.net).label("told"),
                   _sum(sa.case((is_told, 0), else_=1)).label("untold")).outerjoin(
        Settlement, sa.and_(Settlement.transaction_id == Transaction.id, Settlement.kind == "payment")).where(
        Transaction.account_id == account.id, PAID)


def _unknown(account: Account, first: dt.date, last: dt.date) -> sa.Select:
    return _of_day(Settlement.settled_on, account, first, last, _sum(Settlement.net).label("unknown")).outerjoin(
        Transaction, Transaction.id == Settlement.transaction_id).where(
        Settlement.account_id == account.id, Settlement.kind == "payment",
        sa.or_(Transaction.id.is_(None), Transaction.state != "booked"))


def _released(account: Account, first: dt.date, last: dt.date) -> sa.Select:
    return _of_day(Settlement.released_on, account, first, last, _sum(Settlement.net).label("released")).where(
        Settlement.account_id == account.id, Settlement.kind != "payout")


def _paid_out(account: Account, first: dt.date, last: dt.date) -> sa.Select:
    return _of_day(Settlement.settled_on, account, first, last, (-_sum(Settlement.net)).label("paid_out")).where(
        Settlement.account_id == account.id, Settlement.kind == "payout")


def _in_bank(account: Account, first: dt.date, last: dt.date) -> sa.Select:
    return _of_day(BankLine.date, account, first, last, _sum(BankLine.amount).label("in_bank")).where(
        BankLine.gateway_id == account.id, BankLine.state == "payout")
