"""CobroDigital's web service against its simulator: nothing is made twice, nothing is lost."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import pytest

from core import clock
from core.errors import Rejected, Unavailable, Unknown
from core.simulators import Running, running
from modules.gateways import jsonform, ports
from modules.gateways.access import Access
from modules.gateways.providers.cobrodigital import mapping
from modules.gateways.providers.cobrodigital.client import CobroDigital
from modules.gateways.providers.cobrodigital.provider import PROVIDER
from modules.gateways.shapes import Attempt, Opened, Payer, Reading
from tests.modules.gateways.files import debt

MONDAY = dt.datetime(2026, 11, 16, 10, 0, tzinfo=ZoneInfo("America/Argentina/Buenos_Aires"))
DAY = dt.timedelta(days=1)
SID = "sidDePrueba0123456789abcdefghijklmnopqrstuvwxyz"
DEBT = jsonform.debt_of(debt("42", ("2026-11-20", "18150.00"), ("2026-11-30", "18694.50"), concept="Internet nov."))


@pytest.fixture(scope="module")
def _server() -> Iterator[Running]:
    with running(["cobrodigital"]) as server:
        yield server


@pytest.fixture
def service(_server: Running) -> Iterator[Running]:
    _server.reset("cobrodigital")
    with clock.freeze(MONDAY):
        yield _server
    _server.reset("cobrodigital")


@pytest.fixture
def access(service: Running) -> Access:
    return access_to(service)


def access_to(service: Running, **settings: object) -> Access:
    return Access("cobrodigital", {"idComercio": "AB123456", "sid": SID, "plantilla": "init",
                                   "identificador": "NRO CLIENTE",
                                   "pagador": ["Apellido y nombres=name", "email=email"], **settings},
                  address=f"{service.url}/cobrodigital", country="AR", currency="ARS",
                  zone="America/Argentina/Buenos_Aires")


def attempt(reference: str = "ABN1-0a1b2c3d4e") -> Attempt:
    return Attempt(reference, "key", MONDAY + 30 * DAY, "boleta", payer=Payer("Pérez, Ana", "ana@example.org"))


def opened(access: Access, reference: str = "ABN1-0a1b2c3d4e") -> Opened:
    return ports.checkouts.get("cobrodigital").open(access, DEBT, attempt(reference))


def calls(service: Running, method: str) -> int:
    return int(service.state("cobrodigital")["calls"].get(method, 0))


def all_since(access: Access, cursor: str = "") -> tuple[list[Reading], str]:
    found: list[Reading] = []
    more = True
    while more:
        some, cursor, more = ports.polls.get("cobrodigital").since(access, cursor)
        found += some
    return found, cursor


def test_the_test_of_an_account_knows_its_columns(service: Running, access: Access) -> None:
    assert PROVIDER.test is not None and "6 columns" in PROVIDER.test(access)
    with pytest.raises(Rejected, match="nro cliente"):
        PROVIDER.test(access_to(service, identificador="nro cliente"))
    with pytest.raises(Rejected, match="autenticación"):
        PROVIDER.test(access_to(service, sid="wrong"))


def test_a_slip_with_its_payer_and_codes(service: Running, access: Access) -> None:
    one = opened(access)
    state = service.state("cobrodigital")
    assert state["payers"][0]["values"] == {"NRO CLIENTE": "42", "Apellido y nombres": "Pérez, Ana",
                                            "email": "ana@example.org"}
    assert state["slips"][0]["concept"] == "INTERNET NOV [ABN1-0a1b2c3d4e]"
    assert state["slips"][0]["dues"] == [["20261120", 1815000], ["20261130", 1869450]]
    assert one.provider_ref == "1001" and one.coupon.symbology == "code128" and len(one.data["barcodes"]) == 2
    assert all(mapping.is_barcode(code) for code in one.data["barcodes"]) and one.coupon.text.startswith("204050")


def test_a_payer_is_created_once(service: Running, access: Access) -> None:
    opened(access, "A-1")
    other = Attempt("A-2", "key", MONDAY + DAY, "boleta")
    ports.checkouts.get("cobrodigital").open(access, jsonform.debt_of(debt("42", ("2026-12-20", "5.00"))), other)
    assert len(service.state("cobrodigital")["payers"]) == 1 and calls(service, "crear_pagador") == 1


def test_a_double_payer_is_a_matter_for_a_person(service: Running, access: Access) -> None:
    service.fault("cobrodigital", "duplicate_payer", count=1)
    with pytest.raises(Rejected, match="double"):
        opened(access)
    assert service.state("cobrodigital")["slips"] == []


@pytest.mark.parametrize("fault", ["lost_answer", "garbage"])
def test_a_slip_whose_answer_was_lost_is_found_and_not_made_again(service: Running, access: Access,
                                                                 fault: str) -> None:
    service.fault("cobrodigital", fault, count=1, only="generar_boleta")
    with pytest.raises(Unknown):
        opened(access)
    found = ports.checkouts.get("cobrodigital").find(access, attempt())
    assert found is not None and found.provider_ref == "1001" and found.coupon.barcode
    assert calls(service, "generar_boleta") == 1 and len(service.state("cobrodigital")["slips"]) == 1


def test_a_slip_that_was_not_made_is_not_found(service: Running, access: Access) -> None:
    service.fault("cobrodigital", "timeout_before", count=1, only="generar_boleta", seconds=0)
    with pytest.raises(Unknown):
        opened(access)
    checkout = ports.checkouts.get("cobrodigital")
    assert checkout.find(access, attempt()) is None
    opened(access, "ABN1-0a1b2c3d4")
    assert checkout.find(access, attempt()) is None  # another reference that begins alike
    assert len(service.state("cobrodigital")["payers"]) == 1


def test_a_payer_whose_answer_was_lost_is_not_created_again(service: Running, access: Access) -> None:
    service.fault("cobrodigital", "lost_answer", count=1, only="crear_pagador")
    with pytest.raises(Unknown):
        opened(access)
    assert ports.checkouts.get("cobrodigital").find(access, attempt()) is None
    opened(access)
    assert len(service.state("cobrodigital")["payers"]) == 1


@pytest.mark.parametrize("fault", ["lost_answer", "ejecucion_0", "soap_fault", "error_500"])
def test_a_slip_whose_codes_cannot_be_read_is_asked_for_later(service: Running, access: Access, fault: str) -> None:
    if fault in ("ejecucion_0", "soap_fault"):
        number = CobroDigital(access)
        number.create_payer({"NRO CLIENTE": "42"})
        number.make_slip("42", "x [A]", [(dt.date(2026, 11, 20), "1.00")])
        service.fault("cobrodigital", fault, count=1)
        with pytest.raises(Unavailable):
            ports.checkouts.get("cobrodigital").find(access, attempt("A"))
        return
    service.fault("cobrodigital", fault, count=1, only="obtener_codigo_de_barras")
    with pytest.raises(Unknown):
        opened(access)
    found = ports.checkouts.get("cobrodigital").find(access, attempt())
    assert found is not None and found.provider_ref == "1001"


def test_closing_may_be_repeated_and_ends_the_slip(service: Running, access: Access) -> None:
    one, checkout = opened(access), ports.checkouts.get("cobrodigital")
    checkout.close(access, one, attempt())
    checkout.close(access, one, attempt())
    assert service.state("cobrodigital")["slips"][0]["disabled"]
    with pytest.raises(Rejected):
        checkout.close(access, Opened("999"), attempt())


@pytest.mark.parametrize("fault", [None, "datos_as_string", "transaction_twice"])
def test_payments_withdrawals_and_what_was_taken_back(service: Running, access: Access, fault: str | None) -> None:
    one = opened(access)
    service.fault("cobrodigital", "chargeback")
    service.post("cobrodigital", "pay", {"nro_boleta": one.provider_ref})
    service.post("cobrodigital", "withdraw", {"amount": 100000})
    if fault:
        service.fault("cobrodigital", fault)
    found, cursor = all_since(access)
    told = {item.external_id: (item.status, str(item.amount), str(item.fee), item.reference.attempt) for item in found}
    assert sorted(told.values()) == [("approved", "18150.00", "439.23", "ABN1-0a1b2c3d4e"),
                                     ("reversed", "18150.00", "0.00", "ABN1-0a1b2c3d4e")]
    assert cursor == "2026-11-13" and {item.external_id for item in all_since(access, cursor)[0]} == set(told)


def test_a_payment_is_read_by_slip_by_reference_and_by_number(service: Running, access: Access) -> None:
    poll = ports.polls.get("cobrodigital")
    one = opened(access)
    assert poll.read(access, reference="ABN1-0a1b2c3d4e", opened=one) == []
    made = service.post("cobrodigital", "pay", {"nro_boleta": one.provider_ref})
    ways = [poll.read(access, reference="ABN1-0a1b2c3d4e", opened=one), poll.read(access, reference="ABN1-0a1b2c3d4e"),
            poll.read(access, payment_id=made["row"]["id_transaccion"])]
    assert [[item.external_id for item in way] for way in ways] == [[made["row"]["id_transaccion"]]] * 3
    assert poll.read(access, reference="ABN1") == [] and poll.read(access, payment_id="x") == []


def test_more_rows_than_a_page_come_all(service: Running, access: Access, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modules.gateways.providers.cobrodigital.client.PAGE", 2)
    CobroDigital(access).create_payer({"NRO CLIENTE": "42"})
    for day in range(5):
        number = CobroDigital(access).make_slip("42", f"x [A-{day}]", [(dt.date(2026, 12, 1 + day), "1.00")])
        service.post("cobrodigital", "pay", {"nro_boleta": number})
    assert len({one.external_id for one in all_since(access)[0]}) == 5


@pytest.mark.parametrize("fault", ["soap_fault", "error_500", "garbage", "lost_answer", "refuse_connection"])
def test_reading_may_be_tried_again(service: Running, access: Access, fault: str) -> None:
    service.fault("cobrodigital", fault, count=1)
    with pytest.raises(Unavailable):
        CobroDigital(access).columns()
    assert CobroDigital(access).columns()


@pytest.mark.parametrize(("dues", "words"), [
    ([("20261320", "1.00")], "primera fecha"), ([("20261120", "x")], "importe"), ([], "fechas_vencimiento"),
    ([("20261120", "100000.00")], "importe"), ([("20261120", "2.00"), ("20261119", "3.00")], "crecientes"),
])
def test_the_simulator_refuses_what_the_service_refuses(service: Running, access: Access, dues: list,
                                                        words: str) -> None:
    client = CobroDigital(access)
    client.create_payer({"NRO CLIENTE": "42"})
    body = {"identificador": "NRO CLIENTE", "buscar": "42", "concepto": "x", "plantilla": "init",
            "fechas_vencimiento": [day for day, _amount in dues], "importes": [amount for _day, amount in dues]}
    with pytest.raises(Rejected, match=words):
        client._do("generar_boleta", **body)


def test_one_slip_per_payer_amounts_and_days_and_no_unknown_columns(service: Running, access: Access) -> None:
    client = CobroDigital(access)
    client.create_payer({"NRO CLIENTE": "42"})
    due = [(dt.date(2026, 11, 20), "1.00")]
    client.make_slip("42", "x", due)
    with pytest.raises(Rejected, match="mismos importes"):
        client.make_slip("42", "y", due)
    with pytest.raises(Rejected, match="estructura"):
        client.create_payer({"Apodo": "x"})
    with pytest.raises(Rejected, match="no existe"):
        client._ask("borrar_todo")


def test_the_secret_is_in_no_log(service: Running, access: Access, caplog: pytest.LogCaptureFixture,
                                 capsys: pytest.CaptureFixture[str]) -> None:
    with caplog.at_level(logging.DEBUG):
        CobroDigital(access).columns()
    assert SID not in caplog.text + str(capsys.readouterr())
