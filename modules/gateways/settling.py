"""Settlement reports: what a gateway says it collected, kept and paid out, beside what is in our books.

A row follows its payment by the payment's identity. One that we never heard of is read at the gateway, or booked from
the row where the gateway cannot be asked. What was paid out is booked into the bank once, whichever report tells it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from core import clock, jobs
from core.db import among, db, insert_new, lock
from core.i18n import _
from core.scope import current_company_id
from modules.accounting import cash, queries
from modules.gateways import booking, ports
from modules.gateways.booking import Taken
from modules.gateways.models import Account, Alias, BankLine, Settlement, Transaction
from modules.gateways.ports import Settled
from modules.gateways.shapes import Reading

# payments that one job asks the gateway about
READ = "modules.gateways.jobs.read_payments"
BATCH = 50


def take(account: Account, rows: Iterable[Settled], *, file_id: int) -> Taken:
    """Note what was settled, compare it, book what it cost and what was paid out. Repeatable; does not commit."""
    told = {mark_of(one): one for one in rows}
    new = insert_new(Settlement.__table__, [_row(account, mark, one, file_id) for mark, one in told.items()],
                     unique=("account_id", "mark"))
    link(account)
    held = _held(account, told)
    for row in held:
        row.released_on = row.released_on or told[row.mark].released_on
    taken = Taken(new=new, known=len(told) - new)
    _bring_missing(account, _news(held), told, taken, file_id)
    _follow_costs(account, held)
    pay_out(account, [row for row in held if row.kind == "payout" and row.entry_id is None])
    db.session.flush()
    return taken


def mark_of(one: Settled) -> str:
    """What a row is known by: a payment by its number, else by the amount too, as a payment may be returned in parts.

    The same payout is told by more than one report.
    """
    return f"{one.kind}:{one.external_id}" + ("" if one.kind == "payment" else f":{one.gross}")


def _row(account: Account, mark: str, one: Settled, file_id: int) -> dict[str, Any]:
    return {"company_id": current_company_id(), "account_id": account.id, "file_id": file_id, "line": one.line,
            "kind": one.kind, "external_id": one.external_id[:120], "mark": mark[:200], "gross": one.gross,
            "fee": one.fee, "withheld": one.withheld, "net": one.net, "currency": one.currency,
            "settled_on": one.settled_on or one.released_on or clock.today(), "released_on": one.released_on}


def _held(account: Account, marks: Iterable[str]) -> Sequence[Settlement]:
    return db.session.scalars(lock(
        sa.select(Settlement).where(Settlement.account_id == account.id, among(Settlement.mark, list(marks)))
        .order_by(Settlement.id)).execution_options(populate_existing=True)).all()


def link(account: Account) -> None:
    """Point the rows of payments to ours, by the identity that either way knows; two statements."""
    table: Any = Settlement.__table__
    ours = sa.select(Transaction.id).where(
        Transaction.account_id == account.id, Transaction.kind == "payment",
        Transaction.external_id == table.c.external_id)
    named = sa.select(Alias.transaction_id).where(Alias.account_id == account.id, Alias.name == table.c.external_id)
    for wanted in (ours, named):
        db.session.execute(sa.update(table).where(
            table.c.account_id == account.id, table.c.kind == "payment", table.c.transaction_id.is_(None),
            wanted.exists()).values(transaction_id=wanted.scalar_subquery()))


def _news(rows: Sequence[Settlement]) -> list[Settlement]:
    """Returns, and payments that are not in the books: whoever settles a payment says that it was paid."""
    ours = [row.transaction_id for row in rows if row.transaction_id is not None]
    booked = set(db.session.scalars(sa.select(Transaction.id).where(
        among(Transaction.id, ours), Transaction.state.in_(("booked", "set_aside"))))) if ours else set()
    return [row for row in rows if row.kind in ("refund", "chargeback")
            or (row.kind == "payment" and row.transaction_id not in booked)]


def _bring_missing(account: Account, rows: Sequence[Settlement], told: dict[str, Settled], taken: Taken,
                   file_id: int) -> None:
    """Payments, and returns of them, that nobody told: ask the gateway, else believe its report."""
    if account.provider in ports.polls:
        names = sorted({row.external_id for row in rows})
        for start in range(0, len(names), BATCH):
            jobs.enqueue(READ, account_id=account.id, names=names[start:start + BATCH])
        return
    if rows:
        taken.add(booking.take(account, [reading_of(told[row.mark]) for row in rows], file_id=file_id))
        link(account)
        db.session.expire_all()


def reading_of(one: Settled) -> Reading:
    """A row as if the gateway had told the payment, or its return, by itself."""
    if one.kind == "payment":
        return Reading(one.external_id, "approved", one.gross, one.currency, one.settled_on, one.released_on, one.fee,
                       one.withheld, reference=one.reference, line=one.line)
    return Reading(f"{one.external_id}:{one.kind}:{abs(one.gross)}", "reversed", abs(one.gross), one.currency,
                   one.settled_on, reverses=one.external_id, line=one.line)


def _follow_costs(account: Account, rows: Sequence[Settlement]) -> None:
    """What the gateway really kept of payments replaces what its notices said, or our rule supposed."""
    known = {row.transaction_id: row for row in rows if row.transaction_id is not None}
    if not known:
        return
    paid = db.session.scalars(lock(sa.select(Transaction).where(among(Transaction.id, list(known)))
                                   .order_by(Transaction.id))).all()
    for one in paid:
        row = known[one.id]
        one.fee, one.withheld = row.fee, row.withheld
        one.credited_on = row.released_on or one.credited_on
    booking.book(account, paid)


def pay_out(account: Account, rows: Sequence[Settlement]) -> int:
    """Book payouts into the bank account; how many. None where nobody said yet into which one."""
    if account.bank_account is None:
        return 0
    for row in rows:
        row.entry_id = cash.transfer(account.cash_account, account.bank_account, -row.net, row.currency,
                                     booking_day(row.settled_on), _payout_text(account, row.external_id))
    return len(rows)


def pay_out_all(account: Account) -> int:
    """Book every payout that waited for the bank account to be chosen."""
    return pay_out(account, db.session.scalars(lock(sa.select(Settlement).where(
        Settlement.account_id == account.id, Settlement.kind == "payout", Settlement.entry_id.is_(None))
        .order_by(Settlement.id))).all())


def _payout_text(account: Account, number: str) -> str:
    return _("Payout of %(account)s %(number)s", account=account.name, number=number)


def booking_day(day: dt.date) -> dt.date:
    """The day itself; today where the books of that day are closed, or it lies ahead."""
    today, closed = clock.today(), queries.locked_until()
    return today if day > today or (closed is not None and day <= closed) else day


def forget(account: Account, file_id: int) -> None:
    """Take a report back: its rows go, and the payouts that it brought are booked back."""
    rows = db.session.scalars(lock(sa.select(Settlement).where(Settlement.file_id == file_id))).all()
    for row in rows:
        if row.entry_id is not None:
            cash.take_back(row.entry_id, clock.today(), _payout_text(account, row.external_id))
    _unmatch([row.id for row in rows])
    db.session.execute(sa.delete(Settlement).where(Settlement.file_id == file_id))


def _unmatch(ids: Sequence[int]) -> None:
    """Lines of the bank that were found to be these payouts wait again."""
    if ids:
        db.session.execute(sa.update(BankLine).where(among(BankLine.settlement_id, ids)).values(
            state="waiting", settlement_id=None, gateway_id=None))
