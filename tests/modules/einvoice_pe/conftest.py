"""A Nubefact on a port of this machine, and accounts in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from core.simulators import Running, running
from modules.einvoice_pe.client import Nubefact
from tests.modules.einvoice_pe.cases import OTHER_RUC

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
def client(simulator: Running, account: dict[str, Any]) -> Nubefact:
    return Nubefact(f"{simulator.url}/nubefact/api/v1/{account['route']}", account["token"])
