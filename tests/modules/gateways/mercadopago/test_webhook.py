"""Which notices are authentic, and what each asks for (reference 1.6, 1.7)."""

from __future__ import annotations

import hashlib
import hmac
import json
import random
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from core import clock
from modules.gateways.access import Access
from modules.gateways.cli import cli
from modules.gateways.providers.mercadopago.webhook import MercadoPagoWebhook, signed
from modules.gateways.shapes import Incoming, Notice
from tests.modules.gateways.mercadopago.conftest import NOW

pytestmark = pytest.mark.once
SECRET, REQUEST = "c0ffee00c0ffee00c0ffee00c0ffee00", "0b8c7f1e-6a52-4d0c-9f5e-1d2c3b4a5968"
TS = str(int(NOW.timestamp()))
BODY = {"id": 12345, "live_mode": True, "type": "payment", "date_created": "2026-11-09T10:04:58.396-04:00",
        "user_id": 44444, "api_version": "v1", "action": "payment.created", "data": {"id": "999999999"}}


def judged(header: str | None = None, *, number: str = "999999999", topic: str = "payment", request: str = REQUEST,
           body: Any = BODY, settings: dict[str, Any] | None = None, query: dict[str, str] | None = None) -> Notice:
    """A notice signed at NOW, with what a case changes; `header` is the whole x-signature."""
    if header is None:
        header = f"ts={TS},v1={signed(SECRET, number, request, TS)}"
    headers = {"x-signature": header, "x-request-id": request}
    incoming = Incoming("POST", {"data.id": number, "type": topic} if query is None else query,
                        {name: value for name, value in headers.items() if value},
                        body if isinstance(body, str) else json.dumps(body))
    access = Access("mercadopago", {"webhook_secret": SECRET, **(settings or {})})
    with clock.freeze(NOW):
        return MercadoPagoWebhook().notice(access, incoming)


def test_the_worked_example_of_the_reference() -> None:
    assert signed(SECRET, "123456789", REQUEST, "1764000000") == (
        "2d9b83d7bee9a98ee901c5508bfb6875ff643cf1ec1e77d7524d0cccf68aea59")


GOOD = signed(SECRET, "999999999", REQUEST, TS)


@pytest.mark.parametrize(("header", "reason"), [
    (f"ts={TS},v1={GOOD}", "ok"), (f" v1 = {GOOD} , TS = {TS} ", "ok"), (f"ts={TS},v1={GOOD.upper()}", "ok"),
    (f"ts={TS},v2=00,v1={GOOD}", "ok"),
    ("", "missing_signature"), ("   ", "missing_signature"), ("abc", "malformed_signature"),
    (f"ts:{TS};v1:{GOOD}", "malformed_signature"), (f"ts=x,v1={GOOD}", "malformed_signature"),
    (f"ts={TS},v1=xyz", "malformed_signature"), (f"ts=²,v1={GOOD}", "malformed_signature"),
    (f"v1={GOOD}", "missing_timestamp"), (f"ts=,v1={GOOD}", "missing_timestamp"),
    (f"ts={TS}", "missing_hash"), (f"ts={TS},v1=", "missing_hash"),
    (f"ts={TS},v1={GOOD[:-1]}", "signature_mismatch"), (f"ts={TS},v1={'0' * 64}", "signature_mismatch"),
    (f"ts={int(TS) + 1},v1={GOOD}", "signature_mismatch"),
])
def test_the_header_is_read_as_the_service_writes_it(header: str, reason: str) -> None:
    found = judged(header)
    assert (found.reason, found.authentic) == (reason, reason == "ok")


@pytest.mark.parametrize(("seconds", "settings", "reason"), [
    (0, {}, "ok"), (86_399, {}, "ok"), (-86_399, {}, "ok"), (86_401, {}, "timestamp_out_of_tolerance"),
    (-86_401, {}, "timestamp_out_of_tolerance"), (301, {"tolerance_seconds": 300}, "timestamp_out_of_tolerance"),
    (299, {"tolerance_seconds": "300"}, "ok"), (172_000, {"tolerance_seconds": 172_800}, "ok"),
])
def test_an_old_notice_is_refused(seconds: int, settings: dict[str, Any], reason: str) -> None:
    seen = int(TS) - seconds
    for ts in (str(seen), f"{seen}000"):  # in seconds and in milliseconds
        header = f"ts={ts},v1={signed(SECRET, '999999999', REQUEST, ts)}"
        assert judged(header, settings=settings).reason == reason


def test_a_part_without_value_is_left_out_of_what_is_signed() -> None:
    plain = hmac.new(SECRET.encode(), f"ts:{TS};".encode(), hashlib.sha256).hexdigest()
    assert judged(f"ts={TS},v1={plain}", request="", query={"type": "payment"}).authentic
    assert judged(f"ts={TS},v1={plain}", request=" ", query={"type": "payment", "data.id": ""}).authentic
    assert judged(f"ts={TS},v1={plain}", request=REQUEST, query={"type": "payment"}).reason == "signature_mismatch"


