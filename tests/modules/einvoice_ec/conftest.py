"""An Ecuadorian company in rehearsal, the simulated SRI, invoices, and a worker."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from core import clock, companies, scope
from core.db import db
from core.models import Company
from core.simulators import Running
from modules.accounting.bulk import issue_many
from modules.accounting.drafts import DraftLine, InvoiceDraft
from modules.accounting.models import Invoice
from modules.crm.models import Customer
from modules.einvoice import services
from modules.einvoice_ec.findings import GUAYAQUIL
from tests import issuing
from tests.modules.einvoice_ec.wire import prepare, sri_running

VAT = ({"code": "VAT", "rate": "15"},)


@pytest.fixture(scope="session")
def _sri() -> Iterator[Running]:
    with sri_running() as found:
        yield found


@pytest.fixture
def sri(_sri: Running, app: Flask, monkeypatch: pytest.MonkeyPatch) -> Running:
    """The simulated SRI, empty and deciding at once; the rehearsal finds it."""
    _sri.post("sri", "reset", {})
    prepare(_sri)
    monkeypatch.setitem(app.extensions, "abona", dataclasses.replace(app.extensions["abona"],
                                                                     simulators_url=_sri.url))
    return _sri


@pytest.fixture
def ecuador(app: Flask) -> Iterator[Company]:
    """An Ecuadorian company in scope, with everything that a new company gets."""
    made = companies.create_company(
        "EC", "ISP ANDINO S.A.S.", "1790012344001", code="andino", tax_condition="GENERAL", trade_name="Fibra Andina",
        street="Av. Amazonas N34-120 y Japón", city="Quito", region="17", email="cobros@andino.example")
    db.session.commit()
    with scope.company_scope(made):
        yield made


def customer(kind: str = "CEDULA", number: str = "1710034065", name: str = "Ana Peña") -> Customer:
    found = db.session.scalar(sa.select(Customer).where(Customer.tax_id == number))
    if found is None:
        found = Customer(code=number[-6:], name=name, sort_name=name.lower(), tax_id_kind=kind, tax_id=number)
        db.session.add(found)
        db.session.flush()
    return found


@pytest.fixture
def issue(ecuador: Company) -> Callable[..., list[Invoice]]:
    """`issue("25.00", "30.00")`: an invoice of each price (without tax), of today, to one customer."""

    def make(*prices: str, to: Customer | None = None, service_from: dt.date | None = None,
             service_to: dt.date | None = None, **changes: Any) -> list[Invoice]:
        day = clock.now().astimezone(GUAYAQUIL).date()
        who = (to or customer()).id
        line = {"taxes": VAT, "code": "INET", **changes}
        drafts = [InvoiceDraft(who, day, (DraftLine("Internet fijo 100 Mbps", Decimal(1), Decimal(price), **line),),
                               due_date=day + dt.timedelta(days=9), service_from=service_from, service_to=service_to)
                  for price in prices]
        ids = issue_many(ecuador, drafts)
        services.open_documents(ids)
        db.session.commit()
        return list(db.session.scalars(sa.select(Invoice).where(Invoice.id.in_(ids)).order_by(Invoice.id)))

    return make


@pytest.fixture
def work(ecuador: Company) -> Callable[..., None]:
    """Run the jobs of all sequences until nothing is open, as workers do; waiting costs no time here."""
    return issuing.work




@pytest.fixture
def company(ecuador: Company) -> Company:
    """The company of whoever logs in."""
    return ecuador
