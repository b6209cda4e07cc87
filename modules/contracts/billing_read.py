"""Reading the contracts of a range of customers with a fixed number of statements, as plain values."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from core.db import db
from modules.contracts import months
from modules.contracts.billing_context import Context
from modules.contracts.facts import (
    EVER,
    FOREVER,
    Candidate,
    ContractFacts,
    CustomerFacts,
    DatedPrice,
    DiscountFacts,
    InstalmentFacts,
    ItemFacts,
    PlanSwitch,
)
from modules.contracts.models import (
    BilledPeriod,
    Charge,
    ChargeInstalment,
    Contract,
    ContractItem,
    ContractPrice,
    Discount,
    PlanChange,
    Suspension,
)
from modules.contracts.months import Span
from modules.crm.models import Address, Customer

CHUNK = 1000
NOBODY = -1


def ranges(company_id: int, size: int = CHUNK) -> Iterator[tuple[int, int]]:
    """Ranges (after, up to] of customer ids with about `size` contracts each, from one index scan."""
    numbered = sa.select(
        Contract.customer_id, sa.func.row_number().over(order_by=(Contract.customer_id, Contract.id)).label("place"),
    ).where(Contract.company_id == company_id, Contract.state != "cancelled").subquery()
    ends = db.session.scalars(sa.select(numbered.c.customer_id).where(numbered.c.place % size == 0)
                              .order_by(numbered.c.customer_id)).all()
    last = db.session.scalar(sa.select(sa.func.max(Contract.customer_id)).where(Contract.company_id == company_id))
    after = 0
    for end in [*ends, last or 0]:
        if end > after:
            yield after, end
            after = end


def count_contracts(company_id: int) -> int:
    """How many contracts a run looks at, about: those that are active or suspended."""
    return db.session.scalar(sa.select(sa.func.count()).select_from(Contract).where(
        Contract.company_id == company_id, Contract.state.in_(("active", "suspended")))) or 0


def candidates(context: Context, after: int, upto: int, only: Sequence[int] | None = None) -> list[Candidate]:
    """The contracts of these customers that may be billed in the context's month, in order of customer.

    `only` limits them to some contracts. Six statements.
    """
    company_id = context.company.id
    wanted = sa.and_(Contract.company_id == company_id, Contract.customer_id > after, Contract.customer_id <= upto)
    if only is not None:
        wanted = sa.and_(wanted, Contract.id.in_(only))
    rows = db.session.execute(_contracts(context, wanted)).all()
    if not rows:
        return []
    inside = sa.select(Contract.id).where(wanted)
    parts = _timeline(inside)
    extras = {"items": _items(context, inside), "instalments": _instalments(context, inside),
              "discounts": _discounts(inside)}
    return [_candidate(context, row, parts, extras) for row in rows]


def _contracts(context: Context, wanted: Any) -> sa.Select:
    month, previous = context.month, months.add(context.month, -1)

    def billed(when: dt.date, kind: str) -> Any:
        return sa.exists().where(BilledPeriod.contract_id == Contract.id, BilledPeriod.month == when,
                                 BilledPeriod.kind == kind)

    waiting = sa.exists().where(ChargeInstalment.contract_id == Contract.id, ~ChargeInstalment.cancelled,
                                ChargeInstalment.billed_period_id.is_(None), ChargeInstalment.month <= month)
    has_address = sa.exists().where(Address.customer_id == Contract.customer_id, Address.active)
    live = sa.or_(Contract.state.in_(("active", "suspended")), sa.and_(
        Contract.state == "ended", sa.or_(Contract.ends_on >= months.add(month, -12), waiting)))
    service = sa.orm.aliased(Address)
    return (sa.select(
        Contract.id, Contract.number, Contract.customer_id, Contract.plan_id, Contract.profile_id, Contract.state,
        Contract.billing_from, Contract.ends_on, Contract.in_advance, Contract.billing_day, Contract.due_day,
        Contract.courtesy_from, Contract.courtesy_until, Contract.activated_at, Customer.code, Customer.name,
        Customer.kind, Customer.tax_id_kind, Customer.tax_id, Customer.tax_condition, Customer.zone_id,
        service.street, service.number.label("house"), service.unit, service.district, service.postal_code,
        service.city, billed(month, "service").label("billed"), billed(month, "charges").label("billed_charges"),
        billed(previous, "service").label("billed_before"), has_address.label("has_address"))
        .join(Customer, Customer.id == Contract.customer_id).outerjoin(service, service.id == Contract.address_id)
        .where(wanted, live).order_by(Contract.customer_id, Contract.id))


def _candidate(context: Context, row: Any, parts: dict[str, dict[int, list[Any]]],
               extras: dict[str, dict[int, list[Any]]]) -> Candidate:
    profile = context.profile_of(row.profile_id, row.zone_id)
    changes = parts["change"].get(row.id, ())
    contract = ContractFacts(
        row.id, row.number, row.customer_id, row.plan_id, profile, row.state, row.billing_from, row.ends_on,
        profile.in_advance if row.in_advance is None else row.in_advance, row.billing_day or profile.billing_day,
        row.due_day, _courtesy(row), service_address(row), tuple(parts["suspension"].get(row.id, ())),
        tuple(parts["price"].get(row.id, ())), tuple(changes),
        *(tuple(extras[name].get(row.id, ())) for name in ("items", "instalments", "discounts")))
    customer = CustomerFacts(row.customer_id, row.code, row.name, row.kind, row.tax_id_kind, row.tax_id,
                             row.tax_condition, row.zone_id, row.has_address)
    return Candidate(contract, customer, row.billed, row.billed_charges, row.billed_before, row.activated_at)


def _courtesy(row: Any) -> Span | None:
    if row.courtesy_from is None and row.courtesy_until is None:
        return None
    return Span(row.courtesy_from or EVER, row.courtesy_until or FOREVER)


def service_address(row: Any) -> str:
    """The place of the service on one line; "" where it is the customer's own."""
    line = " ".join(part for part in (row.street, row.house, row.unit) if part)
    city = " ".join(part for part in (row.postal_code, row.city) if part)
    return ", ".join(part for part in (line, row.district, city) if part)


