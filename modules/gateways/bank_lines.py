"""Movements of a bank account: a gateway's payout, a customer's transfer, or something else that a person names.

What is surely somebody's is booked at once; the rest waits. Repeatable; nothing here commits.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from core import audit, clock
from core.db import among, db, insert_new, lock
from core.errors import DomainError
from core.i18n import _, lazy
from core.scope import current_company_id
from modules.accounting import cash
from modules.crm import names
from modules.crm.models import Customer
from modules.gateways import bank_matching, booking, payouts, settling, tray
from modules.gateways.booking import Taken
from modules.gateways.models import Account, BankLine, Settlement, Transaction
from modules.gateways.ports import BankLine as Told
from modules.gateways.shapes import Reading, Reference
from modules.gateways.tray import FEW, Candidate, Hints


def take(account: Account, lines: Iterable[Told], *, file_id: int) -> Taken:
    """Note the movements of a statement, find whose they are, and book what is sure."""
    payouts.one_at_a_time(payouts.payers_into(account))
    told = {one.external_id[:120]: one for one in lines}
    new = insert_new(BankLine.__table__, [_row(account, one, file_id) for one in told.values()],
                     unique=("account_id", "external_id"))
    waiting = [row for row in _held(account, told) if row.state == "waiting"]
    hinted = bank_matching.hinted([told[row.external_id] for row in waiting])
    paid_out = payouts.told_by_reports(account, waiting)
    _match_payouts([row for row in waiting if row.external_id not in hinted], paid_out)
    left = [row for row in waiting if row.state == "waiting"]
    sure = [(row, hinted[row.external_id].reference()) for row in left if row.external_id in hinted
            and len(hinted[row.external_id].means) == 1 and not payouts.fitting(row, paid_out)]
    taken = Taken(new=new, known=len(told) - new, waiting=len(left) - len(sure))
    taken.add(_book(account, sure))
    db.session.flush()
    return taken


def _row(account: Account, one: Told, file_id: int) -> dict[str, Any]:
    return {"company_id": current_company_id(), "account_id": account.id, "file_id": file_id, "line": one.line,
            "external_id": one.external_id[:120], "date": one.date, "amount": one.amount, "currency": one.currency,
            "text": one.text[:500], "reference": one.reference[:120], "name": one.name[:200], "note": "",
            # what went out is no matter of customers and gateways
            "state": "waiting" if one.amount > 0 else "spent"}


def _held(account: Account, names: Iterable[str]) -> Sequence[BankLine]:
    return db.session.scalars(lock(
        sa.select(BankLine).where(BankLine.account_id == account.id, among(BankLine.external_id, list(names)))
        .order_by(BankLine.id)).execution_options(populate_existing=True)).all()


# --- payouts of gateways -----------------------------------------------------------------------------------


def _match_payouts(rows: Sequence[BankLine], told: list[Settlement]) -> None:
    """A line that hints at no customer is the payout of just its amount that was on its way, where there is one such.

    The amount alone is no proof where a customer may have transferred just as much.
    """
    for row in rows:
        fits = payouts.fitting(row, told)
        if len({one.account_id for one in fits}) == 1:  # of several alike of one gateway it is the oldest
            told.remove(fits[0])
            row.state, row.settlement_id, row.gateway_id = "payout", fits[0].id, fits[0].account_id


def is_payout(row: BankLine, gateway: Account) -> None:
    """A person says that a gateway paid this out: unless its report told that before, the money moves into the bank."""
    payouts.one_at_a_time([gateway.id])
    row = _waiting(row)
    if gateway.cash_account_id == row.account.cash_account_id:
        raise DomainError(_("%(gateway)s keeps its money in this very account; choose the gateway that paid it out.",
                            gateway=gateway.name), field="gateway")
    told = payouts.join_report(row, gateway)
    if told is None or told.entry_id is None:
        row.entry_id = cash.transfer(gateway.cash_account, row.account.cash_account, row.amount, row.currency,
                                     settling.booking_day(row.date), f"{gateway.name}: {row}"[:300])
        if told is not None:
            told.entry_id = row.entry_id
    row.state, row.gateway_id = "payout", gateway.id
    audit.record("gateways.payout_in_bank", row, {"gateway": gateway.name, "amount": row.amount})


# --- payments of customers ---------------------------------------------------------------------------------


def _book(account: Account, pairs: Sequence[tuple[BankLine, Reference]]) -> Taken:
    """Book these lines as payments of the bank account, as every gateway's."""
    if not pairs:
        return Taken()
    ids = [row.id for row, _reference in pairs]
    taken = booking.take(account, [_reading(row, reference) for row, reference in pairs])
    made = sa.select(Transaction.id).where(Transaction.account_id == BankLine.account_id,
                                           Transaction.external_id == BankLine.external_id)
    db.session.execute(sa.update(BankLine).where(among(BankLine.id, ids)).values(
        state="payment", transaction_id=made.scalar_subquery()).execution_options(synchronize_session=False))
    db.session.expire_all()
    return taken


