"""Payments, by which media they came, and which documents they pay."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core import clock
from core.db import Amount, BigId, CompanyScoped, Model, UTCDateTime
from modules.accounting import labels
from modules.accounting.models.documents import Invoice
from modules.accounting.models.ledger import CashAccount
from modules.crm.models import Customer

# how money comes; gateways add their own names
METHODS = ("cash", "transfer", "card", "cheque", "deposit", "withholding", "other")
# a tax that the customer kept back and paid to the state: it pays the invoice, but no cash account
WITHHOLDING = "withholding"


class Payment(CompanyScoped, Model):
    """Money received from a customer; its receipt has a number of the company's own sequence."""

    __tablename__ = "accounting_payment"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    number: Mapped[int] = mapped_column(sa.BigInteger)
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("crm_customer.id"))
    # the day it counts from, in the company's zone
    paid_on: Mapped[dt.date] = mapped_column(sa.Date)
    currency: Mapped[str] = mapped_column(sa.String(3))
    amount: Mapped[Decimal] = mapped_column(Amount)
    # what no document used yet: the customer's credit
    open_amount: Mapped[Decimal] = mapped_column(Amount)
    # what was given back of it, without taking all of it back
    refunded: Mapped[Decimal] = mapped_column(Amount, default=Decimal("0.00"), server_default="0")
    # recorded, reversed
    state: Mapped[str] = mapped_column(sa.String(10), default="recorded")
    # who told of it: "" by hand, else the gateway account or the file; with its own id there
    source: Mapped[str] = mapped_column(sa.String(60), default="")
    external_id: Mapped[str | None] = mapped_column(sa.String(120))
    notes: Mapped[str] = mapped_column(sa.String(300), default="")
    reversed_on: Mapped[dt.date | None] = mapped_column(sa.Date)
    reversal_reason: Mapped[str] = mapped_column(sa.String(300), default="")
    receipt_file_id: Mapped[int | None] = mapped_column(sa.ForeignKey("core_file.id"))
    form_key: Mapped[str | None] = mapped_column(sa.String(80))
    created_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)
    created_by: Mapped[int | None] = mapped_column(sa.ForeignKey("core_user.id"))

    customer: Mapped[Customer] = relationship()
    media: Mapped[list[PaymentMedium]] = relationship(back_populates="payment", order_by="PaymentMedium.id")
    allocations: Mapped[list[Allocation]] = relationship(
        back_populates="payment", order_by="Allocation.id", foreign_keys="Allocation.payment_id")

    __table_args__ = (
        sa.UniqueConstraint("company_id", "number"),
        # a notice, a line of a file and a double click count once
        sa.UniqueConstraint("company_id", "source", "external_id"),
        sa.UniqueConstraint("company_id", "form_key"),
        sa.CheckConstraint("amount > 0", name="amount"),
        sa.CheckConstraint("open_amount BETWEEN 0 AND amount", name="open_amount"),
        sa.CheckConstraint("state IN ('recorded', 'reversed')", name="state"),
        sa.Index("ix_accounting_payment_list", "company_id", "paid_on", "id"),
        sa.Index("ix_accounting_payment_amount_list", "company_id", "amount", "id"),
        sa.Index("ix_accounting_payment_customer", "customer_id", "paid_on", "id"),
        sa.Index("ix_accounting_payment_open", "customer_id", "id",
                 sqlite_where=sa.text("open_amount <> 0"), postgresql_where=sa.text("open_amount <> 0")),
    )

    def __str__(self) -> str:
        return labels.receipt_number(self.number)


class PaymentMedium(Model):
    """A part of a payment: by which medium, into which cash account. The parts add up to the payment."""

    __tablename__ = "accounting_payment_medium"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    payment_id: Mapped[int] = mapped_column(sa.ForeignKey("accounting_payment.id"), index=True)
    method: Mapped[str] = mapped_column(sa.String(20), default="cash")
    # null for taxes that the customer withheld: that money went to the state
    cash_account_id: Mapped[int | None] = mapped_column(sa.ForeignKey("accounting_cash_account.id"), index=True)
    amount: Mapped[Decimal] = mapped_column(Amount)
    # number of the transfer, cheque or coupon
    reference: Mapped[str] = mapped_column(sa.String(100), default="")

    payment: Mapped[Payment] = relationship(back_populates="media")
    cash_account: Mapped[CashAccount | None] = relationship()

    __table_args__ = (
        sa.CheckConstraint("amount > 0", name="amount"),
        sa.CheckConstraint("(cash_account_id IS NULL) = (method = 'withholding')", name="place"),
    )


class Refund(CompanyScoped, Model):
    """A part of a payment that was given back; all of it at once is the payment's reversal instead."""

    __tablename__ = "accounting_refund"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    payment_id: Mapped[int] = mapped_column(sa.ForeignKey("accounting_payment.id"), index=True)
    amount: Mapped[Decimal] = mapped_column(Amount)
    # the medium of the payment that the money came by
    method: Mapped[str] = mapped_column(sa.String(20))
    refunded_on: Mapped[dt.date] = mapped_column(sa.Date)
    reason: Mapped[str] = mapped_column(sa.String(300))
    # as a payment's
    source: Mapped[str] = mapped_column(sa.String(60), default="")
    external_id: Mapped[str | None] = mapped_column(sa.String(120))
    entry_id: Mapped[int] = mapped_column(sa.ForeignKey("accounting_entry.id"), unique=True)
    created_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)
    created_by: Mapped[int | None] = mapped_column(sa.ForeignKey("core_user.id"))

    payment: Mapped[Payment] = relationship()

    __table_args__ = (
        sa.UniqueConstraint("company_id", "source", "external_id"),
        sa.CheckConstraint("amount > 0", name="amount"),
    )


class Allocation(CompanyScoped, Model):
    """What a payment or a credit note pays of a document. Taking it back is a row with the amount negative."""

    __tablename__ = "accounting_allocation"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    invoice_id: Mapped[int] = mapped_column(sa.ForeignKey("accounting_invoice.id"), index=True)
    payment_id: Mapped[int | None] = mapped_column(sa.ForeignKey("accounting_payment.id"), index=True)
    credit_note_id: Mapped[int | None] = mapped_column(sa.ForeignKey("accounting_invoice.id"), index=True)
    amount: Mapped[Decimal] = mapped_column(Amount)
    date: Mapped[dt.date] = mapped_column(sa.Date)
    created_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)

    invoice: Mapped[Invoice] = relationship(foreign_keys=[invoice_id])
    payment: Mapped[Payment | None] = relationship(back_populates="allocations", foreign_keys=[payment_id])
    credit_note: Mapped[Invoice | None] = relationship(foreign_keys=[credit_note_id])

    __table_args__ = (
        sa.CheckConstraint("(payment_id IS NULL) <> (credit_note_id IS NULL)", name="one_source"),
        sa.CheckConstraint("amount <> 0", name="amount"),
    )
