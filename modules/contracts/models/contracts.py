"""Contracts and what belongs to them: states, prices of their own, extras, charges, discounts, changes."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core import clock
from core.db import Amount, BigId, CompanyScoped, JSONText, Model, Scaled, UTCDateTime, secret
from modules.contracts.models.plans import BillingProfile, Plan
from modules.contracts.states import STATES
from modules.crm.models import Address, Customer


class Contract(CompanyScoped, Model):
    """One service of a customer at one place."""

    __tablename__ = "contracts_contract"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    number: Mapped[str] = mapped_column(sa.String(30))
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("crm_customer.id"))
    # the plan of today; the plan of another day follows from the changes
    plan_id: Mapped[int] = mapped_column(sa.ForeignKey("contracts_plan.id"))
    # where the service is; null: at the customer's address
    address_id: Mapped[int | None] = mapped_column(sa.ForeignKey("crm_address.id"))
    # null: the zone's, else the default one
    profile_id: Mapped[int | None] = mapped_column(sa.ForeignKey("contracts_billing_profile.id"))
    state: Mapped[str] = mapped_column(sa.String(10), default="draft")
    installed_on: Mapped[dt.date | None] = mapped_column(sa.Date)
    billing_from: Mapped[dt.date] = mapped_column(sa.Date)
    # the last day of service
    ends_on: Mapped[dt.date | None] = mapped_column(sa.Date)
    end_reason: Mapped[str] = mapped_column(sa.String(300), default="")
    # these three override the profile where set
    in_advance: Mapped[bool | None]
    billing_day: Mapped[int | None] = mapped_column(sa.SmallInteger)
    due_day: Mapped[int | None] = mapped_column(sa.SmallInteger)
    # free of charge from and until
    courtesy_from: Mapped[dt.date | None] = mapped_column(sa.Date)
    courtesy_until: Mapped[dt.date | None] = mapped_column(sa.Date)
    courtesy_reason: Mapped[str] = mapped_column(sa.String(200), default="")
    # for the network, later; nothing here acts on them
    ip: Mapped[str] = mapped_column(sa.String(60), default="")
    pppoe_user: Mapped[str] = mapped_column(sa.String(100), default="")
    pppoe_password: Mapped[str | None] = secret()
    notes: Mapped[str] = mapped_column(sa.Text, default="")
    activated_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    # a form sent twice makes one contract; the same on prices, extras, charges and discounts
    form_key: Mapped[str | None] = mapped_column(sa.String(64))
    created_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)
    updated_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now, onupdate=clock.now)

    customer: Mapped[Customer] = relationship()
    plan: Mapped[Plan] = relationship()
    address: Mapped[Address | None] = relationship()
    profile: Mapped[BillingProfile | None] = relationship()
    prices: Mapped[list[ContractPrice]] = relationship(order_by="ContractPrice.valid_from, ContractPrice.id")
    items: Mapped[list[ContractItem]] = relationship(order_by="ContractItem.id")
    charges: Mapped[list[Charge]] = relationship(order_by="Charge.id")
    discounts: Mapped[list[Discount]] = relationship(order_by="Discount.id")
    changes: Mapped[list[PlanChange]] = relationship(order_by="PlanChange.valid_from, PlanChange.id")
    suspensions: Mapped[list[Suspension]] = relationship(order_by="Suspension.first_day, Suspension.id")

    __table_args__ = (
        sa.UniqueConstraint("company_id", "number"),
        sa.UniqueConstraint("company_id", "form_key"),
        sa.CheckConstraint(f"state IN ({', '.join(repr(state) for state in STATES)})", name="state"),
        sa.CheckConstraint("billing_day IS NULL OR billing_day BETWEEN 1 AND 28", name="billing_day"),
        sa.CheckConstraint("due_day IS NULL OR due_day BETWEEN 1 AND 31", name="due_day"),
        # chunks of a billing run are ranges of customers
        sa.Index("ix_contracts_contract_billing", "company_id", "customer_id", "id"),
        sa.Index("ix_contracts_contract_list", "company_id", "state", "id"),
        sa.Index("ix_contracts_contract_plan", "plan_id", "id"),
        sa.Index("ix_contracts_contract_customer", "customer_id"),
        # the charts of the home page: how many began, ended, and are on each plan
        sa.Index("ix_contracts_contract_began", "company_id", "billing_from", "state"),
        sa.Index("ix_contracts_contract_ended", "company_id", "ends_on", "state"),
        sa.Index("ix_contracts_contract_by_plan", "company_id", "state", "plan_id"),
        # the search box: a support agent pastes what stands in the router's log
        sa.Index("ix_contracts_contract_pppoe_user", "company_id", "pppoe_user"),
        sa.Index("ix_contracts_contract_ip", "company_id", "ip"),
    )

    def __str__(self) -> str:
        return self.number


class ContractPrice(CompanyScoped, Model):
    """A price that a contract has of its own, instead of its plan's. `promised`: no revision touches it."""

    __tablename__ = "contracts_contract_price"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    contract_id: Mapped[int] = mapped_column(sa.ForeignKey("contracts_contract.id"), index=True)
    valid_from: Mapped[dt.date] = mapped_column(sa.Date)
    valid_to: Mapped[dt.date | None] = mapped_column(sa.Date)
    price: Mapped[Decimal] = mapped_column(Scaled(6))
    promised: Mapped[bool] = mapped_column(default=False)
    revision_id: Mapped[int | None] = mapped_column(sa.ForeignKey("contracts_price_revision.id"))
    form_key: Mapped[str | None] = mapped_column(sa.String(64))

    __table_args__ = (sa.UniqueConstraint("company_id", "form_key"),
                      sa.CheckConstraint("price >= 0", name="price"))


