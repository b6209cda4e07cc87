"""Selects on contracts that more than one place needs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from core import once
from core.db import among, db
from core.errors import DomainError
from core.i18n import _
from core.scope import current_company_id
from modules.accounting import queries as accounting
from modules.accounting.models import Allocation, Balance, Invoice, Payment
from modules.contracts.facts import PRORATE
from modules.contracts.models import (
    BilledPeriod,
    BillingException,
    BillingProfile,
    BillingRun,
    Contract,
    ContractPrice,
    Plan,
    ZoneProfile,
)
from modules.crm.models import Customer


def matches(text: str) -> sa.ColumnElement[bool]:
    """By number, user name, address on the network, or by who the customer is."""
    from modules.crm import queries as crm

    typed = text.strip()
    return sa.or_(Contract.number.startswith(typed, autoescape=True), Contract.pppoe_user == typed,
                  Contract.ip == typed, Contract.customer_id.in_(sa.select(Customer.id).where(crm.matches(typed))))


def find_contract(reference: str | int) -> Contract:
    """By number, or last by id; DomainError otherwise."""
    text = str(reference).strip()
    found = db.session.scalar(sa.select(Contract).where(Contract.number == text))
    if found is None and text.isdecimal() and len(text) < 12:
        found = db.session.scalar(sa.select(Contract).where(Contract.id == int(text)))
    if found is None:
        raise DomainError(_("There is no contract %(reference)s.", reference=text), code="unknown_contract")
    return found


def contracts_of(customer_id: int) -> list[Contract]:
    """The contracts of a customer, those in use first."""
    order = sa.case((Contract.state.in_(("active", "suspended", "draft")), 0), else_=1)
    return list(db.session.scalars(
        sa.select(Contract).where(Contract.customer_id == customer_id).order_by(order, Contract.id)
        .options(selectinload(Contract.plan, Plan.prices), selectinload(Contract.prices),
                 selectinload(Contract.changes), selectinload(Contract.address))))


def paid_up_to(contract_ids: Sequence[int]) -> dict[int, dt.date]:
    """The last day of service that is paid, by contract: up to the first period whose invoice is open; one select.

    Contracts of which nothing was billed, or nothing is paid, are not in it.
    """
    owed = sa.case((Invoice.open_amount != 0, BilledPeriod.service_from))
    rows = db.session.execute(
        sa.select(BilledPeriod.contract_id, sa.func.min(BilledPeriod.service_from), sa.func.min(owed),
                  sa.func.max(BilledPeriod.service_to))
        .join(Invoice, Invoice.id == BilledPeriod.invoice_id)
        .where(BilledPeriod.contract_id.in_(contract_ids), BilledPeriod.service_to.is_not(None),
               Invoice.state == "issued").group_by(BilledPeriod.contract_id))
    return {key: last if unpaid is None else unpaid - dt.timedelta(1) for key, first, unpaid, last in rows
            if unpaid is None or first < unpaid}


def effective_profile(contract: Contract) -> BillingProfile:
    """The contract's own profile, else its zone's, else the default one."""
    if contract.profile is not None:
        return contract.profile
    zone_id = contract.customer.zone_id
    by_zone = db.session.scalar(
        sa.select(BillingProfile).join(ZoneProfile, ZoneProfile.profile_id == BillingProfile.id)
        .where(ZoneProfile.zone_id == zone_id)) if zone_id else None
    return by_zone or default_profile()


def prorating(contract_ids: Iterable[int]) -> list[int]:
    """Which of these are charged only for days in service, by their own, their zone's or the default profile."""
    default = sa.select(BillingProfile.id).where(
        BillingProfile.is_default, BillingProfile.company_id == current_company_id()).scalar_subquery()
    profile = sa.func.coalesce(Contract.profile_id, ZoneProfile.profile_id, default)
    return list(db.session.scalars(
        sa.select(Contract.id).join(Customer, Customer.id == Contract.customer_id)
        .outerjoin(ZoneProfile, ZoneProfile.zone_id == Customer.zone_id)
        .join(BillingProfile, BillingProfile.id == profile)
        .where(among(Contract.id, list(contract_ids)), BillingProfile.while_suspended == PRORATE)
        .order_by(Contract.id)))


def some_prorate() -> bool:
    """Whether a profile of the company charges only days in service."""
    wanted = sa.select(BillingProfile.id).where(BillingProfile.while_suspended == PRORATE).limit(1)
    return db.session.scalar(wanted) is not None


def default_profile() -> BillingProfile:
    """The profile of who names no other."""
    found = db.session.scalar(sa.select(BillingProfile).where(BillingProfile.is_default))
    if found is None:
        raise DomainError(_("To bill you must first make one billing profile the default one."), code="no_profile")
    return found


def own_price(contract: Contract, day: dt.date) -> ContractPrice | None:
    """The contract's own price on that day; None where its plan's is valid."""
    since = max((change.valid_from for change in contract.changes
                 if change.state != "cancelled" and change.valid_from <= day), default=dt.date.min)
    valid = [one for one in contract.prices
             if since <= one.valid_from <= day and (one.valid_to is None or one.valid_to >= day)]
    return valid[-1] if valid else None