def _timeline(inside: sa.Select) -> dict[str, dict[int, list[Any]]]:
    """What is dated and small, in one statement: suspensions, own prices, changes of plan."""
    nothing = sa.literal(None, sa.BigInteger)
    never = sa.cast(sa.null(), sa.Date)
    statement = sa.union_all(
        sa.select(sa.literal("suspension").label("kind"), Suspension.contract_id, Suspension.id,
                  Suspension.first_day.label("first"), Suspension.last_day.label("last"),
                  nothing.label("one"), nothing.label("two"))
        .where(Suspension.contract_id.in_(inside)),
        sa.select(sa.literal("price"), ContractPrice.contract_id, ContractPrice.id, ContractPrice.valid_from,
                  ContractPrice.valid_to, sa.type_coerce(ContractPrice.price, sa.BigInteger), nothing)
        .where(ContractPrice.contract_id.in_(inside)),
        sa.select(sa.literal("change"), PlanChange.contract_id, PlanChange.id, PlanChange.valid_from, never,
                  PlanChange.old_plan_id, PlanChange.new_plan_id)
        .where(PlanChange.contract_id.in_(inside), PlanChange.state != "cancelled"),
    ).order_by(sa.literal_column("4"), sa.literal_column("3"))
    found: dict[str, dict[int, list[Any]]] = {"suspension": {}, "price": {}, "change": {}}
    for kind, contract_id, _id, first, last, one, two in db.session.execute(statement):
        if last is not None and last < first:
            continue  # cut and restored on the same day
        found[kind].setdefault(contract_id, []).append(_dated(kind, first, last, one, two))
    return found


