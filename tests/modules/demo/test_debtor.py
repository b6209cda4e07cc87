"""A debtor of the demonstration: warned, cut on his router, promises, breaks it, is cut again, pays by Mercado Pago."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from core import checks, clock
from core.db import db
from core.i18n import use_locale
from core.models import Company
from core.scope import company_scope, current_company, every_company
from core.simulators import Running, running
from modules.accounting import ledger, queries
from modules.accounting.models import Invoice
from modules.arrears import jobs as arrears
from modules.arrears import timeline
from modules.arrears.models import Cut, Promise
from modules.contracts import billing
from modules.contracts.models import Contract
from modules.crm.models import Customer, Email
from modules.demo import network
from modules.gateways import links
from modules.gateways.models import Account, Checkout
from modules.networking.drivers.routeros import client as routeros
from modules.networking.models import Connection, Router
from modules.notifications.models import Message

Load = Callable[..., list[Company]]
ROUTER = "Norte"


@pytest.fixture
def simulators(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    monkeypatch.setattr(routeros, "PAUSE", 0)
    monkeypatch.setattr(routeros, "CONNECT_SECONDS", 0.3)
    with running(["routeros", "mercadopago"]) as found:
        found.post("mercadopago", "config", {"notices": "manual"})
        monkeypatch.setitem(app.extensions, "abona", replace(app.extensions["abona"], simulators_url=found.url))
        yield found


@dataclass
class Life:
    """A subscriber in service, his line on the router, and the days that pass."""

    contract: Contract
    line: Connection
    simulators: Running
    hold: Callable[..., dt.datetime]
    run_jobs: Callable[[], int]
    client: FlaskClient

    def at(self, day: int, hour: int, minute: int = 15, month: int = 11) -> None:
        """The hourly look at arrears, at that hour in the company's zone, and all that follows from it."""
        self.pass_to(dt.datetime(2026, month, day, hour + 3, minute, tzinfo=dt.UTC))
        arrears.look_after_arrears()
        db.session.commit()
        self.run_jobs()

    def pass_to(self, moment: dt.datetime) -> None:
        """Nothing happens but what was to happen then."""
        self.hold(*moment.astimezone(dt.UTC).timetuple()[:5])
        self.run_jobs()

    @property
    def state(self) -> str:
        db.session.expire_all()
        return self.contract.state

    def on_router(self) -> str:
        """The profile of his session, a minute later."""
        self.simulators.post("routeros", "advance", {"seconds": 60})
        seen = self.simulators.state("routeros")["routers"][f"{current_company().code}-norte"]["connected"]
        return str(seen[self.line.key]["profile"])

    def told(self) -> list[str]:
        return list(db.session.scalars(sa.select(Message.kind).where(
            Message.customer_id == self.contract.customer_id, Message.kind.like("arrears.%"),
            Message.state == "sent").order_by(Message.id)))

    def visit(self, path: str, method: str = "GET") -> Any:
        """What he sees from his own line."""
        return self.client.open(path, method=method, environ_overrides={"REMOTE_ADDR": self.line.address},
                                headers={"Origin": "http://localhost"})

    def deliver_notices(self) -> list[int]:
        """Bring what the gateway tells to the product; what it answered."""
        told: Any = self.simulators.site.mounted["mercadopago"]
        answers = []
        for letter in list(told.service.notices.told):
            parts = urlsplit(letter.url)
            answers.append(self.client.post(f"{parts.path}?{parts.query}", data=letter.body,
                                            headers=dict(letter.headers)).status_code)
        return answers


@pytest.fixture
def life(load: Load, simulators: Running, client: FlaskClient, frozen: Callable[..., dt.datetime],
         run_jobs: Callable[[], int]) -> Iterator[Life]:
    """The demonstration of 30 October, and a subscriber of it who owes nothing; documents need no authority."""
    frozen(2026, 10, 30, 15)
    (company,) = load(countries=("AR",))
    with company_scope(company), use_locale(company.locale):
        ledger.policy().legal_documents = False
        network.make(company, simulators)  # type: ignore[arg-type]
        db.session.commit()
        run_jobs()
        db.session.expire_all()
        contract, line = debtor_to_be()
        yield Life(contract, line, simulators, frozen, run_jobs, client)