def _reading(row: BankLine, reference: Reference) -> Reading:
    return Reading(row.external_id, "approved", row.amount, row.currency, row.date, row.date, reference=reference,
                   payer={"name": row.name} if row.name else {}, line=row.line, raw={"text": row.text})


def is_payment(row: BankLine, customer: Customer) -> Transaction:
    """A person says whose transfer it is: it is booked for him, the oldest debt first."""
    row = _waiting(row)
    _book(row.account, [(row, Reference(customer=customer.code))])
    made = db.session.get_one(Transaction, row.transaction_id)
    if made.state != "booked":
        raise DomainError(_("This transfer could not be booked: %(reason)s", reason=made.note or made.cause))
    audit.record("gateways.assign_payment", made, {"customer": customer.id, "amount": row.amount})
    return made


def is_other(row: BankLine, what: str) -> None:
    """A person says that it is neither a payment nor a payout, and what it is."""
    if not what.strip():
        raise DomainError(_("To set this movement aside you must say what it is."), field="reason")
    row = _waiting(row)
    row.state, row.note = "other", what.strip()[:300]
    audit.record("gateways.bank_line_aside", row, {"amount": row.amount}, what)


def _waiting(row: BankLine) -> BankLine:
    held = db.session.scalars(lock(sa.select(BankLine).where(BankLine.id == row.id))
                              .execution_options(populate_existing=True)).one()
    if held.state != "waiting":
        raise DomainError(_("This movement does not wait any more: somebody else has said what it is."))
    return held


def candidates(row: BankLine) -> list[Candidate]:
    """Whose transfer it may be: whom its text names, then who looks like the payer."""
    told = Told(row.external_id, row.date, row.amount, row.currency, row.text, row.reference, row.name)
    meant = bank_matching.hinted([told])
    ids = sorted(meant[row.external_id].means) if meant else []
    named = [Candidate(db.session.get_one(Customer, key), lazy("the movement names them")) for key in ids[:FEW]]
    return [*named, *(one for one in tray.propose(_hints(row)) if one.customer.id not in ids)][:FEW]


def _hints(row: BankLine) -> Hints:
    """What a line tells of who transferred it."""
    numbers = [one for one in names.fold(f"{row.reference} {row.text}").split() if any(map(str.isdecimal, one))]
    return Hints({"name": row.name}, numbers[:3], row.amount, row.currency)


# --- taking back -------------------------------------------------------------------------------------------


def take_back(row: BankLine, reason: str) -> None:
    """What was said of a line was wrong: its booking is taken back, and it waits again."""
    if not reason.strip():
        raise DomainError(_("To take this back you must say why."), field="reason")
    row = db.session.scalars(lock(sa.select(BankLine).where(BankLine.id == row.id))
                             .execution_options(populate_existing=True)).one()
    if row.state not in ("payment", "payout", "other"):
        raise DomainError(_("There is nothing to take back: this movement waits for somebody to say what it is."))
    _undo([row], reason)
    row.state, row.note = "waiting", ""
    audit.record("gateways.bank_line_again", row, {"amount": row.amount}, reason)


def _undo(rows: Sequence[BankLine], reason: str) -> int:
    """Take back the payments and payouts that these lines, of one account, were booked as; how many payments."""
    ids = [row.transaction_id for row in rows if row.transaction_id is not None]
    paid = db.session.scalars(lock(sa.select(Transaction).where(among(Transaction.id, ids)))).all() if ids else []
    undone = booking.unbook(rows[0].account, paid, reason) if paid else 0
    for row in rows:
        payouts.leave_line(row, clock.today())
        row.transaction_id = None
    db.session.flush()
    return undone


def forget(file_id: int, reason: str) -> int:
    """Take a whole statement back: its bookings, then its lines; how many payments were taken back."""
    rows = db.session.scalars(lock(sa.select(BankLine).where(BankLine.file_id == file_id).order_by(BankLine.id))).all()
    undone = _undo(rows, reason) if rows else 0
    db.session.execute(sa.delete(BankLine).where(BankLine.file_id == file_id))
    return undone
