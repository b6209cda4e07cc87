"""Money that moves without a customer: what a gateway keeps for itself, and what it pays out into the bank."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import sqlalchemy as sa

from core.db import db
from core.i18n import _
from modules.accounting import ledger
from modules.accounting.errors import NotPossible
from modules.accounting.ledger import Accounts, NewEntry, Side
from modules.accounting.models import CashAccount, Posting

ZERO = Decimal("0.00")


@dataclass(frozen=True)
class Kept:
    """What was kept back of the money in a cash account: a fee, and taxes withheld. Negative where it came back."""

    account: CashAccount
    date: dt.date
    currency: str
    fee: Decimal = ZERO
    withheld: Decimal = ZERO
    description: str = ""


def book_kept(rows: Sequence[Kept]) -> list[int]:
    """Book fees and withheld taxes, a few statements for all; their ids in order. PeriodLocked as always."""
    accounts = Accounts()
    return ledger.write([NewEntry(one.date, "fee", one.currency, [
        *([Side(accounts["fees"], one.fee)] if one.fee else []),
        *([Side(accounts["withholdings"], one.withheld)] if one.withheld else []),
        Side(one.account.account_id, -(one.fee + one.withheld))], description=one.description[:300]) for one in rows])


def transfer(source: CashAccount, target: CashAccount, amount: Decimal, currency: str, day: dt.date,
             description: str = "") -> int:
    """Move money from one cash account into another; the id of the entry."""
    if source.account_id == target.account_id:
        raise NotPossible(_("Moving money from %(source)s to %(target)s is not possible because both are the same "
                            "account in the ledger; give each its own.", source=source.name, target=target.name))
    return ledger.write([NewEntry(day, "transfer", currency, [
        Side(target.account_id, amount), Side(source.account_id, -amount)], description=description[:300])])[0]


def take_back(entry_id: int, day: dt.date, description: str = "") -> int:
    """Move money back as it was moved, wherever the accounts of today point; the id of the entry."""
    moved = db.session.execute(sa.select(Posting.account_id, Posting.currency, Posting.amount).where(
        Posting.entry_id == entry_id)).all()
    return ledger.write([NewEntry(day, "transfer", moved[0].currency, [Side(row.account_id, -row.amount)
                                                                      for row in moved],
                                  description=description[:300])])[0]
