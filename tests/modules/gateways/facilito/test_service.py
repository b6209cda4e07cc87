"""The web service that networks of Ecuador call (ref. 6.1.1): the four routes exactly, and what they refuse."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest

from core import clock
from modules.gateways import ports
from modules.gateways.access import Access
from modules.gateways.providers.facilito import mapping
from modules.gateways.shapes import Incoming
from tests.modules.gateways.facilito.desk import Desk
from tests.modules.gateways.reading import DAY

pytestmark = pytest.mark.once
SECRET = "secreto-de-prueba-facilito"
PAY = {"IDFactura": 2161, "valor": "22.40", "fecha": "2026-11-09", "secuencial": "900001"}


class Asking:
    """A network that asks an account."""

    def __init__(self, **settings: Any) -> None:
        self.desk = Desk()
        self.access = Access("facilito", {"secret": SECRET, **settings}, currency="USD", zone="America/Guayaquil")

    def raw(self, verb: str, body: str, remote: str = "192.0.2.7", network: str = "facilito",
            method: str = "POST") -> Any:
        incoming = Incoming(method, {}, {}, body, f"/gateways/abc/{network}/{verb}", remote)
        with clock.freeze(DAY):
            return ports.pulls.get("facilito").answer(self.access, incoming, self.desk)

    def __call__(self, verb: str, **body: Any) -> Any:
        reply = self.raw(verb, json.dumps({"token": SECRET, **body}))
        assert reply.status == 200
        return json.loads(reply.body)


def test_the_oldest_debt_is_told() -> None:
    asking = Asking()
    assert asking("consultadeuda", cedula="0102030405") == {
        "code": "000", "IDFactura": 2161, "detalle": "Pago de comprobante Nº 1045-202611 - Vencimiento: 15/11/2026",
        "valor": "22.40", "mensaje": "Operación exitosa."}
    assert asking.desk.asked == [("0102030405", "", "")]


def test_a_payment_is_taken_and_told_the_same_again() -> None:
    asking = Asking()
    first = asking("registrarpago", **PAY)
    assert first == {"code": "000", "autorizacion": 16401, "valor": "22.40", "mensaje": "Operación exitosa."}
    assert asking("registrarpago", **{**PAY, "IDFactura": "2161", "valor": 22.40, "secuencial": 900001}) == first
    assert asking.desk.booked == ["900001"]
    assert asking("consultadeuda", cedula="0102030405")["code"] == "002"


def test_a_reversal_takes_it_back_as_often_as_it_is_sent() -> None:
    asking = Asking()
    asking("registrarpago", **PAY)
    for _time in range(2):
        assert asking("reversopago", IDFactura=2161, secuencial="900001")["code"] == "000"
    assert asking.desk.booked == [] and asking("consultapago", fecha="2026-11-09") == []


def test_a_reversal_that_comes_first_cancels_its_payment() -> None:
    asking = Asking()
    assert asking("reversopago", IDFactura=2161, secuencial="900001")["code"] == "000"
    assert asking("registrarpago", **PAY)["code"] == "006" and asking.desk.booked == []


def test_the_day_is_listed_whole() -> None:
    asking = Asking()
    for number in ("1", "2", "3"):
        asking("registrarpago", **{**PAY, "secuencial": number})
    asking("reversopago", IDFactura=2161, secuencial="2")
    assert asking("consultapago", fecha="2026-11-09") == [
        {"IDFactura": 2161, "valor": "22.40", "secuencial": number} for number in ("1", "3")]


@pytest.mark.parametrize(("verb", "body", "what"), [
    ("consultadeuda", {"cedula": "0999999999"}, "unknown_customer"), ("consultadeuda", {"cedula": "EC-OLD"},
                                                                      "unknown_customer"),
    ("consultadeuda", {"cedula": "EC-BUSY"}, "slow_down"), ("consultadeuda", {}, "bad_request"),
    ("consultadeuda", {"cedula": ["x"]}, "bad_request"), ("consultadeuda", {"cedula": ""}, "bad_request"),
    ("registrarpago", {**PAY, "IDFactura": 9}, "unknown_invoice"), ("registrarpago", {**PAY, "IDFactura": "x"},
                                                                    "bad_request"),
    ("registrarpago", {**PAY, "valor": "0.00"}, "wrong_amount"), ("registrarpago", {**PAY, "valor": "-5"},
                                                                  "wrong_amount"),
    ("registrarpago", {**PAY, "valor": "22,40"}, "wrong_amount"), ("registrarpago", {**PAY, "valor": "22.405"},
                                                                   "wrong_amount"),
    ("registrarpago", {**PAY, "valor": "10000.01"}, "wrong_amount"), ("registrarpago", {**PAY, "valor": True},
                                                                      "wrong_amount"),
    ("registrarpago", {**PAY, "fecha": "09/11/2026"}, "bad_request"), ("registrarpago", {**PAY, "fecha": "2026-11-29"},
                                                                       "bad_request"),
    ("registrarpago", {**PAY, "secuencial": ""}, "bad_request"), ("registrarpago", {**PAY, "secuencial": "9" * 65},
                                                                  "bad_request"),
    ("reversopago", {"IDFactura": 2161}, "bad_request"), ("reversopago", {"secuencial": "1"}, "bad_request"),
    ("consultapago", {"fecha": "hoy"}, "bad_request"),
])
def test_refusals_have_codes_and_always_come_with_200(verb: str, body: dict, what: str) -> None:
    asking = Asking()
    assert asking(verb, **body)["code"] == mapping.answers("service")[what][0] and asking.desk.booked == []


def test_the_same_number_with_another_amount_is_refused() -> None:
    asking = Asking()
    asking("registrarpago", **PAY)
    assert asking("registrarpago", **{**PAY, "valor": "22.41"})["code"] == "005"


def test_a_late_reversal_is_refused_by_the_account_s_hour() -> None:
    asking = Asking(reversal_until="00:00")
    asking("registrarpago", **PAY)
    assert asking("reversopago", IDFactura=2161, secuencial="900001")["code"] == "007"


def test_the_account_s_codes_win_over_ours() -> None:
    asking = Asking(codes=["unknown_customer=14", " ok = 00 "])
    assert asking("consultadeuda", cedula="1")["code"] == "14"
    assert asking("consultadeuda", cedula="EC-1045")["code"] == "00"


@pytest.mark.parametrize("body", [
    {"token": "x"}, {"token": SECRET + "x"}, {"token": ""}, {}, {"token": None}, {"token": [SECRET]}, [], "x", 7, None,
    {"token": "\ud800"}, {"token": SECRET + "\udc00"},
])
def test_who_does_not_know_the_token_learns_nothing(body: Any) -> None:
    asking = Asking()
    whole = {**body, "cedula": "EC-1045"} if isinstance(body, dict) else body
    assert json.loads(asking.raw("consultadeuda", json.dumps(whole)).body)["code"] == "009" and asking.desk.asked == []


@pytest.mark.parametrize("body", ["", "{", "[" * 100_000, '{"token": "' + SECRET + '", "cedula": NaN}', "\ufeff{}"])
def test_no_body_breaks_it(body: str) -> None:
    assert json.loads(Asking().raw("consultadeuda", body).body)["code"] in ("008", "009")


@pytest.mark.parametrize(("allowed", "remote", "good"), [
    ([], "198.51.100.1", True), (["192.0.2.7"], "192.0.2.7", True), (["192.0.2.0/24"], "192.0.2.200", True),
    (["192.0.2.7"], "::ffff:192.0.2.7", True), (["192.0.2.7"], "192.0.2.8", False), (["192.0.2.7"], "", False),
    ("192.0.2.7, 2001:db8::/32", "2001:db8::1", True),
])
def test_only_allowed_addresses_are_heard(allowed: Any, remote: str, good: bool) -> None:
    body = json.dumps({"token": SECRET, "cedula": "EC-1045"})
    found = json.loads(Asking(allowed_addresses=allowed).raw("consultadeuda", body, remote).body)
    assert found["code"] == ("000" if good else "009")


def test_a_signing_network_s_secret_opens_nothing_without_signature() -> None:
    body = json.dumps({"token": SECRET, "cedula": "EC-1045"})
    assert json.loads(Asking(key_id="f-1").raw("consultadeuda", body).body)["code"] == "009"
    assert json.loads(Asking(key_id="f-1", token=SECRET, secret="another-secret").raw(
        "consultadeuda", body).body)["code"] == "000"


@pytest.mark.parametrize(("verb", "network", "method"), [
    ("consultadeuda", "puntoagil", "POST"), ("consultadeuda", "facilito", "GET"), ("borrar", "facilito", "POST"),
])
def test_there_is_nothing_else(verb: str, network: str, method: str) -> None:
    body = json.dumps({"token": SECRET, "cedula": "EC-1045"})
    assert Asking().raw(verb, body, network=network, method=method).status == 404


def test_another_network_has_its_own_name() -> None:
    body = json.dumps({"token": SECRET, "cedula": "EC-1045"})
    assert Asking(network="puntoagil").raw("consultadeuda", body, network="puntoagil").status == 200


@pytest.mark.parametrize(("status", "code"), [(429, "010"), (503, "999")])
def test_too_much_at_once_is_an_answer_too(status: int, code: str) -> None:
    asking = Asking()
    incoming = Incoming("POST", {}, {}, "", "/g/facilito/consultadeuda")
    reply = ports.pulls.get("facilito").busy(asking.access, incoming, status)
    assert (reply.status, json.loads(reply.body)["code"]) == (200, code)


@pytest.mark.parametrize(("name", "value", "good"), [
    ("reversal_until", "17:30", True), ("reversal_until", "25:00", False),
    ("allowed_addresses", ["192.0.2.0/24"], True), ("allowed_addresses", ["192.0.2.300"], False),
    ("network", "puntoagil", True),
    ("network", "a/b", False),
    ("codes", ["unknown_customer=14"], True), ("codes", ["unknown=14"], False), ("codes", ["ok"], False),
    ("secret", "short", False), ("secret", SECRET, True),
])
def test_settings_are_checked(name: str, value: Any, good: bool) -> None:
    setting = next(one for one in ports.providers.get("facilito").settings if one.name == name)
    assert setting.check is not None and (setting.check(value) == "") is good


def test_the_sequence_of_a_day_is_in_the_company_s_zone() -> None:
    asking = Asking()
    late = dt.datetime(2026, 11, 10, 2, 0, tzinfo=dt.UTC)
    incoming = Incoming("POST", {}, {}, json.dumps({"token": SECRET, **PAY, "fecha": "2026-11-10"}),
                        "/g/facilito/registrarpago", "192.0.2.7")
    with clock.freeze(late):
        reply = ports.pulls.get("facilito").answer(asking.access, incoming, asking.desk)
    assert json.loads(reply.body)["code"] == "008"
