"""Settlement reports: what a gateway says it collected, kept and paid out, beside what is in our books.

A row follows its payment by the payment's identity. One that we never heard of is read at the gateway, or booked from
the row where the gateway cannot be asked. What was paid out is booked into the bank once, whichever report tells it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from core import clock, jobs
from core.db import among, db, insert_new, lock
from core.i18n import _
from core.scope import current_company_id
from modules.accounting import cash, queries
from modules.gateways import booking, payouts, ports
from modules.gateways.booking import Taken
from modules.gateways.models import Account, Alias, Settlement, Transaction
from modules.gateways.ports import Settled
from modules.gateways.repeats import Repeats
from modules.gateways.shapes import Reading

# payments that one job asks the gateway about
READ = "modules.gateways.jobs.read_payments"
RETURNS = ("refund", "chargeback")
BATCH = 50


def take(account: Account, rows: Iterable[Settled], *, file_id: int) -> Taken:
    """Note what was settled, compare it, book what it cost and what was paid out. Repeatable; does not commit."""
    payouts.one_at_a_time([account.id])
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
    _book_given_back(account, held)
    pay_out(account, [row for row in held if row.kind == "payout" and row.entry_id is None])
    db.session.flush()
    return taken


def numbered(rows: Iterable[Any]) -> Iterator[Any]:
    """What a report tells, in order; its equal returns (same payment, amount and day) are numbered."""
    seen = Repeats()
    for one in rows:
        if isinstance(one, Settled) and one.kind in RETURNS:
            one = replace(one, number=seen.number(mark_of(one)))
        yield one


def mark_of(one: Settled) -> str:
    """What a row is known by: a payment by its number, a payout by number and amount, as it may come back.

    A return only names its payment, which may be given back in equal parts: its day counts, and its number among those
    of a day. More than one report tells the same rows.
    """
    mark = f"{one.kind}:{one.external_id}"
    if one.kind == "payment":
        return mark
    if one.kind not in RETURNS:
        return f"{mark}:{one.gross}"
    return f"{mark}:{one.gross}:{_day(one)}" + (f":{one.number}" if one.number > 1 else "")


def _day(one: Settled) -> dt.date:
    return one.settled_on or one.released_on or clock.today()


def _row(account: Account, mark: str, one: Settled, file_id: int) -> dict[str, Any]:
    return {"company_id": current_company_id(), "account_id": account.id, "file_id": file_id, "line": one.line,
            "kind": one.kind, "external_id": one.external_id[:120], "mark": mark[:200], "gross": one.gross,
            "fee": one.fee, "withheld": one.withheld, "net": one.net, "currency": one.currency,
            "settled_on": _day(one), "released_on": one.released_on}


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
    return [row for row in rows if row.kind in RETURNS
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
    return Reading(mark_of(one)[:120], "reversed", abs(one.gross), one.currency,
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
        if not row.before:
            row.before = {"fee": _text(one.fee), "withheld": _text(one.withheld), "credited_on": _text(one.credited_on)}
        one.fee, one.withheld = row.fee, row.withheld
        one.credited_on = row.released_on or one.credited_on
    booking.book(account, paid)


def _text(value: Decimal | dt.date | None) -> str | None:
    return None if value is None else str(value)


def _uncorrect(account: Account, rows: Sequence[Settlement]) -> None:
    """What was known of payments before these rows counts again, but where somebody said something else since."""
    known = {row.transaction_id: row for row in rows if row.transaction_id is not None and row.before}
    if not known:
        return
    paid = db.session.scalars(lock(sa.select(Transaction).where(among(Transaction.id, list(known)))
                                   .order_by(Transaction.id))).all()
    for one in paid:
        row = known[one.id]
        if (one.fee, one.withheld) == (row.fee, row.withheld):
            fee, withheld, day = (row.before[name] for name in ("fee", "withheld", "credited_on"))
            one.fee = None if fee is None else Decimal(fee)
            one.withheld = None if withheld is None else Decimal(withheld)
            one.credited_on = None if day is None else dt.date.fromisoformat(day)
    booking.book(account, paid)


def _book_given_back(account: Account, rows: Sequence[Settlement]) -> None:
    """Fees and taxes that came back with what was given back; each once, whichever report tells it."""
    due = [row for row in rows if row.kind in RETURNS and row.entry_id is None and (row.fee or row.withheld)]
    if not due:
        return
    entries = cash.book_kept([cash.Kept(account.cash_account, booking_day(row.settled_on), row.currency, row.fee,
                                        row.withheld, _text_of(account, row)) for row in due])
    for row, entry_id in zip(due, entries, strict=True):
        row.entry_id = entry_id


def _text_of(account: Account, row: Settlement) -> str:
    """What entries of a row are called."""
    return _payout_text(account, row.external_id) if row.kind == "payout" else f"{account.name} {row.external_id}"


def pay_out(account: Account, rows: Sequence[Settlement]) -> int:
    """Book payouts into the bank account; how many. None where nobody said yet into which one.

    What a person found in the bank before is booked already.
    """
    rows = payouts.join_bank(account, rows)
    if account.bank_account is None:
        return 0
    for row in rows:
        row.entry_id = cash.transfer(account.cash_account, account.bank_account, -row.net, row.currency,
                                     booking_day(row.settled_on), _payout_text(account, row.external_id))
    return len(rows)


def pay_out_all(account: Account) -> int:
    """Book every payout that waited for the bank account to be chosen."""
    payouts.one_at_a_time([account.id])
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
    """Take a report back: its rows go, what it corrected is as before, and what it booked is booked back."""
    payouts.one_at_a_time([account.id])
    rows = db.session.scalars(lock(sa.select(Settlement).where(Settlement.file_id == file_id)
                                   .order_by(Settlement.id))).all()
    for row in rows:
        if row.kind != "payout" and row.entry_id is not None:
            cash.take_back(row.entry_id, clock.today(), _text_of(account, row))
    _uncorrect(account, rows)
    payouts.leave_reports([(row, _text_of(account, row)) for row in rows if row.kind == "payout"], clock.today())
    db.session.execute(sa.delete(Settlement).where(Settlement.file_id == file_id))
