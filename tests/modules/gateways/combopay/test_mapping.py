"""States, amounts and notices of ComboPay (reference 5)."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from click.testing import CliRunner

from modules.gateways.access import Access
from modules.gateways.cli import cli
from modules.gateways.providers.combopay import mapping
from modules.gateways.providers.combopay.webhook import ComboPayWebhook
from modules.gateways.shapes import Incoming, Notice, Opened

SAMPLES = Path(__file__).parent / "samples"
ACCESS = Access("combopay", {"notice_token": "s3creto"})
OWN = Access("combopay", {}, notice_url="https://isp.example.org/gateways/abc/notice")
OPENED = Opened("401872", data={"value": "89900"})
REFERENCE = "ABN-1045-202611"


def sample(name: str) -> Any:
    return json.loads((SAMPLES / name).read_text())


def test_the_sample_that_is_paid() -> None:
    told = mapping.reading(ACCESS, OPENED, REFERENCE, sample("estado_aprobado.json"))
    assert (told.external_id, told.status, f"{told.amount:.2f}", told.channel) == (
        "7700123", "approved", "89900.00", "pse")
    assert (told.reference.attempt, told.remarks) == (REFERENCE, ())


@pytest.mark.parametrize(("told", "expected"), [
    (None, ("link-401872", "pending", "89900.00")),
    ({}, ("link-401872", "pending", "89900.00")),
    ({"transaction_state": "payment_fail", "ticket_id": "5"}, ("5", "rejected", "89900.00")),
    ({"transaction_state": "payment_pending", "ticket_id": 5}, ("5", "pending", "89900.00")),
    ({"transaction_state": "payment_refunded_maybe", "ticket_id": "5"}, ("5", "pending", "89900.00")),
    ({"transaction_state": "payment_approved", "ticket_id": "5", "transaction_value": "89900.50"},
     ("5", "approved", "89900.50")),
    ({"transaction_state": "payment_approved", "ticket_id": "5", "transaction_value": 0}, ("5", "unknown", "0.00")),
    ({"transaction_state": "payment_approved", "ticket_id": "5", "invoice_number": "ABN-9"},
     ("5", "mismatch", "89900.00")),
])
def test_what_a_state_means(told: Any, expected: tuple[str, str, str]) -> None:
    found = mapping.reading(ACCESS, OPENED, REFERENCE, told)
    assert (found.external_id, found.status, f"{found.amount:.2f}") == expected


def test_where_only_the_state_is_told_the_amount_is_the_links_and_said_to_be() -> None:
    found = mapping.reading(ACCESS, OPENED, REFERENCE, {"transaction_state": "payment_approved"})
    assert (found.status, found.remarks) == ("approved", ("amount_of_the_link",))


def judged(body: str, path: str = "/pay/combopay/notice/s3creto", access: Access = ACCESS, **query: str) -> Notice:
    return ComboPayWebhook().notice(access, Incoming("POST", query, {}, body, path))


@pytest.mark.parametrize(("name", "event", "status"), [
    ("aviso_aprobado.json", "7700123:payment_approved", "approved"),
    ("aviso_fallido.json", "7700124:payment_fail", "rejected")])
def test_the_sample_notices_as_json_and_as_forms(name: str, event: str, status: str) -> None:
    for body in (json.dumps(sample(name)), urlencode(sample(name))):
        found = judged(body)
        assert (found.authentic, found.event_id, found.action) == (True, event, "read"), "never booked from"
        assert found.payment is not None and (found.payment.status, found.payment.external_id) == (
            status, event.partition(":")[0])
        assert found.payment.reference.invoice == REFERENCE


@pytest.mark.parametrize(("path", "query", "access", "reason"), [
    ("/notice/s3creto", {}, ACCESS, "ok"), ("/notice/s3creto/", {}, ACCESS, "ok"),
    ("/", {"token": "s3creto"}, ACCESS, "ok"), ("/notice/other", {}, ACCESS, "wrong_token"),
    ("/notice", {}, ACCESS, "wrong_token"), ("", {}, ACCESS, "wrong_token"),
    ("/notice/s3creto", {"token": "x"}, ACCESS, "wrong_token"),
    ("/gateways/abc/notice", {}, OWN, "ok"), ("/gateways/abd/notice", {}, OWN, "wrong_token"),
    ("/gateways/abc/other", {}, OWN, "wrong_token"),
    ("/gateways/abc/notice", {}, Access("combopay", {}), "missing_token"),
])
def test_a_notice_must_come_to_an_address_that_nobody_can_guess(path: str, query: dict[str, str], access: Access,
                                                                reason: str) -> None:
    found = judged(json.dumps(sample("aviso_aprobado.json")), path, access, **query)
    assert (found.reason, found.authentic) == (reason, reason == "ok")
    assert ComboPayWebhook().answer(found)[0] == (200 if reason == "ok" else 401)


def test_nothing_that_is_sent_makes_it_fail_or_asks_for_more_than_reading() -> None:
    chance, text = random.Random(5), '{}[]":,=&%\ud800é\0abc 0'
    for _round in range(500):
        found = judged("".join(chance.choice(text) for _sign in range(chance.randrange(60))))
        assert found.action in ("ignore", "read") and found.event_id
    assert judged("[" * 50_000).action == "ignore" and judged("{" * 50_000).action == "ignore"


def test_the_command_judges_a_request(tmp_path: Path) -> None:
    file = tmp_path / "REQUEST.json"
    file.write_text(json.dumps({"method": "POST", "path": "/notice/s3creto", "headers": {}, "query": {},
                                "body": json.dumps(sample("aviso_aprobado.json")),
                                "credentials": {"token": "t", "notice_token": "s3creto"}}))
    done = CliRunner().invoke(cli, ["notice", "combopay", str(file), "--json"], standalone_mode=False)
    told = json.loads(done.stdout)
    assert done.return_value == 0 and (told["event_id"], told["payment_id"], told["action"]) == (
        "7700123:payment_approved", "7700123", "read")
