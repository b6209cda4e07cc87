"""What is taken back, and of whom: reversals beside the payments that they name."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import sqlalchemy as sa

from core.db import among, db, lock
from modules.accounting.models import Payment
from modules.gateways import causes, matching
from modules.gateways.models import Account, Alias, Transaction

ZERO = Decimal("0.00")
# payments that a person is offered
FEW = 12


def that_waited(account: Account, rows: Sequence[Transaction]) -> Sequence[Transaction]:
    """What was taken back before its payment, one of these, was told."""
    names = [row.external_id for row in rows if row.kind == "payment"]
    codes = {row.customer_code for row in rows if row.kind == "payment"} - {""}
    if not names:
        return []
    named = sa.and_(Transaction.cause == causes.REVERSAL_FIRST, among(Transaction.reverses, names))
    unnamed = sa.and_(Transaction.cause == causes.REVERSAL_OF_NONE, among(Transaction.customer_code, codes))
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


def paid_by(account: Account, row: Transaction) -> Transaction | None:
    """The payment that this one takes back, by any of its names; where none is told, the only one that fits."""
    if not row.reverses:
        found = fitting(account, row)
        row.reverses = found[0].external_id if len(found) == 1 else ""
        return found[0] if len(found) == 1 else None
    named = sa.select(Alias.transaction_id).where(Alias.account_id == account.id, Alias.name == row.reverses)
    return db.session.scalar(sa.select(Transaction).where(
        Transaction.account_id == account.id, Transaction.kind == "payment",
        sa.or_(Transaction.external_id == row.reverses, Transaction.id.in_(named))))


def why(account: Account, row: Transaction) -> str:
    """Why no payment was found for it."""
    if row.reverses:
        return causes.REVERSAL_FIRST
    return causes.REVERSAL_OF_SEVERAL if fitting(account, row) else causes.REVERSAL_OF_NONE


# --- where the gateway does not say which payment ------------------------------------------------------------


def fitting(account: Account, row: Transaction) -> list[Transaction]:
    """The payments of just this customer, amount and document of which nothing was taken back yet."""
    return [one for one in possible(account, row, None) if _is_amount(one, row) and one.payment is not None
            and not one.payment.refunded and _agree(one, row)]


def _is_amount(paid: Transaction, row: Transaction) -> bool:
    """The same amount; some tell none of a payment taken back, whose document must be told then."""
    return row.amount == paid.amount or (row.amount == ZERO and bool(row.invoice_code and paid.invoice_code))


def possible(account: Account, row: Transaction, limit: int | None = FEW) -> list[Transaction]:
    """The payments of this customer that can be taken back so far, the newest first."""
    if row.customer_id is not None:
        whose = Transaction.customer_id == row.customer_id
    elif row.customer_code:  # nobody here has it, but a person may have said whose it is
        whose = Transaction.customer_code == row.customer_code
    else:
        return []
    before = [Transaction.paid_on.is_(None) | (Transaction.paid_on <= row.paid_on)] if row.paid_on else []
    return list(db.session.scalars(
        sa.select(Transaction).join(Payment, Payment.id == Transaction.payment_id).where(
            Transaction.account_id == account.id, Transaction.kind == "payment", Transaction.state == "booked",
            Transaction.currency == row.currency, Payment.state == "recorded",
            Payment.amount - Payment.refunded >= row.amount, whose, *before)
        .order_by(Transaction.paid_on.desc(), Transaction.id.desc()).limit(limit)))


def _agree(paid: Transaction, row: Transaction) -> bool:
    """Whether both name the same document, where both name one."""
    pairs = ((paid.invoice_code, row.invoice_code), (paid.attempt_code, row.attempt_code),
             (str(paid.raw.get("nro_boleta", "")), str(row.raw.get("nro_boleta", ""))))
    return all(not (one and other) or matching.bare(one) == matching.bare(other) for one, other in pairs)
