"""What the simulator of Siigo refuses although our client never errs (reference 3)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import requests

from core import clock
from modules.einvoice_co.findings import BOGOTA
from tests.modules.einvoice_co.conftest import ACCESS

pytestmark = pytest.mark.once
CUSTOMER: dict[str, Any] = {
    "type": "Customer", "person_type": "Person", "id_type": "13", "identification": "1020304050",
    "name": ["Ana María", "Pérez Gómez"], "fiscal_responsibilities": [{"code": "R-99-PN"}],
    "address": {"address": "Cra 10", "city": {"country_code": "Co", "state_code": "76", "city_code": "76001"}},
    "phones": [{"number": "3001234567"}], "contacts": [{"first_name": "Ana", "email": "ana@ejemplo.co"}]}


def today() -> str:
    return clock.now().astimezone(BOGOTA).date().isoformat()


def invoice(**changes: Any) -> dict[str, Any]:
    return {"document": {"id": 24446}, "date": today(), "customer": {"identification": "1020304050"}, "seller": 629,
            "stamp": {"send": True}, "items": [{"code": "INT100", "quantity": 1, "price": 84033.61,
                                                "taxes": [{"id": 13156}]}],
            "payments": [{"id": 5636, "value": 100000, "due_date": today()}]} | changes


class Caller:
    """Calls with a token, and without care."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.headers = {"Partner-Id": "Prueba"}
        answer = self("POST", "/auth", {"username": ACCESS.username, "access_key": ACCESS.access_key})
        self.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> requests.Response:
        return requests.request(method, self.address + path, json=body, headers=self.headers | headers, timeout=20)

    def refused(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, str]:
        answer = self(method, path, body, **headers)
        found = {name.lower(): value for name, value in answer.json().items()}
        return answer.status_code, next(value for name, value in found["errors"][0].items() if name.lower() == "code")


@pytest.fixture
def call(siigo_site) -> Caller:
    caller = Caller(siigo_site.address)
    assert caller("POST", "/v1/customers", CUSTOMER).status_code == 201
    return caller


def test_an_invoice_is_numbered_and_accepted(call):
    found = call("POST", "/v1/invoices", invoice()).json()
    assert (found["number"], found["name"], found["total"], found["stamp"]["status"]) == (
        22, "FV-2-22", 100000, "Accepted")
    assert len(found["stamp"]["cufe"]) == 96
    assert call("POST", "/v1/invoices", invoice()).json()["number"] == 23


def test_the_same_key_gives_the_document_created_before(call):
    first = call("POST", "/v1/invoices", invoice(), **{"Idempotency-Key": "FAC1"}).json()
    again = call("POST", "/v1/invoices", invoice(), **{"Idempotency-Key": "FAC1"}).json()
    assert first["id"] == again["id"] and again["number"] == 22


def test_an_old_draft_comes_back_and_nothing_is_sent(call):
    draft = call("POST", "/v1/invoices", invoice(stamp={"send": False}), **{"Idempotency-Key": "FAC2"}).json()
    again = call("POST", "/v1/invoices", invoice(), **{"Idempotency-Key": "FAC2"}).json()
    assert (again["id"], again["stamp"]) == (draft["id"], {"status": "Draft"})


@pytest.mark.parametrize(("changes", "expected"), [
    ({"document": {"id": 1}}, (400, "invalid_document")), ({"document": {"id": 77775}}, (400, "invalid_document")),
    ({"date": "2020-01-01"}, (400, "invalid_date")), ({"date": "01/03/2025"}, (400, "invalid_date")),
    ({"customer": {"identification": "999"}}, (400, "invalid_reference")), ({"seller": 1}, (400, "invalid_reference")),
    ({"seller": None}, (400, "parameter_required")), ({"items": []}, (400, "parameter_required")),
    ({"number": 5}, (400, "document_settings")), ({"observations": "x" * 4001}, (400, "length_max")),
    ({"payments": [{"id": 5636, "value": 99999, "due_date": "2030-01-01"}]}, (400, "invalid_total_payments")),
    ({"payments": [{"id": 5636, "value": 100000}]}, (400, "parameter_required")),
    ({"payments": [{"id": 1, "value": 100000}]}, (400, "invalid_payment")),
    ({"payments": [{"id": 5637, "value": "100000"}]}, (400, "invalid_type"))])
def test_invoices_that_are_refused(call, changes, expected):
    assert call.refused("POST", "/v1/invoices", invoice(**changes)) == expected


