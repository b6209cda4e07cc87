"""ComboPay's simulator with its merchant."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from core.simulators import Running, running
from modules.gateways.access import Access
from modules.gateways.providers.combopay import client as network
from modules.gateways.providers.combopay.about import REHEARSAL
from modules.gateways.shapes import Attempt, Debt, Due, Payer
from tests.modules.gateways.shop import NOW, Shop, Site, at, company_in, shop_of


@pytest.fixture(scope="session")
def _running() -> Iterator[Running]:
    with running(["combopay"]) as found:
        yield found


@pytest.fixture
def site(_running: Running) -> Iterator[Site]:
    network.forget()
    with at(_running, "combopay") as made:
        yield made


@pytest.fixture
def access(site: Site) -> Callable[..., Access]:
    def make(**settings: Any) -> Access:
        return Access("combopay", {**REHEARSAL, **settings}, address=site.address, country="CO", currency="COP",
                      zone="America/Bogota", notice_url=f"{site.address}/nowhere")

    return make


@pytest.fixture
def debt() -> Callable[..., Debt]:
    def make(amount: str = "89900.00", currency: str = "COP", **values: Any) -> Debt:
        return Debt("1045", "Ana Prueba", "77", "Factura 2026-11", currency,
                    (Due(dt.date(2026, 11, 30), Decimal(amount)),), **values)

    return make


@pytest.fixture
def attempt() -> Callable[..., Attempt]:
    def make(**values: Any) -> Attempt:
        payer = Payer("Ana Prueba", "ana@example.org", "3000000000", "CC", "1.020.304.050")
        known = {"reference": "ABN-1", "key": "key", "expires_at": NOW + dt.timedelta(days=5), "payer": payer, **values}
        return Attempt(**known)

    return make


@pytest.fixture
def shop(app: Flask, client: FlaskClient, site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    with company_in("CO"):
        yield shop_of(app, client, site, monkeypatch, REHEARSAL, "89900", ("CC", "1020304050"))
