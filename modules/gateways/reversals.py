"""What is taken back, and of whom: reversals beside the payments that they name."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from core.db import among, db, lock
from modules.gateways import causes
from modules.gateways.models import Account, Alias, Transaction


def that_waited(account: Account, names: Sequence[str]) -> Sequence[Transaction]:
    """What was taken back before its payment was told."""
    wanted = [name for name in names if name]
    if not wanted:
        return []
    return db.session.scalars(lock(
        sa.select(Transaction).where(
            Transaction.account_id == account.id, Transaction.state == "waiting", Transaction.kind == "reversal",
            Transaction.cause == causes.REVERSAL_FIRST, among(Transaction.reverses, wanted))
        .order_by(Transaction.id))).all()


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
    """The payment that this one takes back, by any of its names."""
    if not row.reverses:
        return None
    named = sa.select(Alias.transaction_id).where(Alias.account_id == account.id, Alias.name == row.reverses)
    return db.session.scalar(sa.select(Transaction).where(
        Transaction.account_id == account.id, Transaction.kind == "payment",
        sa.or_(Transaction.external_id == row.reverses, Transaction.id.in_(named))))
