"""What staff decided about the ways in which one customer pays."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.db import BigId, CompanyScoped, Model, UTCDateTime


class LinkMark(CompanyScoped, Model):
    """How often the payment links of a document, or of a customer, were revoked: a link bears the count of its day."""

    __tablename__ = "gateways_link_mark"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("crm_customer.id"))
    # null: the links to all that the customer owes
    invoice_id: Mapped[int | None] = mapped_column(sa.ForeignKey("accounting_invoice.id"))
    mark: Mapped[int] = mapped_column(sa.Integer, default=0)
    revoked_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)

    __table_args__ = (
        sa.Index("uq_gateways_link_mark_customer", "customer_id", unique=True,
                 sqlite_where=sa.text("invoice_id IS NULL"), postgresql_where=sa.text("invoice_id IS NULL")),
        sa.Index("uq_gateways_link_mark_invoice", "invoice_id", unique=True,
                 sqlite_where=sa.text("invoice_id IS NOT NULL"), postgresql_where=sa.text("invoice_id IS NOT NULL")),
    )


class WithheldWay(CompanyScoped, Model):
    """A gateway that one customer is not offered."""

    __tablename__ = "gateways_withheld_way"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("crm_customer.id"))
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("gateways_account.id"))

    __table_args__ = (sa.UniqueConstraint("customer_id", "account_id"),)
