"""Mercado Pago's simulator, with an account in each country."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest

from core import clock
from core.simulators import Running, running
from modules.gateways.access import Access
from modules.gateways.providers.mercadopago import client
from modules.gateways.providers.mercadopago.about import PROVIDER
from modules.gateways.providers.mercadopago.sites import SITES
from modules.gateways.shapes import Attempt, Debt, Due, Payer

# noon of 9 November 2026 in Buenos Aires
NOW = dt.datetime(2026, 11, 9, 15, tzinfo=dt.UTC)
ZONES = {"AR": "America/Argentina/Buenos_Aires", "MX": "America/Mexico_City", "CO": "America/Bogota",
         "PE": "America/Lima", "CL": "America/Santiago", "UY": "America/Montevideo", "BR": "America/Sao_Paulo",
         "VE": "America/Caracas"}


@pytest.fixture(scope="session")
def _running() -> Iterator[Running]:
    with running(["mercadopago"]) as found:
        yield found


class Site:
    """The simulator, and what a test wants of it."""

    name = "mercadopago"

    def __init__(self, found: Running) -> None:
        self.running = found
        self.address = f"{found.url}/{self.name}"

    def post(self, path: str, **body: Any) -> Any:
        return self.running.post(self.name, path, body)

    def fault(self, name: str, **options: Any) -> None:
        self.running.fault(self.name, name, **{"count": 1, **options})

    def state(self, **query: Any) -> Any:
        return self.running.state(self.name, **query)


@pytest.fixture
def site(_running: Running) -> Iterator[Site]:
    """On 9 November 2026 for it and for us; notices leave when they are told to."""
    _running.reset("mercadopago")
    client.forget()
    with clock.freeze(NOW):
        made = Site(_running)
        made.post("config", notices="manual")
        yield made


@pytest.fixture
def account(site: Site) -> Callable[..., Access]:
    """`account("MX")`: that country's account at the simulator."""

    def make(country: str = "AR", **settings: Any) -> Access:
        one = next(found for found in SITES.values() if found.country == country)
        return Access("mercadopago", {**PROVIDER.extra["rehearsal"][country], **settings},
                      address=site.address, country=country, currency=one.currency, zone=ZONES[country],
                      notice_url=f"{site.address}/nowhere", return_url="http://127.0.0.1:8000/back")

    return make


@pytest.fixture
def debt() -> Callable[..., Debt]:
    """`debt("MXN", "100.00", "110.00")`: due on the 10th, and with a surcharge on the 20th."""

    def make(currency: str = "ARS", *amounts: str) -> Debt:
        days = (dt.date(2026, 11, 10), dt.date(2026, 11, 20), dt.date(2026, 11, 30))
        due = tuple(Due(day, Decimal(amount)) for day, amount in zip(days, amounts or ("12100.00",), strict=False))
        return Debt("1001", "Ana Pérez", "B0003-00001234", "Internet noviembre", currency, due)

    return make


@pytest.fixture
def attempt() -> Callable[..., Attempt]:
    """`attempt(method="oxxo")`: a try with a reference of its own."""
    count = iter(range(1, 10_000))

    def make(**values: Any) -> Attempt:
        number = next(count)
        payer = Payer("Ana María Pérez", "ana@example.com", "", "DNI", "23456781")
        known = {"reference": f"ab-{number}", "key": f"key-{number}", "expires_at": NOW + dt.timedelta(days=5),
                 "payer": payer, **values}
        return Attempt(**known)

    return make
