"""What is sold, by which rules it is billed, and how prices were changed."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core import clock
from core.db import Amount, BigId, CompanyScoped, JSONText, Model, Scaled, UTCDateTime
from modules.crm.models import Zone


class Plan(CompanyScoped, Model):
    """A service that is sold. Its prices are dated rows of their own, so that the past stays."""

    __tablename__ = "contracts_plan"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(40))
    # as it is to stand on documents
    name: Mapped[str] = mapped_column(sa.String(150))
    speed_down_kbps: Mapped[int | None] = mapped_column(sa.Integer)
    speed_up_kbps: Mapped[int | None] = mapped_column(sa.Integer)
    # how many months one price is for
    period_months: Mapped[int] = mapped_column(sa.SmallInteger, default=1)
    # "": the company's
    currency: Mapped[str] = mapped_column(sa.String(3), default="")
    includes_tax: Mapped[bool] = mapped_column(default=True)
    # [{"code": "VAT", "rate": "21"}]
    taxes: Mapped[list[dict[str, Any]]] = mapped_column(JSONText, default=list)
    # the authority's product codes, by country: {"MX": "81161700"}
    product_codes: Mapped[dict[str, str]] = mapped_column(JSONText, default=dict)
    # income account; null: the company's
    account_id: Mapped[int | None] = mapped_column(sa.ForeignKey("accounting_account.id"))
    # sold from and until; contracts that have it keep it
    valid_from: Mapped[dt.date | None] = mapped_column(sa.Date)
    valid_to: Mapped[dt.date | None] = mapped_column(sa.Date)
    notes: Mapped[str] = mapped_column(sa.Text, default="")
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)

    prices: Mapped[list[PlanPrice]] = relationship(
        back_populates="plan", cascade="all, delete-orphan", order_by="PlanPrice.valid_from")

    __table_args__ = (sa.UniqueConstraint("company_id", "code"),
                      sa.CheckConstraint("period_months IN (1, 2, 3, 6, 12)", name="period"),
                      sa.Index("ix_contracts_plan_list", "company_id", "name", "id"))

    def price_on(self, day: dt.date) -> Decimal | None:
        """The price that is valid on that day."""
        valid = [price.price for price in self.prices if price.valid_from <= day]
        return valid[-1] if valid else None

    def __str__(self) -> str:
        return self.name


class PlanPrice(CompanyScoped, Model):
    """What a plan costs per period from a day on, with or without tax as the plan says."""

    __tablename__ = "contracts_plan_price"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    plan_id: Mapped[int] = mapped_column(sa.ForeignKey("contracts_plan.id"))
    valid_from: Mapped[dt.date] = mapped_column(sa.Date)
    price: Mapped[Decimal] = mapped_column(Scaled(6))
    revision_id: Mapped[int | None] = mapped_column(sa.ForeignKey("contracts_price_revision.id"))

    plan: Mapped[Plan] = relationship(back_populates="prices")

    __table_args__ = (sa.UniqueConstraint("plan_id", "valid_from"), sa.CheckConstraint("price >= 0", name="price"))

    def __str__(self) -> str:
        return f"{self.valid_from}: {self.price:f}"


class BillingProfile(CompanyScoped, Model):
    """How contracts are billed: when, due when, and what a part of a month costs. By zone or by contract."""

    __tablename__ = "contracts_billing_profile"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(100))
    # used where neither the contract nor its zone names another
    is_default: Mapped[bool] = mapped_column(default=False)
    # day of the month of the automatic run, and its hour in the company's zone
    billing_day: Mapped[int] = mapped_column(sa.SmallInteger, default=1)
    automatic: Mapped[bool] = mapped_column(default=False)
    run_hour: Mapped[int] = mapped_column(sa.SmallInteger, default=6)
    needs_approval: Mapped[bool] = mapped_column(default=False)
    # due so many days after issue, or on a day of the month where one is given
    due_days: Mapped[int] = mapped_column(sa.SmallInteger, default=10)
    due_day: Mapped[int | None] = mapped_column(sa.SmallInteger)
    # second due date, so many days after the first, with a surcharge
    second_due_days: Mapped[int | None] = mapped_column(sa.SmallInteger)
    surcharge_percent: Mapped[Decimal] = mapped_column(Scaled(4), default=Decimal(0))
    surcharge_amount: Mapped[Decimal] = mapped_column(Amount, default=Decimal(0))
    in_advance: Mapped[bool] = mapped_column(default=True)
    # proration: how days count, and what an incomplete first or last period costs
    day_count: Mapped[str] = mapped_column(sa.String(10), default="actual")
    first_period: Mapped[str] = mapped_column(sa.String(10), default="days")
    last_period: Mapped[str] = mapped_column(sa.String(10), default="days")
    # a first period that began after its month was billed comes with the next invoice
    first_with_next: Mapped[bool] = mapped_column(default=True)
    while_suspended: Mapped[str] = mapped_column(sa.String(10), default="charge")
    group_by: Mapped[str] = mapped_column(sa.String(10), default="contract")
    # days before the due date (negative: after it) on which notices go out
    notice_days: Mapped[list[int]] = mapped_column(JSONText, default=lambda: [3, -1])
    # cut-off, carried out by arrears: days after the due date, smallest debt, hour, charge for reconnection
    cut_after_days: Mapped[int | None] = mapped_column(sa.SmallInteger)
    cut_minimum_debt: Mapped[Decimal] = mapped_column(Amount, default=Decimal(0))
    cut_hour: Mapped[int] = mapped_column(sa.SmallInteger, default=10)
    reconnection_charge: Mapped[Decimal] = mapped_column(Amount, default=Decimal(0))
    active: Mapped[bool] = mapped_column(default=True)

    __table_args__ = (
        sa.UniqueConstraint("company_id", "name"),
        sa.Index("uq_contracts_billing_profile_default", "company_id", unique=True,
                 sqlite_where=sa.text("is_default"), postgresql_where=sa.text("is_default")),
        sa.CheckConstraint("billing_day BETWEEN 1 AND 28", name="billing_day"),
        sa.CheckConstraint("run_hour BETWEEN 0 AND 23 AND cut_hour BETWEEN 0 AND 23", name="hours"),
        sa.CheckConstraint("due_days >= 0 AND (due_day IS NULL OR due_day BETWEEN 1 AND 31)", name="due"),
        sa.CheckConstraint("second_due_days IS NULL OR second_due_days > 0", name="second_due"),
        sa.CheckConstraint("surcharge_percent >= 0 AND surcharge_amount >= 0", name="surcharge"),
        sa.CheckConstraint("day_count IN ('actual', 'thirty')", name="day_count"),
        sa.CheckConstraint("first_period IN ('days', 'full', 'free')", name="first_period"),
        sa.CheckConstraint("last_period IN ('days', 'full', 'free')", name="last_period"),
        sa.CheckConstraint("while_suspended IN ('charge', 'skip', 'prorate')", name="while_suspended"),
        sa.CheckConstraint("group_by IN ('contract', 'customer')", name="group_by"),
    )

    def __str__(self) -> str:
        return self.name


class ZoneProfile(CompanyScoped, Model):
    """The profile of a zone; contracts of its customers are billed by it unless they name one."""

    __tablename__ = "contracts_zone_profile"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    zone_id: Mapped[int] = mapped_column(sa.ForeignKey("crm_zone.id"), unique=True)
    profile_id: Mapped[int] = mapped_column(sa.ForeignKey("contracts_billing_profile.id"), index=True)

    zone: Mapped[Zone] = relationship()
    profile: Mapped[BillingProfile] = relationship()


class ExchangeRate(CompanyScoped, Model):
    """What one unit of a currency is worth in the company's, from a day on: for plans priced in it."""

    __tablename__ = "contracts_exchange_rate"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    currency: Mapped[str] = mapped_column(sa.String(3))
    day: Mapped[dt.date] = mapped_column(sa.Date)
    rate: Mapped[Decimal] = mapped_column(Scaled(6))

    __table_args__ = (sa.UniqueConstraint("company_id", "currency", "day"), sa.CheckConstraint("rate > 0", name="rate"))