def test_letters_in_the_number_are_signed_as_they_come_or_in_lower_case() -> None:
    for form in ("ORD01ABC", "ord01abc"):
        assert judged(f"ts={TS},v1={signed(SECRET, form, REQUEST, TS)}", number="ORD01ABC").authentic
    assert not judged(f"ts={TS},v1={signed(SECRET, 'ORD01ABC', REQUEST, TS)}", number="ord01abc").authentic


def test_the_number_of_the_query_counts_not_that_of_the_body() -> None:
    found = judged(number="1", body={**BODY, "data": {"id": "2"}})
    assert (found.authentic, found.payment_id) == (True, "1")


@pytest.mark.parametrize(("topic", "action", "payment"), [
    ("payment", "read", "77"), ("topic_merchant_order_wh", "read", "merchant_orders/77"),
    ("topic_chargebacks_wh", "read", "chargebacks/77"), ("topic_claims_integration_wh", "poll", ""),
    ("mp-connect", "ignore", ""), ("subscription_preapproval", "ignore", ""), ("", "ignore", ""),
])
def test_what_each_topic_asks_for(topic: str, action: str, payment: str) -> None:
    found = judged(number="77", topic=topic, body={**BODY, "type": topic})
    assert (found.authentic, found.action, found.payment_id) == (True, action, payment)


@pytest.mark.parametrize(("query", "body", "payment"), [
    ({"topic": "payment", "id": "77"}, "", "77"), ({"topic": "merchant_order", "id": "78"}, "", "merchant_orders/78"),
    ({"topic": "chargebacks", "id": "79"}, "", "chargebacks/79"),
    ({}, '{"resource": "https://api.mercadolibre.com/collections/80", "topic": "payment"}', "80"),
    ({"topic": "point_integration", "id": "81"}, "", ""),
])
def test_the_old_unsigned_kind_is_a_hint_to_poll(query: dict[str, str], body: str, payment: str) -> None:
    webhook = MercadoPagoWebhook()
    found = judged("", query=query, body=body)
    assert (found.authentic, found.reason, found.action, found.payment_id) == (False, "unsigned_ipn", "poll", payment)
    assert webhook.answer(found)[0] == 200


def test_repetitions_have_one_event_and_others_have_others() -> None:
    later = str(int(TS) + 900)
    again = judged(f"ts={later},v1={signed(SECRET, '999999999', REQUEST, later)}")
    other = judged(body={**BODY, "id": 12346})
    assert judged().event_id == again.event_id != other.event_id
    ipn = {"topic": "payment", "id": "77"}
    plain = [judged("", query=query, body="", request="").event_id for query in (ipn, dict(reversed(ipn.items())),
                                                                               {**ipn, "id": "78"})]
    assert plain[0] == plain[1] != plain[2]


def test_nothing_is_authentic_without_a_secret() -> None:
    assert judged(settings={"webhook_secret": ""}).reason == "signature_mismatch"


def test_a_forged_notice_asks_for_nothing_that_is_not_read_anyway() -> None:
    found = judged(f"ts={TS},v1={'0' * 64}")
    assert (found.authentic, found.action, found.payment_id, found.payment) == (False, "read", "999999999", None)


def test_what_pretends_to_be_signed_is_turned_away_and_all_else_is_taken() -> None:
    webhook = MercadoPagoWebhook()
    assert webhook.answer(judged())[0] == 200
    assert webhook.answer(judged("ts=1,v1=00"))[0] == 401


def test_nothing_that_is_sent_makes_it_fail() -> None:
    chance = random.Random(7)
    text = "ts=,v1;0a²\ud800é\0{}[]\"'\n"
    for _round in range(500):
        junk = "".join(chance.choice(text) for _sign in range(chance.randrange(40)))
        found = judged(junk, number=junk, topic=junk, request=junk, body=junk or "[" * 5000)
        assert not found.authentic
    assert judged(body="[" * 100_000).payment_id == "999999999"


def test_the_command_judges_a_request(tmp_path: Path) -> None:
    ts = str(int(clock.now().timestamp()))
    request = {"method": "POST", "query": {"data.id": "999999999", "type": "payment"}, "body": json.dumps(BODY),
               "headers": {"X-Signature": f"ts={ts},v1={signed(SECRET, '999999999', REQUEST, ts)}",
                           "X-Request-Id": REQUEST}, "credentials": {"webhook_secret": SECRET}}
    file = tmp_path / "REQUEST.json"
    file.write_text(json.dumps(request))
    done = CliRunner().invoke(cli, ["notice", "mercadopago", str(file), "--json"], standalone_mode=False)
    assert done.return_value == 0 and json.loads(done.stdout) == {
        "authentic": True, "reason": "ok", "event_id": f"12345:{REQUEST}", "payment_id": "999999999",
        "action": "read", "payment": None}
    file.write_text(json.dumps({**request, "credentials": {"webhook_secret": "another"}}))
    done = CliRunner().invoke(cli, ["notice", "mercadopago", str(file), "--json"], standalone_mode=False)
    assert done.return_value == 1 and json.loads(done.stdout)["reason"] == "signature_mismatch"
