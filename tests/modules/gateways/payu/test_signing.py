"""PayU's signatures over the worked examples of its manual, and where the manual is wrong (reference 1.3 to 1.5)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from modules.gateways.access import Access
from modules.gateways.providers.payu import signing

SAMPLES = Path(__file__).parent / "samples"
KEY = {"merchant_id": "508029", "api_key": "4Vj8eK4rloUd272L48hsrarnUA"}


def access(algorithm: str = "md5") -> Access:
    return Access("payu", {**KEY, "algorithm": algorithm})


@pytest.mark.parametrize(("reference", "amount", "algorithm", "expected"), [
    ("TestPayU", "20000", "md5", "7ee7cf808ce6a39b17481c54f2c57acc"),
    ("TestPayU", "20000", "sha1", "fa890d3f94e12b5cdb62e8771453b99b78e7ccdc"),
    ("TestPayU", "20000", "sha256", "af3899a22336b79db46006491d15813158826f944599bf3bf601e2327f898022"),
    ("ABN-2026-000123", "89900", "md5", "4ecdc464503c3bb5973529c8de0fde52"),
    ("ABN-2026-000123", "89900.0", "md5", "0fe2c83afc6e47518e1d58de34621e20"),
    ("ABN-2026-000123", "89900.00", "md5", "e9c8acee94cbd9bc079e27dab1559efa"),
])
def test_a_form_is_signed_over_the_very_text_of_its_amount(reference: str, amount: str, algorithm: str,
                                                           expected: str) -> None:
    assert signing.order(access(algorithm), reference, amount, "COP") == expected


def test_lists_of_ways_to_pay_enter_the_signature_in_their_order() -> None:
    sent = {"pseBanks": "", "paymentMethods": "PSE,EFECTY"}
    assert signing.order(access(), "ABN-1", "89900", "COP", sent) == "d978251af2d483d01102270abb4d6aee"


@pytest.mark.parametrize(("value", "signed"), [
    ("150.00", "150.0"), ("150.20", "150.2"), ("150.26", "150.26"), ("150", "150.0"), ("150.", "150.0"),
    ("150.2", "150.2"), ("0.00", "0.0"), ("0.05", "0.05"), ("89900.00", "89900.0"), ("150.005", "150.005"),
    ("", ""), ("abc", "abc"), ("1e3", "1e3"), ("-1.00", "-1.00"), ("١.00", "١.00"),
])
def test_a_confirmation_keeps_one_decimal_where_the_second_is_zero(value: str, signed: str) -> None:
    assert signing.new_value(value) == signed


@pytest.mark.parametrize(("reference", "value", "state", "expected"), [
    ("TestPayU05", "150.26", "4", "1d95778a651e11a0ab93c2169a519cd6"),
    ("TestPayU04", "150.00", "4", "b607a2c2fa100e0947b206d41864fb86"),
    # the manual prints the hash of state 4 here
    ("TestPayU04", "150.00", "6", "df67936f918887b2aa31688a77a10fe1"),
])
def test_a_confirmation_is_signed_over_what_it_says(reference: str, value: str, state: str, expected: str) -> None:
    form = {"merchant_id": "508029", "reference_sale": reference, "value": value, "currency": "USD",
            "state_pol": state}
    assert signing.confirmation(access(), form) == expected


@pytest.mark.parametrize(("value", "rounded", "expected"), [
    ("150.25", "150.2", "00286dc735bd9eaa8ae3a3a4cbb40688"), ("150.35", "150.4", "9df2bb60e2838170009040982967923f"),
    ("150.34", "150.3", "779f163be9347a691bcdb25064644795"),
])
def test_the_response_page_rounds_half_to_even(value: str, rounded: str, expected: str) -> None:
    query = {"merchantId": "508029", "referenceCode": "TestPayU04", "TX_VALUE": value, "currency": "USD",
             "transactionState": "6"}
    assert signing.one_decimal(value) == rounded
    assert signing.response(access(), query) == expected


def test_the_sample_form_and_the_sample_order_are_signed_as_we_sign() -> None:
    form = json.loads((SAMPLES / "webcheckout_form.json").read_text())
    made = signing.order(access("sha256"), form["referenceCode"], form["amount"], form["currency"], form)
    assert made == form["signature"]
    order = json.loads((SAMPLES / "efecty_submit_request.json").read_text())["transaction"]["order"]
    assert signing.order(access(), order["referenceCode"], "89900", "COP") == order["signature"]


@pytest.mark.parametrize(("found", "good"), [
    ("7ee7cf808ce6a39b17481c54f2c57acc", True), (" 7EE7CF808CE6A39B17481C54F2C57ACC ", True),
    ("7ee7cf808ce6a39b17481c54f2c57acd", False), ("", False), ("\ud800", False),
])
def test_signatures_are_compared_without_looking_at_capitals(found: str, good: bool) -> None:
    assert signing.same("7ee7cf808ce6a39b17481c54f2c57acc", found) is good
