"""This month beside the one before, as the desk shows it: groups of customers, each with the contracts behind them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from core.db import db
from core.i18n import _
from modules.contracts.models import Contract


@dataclass
class Row:
    """A customer of a group: what he paid, what he will pay, why where it is known, and his contracts."""

    customer_id: int
    name: str
    before: Decimal | None
    after: Decimal | None
    contracts: list[Any]
    # the reason of who pays nothing (reporting.SKIPPED)
    why: str = ""


@dataclass
class Group:
    """Customers whose month differs in the same way; `count` is whole, `rows` are the first or largest."""

    key: str
    title: str
    count: int
    rows: list[Row]


def groups(result: Mapping[str, Any]) -> list[Group]:
    """New, gone, dearer, cheaper, free: those that hold somebody."""
    compared, free = result["compared"], result.get("free_contracts") or []
    changed = [(one, Decimal(one["before"]), Decimal(one["after"])) for one in compared["changed"]]
    parts = (
        ("new", _("New this month"), compared["new"],
         [(one, None, Decimal(one["total"])) for one in compared["new_customers"]]),
        ("gone", _("Not billed any more"), compared["gone"],
         [(one, Decimal(one["total"]), None) for one in compared["gone_customers"]]),
        ("dearer", _("Pay more"), compared["dearer"], [one for one in changed if one[2] > one[1]]),
        ("cheaper", _("Pay less"), compared["cheaper"], [one for one in changed if one[2] < one[1]]),
        ("free", _("Free of charge"), sum(one["count"] for one in result.get("skipped") or ()
                                          if one["reason"] in ("courtesy", "free")), [(one, None, None)
                                                                                      for one in free]))
    named = contracts_of({one["customer_id"] for _key, _title, _count, rows in parts for one, _b, _a in rows})
    return [Group(key, title, count, [_row(one, before, after, named) for one, before, after in rows])
            for key, title, count, rows in parts if count and rows]


def _row(one: Mapping[str, Any], before: Decimal | None, after: Decimal | None,
         named: Mapping[int, list[Any]]) -> Row:
    mine = named[one["customer_id"]]
    if "contract_id" in one:
        mine = [contract for contract in mine if contract.id == one["contract_id"]]
    return Row(one["customer_id"], one["name"] or one["customer"], before, after, mine, one.get("reason", ""))


def contracts_of(customer_ids: Iterable[int]) -> dict[int, list[Any]]:
    """(id, number, state) of the contracts of these customers, those in use first; with one select."""
    found: dict[int, list[Any]] = defaultdict(list)
    rows = db.session.execute(
        sa.select(Contract.id, Contract.number, Contract.state, Contract.customer_id, Contract.ends_on,
                  Contract.courtesy_from, Contract.courtesy_until)
        .where(Contract.customer_id.in_(list(customer_ids)), Contract.state != "cancelled")
        .order_by(Contract.state == "ended", Contract.id))
    for row in rows:
        found[row.customer_id].append(row)
    return found
