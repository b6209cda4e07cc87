"""Codes, sessions, purchases and notices of CardNET (reference 8)."""

from __future__ import annotations

import datetime as dt
import json
import random
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from modules.gateways.access import Access
from modules.gateways.cli import cli
from modules.gateways.providers.cardnet import mapping, words
from modules.gateways.providers.cardnet.webhook import CardNETWebhook
from modules.gateways.shapes import Incoming, Notice, Opened, Reading
from tests.modules.gateways.shop import NOW

SAMPLES = Path(__file__).parent / "samples"
SESSION = "sess-5b1d2c3e-0000-4000-8000-000000000001"
OPENED = Opened(SESSION, secret="k", data={"order": "1045-202611", "transaction": "160088", "amount": "1500.00",
                                          "currency": "DOP", "opened": NOW.isoformat()})
ACCESS = Access("cardnet", {"private_key": "llave"}, zone="America/Santo_Domingo")
UNKNOWN = ["19", "20", "21", "25", "26", "28", "68", "85", "90", "91", "92", "94", "95", "96", "97"]
CONFIGURATION = ["03", "06", "13", "24", "27", "30", "40", "58", "60", "66", "77", "89"]


def sample(name: str) -> Any:
    return json.loads((SAMPLES / name).read_text())


def read(found: Any, hours: int = 0) -> Reading:
    return mapping.reading(ACCESS, OPENED, "ABN-1", found, NOW + dt.timedelta(hours=hours))


def test_every_code_of_the_manual_has_its_class() -> None:
    classes: dict[str, set[str]] = {}
    for code in words.codes().values():
        classes.setdefault(code.kind, set()).add(code.code)
    assert classes["approved"] == {"00"} and classes["pending"] == {"09"}
    assert classes["mismatch"] == {"10", "11", "16", "32"} and classes["unknown"] == set(UNKNOWN)
    assert classes["configuration"] == set(CONFIGURATION) and "TF" in classes["declined"]
    assert len(words.codes()) == 76 and words.of("16").sentence == "Aprobada, actualizar pista 3"


@pytest.mark.parametrize(("code", "status"), [
    ("00", "approved"), ("09", "pending"), ("51", "rejected"), ("TF", "rejected"), ("10", "mismatch"),
    *((code, "unknown") for code in UNKNOWN), *((code, "error") for code in CONFIGURATION), ("ZZ", "unknown"),
    ("", "unknown"), ("0", "unknown"), ("000", "unknown"),
])
def test_only_00_is_money(code: str, status: str) -> None:
    found = read({**sample("status_aprobada.json"), "ResponseCode": code})
    assert found.status == status and (found.remarks == ("misconfigured",)) == (status == "error")


def test_the_samples() -> None:
    paid = read(sample("status_aprobada.json"))
    assert (paid.external_id, paid.status, f"{paid.amount:.2f}", paid.currency) == (
        SESSION, "approved", "1500.00", "DOP")
    assert paid.reference.attempt == "ABN-1" and "TxToken" not in paid.raw
    assert (read(sample("status_rechazada.json")).status, read(sample("status_3ds_fallida.json")).status) == (
        "rejected", "rejected")
    assert read(sample("status_rechazada.json")).reason == "51 Fondos insuficientes"


@pytest.mark.parametrize(("changes", "reason"), [
    ({"OrdenID": "OTRA"}, "OrdenID OTRA"), ({"TransactionID": "999999"}, "TransactionID 999999"),
    ({"Amount": "000000150100"}, "Amount 000000150100"), ({"Amount": "1,500.00"}, "Amount 1,500.00"),
    ({"Amount": 150000}, ""), ({"Amount": "150000"}, ""), ({"OrdenID": ""}, ""), ({"TransactionID": None}, ""),
])
def test_what_contradicts_what_was_asked_is_never_booked(changes: dict[str, Any], reason: str) -> None:
    found = read({**sample("status_aprobada.json"), **changes})
    assert (found.status, found.reason) == ("mismatch" if reason else "approved", reason)


@pytest.mark.parametrize(("hours", "status"), [(0, "pending"), (23, "pending"), (25, "expired")])
def test_a_session_that_nobody_ended_is_over_after_a_day(hours: int, status: str) -> None:
    assert read(None, hours).status == status


