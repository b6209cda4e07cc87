"""An office that calls us: asks, pays, prints, takes back, repeats after a time-out, errs; and its file of the day."""

from __future__ import annotations

import io
import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from core.simulators import running
from modules.gateways import ports, providers
from modules.gateways.access import Access
from modules.gateways.shapes import Reading
from tests.modules.gateways.facilito.desk import Desk, served

assert providers  # what fills the ports
pytestmark = pytest.mark.once
SECRET = "secreto-de-prueba-facilito"


class Office:
    """An office of the network, and the desk that it calls."""

    def __init__(self, address: str, desk: Desk) -> None:
        self.address, self.desk = address, desk

    def send(self, path: str, **body: Any) -> Any:
        request = urllib.request.Request(f"{self.address}/{path}", json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def __call__(self, verb: str, **body: Any) -> Any:
        return self.send(f"office/{verb}", **body)

    def fault(self, name: str, **more: Any) -> None:
        self.send("_sim/faults", fault=name, count=1, **more)

    def file(self) -> bytes:
        day = self.send("_sim/config")["now"][:10]
        with urllib.request.urlopen(f"{self.address}/files/{day}", timeout=10) as answer:
            content: bytes = answer.read()
        return content


@pytest.fixture(params=["service", "collect"])
def office(request: pytest.FixtureRequest) -> Iterator[Office]:
    desk = Desk()
    settings = {"secret": SECRET, "key_id": "facilito-1", "token": SECRET}
    access = Access("facilito", settings, currency="USD", zone="America/Guayaquil")
    with running(["facilito"]) as server, served(access, desk) as base:
        made = Office(f"{server.url}/facilito", desk)
        made.send("_sim/config", base=base, contract=request.param)
        yield made


def test_somebody_pays_and_gets_a_slip(office: Office) -> None:
    paid = office("pay", code="EC-1045")
    assert paid["state"] == "paid" and office.desk.booked == [paid["transaction"]] == ["FAC-000123"]
    assert "22.40" in office("print", transaction="FAC-000123")["slip"]
    assert office("pay", code="EC-1045")["paid"] is None


def test_after_a_time_out_the_office_repeats_and_one_payment_stands(office: Office) -> None:
    office.fault("no_answer")
    lost = office("pay", code="EC-1045")
    assert (lost["state"], lost["paid"]) == ("unknown", None) and office.desk.booked == ["FAC-000123"]
    assert office("repeat", transaction="FAC-000123")["state"] == "paid" and office.desk.booked == ["FAC-000123"]


def test_an_office_takes_back_what_it_is_not_sure_of(office: Office) -> None:
    office.fault("no_answer")
    office("pay", code="EC-1045")
    assert office("reverse", transaction="FAC-000123")["state"] == "reversed" and office.desk.booked == []
    assert office("pay", code="EC-1045")["transaction"] == "FAC-000124"


def test_a_reversal_may_overtake_its_payment(office: Office) -> None:
    assert office("reverse_first", code="EC-1045")["state"] == "reversed" and office.desk.booked == []
    assert office.desk.owed


def test_a_number_is_never_used_for_something_else(office: Office) -> None:
    office("pay", code="EC-1045")
    body = office("change", transaction="FAC-000123", amount="5.00")["paid"]["body"]
    assert body.get("error", body.get("code")) in ("transaction_conflict", "005")


@pytest.mark.parametrize("fault", ["wrong_signature", "clock_skew"])
def test_who_is_not_authentic_is_told_nothing(office: Office, fault: str) -> None:
    signing = office.send("_sim/config")["contract"] == "collect"
    office.fault(fault)
    body = office("query", code="EC-1045")["body"]
    if fault == "clock_skew" and not signing:
        assert body["code"] == "000"  # a token says nothing of the clock
    else:
        assert body.get("error", body.get("code")) in ("bad_signature", "stale", "009") and office.desk.asked == []


def test_the_day_of_both_sides_can_be_compared(office: Office) -> None:
    office("pay", code="EC-1045")
    office("pay", code="EC-1045", amount="5.00")
    office("reverse", transaction="FAC-000124")
    found = office("list", date="2026-11-09")["body"]
    rows = found if isinstance(found, list) else found["payments"]
    assert rows and "FAC-000123" in json.dumps(rows)


def test_the_file_of_the_day_is_read_whole_or_with_its_differences(office: Office) -> None:
    office("pay", code="EC-1045")
    office("pay", code="EC-1045", amount="5.00")
    office("reverse", transaction="FAC-000124")

    def ids() -> list[str]:
        reader = ports.payment_files.get("facilito")
        access = Access("facilito", {}, zone="America/Guayaquil")
        return [one.external_id for one in reader.read(io.BytesIO(office.file()), access) if isinstance(one, Reading)]

    assert ids() == ["FAC-000123", "FAC-000124", "FAC-000124-R"]
    office.fault("line_missing")
    office.fault("line_extra")
    assert ids() == ["FAC-000124", "FAC-000124-R", "FAC-999999"]


def test_the_office_survives_a_provider_that_is_not_there(office: Office) -> None:
    office.send("_sim/config", base="http://127.0.0.1:9")
    assert office("query", code="EC-1045")["status"] is None
