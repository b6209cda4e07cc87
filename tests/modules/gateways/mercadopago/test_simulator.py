"""The simulator refuses what the service refuses, and tells what the service tells."""

from __future__ import annotations

import datetime as dt
import json
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from core import clock
from modules.gateways.access import Access
from modules.gateways.providers.mercadopago.simulator.accounts import default_number, keys_of
from modules.gateways.providers.mercadopago.webhook import MercadoPagoWebhook
from modules.gateways.shapes import Incoming, Notice
from tests.cases import changed
from tests.door import Door, opened
from tests.modules.gateways.mercadopago.conftest import NOW, Site

pytestmark = pytest.mark.once
LINK = {"items": [{"title": "Internet", "quantity": 1, "currency_id": "ARS", "unit_price": 12100.5}],
        "external_reference": "ab-1"}
TICKET = {"transaction_amount": 350, "payment_method_id": "oxxo", "payer": {"email": "ana@example.com"},
          "external_reference": "ab-2"}


class Caller:
    """Calls of an account, without our client."""

    def __init__(self, site: Site, country: str = "MLA") -> None:
        self.site, self.token = site, keys_of(default_number(country))["token"]

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        given = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json",
                 **({"X-Idempotency-Key": str(uuid.uuid4())} if method == "POST" else {}),
                 **{name.replace("_", "-"): value for name, value in headers.items()}}
        data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(self.site.address + path, data, {
            name: value for name, value in given.items() if value}, method=method)
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)


@pytest.fixture
def argentina(site: Site) -> Caller:
    return Caller(site)


@pytest.fixture
def mexico(site: Site) -> Caller:
    return Caller(site, "MLM")


@pytest.mark.parametrize("changes", [
    {"items": []}, {"items": None}, {"items": "x"}, {"items": [3]},
    {"items": [{**LINK["items"][0], "currency_id": "MXN"}]}, {"items": [{**LINK["items"][0], "currency_id": None}]},
    {"items": [{**LINK["items"][0], "unit_price": "12100.5"}]}, {"items": [{**LINK["items"][0], "unit_price": 1.005}]},
    {"items": [{**LINK["items"][0], "unit_price": 0}]}, {"items": [{**LINK["items"][0], "unit_price": True}]},
    {"items": [{**LINK["items"][0], "quantity": 0}]}, {"items": [{**LINK["items"][0], "quantity": 1.5}]},
    {"items": [{**LINK["items"][0], "title": ""}]}, {"items": [{**LINK["items"][0], "title": "x" * 257}]},
    {"external_reference": "x" * 257}, {"external_reference": 7}, {"payer": {"email": "no mail"}},
    {"payer": {"identification": {"type": "RFC", "number": "1"}}}, {"notification_url": "http://isp.example/n"},
    {"notification_url": "isp.example"}, {"auto_return": "approved"}, {"metadata": []}, {"expires": "true"},
    {"auto_return": "sometimes", "back_urls": {"success": "https://isp.example"}},
    {"expires": True, "expiration_date_to": "2026-11-30T23:59:59-03:00"},  # without milliseconds
    {"expires": True, "expiration_date_to": "2026-11-30"}, {"expires": True, "expiration_date_to": 1764000000},
    {"expires": True, "expiration_date_to": "2026-11-09T11:00:00.000-03:00"},  # past
    {"expires": True, "expiration_date_from": "2026-12-02T00:00:00.000-03:00",
     "expiration_date_to": "2026-12-01T00:00:00.000-03:00"},
    {"payment_methods": {"excluded_payment_types": [{"id": "account_money"}]}},
    {"payment_methods": {"excluded_payment_types": [{"id": "cheque"}]}}, {"payment_methods": {"installments": 0}},
    {"payment_methods": {"installments": 37}}, {"payment_methods": {"installments": 3, "default_installments": 6}},
    {"statement_descriptor": "x" * 30},
])
def test_a_link_that_the_service_refuses(argentina: Caller, changes: dict[str, Any]) -> None:
    status, body = argentina("POST", "/checkout/preferences", changed(LINK, changes))
    assert (status, body["status"]) == (400, 400) and body["message"] and set(body) == {
        "message", "error", "status", "cause"}
    assert argentina.site.state()["preferences"] == []


