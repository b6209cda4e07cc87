"""A PAC that runs, and documents that it stamps."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from core import clock, companies, scope
from core.db import db
from core.models import Company, Job
from core.simulators import Running, running
from modules.accounting import payments
from modules.accounting.bulk import issue_many
from modules.accounting.drafts import DraftLine, InvoiceDraft
from modules.accounting.models import Invoice
from modules.accounting.payments import Medium, PaymentData
from modules.crm.models import Customer
from modules.einvoice import services
from modules.einvoice_mx import schema, seal
from modules.einvoice_mx.client import Pac
from modules.einvoice_mx.endpoints import TEST_PASSWORD, TEST_USER
from modules.einvoice_mx.models import CustomerProfile, PaymentReceipt
from modules.einvoice_mx.papers import PAPERS
from tests.issuing import documents, let_time_pass
from tests.modules.einvoice_mx.cases import case, csd, mapped

NAME = "facturacion_moderna"
VAT = ({"code": "VAT", "rate": "16"},)


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with running([NAME]) as found:
        yield found


@pytest.fixture
def fm(server: Running) -> Running:
    """The PAC at its beginning, which answers at once when a document comes again."""
    server.reset(NAME)
    server.post(NAME, "config", {"again": "same_xml"})
    return server


@pytest.fixture
def pac(fm: Running) -> Pac:
    return Pac(f"{fm.url}/{NAME}/timbrado/soap", TEST_USER, "EKU9003173C9", TEST_PASSWORD)


def sealed(make: Any = case, **changes: Any) -> bytes:
    """A sealed document of now."""
    now = dt.datetime.now(dt.timezone(dt.timedelta(hours=-6))) - dt.timedelta(minutes=1)
    document = mapped(make(issued_at=now.isoformat(timespec="seconds"), **changes)).document
    seal.seal(document, csd())
    return schema.text(document).encode()


# --- a company ------------------------------------------------------------------------------------------


@pytest.fixture
def pac_server(fm: Running, app: Flask, monkeypatch: pytest.MonkeyPatch) -> Running:
    """The simulated PAC; the rehearsal finds it."""
    monkeypatch.setitem(app.extensions, "abona", dataclasses.replace(app.extensions["abona"], simulators_url=fm.url))
    return fm


@pytest.fixture
def mexico(app: Flask) -> Iterator[Company]:
    made = companies.create_company(
        "MX", "Escuela Kemper Urgate SA de CV", "EKU9003173C9", code="kemper", tax_condition="601",
        trade_name="Fibra Kemper", street="Hidalgo 1", city="Pachuca", region="HID", postal_code="42501")
    db.session.commit()
    with scope.company_scope(made):
        yield made


def customer(rfc: str = "URE180429TM6", name: str = "Universidad Robotica Española", condition: str = "601",
             postal_code: str = "86991", code: str = "") -> Customer:
    code = code or f"{len(name)}{rfc[-4:]}"
    found = db.session.scalar(sa.select(Customer).where(Customer.tax_id == rfc, Customer.code == code))
    if found is None:
        found = Customer(code=code, name=name, sort_name=name.lower(), tax_id_kind="RFC",
                         tax_id=rfc, tax_condition=condition)
        db.session.add(found)
        db.session.flush()
        db.session.add(CustomerProfile(customer_id=found.id, postal_code=postal_code))
        db.session.flush()
    return found


@pytest.fixture
def issue(mexico: Company, pac_server: Running) -> Callable[..., list[Invoice]]:
    """`issue("399.00", "649.00")`: an invoice of each price (with tax), of today."""

    def make(*prices: str, to: Customer | None = None, **changes: Any) -> list[Invoice]:
        day = clock.local(clock.now()).date()
        who = (to or customer()).id
        drafts = [InvoiceDraft(who, day, (DraftLine("Internet 100 Mbps", Decimal(1), Decimal(price), taxes=VAT,
                                                    price_includes_tax=True),), **changes) for price in prices]
        ids = issue_many(mexico, drafts)
        services.open_documents(ids)
        db.session.commit()
        return list(db.session.scalars(sa.select(Invoice).where(Invoice.id.in_(ids)).order_by(Invoice.id)))

    return make


@pytest.fixture
def settle(run_jobs: Callable[[], int]) -> Callable[[], None]:
    """Run jobs until no document is on its way; what waits for a time is done at once."""

    def until_done() -> None:
        for _round in range(40):
            run_jobs()
            db.session.execute(sa.update(Job).where(Job.state == "pending").values(run_at=clock.now()))
            let_time_pass()
            services.enqueue_open(scope.current_company().id)
            db.session.commit()
            if not any(one.state in ("pending", "sending", "unknown", "cancelling") for one in documents()):
                return
        raise AssertionError([(one.state, one.problems) for one in documents()])

    return until_done


# --- what is no document of accounting --------------------------------------------------------------------


def pay(amount: str, method: str = "transfer", who: Customer | None = None, **changes: Any) -> Any:
    """A payment of today; where nobody is named, of the usual customer."""
    found = payments.record_payment(PaymentData(
        customer_id=(who or customer()).id, paid_on=clock.local(clock.now()).date(),
        media=(Medium(Decimal(amount), method),), **changes))
    db.session.commit()
    return found


def rows(model: Any = PaymentReceipt) -> Sequence[Any]:
    """All of a table of the company in scope, as they are in the database."""
    db.session.expire_all()
    return db.session.scalars(sa.select(model).order_by(model.id)).all()


@pytest.fixture
def done(run_jobs: Callable[[], int]) -> Callable[[], None]:
    """Run jobs until nothing is on its way; what waits for a time is done at once."""

    def until_done() -> None:
        for _round in range(40):
            run_jobs()
            db.session.execute(sa.update(Job).where(Job.state == "pending").values(run_at=clock.now()))
            for paper in PAPERS.values():
                db.session.execute(sa.update(paper.model).values(next_try=None))
            db.session.commit()
            left = [one for paper in PAPERS.values() for one in rows(paper.model)
                    if one.state in ("pending", "sending", "cancelling")]
            if not left:
                return
        raise AssertionError([(one.state, one.problems) for one in left])

    return until_done


@pytest.fixture
def company(mexico: Company) -> Company:
    """Whose staff logs in."""
    return mexico


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """The statements that reach the database, as they come."""
    seen: list[str] = []

    def listen(_connection: Any, _cursor: Any, statement: str, *_others: Any) -> None:
        seen.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", listen)
    yield seen
    sa.event.remove(sa.Engine, "before_cursor_execute", listen)
