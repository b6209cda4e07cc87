"""Plans and their dated prices: made, changed, priced."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from core import audit, clock
from core.db import db, find
from core.i18n import _
from core.months import DAY
from modules.contracts.errors import NotPossible, WrongValue
from modules.contracts.models import BilledPeriod, Contract, Plan, PlanPrice

FIELDS = ("code", "name", "speed_down_kbps", "speed_up_kbps", "period_months", "currency", "includes_tax", "taxes",
          "product_codes", "account_id", "valid_from", "valid_to", "notes", "active")
IN_USE = ("active", "suspended", "draft")


def create_plan(values: Mapping[str, Any], price: Decimal, valid_from: dt.date) -> Plan:
    """A plan with its first price."""
    _check(values)
    plan = Plan(**{name: values[name] for name in FIELDS if name in values})
    plan.prices.append(PlanPrice(valid_from=valid_from, price=price))
    db.session.add(plan)
    db.session.flush()
    audit.record("contracts.create_plan", plan, {"price": price, "from": valid_from})
    return plan


def update_plan(plan: Plan, values: Mapping[str, Any]) -> None:
    """Change a plan. Its period, currency and kind of price stay once contracts have it."""
    _check(values, plan)
    changes = {name: [getattr(plan, name), values[name]] for name in FIELDS
               if name in values and getattr(plan, name) != values[name]}
    fixed = [name for name in ("period_months", "currency", "includes_tax") if name in changes]
    if fixed and contracts_of([plan.id]):
        raise NotPossible(_("Changing the period, the currency or whether tax is included is not possible because "
                            "contracts have this plan. Make another plan and change theirs."), field=fixed[0])
    for name, (_before, after) in changes.items():
        setattr(plan, name, after)
    db.session.flush()
    if changes:
        audit.record("contracts.update_plan", plan, changes)


def _check(values: Mapping[str, Any], plan: Plan | None = None) -> None:
    same = sa.select(Plan.id).where(Plan.code == values["code"])
    if db.session.scalar(same.where(Plan.id != plan.id) if plan else same):
        raise WrongValue(_("To save this plan you must choose another code: %(code)s is taken.", code=values["code"]),
                         field="code")
    first, last = values.get("valid_from"), values.get("valid_to")
    if first and last and last < first:
        raise WrongValue(_("To save this plan you must let it be sold until a day after the first one."),
                         field="valid_to")


def set_plan_price(plan: Plan, price: Decimal, valid_from: dt.date) -> PlanPrice:
    """A price from a day on; of the same day it replaces the former one, where that has not come yet."""
    known = next((one for one in plan.prices if one.valid_from == valid_from), None)
    if known is not None and known.price == price:
        return known
    if known is not None and valid_from < clock.today():
        raise WrongValue(_("To set a price you must choose another day: a price has been valid since %(day)s.",
                           day=valid_from.strftime("%d/%m/%Y")), field="valid_from")
    _check_billed(plan, valid_from)
    if known is not None:
        known.price = price
    else:
        known = PlanPrice(valid_from=valid_from, price=price)
        plan.prices.append(known)
    db.session.flush()
    db.session.expire(plan, ["prices"])
    audit.record("contracts.set_plan_price", plan, {"price": price, "from": valid_from})
    return known


def _check_billed(plan: Plan, day: dt.date) -> None:
    """Periods that were billed keep their price, which is that of their first day: settlements rely on it."""
    billed: dt.date | None = db.session.scalar(
        sa.select(sa.func.max(BilledPeriod.service_from)).join(Contract, Contract.id == BilledPeriod.contract_id)
        .where(Contract.plan_id == plan.id))
    if billed is not None and day <= billed:
        raise WrongValue(_("To set a price you must choose a later day: periods of this plan are billed already; "
                           "from %(day)s on it is possible.", day=(billed + DAY).strftime("%d/%m/%Y")),
                         field="valid_from")


def remove_plan_price(price_id: int) -> int:
    """Take back a price that has not come yet; the id of its plan."""
    price = find(PlanPrice, price_id)
    if price.valid_from <= clock.today() or price.revision_id is not None:
        raise NotPossible(_("Taking this price back is not possible because its day has come, or because it belongs to "
                            "a price revision."))
    plan = find(Plan, price.plan_id)
    plan.prices.remove(price)
    db.session.flush()
    audit.record("contracts.remove_plan_price", plan, {"price": price.price, "from": price.valid_from})
    return int(plan.id)


def contracts_of(plan_ids: Sequence[int]) -> dict[int, int]:
    """How many contracts in use each plan has."""
    rows = db.session.execute(
        sa.select(Contract.plan_id, sa.func.count(Contract.id))
        .where(Contract.plan_id.in_(list(plan_ids)), Contract.state.in_(IN_USE)).group_by(Contract.plan_id))
    return {row[0]: row[1] for row in rows}


def speed(kbps: int | None) -> str:
    """Megabits per second as people say them; "" where unknown."""
    if not kbps:
        return ""
    return f"{kbps // 1000} Mb" if kbps % 1000 == 0 else f"{Decimal(kbps) / 1000:f}".rstrip("0").rstrip(".") + " Mb"
