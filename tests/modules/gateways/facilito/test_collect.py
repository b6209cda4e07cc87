"""Our own signed interface for networks (ref. 6.2): worked signatures, answers as in the samples, refusals."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from core import clock
from modules.gateways import ports
from modules.gateways.access import Access
from modules.gateways.providers.facilito import signing
from modules.gateways.shapes import Incoming
from tests.modules.gateways import reading
from tests.modules.gateways.facilito.desk import Desk

assert reading  # the ports are filled
pytestmark = pytest.mark.once
SAMPLES = Path(__file__).parent / "samples"
WORKED = json.loads((SAMPLES / "ejemplos_firma.json").read_text())
SECRET, DATE = WORKED["secret"], WORKED["date"]
NOW = dt.datetime.fromisoformat(DATE)
BASE = "/collect/v1/facilito/"
PAYMENT = json.loads((SAMPLES / "pago_request.json").read_text())


def sample(name: str) -> Any:
    return json.loads((SAMPLES / f"{name}.json").read_text())


class Asking:
    """A network that signs; every part of a request can be spoilt."""

    def __init__(self, **settings: Any) -> None:
        self.desk = Desk()
        self.access = Access("facilito", {"key_id": "f-1", "secret": SECRET, **settings}, currency="USD",
                             zone="America/Guayaquil")

    def __call__(self, method: str, path: str, body: Any = None, query: str = "", headers: Any = None,
                 prefix: str = "/gateways/abc", remote: str = "192.0.2.7") -> tuple[int, Any]:
        text = body if isinstance(body, str) else "" if body is None else json.dumps(body)
        target = BASE + path + (f"?{query}" if query else "")
        signed = {"x-date": DATE, "x-key": "f-1", "x-office": "GYE-014",
                  "x-signature": signing.signature(SECRET, method, target, DATE, text.encode())}
        incoming = Incoming(method, dict(part.split("=") for part in query.split("&") if part),
                            {**signed, **(headers or {})}, text, prefix + BASE + path, remote, query)
        with clock.freeze(NOW):
            reply = ports.pulls.get("facilito").answer(self.access, incoming, self.desk)
        return reply.status, json.loads(reply.body)


@pytest.mark.parametrize("case", WORKED["cases"], ids=lambda case: case["path"])
def test_the_worked_signatures(case: dict[str, str]) -> None:
    found = signing.signature(SECRET, case["method"], case["path"], DATE, case["body"].encode())
    assert found == case["signature"]


def test_debts_are_told_as_in_the_sample_and_no_more() -> None:
    asking = Asking()
    assert asking("GET", "debts/EC-1045") == (200, sample("deuda_response"))
    assert asking.desk.asked == [("EC-1045", "GYE-014", "")]
    asking.desk.owed = []
    assert asking("GET", "debts/EC-1045") == (200, sample("deuda_sin_deuda"))


def test_who_is_not_known_is_told_in_words() -> None:
    assert Asking()("GET", "debts/EC-9") == (404, sample("deuda_404"))
    assert Asking()("GET", "debts/EC-OLD")[0] == 410 and Asking()("GET", "debts/EC-BUSY")[0] == 429


def test_a_payment_is_taken_and_told_the_same_again() -> None:
    asking = Asking()
    assert asking("POST", "payments", PAYMENT) == (200, sample("pago_response"))
    assert asking("POST", "payments", PAYMENT) == (200, {**sample("pago_response"), "duplicate": True})
    assert asking("POST", "payments", {**PAYMENT, "amount": "22.41"}) == (409, sample("pago_409"))
    assert asking.desk.booked == ["FAC-000123"]


def test_a_payment_is_taken_back() -> None:
    asking = Asking()
    asking("POST", "payments", PAYMENT)
    body = {"transaction": "FAC-000123", "reason": "cashier_error"}
    assert asking("POST", "reversals", body) == (200, sample("reverso_response"))
    assert asking("POST", "reversals", body) == (200, {**sample("reverso_response"), "duplicate": True})
    assert Asking(reversal_until="00:00")("POST", "reversals", body) == (422, sample("reverso_422"))


def test_a_reversal_that_comes_first_is_kept_and_cancels() -> None:
    asking = Asking()
    assert asking("POST", "reversals", {"transaction": "FAC-000123"}) == (
        200, {"transaction": "FAC-000123", "reversed": True, "balance": None, "duplicate": False, "kept": True})
    status, body = asking("POST", "payments", PAYMENT)
    assert (status, body["reversed"], body["applied"], asking.desk.booked) == (200, True, [], [])


def test_the_day_is_listed_in_pages() -> None:
    asking = Asking()
    for number in ("A", "B"):
        asking("POST", "payments", {**PAYMENT, "transaction": number})
    asking("POST", "reversals", {"transaction": "B"})
    _status, first = asking("GET", "payments", query="date=2026-11-09")
    assert first == {"date": "2026-11-09", "cursor": "1", "payments": [
        {"transaction": "A", "code": "EC-1045", "amount": "22.40", "paid_at": "2026-11-09T10:21:05-05:00",
         "office": "GYE-014", "reversed": False}]}
    _status, second = asking("GET", "payments", query="date=2026-11-09&cursor=1")
    assert second["cursor"] is None and [one["reversed"] for one in second["payments"]] == [True]


@pytest.mark.parametrize(("changes", "status", "error"), [
    ({"transaction": ""}, 400, "bad_request"), ({"transaction": "x" * 65}, 400, "bad_request"),
    ({"transaction": 7}, 400, "bad_request"), ({"transaction": None}, 400, "bad_request"),
    ({"code": ""}, 400, "bad_request"), ({"code": "EC-9"}, 404, "unknown_code"), ({"office": None}, 400, "bad_request"),
    ({"amount": "0.00"}, 422, "amount_not_allowed"), ({"amount": "-1.00"}, 422, "amount_not_allowed"),
    ({"amount": 22.4}, 422, "amount_not_allowed"), ({"amount": "22.405"}, 422, "amount_not_allowed"),
    ({"amount": "10000.01"}, 422, "amount_not_allowed"), ({"currency": "COP"}, 422, "currency"),
    ({"paid_at": "2026-11-09T10:21:05"}, 400, "bad_request"), ({"paid_at": "2026-11-09T10:31:05-05:00"}, 400,
                                                              "bad_request"),
    ({"paid_at": "ayer"}, 400, "bad_request"), ({"invoices": "1045"}, 400, "bad_request"), ({"invoices": [1]}, 400,
                                                                                            "bad_request"),
])
def test_payments_that_are_not_right_are_refused(changes: dict, status: int, error: str) -> None:
    asking = Asking()
    found, body = asking("POST", "payments", {**PAYMENT, **changes})
    assert (found, body["error"]) == (status, error) and body["message"] and asking.desk.booked == []


@pytest.mark.parametrize("body", ["", "[]", "{", "null", "[" * 100_000])
def test_no_body_breaks_it(body: str) -> None:
    for path in ("payments", "reversals"):
        assert Asking()("POST", path, body)[0] == 400


@pytest.mark.parametrize(("headers", "error"), [
    ({"x-signature": ""}, "unsigned"), ({"x-key": "f-2"}, "unsigned"), ({"x-key": ""}, "unsigned"), ({"x-date": ""},
                                                                                                   "unsigned"),
    ({"x-signature": "0" * 64}, "bad_signature"), ({"x-signature": "ñ"}, "bad_signature"),
    ({"x-date": "2026-11-09T10:21:08-05:00"}, "bad_signature"),
])
def test_who_cannot_sign_is_refused(headers: dict[str, str], error: str) -> None:
    asking = Asking()
    status, body = asking("POST", "payments", PAYMENT, headers=headers)
    assert (status, body["error"]) == (401, error) and asking.desk.booked == []


@pytest.mark.parametrize(("date", "good"), [
    ("2026-11-09T10:16:07-05:00", True), ("2026-11-09T15:26:07+00:00", True), ("2026-11-09T10:16:06-05:00", False),
    ("2026-11-09T10:26:08-05:00", False), ("2026-11-09T10:21:07", False), ("now", False),
])
def test_a_clock_may_differ_by_five_minutes(date: str, good: bool) -> None:
    signed = signing.signature(SECRET, "GET", BASE + "debts/EC-1045", date, b"")
    status, body = Asking()("GET", "debts/EC-1045", headers={"x-date": date, "x-signature": signed})
    assert (status, body.get("error")) == ((200, None) if good else (401, "stale"))


def test_a_signature_covers_method_path_query_and_body() -> None:
    asking = Asking()
    good = signing.signature(SECRET, "POST", BASE + "payments", DATE, json.dumps(PAYMENT).encode())
    for method, path, query, body in (("POST", "reversals", "", PAYMENT), ("GET", "payments", "", PAYMENT),
                                      ("POST", "payments", "a=b", PAYMENT),
                                      ("POST", "payments", "", {**PAYMENT, "amount": "99.00"})):
        assert asking(method, path, body, query, {"x-signature": good})[1]["error"] == "bad_signature"
    assert asking("POST", "payments", PAYMENT, headers={"x-signature": good.upper()})[0] == 200


def test_addresses_are_judged_first_and_without_secret_nothing_is_open() -> None:
    assert Asking(allowed_addresses=["198.51.100.1"])("GET", "debts/EC-1045")[1]["error"] == "address"
    assert Asking(secret="")("GET", "debts/EC-1045")[1]["error"] == "unsigned"


@pytest.mark.parametrize(("method", "path"), [("POST", "debts/EC-1045"), ("GET", "debts"), ("DELETE", "payments"),
                                              ("GET", "reversals"), ("POST", "payments/7")])
def test_there_is_nothing_else(method: str, path: str) -> None:
    assert Asking()(method, path, None)[0] == 404
    assert Asking(network="puntoagil")("GET", "debts/EC-1045")[0] == 404


def test_too_much_at_once_is_an_answer_too() -> None:
    pull, access = ports.pulls.get("facilito"), Asking().access
    for status in (429, 503):
        assert pull.busy(access, Incoming("GET", {}, {}, "", BASE + "debts/1"), status).status == status


def test_what_is_owed_is_added_up() -> None:
    asking = Asking()
    asking.desk.owed = asking.desk.owed * 2
    assert asking("GET", "debts/EC-1045")[1]["total"] == str(Decimal("44.80"))
