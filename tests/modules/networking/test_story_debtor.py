"""Who does not pay is warned, cut, restored by a promise, cut again when it is broken, and restored by his payment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from core.db import db
from core.i18n import use_locale
from core.simulators import running
from modules.accounting import ledger
from modules.accounting.models import Invoice
from modules.arrears import services, timeline
from modules.arrears.jobs import look_after_arrears
from modules.arrears.models import Promise
from modules.contracts.models import BillingProfile, Contract
from modules.crm import services as crm
from modules.gateways import accounts, checkouts, jobs
from modules.gateways.models import Account, Checkout
from modules.gateways.providers.mercadopago import client as mercadopago
from modules.gateways.providers.mercadopago.about import PROVIDER
from modules.networking.drivers.routeros import client as routeros
from modules.networking.models import Router
from tests.modules.accounting.books import findings, issue
from tests.modules.networking.conftest import Net

ON, CUT = "100M", "abona-cut"
# what the story of the service tells, in this order, between other things
STORY = (
    "Emitido: Factura", "vence el 12/11/2026", "Venció: Factura", "venció el 12/11/2026", "se suspenderá el 24/11/2026",
    "Servicio cortado", "suspendido por falta de pago", "El corte se envió al router norte: respondió: hecho",
    "Prometió pagar", "Servicio reconectado (promesa de pago)", "La reconexión se envió al router norte",
    "Promesa no cumplida", "Servicio cortado: promesa no cumplida", "El corte se envió al router norte",
    "Pagó: 12.100,00 ARS (Mercado Pago)", "Servicio reconectado (pagado)", "La reconexión se envió al router norte")


@pytest.fixture
def net(monkeypatch: pytest.MonkeyPatch) -> Iterator[Net]:
    """Routers and a gateway side by side."""
    monkeypatch.setattr(routeros, "PAUSE", 0)
    mercadopago.forget()
    with running(["routeros", "mercadopago"]) as found:
        found.post("mercadopago", "config", {"notices": "manual"})
        yield Net(found)


@pytest.fixture
def debt(app: Flask, net: Net, norte: Router, monkeypatch: pytest.MonkeyPatch) -> Invoice:
    """What subscriber u1 has to pay until Thursday 12 November; who owes is cut ten days later, from ten o'clock on."""
    ledger.policy().legal_documents = False
    profile = db.session.scalars(sa.select(BillingProfile).where(BillingProfile.is_default)).one()
    profile.cut_after_days, profile.cut_hour, profile.notice_days = 10, 10, [1, -1]
    monkeypatch.setitem(app.extensions, "abona", replace(app.extensions["abona"], simulators_url=net.simulator.url))
    accounts.create("mercadopago", "Mercado Pago", PROVIDER.extra["rehearsal"]["AR"])
    crm.update_customer(net.contracts["u1"].customer, emails=("u1@example.com",))
    made = issue(net.contracts["u1"].customer, "12100", due_date=dt.date(2026, 11, 12))
    db.session.commit()
    return made


@pytest.fixture
def at(net: Net, frozen: Callable[..., Any], run_jobs: Callable[[], int]) -> Callable[..., str]:
    """`at(24, 10)`: the 24th of November, ten in the morning there; every job that is due, and what u1 has then."""

    def go(day: int, hour: int, minute: int = 0) -> str:
        frozen(2026, 11, day, hour + 3, minute)
        look_after_arrears()
        db.session.commit()
        run_jobs()
        net.advance(60)
        return net.sees("u1")

    return go


def paid_by_mercado_pago(net: Net, browser: FlaskClient, invoice: Invoice) -> None:
    """A link is opened and paid there; the gateway tells, the inbox is worked through by its job."""
    account = db.session.scalars(sa.select(Account)).one()
    page = checkouts.request(account, invoice)
    db.session.commit()
    checkouts.open_now(page.id)
    net.simulator.post("mercadopago", "pay", {"preference_id": db.session.get_one(Checkout, page.id).provider_ref})
    told: Any = net.simulator.site.mounted["mercadopago"]
    for one in list(told.service.notices.told):
        parts = urlsplit(one.url)
        assert browser.post(f"{parts.path}?{parts.query}", data=one.body, headers=dict(one.headers)).status_code == 200
    jobs.drain(account.id)


def test_from_the_first_notice_to_the_service_that_is_back(
        app: Flask, net: Net, debt: Invoice, at: Callable[..., str], run_jobs: Callable[[], int],
        client: FlaskClient) -> None:
    contract_id, invoice_id = net.contracts["u1"].id, debt.id
    assert at(11, 10) == ON
    assert at(13, 10) == ON
    # ten days are over on a Sunday, Monday is a holiday: Tuesday is the first day on which people are there
    assert [at(22, 12), at(23, 12), at(24, 9, 59)] == [ON, ON, ON]
    assert at(24, 10) == CUT
    assert at(24, 11) == CUT

    services.promise(db.session.get_one(Contract, contract_id), channel="cut_page")
    db.session.commit()
    run_jobs()
    net.advance(60)
    assert net.sees("u1") == ON
    until = db.session.scalars(sa.select(Promise.until)).one()
    assert until == dt.datetime(2026, 11, 26, 14, tzinfo=dt.UTC)
    assert at(26, 10, 59) == ON
    assert [at(26, 11), at(26, 15)] == [CUT, CUT]

    paid_by_mercado_pago(net, client, db.session.get_one(Invoice, invoice_id))
    run_jobs()
    net.advance(60)
    assert net.sees("u1") == ON
    assert [net.sees(name) for name in ("u2", "u3")] == [ON, ON] and findings() == {}
    # each time one change of the secret and one session thrown off: cut, back, cut, back
    assert (net.count("/ppp/secret/set"), net.count("/ppp/active/remove")) == (4, 4)
    with app.test_request_context(), use_locale("es"):
        events = timeline.of(db.session.get_one(Contract, contract_id))
    told = [event.words.replace("\xa0", " ") for event in reversed(events)]
    story = iter(told)
    for words in STORY:
        assert any(words in one for one in story), f"{words!r} does not follow in:\n" + "\n".join(told)
