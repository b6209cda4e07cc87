"""A small provider with debtors: who owes what since when, and the run at an hour of a day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from core.db import db
from core.i18n import use_locale
from modules.accounting import ledger, payments
from modules.accounting import services as accounting
from modules.accounting.drafts import DraftLine, InvoiceDraft
from modules.accounting.models import Invoice, Payment
from modules.arrears import running
from modules.contracts import plans, services
from modules.contracts.drafts import ContractData
from modules.contracts.models import BillingProfile, Contract
from modules.crm import services as crm
from tests.modules.arrears.debtors import VAT


@pytest.fixture
def isp(app: Any, company: Any, frozen: Callable[..., Any]) -> Iterator[Any]:
    """The company in English, with documents that need no authority; who owes is cut ten days after the due date."""
    frozen(2026, 10, 1, 15)
    company.locale = "en"
    ledger.policy().legal_documents = False
    profile = db.session.scalars(sa.select(BillingProfile).where(BillingProfile.is_default)).one()
    profile.cut_after_days, profile.cut_hour, profile.notice_days = 10, 10, [3, -1]
    db.session.commit()
    with use_locale("en"):
        yield company


@pytest.fixture
def profile(isp: Any) -> BillingProfile:
    return db.session.scalars(sa.select(BillingProfile).where(BillingProfile.is_default)).one()


@pytest.fixture
def make_contract(isp: Any) -> Callable[..., Contract]:
    """`make_contract("Ana")`: an active contract of a new customer since January."""
    plan = plans.create_plan({"code": "H50", "name": "Plan H50", "taxes": VAT, "includes_tax": True,
                              "period_months": 1, "currency": ""}, Decimal(12100), dt.date(2020, 1, 1))

    def make(name: str = "Ana Pérez", customer: Any = None, **values: Any) -> Contract:
        owner = customer or crm.create_customer(name=name, tax_condition="CF", emails=["ana@example.com"])
        data = {"customer_id": owner.id, "plan_id": plan.id, "billing_from": dt.date(2026, 1, 1), **values}
        made = services.create_contract(ContractData(**data))
        db.session.commit()
        return made

    return make


@pytest.fixture
def owe(isp: Any) -> Callable[..., Invoice]:
    """`owe(contract, "12100", due)`: an invoice of its customer."""

    def issue(contract: Contract, amount: str, due: dt.date, **more: Any) -> Invoice:
        line = DraftLine("Service", Decimal(1), Decimal(amount), price_includes_tax=True, taxes=VAT)
        made = accounting.issue_invoice(InvoiceDraft(
            contract.customer_id, min(due, dt.date(2026, 10, 1)), (line,), due_date=due, **more))
        db.session.commit()
        return made

    return issue


@pytest.fixture
def pay(isp: Any) -> Callable[..., Payment]:
    def record(contract: Contract, amount: str) -> Payment:
        made = payments.record_payment(payments.PaymentData(contract.customer_id, [payments.Medium(Decimal(amount))]))
        db.session.commit()
        return made

    return record


@pytest.fixture
def run(isp: Any, frozen: Callable[..., Any]) -> Callable[..., list[tuple[str, str]]]:
    """`run(12, 11)`: the run on the 12th of November at eleven, there; (action, rule) of what was done."""

    def go(day: int, hour: int = 11, minute: int = 0, month: int = 11) -> list[tuple[str, str]]:
        frozen(2026, month, day, hour + 3, minute)
        done = []
        for part in running.run(running.now()):
            db.session.commit()
            done += [(one.action, one.rule) for one, _words in part.actions]
        return done

    return go
