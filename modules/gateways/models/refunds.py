"""Money that staff have a gateway give back: what was asked for, and what became of it."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core import clock
from core.db import Amount, BigId, CompanyScoped, JSONText, Model, UTCDateTime
from modules.gateways.models.accounts import Account
from modules.gateways.models.inbox import Transaction

UNSURE = "state IN ('pending', 'asking', 'unknown')"


class RefundRequest(CompanyScoped, Model):
    """One request to give back a payment or a part of it: one refund at the gateway, whatever is lost on the way."""

    __tablename__ = "gateways_refund_request"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("gateways_account.id"))
    # the payment
    transaction_id: Mapped[int] = mapped_column(sa.ForeignKey("gateways_transaction.id"), index=True)
    amount: Mapped[Decimal] = mapped_column(Amount)
    # all of the payment, of which nothing was given back before
    whole: Mapped[bool] = mapped_column(default=False)
    reason: Mapped[str] = mapped_column(sa.String(300))
    # the idempotency key at the gateway
    key: Mapped[str] = mapped_column(sa.String(36), unique=True, default=lambda: str(uuid.uuid4()))
    # pending -> asking -> asked (the gateway has it) | refused; unknown -> asked | refused
    state: Mapped[str] = mapped_column(sa.String(10), default="pending")
    error: Mapped[str] = mapped_column(sa.String(500), default="")
    # returns of the payment that were told of before it was asked for
    known: Mapped[list[str]] = mapped_column(JSONText, default=list)
    # the gateway's refund, as it tells it by whichever way
    told_id: Mapped[int | None] = mapped_column(sa.ForeignKey("gateways_transaction.id"), unique=True)
    created_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)
    created_by: Mapped[int | None] = mapped_column(sa.ForeignKey("core_user.id"))

    account: Mapped[Account] = relationship(Account)
    transaction: Mapped[Transaction] = relationship(Transaction, foreign_keys=[transaction_id])
    told: Mapped[Transaction | None] = relationship(Transaction, foreign_keys=[told_id])

    __table_args__ = (
        # while nobody knows what became of one, no other of the same payment: a second click finds the first
        sa.Index("uq_gateways_refund_request_unsure", "transaction_id", unique=True, sqlite_where=sa.text(UNSURE),
                 postgresql_where=sa.text(UNSURE)),
        sa.CheckConstraint("state IN ('pending', 'asking', 'asked', 'unknown', 'refused')", name="state"),
        sa.CheckConstraint("amount > 0", name="amount"),
    )
