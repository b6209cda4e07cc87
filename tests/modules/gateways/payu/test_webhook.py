"""Confirmations and the payer's way back: which are PayU's for us, and what each asks for (reference 1.4, 1.5)."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from click.testing import CliRunner

from modules.gateways.access import PRODUCTION, TESTING, Access
from modules.gateways.cli import cli
from modules.gateways.providers.payu import signing
from modules.gateways.providers.payu.webhook import PayUWebhook
from modules.gateways.shapes import Incoming, Notice

SAMPLES = Path(__file__).parent / "samples"
ACCOUNT = {"merchant_id": "508029", "account_id": "512321", "api_key": "4Vj8eK4rloUd272L48hsrarnUA",
           "api_login": "pRRXKOl8ikMmt9u", "algorithm": "md5"}
EFECTY = "f3531b6a-3e30-4a8b-8a69-d4a5bd2a3377"


def sample(name: str) -> str:
    return (SAMPLES / name).read_text().strip()


def judged(body: str, environment: str = TESTING, **settings: Any) -> Notice:
    access = Access("payu", {**ACCOUNT, **settings}, environment)
    return PayUWebhook().notice(access, Incoming("POST", {}, {}, body))


def changed(name: str, anew: bool = False, **fields: str) -> str:
    """A sample with other fields; `anew`: signed again by who has the key."""
    form = {**dict(parse_qsl(sample(name), keep_blank_values=True)), **fields}
    if anew:
        form["sign"] = signing.confirmation(Access("payu", ACCOUNT), form)
    return urlencode(form)


@pytest.mark.parametrize(("name", "algorithm", "event", "status", "amount"), [
    ("confirmacion_aprobada_efecty.txt", "md5", f"{EFECTY}:4", "approved", "89900.00"),
    ("confirmacion_aprobada_centavos_sha256.txt", "sha256", "0b0c0d0e-1111-4222-8333-444455556666:4", "approved",
     "89900.26"),
    ("confirmacion_rechazada_tarjeta.txt", "md5", "11111111-2222-4333-8444-555555555555:6", "rejected", "89900.00"),
    ("confirmacion_expirada.txt", "md5", f"{EFECTY}:5", "expired", "89900.00"),
])
def test_the_samples(name: str, algorithm: str, event: str, status: str, amount: str) -> None:
    found = judged(sample(name), algorithm=algorithm)
    assert (found.authentic, found.reason, found.event_id, found.action) == (True, "ok", event, "read")
    assert found.payment is not None
    assert (found.payment.status, f"{found.payment.amount:.2f}", found.payment.external_id) == (
        status, amount, event.partition(":")[0])
    assert found.payment_id == found.payment.external_id
    assert found.payment.reference.invoice == "ABN-1045-202611-1"
    assert PayUWebhook().answer(found)[0] == 200


@pytest.mark.parametrize(("body", "settings", "reason", "answer"), [
    (sample("confirmacion_firma_falsa.txt"), {}, "signature_mismatch", 401),
    (sample("confirmacion_aprobada_efecty.txt"), {"algorithm": "sha256"}, "signature_mismatch", 401),
    (sample("confirmacion_aprobada_efecty.txt"), {"algorithm": "sha1"}, "signature_mismatch", 401),
    (sample("confirmacion_aprobada_efecty.txt"), {"api_key": "another"}, "signature_mismatch", 401),
    (sample("confirmacion_aprobada_efecty.txt"), {"api_key": ""}, "signature_mismatch", 401),
    (sample("confirmacion_aprobada_efecty.txt"), {"merchant_id": "500238"}, "other_merchant", 401),
    (sample("confirmacion_aprobada_efecty.txt"), {"test": False}, "test_notice", 200),
    (changed("confirmacion_aprobada_efecty.txt", test="0"), {"test": True}, "real_notice", 200),
    (changed("confirmacion_aprobada_efecty.txt", sign=""), {}, "missing_signature", 401),
    (changed("confirmacion_aprobada_efecty.txt", value="1.00"), {}, "signature_mismatch", 401),
    (changed("confirmacion_aprobada_efecty.txt", currency="USD"), {}, "signature_mismatch", 401),
    (changed("confirmacion_aprobada_efecty.txt", reference_sale="ABN-9"), {}, "signature_mismatch", 401),
    (changed("confirmacion_expirada.txt", state_pol="4"), {}, "signature_mismatch", 401),
    (changed("confirmacion_aprobada_efecty.txt", anew=True, transaction_id=""), {}, "unreadable", 200),
    ("", {}, "other_merchant", 401), ("{}", {}, "other_merchant", 401),
])
def test_what_is_not_payus_for_us_is_not_authentic(body: str, settings: dict[str, Any], reason: str,
                                                   answer: int) -> None:
    found = judged(body, **settings)
    assert (found.authentic, found.reason, PayUWebhook().answer(found)[0]) == (False, reason, answer)


@pytest.mark.parametrize(("environment", "test", "reason"), [
    (PRODUCTION, "0", "ok"), (PRODUCTION, "1", "test_notice"), (TESTING, "1", "ok"), (TESTING, "0", "real_notice")])
def test_tests_and_real_payments_do_not_mix(environment: str, test: str, reason: str) -> None:
    assert judged(changed("confirmacion_aprobada_efecty.txt", test=test), environment).reason == reason


@pytest.mark.parametrize(("state", "status"), [
    ("4", "approved"), ("6", "rejected"), ("5", "expired"), ("7", "pending"), ("104", "error"), ("", "unknown"),
    ("44", "unknown"), ("APPROVED", "unknown"),
])
def test_the_state_comes_from_state_pol_alone(state: str, status: str) -> None:
    found = judged(changed("confirmacion_aprobada_efecty.txt", anew=True, state_pol=state))
    assert found.authentic and found.payment is not None and found.payment.status == status


def test_what_a_confirmation_tells_of_the_payment() -> None:
    told = judged(sample("confirmacion_aprobada_efecty.txt")).payment
    assert told is not None
    assert (f"{told.fee:.2f}", told.channel, str(told.paid_at)) == ("4210.00", "efecty", "2026-11-09")
    assert told.payer == {"email": "ana@example.org", "code": "company:7"} and not told.live
    declined = judged(sample("confirmacion_rechazada_tarjeta.txt")).payment
    assert declined is not None and declined.reason == "INSUFFICIENT_FUNDS"


def test_two_attempts_of_one_reference_are_two_events() -> None:
    events = {judged(sample(name)).event_id for name in ("confirmacion_rechazada_tarjeta.txt",
                                                         "confirmacion_aprobada_efecty.txt")}
    again = judged(changed("confirmacion_aprobada_efecty.txt", attempts="2")).event_id
    assert len(events) == 2 and again in events


def test_an_amount_of_zero_is_no_payment() -> None:
    found = judged(changed("confirmacion_aprobada_efecty.txt", anew=True, value="0.00"))
    assert found.authentic and found.payment is not None and found.payment.status == "unknown"


def test_the_payers_way_back_is_judged_by_its_own_rule_and_books_nothing() -> None:
    query = dict(parse_qsl(urlsplit(sample("respuesta_get.txt").removeprefix("GET ")).query, keep_blank_values=True))
    webhook, access = PayUWebhook(), Access("payu", ACCOUNT, TESTING)
    found = webhook.notice(access, Incoming("GET", query, {}, ""))
    assert (found.authentic, found.action, found.payment_id) == (True, "read", EFECTY)
    assert found.payment is not None and found.payment.status == "pending"
    assert found.event_id != judged(sample("confirmacion_aprobada_efecty.txt")).event_id
    for name, value in (("transactionState", "4"), ("TX_VALUE", "1.00"), ("referenceCode", "ABN-9"),
                        ("signature", "")):
        assert not webhook.notice(access, Incoming("GET", {**query, name: value}, {}, "")).authentic


def test_nothing_that_is_sent_makes_it_fail() -> None:
    chance = random.Random(7)
    text = "=&%\ud800é\0{}[]+4merchant_id"
    for _round in range(500):
        junk = "".join(chance.choice(text) for _sign in range(chance.randrange(60)))
        assert not judged(junk).authentic
        assert not PayUWebhook().notice(Access("payu", ACCOUNT), Incoming("GET", {junk: junk}, {}, "")).authentic
    assert not judged("a=1&" * 100_000).authentic


def test_the_command_judges_a_request(tmp_path: Path) -> None:
    file = tmp_path / "REQUEST.json"
    request = {"method": "POST", "query": {}, "headers": {"Content-Type": "application/x-www-form-urlencoded"},
               "body": sample("confirmacion_aprobada_efecty.txt"), "credentials": {**ACCOUNT, "test": True}}
    file.write_text(json.dumps(request))
    done = CliRunner().invoke(cli, ["notice", "payu", str(file), "--json"], standalone_mode=False)
    told = json.loads(done.stdout)
    assert done.return_value == 0 and {name: told[name] for name in ("authentic", "event_id", "payment_id", "action")} \
        == {"authentic": True, "event_id": f"{EFECTY}:4", "payment_id": EFECTY, "action": "read"}
    assert (told["payment"]["external_id"], told["payment"]["amount"], told["payment"]["fee"]) == (
        EFECTY, "89900.00", "4210.00")
    file.write_text(json.dumps({**request, "credentials": {**ACCOUNT, "test": False}}))
    done = CliRunner().invoke(cli, ["notice", "payu", str(file), "--json"], standalone_mode=False)
    assert done.return_value == 1 and json.loads(done.stdout)["reason"] == "test_notice"