class Suspension(CompanyScoped, Model):
    """Days on which a contract was without service; open while it is."""

    __tablename__ = "contracts_suspension"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    contract_id: Mapped[int] = mapped_column(sa.ForeignKey("contracts_contract.id"), index=True)
    first_day: Mapped[dt.date] = mapped_column(sa.Date)
    # the last day without service
    last_day: Mapped[dt.date | None] = mapped_column(sa.Date)
    # request: the subscriber's wish; arrears: cut for debt; other
    cause: Mapped[str] = mapped_column(sa.String(10), default="request")
    reason: Mapped[str] = mapped_column(sa.String(300), default="")
    started_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)
    ended_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)

    __table_args__ = (
        sa.CheckConstraint("cause IN ('request', 'arrears', 'other')", name="cause"),
        sa.Index("uq_contracts_suspension_open", "contract_id", unique=True,
                 sqlite_where=sa.text("ended_at IS NULL"), postgresql_where=sa.text("ended_at IS NULL")),
    )


class ContractItem(CompanyScoped, Model):
    """A recurring extra: a fixed address, a television, a rented router. The price is per month."""

    __tablename__ = "contracts_item"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    contract_id: Mapped[int] = mapped_column(sa.ForeignKey("contracts_contract.id"), index=True)
    code: Mapped[str] = mapped_column(sa.String(40), default="")
    description: Mapped[str] = mapped_column(sa.String(200))
    quantity: Mapped[Decimal] = mapped_column(Scaled(6), default=Decimal(1))
    unit_price: Mapped[Decimal] = mapped_column(Scaled(6))
    includes_tax: Mapped[bool] = mapped_column(default=True)
    taxes: Mapped[list[dict[str, Any]]] = mapped_column(JSONText, default=list)
    account_id: Mapped[int | None] = mapped_column(sa.ForeignKey("accounting_account.id"))
    first_day: Mapped[dt.date] = mapped_column(sa.Date)
    last_day: Mapped[dt.date | None] = mapped_column(sa.Date)
    form_key: Mapped[str | None] = mapped_column(sa.String(64))

    __table_args__ = (sa.UniqueConstraint("company_id", "form_key"),)


class Charge(CompanyScoped, Model):
    """Something to be paid once, in one or more instalments; negative: a credit."""

    __tablename__ = "contracts_charge"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    contract_id: Mapped[int] = mapped_column(sa.ForeignKey("contracts_contract.id"), index=True)
    code: Mapped[str] = mapped_column(sa.String(40), default="")
    description: Mapped[str] = mapped_column(sa.String(300))
    total: Mapped[Decimal] = mapped_column(Amount)
    includes_tax: Mapped[bool] = mapped_column(default=True)
    taxes: Mapped[list[dict[str, Any]]] = mapped_column(JSONText, default=list)
    account_id: Mapped[int | None] = mapped_column(sa.ForeignKey("accounting_account.id"))
    # manual; plan_change, end, restore: made by that verb
    origin: Mapped[str] = mapped_column(sa.String(20), default="manual")
    # the change that made it, so that cancelling the change takes it back
    plan_change_id: Mapped[int | None] = mapped_column(sa.ForeignKey("contracts_plan_change.id"), index=True)
    form_key: Mapped[str | None] = mapped_column(sa.String(64))
    cancelled_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    created_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)

    instalments: Mapped[list[ChargeInstalment]] = relationship(
        order_by="ChargeInstalment.position", cascade="all, delete-orphan")

    __table_args__ = (sa.UniqueConstraint("company_id", "form_key"), sa.CheckConstraint("total <> 0", name="total"))


