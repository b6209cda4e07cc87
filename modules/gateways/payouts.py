"""One payout is told twice: by the gateway's report, and by the bank's statement; whichever comes first books it.

Where a person named a line of the bank before the report came, the entry is known by both, and goes with the last one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence

import sqlalchemy as sa

from core.db import among, db, lock
from core.errors import DomainError
from core.i18n import _
from modules.accounting import cash
from modules.gateways.models import Account, BankLine, Settlement

# days that a payout takes to reach the bank
ON_ITS_WAY = 10


def one_at_a_time(ids: Collection[int]) -> None:
    """Who else books payouts of these accounts waits until the end of this transaction.

    The report and the person who names the line look for what the other one wrote: at once, neither would see it.
    """
    db.session.execute(sa.select(Account.id).where(among(Account.id, ids)).order_by(Account.id)
                       .with_for_update(key_share=True))


def payers_into(account: Account) -> Sequence[int]:
    """The accounts whose gateway pays out into this bank account."""
    return db.session.scalars(sa.select(Account.id).where(Account.bank_account_id == account.cash_account_id)).all()


def told_by_reports(account: Account, rows: Sequence[BankLine]) -> list[Settlement]:
    """Payouts into this bank account that no line was found for, of the days of these lines; held."""
    return list(db.session.scalars(_near(account, rows).with_for_update(of=Settlement))) if rows else []


def candidates(row: BankLine) -> list[Settlement]:
    """The payouts that this line may be."""
    return fitting(row, db.session.scalars(_near(row.account, [row])).all())


def _near(account: Account, rows: Sequence[BankLine]) -> sa.Select[Settlement]:
    first = min(row.date for row in rows) - dt.timedelta(days=ON_ITS_WAY)
    return (_unmatched().join(Account, Account.id == Settlement.account_id).where(
        Account.bank_account_id == account.cash_account_id,
        Settlement.settled_on.between(first, max(row.date for row in rows)))
        .order_by(Settlement.settled_on, Settlement.id))


def fitting(row: BankLine, payouts: Sequence[Settlement]) -> list[Settlement]:
    """Those of just this amount that were on their way."""
    return [one for one in payouts if -one.net == row.amount and one.currency == row.currency
            and dt.timedelta(0) <= row.date - one.settled_on <= dt.timedelta(days=ON_ITS_WAY)]


def _unmatched() -> sa.Select[Settlement]:
    matched = sa.select(BankLine.settlement_id).where(BankLine.settlement_id.is_not(None))
    return sa.select(Settlement).where(Settlement.kind == "payout", Settlement.id.not_in(matched))


def join_report(row: BankLine, gateway: Account) -> Settlement | None:
    """The payout of this gateway that its report told, now of this line; None where no report told it."""
    near = dt.timedelta(days=ON_ITS_WAY)
    found = db.session.scalars(_unmatched().where(
        Settlement.account_id == gateway.id, Settlement.net == -row.amount, Settlement.currency == row.currency,
        Settlement.settled_on.between(row.date - near, row.date + near))
        .order_by(Settlement.settled_on, Settlement.id).limit(1).with_for_update(of=Settlement)).first()
    if found is None:
        return None
    bank = gateway.bank_account
    if found.entry_id is not None and bank is not None and bank.id != row.account.cash_account_id:
        raise DomainError(_("The report of %(gateway)s told of this payout, and it was booked into %(bank)s. Choose "
                            "its right bank account in the settings of the gateway, take the report back, and bring "
                            "it again.", gateway=gateway.name, bank=bank.name), field="gateway")
    row.settlement_id = found.id
    return found


def join_bank(account: Account, rows: Sequence[Settlement]) -> list[Settlement]:
    """Give payouts the entries of lines that a person named before; those that nobody named."""
    left = []
    for row in rows:
        line = _named(account, row)
        if line is None:
            left.append(row)
        else:
            line.settlement_id, row.entry_id = row.id, line.entry_id
            db.session.flush()
    return left


def _named(account: Account, row: Settlement) -> BankLine | None:
    near = dt.timedelta(days=ON_ITS_WAY)
    return db.session.scalars(lock(sa.select(BankLine).where(
        BankLine.gateway_id == account.id, BankLine.state == "payout", BankLine.settlement_id.is_(None),
        BankLine.entry_id.is_not(None), BankLine.amount == -row.net, BankLine.currency == row.currency,
        BankLine.date.between(row.settled_on - near, row.settled_on + near))
        .order_by(BankLine.date, BankLine.id).limit(1)).execution_options(populate_existing=True)).first()


def leave_line(row: BankLine, day: dt.date) -> None:
    """The line is no payout any more: what was booked goes, unless the report told of it too."""
    if row.entry_id is not None and row.settlement_id is None:
        cash.take_back(row.entry_id, day, str(row))
    row.settlement_id = row.entry_id = row.gateway_id = None


def leave_reports(rows: Sequence[tuple[Settlement, str]], day: dt.date) -> None:
    """The report of these (payout, words for its entry) is taken back.

    Their lines wait again, but what a person named stays, with its entry.
    """
    ids = [row.id for row, _text in rows]
    lines = {one.settlement_id: one for one in db.session.scalars(lock(sa.select(BankLine).where(
        among(BankLine.settlement_id, ids))))} if ids else {}
    for row, text in rows:
        line = lines.get(row.id)
        if row.entry_id is not None and (line is None or line.entry_id is None):
            cash.take_back(row.entry_id, day, text)
        if line is not None:
            line.settlement_id = None
            if line.entry_id is None:
                line.state, line.gateway_id = "waiting", None
    db.session.flush()
