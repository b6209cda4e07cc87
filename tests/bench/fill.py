"""Subscribers to bill: three plans, a second line for one in three, discounts, suspended and broken ones."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

import sqlalchemy as sa

from core import companies, months, schema
from core.db import db
from core.models import Company
from core.scope import company_scope
from modules.contracts import bulk, bulk_extras
from modules.contracts.bulk_extras import DiscountData, ItemData
from modules.contracts.drafts import ContractData
from modules.contracts.models import BillingProfile, Plan, PlanPrice
from modules.crm import bulk as crm
from modules.crm.drafts import AddressData, CustomerData
from modules.crm.models import Zone

CHUNK = 5000
VAT = [{"code": "VAT", "rate": "21"}]
SINCE = dt.date(2024, 1, 1)


@dataclass(frozen=True)
class Filled:
    """What was made: how many customers, and how many of them a month bills."""

    company_id: int
    customers: int
    billable: int
    broken: int


def fill(count: int, first_month: dt.date) -> Filled:
    """A company with so many subscribers of one contract each, in the app's database. Commits."""
    schema.upgrade()
    company = companies.create_company("AR", "Banco de Pruebas S.A.", "30990005008", code="bench", tax_condition="RI",
                                       street="San Martín 1", city="Río Cuarto", region="X", postal_code="5800")
    with company_scope(company):
        (plans, broken), zones = _plans(), _zones()
        db.session.scalars(sa.select(BillingProfile)).one().while_suspended = "skip"
        db.session.commit()
        for start in range(0, count, CHUNK):
            _chunk(range(start, min(start + CHUNK, count)), zones, plans, broken, first_month)
            db.session.commit()
            db.session.expunge_all()
        if db.engine.dialect.name == "postgresql":
            db.session.commit()
            with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql("VACUUM ANALYZE")
    wrong, cut = sum(map(_is_broken, range(count))), sum(map(_is_cut, range(count)))
    return Filled(_id(), count, count - wrong - cut, wrong)


def _id() -> int:
    return int(db.session.scalars(sa.select(Company.id)).one())


def _is_broken(index: int) -> bool:
    return index % 10_000 == 7


def _is_cut(index: int) -> bool:
    return index % 100 == 50


def _plans() -> tuple[list[int], int]:
    made = [Plan(code=f"P{n}", name=f"Fibra {n}00 Mbps", taxes=VAT, includes_tax=n != 3,
                 prices=[PlanPrice(valid_from=SINCE, price=Decimal(8000 + 2350 * n))]) for n in (1, 2, 3)]
    broken = Plan(code="ROTO", name="Sin precio", taxes=VAT)
    db.session.add_all([*made, broken])
    db.session.flush()
    return [plan.id for plan in made], broken.id


def _zones() -> list[int]:
    made = [Zone(name=f"Zona {n}") for n in (1, 2, 3, 4, 5)]
    db.session.add_all(made)
    db.session.flush()
    return [zone.id for zone in made]


def _chunk(indexes: range, zones: list[int], plans: list[int], broken: int, first_month: dt.date) -> None:
    ids = crm.create_many([CustomerData(
        name=f"Abonado Número {n}", code=str(n + 1), tax_id_kind="DNI", tax_id=str(20_000_001 + n), tax_condition="CF",
        kind="person", emails=(f"abonado{n}@correo.example",), phones=(f"+54358{4_000_000 + n}",),
        zone_id=zones[n % len(zones)],
        addresses=(AddressData(street="Belgrano", number=str(n), city="Río Cuarto", region="X", postal_code="5800"),))
        for n in indexes])
    made = bulk.create_many([ContractData(
        customer_id=customer_id, plan_id=broken if _is_broken(n) else plans[n % 3], number=f"{n + 1:07d}",
        state="suspended" if _is_cut(n) else "active",
        billing_from=first_month.replace(day=11) if n % 50 == 20 else SINCE)
        for n, customer_id in zip(indexes, ids, strict=True)])
    pairs = list(zip(indexes, made, strict=True))
    bulk_extras.add_items([ItemData(key, "IP pública fija", Decimal("4500.00"), SINCE, VAT)
                           for n, key in pairs if n % 3 == 1])
    bulk_extras.add_discounts([DiscountData(key, "Promoción", months.of(SINCE), percent=Decimal(10))
                               for n, key in pairs if n % 20 == 5])
