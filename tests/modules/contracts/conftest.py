"""A small provider: plans, subscribers, contracts, and a way to bill a month by the jobs that do it in life."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from core.db import db
from core.i18n import use_locale
from modules.accounting import ledger
from modules.contracts import billing, plans, services
from modules.contracts.drafts import ContractData
from modules.contracts.models import BillingProfile, BillingRun, Contract, Plan
from modules.crm import services as crm
from modules.crm.models import Customer
from tests.modules.contracts.situations import NOVEMBER, VAT, run_billing_jobs


@pytest.fixture(autouse=True)
def english(request: pytest.FixtureRequest) -> Iterator[None]:
    """Words are compared in the language of the source, whatever catalogs are compiled."""
    if "app" not in request.fixturenames:
        yield
        return
    request.getfixturevalue("app")
    with use_locale("en"):
        yield


@pytest.fixture
def isp(company: Any, frozen: Callable[..., Any]) -> Any:
    """The company on 5 November 2026, with documents that need no authority and lines in English."""
    frozen(2026, 11, 5, 15)
    company.locale = "en"
    ledger.policy().legal_documents = False
    db.session.commit()
    return company


@pytest.fixture
def make_plan(isp: Any) -> Callable[..., Plan]:
    """`make_plan("H50", "12100")`: a plan with tax included, sold for years."""

    def make(code: str = "H50", price: str = "12100", **values: Any) -> Plan:
        data = {"code": code, "name": f"Plan {code}", "taxes": VAT, "includes_tax": True, "period_months": 1,
                "currency": "", **values}
        made = plans.create_plan(data, Decimal(price), dt.date(2020, 1, 1))
        db.session.commit()
        return made

    return make


@pytest.fixture
def plan(make_plan: Callable[..., Plan]) -> Plan:
    return make_plan()


@pytest.fixture
def make_customer(isp: Any) -> Callable[..., Customer]:
    def make(name: str = "Ana Pérez", **values: Any) -> Customer:
        return crm.create_customer(name=name, tax_condition="CF", **values)

    return make


@pytest.fixture
def make_contract(make_customer: Callable[..., Customer], plan: Plan) -> Callable[..., Contract]:
    """`make_contract("Ana", billing_from=...)`: an active contract of a new customer, billed from 1 January 2026."""

    def make(name: str = "Ana Pérez", customer: Customer | None = None, **values: Any) -> Contract:
        owner = customer or make_customer(name)
        data = {"customer_id": owner.id, "plan_id": plan.id, "billing_from": dt.date(2026, 1, 1), **values}
        made = services.create_contract(ContractData(**data))
        db.session.commit()
        return made

    return make


@pytest.fixture
def profile(isp: Any) -> BillingProfile:
    """The general billing profile."""
    return db.session.scalars(sa.select(BillingProfile).where(BillingProfile.is_default)).one()


@pytest.fixture
def work(app: Any) -> Callable[[], int]:
    """Run the due jobs of billing, and of nobody else; how many."""
    return run_billing_jobs


@pytest.fixture
def bill(isp: Any) -> Callable[..., BillingRun]:
    """`bill(NOVEMBER)`: bill the month, all chunks; the run."""

    def run(month: dt.date = NOVEMBER, **options: Any) -> BillingRun:
        started = billing.start_run(isp, month, **options)
        db.session.commit()
        run_billing_jobs()
        db.session.expire_all()
        return started

    return run
