"""A Nubefact on a port of this machine, accounts in it, and a Peruvian company that issues there."""

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
from core.simulators import Running, running
from modules.accounting import services as accounting
from modules.accounting.bulk import issue_many
from modules.accounting.drafts import DraftLine, InvoiceDraft
from modules.accounting.models import Invoice
from modules.accounting.ports import Pad, first_on_paper
from modules.crm.drafts import AddressData
from modules.crm.models import Customer
from modules.crm.services import add_address, create_customer
from modules.einvoice import services
from modules.einvoice_pe import rehearsal
from modules.einvoice_pe.client import Nubefact
from modules.einvoice_pe.findings import LIMA
from tests import issuing
from tests.modules.einvoice_pe.cases import OTHER_RUC, RUC

VAT = ({"code": "VAT", "rate": "18"},)
SERIES = ["F001", "B001", "B002", "FC01", "BC01", "FD01", "BD01", "0001"]


@pytest.fixture(scope="session")
def _simulator() -> Iterator[Running]:
    with running(["nubefact"]) as server:
        yield server


@pytest.fixture
def simulator(_simulator: Running) -> Iterator[Running]:
    """The simulator without documents, faults and settings; its clock stands in March 2025, as the cases do."""
    _simulator.reset("nubefact")
    _simulator.post("nubefact", "config", {"now": "2025-03-01T10:00:00-05:00"})
    yield _simulator
    _simulator.reset("nubefact")


@pytest.fixture
def account(simulator: Running) -> dict[str, Any]:
    return simulator.post("nubefact", "account", {"ruc": OTHER_RUC, "name": "Red Andina S.A.C.", "series": SERIES})


@pytest.fixture
def api(simulator: Running, account: dict[str, Any]) -> Nubefact:
    return Nubefact(f"{simulator.url}/nubefact/api/v1/{account['route']}", account["token"])


@pytest.fixture
def nubefact(_simulator: Running, app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    """The simulator on today's clock; the rehearsal finds it."""
    _simulator.reset("nubefact")
    monkeypatch.setitem(app.extensions, "abona", dataclasses.replace(app.extensions["abona"],
                                                                     simulators_url=_simulator.url))
    yield _simulator
    _simulator.reset("nubefact")


@pytest.fixture
def peru(app: Flask) -> Iterator[Company]:
    """A Peruvian company in scope, with everything that a new company gets."""
    made = companies.create_company(
        "PE", "RED ANDINA S.A.C.", OTHER_RUC, code="andina", tax_condition="GENERAL", trade_name="Red Andina",
        street="Av. Brasil 100", city="Lima", region="15", email="cobros@andina.example")
    db.session.commit()
    with scope.company_scope(made):
        yield made


def customer(kind: str = "DNI", number: str = "45678912", name: str = "Ana Peña", **changes: Any) -> Customer:
    """A customer with an address."""
    found = db.session.scalar(sa.select(Customer).where(Customer.tax_id == number))
    if found is None:
        found = create_customer(name=name, tax_id_kind=kind, tax_id=number, **changes)
        add_address(found, AddressData(street="Jr. Los Olivos", number="123", city="Lima", region="15"))
        db.session.commit()
    return found


@pytest.fixture
def issue(peru: Company) -> Callable[..., list[Invoice]]:
    """`issue("89.00", "59.90")`: an invoice of each price (with tax), of today, to one customer."""

    def make(*prices: str, to: Customer | None = None, days: int = 10, lines: tuple[DraftLine, ...] = (),
             **changes: Any) -> list[Invoice]:
        day = clock.now().astimezone(LIMA).date()
        who = (to or customer()).id
        line = {"taxes": VAT, "code": "INT100", "price_includes_tax": True, **changes}
        drafts = [InvoiceDraft(who, day, lines or (DraftLine("Internet 100 Mbps", Decimal(1), Decimal(price), **line),),
                               due_date=day + dt.timedelta(days=days) if days else None,
                               service_from=day.replace(day=1), service_to=day)
                  for price in prices]
        ids = issue_many(peru, drafts)
        services.open_documents(ids)
        db.session.commit()
        return list(db.session.scalars(sa.select(Invoice).where(Invoice.id.in_(ids)).order_by(Invoice.id)))

    return make


@pytest.fixture
def work(peru: Company) -> Callable[..., None]:
    """Run the jobs of all sequences until nothing is open, as workers do; waiting costs no time here."""
    return issuing.work


@pytest.fixture
def company(peru: Company) -> Company:
    """The company of whoever logs in."""
    return peru


# --- written on paper first --------------------------------------------------------------------------------

FACTURA, BOLETA, CREDITO, DEBITO = (Pad(str(kind), "0001", "") for kind in (1, 2, 3, 4))


def company_customer() -> Customer:
    return customer("RUC", RUC, "Comercial Ejemplo S.A.C.")


def today() -> dt.date:
    return clock.now().astimezone(LIMA).date()


def put(invoice: Invoice, pad: Pad, number: int) -> None:
    first_on_paper.get("PE").put(invoice, pad, number)


@pytest.fixture
def written(peru: Company, nubefact: Running) -> Callable[..., Invoice]:
    """`written(BOLETA, 55)`: an invoice that was on paper, with its document opened."""
    rehearsal.prepare()
    db.session.commit()

    def make(pad: Pad, number: int, to: Customer | None = None, days: int = 0, price: str = "89.00") -> Invoice:
        line = DraftLine("Internet 100 Mbps", Decimal(1), Decimal(price), price_includes_tax=True, taxes=VAT)
        made = accounting.issue_invoice(InvoiceDraft((to or customer()).id, today() - dt.timedelta(days), (line,)))
        put(made, pad, number)
        services.open_documents([made.id])
        db.session.commit()
        return made

    return make


def places() -> list[tuple[str, str, str, int | None]]:
    return [(one.state, one.series, one.kind, one.number) for one in issuing.documents()]


def reported(nubefact: Running) -> list[tuple[int, str, int]]:
    return [(one["tipo_de_comprobante"], one["serie"], one["numero"]) for one in
            nubefact.state("nubefact")["documents"]]