def test_a_link_that_it_takes_is_echoed(argentina: Caller) -> None:
    status, body = argentina("POST", "/checkout/preferences", LINK)
    assert status == 201 and body["items"] == LINK["items"] and body["collector_id"] == default_number("MLA")
    assert body["id"].startswith(f"{body['collector_id']}-") and body["init_point"].endswith(body["id"])
    assert argentina("GET", f"/checkout/preferences/{body['id']}") == (200, body)
    status, changed_to = argentina("PUT", f"/checkout/preferences/{body['id']}", {"external_reference": "ab-9"})
    assert (status, changed_to["external_reference"], changed_to["items"]) == (200, "ab-9", LINK["items"])


@pytest.mark.parametrize(("site_id", "currency", "price", "status"), [
    ("MLC", "CLP", 100, 201), ("MLC", "CLP", 100.5, 400), ("MCO", "COP", 84034, 201), ("MCO", "COP", 84033.61, 400),
    ("MLM", "MXN", 99.99, 201), ("MPE", "PEN", 79.999, 400), ("MLB", "BRL", 10, 201), ("MLU", "ARS", 10, 400),
])
def test_amounts_have_the_decimals_of_their_currency(site: Site, site_id: str, currency: str, price: Any,
                                                     status: int) -> None:
    body = {"items": [{"title": "x", "quantity": 1, "currency_id": currency, "unit_price": price}]}
    assert Caller(site, site_id)("POST", "/checkout/preferences", body)[0] == status


def later(**delta: int) -> str:
    return (NOW + dt.timedelta(**delta)).isoformat(timespec="milliseconds")


@pytest.mark.parametrize(("changes", "code"), [
    ({"transaction_amount": None}, 4037), ({"transaction_amount": "350"}, 4037), ({"transaction_amount": 4.99}, 4037),
    ({"transaction_amount": 10000.01}, 4037), ({"transaction_amount": 35.555}, 4037),
    ({"payment_method_id": "rapipago"}, 4013), ({"payment_method_id": None}, 4013),
    ({"payment_method_id": "visa"}, 3034), ({"payer": {}}, 4050), ({"payer": {"email": "x"}}, 4050),
    ({"payer__identification": {"type": "DNI", "number": "1"}}, 2067),
    ({"payment_method_id": "paycash"}, 4048), ({"notification_url": "http://isp.example"}, 4020),
    ({"date_of_expiration": later(hours=23)}, 4033), ({"date_of_expiration": later(days=31)}, 4033),
    ({"date_of_expiration": "2026-11-12"}, 4024),
])
def test_a_ticket_that_the_service_refuses(mexico: Caller, changes: dict[str, Any], code: int) -> None:
    status, body = mexico("POST", "/v1/payments", changed(TICKET, changes))
    assert (status, body["cause"][0]["code"]) == (400, code) and mexico.site.state()["payments"] == []


def test_a_ticket_that_it_takes(mexico: Caller) -> None:
    status, body = mexico("POST", "/v1/payments", TICKET)
    details = body["transaction_details"]
    assert (status, body["status"], body["status_detail"], body["payment_type_id"]) == (
        201, "pending", "pending_waiting_payment", "ticket")
    assert details["verification_code"].startswith("88") and len(details["verification_code"]) == 24
    assert (details["net_received_amount"], details["total_paid_amount"]) == (0, 350)
    assert body["date_of_expiration"] == "2026-11-12T09:00:00.000-06:00", "three days, with the account's offset"
    assert body["id"] > 2**31


def test_the_idempotency_key_is_mandatory_and_means_one_deed(mexico: Caller) -> None:
    status, body = mexico("POST", "/v1/payments", TICKET, X_Idempotency_Key="")
    assert (status, body["cause"][0]["code"]) == (400, 4292)
    key = str(uuid.uuid4())
    first = mexico("POST", "/v1/payments", TICKET, X_Idempotency_Key=key)
    assert mexico("POST", "/v1/payments", TICKET, X_Idempotency_Key=key) == first
    assert mexico("POST", "/v1/payments", {**TICKET, "transaction_amount": 351}, X_Idempotency_Key=key)[0] == 409
    assert len(mexico.site.state()["payments"]) == 1


