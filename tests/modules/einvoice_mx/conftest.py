"""A PAC that runs, and documents that it stamps."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from core.simulators import Running, running
from modules.einvoice_mx import schema, seal
from modules.einvoice_mx.client import Pac
from modules.einvoice_mx.endpoints import TEST_PASSWORD, TEST_USER
from tests.modules.einvoice_mx.cases import case, csd, mapped

NAME = "facturacion_moderna"


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