@pytest.mark.parametrize(("changes", "code"), [
    ({"code": "NADA"}, "invalid_reference"), ({"code": "A B"}, "invalid_code"), ({"quantity": 1.125}, "invalid_amount"),
    ({"price": 1.1234567}, "invalid_amount"), ({"price": None}, "parameter_required"),
    ({"taxed_price": 5}, "parameters_exclusive"), ({"taxes": [{"id": 1}]}, "invalid_reference"),
    ({"taxes": [{"id": 13156}, {"id": 13157}]}, "invalid_array"), ({"taxes": [{"id": 13160}]}, "invalid_array")])
def test_items_that_are_refused(call, changes, code):
    item = invoice()["items"][0] | changes
    assert call.refused("POST", "/v1/invoices", invoice(items=[item])) == (400, code)


@pytest.mark.parametrize(("changes", "code"), [
    ({"identification": "12"}, "invalid_identification"), ({"name": ["Ana"]}, "invalid_array"),
    ({"person_type": "Company"}, "invalid_array"), ({"address": None}, "parameter_required"),
    ({"phones": []}, "parameter_required"), ({"phones": [{"number": "57300123456789"}]}, "length_max"),
    ({"fiscal_responsibilities": [{"code": "O-06"}]}, "invalid_reference"),
    ({"contacts": [{"first_name": "A", "email": "x"}]}, "invalid_email"), ({}, "already_exists")])
def test_customers_that_are_refused(call, changes, code):
    assert call.refused("POST", "/v1/customers", CUSTOMER | changes)[1] == code


def test_a_customer_without_contact_cannot_be_invoiced(call):
    call("POST", "/v1/customers", CUSTOMER | {"identification": "1234567", "contacts": []})
    assert call.refused("POST", "/v1/invoices", invoice(customer={"identification": "1234567"})) == (
        400, "customer_settings")


def test_headers_and_tokens(call):
    assert call.refused("GET", "/v1/taxes", Authorization="Bearer x") == (401, "unauthorized")
    assert call.refused("GET", "/v1/taxes", **{"Partner-Id": "dos palabras"}) == (400, "invalid_partner_id")
    assert call.refused("POST", "/v1/invoices", invoice(), **{"Idempotency-Key": "x" * 31}) == (
        400, "invalid_idempotency-key")
    call.headers.pop("Partner-Id")
    assert call.refused("GET", "/v1/taxes") == (400, "header_required")


def test_no_more_than_the_limit_in_a_minute(call, siigo_site):
    from tests.modules.einvoice_co.conftest import SIIGO_COMPANY

    siigo_site.post("company", SIIGO_COMPANY | {"per_minute": 3})
    seen = [call("GET", "/v1/taxes").status_code for _time in range(4)]
    assert seen[-1] == 429 and "Try again in" in call("GET", "/v1/taxes").text


def test_credit_notes(call):
    found = call("POST", "/v1/invoices", invoice()).json()
    note = {"document": {"id": 77775}, "date": today(), "invoice": found["id"], "reason": 2, "stamp": {"send": True},
            "items": invoice()["items"], "payments": invoice()["payments"]}
    assert len(call("POST", "/v1/credit-notes", note).json()["stamp"]["cude"]) == 96
    assert call.refused("POST", "/v1/credit-notes", note | {"reason": 5}) == (400, "invalid_range")
    assert call.refused("POST", "/v1/credit-notes", note | {"invoice": "x"}) == (400, "invalid_reference")
    draft = call("POST", "/v1/invoices", invoice(stamp={"send": False})).json()
    assert call.refused("POST", "/v1/credit-notes", note | {"invoice": draft["id"]}) == (400, "entry_service")


def test_what_was_accepted_is_not_changed_nor_deleted(call):
    found = call("POST", "/v1/invoices", invoice()).json()
    assert call.refused("PUT", f"/v1/invoices/{found['id']}", invoice()) == (400, "update_not_allowed")
    assert call.refused("DELETE", f"/v1/invoices/{found['id']}") == (400, "delete_not_allowed")
    draft = call("POST", "/v1/invoices", invoice(stamp={"send": False})).json()
    assert call("DELETE", f"/v1/invoices/{draft['id']}").json() == {"id": draft["id"], "deleted": True}


def test_yesterday_in_bogota_is_still_today_after_midnight_in_utc(call):
    with clock.freeze(dt.datetime(2026, 11, 3, 2, 0, tzinfo=dt.UTC)):
        assert call("POST", "/v1/invoices", invoice(date="2026-11-02")).status_code == 201
        assert call.refused("POST", "/v1/invoices", invoice(date="2026-11-01")) == (400, "invalid_date")