@pytest.mark.parametrize("token", ["", "Bearer", "Bearer nothing", "Basic x"])
def test_without_a_good_token_nothing_is_answered(argentina: Caller, token: str) -> None:
    status, body = argentina("GET", "/users/me", Authorization=token)
    assert (status, body["message"]) == (401, "invalid access token")


def test_the_owner_of_a_token(argentina: Caller, mexico: Caller) -> None:
    assert argentina("GET", "/users/me")[1]["site_id"] == "MLA"
    ways = {one["id"]: one for one in mexico("GET", "/v1/payment_methods")[1]}
    assert (ways["oxxo"]["min_allowed_amount"], ways["oxxo"]["max_allowed_amount"],
            ways["oxxo"]["accreditation_time"]) == (5, 10000, 2880)


@pytest.mark.parametrize(("query", "status"), [
    ("limit=101", 400), ("limit=x", 400), ("offset=9999&limit=50", 400), ("range=date_paid", 400),
    ("range=date_created", 400), ("sort=amount", 400), ("range=date_created&begin_date=x&end_date=NOW", 400),
    ("range=date_last_updated&begin_date=NOW-7DAYS&end_date=NOW", 200), ("external_reference=ab-2", 200),
    ("range=date_created&begin_date=2026-11-09T00:00:00.000-03:00&end_date=NOW%2B1HOUR&status=pending", 200),
])
def test_searching(mexico: Caller, query: str, status: int) -> None:
    made = mexico("POST", "/v1/payments", TICKET)[1]
    found = mexico("GET", f"/v1/payments/search?{query}")
    assert found[0] == status
    if status == 200:
        assert [one["id"] for one in found[1]["results"]] == [made["id"]] and found[1]["paging"]["total"] == 1


@pytest.mark.parametrize("path", ["/v1/payments/1", "/merchant_orders/1", "/v1/chargebacks/1", "/nowhere",
                                  "/checkout/preferences/440000001-x", "/v1/account/settlement_report/x.csv"])
def test_what_is_not_there(argentina: Caller, path: str) -> None:
    status, body = argentina("GET", path)
    assert (status, body["error"]) == (404, "not_found")


def test_a_paid_ticket_cannot_be_cancelled(mexico: Caller) -> None:
    number = mexico("POST", "/v1/payments", TICKET)[1]["id"]
    assert mexico("PUT", f"/v1/payments/{number}", {"status": "approved"})[0] == 400
    mexico.site.post("pay", payment_id=number)
    assert mexico("PUT", f"/v1/payments/{number}", {"status": "cancelled"})[0] == 400


def test_fee_tax_on_it_and_withholding(argentina: Caller) -> None:
    link = argentina("POST", "/checkout/preferences", LINK)[1]
    argentina.site.post("config", fee="5", fee_tax="21", withholding={"MLA": "3"})
    paid = argentina.site.post("pay", preference_id=link["id"])
    taken = (paid["fee_details"][0]["amount"], paid["charges_details"][1]["amounts"]["original"])
    assert [str(one) for one in (*taken, paid["transaction_details"]["net_received_amount"])] == [
        "732.09", "363.02", "11005.39"]
    assert paid["money_release_date"].startswith("2026-11-19")


def test_evidence_of_a_chargeback(argentina: Caller) -> None:
    link = argentina("POST", "/checkout/preferences", LINK)[1]
    number = argentina.site.post("pay", preference_id=link["id"])["id"]
    chargeback = argentina.site.post("chargeback", payment_id=number)
    assert argentina("GET", f"/v1/chargebacks/search?payment_id={number}")[1]["results"][0]["id"] == chargeback["id"]

    def send(name: str) -> int:
        part = f'--b\r\nContent-Disposition: form-data; name="files[]"; filename="{name}"\r\n\r\nx\r\n--b--\r\n'
        return argentina("POST", f"/v1/chargebacks/{chargeback['id']}/documentation", part.encode(),
                         Content_Type="multipart/form-data; boundary=b")[0]

    assert (send("contrato.pdf"), send("contrato.exe")) == (200, 400)


