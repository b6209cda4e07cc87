"""Many contracts at once: a few bulk statements instead of objects, for imports and demos."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from core import audit, clock
from core.db import allocate_ids, db, lock, write_rows
from core.scope import current_company, current_company_id
from modules.contracts.drafts import ContractData
from modules.contracts.models import Contract, ContractNumbering, ContractPrice, Suspension

TEXTS = ("end_reason", "courtesy_reason", "ip", "pppoe_user", "notes")
PLAIN = ("customer_id", "plan_id", "address_id", "profile_id", "state", "installed_on", "ends_on", "in_advance",
         "billing_day", "due_day", "courtesy_from", "courtesy_until")


def create_many(contracts: Sequence[ContractData]) -> list[int]:
    """Make these contracts of the company in scope as they are; their ids in the same order. No events are told."""
    company_id, today, moment = current_company_id(), clock.today(), clock.now()
    numbers = iter(reserve_numbers(sum(not one.number for one in contracts)))
    ids = allocate_ids(Contract.__table__, len(contracts))
    write_rows(Contract.__table__, [
        {"id": key, "company_id": company_id, "number": one.number or next(numbers),
         "billing_from": one.billing_from or today, "pppoe_password": one.pppoe_password or None,
         "activated_at": None if one.state == "draft" else moment, "created_at": moment, "updated_at": moment,
         **{name: getattr(one, name) for name in (*PLAIN, *TEXTS)}}
        for key, one in zip(ids, contracts, strict=True)])
    write_rows(ContractPrice.__table__, [_price(company_id, key, one, today)
                                         for key, one in zip(ids, contracts, strict=True) if one.price is not None])
    write_rows(Suspension.__table__, [
        {"company_id": company_id, "contract_id": key, "first_day": max(today, one.billing_from or today),
         "last_day": None, "cause": "other", "reason": "", "started_at": moment, "ended_at": None}
        for key, one in zip(ids, contracts, strict=True) if one.state == "suspended"])
    if ids:
        audit.record("contracts.create_contracts", current_company(),
                     {"count": len(ids), "first": ids[0], "last": ids[-1]})
    return ids


def _price(company_id: int, contract_id: int, data: ContractData, today: dt.date) -> dict[str, Any]:
    return {"company_id": company_id, "contract_id": contract_id, "valid_from": data.billing_from or today,
            "valid_to": data.price_until, "price": data.price, "promised": data.price_until is not None,
            "revision_id": None}


def reserve_numbers(count: int) -> list[str]:
    """The next free contract numbers of the company in scope, under the lock of their row."""
    if count <= 0:
        return []
    row = db.session.scalars(lock(sa.select(ContractNumbering)).execution_options(populate_existing=True)).one()
    taken: set[str] = set()
    numbers: list[str] = []
    while len(numbers) < count:
        block = [f"{row.next_number + step:06d}" for step in range(count - len(numbers))]
        row.next_number += len(block)
        taken = set(db.session.scalars(sa.select(Contract.number).where(Contract.number.in_(block))))
        numbers += [number for number in block if number not in taken]
    db.session.flush()
    return numbers
