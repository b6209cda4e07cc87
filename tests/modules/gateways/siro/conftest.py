"""SIRO on a port of this machine, on a Monday morning of November, and an account there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from core import clock
from core.simulators import Running, running
from modules.gateways.access import Access
from modules.gateways.providers.siro import client
from modules.gateways.providers.siro.checkout import ZONE

MONDAY = dt.datetime(2026, 11, 16, 10, 0, tzinfo=ZONE)


@pytest.fixture(scope="session")
def _server() -> Iterator[Running]:
    with running(["siro"]) as server:
        yield server


@pytest.fixture
def siro(_server: Running) -> Iterator[Running]:
    """The simulator without debts, faults and settings; the clock stands at MONDAY."""
    _server.reset("siro")
    client._sessions.clear()
    with clock.freeze(MONDAY):
        yield _server
    _server.reset("siro")


@pytest.fixture
def access(siro: Running) -> Access:
    return access_to(siro)


def access_to(server: Running, **settings: Any) -> Access:
    """The account of the bank's test user."""
    return Access("siro", {"convenio": "5150058293", "cuit_administrador": "30-52276392-2", "ente": "Andina",
                           "usuario": "UsuarioTestSiro", "password": "Hola123", **settings},
                  address=f"{server.url}/siro", country="AR", currency="ARS",
                  zone="America/Argentina/Buenos_Aires", return_url="https://example.org/back")
