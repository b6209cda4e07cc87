"""What is added to many contracts at once: recurring extras, charges in instalments, discounts. For demos and imports.

Nothing is settled: for contracts of which no month is billed yet. extras.py adds to a single one at any time.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from core import audit, clock, months
from core.db import allocate_ids, write_rows
from core.money import split
from core.scope import current_company, current_company_id
from modules.contracts.models import Charge, ChargeInstalment, ContractItem, Discount

Taxes = Sequence[dict[str, Any]]


@dataclass(frozen=True)
class ItemData:
    """A recurring extra at a price per month."""

    contract_id: int
    description: str
    unit_price: Decimal
    first_day: dt.date
    taxes: Taxes = ()
    includes_tax: bool = True
    code: str = ""


@dataclass(frozen=True)
class ChargeData:
    """Something to be paid once, in instalments from a month on."""

    contract_id: int
    description: str
    total: Decimal
    first_month: dt.date
    instalments: int = 1
    taxes: Taxes = ()
    includes_tax: bool = True
    code: str = ""


@dataclass(frozen=True)
class DiscountData:
    """Less by percent, or by an amount a month; without `last_month` for ever."""

    contract_id: int
    description: str
    first_month: dt.date
    last_month: dt.date | None = None
    percent: Decimal | None = None
    amount: Decimal | None = None


def add_items(items: Sequence[ItemData]) -> None:
    """Write recurring extras of contracts of the company in scope."""
    company_id = current_company_id()
    write_rows(ContractItem.__table__, [
        {"company_id": company_id, "contract_id": one.contract_id, "code": one.code, "description": one.description,
         "quantity": Decimal(1), "unit_price": one.unit_price, "includes_tax": one.includes_tax,
         "taxes": list(one.taxes), "account_id": None, "first_day": one.first_day, "last_day": None}
        for one in items])
    _record("contracts.add_items", len(items))


def add_charges(charges: Sequence[ChargeData]) -> None:
    """Write charges with their instalments, split as extras.add_charge does."""
    company, moment = current_company(), clock.now()
    ids = allocate_ids(Charge.__table__, len(charges))
    write_rows(Charge.__table__, [
        {"id": key, "company_id": company.id, "contract_id": one.contract_id, "code": one.code,
         "description": one.description, "total": one.total, "includes_tax": one.includes_tax,
         "taxes": list(one.taxes), "account_id": None, "origin": "manual", "plan_change_id": None, "form_key": None,
         "cancelled_at": None, "created_at": moment} for key, one in zip(ids, charges, strict=True)])
    write_rows(ChargeInstalment.__table__, [
        {"company_id": company.id, "charge_id": key, "contract_id": one.contract_id, "position": place,
         "amount": amount, "month": months.add(months.of(one.first_month), place - 1), "billed_period_id": None,
         "cancelled": False}
        for key, one in zip(ids, charges, strict=True)
        for place, amount in enumerate(split(one.total, one.instalments, company.currency), start=1)])
    _record("contracts.add_charges", len(charges))


def add_discounts(discounts: Sequence[DiscountData]) -> None:
    """Write discounts of contracts of the company in scope."""
    company_id = current_company_id()
    write_rows(Discount.__table__, [
        {"company_id": company_id, "contract_id": one.contract_id, "description": one.description,
         "percent": one.percent, "amount": one.amount, "first_month": months.of(one.first_month),
         "last_month": months.of(one.last_month) if one.last_month else None, "on_items": False}
        for one in discounts])
    _record("contracts.add_discounts", len(discounts))


def _record(action: str, count: int) -> None:
    if count:
        audit.record(action, current_company(), {"count": count})