# --- notices ---------------------------------------------------------------------------------------------


@pytest.fixture
def door() -> Iterator[Door]:
    with opened() as made:
        made.url += "?source_news=webhooks"
        yield made


def came(door: Door) -> list[Incoming]:
    """What came, as our own address gets it."""
    return [Incoming("POST", dict(parse_qsl(urlsplit(one.path).query)), one.headers, one.body.decode())
            for one in door.requests]


@pytest.fixture
def pay(argentina: Caller, door: Door) -> Callable[[], str]:
    """Pay a link whose notices come to the door."""
    def paid() -> str:
        link = argentina("POST", "/checkout/preferences", {**LINK, "notification_url": door.url})[1]
        return str(argentina.site.post("pay", preference_id=link["id"])["id"])

    return paid


def judged(door: Door) -> list[Notice]:
    """What our webhook says of all that came."""
    access = Access("mercadopago", {"webhook_secret": keys_of(default_number("MLA"))["secret"]})
    return [MercadoPagoWebhook().notice(access, one) for one in came(door)]


def test_a_notice_is_signed_and_names_the_payment(site: Site, door: Door, pay: Callable[[], str]) -> None:
    number = pay()
    assert site.post("deliver")["delivered"][0]["state"] == "taken"
    one, = judged(door)
    assert (one.authentic, one.reason, one.payment_id, one.action) == (True, "ok", number, "read")
    body = json.loads(came(door)[0].body)
    assert (body["type"], body["action"], body["data"]["id"], body["live_mode"]) == (
        "payment", "payment.created", number, True)


def test_a_notice_that_is_not_taken_comes_again_the_same(site: Site, door: Door, pay: Callable[[], str]) -> None:
    door.answers = [500, 404, 200]
    pay()
    for _round in range(4):
        site.post("deliver")
    assert len(door.requests) == 3 and len({one.event_id for one in judged(door)}) == 1
    assert site.state()["notices"][0]["tries"] == 3


@pytest.mark.parametrize(("fault", "reasons", "events"), [
    ("duplicate_notice", ["ok", "ok"], 1), ("lost_notice", [], 0), ("forged_notice", ["signature_mismatch"], 1),
    ("unsigned_ipn", ["unsigned_ipn"], 1), ("late_notice", ["ok"], 1),
])
def test_what_can_go_wrong_with_a_notice(site: Site, door: Door, pay: Callable[[], str], fault: str,
                                         reasons: list[str], events: int) -> None:
    site.fault(fault)
    number = pay()
    site.post("deliver")
    found = judged(door)
    assert [one.reason for one in found] == reasons and len({one.event_id for one in found}) == events
    assert all(one.payment_id == number for one in found)


def test_a_notice_out_of_order(site: Site, door: Door, pay: Callable[[], str]) -> None:
    site.fault("out_of_order")
    numbers = [pay(), pay()]
    site.post("deliver")
    assert [one.payment_id for one in judged(door)] == numbers[::-1]


def test_without_the_word_in_the_address_the_old_kind_comes_too(site: Site, argentina: Caller, door: Door) -> None:
    link = argentina("POST", "/checkout/preferences", {**LINK, "notification_url": door.url.partition("?")[0]})[1]
    site.post("pay", preference_id=link["id"])
    site.post("deliver")
    assert [one.reason for one in judged(door)] == ["ok", "unsigned_ipn"]


def test_the_panel_s_address_is_used_where_the_link_has_none(site: Site, argentina: Caller, door: Door) -> None:
    site.post("account", id=default_number("MLA"), webhook_url=door.url)
    try:
        link = argentina("POST", "/checkout/preferences", LINK)[1]
        number = site.post("pay", preference_id=link["id"])["id"]
        site.post("chargeback", payment_id=number)
        site.post("deliver")
        assert [(one.reason, one.payment_id.partition("/")[0]) for one in judged(door)] == [
            ("ok", str(number)), ("ok", str(number)), ("ok", "chargebacks")]
    finally:
        site.post("account", id=default_number("MLA"), webhook_url="")


