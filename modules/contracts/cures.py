"""What cannot be billed, by cause, with the place where each is cured."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from flask import current_app, url_for

from core.db import db
from core.i18n import _, lazy
from core.scope import current_company
from modules.contracts import mending
from modules.contracts.models import Contract, ExchangeRate, Plan
from modules.contracts.ports import billing_checks
from modules.crm.models import Customer

TITLES = {
    "missing_tax_id": lazy("No tax number"), "wrong_tax_id": lazy("Wrong tax number"),
    "missing_address": lazy("No address"), "missing_tax_condition": lazy("No tax condition"),
    "no_plan_price": lazy("The plan has no price"), "no_exchange_rate": lazy("No exchange rate"),
    "negative_total": lazy("Credits exceed charges"), "amount_too_small": lazy("The amount is too small"),
    "days_not_charged": lazy("Days that were not charged"),
    "refused_by_database": lazy("The data were refused"),
}
# how many of a cause are listed on a page; the count is always whole
SHOWN = 50


@dataclass
class Case:
    """One contract that cannot be billed."""

    contract: str
    contract_id: int
    customer: str
    customer_id: int
    message: str
    label: str
    url: str
    # how it is cured in place (mending.INPUTS; "" where only that page helps), and what stands there now
    cure: str = ""
    now: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Cause:
    """All contracts with the same cause."""

    code: str
    title: str
    count: int = 0
    cases: list[Case] = field(default_factory=list)


def title(code: str) -> str:
    """The cause in a few words: ours, else the country's."""
    check = billing_checks.find(current_company().country)
    return str(TITLES.get(code) or (check.titles.get(code) if check else None) or _("Other causes"))


def by_cause(exceptions: Iterable[Mapping[str, Any]]) -> list[Cause]:
    """Grouped, the most frequent first; `exceptions` as results have them."""
    found: dict[str, Cause] = {}
    shown: list[tuple[Cause, Mapping[str, Any]]] = []
    for one in exceptions:
        cause = found.setdefault(one["code"], Cause(one["code"], title(one["code"])))
        cause.count += 1
        if cause.count <= SHOWN:
            shown.append((cause, one))
    plans = _plans_of([one["contract_id"] for _cause, one in shown if one["cure"] == "plan"])
    people = _people([one["customer_id"] for _cause, one in shown])
    for cause, one in shown:
        label, url = _cure(one, plans)
        cause.cases.append(Case(
            one["contract"], one["contract_id"], one["name"] or one["customer"], one["customer_id"], one["message"],
            label, url, mending.cure_of(one["code"]), people.get(one["customer_id"], {})))
    return sorted(found.values(), key=lambda cause: -cause.count)


def _plans_of(contract_ids: list[int]) -> dict[int, tuple[int, str]]:
    if not contract_ids:
        return {}
    rows = db.session.execute(sa.select(Contract.id, Plan.id, Plan.name).join(Plan, Plan.id == Contract.plan_id)
                              .where(Contract.id.in_(contract_ids)))
    return {row[0]: (row[1], row[2]) for row in rows}


def _people(customer_ids: list[int]) -> dict[int, Mapping[str, str]]:
    """The tax identity of these customers as it is now."""
    names = mending.INPUTS[mending.IDENTITY]
    rows = db.session.execute(sa.select(Customer.id, *[getattr(Customer, name) for name in names])
                              .where(Customer.id.in_(customer_ids))) if customer_ids else ()
    return {key: dict(zip(names, values, strict=True)) for key, *values in rows}


def _cure(one: Mapping[str, Any], plans: Mapping[int, tuple[int, str]]) -> tuple[str, str]:
    """(what to press, where it leads)."""
    return cure(one["cure"], one["contract_id"], one["customer_id"], plans.get(one["contract_id"]))


def cure(kind: str, contract_id: int, customer_id: int, plan: tuple[int, str] | None) -> tuple[str, str]:
    """(what to press, where it leads) for a kind of cure; `plan` is the contract's (id, name)."""
    if kind == "customer":
        return _("Correct the customer"), url_for("crm.edit_customer", customer_id=customer_id)
    if kind == "plan" and plan is not None:
        plan_id, name = plan
        return _("Set a price of %(plan)s", plan=name), url_for("contracts.plan", plan_id=plan_id)
    if kind == "place":
        return _("Correct the address"), url_for("crm.customer", customer_id=customer_id, tab="data")
    if kind == "rate":
        return _("Enter the exchange rate"), url_for(f"admin_{ExchangeRate.__tablename__}.create_view")
    return _("Open the contract"), url_for("contracts.contract", contract_id=contract_id)


def other_page(endpoint: str, **values: Any) -> str | None:
    """The address of a page that another module may have; None where it has not."""
    return url_for(endpoint, **values) if endpoint in current_app.view_functions else None
