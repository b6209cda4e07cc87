"""What gateways told: the requests as they came, and one row per payment or reversal they know of."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core import clock
from core.db import Amount, BigId, CompanyScoped, JSONText, Model, UTCDateTime
from modules.accounting.models import Invoice, Payment
from modules.crm.models import Customer
from modules.gateways.models.accounts import Account

# notices that somebody may want to look at
ODD = "state IN ('failed', 'refused')"
# payments that are in the books
BOOKED = "state = 'booked' AND kind = 'payment'"


class Notice(CompanyScoped, Model):
    """A request of a gateway, as it came; stored before anything is done with it."""

    __tablename__ = "gateways_notice"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("gateways_account.id"))
    # the same for every repetition; what is not authentic has one that no authentic notice can have
    event_id: Mapped[str] = mapped_column(sa.String(200))
    method: Mapped[str] = mapped_column(sa.String(8))
    path: Mapped[str] = mapped_column(sa.String(300), default="")
    query: Mapped[dict[str, Any]] = mapped_column(JSONText, default=dict)
    headers: Mapped[dict[str, Any]] = mapped_column(JSONText, default=dict)
    body: Mapped[str] = mapped_column(sa.Text, default="")
    remote: Mapped[str] = mapped_column(sa.String(60), default="")
    authentic: Mapped[bool] = mapped_column(default=False)
    reason: Mapped[str] = mapped_column(sa.String(60), default="")
    # what to do with it: book, read, poll, ignore
    action: Mapped[str] = mapped_column(sa.String(10), default="read")
    payment_ref: Mapped[str] = mapped_column(sa.String(120), default="")
    # waiting, done, ignored (nothing was to be done), refused (not authentic), failed
    state: Mapped[str] = mapped_column(sa.String(10), default="waiting")
    error: Mapped[str] = mapped_column(sa.String(500), default="")
    # how often it came
    times: Mapped[int] = mapped_column(default=1)
    received_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)
    done_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)

    account: Mapped[Account] = relationship(Account)

    __table_args__ = (
        sa.UniqueConstraint("account_id", "event_id"),
        sa.CheckConstraint("state IN ('waiting', 'done', 'ignored', 'refused', 'failed')", name="state"),
        sa.Index("ix_gateways_notice_list", "company_id", "received_at", "id"),
        sa.Index("ix_gateways_notice_waiting", "account_id", "id",
                 sqlite_where=sa.text("state = 'waiting'"), postgresql_where=sa.text("state = 'waiting'")),
        sa.Index("ix_gateways_notice_odd", "company_id", "state", "received_at", "id", sqlite_where=sa.text(ODD),
                 postgresql_where=sa.text(ODD)),
    )


class Transaction(CompanyScoped, Model):
    """A payment, or the taking back of one, by its identity at the gateway, whichever way it was told."""

    __tablename__ = "gateways_transaction"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("gateways_account.id"))
    external_id: Mapped[str] = mapped_column(sa.String(120))
    # payment, reversal
    kind: Mapped[str] = mapped_column(sa.String(10), default="payment")
    # the gateway's word, as shapes.STATUSES
    status: Mapped[str] = mapped_column(sa.String(10))
    # ours: noted (nothing to be booked), waiting (a person must look), booked, set_aside (a person said why)
    state: Mapped[str] = mapped_column(sa.String(10), default="noted")
    # why it waits, as causes.py
    cause: Mapped[str] = mapped_column(sa.String(30), default="")
    # it is booked, but somebody should look: paid twice, of a closed debt
    attention: Mapped[str] = mapped_column(sa.String(30), default="")
    amount: Mapped[Decimal] = mapped_column(Amount)
    currency: Mapped[str] = mapped_column(sa.String(3))
    # days in the company's zone; credited: when the money is ours to use
    paid_on: Mapped[dt.date | None] = mapped_column(sa.Date)
    credited_on: Mapped[dt.date | None] = mapped_column(sa.Date)
    # null where the gateway did not tell it
    fee: Mapped[Decimal | None] = mapped_column(Amount)
    withheld: Mapped[Decimal | None] = mapped_column(Amount)
    channel: Mapped[str] = mapped_column(sa.String(40), default="")
    # whose it is, as the gateway wrote it
    customer_code: Mapped[str] = mapped_column(sa.String(80), default="")
    invoice_code: Mapped[str] = mapped_column(sa.String(80), default="")
    barcode: Mapped[str] = mapped_column(sa.String(120), default="")
    attempt_code: Mapped[str] = mapped_column(sa.String(80), default="")
    payer: Mapped[dict[str, Any]] = mapped_column(JSONText, default=dict)
    # of a reversal: the payment's identity
    reverses: Mapped[str] = mapped_column(sa.String(120), default="")
    reason: Mapped[str] = mapped_column(sa.String(300), default="")
    remarks: Mapped[list[str]] = mapped_column(JSONText, default=list)
    raw: Mapped[dict[str, Any]] = mapped_column(JSONText, default=dict)
    gateway_changed_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    # what it became
    customer_id: Mapped[int | None] = mapped_column(sa.ForeignKey("crm_customer.id"), index=True)
    invoice_id: Mapped[int | None] = mapped_column(sa.ForeignKey("accounting_invoice.id"))
    payment_id: Mapped[int | None] = mapped_column(sa.ForeignKey("accounting_payment.id"), index=True)
    refund_id: Mapped[int | None] = mapped_column(sa.ForeignKey("accounting_refund.id"))
    # of a taking back that was undone (a chargeback that was won): the payment recorded anew, and how often it was
    restored_id: Mapped[int | None] = mapped_column(sa.ForeignKey("accounting_payment.id"))
    restored: Mapped[int] = mapped_column(default=0, server_default="0")
    # what was booked as kept by the gateway
    fee_booked: Mapped[Decimal] = mapped_column(Amount, default=Decimal("0.00"))
    withheld_booked: Mapped[Decimal] = mapped_column(Amount, default=Decimal("0.00"))
    # how often it was booked and taken back with its file: the next payment needs a name of its own in the books
    bookings: Mapped[int] = mapped_column(default=0)
    # the file and line that told it first, or that it was paid
    file_id: Mapped[int | None] = mapped_column(sa.ForeignKey("gateways_file.id"), index=True)
    line: Mapped[int | None] = mapped_column(sa.Integer)
    # when the network's own file or list of a day held it first, and the file; null where a list did (day_files)
    held_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    held_id: Mapped[int | None] = mapped_column(sa.ForeignKey("gateways_file.id"))
    # when a notice, a poll or an answer first said that it was paid, which no taking back of a file undoes
    told_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    seen_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)
    note: Mapped[str] = mapped_column(sa.String(300), default="")

    account: Mapped[Account] = relationship(Account)
    customer: Mapped[Customer | None] = relationship()
    invoice: Mapped[Invoice | None] = relationship()
    payment: Mapped[Payment | None] = relationship(foreign_keys=[payment_id])

    def __str__(self) -> str:
        return self.external_id

    __table_args__ = (
        sa.UniqueConstraint("account_id", "external_id"),
        sa.CheckConstraint("kind IN ('payment', 'reversal')", name="kind"),
        sa.CheckConstraint("state IN ('noted', 'waiting', 'booked', 'set_aside')", name="state"),
        sa.Index("ix_gateways_transaction_list", "company_id", "seen_at", "id"),
        sa.Index("ix_gateways_transaction_paid", "company_id", "account_id", "paid_on", "id"),
        # the chart of the home page reads nothing else
        sa.Index("ix_gateways_transaction_booked", "company_id", "paid_on", "account_id", "currency", "credited_on",
                 "amount", sqlite_where=sa.text(BOOKED), postgresql_where=sa.text(BOOKED)),
        sa.Index("ix_gateways_transaction_held", "account_id", "paid_on",
                 sqlite_where=sa.text("held_at IS NOT NULL"), postgresql_where=sa.text("held_at IS NOT NULL")),
        sa.Index("ix_gateways_transaction_unheld", "account_id", "paid_on",
                 sqlite_where=sa.text("held_at IS NULL"), postgresql_where=sa.text("held_at IS NULL")),
        sa.Index("ix_gateways_transaction_held_id", "held_id",
                 sqlite_where=sa.text("held_id IS NOT NULL"), postgresql_where=sa.text("held_id IS NOT NULL")),
        sa.Index("ix_gateways_transaction_waiting", "company_id", "id",
                 sqlite_where=sa.text("state = 'waiting' OR attention <> ''"),
                 postgresql_where=sa.text("state = 'waiting' OR attention <> ''")),
    )


class Alias(Model):
    """Another identity of a transaction at its gateway: of its file, where the first is of its API, or so."""

    __tablename__ = "gateways_alias"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("gateways_account.id"))
    name: Mapped[str] = mapped_column(sa.String(120))
    transaction_id: Mapped[int] = mapped_column(sa.ForeignKey("gateways_transaction.id"), index=True)

    __table_args__ = (sa.UniqueConstraint("account_id", "name"),)


class HeldAgain(Model):
    """Another file that holds a transaction, beside the first one (`Transaction.held_id`): they overlap."""

    __tablename__ = "gateways_held_again"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    transaction_id: Mapped[int] = mapped_column(sa.ForeignKey("gateways_transaction.id"))
    file_id: Mapped[int] = mapped_column(sa.ForeignKey("gateways_file.id"), index=True)

    __table_args__ = (sa.UniqueConstraint("transaction_id", "file_id"),)
