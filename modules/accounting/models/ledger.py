"""The one ledger: accounts, balanced entries with their postings, and the balances kept beside them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core import clock
from core.db import Amount, BigId, CompanyScoped, Model, UTCDateTime

# what postings are made for; each company maps every role to one of its accounts
ROLES = ("receivable", "income", "vat_payable", "other_taxes_payable", "withholdings", "cash", "bank", "clearing",
         "fees", "rounding", "opening")
KINDS = ("asset", "liability", "equity", "income", "expense")


class Account(CompanyScoped, Model):
    """A line of the chart of accounts."""

    __tablename__ = "accounting_account"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(30))
    name: Mapped[str] = mapped_column(sa.String(150))
    kind: Mapped[str] = mapped_column(sa.String(10))
    active: Mapped[bool] = mapped_column(default=True)

    __table_args__ = (
        sa.UniqueConstraint("company_id", "code"),
        sa.CheckConstraint("kind IN ('asset', 'liability', 'equity', 'income', 'expense')", name="kind"),
    )

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class AccountRole(CompanyScoped, Model):
    """Which account plays a role: receivable, income, tax payable and so on."""

    __tablename__ = "accounting_account_role"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    # one of ROLES
    role: Mapped[str] = mapped_column(sa.String(30))
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("accounting_account.id"))

    account: Mapped[Account] = relationship(Account)

    __table_args__ = (sa.UniqueConstraint("company_id", "role"),)


class CashAccount(CompanyScoped, Model):
    """Where money lies: a cash box, a bank account, what a gateway still holds."""

    __tablename__ = "accounting_cash_account"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(100))
    kind: Mapped[str] = mapped_column(sa.String(10), default="cash")
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("accounting_account.id"))
    # "": the company's
    currency: Mapped[str] = mapped_column(sa.String(3), default="")
    # taken where a payment names none
    is_default: Mapped[bool] = mapped_column(default=False)
    active: Mapped[bool] = mapped_column(default=True)

    account: Mapped[Account] = relationship(Account)

    __table_args__ = (
        sa.UniqueConstraint("company_id", "name"),
        sa.Index("uq_accounting_cash_account_default", "company_id", unique=True,
                 sqlite_where=sa.text("is_default"), postgresql_where=sa.text("is_default")),
        sa.CheckConstraint("kind IN ('cash', 'bank', 'gateway')", name="kind"),
    )

    def __str__(self) -> str:
        return self.name


class Entry(CompanyScoped, Model):
    """A balanced entry; never changed or deleted. What was wrong is corrected by another entry."""

    __tablename__ = "accounting_entry"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    date: Mapped[dt.date] = mapped_column(sa.Date)
    # issue, cancel: of an invoice; payment, reversal: of a payment; refund: part of one given back; fee: what a gateway
    # keeps; transfer: between cash accounts; opening; manual
    kind: Mapped[str] = mapped_column(sa.String(10))
    # all its postings are in this currency
    currency: Mapped[str] = mapped_column(sa.String(3))
    invoice_id: Mapped[int | None] = mapped_column(sa.ForeignKey("accounting_invoice.id"))
    payment_id: Mapped[int | None] = mapped_column(sa.ForeignKey("accounting_payment.id"))
    description: Mapped[str] = mapped_column(sa.String(300), default="")
    created_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)

    postings: Mapped[list[Posting]] = relationship(order_by="Posting.id")
    # what is booked; both stand in files above this one
    invoice: Mapped[Any] = relationship("Invoice", viewonly=True)
    payment: Mapped[Any] = relationship("Payment", viewonly=True)

    __table_args__ = (
        # a document and a payment are each booked once, and taken back once
        sa.UniqueConstraint("invoice_id", "kind"),
        sa.UniqueConstraint("payment_id", "kind"),
        sa.CheckConstraint("kind IN ('issue', 'cancel', 'payment', 'reversal', 'refund', 'fee', 'transfer', 'opening', "
                           "'manual')", name="kind"),
        sa.Index("ix_accounting_entry_list", "company_id", "date", "id"),
    )


class Posting(CompanyScoped, Model):
    """One side of an entry: debit positive, credit negative.

    A subscriber's current account is the postings of that customer on the receivable account.
    """

    __tablename__ = "accounting_posting"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    entry_id: Mapped[int] = mapped_column(sa.ForeignKey("accounting_entry.id"), index=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("accounting_account.id"))
    # only on receivable accounts
    customer_id: Mapped[int | None] = mapped_column(sa.ForeignKey("crm_customer.id"))
    # the entry's, so that an account is read from one index
    date: Mapped[dt.date] = mapped_column(sa.Date)
    currency: Mapped[str] = mapped_column(sa.String(3))
    amount: Mapped[Decimal] = mapped_column(Amount)

    account: Mapped[Account] = relationship(Account)

    __table_args__ = (
        sa.Index("ix_accounting_posting_customer", "customer_id", "currency", "date", "id",
                 postgresql_include=["amount"], sqlite_where=sa.text("customer_id IS NOT NULL"),
                 postgresql_where=sa.text("customer_id IS NOT NULL")),
        sa.Index("ix_accounting_posting_account", "account_id", "date", "id"),
    )


class Balance(CompanyScoped, Model):
    """What a customer owes in a currency (negative: has in favour), kept in the transaction of every posting."""

    __tablename__ = "accounting_balance"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("crm_customer.id"))
    currency: Mapped[str] = mapped_column(sa.String(3))
    amount: Mapped[Decimal] = mapped_column(Amount, default=Decimal("0.00"))

    __table_args__ = (
        sa.UniqueConstraint("customer_id", "currency"),
        sa.Index("ix_accounting_balance_debtors", "company_id", "currency", "amount", "id"),
    )


class DayTotal(CompanyScoped, Model):
    """What the current accounts of all customers moved on a day, added up, so that no screen adds up the ledger.

    Kept a little behind the ledger by summaries.py: what has come since is read from the entries themselves.
    """

    __tablename__ = "accounting_day_total"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    day: Mapped[dt.date] = mapped_column(sa.Date)
    currency: Mapped[str] = mapped_column(sa.String(3))
    # billed: documents less what was annulled; collected: payments less those taken back (negative); other: brought in
    what: Mapped[str] = mapped_column(sa.String(10))
    amount: Mapped[Decimal] = mapped_column(Amount)
    # the last entry that is in it; the highest of all tells where the unread part of the ledger begins
    last_entry_id: Mapped[int] = mapped_column(sa.BigInteger, index=True)

    __table_args__ = (
        sa.UniqueConstraint("company_id", "day", "currency", "what"),
        sa.CheckConstraint("what IN ('billed', 'collected', 'other')", name="what"),
    )


class MethodTotal(CompanyScoped, Model):
    """What came in on a day by a method of payment, less what was taken back; kept together with DayTotal."""

    __tablename__ = "accounting_method_total"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    day: Mapped[dt.date] = mapped_column(sa.Date)
    currency: Mapped[str] = mapped_column(sa.String(3))
    method: Mapped[str] = mapped_column(sa.String(20))
    amount: Mapped[Decimal] = mapped_column(Amount)

    __table_args__ = (sa.UniqueConstraint("company_id", "day", "currency", "method"),)


class Policy(CompanyScoped, Model):
    """How a company accounts: whether its documents need the tax authority, and what is closed."""

    __tablename__ = "accounting_policy"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    # whether invoices wait for the country's authority
    legal_documents: Mapped[bool] = mapped_column(default=True)
    # whether money in favour pays the next invoice by itself
    apply_credit: Mapped[bool] = mapped_column(default=True)
    # nothing is booked on or before this day
    locked_until: Mapped[dt.date | None] = mapped_column(sa.Date)
    locked_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    locked_by: Mapped[int | None] = mapped_column(sa.ForeignKey("core_user.id"))
    lock_reason: Mapped[str] = mapped_column(sa.String(300), default="")

    __table_args__ = (sa.UniqueConstraint("company_id"),)
