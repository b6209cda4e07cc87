"""What is asked of PayU, and what it refuses: forms, receipts, keys, outcomes of calls (reference 1.2, 1.6 to 1.8)."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests

from core.errors import DomainError, Rejected, Unavailable, Unknown
from modules.gateways.access import PRODUCTION, TESTING, Access
from modules.gateways.errors import BadSetting
from modules.gateways.providers.payu import about
from modules.gateways.providers.payu.about import PROVIDER, PUBLIC_ACCOUNT
from modules.gateways.providers.payu.checkout import PayUCheckout
from modules.gateways.providers.payu.poll import PayUPoll
from modules.gateways.providers.payu.refund import PayURefund
from modules.gateways.shapes import Payer
from tests.modules.gateways.shop import NOW, Site

SAMPLES = Path(__file__).parent / "samples"
Make = Callable[..., Any]
checkout = PayUCheckout()


@pytest.mark.parametrize(("amount", "currency", "method", "problem"), [
    ("89900", "COP", "link", ""), ("89900.26", "COP", "link", ""), ("89900", "USD", "link", "COP"),
    ("89900.001", "COP", "link", "cents"), ("0", "COP", "link", "zero"), ("123456789.01", "COP", "link", "ten"),
    ("19999", "COP", "efecty", "at least"), ("20000", "COP", "efecty", ""), ("6000001", "COP", "efecty", "at most"),
    ("999", "COP", "sured", "at least"), ("4000001", "COP", "sured", "at most"), ("999", "COP", "bank", ""),
    ("89900", "COP", "oxxo", "opens no"),
])
def test_which_debts_can_be_collected(access: Make, debt: Make, amount: str, currency: str, method: str,
                                      problem: str) -> None:
    found = checkout.problem(access(), debt(amount, currency), method)
    assert problem in found and bool(problem) == bool(found)


def test_the_form_says_the_amount_as_it_is_signed(access: Make, debt: Make, attempt: Make) -> None:
    opened = checkout.open(access(), debt("89900.50"), attempt(reference="ABN-1"))
    form = opened.form
    assert (form["amount"], form["currency"], form["test"], form["algorithmSignature"]) == (
        "89900.5", "COP", "1", "SHA256")
    assert (form["tax"], form["taxReturnBase"]) == ("0", "0")
    assert form["expirationDate"] == "2026-11-14 10:00:00", "Colombia's clock"
    assert "api_key" not in json.dumps(form) and PUBLIC_ACCOUNT["api_key"] not in json.dumps(form)


@pytest.mark.parametrize(("environment", "host", "flag"), [
    (PRODUCTION, "https://checkout.payulatam.com/ppp-web-gateway-payu/", "0"),
    (TESTING, "https://sandbox.checkout.payulatam.com/ppp-web-gateway-payu/", "1")])
def test_tests_go_to_payus_sandbox(debt: Make, attempt: Make, environment: str, host: str, flag: str) -> None:
    opened = checkout.open(Access("payu", PUBLIC_ACCOUNT, environment), debt(), attempt())
    assert (opened.url, opened.form["test"]) == (host, flag)


def test_an_end_that_is_too_late_is_what_payu_takes(access: Make, debt: Make, attempt: Make) -> None:
    late = attempt(expires_at=NOW + dt.timedelta(days=30))
    assert checkout.open(access(), debt(), late).form["expirationDate"] == "2026-11-16 10:00:00"


@pytest.mark.parametrize(("values", "settings", "words"), [
    ({"payer": Payer("Ana", "")}, {}, "e-mail"), ({"reference": "ABN~1"}, {}, "hyphens"),
    ({"payer": Payer("Ana", "")}, {"payer_email": "cobros@isp.example.org"}, "")])
def test_what_payu_would_not_take_is_refused_before(access: Make, debt: Make, attempt: Make, values: dict[str, Any],
                                                    settings: dict[str, Any], words: str) -> None:
    if not words:
        form = checkout.open(access(**settings), debt(), attempt(**values)).form
        assert form["buyerEmail"] == "cobros@isp.example.org"
        return
    with pytest.raises(Rejected, match=words):
        checkout.open(access(**settings), debt(), attempt(**values))


def _form(access: Access, debt: Any, attempt: Any, **changes: str) -> tuple[str, dict[str, str]]:
    opened = checkout.open(access, debt, attempt)
    return opened.url, {**opened.form, **changes}


def number_of(site: Site) -> int:
    return int(site.state()["orders"][-1]["id"])


@pytest.mark.parametrize(("changes", "words"), [
    ({}, ""), ({"signature": "0" * 64}, "signature"), ({"amount": "89900.00"}, "signature"),
    ({"currency": "USD"}, "signature"), ({"referenceCode": "ABN 1"}, "characters"), ({"merchantId": "1"}, "merchant"),
    ({"accountId": "999999"}, "account"), ({"buyerEmail": ""}, "buyerEmail"), ({"amount": "1.234"}, "1.234"),
    ({"tax": "89900", "taxReturnBase": "1"}, "tax"), ({"algorithmSignature": "MD5"}, "signature"),
    ({"algorithmSignature": "CRC"}, "algorithm"), ({"paymentMethods": "PSE"}, "signature"),
])
def test_the_simulators_page_refuses_what_payus_does(site: Site, access: Make, debt: Make, attempt: Make,
                                                     changes: dict[str, str], words: str) -> None:
    url, form = _form(access(), debt(), attempt(), **changes)
    answer = site.browser(url, form)
    assert (answer.status_code == 200) == (not words) and words in answer.text


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha256"])
def test_every_algorithm_opens_the_page(site: Site, access: Make, debt: Make, attempt: Make, algorithm: str) -> None:
    assert site.browser(*_form(access(algorithm=algorithm), debt(), attempt())).status_code == 200


def test_a_reference_that_is_paid_is_not_shown_again(site: Site, access: Make, debt: Make, attempt: Make) -> None:
    url, form = _form(access(), debt(), attempt(notice_url="http://127.0.0.1:9/x"))
    site.browser(url, form)
    site.browser(url, form)  # a page may be opened again
    site.browser(f"{url}order/{number_of(site)}", {"way": "card"})
    answer = site.browser(url, form)
    assert answer.status_code == 400 and "approved" in answer.text
    assert len(site.state()["orders"]) == 1


def test_the_samples_are_taken_by_the_simulator(site: Site) -> None:
    body = (SAMPLES / "efecty_submit_request.json").read_bytes()
    answer = requests.post(f"{site.address}/payments-api/4.0/service.cgi", body, timeout=20,
                           headers={"Content-Type": "application/json"}).json()
    told, like = answer["transactionResponse"], json.loads((SAMPLES / "efecty_submit_response.json").read_text())
    assert answer["code"] == "SUCCESS" and told["state"] == "PENDING"
    assert set(like["transactionResponse"]["extraParameters"]) == set(told["extraParameters"])
    ask = (SAMPLES / "reports_by_reference_request.json").read_bytes()
    found = requests.post(f"{site.address}/reports-api/4.0/service.cgi", ask, timeout=20,
                          headers={"Content-Type": "application/json"}).json()["result"]["payload"]
    shape = json.loads((SAMPLES / "reports_by_reference_pending.json").read_text())["result"]["payload"]
    assert [sorted(one) for one in found] == [sorted(one) for one in shape]
    form = json.loads((SAMPLES / "webcheckout_form.json").read_text())
    assert site.browser(f"{site.address}/ppp-web-gateway-payu/", form).status_code == 200


@pytest.mark.parametrize(("values", "amount"), [({"signature": "0" * 32}, "89900"), ({"accountId": "1"}, "89900"),
                                                ({"referenceCode": "a b"}, "89900")])
def test_the_service_refuses_orders_as_payu_does(access: Make, debt: Make, attempt: Make,
                                                 values: dict[str, Any], amount: str) -> None:
    from core import clock
    from modules.gateways.providers.payu import asking
    from modules.gateways.providers.payu.client import PayU

    body = asking.receipt(access(), debt(amount), attempt(method="efecty"), clock.now())
    with pytest.raises(Rejected, match="PayU"):
        PayU(access()).submit({**body, "order": {**body["order"], **values}})


def test_a_receipt_says_its_number_link_and_end(site: Site, access: Make, debt: Make, attempt: Make) -> None:
    opened = checkout.open(access(), debt(), attempt(method="efecty"))
    assert opened.coupon.text == opened.provider_ref == str(number_of(site))
    assert opened.expires_at == NOW + dt.timedelta(days=5) and opened.coupon.link.startswith("http")
    again = checkout.find(access(), attempt(method="efecty", reference="ABN-1"))
    assert again is not None and again.coupon == opened.coupon
    assert checkout.find(access(), attempt(method="efecty", reference="ABN-none")) is None


@pytest.mark.parametrize(("fault", "error"), [
    ("refuse_connection", Unknown), ("timeout_before", Unknown), ("error_500", Unknown), ("lost_answer", Unknown),
    ("rate_limit", Unavailable),
])
def test_how_handing_in_can_end(site: Site, access: Make, debt: Make, attempt: Make, fault: str,
                                error: type[Exception]) -> None:
    """Whatever may have come must be asked about before it is handed in again."""
    site.fault(fault)
    with pytest.raises(error):
        checkout.open(access(), debt(), attempt(method="efecty"))


@pytest.mark.parametrize("fault", ["refuse_connection", "timeout_before", "error_500", "lost_answer", "garbage",
                                   "rate_limit"])
def test_a_question_may_always_be_asked_again(site: Site, access: Make, fault: str) -> None:
    site.fault(fault, seed=3)
    with pytest.raises(Unavailable):
        PayUPoll().read(access(), reference="ABN-1")
    assert PayUPoll().read(access(), reference="ABN-1") == []


def test_wrong_keys_are_told(access: Make) -> None:
    assert "PayU" in about.test(access())
    with pytest.raises(Rejected, match="credentials"):
        about.test(access(api_login="another"))
    with pytest.raises(BadSetting):
        about.test(access(merchant_id=""))


def test_an_order_is_read_by_its_number_where_only_that_is_known(access: Make, debt: Make, attempt: Make) -> None:
    opened = checkout.open(access(), debt(), attempt(method="efecty"))
    told = PayUPoll().read(access(), opened=opened)
    assert [one.status for one in told] == ["pending"] and PayUPoll().read(access(), payment_id="x") == []
    assert PayUPoll().since(access(), "here") == ([], "here", False)


@pytest.mark.parametrize(("way", "minutes", "words"), [
    ("card", 60, ""), ("card", 5, "cannot be refunded"), ("EFECTY", 60, "does not support")])
def test_which_payments_payu_gives_back(site: Site, access: Make, debt: Make, attempt: Make, way: str, minutes: int,
                                        words: str) -> None:
    url, form = _form(access(), debt(), attempt(reference="ABN-7"))
    site.browser(url, form)
    site.browser(f"{url}order/{number_of(site)}", {"way": way})
    if way == "EFECTY":
        site.post("pay", transaction=site.state()["orders"][0]["transactions"][0]["id"])
    site.post("config", now=(NOW + dt.timedelta(minutes=minutes)).isoformat())
    paid = next(one for one in PayUPoll().read(access(), reference="ABN-7") if one.status == "approved")
    if words:
        with pytest.raises(Rejected, match=words):
            PayURefund().refund(access(), paid.external_id, paid.amount, True, "k", paid.raw)
        return
    told = PayURefund().refund(access(), paid.external_id, paid.amount, True, "k", paid.raw)
    assert (told.status, told.reverses, told.amount) == ("pending", paid.external_id, Decimal("89900.00"))
    with pytest.raises(DomainError, match="panel"):
        PayURefund().refund(access(), paid.external_id, Decimal(500), False, "k", paid.raw)
    with pytest.raises(Rejected):
        PayURefund().refund(access(), paid.external_id, paid.amount, True, "k", {})


def test_settings_that_cannot_be_are_refused() -> None:
    checks = {one.name: one.check for one in PROVIDER.settings if one.check}
    assert checks["account_id"]("512321") == "" and checks["account_id"]("5123211") != ""
    assert checks["merchant_id"]("508029") == "" and checks["merchant_id"]("abc") != ""
    assert checks["payer_email"]("x@example.org") == "" and checks["payer_email"]("x") != ""


def test_what_payu_said_of_a_refused_receipt_is_told_in_words(monkeypatch: pytest.MonkeyPatch, access: Make,
                                                              debt: Make, attempt: Make) -> None:
    from modules.gateways.providers.payu.client import PayU

    monkeypatch.setattr(PayU, "submit", lambda self, body: {"state": "DECLINED", "responseCode": "INVALID_CARD"})
    with pytest.raises(Rejected, match="Tarjeta no válida"):
        checkout.open(access(), debt(), replace(attempt(), method="efecty"))
