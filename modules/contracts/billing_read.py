"""Reading the contracts of a range of customers with a fixed number of statements, as plain values."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from core import months
from core.db import among, db
from core.months import Span
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
from modules.contracts.ports import PlaceTaxing, Served
from modules.crm.models import Address, Customer

CHUNK = 2000
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

    `only` limits them to some contracts. A fixed number of statements, whatever the size of the range.
    """
    wanted = _of_customers(context, after, upto)
    return _read(context, wanted if only is None else sa.and_(wanted, Contract.id.in_(only)))


def unbilled(context: Context, after: int, upto: int) -> tuple[list[Candidate], int]:
    """Those candidates whose service of the month is not billed yet, and how many others there are.

    A month that is billed already costs next to nothing when it is run again.
    """
    wanted = _of_customers(context, after, upto)
    if context.filters:  # who belongs to the run is only known when all are read
        return _read(context, wanted), 0
    every = db.session.scalars(sa.select(Contract.id).where(wanted, _live(context))).all()
    billed = set(db.session.scalars(sa.select(BilledPeriod.contract_id).where(
        among(BilledPeriod.contract_id, every), BilledPeriod.month == context.month, BilledPeriod.kind == "service")))
    left = [key for key in every if key not in billed]
    return _read(context, among(Contract.id, left)) if left else [], len(every) - len(left)


def _of_customers(context: Context, after: int, upto: int) -> sa.ColumnElement[bool]:
    return sa.and_(Contract.company_id == context.company.id, Contract.customer_id > after,
                   Contract.customer_id <= upto)


def _read(context: Context, wanted: sa.ColumnElement[bool]) -> list[Candidate]:
    rows = db.session.execute(_contracts(context, wanted)).all()
    if not rows:
        return []
    inside = [row.id for row in rows]
    if context.collecting is not None:
        context.collecting.look_up({row.customer_id for row in rows})
    parts = _timeline(inside)
    extras: dict[str, dict[int, list[Any]]] = {
        "items": _items(context, inside), "instalments": _instalments(context, inside),
        "discounts": _discounts(inside)}
    people = {row.customer_id for row in rows}
    known = _Known(_billed(context, inside), _with_address(people) if context.placing is None else _placed(
        context.placing, rows, people))
    return [_candidate(context, row, parts, extras, known) for row in rows]


@dataclass(frozen=True)
class _Known:
    """What is already billed, {contract: {(month, kind)}}, and which customers have an address."""

    billed: dict[int, set[tuple[dt.date, str]]]
    with_address: set[int]


def _billed(context: Context, inside: Sequence[int]) -> dict[int, set[tuple[dt.date, str]]]:
    wanted = (context.month, context.before)
    rows = db.session.execute(
        sa.select(BilledPeriod.contract_id, BilledPeriod.month, BilledPeriod.kind)
        .where(among(BilledPeriod.contract_id, inside), BilledPeriod.month.in_(wanted)))
    found: dict[int, set[tuple[dt.date, str]]] = defaultdict(set)
    for row in rows:
        found[row.contract_id].add((row.month, row.kind))
    return found


def _with_address(customer_ids: Iterable[int]) -> set[int]:
    return set(db.session.scalars(sa.select(Address.customer_id).where(
        among(Address.customer_id, customer_ids), Address.active).distinct()))


def _placed(placing: PlaceTaxing, rows: Sequence[Any], customer_ids: Iterable[int]) -> set[int]:
    """Tell who is served where, and which customers have an address; a contract without place is at the oldest one."""
    first: dict[int, Any] = {}
    for row in db.session.execute(sa.select(Address.customer_id, Address.extra).where(
            among(Address.customer_id, customer_ids), Address.active).order_by(Address.id)):
        first.setdefault(row.customer_id, row.extra or {})
    placing.look_at(Served(row.id, row.kind, (row.place or {}) if row.address_id else first.get(row.customer_id))
                    for row in rows)
    return set(first)


def _live(context: Context) -> sa.ColumnElement[bool]:
    """Contracts that the month may concern: those in service, and ended ones that may have something left to pay."""
    waiting = sa.exists().where(ChargeInstalment.contract_id == Contract.id, ~ChargeInstalment.cancelled,
                                ChargeInstalment.billed_period_id.is_(None),
                                ChargeInstalment.month <= context.month)
    return sa.or_(Contract.state.in_(("active", "suspended")), sa.and_(
        Contract.state == "ended", sa.or_(Contract.ends_on >= months.add(context.month, -12), waiting)))


def _contracts(context: Context, wanted: Any) -> sa.Select:
    service = sa.orm.aliased(Address)
    return (sa.select(
        Contract.id, Contract.number, Contract.customer_id, Contract.plan_id, Contract.profile_id, Contract.state,
        Contract.billing_from, Contract.ends_on, Contract.in_advance, Contract.billing_day, Contract.due_day,
        Contract.courtesy_from, Contract.courtesy_until, Contract.activated_at, Customer.code, Customer.name,
        Customer.kind, Customer.tax_id_kind, Customer.tax_id, Customer.tax_condition, Customer.zone_id,
        *([Contract.address_id, service.extra.label("place")] if context.placing is not None else ()),
        service.street, service.number.label("house"), service.unit, service.district, service.postal_code,
        service.city)
        .join(Customer, Customer.id == Contract.customer_id).outerjoin(service, service.id == Contract.address_id)
        .where(wanted, _live(context)).order_by(Contract.customer_id, Contract.id))


