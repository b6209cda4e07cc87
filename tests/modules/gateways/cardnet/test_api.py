"""Sessions of CardNET: what opens them, what the service refuses, how calls can end (reference 8.1)."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from core.errors import Rejected, Unavailable
from modules.gateways.access import PRODUCTION, TESTING, Access
from modules.gateways.providers.cardnet import about, asking
from modules.gateways.providers.cardnet.checkout import CardNETCheckout, CardNETPoll
from modules.gateways.providers.cardnet.client import CardNET, address_of
from modules.gateways.shapes import Opened
from tests.modules.gateways.shop import NOW, Site

SAMPLES = Path(__file__).parent / "samples"
Make = Callable[..., Any]
checkout, poll = CardNETCheckout(), CardNETPoll()


@pytest.mark.parametrize(("amount", "currency", "method", "words"), [
    ("1500", "DOP", "link", ""), ("1500.55", "DOP", "link", ""), ("1500", "USD", "link", "DOP"),
    ("10000000000", "DOP", "link", "twelve"), ("1500", "DOP", "cash", "opens no")])
def test_which_debts_can_be_collected(access: Make, debt: Make, amount: str, currency: str, method: str,
                                      words: str) -> None:
    found = checkout.problem(access(), debt(amount, currency), method)
    assert words in found and bool(words) == bool(found)


def test_a_session_says_what_the_manual_wants(access: Make, debt: Make, attempt: Make) -> None:
    body = asking.session(access(), debt("1500.00", extra={"tax": "228.81"}), attempt())
    like = json.loads((SAMPLES / "session_request.json").read_text())
    assert set(body) == set(like)
    for name in ("TransactionType", "CurrencyCode", "AcquiringInstitutionCode", "MerchantType", "MerchantNumber",
                 "MerchantTerminal", "MerchantTerminal_amex", "PageLanguaje", "OrdenId", "TransactionId", "Tax",
                 "Amount"):
        assert body[name] == like[name], name
    # 22 + 13 + 3 + 2; the sample has one blank too many
    assert body["MerchantName"] == "FIBRA DEL ESTE        SANTO DOMINGO   DO"
    assert body["AVS"] == "CALLE NUNEZ 10" and body["3DS_mobilePhone"] == "8090000000"
    plain = asking.session(access(amount_format="plain"), debt("1500.00"), attempt())
    assert (plain["Amount"], plain["Tax"]) == ("150000", "0")


@pytest.mark.parametrize(("number", "expected"), [(1, "000001"), (160_088, "160088"), (1_000_007, "000007")])
def test_the_transaction_has_six_digits(attempt: Make, number: int, expected: str) -> None:
    assert asking.transaction(attempt(number=number)) == expected
    assert len(asking.transaction(attempt(number=0))) == 6
    assert len(asking.order(attempt(reference="ABN1234567890-0123456789"))) == 20


@pytest.mark.parametrize(("values", "words"), [
    ({"TransactionId": "12345"}, "TransactionId"), ({"TransactionId": "1234567"}, "TransactionId"),
    ({"Amount": "1500.00"}, "Amount"), ({"Amount": "0000001500000"}, "Amount"), ({"Amount": "000000000000"}, "Amount"),
    ({"CurrencyCode": "DOP"}, "CurrencyCode"), ({"OrdenId": ""}, "OrdenId"), ({"ReturnUrl": "x"}, "ReturnUrl"),
    ({"PageLanguaje": "ES"}, "PageLanguaje"), ({"MerchantName": "A" * 41}, "MerchantName")])
def test_the_service_refuses_what_it_cannot_read(access: Make, debt: Make, attempt: Make, values: dict[str, str],
                                                 words: str) -> None:
    with pytest.raises(Rejected, match=words):
        CardNET(access()).open_session({**asking.session(access(), debt(), attempt()), **values})


def test_the_sample_session_is_opened(site: Site) -> None:
    body = json.loads((SAMPLES / "session_request.json").read_text())
    body["MerchantName"] = body["MerchantName"].replace("  SANTO", " SANTO")
    made = requests.post(f"{site.address}/sessions", json=body, timeout=20).json()
    assert set(made) == {"SESSION", "session-key"}
    assert requests.get(f"{site.address}/authorize", timeout=20).status_code == 405, "only by a form"
    waiting = requests.get(f"{site.address}/sessions/{made['SESSION']}", {"sk": made["session-key"]}, timeout=20)
    assert (waiting.status_code, waiting.json()) == (404, json.loads(
        (SAMPLES / "status_404_pendiente.json").read_text()))
    site.post("pay", session=made["SESSION"])
    done = requests.get(f"{site.address}/sessions/{made['SESSION']}", {"sk": made["session-key"]}, timeout=20).json()
    assert set(done) == set(json.loads((SAMPLES / "status_aprobada.json").read_text()))


def test_a_wrong_key_or_a_session_of_nobody_tells_nothing(access: Make, debt: Make, attempt: Make) -> None:
    opened = checkout.open(access(), debt(), attempt())
    for session, key in ((opened.provider_ref, "k-wrong"), ("sess-none", opened.secret)):
        with pytest.raises(Unavailable):
            CardNET(access()).session(session, key)
    with pytest.raises(Rejected, match="opened from here"):
        poll.read(access(), payment_id="sess-none")
    with pytest.raises(Unavailable, match="nothing under"):
        CardNET(access()).session("../sessions", "k")
    assert opened.secret not in json.dumps(opened.form) and opened.form == {"SESSION": opened.provider_ref}


@pytest.mark.parametrize(("settings", "code", "status"), [
    ({}, "00", "approved"), ({}, "51", "rejected"), ({"merchant_terminal": "1"}, "00", "error"),
    ({"merchant_number": "1"}, "00", "error")])
def test_a_wrong_merchant_shows_only_in_the_result(site: Site, access: Make, debt: Make, attempt: Make,
                                                   settings: dict[str, str], code: str, status: str) -> None:
    assert "sessions" in about.test(access(**settings))
    opened = checkout.open(access(**settings), debt(), attempt())
    site.post("pay", session=opened.provider_ref, code=code)
    (found,) = poll.read(access(), reference="1045-202611", opened=opened)
    assert found.status == status


@pytest.mark.parametrize("fault", ["refuse_connection", "timeout_before", "error_500", "lost_answer", "garbage"])
def test_whatever_came_of_it_another_session_may_be_opened(site: Site, access: Make, debt: Make, attempt: Make,
                                                           fault: str) -> None:
    site.fault(fault, seed=3)
    with pytest.raises(Unavailable):
        checkout.open(access(), debt(), attempt())
    assert checkout.find(access(), attempt()) is None and checkout.open(access(), debt(), attempt()).provider_ref


@pytest.mark.parametrize(("environment", "settings", "host"), [
    (PRODUCTION, {}, "https://ecommerce.cardnet.com.do"), (TESTING, {}, "https://labservicios.cardnet.com.do"),
    (TESTING, {"host": "https://lab.cardnet.com.do/"}, "https://lab.cardnet.com.do")])
def test_where_it_is(environment: str, settings: dict[str, str], host: str) -> None:
    assert address_of(Access("cardnet", settings, environment)) == host


def test_a_purchase_is_read_by_its_number_with_the_private_key(site: Site, access: Make) -> None:
    made = site.post("charge", order="1045-202611", amount=150000)
    number = f"purchase/{made['PurchaseId']}"
    (found,) = poll.read(access(private_key="llave-privada-de-prueba"), payment_id=number)
    assert (found.status, f"{found.amount:.2f}") == ("approved", "1500.00")
    assert poll.read(access(private_key="llave-privada-de-prueba"), payment_id="purchase/1") == []
    with pytest.raises(Rejected):
        poll.read(access(private_key="otra"), payment_id=number)


def test_the_day_ends_at_19_hours(site: Site, access: Make, debt: Make, attempt: Make) -> None:
    opened = checkout.open(access(), debt(), attempt())
    site.post("config", now=NOW.replace(hour=23, minute=30).isoformat())  # 19:30 there
    site.post("pay", session=opened.provider_ref)
    rows = {day: len(requests.get(f"{site.address}/close/2026-11-{day}.csv", timeout=20).text.splitlines())
            for day in ("09", "10")}
    assert rows == {"09": 1, "10": 2} and isinstance(opened, Opened)