class ChargeInstalment(CompanyScoped, Model):
    """A part of a charge that comes with the invoice of a month; billed at most once."""

    __tablename__ = "contracts_charge_instalment"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    charge_id: Mapped[int] = mapped_column(sa.ForeignKey("contracts_charge.id", ondelete="CASCADE"))
    # the charge's, for reading a chunk without a join
    contract_id: Mapped[int] = mapped_column(sa.ForeignKey("contracts_contract.id"))
    position: Mapped[int] = mapped_column(sa.SmallInteger)
    amount: Mapped[Decimal] = mapped_column(Amount)
    month: Mapped[dt.date] = mapped_column(sa.Date)
    # the run's billed period that brought it; null while it waits
    billed_period_id: Mapped[int | None] = mapped_column(sa.ForeignKey("contracts_billed_period.id"), index=True)
    cancelled: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (
        sa.UniqueConstraint("charge_id", "position"),
        sa.Index("ix_contracts_charge_instalment_due", "contract_id", "month",
                 sqlite_where=sa.text("billed_period_id IS NULL AND NOT cancelled"),
                 postgresql_where=sa.text("billed_period_id IS NULL AND NOT cancelled")),
    )


class Discount(CompanyScoped, Model):
    """Less by percent or by amount a month, from a month to another."""

    __tablename__ = "contracts_discount"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    contract_id: Mapped[int] = mapped_column(sa.ForeignKey("contracts_contract.id"), index=True)
    description: Mapped[str] = mapped_column(sa.String(200))
    percent: Mapped[Decimal | None] = mapped_column(Scaled(4))
    amount: Mapped[Decimal | None] = mapped_column(Amount)
    first_month: Mapped[dt.date] = mapped_column(sa.Date)
    last_month: Mapped[dt.date | None] = mapped_column(sa.Date)
    on_items: Mapped[bool] = mapped_column(default=False)
    form_key: Mapped[str | None] = mapped_column(sa.String(64))

    __table_args__ = (sa.UniqueConstraint("company_id", "form_key"),
                      sa.CheckConstraint("(percent IS NULL) <> (amount IS NULL)", name="one_kind"),
                      sa.CheckConstraint("percent IS NULL OR percent BETWEEN 0 AND 1000000", name="percent"),
                      sa.CheckConstraint("amount IS NULL OR amount > 0", name="amount"))


class PlanChange(CompanyScoped, Model):
    """From a day on another plan: one dated fact. The contract's plan follows when the day has come."""

    __tablename__ = "contracts_plan_change"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    contract_id: Mapped[int] = mapped_column(sa.ForeignKey("contracts_contract.id"), index=True)
    valid_from: Mapped[dt.date] = mapped_column(sa.Date)
    old_plan_id: Mapped[int] = mapped_column(sa.ForeignKey("contracts_plan.id"))
    new_plan_id: Mapped[int] = mapped_column(sa.ForeignKey("contracts_plan.id"))
    state: Mapped[str] = mapped_column(sa.String(10), default="planned")
    reason: Mapped[str] = mapped_column(sa.String(300), default="")
    created_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)

    old_plan: Mapped[Plan] = relationship(foreign_keys=[old_plan_id])
    new_plan: Mapped[Plan] = relationship(foreign_keys=[new_plan_id])

    __table_args__ = (
        sa.CheckConstraint("state IN ('planned', 'applied', 'cancelled')", name="state"),
        sa.Index("uq_contracts_plan_change_day", "contract_id", "valid_from", unique=True,
                 sqlite_where=sa.text("state <> 'cancelled'"), postgresql_where=sa.text("state <> 'cancelled'")),
        sa.Index("ix_contracts_plan_change_planned", "valid_from",
                 sqlite_where=sa.text("state = 'planned'"), postgresql_where=sa.text("state = 'planned'")),
    )


class ContractNumbering(CompanyScoped, Model):
    """The next contract number of a company; its row lock orders those who ask at once."""

    __tablename__ = "contracts_numbering"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    next_number: Mapped[int] = mapped_column(sa.BigInteger, default=1)

    __table_args__ = (sa.UniqueConstraint("company_id"),)
