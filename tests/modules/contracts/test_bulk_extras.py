"""What is added to many contracts at once is the same as added one by one."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from core.db import db
from core.models import Company
from modules.contracts import bulk_extras, extras
from modules.contracts.bulk_extras import ChargeData, DiscountData, ItemData
from modules.contracts.drafts import ContractData
from modules.contracts.models import ChargeInstalment, Contract, ContractItem, Discount, Plan, PlanPrice
from modules.contracts.services import create_contract
from modules.crm.services import create_customer

MONTH = dt.date(2026, 11, 1)
VAT = [{"code": "VAT", "rate": "21"}]


@pytest.fixture
def pair(company: Company, frozen: Any) -> tuple[Contract, Contract]:
    """Two contracts that are alike."""
    frozen(2026, 11, 3, 15)
    plan = Plan(code="P", name="Plan", taxes=VAT, prices=[PlanPrice(valid_from=MONTH, price=Decimal(12100))])
    db.session.add(plan)
    db.session.flush()
    customer = create_customer(name="Ana", tax_condition="CF")
    first, second = (create_contract(ContractData(customer_id=customer.id, plan_id=plan.id, billing_from=MONTH))
                     for _number in range(2))
    return first, second


def rows(listed: Any, *names: str) -> list[tuple[Any, ...]]:
    return [tuple(getattr(one, name) for name in names) for one in listed]


def test_an_extra(pair: tuple[Contract, Contract]) -> None:
    extras.add_item(pair[0], "IP fija", Decimal("4500.00"), first_day=MONTH)
    bulk_extras.add_items([ItemData(pair[1].id, "IP fija", Decimal("4500.00"), MONTH, VAT)])
    names = ("description", "quantity", "unit_price", "includes_tax", "taxes", "first_day", "last_day", "account_id")
    db.session.expire_all()
    assert rows(pair[0].items, *names) == rows(pair[1].items, *names) != []


def test_a_charge_in_instalments_that_do_not_divide_evenly(pair: tuple[Contract, Contract]) -> None:
    extras.add_charge(pair[0], "Antena", Decimal("100.00"), instalments=3, first_month=MONTH)
    bulk_extras.add_charges([ChargeData(pair[1].id, "Antena", Decimal("100.00"), MONTH, 3, VAT)])
    db.session.expire_all()
    for contract in pair:
        (charge,) = contract.charges
        assert rows(charge.instalments, "position", "amount", "month", "contract_id", "cancelled") == [
            (1, Decimal("33.34"), MONTH, contract.id, False),
            (2, Decimal("33.33"), dt.date(2026, 12, 1), contract.id, False),
            (3, Decimal("33.33"), dt.date(2027, 1, 1), contract.id, False)]
    names = ("description", "total", "includes_tax", "taxes", "origin")
    assert rows(pair[0].charges, *names) == rows(pair[1].charges, *names)


def test_a_discount(pair: tuple[Contract, Contract]) -> None:
    extras.add_discount(pair[0], "Promo", percent=Decimal(50), first_month=MONTH, count=3)
    bulk_extras.add_discounts([DiscountData(pair[1].id, "Promo", MONTH, dt.date(2027, 1, 1), percent=Decimal(50))])
    names = ("description", "percent", "amount", "first_month", "last_month", "on_items")
    db.session.expire_all()
    assert rows(pair[0].discounts, *names) == rows(pair[1].discounts, *names) != []


def test_nothing_to_add_adds_nothing(company: Company) -> None:
    bulk_extras.add_items([])
    bulk_extras.add_charges([])
    bulk_extras.add_discounts([])
    for model in (ContractItem, ChargeInstalment, Discount):
        assert db.session.scalars(sa.select(model.id)).all() == []
