"""Links of ComboPay: what opens them, both ways to be let in, what is refused, how calls can end (reference 5)."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from core.errors import Rejected, Unavailable
from modules.gateways.access import PRODUCTION, TESTING, Access
from modules.gateways.errors import BadSetting
from modules.gateways.providers.combopay import about
from modules.gateways.providers.combopay.checkout import ComboPayCheckout, ComboPayPoll
from modules.gateways.providers.combopay.client import ComboPay
from modules.gateways.shapes import Payer
from tests.modules.gateways.shop import Site

SAMPLES = Path(__file__).parent / "samples"
OAUTH = {"token": "", "username": "isp", "password": "clave", "client_id": "7", "client_secret": "secreto"}
Make = Callable[..., Any]
checkout, poll = ComboPayCheckout(), ComboPayPoll()


@pytest.mark.parametrize(("amount", "currency", "method", "words"), [
    ("89900", "COP", "link", ""), ("89900.50", "COP", "link", "whole pesos"), ("89900", "USD", "link", "COP"),
    ("0", "COP", "link", "zero"), ("89900", "COP", "oxxo", "opens no")])
def test_which_debts_can_be_collected(access: Make, debt: Make, amount: str, currency: str, method: str,
                                      words: str) -> None:
    found = checkout.problem(access(), debt(amount, currency), method)
    assert words in found and bool(words) == bool(found)


@pytest.mark.parametrize("name", ["payment_link", "payment_url", "url", "checkout_url", "data.payment_link"])
def test_the_link_is_found_under_any_of_its_names(site: Site, access: Make, debt: Make, attempt: Make,
                                                  name: str) -> None:
    site.post("config", link_name=name)
    opened = checkout.open(access(), debt(), attempt())
    assert opened.url.startswith(f"{site.address}/payment-link/isp-de-prueba/{opened.provider_ref}_")
    assert opened.data == {"value": "89900"}


def test_asked_for_again_the_link_is_changed_not_doubled(site: Site, access: Make, debt: Make, attempt: Make) -> None:
    first = checkout.open(access(), debt("89900"), attempt())
    again = checkout.open(access(), debt("95000"), attempt())
    assert first.provider_ref == again.provider_ref
    assert [one["value"] for one in site.state()["links"]] == [95000]


def test_a_link_that_is_paid_is_not_opened_again(site: Site, access: Make, debt: Make, attempt: Make) -> None:
    opened = checkout.open(access(), debt(), attempt())
    site.post("pay", id=opened.provider_ref)
    with pytest.raises(Rejected, match="ya fue pagada"):
        checkout.open(access(), debt(), attempt())


@pytest.mark.parametrize(("payer", "settings", "words"), [
    (Payer("Ana", "ana@example.org", "", "CC", ""), {}, "document"),
    (Payer("Ana", "ana@example.org", "", "DNI", "1"), {}, "document"),
    (Payer("Ana", "", "", "CC", "1020304050"), {}, "e-mail"),
    (Payer("Ana", "ana", "", "CC", "1020304050"), {}, "El campo email"),
    (Payer("Ana", "", "", "CC", "1020304050"), {"payer_email": "cobros@isp.example.org"}, "")])
def test_a_payer_without_document_or_mail_is_refused_with_what_to_mend(
        access: Make, debt: Make, attempt: Make, payer: Payer, settings: dict[str, str], words: str) -> None:
    if not words:
        assert checkout.open(access(**settings), debt(), attempt(payer=payer)).url
        return
    with pytest.raises(Rejected, match=words):
        checkout.open(access(**settings), debt(), attempt(payer=payer))


def test_an_error_may_come_with_http_200(site: Site, access: Make, debt: Make, attempt: Make) -> None:
    site.fault("error_200")
    with pytest.raises(Rejected, match="no tiene habilitado"):
        checkout.open(access(), debt(), attempt())


def test_older_accounts_ask_for_a_token_once_and_again_when_it_ends(site: Site, access: Make, debt: Make,
                                                                    attempt: Make) -> None:
    checkout.open(access(**OAUTH), debt(), attempt())
    checkout.open(access(**OAUTH), debt(), attempt())
    assert site.state()["calls"]["/api/oauth/token"] == 1
    site.fault("expired_token")
    checkout.open(access(**OAUTH), debt(), attempt())
    assert site.state()["calls"]["/api/oauth/token"] == 2


@pytest.mark.parametrize(("settings", "error"), [
    ({"token": "another"}, Rejected), ({**OAUTH, "password": "x"}, Rejected), ({**OAUTH, "client_id": ""}, BadSetting)])
def test_wrong_keys_are_told(access: Make, settings: dict[str, str], error: type[Exception]) -> None:
    assert "2" in about.test(access()) and "2" in about.test(access(**OAUTH))
    with pytest.raises(error):
        about.test(access(**settings))


def test_the_sample_request_is_taken_and_the_wrong_one_refused_by_field(site: Site) -> None:
    body = json.loads((SAMPLES / "crear_request.json").read_text())
    headers = {"Authorization": f"Bearer {about.REHEARSAL['token']}"}
    address = f"{site.address}/api/invoice-company-customer"
    made = requests.post(address, json=body, headers=headers, timeout=20).json()
    assert set(made) == set(json.loads((SAMPLES / "crear_response.json").read_text()))
    wrong = requests.post(address, json={**body, "document_type": "DNI", "email": "ana"}, headers=headers, timeout=20)
    assert (wrong.status_code, wrong.json()) == (422, json.loads((SAMPLES / "crear_error_422.json").read_text()))
    form = requests.post(address, data={**body, "invoice": "ABN-2"}, headers=headers, timeout=20)
    assert form.json()["invoice"] == "ABN-2", "older integrations post forms"
    status = requests.get(f"{site.address}/api/invoice/{made['id']}/status", headers=headers, timeout=20).json()
    assert status == json.loads((SAMPLES / "estado_sin_transaccion.json").read_text())
    site.post("pay", id=str(made["id"]))
    status = requests.get(f"{site.address}/api/invoice-company/{made['id']}/status", headers=headers, timeout=20).json()
    assert set(status) == set(json.loads((SAMPLES / "estado_aprobado.json").read_text()))


@pytest.mark.parametrize("values", [{"value": "0"}, {"value": "89900.5"}, {"value": ""}, {"invoice": ""},
                                    {"typePaymentMethod": "card"}, {"url_data_return": "isp.example.org"},
                                    {"start_billing_period": "2026-02-30"}, {"name": " "}])
def test_the_simulator_refuses_what_a_link_lacks(site: Site, values: dict[str, str]) -> None:
    body = {**json.loads((SAMPLES / "crear_request.json").read_text()), **values}
    answer = requests.post(f"{site.address}/api/invoice-company-customer", json=body, timeout=20,
                           headers={"Authorization": f"Bearer {about.REHEARSAL['token']}"})
    assert answer.status_code == 422 and list(answer.json()["errors"]) == list(values)


@pytest.mark.parametrize("fault", ["refuse_connection", "timeout_before", "error_500", "lost_answer"])
def test_whatever_came_of_it_a_link_may_be_asked_for_again(site: Site, access: Make, debt: Make, attempt: Make,
                                                           fault: str) -> None:
    site.fault(fault)
    with pytest.raises(Unavailable):
        checkout.open(access(), debt(), attempt())
    checkout.open(access(), debt(), attempt())
    assert len(site.state()["links"]) == 1


def test_a_number_that_is_none_reaches_no_other_path(access: Make) -> None:
    with pytest.raises(Rejected):
        ComboPay(access()).status("../oauth/token")
    with pytest.raises(Rejected, match="no debt"):
        poll.read(access(), payment_id="7700123", reference="ABN-9")
    assert poll.since(access(), "") == ([], "", False)


@pytest.mark.parametrize(("environment", "settings", "host"), [
    (PRODUCTION, {}, "https://api-gateway.combopay.co"), (TESTING, {}, "https://sandbox.combopay.co"),
    (PRODUCTION, {"host": "https://api.combopay.co/"}, "https://api.combopay.co")])
def test_where_it_is(environment: str, settings: dict[str, str], host: str) -> None:
    assert ComboPay(Access("combopay", settings, environment))._address == host
    check = {one.name: one.check for one in about.PROVIDER.settings}["host"]
    assert check is not None and check("https://api.combopay.co") == "" and check("https://evil.example.org") != ""
