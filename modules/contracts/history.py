"""What happened to a contract, out of the audit, in words that can be read aloud."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

import sqlalchemy as sa
from flask import url_for

from core import deeds
from core.db import db
from core.i18n import _, format_amount, lazy
from core.models import AuditRecord, User
from core.scope import current_company
from modules.contracts import queries
from modules.contracts.models import Contract, Plan
from modules.crm.models import Customer
from modules.crm.ports import Happening as Told

WORDS = {
    "contracts.create_contract": lazy("Contract made"), "contracts.update_contract": lazy("Data changed"),
    "contracts.activate": lazy("Service begun"), "contracts.cancel": lazy("Cancelled before it began"),
    "contracts.suspend": lazy("Service cut"), "contracts.restore": lazy("Service restored"),
    "contracts.end": lazy("End of service"), "contracts.keep": lazy("End taken back"),
    "contracts.courtesy": lazy("Courtesy"), "contracts.end_courtesy": lazy("Courtesy ended"),
    "contracts.change_plan": lazy("Plan changed"), "contracts.cancel_change": lazy("Change of plan taken back"),
    "contracts.set_price": lazy("Price of its own"), "contracts.add_item": lazy("Extra added"),
    "contracts.end_item": lazy("Extra ended"), "contracts.add_charge": lazy("Charged"),
    "contracts.cancel_charge": lazy("Charge taken back"), "contracts.add_discount": lazy("Discount given"),
    "contracts.end_discount": lazy("Discount ended"), "contracts.lend": lazy("Equipment lent"),
    "contracts.take_back": lazy("Equipment returned"), "contracts.give_up": lazy("Equipment not returned"),
}
# contracts of one customer whose history is told with his
MOST = 10
MONEY = ("price", "total", "amount")
LABELS = {"from": lazy("from"), "until": lazy("until"), "on": lazy("on"), "last_day": lazy("last day"),
          "billing_from": lazy("billed from"), "percent": lazy("percent"), "in": lazy("instalments")}
NAMED = ("item", "charge", "discount")


@dataclass(frozen=True)
class Happening:
    """One line of a contract's history."""

    at: dt.datetime
    who: str
    what: str
    detail: str
    reason: str


def of_contract(contract: Contract, limit: int = 50) -> list[Happening]:
    """The newest first; two statements."""
    rows = db.session.execute(
        sa.select(AuditRecord, User.name, User.email).outerjoin(User, User.id == AuditRecord.user_id)
        .where(AuditRecord.object_type == Contract.__tablename__, AuditRecord.object_id == contract.id,
               AuditRecord.company_id == contract.company_id)
        .order_by(AuditRecord.id.desc()).limit(limit)).all()
    plans = _plans(row.AuditRecord.changes for row in rows)
    found = [Happening(row.AuditRecord.at, row.name or row.email or _("Abona"),
                      str(WORDS.get(row.AuditRecord.action) or deeds.named(row.AuditRecord.action)),
                      _detail(row.AuditRecord, plans), row.AuditRecord.reason) for row in rows]
    if len(rows) < limit and not any(row.AuditRecord.action == "contracts.create_contract" for row in rows):
        found.append(Happening(contract.created_at, "", str(WORDS["contracts.create_contract"]), "", ""))  # in bulk
    return found


class Services:
    """What happened to the contracts of a customer, for his history."""

    permission = "contracts.view_contracts"

    def of(self, customer: Customer, limit: int) -> list[Told]:
        cut = str(WORDS["contracts.suspend"])
        return [Told(one.at, f"{one.what}: {contract.number}", one.detail, one.who, one.reason,
                     url_for("contracts.contract", contract_id=contract.id), "bad" if one.what == cut else "mute")
                for contract in queries.contracts_of(customer.id)[:MOST] for one in of_contract(contract, limit)]


def _plans(changes: Any) -> dict[int, str]:
    """The names of the plans that changes of plan are about."""
    ids = {one.get("to") for one in changes if isinstance(one, Mapping) and isinstance(one.get("to"), int)}
    if not ids:
        return {}
    return {row.id: row.name for row in db.session.execute(sa.select(Plan.id, Plan.name).where(Plan.id.in_(ids)))}


def _detail(record: AuditRecord, plans: Mapping[int, str]) -> str:
    changes = record.changes or {}
    if record.action == "contracts.change_plan":
        return _("to %(plan)s, from %(day)s", plan=plans.get(changes.get("to", 0), "?"), day=_day(changes.get("on")))
    if record.action == "contracts.update_contract":
        return ", ".join(name.replace("_", " ") for name in changes)
    parts = [str(changes[name]) for name in NAMED if changes.get(name)]
    parts += [_money(changes[name]) for name in MONEY if changes.get(name)]
    parts += [f"{label} {_day(changes[name])}" for name, label in LABELS.items() if changes.get(name)]
    return " · ".join(parts)


def _money(value: Any) -> str:
    try:
        return format_amount(Decimal(str(value)), current_company().currency)
    except InvalidOperation:
        return str(value)


def _day(value: Any) -> str:
    """A date as people write it; anything else as it is."""
    try:
        return dt.date.fromisoformat(str(value)).strftime("%d/%m/%Y")
    except ValueError:
        return str(value)
