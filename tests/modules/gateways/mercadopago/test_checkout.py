"""Links and tickets against the simulator, whatever happens on the way."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from core import clock
from core.errors import Rejected, Unavailable, Unknown
from modules.gateways.access import Access
from modules.gateways.providers.mercadopago.checkout import MercadoPagoCheckout
from modules.gateways.providers.mercadopago.client import AccessRefused
from modules.gateways.providers.mercadopago.poll import MercadoPagoPoll
from modules.gateways.shapes import Payer
from tests.modules.gateways.mercadopago.conftest import NOW, Site

pytestmark = pytest.mark.once
CHECKOUT = MercadoPagoCheckout()
Make = Callable[..., Any]


def preferences(site: Site) -> list[dict[str, Any]]:
    return list(site.state()["preferences"])


def payments(site: Site) -> list[dict[str, Any]]:
    return list(site.state()["payments"])


def test_a_link_is_opened_paid_and_read(site: Site, account: Make, debt: Make, attempt: Make) -> None:
    access, one = account(), attempt()
    opened = CHECKOUT.open(access, debt("ARS", "12100.00"), one)
    assert opened.url == f"{site.address}/checkout/{opened.provider_ref}"
    assert opened.expires_at == NOW + dt.timedelta(days=5)
    site.post("pay", preference_id=opened.provider_ref, holder="APRO", installments=3)
    paid, = MercadoPagoPoll().read(access, reference=one.reference)
    assert (paid.status, str(paid.amount), str(paid.fee), str(paid.withheld)) == (
        "approved", "12100.00", "730.59", "302.50")
    assert (paid.reference.attempt, paid.reference.customer, paid.reference.invoice) == (
        one.reference, "1001", "B0003-00001234")
    assert (paid.paid_at, paid.credited_at) == (dt.date(2026, 11, 9), dt.date(2026, 11, 19))


@pytest.mark.parametrize(("country", "currency", "amount"), [
    ("AR", "ARS", "12100.01"), ("BR", "BRL", "99.90"), ("CL", "CLP", "19990"), ("UY", "UYU", "1200.00"),
    ("CO", "COP", "84034"), ("VE", "VES", "500.50"), ("PE", "PEN", "79.90"), ("MX", "MXN", "350.00"),
])
def test_links_of_every_country(site: Site, account: Make, debt: Make, attempt: Make, country: str, currency: str,
                                amount: str) -> None:
    one = attempt(payer=Payer("Ana Pérez", "ana@example.com"))
    opened = CHECKOUT.open(account(country), debt(currency, amount), one)
    site.post("pay", preference_id=opened.provider_ref, method="account_money")
    paid, = MercadoPagoPoll().read(account(country), reference=one.reference)
    assert (paid.currency, paid.amount) == (currency, Decimal(amount))


def test_a_link_paid_twice_is_two_payments(site: Site, account: Make, debt: Make, attempt: Make) -> None:
    one = attempt()
    opened = CHECKOUT.open(account(), debt(), one)
    for _time in range(2):
        site.post("pay", preference_id=opened.provider_ref)
    found = MercadoPagoPoll().read(account(), reference=one.reference)
    assert [reading.status for reading in found] == ["approved", "approved"]
    assert len({reading.external_id for reading in found}) == 2


def test_a_lost_answer_is_asked_about_and_found(site: Site, account: Make, debt: Make, attempt: Make) -> None:
    access, one = account(), attempt()
    assert CHECKOUT.find(access, one) is None
    site.fault("lost_answer", only="/checkout/preferences")
    with pytest.raises(Unknown):
        CHECKOUT.open(access, debt(), one)
    found = CHECKOUT.find(access, one)
    assert found is not None and found.url == preferences(site)[0]["init_point"] and len(preferences(site)) == 1


def test_a_link_asked_for_again_with_its_key_is_the_same(site: Site, account: Make, debt: Make, attempt: Make) -> None:
    one = attempt()
    assert CHECKOUT.open(account(), debt(), one) == CHECKOUT.open(account(), debt(), one)
    assert len(preferences(site)) == 1
    with pytest.raises(Unknown):  # the key was used for something else: find tells what there is
        CHECKOUT.open(account(), debt("ARS", "1.00"), one)


@pytest.mark.parametrize(("fault", "outcome"), [
    ("refuse_connection", Unknown), ("timeout_before", Unknown), ("lost_answer", Unknown), ("garbage", Unknown),
    ("error_500", Unknown), ("rate_limit", Unavailable), ("expired_token", AccessRefused),
    ("wrong_site_currency", Rejected),
])
def test_every_failure_of_opening_is_an_outcome(site: Site, account: Make, debt: Make, attempt: Make, fault: str,
                                                outcome: type[Exception]) -> None:
    one = attempt()
    site.fault(fault, seconds=0.01)
    with pytest.raises(outcome) as failed:
        CHECKOUT.open(account(), debt(), one)
    assert type(failed.value) is outcome
    found = CHECKOUT.find(account(), one)
    assert (found is not None) == (fault in ("lost_answer", "garbage"))


@pytest.mark.parametrize("fault", ["refuse_connection", "timeout_before", "garbage", "error_500", "rate_limit"])
def test_what_only_reads_may_be_tried_again(site: Site, account: Make, fault: str) -> None:
    site.fault(fault, seconds=0.01)
    with pytest.raises(Unavailable):
        MercadoPagoPoll().read(account(), "91234567890123")


def test_too_many_requests_say_how_long_to_wait(site: Site, account: Make) -> None:
    site.fault("rate_limit", seconds=17)
    with pytest.raises(Unavailable) as failed:
        MercadoPagoPoll().since(account(), "")
    assert failed.value.retry_after == 17


def test_a_refused_token_says_what_to_do(site: Site, account: Make) -> None:
    with pytest.raises(AccessRefused, match="access token") as refused:
        MercadoPagoPoll().read(account(access_token="APP_USR-no-such-token"), "1")
    assert refused.value.code.startswith("401") and "APP_USR" not in str(refused.value.details)


def test_the_service_s_own_words_are_kept(site: Site, account: Make, debt: Make, attempt: Make) -> None:
    with pytest.raises(Rejected, match=r"payer\.email must be a valid email") as refused:
        CHECKOUT.open(account(), debt(), attempt(payer=Payer(email="no mail")))
    assert refused.value.code == "400:4050"


# --- tickets ---------------------------------------------------------------------------------------------


def test_an_oxxo_ticket_is_made_paid_and_read(site: Site, account: Make, debt: Make, attempt: Make) -> None:
    access, one = account("MX"), attempt(method="oxxo", payer=Payer("Ana Pérez", "ana@example.com"))
    opened = CHECKOUT.open(access, debt("MXN", "350.00"), one)
    assert opened.coupon.barcode.startswith("88") and len(opened.coupon.barcode) == 24
    assert opened.coupon.link == opened.url == f"{site.address}/ticket/{opened.provider_ref}"
    assert opened.expires_at == NOW + dt.timedelta(days=5)
    waiting, = MercadoPagoPoll().read(access, opened=opened)
    assert (waiting.status, waiting.reason, waiting.fee) == ("pending", "pending_waiting_payment", None)
    site.post("pay", payment_id=opened.provider_ref)
    paid, = MercadoPagoPoll().read(access, opened=opened)
    assert (paid.status, str(paid.amount), paid.channel) == ("approved", "350.00", "oxxo")
    assert int(opened.provider_ref) > 2**31


@pytest.mark.parametrize(("country", "currency", "method", "payer"), [
    ("AR", "ARS", "rapipago", Payer("Ana", "a@b.ar")), ("AR", "ARS", "pagofacil", Payer("Ana", "a@b.ar")),
    ("AR", "ARS", "cargavirtual", Payer("Ana", "a@b.ar")), ("AR", "ARS", "cobroexpress", Payer("Ana", "a@b.ar")),
    ("AR", "ARS", "redlink", Payer("Ana", "a@b.ar")),
    ("UY", "UYU", "abitab", Payer("Ana", "a@b.uy", "", "CI", "12345672")),
    ("UY", "UYU", "redpagos", Payer("Ana", "a@b.uy", "", "CI", "12345672")),
    ("CO", "COP", "efecty", Payer("Ana Pérez", "a@b.co", "", "CC", "52123456", {"street": "Cra 1", "number": "2-3"})),
    ("PE", "PEN", "pagoefectivo_atm", Payer("Ana", "a@b.pe")),
    ("MX", "MXN", "paycash", Payer("Ana Pérez", "a@b.mx", "", "RFC", "PEPA800101AB1")),
    ("MX", "MXN", "bancomer", Payer("Ana", "a@b.mx")), ("MX", "MXN", "banamex", Payer("Ana", "a@b.mx")),
    ("BR", "BRL", "pix", Payer("Ana", "a@b.br")),
    ("BR", "BRL", "bolbradesco", Payer("Ana Lima", "a@b.br", "", "CPF", "39053344705", {
        "street": "Rua A", "number": "10", "city": "São Paulo", "postal_code": "01000-000"})),
])
def test_tickets_of_every_country(site: Site, account: Make, debt: Make, attempt: Make, country: str, currency: str,
                                  method: str, payer: Payer) -> None:
    opened = CHECKOUT.open(account(country), debt(currency, "350.00"), attempt(method=method, payer=payer))
    assert opened.coupon.barcode or (method == "pix" and opened.coupon.text.startswith("0002"))
    assert len(opened.coupon.barcode) == (44 if method == "bolbradesco" else 0 if method == "pix" else 24)


def test_a_lost_ticket_is_the_same_ticket_when_asked_for_again(site: Site, account: Make, debt: Make,
                                                               attempt: Make) -> None:
    access, one = account("MX"), attempt(method="oxxo")
    one = dataclasses.replace(one, payer=Payer("Ana", "ana@example.com"))
    site.fault("lost_answer", only="/v1/payments")
    with pytest.raises(Unknown):
        CHECKOUT.open(access, debt("MXN", "350.00"), one)
    site.fault("search_lag", seconds=60)
    assert CHECKOUT.find(access, one) is None, "the search is behind"
    again = CHECKOUT.open(access, debt("MXN", "350.00"), one)
    assert len(payments(site)) == 1 and CHECKOUT.find(access, one) == again


def test_a_link_says_what_it_really_asks_for(site: Site, account: Make, debt: Make, attempt: Make) -> None:
    access, one = account("CO", round_up=True), attempt()
    opened = CHECKOUT.open(access, debt("COP", "84033.61"), one)
    found = CHECKOUT.find(access, one)
    assert found is not None and opened.amount == found.amount == Decimal("84034.00")
    assert CHECKOUT.open(account(), debt("ARS", "100.00", "110.00"), attempt()).amount == Decimal("100.00")


def test_what_the_payer_lacks_is_a_refusal(site: Site, account: Make, debt: Make, attempt: Make) -> None:
    with pytest.raises(Rejected, match="e-mail") as refused:
        CHECKOUT.open(account("MX"), debt("MXN", "350.00"), attempt(method="oxxo", payer=Payer("Ana")))
    assert refused.value.code == "bad_debt"


def test_limits_are_the_account_s_own(site: Site, account: Make, debt: Make, attempt: Make) -> None:
    with pytest.raises(Rejected, match="at most"):
        CHECKOUT.open(account("MX"), debt("MXN", "10000.01"), attempt(method="oxxo"))
    assert payments(site) == []


def test_a_way_that_the_account_lacks_is_told(site: Site, account: Make, debt: Make, attempt: Make,
                                              monkeypatch: pytest.MonkeyPatch) -> None:
    from modules.gateways.providers.mercadopago.client import MercadoPago

    found = [{"id": "rapipago", "status": "deactive", "min_allowed_amount": 1, "max_allowed_amount": 100}]
    monkeypatch.setattr(MercadoPago, "methods", lambda self: found)
    with pytest.raises(Rejected, match="Rapipago"):
        CHECKOUT.open(account(), debt(), attempt(method="rapipago"))
    found[0]["status"] = "active"
    with pytest.raises(Rejected, match="at most"):
        CHECKOUT.open(account(), debt(), attempt(method="rapipago"))


def test_the_list_of_ways_is_asked_for_once_a_day(site: Site, account: Make, debt: Make, attempt: Make) -> None:
    payer = Payer("Ana", "ana@example.com")
    for _time in range(3):
        CHECKOUT.open(account("MX"), debt("MXN", "350.00"), attempt(method="oxxo", payer=payer))
    assert site.state()["calls"]["GET /v1/payment_methods"] == 1


# --- closing ---------------------------------------------------------------------------------------------


def test_a_closed_link_cannot_be_paid_and_its_waiting_tickets_are_dead(site: Site, account: Make, debt: Make,
                                                                       attempt: Make) -> None:
    access, one = account(), attempt()
    opened = CHECKOUT.open(access, debt(), one)
    ticket = site.post("pay", preference_id=opened.provider_ref, method="rapipago")
    for _time in range(2):
        CHECKOUT.close(access, opened, one)
    with pytest.raises(Exception, match="400"):
        site.post("pay", preference_id=opened.provider_ref)
    assert [(paid["id"], paid["status_detail"]) for paid in payments(site)] == [(ticket["id"], "by_collector")]


def test_a_second_link_of_a_lost_answer_is_closed_too(site: Site, account: Make, debt: Make, attempt: Make) -> None:
    access, one = account(), attempt()
    first = CHECKOUT.open(access, debt(), one)
    CHECKOUT.open(access, debt(), dataclasses.replace(one, key="another"))
    CHECKOUT.close(access, first, one)
    ends = {paid["expiration_date_to"] for paid in preferences(site)}
    assert len(preferences(site)) == 2 and ends == {"2026-11-09T11:59:00.000-03:00"}


def test_a_ticket_is_cancelled_once_and_a_paid_one_stays_paid(site: Site, account: Make, debt: Make,
                                                              attempt: Make) -> None:
    access, payer = account("MX"), Payer("Ana", "ana@example.com")
    one, other = attempt(method="oxxo", payer=payer), attempt(method="oxxo", payer=payer)
    dead, paid = (CHECKOUT.open(access, debt("MXN", "350.00"), given) for given in (one, other))
    site.post("pay", payment_id=paid.provider_ref)
    for _time in range(2):
        CHECKOUT.close(access, dead, one)
        CHECKOUT.close(access, paid, other)
    assert [found["status"] for found in payments(site)] == ["cancelled", "approved"]


@pytest.mark.parametrize("fault", ["refuse_connection", "lost_answer", "garbage", "error_500", "rate_limit"])
def test_closing_may_be_tried_again(site: Site, account: Make, debt: Make, attempt: Make, fault: str) -> None:
    access, one = account(), attempt()
    opened = CHECKOUT.open(access, debt(), one)
    site.fault(fault)
    with pytest.raises(Unavailable):
        CHECKOUT.close(access, opened, one)
    CHECKOUT.close(access, opened, one)
    with clock.freeze(NOW):
        assert preferences(site)[0]["expiration_date_to"] < "2026-11-09T12:00"


def test_what_mercado_pago_does_not_know_cannot_be_closed(site: Site, account: Make, debt: Make,
                                                          attempt: Make) -> None:
    access, one = account(), attempt()
    opened = CHECKOUT.open(access, debt(), one)
    for number in ("440000001-00000000", "../users/me", ""):
        with pytest.raises(Rejected):
            CHECKOUT.close(access, dataclasses.replace(opened, provider_ref=number), one)


def test_another_account_sees_nothing(site: Site, account: Make, debt: Make, attempt: Make) -> None:
    other: Access = account("UY")
    one = attempt()
    opened = CHECKOUT.open(account(), debt(), one)
    paid = site.post("pay", preference_id=opened.provider_ref)
    assert CHECKOUT.find(other, one) is None and MercadoPagoPoll().read(other, str(paid["id"])) == []