def debtor_to_be() -> tuple[Contract, Connection]:
    """In service for long, no odd case, reached by mail, on a router that obeys; he has one contract and no debt."""
    rows = db.session.execute(
        sa.select(Contract, Connection).join(Connection, Connection.contract_id == Contract.id)
        .join(Router, Router.id == Connection.router_id).join(Customer, Customer.id == Contract.customer_id)
        .where(Contract.state == "active", Router.name == ROUTER, Connection.applied == "on", ~Customer.tags.any(),
               Contract.billing_from < dt.date(2026, 9, 1), Contract.ends_on.is_(None),
               Contract.courtesy_from.is_(None), Contract.profile_id.is_(None),
               Customer.id.in_(sa.select(Email.customer_id).where(Email.active)))
        .order_by(Contract.id)).all()
    alone = [(contract, line) for contract, line in rows if queries.balance(contract.customer_id) == 0
             and db.session.scalar(sa.select(sa.func.count()).where(
                 Contract.customer_id == contract.customer_id)) == 1]
    return alone[0]


def lines(contract: Contract) -> list[str]:
    """The story of his service, the oldest first."""
    return [one.words.replace("\xa0", " ") for one in reversed(timeline.of(contract))]


def in_order(told: list[str], *wanted: str) -> None:
    """Each of these words is in a line below that of the one before."""
    place = -1
    for words in wanted:
        found = [number for number, text in enumerate(told) if words in text and number > place]
        assert found, (words, told)
        place = found[0]


def test_warned_cut_promised_broken_cut_again_paid_and_back(app: Flask, life: Life) -> None:
    profile = life.on_router()
    assert profile.startswith("abona-") and profile != "abona-cut"
    life.pass_to(dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC))
    billing.start_run(current_company(), dt.date(2026, 11, 1))
    db.session.commit()
    life.run_jobs()
    invoice = db.session.scalars(sa.select(Invoice).where(Invoice.customer_id == life.contract.customer_id,
                                                          Invoice.open_amount > 0)).one()
    due = invoice.due_date
    assert due is not None and due.month == 11
    cut_on = due + dt.timedelta(days=15)  # as the demonstration's rule says: a working day
    for day in range(due.day + 1, cut_on.day):
        life.at(day, 11)
    assert life.state == "active" and "arrears.cut_warning" in life.told()

    life.at(cut_on.day, 9)
    assert life.state == "active", "no cut before its hour"
    life.at(cut_on.day, 10)
    assert (life.state, life.on_router()) == ("suspended", "abona-cut")
    page = life.visit("/cut").get_data(as_text=True)
    assert invoice.legal_number in page or "Factura" in page

    life.pass_to(clock.now() + dt.timedelta(minutes=30))
    answer = life.visit("/cut/promise", "POST")
    assert answer.status_code == 200 and "Su servicio vuelve en un minuto" in answer.text
    life.run_jobs()
    assert (life.state, life.on_router()) == ("active", profile)
    promise = db.session.scalars(sa.select(Promise).where(Promise.contract_id == life.contract.id)).one()
    assert promise.until - clock.now() >= dt.timedelta(hours=48)

    life.pass_to(promise.until - dt.timedelta(minutes=1))
    assert (life.state, promise.state) == ("active", "open")
    life.pass_to(promise.until + dt.timedelta(minutes=1))
    assert (life.state, promise.state, life.on_router()) == ("suspended", "broken", "abona-cut")

    life.pass_to(clock.now() + dt.timedelta(minutes=20))
    gateway = db.session.scalars(sa.select(Account).where(Account.provider == "mercadopago")).one()
    pressed = life.client.post(urlsplit(links.of_invoice(invoice)).path,
                               data={"account": gateway.id, "method": "link"})
    assert pressed.status_code == 303
    life.run_jobs()
    checkout = db.session.scalars(sa.select(Checkout).where(Checkout.invoice_id == invoice.id)).one()
    assert checkout.state == "open"
    life.simulators.post("mercadopago", "pay", {"preference_id": checkout.provider_ref})
    assert life.deliver_notices() == [200]
    life.run_jobs()
    assert (life.state, life.on_router()) == ("active", profile)
    db.session.refresh(invoice)
    assert invoice.open_amount == Decimal(0)
    assert [row.ended_by for row in db.session.scalars(sa.select(Cut).where(
        Cut.contract_id == life.contract.id).order_by(Cut.id))] == ["promise", "paid"]

    with app.test_request_context():
        told = lines(life.contract)
    in_order(told, "Emitido: ", "Venció: ", "Avisado a ", "Servicio cortado: ", "El corte se envió al router Norte",
             "Prometió pagar ", "Servicio reconectado (promesa de pago)", "La reconexión se envió al router Norte",
             "Promesa no cumplida: ", "Servicio cortado: ", "El corte se envió al router Norte", "Pagó: ",
             "Servicio reconectado (pagado)", "La reconexión se envió al router Norte")
    with every_company():
        assert [one for one in checks.run_all() if not one.ok and one.name in (
            "paid_but_cut", "promise_over_not_cut", "balances_match", "ledger_balanced", "connections_still_cut",
            "connections_still_on")] == []
