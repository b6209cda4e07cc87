"""Pagoralia's simulator with its merchant."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from core.simulators import Running, running
from modules.gateways.access import Access
from modules.gateways.providers.pagoralia.about import REHEARSAL
from tests.modules.gateways.shop import Shop, Site, at, company_in, shop_of


@pytest.fixture(scope="session")
def _running() -> Iterator[Running]:
    with running(["pagoralia"]) as found:
        yield found


@pytest.fixture
def site(_running: Running) -> Iterator[Site]:
    with at(_running, "pagoralia") as made:
        made.post("merchant", notice_url="")
        yield made


@pytest.fixture
def access(site: Site) -> Callable[..., Access]:
    def make(**settings: Any) -> Access:
        return Access("pagoralia", {**REHEARSAL, **settings}, address=site.address, country="MX", currency="MXN",
                      zone="America/Mexico_City")

    return make


@pytest.fixture
def shop(app: Flask, client: FlaskClient, site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    with company_in("MX"):
        made = shop_of(app, client, site, monkeypatch, REHEARSAL, "449.50")
        site.post("merchant", notice_url=f"http://127.0.0.1:8000/gateways/{made.account.token}/notice")
        yield made
