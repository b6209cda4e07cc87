"""The billing run: what was billed, the run with its chunks, what could not be billed, drafts that wait."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core import clock
from core.db import Amount, BigId, CompanyScoped, JSONText, Model, UTCDateTime


class BilledPeriod(CompanyScoped, Model):
    """That a contract was billed for a month. The unique constraint is what prevents billing twice."""

    __tablename__ = "contracts_billed_period"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    contract_id: Mapped[int] = mapped_column(sa.ForeignKey("contracts_contract.id"))
    month: Mapped[dt.date] = mapped_column(sa.Date)
    # service: plan and extras; charges: only one-off charges, while no service was due
    kind: Mapped[str] = mapped_column(sa.String(10), default="service")
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("crm_customer.id"))
    run_id: Mapped[int] = mapped_column(sa.ForeignKey("contracts_billing_run.id"), index=True)
    # one of both: the invoice, or the draft that waits for approval
    invoice_id: Mapped[int | None] = mapped_column(sa.ForeignKey("accounting_invoice.id"), index=True)
    draft_id: Mapped[int | None] = mapped_column(sa.ForeignKey("contracts_billing_draft.id"), index=True)
    # the plan that was billed; where it changed within the month the last one, and which one it was at first
    plan_id: Mapped[int | None] = mapped_column(sa.ForeignKey("contracts_plan.id"))
    changed_from_id: Mapped[int | None] = mapped_column(sa.ForeignKey("contracts_plan.id"))
    service_from: Mapped[dt.date | None] = mapped_column(sa.Date)
    service_to: Mapped[dt.date | None] = mapped_column(sa.Date)
    currency: Mapped[str] = mapped_column(sa.String(3))
    net: Mapped[Decimal] = mapped_column(Amount)
    tax: Mapped[Decimal] = mapped_column(Amount)
    total: Mapped[Decimal] = mapped_column(Amount)

    __table_args__ = (
        sa.UniqueConstraint("contract_id", "month", "kind"),
        sa.CheckConstraint("kind IN ('service', 'charges')", name="kind"),
        sa.CheckConstraint("(invoice_id IS NULL) <> (draft_id IS NULL)", name="one_document"),
        # comparing months customer by customer
        sa.Index("ix_contracts_billed_period_month", "company_id", "month", "customer_id"),
        # documents of a plan
        sa.Index("ix_contracts_billed_period_plan", "plan_id", "invoice_id"),
        sa.Index("ix_contracts_billed_period_changed", "changed_from_id", "invoice_id",
                 sqlite_where=sa.text("changed_from_id IS NOT NULL"),
                 postgresql_where=sa.text("changed_from_id IS NOT NULL")),
    )


class BillingRun(CompanyScoped, Model):
    """One billing of a month: who asked, how far it is, what came of it."""

    __tablename__ = "contracts_billing_run"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    month: Mapped[dt.date] = mapped_column(sa.Date)
    # planning -> running -> billed
    state: Mapped[str] = mapped_column(sa.String(10), default="planning")
    # automatic runs: only contracts of these profiles and this billing day
    automatic: Mapped[bool] = mapped_column(default=False)
    filters: Mapped[dict[str, Any]] = mapped_column(JSONText, default=dict)
    issue_date: Mapped[dt.date] = mapped_column(sa.Date)
    # what the preview said when it was confirmed: {"billed", "exceptions", "totals": {currency: total}}
    expected: Mapped[dict[str, Any]] = mapped_column(JSONText, default=dict)
    started_by: Mapped[int | None] = mapped_column(sa.ForeignKey("core_user.id"))
    started_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)
    finished_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    chunks_total: Mapped[int] = mapped_column(default=0)
    chunks_done: Mapped[int] = mapped_column(default=0)
    # contracts in range, as planned; the next four add up to those that were looked at
    planned: Mapped[int] = mapped_column(default=0)
    contracts: Mapped[int] = mapped_column(default=0)
    billed: Mapped[int] = mapped_column(default=0)
    already_billed: Mapped[int] = mapped_column(default=0)
    excepted: Mapped[int] = mapped_column(default=0)
    invoices: Mapped[int] = mapped_column(default=0)
    drafts: Mapped[int] = mapped_column(default=0)

    __table_args__ = (
        sa.CheckConstraint("state IN ('planning', 'running', 'billed')", name="state"),
        # one whole-month run at a time; a second start finds the first
        sa.Index("uq_contracts_billing_run_open", "company_id", "month", unique=True,
                 sqlite_where=sa.text("state <> 'billed' AND NOT automatic"),
                 postgresql_where=sa.text("state <> 'billed' AND NOT automatic")),
        sa.Index("ix_contracts_billing_run_list", "company_id", "month", "id"),
    )

    def __str__(self) -> str:
        return f"{self.month:%m/%Y}"


class BillingChunk(CompanyScoped, Model):
    """A range of customers that is billed in one transaction."""

    __tablename__ = "contracts_billing_chunk"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    run_id: Mapped[int] = mapped_column(sa.ForeignKey("contracts_billing_run.id"))
    position: Mapped[int]
    # customers with after_id < id <= upto_id
    after_id: Mapped[int] = mapped_column(sa.BigInteger)
    upto_id: Mapped[int] = mapped_column(sa.BigInteger)
    state: Mapped[str] = mapped_column(sa.String(10), default="pending")
    # {"billed", "already_billed", "skipped": {reason: count}, "totals": {currency: [net, tax, total]}}
    result: Mapped[dict[str, Any]] = mapped_column(JSONText, default=dict)
    finished_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)

    run: Mapped[BillingRun] = relationship()

    __table_args__ = (sa.UniqueConstraint("run_id", "position"),
                      sa.CheckConstraint("state IN ('pending', 'done')", name="state"))


class BillingException(CompanyScoped, Model):
    """A contract that could not be billed in a month: why, and what cures it. Gone once it is billed."""

    __tablename__ = "contracts_billing_exception"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    month: Mapped[dt.date] = mapped_column(sa.Date)
    contract_id: Mapped[int] = mapped_column(sa.ForeignKey("contracts_contract.id"))
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("crm_customer.id"))
    run_id: Mapped[int] = mapped_column(sa.ForeignKey("contracts_billing_run.id"), index=True)
    code: Mapped[str] = mapped_column(sa.String(40))
    # what happened and what to do, in words
    message: Mapped[str] = mapped_column(sa.Text)
    # where it is mended: customer, contract, plan, profile
    cure: Mapped[str] = mapped_column(sa.String(20), default="contract")
    created_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)

    __table_args__ = (sa.UniqueConstraint("contract_id", "month"),
                      sa.Index("ix_contracts_billing_exception_list", "company_id", "month", "code", "id"))


class BillingDraft(CompanyScoped, Model):
    """An invoice that waits for approval, exactly as it will be issued."""

    __tablename__ = "contracts_billing_draft"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    run_id: Mapped[int] = mapped_column(sa.ForeignKey("contracts_billing_run.id"))
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("crm_customer.id"), index=True)
    month: Mapped[dt.date] = mapped_column(sa.Date)
    state: Mapped[str] = mapped_column(sa.String(10), default="waiting")
    currency: Mapped[str] = mapped_column(sa.String(3))
    total: Mapped[Decimal] = mapped_column(Amount)
    # InvoiceDraft as JSON (drafting.as_json)
    payload: Mapped[dict[str, Any]] = mapped_column(JSONText, default=dict)
    invoice_id: Mapped[int | None] = mapped_column(sa.ForeignKey("accounting_invoice.id"))

    __table_args__ = (sa.CheckConstraint("state IN ('waiting', 'approved', 'issued')", name="state"),
                      sa.Index("ix_contracts_billing_draft_list", "run_id", "state", "id"))


class BillingPreview(CompanyScoped, Model):
    """The last preview of a month of a large company, computed in the background for the screen."""

    __tablename__ = "contracts_billing_preview"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    month: Mapped[dt.date] = mapped_column(sa.Date)
    state: Mapped[str] = mapped_column(sa.String(10), default="computing")
    done: Mapped[int] = mapped_column(default=0)
    planned: Mapped[int] = mapped_column(default=0)
    result: Mapped[dict[str, Any]] = mapped_column(JSONText, default=dict)
    created_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)

    __table_args__ = (sa.UniqueConstraint("company_id", "month"),
                      sa.CheckConstraint("state IN ('computing', 'ready', 'failed')", name="state"))