def test_test_keys_send_no_notices_but_the_panel_s_button_does(site: Site, argentina: Caller, door: Door) -> None:
    argentina.token = keys_of(default_number("MLA"))["test_token"]
    link = argentina("POST", "/checkout/preferences", {**LINK, "notification_url": door.url})[1]
    assert site.post("pay", preference_id=link["id"])["live_mode"] is False
    site.post("simulate", user_id=default_number("MLA"), id="123456", url=door.url)
    site.post("deliver")
    assert [(one.reason, one.payment_id) for one in judged(door)] == [("ok", "123456")]


def test_notices_leave_by_themselves(site: Site, door: Door, pay: Callable[[], str]) -> None:
    site.post("config", notices="auto")
    number = pay()
    assert door.came.wait(10) and judged(door)[0].payment_id == number


# --- the page --------------------------------------------------------------------------------------------


def page(site: Site, path: str, **form: str) -> tuple[str, str]:
    """(text, where it leads) of a page, after a button where a form is given."""
    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *args: Any) -> None:
            return None

    data = urlencode(form).encode() if form else None
    try:
        with urllib.request.build_opener(Stay).open(urllib.request.Request(site.address + path, data)) as answer:
            return answer.read().decode(), ""
    except urllib.error.HTTPError as error:
        return error.read().decode(), error.headers.get("Location", "")


def test_the_page_of_a_link_takes_a_card_and_leads_back(site: Site, argentina: Caller) -> None:
    back = {name: f"https://isp.example/{name}" for name in ("success", "pending", "failure")}
    link = argentina("POST", "/checkout/preferences", {**LINK, "back_urls": back, "auto_return": "approved"})[1]
    path = f"/checkout/{link['id']}"
    text, _leads = page(site, path)
    assert "Internet" in text and "<script" not in text
    text, leads = page(site, path, method="visa", holder="FUND", times="1")
    assert leads == "" and "cc_rejected_insufficient_amount" in text
    _text, leads = page(site, path, method="visa", holder="APRO", times="2")
    told = dict(parse_qsl(urlsplit(leads).query))
    assert leads.startswith("https://isp.example/success?") and told["external_reference"] == "ab-1"
    paid = [one["id"] for one in site.state()["payments"] if one["status"] == "approved"]
    assert len(paid) == 2 and told["payment_id"] == told["collection_id"] == str(paid[1])


def test_the_page_of_a_ticket_has_its_digits_and_a_counter(site: Site, argentina: Caller) -> None:
    link = argentina("POST", "/checkout/preferences", LINK)[1]
    text, _leads = page(site, f"/checkout/{link['id']}", method="rapipago")
    ticket = site.state()["payments"][0]
    assert ticket["transaction_details"]["verification_code"] in text
    text, _leads = page(site, f"/ticket/{ticket['id']}", pay="1")
    assert "approved" in text and site.state()["payments"][0]["status"] == "approved"


def test_the_page_of_a_link_that_is_over_says_so(site: Site, argentina: Caller) -> None:
    link = argentina("POST", "/checkout/preferences", {
        **LINK, "expires": True, "expiration_date_to": later(days=1)})[1]
    with clock.freeze(NOW + dt.timedelta(days=2)):
        text, _leads = page(site, f"/checkout/{link['id']}")
        assert "can no longer be paid" in text and "<form" not in text
        text, _leads = page(site, f"/checkout/{link['id']}", method="visa", holder="APRO", times="1")
        assert "can no longer be paid" in text and site.state()["payments"] == []


def test_titles_are_shown_as_text(site: Site, argentina: Caller) -> None:
    item = {**LINK["items"][0], "title": "<script>alert(1)</script>"}
    link = argentina("POST", "/checkout/preferences", {**LINK, "items": [item]})[1]
    assert "<script" not in page(site, f"/checkout/{link['id']}")[0]


def test_what_it_knows_outlives_it(tmp_path: Any) -> None:
    from core.simulators import running

    with running(["mercadopago"], folder=tmp_path) as first:
        number = first.post("mercadopago", "account", {"id": 7, "site_id": "MLU", "nickname": "otra"})["id"]
    with running(["mercadopago"], folder=tmp_path) as second:
        assert number in [one["id"] for one in second.state("mercadopago")["accounts"]]
