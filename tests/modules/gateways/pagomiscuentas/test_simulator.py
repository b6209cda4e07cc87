"""PagoMisCuentas from a file of debts to the collections, and what its simulator refuses and spoils."""

from __future__ import annotations

import datetime as dt
import urllib.error
import urllib.request
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import pytest

from core import clock
from core.simulators import Running, running
from modules.gateways.errors import BadFile
from tests.modules.gateways.files import built, debt, read, refused

ACCOUNT = {"empresa": "0123", "sigla": "ANDI"}
MONDAY = dt.datetime(2026, 11, 16, 10, 0, tzinfo=ZoneInfo("America/Argentina/Buenos_Aires"))
DAY = dt.timedelta(days=1)
DEBTS = [debt("1000001", ("2026-11-20", "18150.00"), ("2026-11-30", "18694.50"), invoice="B1"),
         debt("1000002", ("2026-11-20", "100.00"), invoice="B2")]


@pytest.fixture(scope="module")
def _server() -> Iterator[Running]:
    with running(["pagomiscuentas"]) as server:
        yield server


@pytest.fixture
def network(_server: Running) -> Iterator[Running]:
    _server.reset("pagomiscuentas")
    with clock.freeze(MONDAY):
        yield _server
    _server.reset("pagomiscuentas")


def asked(network: Running, path: str, content: bytes | None = None) -> bytes:
    request = urllib.request.Request(f"{network.url}/pagomiscuentas/ANDI/{path}", content,
                                     method="GET" if content is None else "PUT")
    return urllib.request.urlopen(request, timeout=10).read()


def sent(network: Running, content: bytes, name: str = "FACANDI.161126") -> list[str]:
    """What Download holds after an upload."""
    asked(network, f"Upload/{name}", content)
    return asked(network, "Download/").decode().split()


def file(day: str = "2026-11-16") -> bytes:
    return built("pagomiscuentas", ACCOUNT, DEBTS, day)


def test_from_debts_to_collections(network: Running) -> None:
    assert sent(network, file()) == ["COBANDI.171126"]
    with clock.freeze(MONDAY + DAY):
        network.post("pagomiscuentas", "pay", {"reference": "1000001", "channel": "S1"})
        network.post("pagomiscuentas", "pay", {"reference": "1000002"})
    with clock.freeze(MONDAY + 2 * DAY):
        names = asked(network, "Download/").decode().split()
        found = read("pagomiscuentas", asked(network, f"Download/{names[-1]}"), ACCOUNT)
    assert names == ["COBANDI.171126", "COBANDI.181126", "COBANDI.191126"]
    assert [(one.reference.customer, one.reference.invoice, str(one.amount)) for one in found.payments] == [
        ("1000001", "B1", "18150.00"), ("1000002", "B2", "100.00")]
    assert found.payments[0].credited_at == dt.date(2026, 11, 19)


def test_a_debt_can_be_paid_from_the_next_day_until_its_last(network: Running) -> None:
    sent(network, file())
    for day in (0, 15):
        with clock.freeze(MONDAY + day * DAY), pytest.raises(urllib.error.HTTPError):
            network.post("pagomiscuentas", "pay", {"reference": "1000001"})
    with clock.freeze(MONDAY + 5 * DAY):
        assert network.post("pagomiscuentas", "pay", {"reference": "1000001"})["payments"][0]["amount"] == 1869450


@pytest.mark.parametrize(("name", "content", "words"), [
    ("FACOTRA.161126", file(), "NOMBRE"), ("FACANDI.131126", file(), "ANTERIOR"), ("FACANDI.161126", file()[:-300],
                                                                                    "LONGITUD"),
    ("FACANDI.161126", file().replace(b"0400" b"0123", b"0400" b"0124"), "EMPRESA"),
    ("FACANDI.161126", file().replace(b"0000002" + b"0" * 7, b"0000003" + b"0" * 7), "CANTIDAD"),
    ("FACANDI.161126", file().replace(b"00000018250", b"00000018251"), "TOTAL"),
    ("FACANDI.161126", file().replace(b"B2 ", b"b2 "), "CARACTERES"),
])
def test_a_wrong_file_is_refused_as_a_whole(network: Running, name: str, content: bytes, words: str) -> None:
    names = sent(network, content, name)
    assert f"RECHAZADO_{name}" in names and words in asked(network, f"Download/RECHAZADO_{name}").decode()
    assert network.state("pagomiscuentas")["debts"] == []


def test_after_the_hour_a_file_is_of_the_next_day(network: Running) -> None:
    with clock.freeze(MONDAY.replace(hour=15)):
        assert "RECHAZADO_FACANDI.161126" in sent(network, file())
        assert len(sent(network, file("2026-11-17"), "FACANDI.171126")) == 2


@pytest.mark.parametrize(("fault", "code"), [("wrong_total", "control"), ("other_company", "other_company"),
                                             ("partial_file", None)])
def test_spoilt_collections_are_refused(network: Running, fault: str, code: str | None) -> None:
    network.fault("pagomiscuentas", fault)
    network.post("pagomiscuentas", "pay", {"reference": "1", "amount": 100})
    with clock.freeze(MONDAY + DAY):
        name = asked(network, "Download/").decode().split()[-1]
        error = refused("pagomiscuentas", asked(network, f"Download/{name}"), ACCOUNT)
    assert isinstance(error, BadFile) and code in (None, error.code)


@pytest.mark.parametrize(("fault", "expected"), [
    ("unknown_reference", [("910000019", "B1")]), ("paid_twice", [("1000001", "B1")] * 2),
    ("without_invoice", [("1000001", "")])])
def test_strange_payments(network: Running, fault: str, expected: list) -> None:
    sent(network, file())
    network.fault("pagomiscuentas", fault)
    with clock.freeze(MONDAY + DAY):
        network.post("pagomiscuentas", "pay", {"reference": "1000001"})
    with clock.freeze(MONDAY + 2 * DAY):
        asked(network, "Download/")
        found = read("pagomiscuentas", asked(network, "Download/COBANDI.191126"), ACCOUNT).payments
    assert [(one.reference.customer, one.reference.invoice) for one in found] == expected
    assert len({one.external_id for one in found}) == len(expected)


def test_the_file_of_the_day_before_may_come_again(network: Running) -> None:
    asked(network, "Download/")
    network.fault("pagomiscuentas", "same_file_twice")
    with clock.freeze(MONDAY + DAY):
        asked(network, "Download/")
        assert asked(network, "Download/COBANDI.181126") == asked(network, "Download/COBANDI.171126")
