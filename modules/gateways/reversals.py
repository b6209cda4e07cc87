"""What is taken back, and of whom: reversals beside the payments that they name."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased, contains_eager

from core import clock
from core.db import among, db, lock
from modules.accounting.models import Payment
from modules.gateways import causes, matching
from modules.gateways.models import Account, Alias, Transaction

ZERO = Decimal("0.00")
# payments that a person is offered
FEW = 12
# a payment made longer ago than this is not taken back by itself where the gateway does not name it
LATEST = dt.timedelta(days=90)


def that_waited(account: Account, rows: Sequence[Transaction]) -> Sequence[Transaction]:
    """What was taken back before its payment, one of these, was told."""
    names = [row.external_id for row in rows if row.kind == "payment"]
    if not names:
        return []
    codes = {matching.bare(row.customer_code) for row in rows if row.kind == "payment"} - {""}
    whose = {row.customer_id for row in rows if row.kind == "payment" and row.customer_id is not None}
    named = sa.and_(Transaction.cause == causes.REVERSAL_FIRST, among(Transaction.reverses, names))
    unnamed = sa.and_(Transaction.cause == causes.REVERSAL_OF_NONE, sa.or_(
        among(_bare(Transaction.customer_code), codes), among(Transaction.customer_id, whose)))
    return db.session.scalars(lock(
        sa.select(Transaction).where(
            Transaction.account_id == account.id, Transaction.state == "waiting", Transaction.kind == "reversal",
            Transaction.id.not_in([row.id for row in rows if row.kind == "reversal"]), sa.or_(named, unnamed))
        .order_by(Transaction.id))).all()


def find_owners(account: Account, rows: Sequence[Transaction]) -> None:
    """Say whose payment is taken back where the gateway does not say which one: by the codes that it tells."""
    unnamed = [row for row in rows if row.state in ("noted", "waiting") and not row.reverses
               and row.customer_id is None]
    found = matching.owners(account, unnamed) if unnamed else {}
    for row in unnamed:
        row.customer_id = found[row.id].customer_id if row.id in found else None


def payers(account: Account, reversals: Sequence[Transaction]) -> set[int]:
    """The customers whose payments these take back, as far as they are known: one statement."""
    known = {row.customer_id for row in reversals if row.customer_id is not None}
    names = [row.reverses for row in reversals if row.reverses and row.customer_id is None]
    if not names:
        return known
    named = sa.select(Alias.transaction_id).where(Alias.account_id == account.id, among(Alias.name, names))
    return known | set(db.session.scalars(sa.select(Transaction.customer_id).where(
        Transaction.account_id == account.id, Transaction.kind == "payment", Transaction.customer_id.is_not(None),
        sa.or_(among(Transaction.external_id, names), Transaction.id.in_(named)))))


def paid_by(account: Account, row: Transaction) -> tuple[Transaction | None, str]:
    """The payment that this one takes back, or why none is found: by any of its names, else the only one that fits."""
    if not row.reverses:
        return _only_one(account, row)
    named = sa.select(Alias.transaction_id).where(Alias.account_id == account.id, Alias.name == row.reverses)
    found = db.session.scalar(sa.select(Transaction).where(
        Transaction.account_id == account.id, Transaction.kind == "payment",
        sa.or_(Transaction.external_id == row.reverses, Transaction.id.in_(named))))
    return (found, "") if found is not None and found.payment is not None else (None, causes.REVERSAL_FIRST)


# --- where the gateway does not say which payment ------------------------------------------------------------


def _only_one(account: Account, row: Transaction) -> tuple[Transaction | None, str]:
    """Of several a person chooses: what becomes of one of them does not make it clear that the other was meant."""
    found = [] if row.cause == causes.REVERSAL_OF_SEVERAL else fitting(account, row)
    if len(found) > 1 or row.cause == causes.REVERSAL_OF_SEVERAL:
        return None, causes.REVERSAL_OF_SEVERAL
    if not found or found[0].payment is None:
        return None, causes.REVERSAL_OF_NONE
    row.reverses = found[0].external_id
    return found[0], ""


def fitting(account: Account, row: Transaction) -> list[Transaction]:
    """The payments of just this customer, amount and document that were told, which no other reversal took back.

    Those that a person took back belong to them, and those that wait for one: it may be them that is meant.
    """
    whose = _whose(row)
    if whose is None:
        return []
    other = aliased(Transaction)
    taken = sa.exists().where(other.payment_id == Transaction.payment_id, other.kind == "reversal",
                              other.state == "booked", other.id != row.id)
    day = row.paid_on or clock.today()
    amount = [Transaction.amount == row.amount] if row.amount else []
    rows = db.session.scalars(
        sa.select(Transaction).outerjoin(Transaction.payment).options(contains_eager(Transaction.payment)).where(
            Transaction.account_id == account.id, Transaction.kind == "payment", Transaction.status == "approved",
            Transaction.currency == row.currency, whose, ~taken, *amount, *_until(row),
            Transaction.paid_on.is_(None) | (Transaction.paid_on >= day - LATEST))
        .order_by(Transaction.id))
    return [one for one in rows if _is_amount(one, row) and _agree(one, row)]


def _is_amount(paid: Transaction, row: Transaction) -> bool:
    """The same amount; some tell none of a payment taken back, whose document must be told then."""
    return row.amount == paid.amount or (row.amount == ZERO and bool(row.invoice_code and paid.invoice_code))


def _whose(row: Transaction) -> sa.ColumnElement[bool] | None:
    """Payments of the same customer; None where nothing tells whose it is."""
    if row.customer_id is not None:
        return Transaction.customer_id == row.customer_id
    # nobody here has it, but a person may have said whose it is
    code = matching.bare(row.customer_code)
    return _bare(Transaction.customer_code) == code if code else None


def _bare(code: Any) -> sa.ColumnElement[str]:
    """As matching.bare: one file fills a code up with zeros, and the next one does not."""
    return sa.func.ltrim(sa.func.trim(code), "0", type_=sa.Text())


def _until(row: Transaction) -> list[sa.ColumnElement[bool]]:
    return [Transaction.paid_on.is_(None) | (Transaction.paid_on <= row.paid_on)] if row.paid_on else []


def that_took(paid: Transaction) -> Transaction | None:
    """The reversal in the books that took this payment back, the last one where there are several."""
    return db.session.scalar(sa.select(Transaction).where(
        Transaction.payment_id == paid.payment_id, Transaction.kind == "reversal", Transaction.state == "booked")
        .order_by(Transaction.id.desc()).limit(1))


def possible(account: Account, row: Transaction) -> list[Transaction]:
    """The payments of this customer that can be taken back so far, the newest first."""
    whose = _whose(row)
    if whose is None:
        return []
    return list(db.session.scalars(
        sa.select(Transaction).join(Payment, Payment.id == Transaction.payment_id).where(
            Transaction.account_id == account.id, Transaction.kind == "payment", Transaction.state == "booked",
            Transaction.currency == row.currency, Payment.state == "recorded",
            Payment.amount - Payment.refunded >= row.amount, whose, *_until(row))
        .order_by(Transaction.paid_on.desc(), Transaction.id.desc()).limit(FEW)))


def _agree(paid: Transaction, row: Transaction) -> bool:
    """Whether both name the same document, where both name one."""
    pairs = ((paid.invoice_code, row.invoice_code), (paid.attempt_code, row.attempt_code),
             (str(paid.raw.get("nro_boleta", "")), str(row.raw.get("nro_boleta", ""))))
    return all(not (one and other) or matching.bare(one) == matching.bare(other) for one, other in pairs)
