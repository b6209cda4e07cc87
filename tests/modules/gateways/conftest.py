"""A company with customers who owe, and an account at a gateway."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from core.db import db
from core.models import Company
from modules.accounting import ledger
from modules.accounting.models import Account as LedgerAccount
from modules.accounting.models import CashAccount
from modules.crm.drafts import AddressData, CustomerData
from modules.crm.models import Customer
from modules.crm.services import create_customer
from modules.gateways.models import Account
from modules.gateways.shapes import Reading, Reference

Make = Callable[..., Any]


@pytest.fixture
def november(frozen: Callable[..., dt.datetime], company: Company) -> None:
    """It is 10 November 2026, noon in Argentina; documents need no authority."""
    frozen(2026, 11, 10, 15)
    ledger.policy().legal_documents = False
    db.session.flush()


@pytest.fixture
def make_customer(november: None) -> Make:
    count = iter(range(1001, 10_000))

    def make(code: str = "") -> Customer:
        number = next(count)
        data = CustomerData(name=f"Cliente {number}", code=code or str(number), emails=(f"c{number}@example.com",),
                            tax_condition="CF")
        made: Customer = create_customer(data, addresses=[AddressData(street="Gral. Paz", number="1234",
                                                                      city="Río Cuarto", region="X")])
        return made

    return make


@pytest.fixture
def customer(make_customer: Make) -> Customer:
    made: Customer = make_customer()
    return made


@pytest.fixture
def account(november: None) -> Account:
    """An account at a gateway that tells everything."""
    own = LedgerAccount(code="1.9.99", name="Pasarela de prueba", kind="asset")
    db.session.add(own)
    db.session.flush()
    place = CashAccount(name="Pasarela", kind="gateway", account_id=own.id)
    db.session.add(place)
    db.session.flush()
    made = Account(provider="probe", name="Pasarela", cash_account_id=place.id)
    db.session.add(made)
    db.session.flush()
    return made


@pytest.fixture
def told() -> Make:
    """`told("77", "100", customer="1001")`: a payment as the gateway tells it."""

    def tell(external_id: str, amount: str = "100", status: str = "approved", *, customer: str = "", invoice: str = "",
             attempt: str = "", **values: Any) -> Reading:
        known = {"currency": "ARS", "paid_at": dt.date(2026, 11, 9), **values}
        return Reading(external_id, status, Decimal(amount),
                       reference=Reference(customer=customer, invoice=invoice, attempt=attempt), **known)

    return tell


@pytest.fixture
def holding(account: Account) -> Callable[[], Decimal]:
    """What the books say that the gateway holds."""
    from modules.accounting.models import Posting

    def held() -> Decimal:
        return db.session.scalar(sa.select(sa.func.sum(Posting.amount)).where(
            Posting.account_id == account.cash_account.account_id)) or Decimal("0.00")

    return held


@pytest.fixture
def probe(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The gateway of tests, plugged in for this test."""
    from modules.gateways import ports
    from tests.modules.gateways.probe import PROVIDER, Files, Gateway, Hook

    gateway = Gateway()
    for registry, entry in ((ports.providers, PROVIDER), (ports.payment_files, Files()), (ports.webhooks, Hook()),
                            (ports.polls, gateway), (ports.checkouts, gateway)):
        monkeypatch.setitem(registry._entries, "probe", entry)
    return gateway