def price_on(contract: Contract, day: dt.date) -> Decimal | None:
    """What the contract's plan costs it on that day; None where nobody said."""
    own = own_price(contract, day)
    return own.price if own else contract.plan.price_on(day)


def plans(active_only: bool = True) -> list[Plan]:
    statement = sa.select(Plan).order_by(Plan.name, Plan.id)
    return list(db.session.scalars(statement.where(Plan.active) if active_only else statement))


def profiles() -> list[BillingProfile]:
    return list(db.session.scalars(sa.select(BillingProfile).where(BillingProfile.active)
                                   .order_by(BillingProfile.name)))


def billed_periods(contract_id: int, limit: int = 24) -> list[tuple[BilledPeriod, Invoice | None]]:
    """What the contract was billed, with its present invoice (None: a draft that waits), the newest first.

    Where the invoice was issued again to the right receiver, the present one is the last one issued instead.
    """
    rows = db.session.execute(
        sa.select(BilledPeriod, Invoice).outerjoin(Invoice, Invoice.id == BilledPeriod.invoice_id)
        .where(BilledPeriod.contract_id == contract_id)
        .order_by(BilledPeriod.month.desc(), BilledPeriod.id.desc()).limit(limit))
    found = [(row.BilledPeriod, row.Invoice) for row in rows]
    present = accounting.standing_instead([invoice.id for _period, invoice in found if invoice is not None])
    return [(period, present.get(invoice.id, invoice) if invoice is not None else None) for period, invoice in found]


def last_run(month: dt.date | None = None) -> BillingRun | None:
    """The newest run of the month, or of any."""
    statement = sa.select(BillingRun).order_by(BillingRun.id.desc()).limit(1)
    return db.session.scalar(statement.where(BillingRun.month == month) if month else statement)


def excepted_months() -> dict[dt.date, int]:
    """How many contracts could not be billed, by month."""
    return dict(db.session.execute(
        sa.select(BillingException.month, sa.func.count()).where(BillingException.company_id == current_company_id())
        .group_by(BillingException.month)).tuples().all())


def months_of_runs() -> list[dt.date]:
    """The months that were billed at least once, in order."""
    return list(db.session.scalars(sa.select(BillingRun.month).distinct().order_by(BillingRun.month)))


def open_runs_and_last() -> list[BillingRun]:
    """The runs that go on, and at the end the newest one, whatever its state."""
    newest = sa.select(sa.func.max(BillingRun.id)).where(
        BillingRun.company_id == current_company_id()).scalar_subquery()
    return list(db.session.scalars(sa.select(BillingRun).where(
        sa.or_(BillingRun.state != "billed", BillingRun.id == newest)).order_by(BillingRun.id)))


def state_counts() -> dict[str, int]:
    """How many contracts there are in each state; a page asks in several places."""
    def read() -> dict[str, int]:
        rows: Any = db.session.execute(sa.select(Contract.state, sa.func.count(Contract.id)).group_by(Contract.state))
        return dict(rows.all())

    return once.a_request("contracts.state_counts", read)


def plan_names() -> dict[int, str]:
    """All plans, for choosing among them."""
    return {row.id: row.name for row in db.session.execute(sa.select(Plan.id, Plan.name).order_by(Plan.name))}


def billed_plans(plan_ids: list[int]) -> sa.ColumnElement[bool]:
    """The condition on documents that they bill one of these plans, also where they were issued instead of another."""
    billed = sa.union_all(*[
        sa.select(BilledPeriod.invoice_id).where(column.in_(plan_ids), BilledPeriod.invoice_id.is_not(None))
        for column in (BilledPeriod.plan_id, BilledPeriod.changed_from_id)]).subquery()
    chains = accounting.instead_of_others()
    instead = sa.select(chains.c.right_id).where(chains.c.first_id.in_(sa.select(billed.c.invoice_id)))
    return sa.or_(Invoice.id.in_(sa.select(billed.c.invoice_id)), Invoice.id.in_(instead))


def paid_plans(plan_ids: list[int]) -> sa.ColumnElement[bool]:
    """The condition on payments that they pay something of a document that bills one of these plans."""
    return Payment.id.in_(sa.select(Allocation.payment_id).join(Invoice, Invoice.id == Allocation.invoice_id).where(
        Allocation.payment_id.is_not(None), billed_plans(plan_ids)).group_by(
            Allocation.payment_id, Allocation.invoice_id).having(sa.func.sum(Allocation.amount) != 0))


def owed_plans(plan_ids: list[int]) -> sa.ColumnElement[bool]:
    """The condition on balances that the customer owes a document that bills one of these plans."""
    return sa.exists().where(
        Invoice.customer_id == Balance.customer_id, Invoice.currency == Balance.currency, Invoice.state == "issued",
        Invoice.kind != "credit_note", Invoice.open_amount != 0, billed_plans(plan_ids))
