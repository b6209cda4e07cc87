"""Ways to pay that were opened at a gateway for one debt: a page, a ticket."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core import clock
from core.db import Amount, BigId, CompanyScoped, JSONText, Model, UTCDateTime, secret
from modules.accounting.models import Invoice
from modules.crm.models import Customer
from modules.gateways.models.accounts import Account

TOGETHER = "invoice_id IS NULL AND state IN ('pending', 'opening', 'open', 'unknown')"


class Checkout(CompanyScoped, Model):
    """One attempt to let somebody pay a debt at a gateway. Its reference is used once, and never again."""

    __tablename__ = "gateways_checkout"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("gateways_account.id"))
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("crm_customer.id"), index=True)
    # null: several documents, those of `covers`
    invoice_id: Mapped[int | None] = mapped_column(sa.ForeignKey("accounting_invoice.id"), index=True)
    # the ids of the documents that are paid together, the oldest first; [] where it is one
    covers: Mapped[list[int]] = mapped_column(JSONText, default=list, server_default="[]")
    method: Mapped[str] = mapped_column(sa.String(20), default="link")
    reference: Mapped[str] = mapped_column(sa.String(64))
    amount: Mapped[Decimal] = mapped_column(Amount)
    currency: Mapped[str] = mapped_column(sa.String(3))
    # pending -> opening -> open -> paid | closed | expired; refused; unknown -> open | pending
    state: Mapped[str] = mapped_column(sa.String(10), default="pending")
    provider_ref: Mapped[str] = mapped_column(sa.String(120), default="")
    url: Mapped[str] = mapped_column(sa.String(1000), default="")
    coupon: Mapped[dict[str, Any]] = mapped_column(JSONText, default=dict)
    data: Mapped[dict[str, Any]] = mapped_column(JSONText, default=dict)
    # what reads its state at the gateway
    key: Mapped[str | None] = secret()
    error: Mapped[str] = mapped_column(sa.String(500), default="")
    expires_at: Mapped[dt.datetime] = mapped_column(UTCDateTime)
    # when to ask next what became of it; null: never
    poll_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    polls: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)

    account: Mapped[Account] = relationship(Account)
    customer: Mapped[Customer] = relationship()
    invoice: Mapped[Invoice | None] = relationship()

    __table_args__ = (
        sa.UniqueConstraint("account_id", "reference"),
        # one open page per debt, account and method: a second click finds the first
        sa.Index("uq_gateways_checkout_open", "account_id", "invoice_id", "method", unique=True,
                 sqlite_where=sa.text("state IN ('pending', 'opening', 'open', 'unknown')"),
                 postgresql_where=sa.text("state IN ('pending', 'opening', 'open', 'unknown')")),
        # and one for several documents of a customer
        sa.Index("uq_gateways_checkout_open_together", "account_id", "customer_id", "method", unique=True,
                 sqlite_where=sa.text(TOGETHER), postgresql_where=sa.text(TOGETHER)),
        sa.Index("ix_gateways_checkout_poll", "poll_at", sqlite_where=sa.text("poll_at IS NOT NULL"),
                 postgresql_where=sa.text("poll_at IS NOT NULL")),
        sa.CheckConstraint("state IN ('pending', 'opening', 'open', 'unknown', 'paid', 'closed', 'expired', 'refused')",
                           name="state"),
    )
