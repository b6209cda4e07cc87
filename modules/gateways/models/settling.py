"""What gateways and banks say of the money itself: settlement reports, and movements of bank accounts."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.db import Amount, BigId, CompanyScoped, JSONText, Model
from modules.gateways.models.accounts import Account
from modules.gateways.models.files import File
from modules.gateways.models.inbox import Transaction


class Settlement(CompanyScoped, Model):
    """A row of a gateway's own account: gross = fee + withheld + net, to the cent; the net of a payout is negative."""

    __tablename__ = "gateways_settlement"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("gateways_account.id"))
    # the report that told it first
    file_id: Mapped[int] = mapped_column(sa.ForeignKey("gateways_file.id"), index=True)
    line: Mapped[int | None] = mapped_column(sa.Integer)
    # payment, refund, chargeback, payout
    kind: Mapped[str] = mapped_column(sa.String(10))
    external_id: Mapped[str] = mapped_column(sa.String(120))
    # what it is known by, as settling.mark_of: a payment has one row, whichever report tells it
    mark: Mapped[str] = mapped_column(sa.String(200))
    gross: Mapped[Decimal] = mapped_column(Amount)
    fee: Mapped[Decimal] = mapped_column(Amount)
    withheld: Mapped[Decimal] = mapped_column(Amount)
    net: Mapped[Decimal] = mapped_column(Amount)
    currency: Mapped[str] = mapped_column(sa.String(3))
    settled_on: Mapped[dt.date] = mapped_column(sa.Date)
    # when the money can be used
    released_on: Mapped[dt.date | None] = mapped_column(sa.Date)
    # of a payment: ours
    transaction_id: Mapped[int | None] = mapped_column(sa.ForeignKey("gateways_transaction.id"), index=True)
    # of a payment: the fee, taxes and day of credit that were known before this row corrected them; {}: it did not
    before: Mapped[dict[str, Any]] = mapped_column(JSONText, default=dict, server_default="{}")
    # of a payout: what was booked; of a return: the fee and taxes that came back
    entry_id: Mapped[int | None] = mapped_column(sa.ForeignKey("accounting_entry.id"))

    account: Mapped[Account] = relationship(Account)
    file: Mapped[File] = relationship(File)
    transaction: Mapped[Transaction | None] = relationship(Transaction)

    __table_args__ = (
        sa.UniqueConstraint("account_id", "mark"),
        sa.CheckConstraint("kind IN ('payment', 'refund', 'chargeback', 'payout')", name="kind"),
        sa.Index("ix_gateways_settlement_day", "company_id", "account_id", "settled_on", "id"),
    )


class BankLine(CompanyScoped, Model):
    """A movement of a bank account, positive for money that came in; `account` is the bank's."""

    __tablename__ = "gateways_bank_line"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("gateways_account.id"))
    file_id: Mapped[int] = mapped_column(sa.ForeignKey("gateways_file.id"), index=True)
    line: Mapped[int | None] = mapped_column(sa.Integer)
    external_id: Mapped[str] = mapped_column(sa.String(120))
    date: Mapped[dt.date] = mapped_column(sa.Date)
    amount: Mapped[Decimal] = mapped_column(Amount)
    currency: Mapped[str] = mapped_column(sa.String(3))
    text: Mapped[str] = mapped_column(sa.String(500), default="")
    reference: Mapped[str] = mapped_column(sa.String(120), default="")
    name: Mapped[str] = mapped_column(sa.String(200), default="")
    # waiting (nobody knows yet), payment (a customer's), payout (a gateway's), other (a person said what), spent
    state: Mapped[str] = mapped_column(sa.String(10), default="waiting")
    # the customer's payment that it became
    transaction_id: Mapped[int | None] = mapped_column(sa.ForeignKey("gateways_transaction.id"), index=True)
    # the gateway that paid out, the row of its report, and what was booked where no report had told
    gateway_id: Mapped[int | None] = mapped_column(sa.ForeignKey("gateways_account.id"))
    settlement_id: Mapped[int | None] = mapped_column(sa.ForeignKey("gateways_settlement.id"), unique=True)
    entry_id: Mapped[int | None] = mapped_column(sa.ForeignKey("accounting_entry.id"))
    note: Mapped[str] = mapped_column(sa.String(300), default="")

    account: Mapped[Account] = relationship(Account, foreign_keys=[account_id])
    gateway: Mapped[Account | None] = relationship(Account, foreign_keys=[gateway_id])
    file: Mapped[File] = relationship(File)
    transaction: Mapped[Transaction | None] = relationship(Transaction)

    __table_args__ = (
        sa.UniqueConstraint("account_id", "external_id"),
        sa.CheckConstraint("state IN ('waiting', 'payment', 'payout', 'other', 'spent')", name="state"),
        sa.Index("ix_gateways_bank_line_list", "company_id", "date", "id"),
        sa.Index("ix_gateways_bank_line_waiting", "company_id", "date",
                 sqlite_where=sa.text("state = 'waiting'"), postgresql_where=sa.text("state = 'waiting'")),
    )

    def __str__(self) -> str:
        return self.text or self.reference or self.external_id
