"""A customer of the books, on a day of November 2026."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from core.db import db
from core.models import Company
from modules.accounting import ledger
from modules.crm.drafts import AddressData, CustomerData
from modules.crm.models import Customer
from modules.crm.services import create_customer


@pytest.fixture(autouse=True)
def november(frozen: Callable[..., dt.datetime]) -> None:
    """It is 3 November 2026, noon in Argentina."""
    frozen(2026, 11, 3, 15)


@pytest.fixture
def own_numbers(company: Company) -> None:
    """The company's documents need no authority: it numbers them itself, and they are ready at once."""
    ledger.policy().legal_documents = False
    db.session.flush()


@pytest.fixture
def make_customer(company: Company) -> Callable[..., Customer]:
    count = iter(range(1, 10_000))

    def make(name: str = "", **values: Any) -> Customer:
        number = next(count)
        data = CustomerData(**{"name": name or f"Cliente Ñandú {number}", "emails": (f"c{number}@example.com",),
                               "tax_condition": "CF", **values})
        made: Customer = create_customer(data, addresses=[AddressData(street="Gral. Paz", number="1234",
                                                                      city="Río Cuarto", region="X")])
        return made

    return make


@pytest.fixture
def customer(make_customer: Callable[..., Customer]) -> Customer:
    return make_customer("María Ñandú Güemes")