def judged(body: str, access: Access = ACCESS, path: str = "", **headers: str) -> Notice:
    return CardNETWebhook().notice(access, Incoming("POST", {}, headers, body, path))


HERE = Access("cardnet", {}, notice_url="https://isp.example.org/gateways/abc/notice")


@pytest.mark.parametrize(("access", "path", "reason", "status"), [
    (ACCESS, "", "unsigned", 200), (HERE, "/gateways/abc/back", "ok", 200), (HERE, "/gateways/abc/notice", "ok", 200),
    (HERE, "/gateways/abd/back", "wrong_token", 401)])
def test_the_payers_way_back_is_a_hint_to_read_the_session(access: Access, path: str, reason: str, status: int) -> None:
    found = judged((SAMPLES / "return_post.txt").read_text().strip(), access, path)
    assert (found.authentic, found.reason, found.payment_id, found.action) == (reason == "ok", reason, SESSION, "read")
    assert found.payment is None and CardNETWebhook().answer(found)[0] == status


@pytest.mark.parametrize(("header", "reason"), [
    ("Basic llave", "ok"), ("", "missing_signature"), ("Basic otra", "signature_mismatch"),
    ("Bearer llave", "signature_mismatch"), ("llave", "signature_mismatch"), ("Basic ", "signature_mismatch")])
def test_a_notification_of_the_token_service_carries_the_private_key(header: str, reason: str) -> None:
    found = judged((SAMPLES / "notification.json").read_text(), **({"authorization": header} if header else {}))
    assert (found.authentic, found.reason, found.event_id) == (reason == "ok", reason, "notification:5001")
    assert (found.payment_id, found.action) == ("purchase/88001", "read"), "by its number, never by the host it names"
    assert CardNETWebhook().answer(found)[0] == (200 if reason == "ok" else 401)


def test_nothing_is_authentic_without_a_key() -> None:
    body = (SAMPLES / "notification.json").read_text()
    assert judged(body, Access("cardnet", {}), authorization="Basic ").reason == "signature_mismatch"


def test_the_sample_purchase() -> None:
    (found,) = mapping.purchase(ACCESS, sample("purchase_response.json")["Response"])
    assert (found.external_id, found.status, f"{found.amount:.2f}", found.currency, str(found.paid_at)) == (
        "purchase-88001", "approved", "1500.00", "DOP", "2026-11-09")
    assert found.reference.invoice == "1045-202611"


@pytest.mark.parametrize(("changes", "status"), [
    ({"Transaction": {"TransactionStatusId": 4, "Steps": [{"ResponseCode": "51"}]}}, "rejected"),
    ({"Transaction": {"TransactionStatusId": 2}}, "pending"), ({"Transaction": {"TransactionStatusId": 3}}, "pending"),
    ({"Transaction": {"TransactionStatusId": 9}}, "unknown"), ({"Transaction": None}, "unknown"),
    ({"Amount": "150000"}, "unknown"), ({"Amount": 0}, "unknown"), ({"Currency": "EUR"}, "unknown")])
def test_what_a_purchase_means(changes: dict[str, Any], status: str) -> None:
    (found,) = mapping.purchase(ACCESS, {**sample("purchase_response.json")["Response"], **changes})
    assert found.status == status


def test_nothing_that_is_sent_makes_it_fail() -> None:
    chance, text = random.Random(3), '{}[]":,=&%\ud800é\0SESSION'
    for _round in range(500):
        assert judged("".join(chance.choice(text) for _sign in range(chance.randrange(50)))).payment is None
    for junk in ({"ResourceType": 1, "ResourceObject": []},
                 {"NotificationId": [], "ResourceObject": {"PurchaseId": {}}}):
        assert judged(json.dumps(junk), authorization="Basic llave").action == "ignore"


def test_the_command_judges_a_request(tmp_path: Path) -> None:
    file = tmp_path / "REQUEST.json"
    file.write_text(json.dumps({
        "method": "POST", "headers": {"Authorization": "Basic llave"}, "query": {},
        "body": (SAMPLES / "notification.json").read_text(), "credentials": {"private_key": "llave"}}))
    done = CliRunner().invoke(cli, ["notice", "cardnet", str(file), "--json"], standalone_mode=False)
    told = json.loads(done.stdout)
    assert done.return_value == 0 and (told["authentic"], told["payment"]["amount"]) == (True, "1500.00")
