"""PayU's simulator with the account of its manual."""

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
from modules.gateways.providers.payu.about import PUBLIC_ACCOUNT
from modules.gateways.shapes import Attempt, Debt, Due, Payer
from tests.modules.gateways.shop import NOW, Shop, Site, at, company_in, shop_of


@pytest.fixture(scope="session")
def _running() -> Iterator[Running]:
    with running(["payu"]) as found:
        yield found


@pytest.fixture
def site(_running: Running) -> Iterator[Site]:
    with at(_running, "payu") as made:
        yield made


@pytest.fixture
def access(site: Site) -> Callable[..., Access]:
    """`access(algorithm="md5")`: the account, with what a case changes."""

    def make(**settings: Any) -> Access:
        return Access("payu", {**PUBLIC_ACCOUNT, **settings}, address=site.address, country="CO", currency="COP",
                      zone="America/Bogota", notice_url=f"{site.address}/nowhere",
                      return_url="http://127.0.0.1:8000/back")

    return make


@pytest.fixture
def debt() -> Callable[..., Debt]:
    """`debt("89900")`: due on the 30th."""

    def make(amount: str = "89900.00", currency: str = "COP", **values: Any) -> Debt:
        return Debt("1045", "Ana Prueba", "77", "Factura 2026-11", currency,
                    (Due(dt.date(2026, 11, 30), Decimal(amount)),), **values)

    return make


@pytest.fixture
def attempt() -> Callable[..., Attempt]:
    """`attempt(method="efecty")`: a try with a reference of its own."""
    count = iter(range(1, 10_000))

    def make(**values: Any) -> Attempt:
        number = next(count)
        payer = Payer("Ana Prueba", "ana@example.org", "3000000000", "CC", "1020304050")
        known = {"reference": f"ABN-{number}", "key": f"key-{number}", "expires_at": NOW + dt.timedelta(days=5),
                 "payer": payer, "number": number, **values}
        return Attempt(**known)

    return make


@pytest.fixture
def shop(app: Flask, client: FlaskClient, site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    with company_in("CO"):
        yield shop_of(app, client, site, monkeypatch, PUBLIC_ACCOUNT, "89900", ("CC", "1020304050"))
