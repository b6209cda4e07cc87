"""CardNET's simulator with its test merchant."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from core.db import db
from core.simulators import Running, running
from modules.gateways.access import Access
from modules.gateways.providers.cardnet.about import TEST_MERCHANT
from modules.gateways.shapes import Attempt, Debt, Due, Payer
from tests.modules.gateways.shop import NOW, Shop, Site, at, company_in, shop_of


@pytest.fixture(scope="session")
def _running() -> Iterator[Running]:
    with running(["cardnet"]) as found:
        yield found


@pytest.fixture
def site(_running: Running) -> Iterator[Site]:
    with at(_running, "cardnet") as made:
        yield made


@pytest.fixture
def access(site: Site) -> Callable[..., Access]:
    def make(**settings: Any) -> Access:
        return Access("cardnet", {**TEST_MERCHANT, **settings}, address=site.address, country="DO", currency="DOP",
                      zone="America/Santo_Domingo", return_url="https://isp.example.org/back")

    return make


@pytest.fixture
def debt() -> Callable[..., Debt]:
    def make(amount: str = "1500.00", currency: str = "DOP", **values: Any) -> Debt:
        return Debt("1045", "Ana Prueba", "77", "Factura 2026-11", currency,
                    (Due(dt.date(2026, 11, 30), Decimal(amount)),), **values)

    return make


@pytest.fixture
def attempt() -> Callable[..., Attempt]:
    def make(**values: Any) -> Attempt:
        payer = Payer("Ana Prueba", "ana@example.org", "+18090000000", "", "",
                      {"street": "Calle Ñuñez", "number": "10", "city": "Santo Domingo"})
        known = {"reference": "1045-202611", "key": "key", "expires_at": NOW + dt.timedelta(days=5), "payer": payer,
                 "number": 160_088, **values}
        return Attempt(**known)

    return make


@pytest.fixture
def shop(app: Flask, client: FlaskClient, site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """A company that moved to the Dominican Republic: no chart or taxes of that country are here yet."""
    with company_in("CO") as company:
        company.country, company.currency, company.timezone = "DO", "DOP", "America/Santo_Domingo"
        db.session.commit()
        yield shop_of(app, client, site, monkeypatch, TEST_MERCHANT, "1500")