class PriceRevision(CompanyScoped, Model):
    """A change of many prices at once: which contracts, by how much, from when. Prices point to it."""

    __tablename__ = "contracts_price_revision"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(150))
    valid_from: Mapped[dt.date] = mapped_column(sa.Date)
    # {"plan_ids": [...], "zone_ids": [...], "tag_ids": [...]}; empty lists do not limit
    filters: Mapped[dict[str, Any]] = mapped_column(JSONText, default=dict)
    percent: Mapped[Decimal | None] = mapped_column(Scaled(4))
    amount: Mapped[Decimal | None] = mapped_column(Amount)
    # new prices are rounded to a multiple of this; 0.01 leaves the cents
    rounding: Mapped[Decimal] = mapped_column(Amount, default=Decimal("0.01"))
    state: Mapped[str] = mapped_column(sa.String(10), default="draft")
    # the day on which subscribers are told by itself once it is applied; null: only by hand
    tell_on: Mapped[dt.date | None] = mapped_column(sa.Date)
    # whether subscribers were told
    notified_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    contracts: Mapped[int] = mapped_column(default=0)
    # how many were left alone because their price is promised
    spared: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)
    created_by: Mapped[int | None] = mapped_column(sa.ForeignKey("core_user.id"))
    applied_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    form_key: Mapped[str | None] = mapped_column(sa.String(64))

    __table_args__ = (sa.UniqueConstraint("company_id", "form_key"),
                      sa.CheckConstraint("state IN ('draft', 'applied', 'cancelled')", name="state"),
                      sa.CheckConstraint("(percent IS NULL) <> (amount IS NULL)", name="one_change"),
                      sa.Index("ix_contracts_price_revision_list", "company_id", "valid_from", "id"))

    def __str__(self) -> str:
        return self.name
