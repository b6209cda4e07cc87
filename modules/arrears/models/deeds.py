"""What was done about a debt, once each: notices, surcharges, cuts; and cut-offs that somebody approves."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core import clock
from core.db import Amount, BigId, CompanyScoped, JSONText, Model, UTCDateTime
from modules.contracts.models import Contract


class Deed(CompanyScoped, Model):
    """Something that was done to a contract because of its debt. The key makes it happen once."""

    __tablename__ = "arrears_deed"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    contract_id: Mapped[int] = mapped_column(sa.ForeignKey("contracts_contract.id"))
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("crm_customer.id"), index=True)
    # notice, surcharge, cut, restore, promise_broken
    action: Mapped[str] = mapped_column(sa.String(16))
    # which rule decided, and its numbers in words
    rule: Mapped[str] = mapped_column(sa.String(40))
    reason: Mapped[str] = mapped_column(sa.String(300), default="")
    invoice_id: Mapped[int | None] = mapped_column(sa.ForeignKey("accounting_invoice.id"), index=True)
    # like notice:12:345:due:-1, cut:12:345:0
    key: Mapped[str] = mapped_column(sa.String(100))
    # what was owed then; of a surcharge, its amount
    amount: Mapped[Decimal] = mapped_column(Amount, default=Decimal(0))
    currency: Mapped[str] = mapped_column(sa.String(3), default="")
    at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)
    # the local day as of which it was decided
    day: Mapped[dt.date] = mapped_column(sa.Date)
    batch_id: Mapped[int | None] = mapped_column(sa.ForeignKey("arrears_batch.id"), index=True)
    by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("core_user.id"))

    __table_args__ = (
        sa.UniqueConstraint("company_id", "key"),
        sa.CheckConstraint("action IN ('notice', 'surcharge', 'cut', 'restore', 'promise_broken')", name="action"),
        sa.Index("ix_arrears_deed_list", "company_id", "day", "id"),
        sa.Index("ix_arrears_deed_contract", "contract_id", "id"),
    )


class Cut(CompanyScoped, Model):
    """That a contract is, or was, without service for debt by decision of this module."""

    __tablename__ = "arrears_cut"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    contract_id: Mapped[int] = mapped_column(sa.ForeignKey("contracts_contract.id"))
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("crm_customer.id"), index=True)
    suspension_id: Mapped[int] = mapped_column(sa.ForeignKey("contracts_suspension.id"), unique=True)
    # the oldest document that was overdue
    invoice_id: Mapped[int] = mapped_column(sa.ForeignKey("accounting_invoice.id"), index=True)
    # how many cuts of the contract there were before: who runs at the same time finds this one taken
    round: Mapped[int] = mapped_column(default=0)
    rule: Mapped[str] = mapped_column(sa.String(40))
    reason: Mapped[str] = mapped_column(sa.String(300), default="")
    amount: Mapped[Decimal] = mapped_column(Amount, default=Decimal(0))
    currency: Mapped[str] = mapped_column(sa.String(3), default="")
    batch_id: Mapped[int | None] = mapped_column(sa.ForeignKey("arrears_batch.id"), index=True)
    at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)
    # paid, promise, proof, staff, undone, ended; "" while it lasts
    ended_by: Mapped[str] = mapped_column(sa.String(10), default="")
    ended_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)

    __table_args__ = (
        sa.UniqueConstraint("contract_id", "round"),
        sa.Index("uq_arrears_cut_open", "contract_id", unique=True,
                 sqlite_where=sa.text("ended_at IS NULL"), postgresql_where=sa.text("ended_at IS NULL")),
        sa.Index("ix_arrears_cut_list", "company_id", "at", "id"),
        sa.Index("ix_arrears_cut_ended", "company_id", "ended_at"),
        sa.Index("ix_arrears_cut_lasting", "company_id", "at", "id",
                 sqlite_where=sa.text("ended_at IS NULL"), postgresql_where=sa.text("ended_at IS NULL")),
    )


class Batch(CompanyScoped, Model):
    """A cut-off that was rehearsed, and is run in stages once somebody approved it."""

    __tablename__ = "arrears_batch"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    # rehearsed -> running -> done | stopped; what was cut may then be undone
    state: Mapped[str] = mapped_column(sa.String(10), default="rehearsed")
    day: Mapped[dt.date] = mapped_column(sa.Date)
    created_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)
    created_by: Mapped[int | None] = mapped_column(sa.ForeignKey("core_user.id"))
    approved_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    approved_by: Mapped[int | None] = mapped_column(sa.ForeignKey("core_user.id"))
    finished_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    # the stages in order, and how many of them may run
    stages: Mapped[list[str]] = mapped_column(JSONText, default=list)
    released: Mapped[int] = mapped_column(default=0)
    # who is spared, counted by what: {"promise": 3}
    spared: Mapped[dict[str, Any]] = mapped_column(JSONText, default=dict)
    form_key: Mapped[str | None] = mapped_column(sa.String(64))
    # why it runs at night or on a free day; "": it does not
    although: Mapped[str] = mapped_column(sa.String(200), default="", server_default="")

    items: Mapped[list[BatchItem]] = relationship(order_by="BatchItem.id", back_populates="batch")

    __table_args__ = (
        sa.UniqueConstraint("company_id", "form_key"),
        sa.CheckConstraint("state IN ('rehearsed', 'running', 'stopped', 'done', 'undone')", name="state"),
        sa.Index("ix_arrears_batch_list", "company_id", "id"),
    )


class BatchItem(CompanyScoped, Model):
    """A contract of a cut-off: to be cut by which document and rule, and what became of it."""

    __tablename__ = "arrears_batch_item"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    batch_id: Mapped[int] = mapped_column(sa.ForeignKey("arrears_batch.id"))
    contract_id: Mapped[int] = mapped_column(sa.ForeignKey("contracts_contract.id"), index=True)
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("crm_customer.id"), index=True)
    invoice_id: Mapped[int | None] = mapped_column(sa.ForeignKey("accounting_invoice.id"), index=True)
    stage: Mapped[int] = mapped_column(sa.SmallInteger, default=0)
    amount: Mapped[Decimal] = mapped_column(Amount, default=Decimal(0))
    currency: Mapped[str] = mapped_column(sa.String(3), default="")
    rule: Mapped[str] = mapped_column(sa.String(40), default="")
    reason: Mapped[str] = mapped_column(sa.String(300), default="")
    # waiting, cut, spared, left out (by hand), undone; `note`: why it was not cut, or could not be given back
    state: Mapped[str] = mapped_column(sa.String(10), default="waiting")
    note: Mapped[str] = mapped_column(sa.String(300), default="", server_default="")
    cut_id: Mapped[int | None] = mapped_column(sa.ForeignKey("arrears_cut.id"), unique=True)

    batch: Mapped[Batch] = relationship(back_populates="items")
    contract: Mapped[Contract] = relationship()

    __table_args__ = (
        sa.UniqueConstraint("batch_id", "contract_id"),
        sa.CheckConstraint("state IN ('waiting', 'cut', 'spared', 'left_out', 'undone')", name="state"),
        sa.Index("ix_arrears_batch_item_waiting", "batch_id", "state", "stage", "id"),
    )
