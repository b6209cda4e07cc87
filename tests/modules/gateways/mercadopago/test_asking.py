"""What a link or a ticket asks for: amounts, days, payers; and what is read out of the answer (reference 1.1, 1.2)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from core.exact_json import as_json
from modules.gateways.access import PRODUCTION, Access
from modules.gateways.errors import BadDebt
from modules.gateways.providers.mercadopago import asking
from modules.gateways.providers.mercadopago.sites import BY_COUNTRY, SITES
from modules.gateways.shapes import Attempt, Debt, Payer
from tests.modules.gateways.mercadopago.conftest import NOW, ZONES

pytestmark = pytest.mark.once


def access(country: str = "AR", **settings: Any) -> Access:
    return Access("mercadopago", {"access_token": "APP_USR-x", **settings}, country=country, zone=ZONES[country],
                  currency=BY_COUNTRY[country].currency, notice_url="http://127.0.0.1:8000/notice",
                  return_url="http://127.0.0.1:8000/back")


@pytest.mark.parametrize(("country", "currency", "amounts", "method", "words"), [
    ("AR", "ARS", ["12100.00"], "link", ""), ("AR", "ARS", ["12100.01", "12463.00"], "rapipago", ""),
    ("AR", "USD", ["10.00"], "link", "ARS"), ("AR", "ARS", ["0.00"], "link", "nothing"),
    ("AR", "ARS", ["100.00"], "oxxo", "OXXO"), ("AR", "ARS", ["1.005"], "link", "whole amounts"),
    ("CL", "CLP", ["12100"], "link", ""), ("CL", "CLP", ["12100.00"], "link", ""),
    ("CL", "CLP", ["12100.50"], "link", "whole amounts"), ("CO", "COP", ["50000.00", "50000.40"], "link", "whole"),
    ("CL", "CLP", ["100"], "rapipago", "Rapipago"),
    ("MX", "MXN", ["5.00"], "oxxo", ""), ("MX", "MXN", ["4.99"], "oxxo", "at least"),
    ("MX", "MXN", ["10000.00"], "oxxo", ""), ("MX", "MXN", ["10000.01"], "oxxo", "at most"),
    ("MX", "MXN", ["9999.00", "10200.00"], "oxxo", "at most"), ("MX", "MXN", ["20000.00"], "link", ""),
    ("MX", "MXN", ["19.99"], "paycash", "at least"), ("MX", "MXN", ["40000.01"], "banamex", "at most"),
    ("UY", "UYU", ["150000.01"], "abitab", "at most"), ("PE", "PEN", ["80.00"], "pagoefectivo_atm", ""),
])
def test_what_can_be_collected_and_what_not(country: str, currency: str, amounts: list[str], method: str, words: str,
                                            debt: Callable[..., Debt]) -> None:
    problem = asking.problem(access(country), debt(currency, *amounts), method)
    assert words in problem and bool(words) == bool(problem)


def test_a_company_without_country_of_mercado_pago_is_told_so(debt: Callable[..., Debt]) -> None:
    assert "which of its countries" in asking.problem(Access("mercadopago", {}, country="EC"), debt(), "link")
    assert asking.problem(Access("mercadopago", {"site": "MLA"}, country="EC"), debt(), "link") == ""


@pytest.mark.parametrize(("now", "prices", "until"), [
    # the first day has not passed
    ("2026-11-09T15:00Z", ["100.00"], "2026-11-10T23:59:59.000-03:00"),
    ("2026-11-11T02:59Z", ["100.00"], "2026-11-10T23:59:59.000-03:00"),
    # it is the 11th in Argentina
    ("2026-11-11T03:00Z", ["100.00", "10.00"], "2026-11-20T23:59:59.000-03:00"),
    # the last amount holds for good
    ("2026-11-25T12:00Z", ["100.00", "25.00"], "2026-12-31T12:00:00.000-03:00"),
    ("2027-01-05T12:00Z", ["100.00", "25.00"], "2027-02-01T12:00:00.000-03:00"),
])
def test_a_link_asks_for_what_is_owed_today_and_ends_when_more_is_owed(now: str, prices: list[str], until: str,
                                                                       debt: Callable[..., Debt]) -> None:
    moment = dt.datetime.fromisoformat(now)
    ends = dt.datetime(2026, 12, 31, 15, tzinfo=dt.UTC) if moment.year == 2026 else dt.datetime(2027, 2, 1, 15,
                                                                                               tzinfo=dt.UTC)
    body = asking.preference(access(), debt("ARS", "100.00", "110.00", "125.00"), Attempt("ab-1", "k", ends), moment)
    assert [str(item["unit_price"]) for item in body["items"]] == prices
    assert (body["expires"], body["expiration_date_to"]) == (True, until)
    assert {item["currency_id"] for item in body["items"]} == {"ARS"}


def test_all_of_a_link(debt: Callable[..., Debt], attempt: Callable[..., Attempt]) -> None:
    given = access(excluded_types=["atm", "ticket"], installments="6", binary_mode=True, statement_descriptor="RCW")
    body = asking.preference(given, debt(), attempt(), NOW)
    assert body == {
        "items": [{"id": "B0003-00001234", "title": "Internet noviembre", "quantity": 1, "currency_id": "ARS",
                   "unit_price": Decimal("12100.00")}],
        "external_reference": "ab-1", "expires": True, "expiration_date_to": "2026-11-14T12:00:00.000-03:00",
        "date_of_expiration": "2026-11-14T12:00:00.000-03:00",
        "metadata": {"customer": "1001", "invoice": "B0003-00001234"},
        "payer": {"name": "Ana María", "surname": "Pérez", "email": "ana@example.com",
                  "identification": {"type": "DNI", "number": "23456781"}},
        "notification_url": "http://127.0.0.1:8000/notice?source_news=webhooks",
        "back_urls": dict.fromkeys(("success", "pending", "failure"), "http://127.0.0.1:8000/back"),
        "auto_return": "approved",
        "payment_methods": {"excluded_payment_types": [{"id": "atm"}, {"id": "ticket"}], "installments": 6},
        "binary_mode": True, "statement_descriptor": "RCW"}
    assert '"unit_price":12100}' in as_json(body), "a number, and no decimals where there are none"


def test_an_address_without_https_is_left_to_the_poll_outside_the_rehearsal(debt: Callable[..., Debt],
                                                                            attempt: Callable[..., Attempt]) -> None:
    given = Access(**{**vars(access()), "environment": PRODUCTION})
    body = asking.preference(given, debt(), attempt(), NOW)
    assert "notification_url" not in body and "auto_return" not in body and body["back_urls"]
    body = asking.preference(given, debt(), attempt(notice_url="https://isp.example/n?x=1"), NOW)
    assert body["notification_url"] == "https://isp.example/n?x=1&source_news=webhooks"


@pytest.mark.parametrize(("country", "amount", "asked"), [
    ("CL", "12100.10", "12101"), ("CO", "84033.61", "84034"), ("CO", "84034.00", "84034"),
    ("AR", "84033.61", "84033.61"),
])
def test_rounding_up_is_for_countries_without_cents(country: str, amount: str, asked: str,
                                                    debt: Callable[..., Debt], attempt: Callable[..., Attempt]) -> None:
    given = access(country, round_up=True)
    body = asking.preference(given, debt(BY_COUNTRY[country].currency, amount), attempt(), NOW)
    assert [Decimal(asked)] == [item["unit_price"] for item in body["items"]]


@pytest.mark.parametrize("reference", ["", "con espacio", "ñ", "a" * 65, "a/b"])
def test_a_reference_is_letters_digits_and_hyphens(reference: str, debt: Callable[..., Debt],
                                                   attempt: Callable[..., Attempt]) -> None:
    with pytest.raises(BadDebt, match="letters"):
        asking.preference(access(), debt(), attempt(reference=reference), NOW)


def test_what_ends_before_it_begins_is_refused(debt: Callable[..., Debt], attempt: Callable[..., Attempt]) -> None:
    with pytest.raises(BadDebt, match="later than now"):
        asking.preference(access(), debt(), attempt(expires_at=NOW), NOW)


@pytest.mark.parametrize(("hours", "ends"), [
    (1, "2026-11-10T09:10:00.000-06:00"), (72, "2026-11-12T09:00:00.000-06:00"),
    (24 * 90, "2026-12-09T08:50:00.000-06:00"),
])
def test_a_ticket_lives_one_to_thirty_days(hours: int, ends: str, debt: Callable[..., Debt],
                                           attempt: Callable[..., Attempt]) -> None:
    made = asking.ticket(access("MX"), debt("MXN", "350.00"),
                         attempt(method="oxxo", expires_at=NOW + dt.timedelta(hours=hours)), NOW)
    assert made["date_of_expiration"] == ends and made["transaction_amount"] == Decimal("350.00")
    assert made["payer"] == {"email": "ana@example.com", "first_name": "Ana María", "last_name": "Pérez"}


@pytest.mark.parametrize(("country", "currency", "method", "payer", "missing"), [
    ("MX", "MXN", "oxxo", Payer("Ana Pérez"), "e-mail"), ("MX", "MXN", "oxxo", Payer(email="a@b.mx"), ""),
    ("MX", "MXN", "paycash", Payer("Ana Pérez", "a@b.mx"), "document"),
    ("MX", "MXN", "paycash", Payer("Ana Pérez", "a@b.mx", "", "RFC", "PEPA800101AB1"), ""),
    ("UY", "UYU", "abitab", Payer("Ana", "a@b.uy", "", "CI", "12345672"), ""),
    ("CO", "COP", "efecty", Payer("Ana Pérez", "a@b.co", "", "CC", "52123456"), "address"),
    ("CO", "COP", "efecty", Payer("Ana Pérez", "a@b.co", "", "CC", "52123456", {"street": "Cra 1"}), ""),
    ("BR", "BRL", "bolbradesco", Payer("", "a@b.br"), "document number, name, address"),
])
def test_what_a_ticket_wants_of_the_payer(country: str, currency: str, method: str, payer: Payer, missing: str,
                                          debt: Callable[..., Debt], attempt: Callable[..., Attempt]) -> None:
    given = attempt(method=method, payer=payer)
    if missing:
        with pytest.raises(BadDebt, match=missing):
            asking.ticket(access(country), debt(currency, "350"), given, NOW)
    else:
        assert asking.ticket(access(country), debt(currency, "350"), given, NOW)["payment_method_id"] == method


def test_an_address_is_told_under_their_names(debt: Callable[..., Debt], attempt: Callable[..., Attempt]) -> None:
    place = {"street": "Cra 1", "number": "2-3", "district": "Centro", "city": "Cali", "region": "76",
             "postal_code": "760001"}
    payer = Payer("Redes SAS", "a@b.co", "", "NIT", "901234568", place)
    made = asking.ticket(access("CO"), debt("COP", "350"), attempt(method="efecty", payer=payer), NOW)["payer"]
    assert made["address"] == {"street_name": "Cra 1", "street_number": "2-3", "neighborhood": "Centro",
                               "city": "Cali", "federal_unit": "76", "zip_code": "760001"}
    assert (made["entity_type"], made["identification"]) == ("association", {"type": "NIT", "number": "901234568"})


def test_a_common_address_for_customers_without_e_mail(debt: Callable[..., Debt],
                                                       attempt: Callable[..., Attempt]) -> None:
    made = asking.ticket(access("MX", payer_email="cobros@isp.mx"), debt("MXN", "350"),
                         attempt(method="oxxo", payer=Payer("Ana")), NOW)
    assert made["payer"] == {"email": "cobros@isp.mx", "first_name": "Ana"}


@pytest.mark.parametrize(("country", "kind", "told"), [
    ("AR", "DNI", "DNI"), ("AR", "CUIT", "Otro"), ("AR", "PAS", "Otro"), ("BR", "CPF", "CPF"), ("BR", "PASSAPORTE", ""),
    ("CL", "RUT", "RUT"), ("CL", "PASAPORTE", "Otro"), ("UY", "CI", "CI"), ("CO", "CC", "CC"), ("CO", "PPT", "Otro"),
    ("VE", "CEDULA", "CI-V"), ("PE", "DNI", "DNI"), ("PE", "PTP", "Otro"), ("MX", "RFC", "RFC"), ("MX", "EXT", ""),
    ("MX", "", ""),
])
def test_documents_are_named_as_the_country_names_them(country: str, kind: str, told: str) -> None:
    found = asking.identification(BY_COUNTRY[country], Payer(document_kind=kind, document="123"))
    assert found == ({"type": told, "number": "123"} if told else {})


def test_every_country_of_the_reference_is_there() -> None:
    assert {code: (site.country, site.currency, site.decimals) for code, site in SITES.items()} == {
        "MLA": ("AR", "ARS", 2), "MLB": ("BR", "BRL", 2), "MLC": ("CL", "CLP", 0), "MLU": ("UY", "UYU", 2),
        "MCO": ("CO", "COP", 0), "MLV": ("VE", "VES", 2), "MPE": ("PE", "PEN", 2), "MLM": ("MX", "MXN", 2)}


OXXO = {"id": 24304329, "payment_method_id": "oxxo", "date_of_expiration": "2026-11-12T09:00:00.000-06:00",
        "transaction_details": {"payment_method_reference_id": "24304329",
                                "verification_code": "882430432923032000100001",
                                "external_resource_url": "https://www.mercadopago.com/ticket/24304329"}}
LINE = "23793381286008200009051000063305892340000012100"


@pytest.mark.parametrize(("changes", "digits", "symbology"), [
    ({}, "882430432923032000100001", "code128"),
    ({"barcode": {"content": "3366020000000010"}}, "3366020000000010", "code128"),
    ({"transaction_details": {"barcode": {"content": "123"}, "verification_code": "882430432923032000100001"}}, "123",
     "code128"),
    ({"barcode": {"content": LINE}}, "23798923400000121003381260082000095100006330", "i2of5"),
    ({"barcode": {"content": "23798923400000121003381260082000095100006330"}},
     "23798923400000121003381260082000095100006330", "i2of5"),
    ({"transaction_details": {}}, "", ""), ({"transaction_details": None, "barcode": "x"}, "", ""),
])
def test_the_digits_to_print_are_the_first_that_there_are(changes: dict[str, Any], digits: str, symbology: str) -> None:
    coupon = asking.opened_ticket({**OXXO, **changes}).coupon
    assert (coupon.barcode, coupon.symbology) == (digits, symbology)


def test_the_number_to_say_at_the_counter_and_the_page_to_print() -> None:
    made = asking.opened_ticket(OXXO)
    assert (made.provider_ref, made.coupon.text, made.coupon.link) == (
        "24304329", "24304329", "https://www.mercadopago.com/ticket/24304329")
    assert made.expires_at == dt.datetime(2026, 11, 12, 15, tzinfo=dt.UTC)
    pix = {"id": 9, "point_of_interaction": {"transaction_data": {"qr_code": "0002", "ticket_url": "https://t"}}}
    assert (asking.opened_ticket(pix).coupon.text, asking.opened_ticket(pix).url) == ("0002", "https://t")


def test_a_test_token_has_the_page_for_tests() -> None:
    found = {"id": "1-a", "init_point": "https://real", "sandbox_init_point": "https://tests"}
    assert asking.opened_link(access(), found).url == "https://real"
    assert asking.opened_link(access(access_token="TEST-x"), found).url == "https://tests"
