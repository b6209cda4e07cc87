"""What keeps somebody on who owes: his promise, and the proof that he paid, while it is looked at."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core import clock
from core.db import Amount, BigId, CompanyScoped, Model, UTCDateTime
from modules.contracts.models import Contract
from modules.crm.models import Customer


class Promise(CompanyScoped, Model):
    """To pay until a time; the service is on until then. kept: the debt was paid; broken: it was not."""

    __tablename__ = "arrears_promise"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    contract_id: Mapped[int] = mapped_column(sa.ForeignKey("contracts_contract.id"))
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("crm_customer.id"), index=True)
    made_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)
    until: Mapped[dt.datetime] = mapped_column(UTCDateTime)
    # what was owed when it was made
    amount: Mapped[Decimal] = mapped_column(Amount, default=Decimal(0))
    currency: Mapped[str] = mapped_column(sa.String(3), default="")
    # staff, pay_page, api, cut_page
    channel: Mapped[str] = mapped_column(sa.String(10), default="staff")
    made_by: Mapped[int | None] = mapped_column(sa.ForeignKey("core_user.id"))
    state: Mapped[str] = mapped_column(sa.String(10), default="open")
    ended_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)

    contract: Mapped[Contract] = relationship()
    customer: Mapped[Customer] = relationship()

    __table_args__ = (
        sa.CheckConstraint("state IN ('open', 'kept', 'broken', 'withdrawn')", name="state"),
        sa.CheckConstraint("channel IN ('staff', 'pay_page', 'api', 'cut_page')", name="channel"),
        sa.Index("uq_arrears_promise_open", "contract_id", unique=True,
                 sqlite_where=sa.text("state = 'open'"), postgresql_where=sa.text("state = 'open'")),
        sa.Index("ix_arrears_promise_list", "company_id", "until", "id"),
        sa.Index("ix_arrears_promise_contract", "contract_id", "id"),
    )


class Proof(CompanyScoped, Model):
    """A picture or PDF of a payment that did not arrive yet; restores while it waits."""

    __tablename__ = "arrears_proof"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("crm_customer.id"), index=True)
    file_id: Mapped[int] = mapped_column(sa.ForeignKey("core_file.id"))
    # of what was sent, before it was cleaned: the same picture again is recognised
    sha256: Mapped[str] = mapped_column(sa.String(64))
    amount: Mapped[Decimal | None] = mapped_column(Amount)
    paid_on: Mapped[dt.date | None] = mapped_column(sa.Date)
    # the number of the operation as the sender wrote it, and without all but letters and digits
    operation: Mapped[str] = mapped_column(sa.String(60), default="")
    operation_key: Mapped[str] = mapped_column(sa.String(60), default="")
    notes: Mapped[str] = mapped_column(sa.String(300), default="")
    # staff, pay_page
    channel: Mapped[str] = mapped_column(sa.String(10), default="staff")
    sent_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)
    sent_by: Mapped[int | None] = mapped_column(sa.ForeignKey("core_user.id"))
    # until when it restores, though nobody looked at it; null: it does not
    keeps_until: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    state: Mapped[str] = mapped_column(sa.String(10), default="waiting")
    payment_id: Mapped[int | None] = mapped_column(sa.ForeignKey("accounting_payment.id"), unique=True)
    decided_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    decided_by: Mapped[int | None] = mapped_column(sa.ForeignKey("core_user.id"))
    reason: Mapped[str] = mapped_column(sa.String(300), default="")

    customer: Mapped[Customer] = relationship()

    __table_args__ = (
        sa.CheckConstraint("state IN ('waiting', 'accepted', 'refused')", name="state"),
        sa.CheckConstraint("channel IN ('staff', 'pay_page', 'api')", name="channel"),
        # the same picture of the same customer is one proof
        sa.UniqueConstraint("company_id", "customer_id", "sha256"),
        sa.Index("ix_arrears_proof_list", "company_id", "state", "id"),
        sa.Index("ix_arrears_proof_operation", "company_id", "operation_key"),
        sa.Index("ix_arrears_proof_picture", "company_id", "sha256"),
    )