def _dated(kind: str, first: dt.date, last: dt.date | None, one: int | None, two: int | None) -> Any:
    if kind == "change":
        return PlanSwitch(first, one or 0, two or 0)
    if kind == "price":
        return DatedPrice(first, Decimal(one or 0).scaleb(-6), last or FOREVER)
    return Span(first, last or FOREVER)


def _items(context: Context, inside: sa.Select) -> dict[int, list[ItemFacts]]:
    found: dict[int, list[ItemFacts]] = defaultdict(list)
    for row in db.session.execute(
            sa.select(ContractItem.id, ContractItem.contract_id, ContractItem.code, ContractItem.description,
                      ContractItem.quantity, ContractItem.unit_price, ContractItem.includes_tax, ContractItem.taxes,
                      ContractItem.account_id, ContractItem.first_day, ContractItem.last_day)
            .where(ContractItem.contract_id.in_(inside)).order_by(ContractItem.id)):
        if row.last_day is None or row.last_day >= row.first_day:
            found[row.contract_id].append(ItemFacts(
                row.id, row.description, Span(row.first_day, row.last_day or FOREVER), row.quantity, row.unit_price,
                row.code, row.includes_tax, context.taxes(row.taxes), row.account_id))
    return found


def _instalments(context: Context, inside: sa.Select) -> dict[int, list[InstalmentFacts]]:
    """Those that have fallen due by the month and wait; missed ones come along."""
    found: dict[int, list[InstalmentFacts]] = defaultdict(list)
    many = sa.func.count().over(partition_by=ChargeInstalment.charge_id)
    every = (sa.select(ChargeInstalment.id, many.label("of"))
             .where(ChargeInstalment.contract_id.in_(inside), ~ChargeInstalment.cancelled).subquery())
    for row in db.session.execute(
            sa.select(ChargeInstalment.id, ChargeInstalment.contract_id, ChargeInstalment.position,
                      ChargeInstalment.amount, Charge.description, Charge.code, Charge.includes_tax, Charge.taxes,
                      Charge.account_id, every.c.of)
            .join(Charge, Charge.id == ChargeInstalment.charge_id).join(every, every.c.id == ChargeInstalment.id)
            .where(ChargeInstalment.contract_id.in_(inside), ChargeInstalment.billed_period_id.is_(None),
                   ChargeInstalment.month <= context.month)
            .order_by(ChargeInstalment.charge_id, ChargeInstalment.position)):
        found[row.contract_id].append(InstalmentFacts(
            row.id, row.description, row.amount, row.position, row.of, row.code, row.includes_tax,
            context.taxes(row.taxes), row.account_id))
    return found


def _discounts(inside: sa.Select) -> dict[int, list[DiscountFacts]]:
    found: dict[int, list[DiscountFacts]] = defaultdict(list)
    for row in db.session.execute(
            sa.select(Discount.id, Discount.contract_id, Discount.description, Discount.first_month,
                      Discount.last_month, Discount.percent, Discount.amount, Discount.on_items)
            .where(Discount.contract_id.in_(inside)).order_by(Discount.id)):
        found[row.contract_id].append(DiscountFacts(
            row.id, row.description, row.first_month, row.last_month or FOREVER, row.percent, row.amount,
            row.on_items))
    return found


def facts_of(context: Context, contract: Contract) -> ContractFacts:
    """One contract as billing sees it, whatever its state: for its page and for settlements."""
    only = candidates(context, contract.customer_id - 1, contract.customer_id, [contract.id])
    if only:
        return only[0].contract
    profile = context.profile_of(contract.profile_id, contract.customer.zone_id)
    return ContractFacts(contract.id, contract.number, contract.customer_id, contract.plan_id, profile,
                         contract.state, contract.billing_from, contract.ends_on)


def without_instalments(contract: ContractFacts) -> ContractFacts:
    return replace(contract, instalments=())