def _candidate(context: Context, row: Any, parts: dict[str, dict[int, list[Any]]],
               extras: dict[str, dict[int, list[Any]]], known: _Known) -> Candidate:
    profile = context.profile_of(row.profile_id, row.zone_id)
    changes = parts["change"].get(row.id, ())
    contract = ContractFacts(
        row.id, row.number, row.customer_id, row.plan_id, profile, row.state, row.billing_from, row.ends_on,
        profile.in_advance if row.in_advance is None else row.in_advance, row.billing_day or profile.billing_day,
        row.due_day, _courtesy(row), service_address(row), tuple(parts["suspension"].get(row.id, ())),
        tuple(parts["price"].get(row.id, ())), tuple(changes),
        *(tuple(extras[name].get(row.id, ())) for name in ("items", "instalments", "discounts")))
    customer = CustomerFacts(row.customer_id, row.code, row.name, row.kind, row.tax_id_kind, row.tax_id,
                             row.tax_condition, row.zone_id, row.customer_id in known.with_address)
    billed = known.billed.get(row.id, ())
    return Candidate(contract, customer, (context.month, "service") in billed, (context.month, "charges") in billed,
                     (context.before, "service") in billed, row.activated_at)


def _courtesy(row: Any) -> Span | None:
    if row.courtesy_from is None and row.courtesy_until is None:
        return None
    return Span(row.courtesy_from or EVER, row.courtesy_until or FOREVER)


def service_address(row: Any) -> str:
    """The place of the service on one line; "" where it is the customer's own."""
    line = " ".join([part for part in (row.street, row.house, row.unit) if part])
    city = " ".join([part for part in (row.postal_code, row.city) if part])
    return ", ".join([part for part in (line, row.district, city) if part])


def _timeline(inside: Sequence[int]) -> dict[str, dict[int, list[Any]]]:
    """What is dated and small, in one statement: suspensions, own prices, changes of plan."""
    nothing = sa.literal(None, sa.BigInteger)
    never = sa.cast(sa.null(), sa.Date)
    statement = sa.union_all(
        sa.select(sa.literal("suspension").label("kind"), Suspension.contract_id, Suspension.id,
                  Suspension.first_day.label("first"), Suspension.last_day.label("last"),
                  nothing.label("one"), nothing.label("two"))
        .where(among(Suspension.contract_id, inside)),
        sa.select(sa.literal("price"), ContractPrice.contract_id, ContractPrice.id, ContractPrice.valid_from,
                  ContractPrice.valid_to, sa.type_coerce(ContractPrice.price, sa.BigInteger),
                  sa.case((ContractPrice.promised, sa.literal(1, sa.BigInteger)), else_=nothing))
        .where(among(ContractPrice.contract_id, inside)),
        sa.select(sa.literal("change"), PlanChange.contract_id, PlanChange.id, PlanChange.valid_from, never,
                  PlanChange.old_plan_id, PlanChange.new_plan_id)
        .where(among(PlanChange.contract_id, inside), PlanChange.state != "cancelled"),
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
        return DatedPrice(first, Decimal(one or 0).scaleb(-6), last or FOREVER, bool(two))
    return Span(first, last or FOREVER)


def _items(context: Context, inside: Sequence[int]) -> dict[int, list[ItemFacts]]:
    found: dict[int, list[ItemFacts]] = defaultdict(list)
    for row in db.session.execute(
            sa.select(ContractItem.id, ContractItem.contract_id, ContractItem.code, ContractItem.description,
                      ContractItem.quantity, ContractItem.unit_price, ContractItem.includes_tax, ContractItem.taxes,
                      ContractItem.account_id, ContractItem.first_day, ContractItem.last_day)
            .where(among(ContractItem.contract_id, inside)).order_by(ContractItem.id)):
        if row.last_day is None or row.last_day >= row.first_day:
            found[row.contract_id].append(ItemFacts(
                row.id, row.description, Span(row.first_day, row.last_day or FOREVER), row.quantity, row.unit_price,
                row.code, row.includes_tax, context.taxes(row.taxes), row.account_id))
    return found


def _instalments(context: Context, inside: Sequence[int]) -> dict[int, list[InstalmentFacts]]:
    """Those that have fallen due by the month and wait; missed ones come along."""
    found: dict[int, list[InstalmentFacts]] = defaultdict(list)
    # the last position, not their number: the first of them may have been invoiced by hand
    many = sa.func.max(ChargeInstalment.position).over(partition_by=ChargeInstalment.charge_id)
    every = (sa.select(ChargeInstalment.id, many.label("of"))
             .where(among(ChargeInstalment.contract_id, inside), ~ChargeInstalment.cancelled).subquery())
    for row in db.session.execute(
            sa.select(ChargeInstalment.id, ChargeInstalment.contract_id, ChargeInstalment.position,
                      ChargeInstalment.amount, Charge.description, Charge.code, Charge.includes_tax, Charge.taxes,
                      Charge.account_id, every.c.of)
            .join(Charge, Charge.id == ChargeInstalment.charge_id).join(every, every.c.id == ChargeInstalment.id)
            .where(among(ChargeInstalment.contract_id, inside), ChargeInstalment.billed_period_id.is_(None),
                   ChargeInstalment.month <= context.month)
            .order_by(ChargeInstalment.charge_id, ChargeInstalment.position)):
        found[row.contract_id].append(InstalmentFacts(
            row.id, row.description, row.amount, row.position, row.of, row.code, row.includes_tax,
            context.taxes(row.taxes), row.account_id))
    return found


def _discounts(inside: Sequence[int]) -> dict[int, list[DiscountFacts]]:
    found: dict[int, list[DiscountFacts]] = defaultdict(list)
    for row in db.session.execute(
            sa.select(Discount.id, Discount.contract_id, Discount.description, Discount.first_month,
                      Discount.last_month, Discount.percent, Discount.amount, Discount.on_items)
            .where(among(Discount.contract_id, inside)).order_by(Discount.id)):
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
