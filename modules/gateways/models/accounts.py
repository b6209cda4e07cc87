"""A company's accounts at gateways, and the codes by which these know its customers."""

from __future__ import annotations

import datetime as dt
import secrets
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core import clock
from core.db import Amount, BigId, CompanyScoped, JSONText, Model, Scaled, UTCDateTime, secret
from modules.accounting.models import CashAccount
from modules.crm.models import Customer


class Account(CompanyScoped, Model):
    """A contract with a provider: settings, secrets, where its money lies, and what it costs."""

    __tablename__ = "gateways_account"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    provider: Mapped[str] = mapped_column(sa.String(40))
    name: Mapped[str] = mapped_column(sa.String(100))
    # rehearsal (our simulator), testing (the provider's own), production; a company in rehearsal has no other
    environment: Mapped[str] = mapped_column(sa.String(12), default="rehearsal")
    settings: Mapped[dict[str, Any]] = mapped_column(JSONText, default=dict)
    # JSON of the secret settings
    keys: Mapped[str | None] = secret()
    # what the gateway holds until it pays out, and where it pays out to
    cash_account_id: Mapped[int] = mapped_column(sa.ForeignKey("accounting_cash_account.id"))
    bank_account_id: Mapped[int | None] = mapped_column(sa.ForeignKey("accounting_cash_account.id"))
    # the fee where the gateway does not tell it: percent and fixed, tax in percent on both, at least the minimum
    fee_percent: Mapped[Decimal] = mapped_column(Scaled(4), default=Decimal(0))
    fee_fixed: Mapped[Decimal] = mapped_column(Amount, default=Decimal("0.00"))
    fee_tax_percent: Mapped[Decimal] = mapped_column(Scaled(4), default=Decimal(0))
    fee_minimum: Mapped[Decimal] = mapped_column(Amount, default=Decimal("0.00"))
    # the part of our addresses that nobody can guess: where it sends notices, for some the only proof of them
    token: Mapped[str] = mapped_column(sa.String(43), unique=True, default=lambda: secrets.token_urlsafe(32))
    # and where it sends payers back, which each of them sees
    return_token: Mapped[str] = mapped_column(sa.String(43), unique=True, default=lambda: secrets.token_urlsafe(32))
    active: Mapped[bool] = mapped_column(default=True)
    # tickets that are made with each invoice, so that they stand on its PDF (oxxo)
    printed: Mapped[list[str]] = mapped_column(JSONText, default=list, server_default="[]")
    verified_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    # a person has seen that the layout is the network's, where we could not
    confirmed_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    # how far the poll has read, and when it last could
    cursor: Mapped[str] = mapped_column(sa.Text, default="")
    polled_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    # why it cannot be reached, in words; "" where it can
    trouble: Mapped[str] = mapped_column(sa.String(500), default="")
    created_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)

    cash_account: Mapped[CashAccount] = relationship(foreign_keys=[cash_account_id])
    bank_account: Mapped[CashAccount | None] = relationship(foreign_keys=[bank_account_id])

    __table_args__ = (
        sa.UniqueConstraint("company_id", "name"),
        sa.CheckConstraint("environment IN ('rehearsal', 'testing', 'production')", name="environment"),
    )

    @property
    def source(self) -> str:
        """How payments of this account are marked in the books."""
        return f"gateway:{self.id}"

    def __str__(self) -> str:
        return self.name


class PayerCode(CompanyScoped, Model):
    """The code by which a gateway knows a customer; kept for life, never given to somebody else."""

    __tablename__ = "gateways_payer_code"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("gateways_account.id"))
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("crm_customer.id"), index=True)
    code: Mapped[str] = mapped_column(sa.String(80))
    # a page that is the customer's for ever, where the gateway has one
    url: Mapped[str] = mapped_column(sa.String(500), default="")
    data: Mapped[dict[str, Any]] = mapped_column(JSONText, default=dict)
    # JSON of what only a file for the gateway may hold: the number of a card or bank account
    keys: Mapped[str | None] = secret()
    created_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)

    account: Mapped[Account] = relationship(Account)
    customer: Mapped[Customer] = relationship()

    __table_args__ = (sa.UniqueConstraint("account_id", "code"), sa.UniqueConstraint("account_id", "customer_id"))
