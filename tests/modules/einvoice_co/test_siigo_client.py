"""The client of Siigo against its simulator: every call ends as result, Rejected, Unavailable or Unknown."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal as D
from typing import Any

import pytest

from core import clock
from core.errors import Rejected, Unavailable, Unknown
from core.http import Answer
from modules.einvoice.case import parse
from modules.einvoice_co.mapping import map_document
from modules.einvoice_co.providers.siigo.client import (
    CREDIT_NOTES,
    INVOICES,
    Access,
    AccessRefused,
    Limiter,
    Siigo,
    calculated_total,
    explain,
)
from modules.einvoice_co.providers.siigo.customers import customer
from tests.modules.einvoice_co.cases import REFERENCE, SAMPLES, siigo

pytestmark = pytest.mark.once


@pytest.fixture(autouse=True)
def _at_the_sample_s_hour() -> Iterator[None]:
    with clock.freeze(dt.datetime(2025, 3, 1, 13, 15, 30, tzinfo=dt.UTC)):
        yield


@pytest.fixture
def ready(siigo_api: Siigo) -> Siigo:
    """With the sample's customer."""
    siigo_api.ensure_customer(customer(map_document(parse(siigo())).parts))
    return siigo_api


def body(**changes: Any) -> dict[str, Any]:
    found = map_document(parse(siigo(**changes)))
    assert [one for one in found.problems if one.severity == "error"] == []
    return found.payload


def test_accepted(ready):
    found = ready.create(INVOICES, body(), "FAC1")
    assert (found.number, found.name, found.prefix, found.total, found.status) == (
        22, "FV-2-22", "FV-2", D(100000), "Accepted")
    assert len(found.key) == 96 and found.customer == "1020304050" and not found.pending
    assert ready.document(INVOICES, found.id).key == found.key
    assert ready.by_name(INVOICES, "FV-2-22").id == found.id and ready.by_name(INVOICES, "FV-2-99") is None
    assert [one.id for one in ready.dated(INVOICES, "2025-03-01", "2025-03-01")] == [found.id]
    assert ready.file(INVOICES, found.id, "pdf").startswith(b"%PDF")


def test_a_credit_note(ready):
    invoice = ready.create(INVOICES, body(), "FAC1")
    made = body(kind="credit_note", references=[{**REFERENCE, "id": invoice.id}])
    found = ready.create(CREDIT_NOTES, made, "NOT1")
    assert (found.name, found.status, len(found.key)) == ("NC-1-1", "Accepted", 96)


def test_catalogs_fit_the_mapping(ready):
    found = ready.catalogs()
    assert {one["id"] for one in found["document_types_FV"]} == {24446}
    made = map_document(parse(siigo(issuer__extra=found)))
    assert made.payload["document"] == {"id": 24446} and made.payload["seller"] == 629


def test_a_customer_is_written_only_when_something_changed(ready, siigo_site):
    parts = map_document(parse(siigo())).parts
    assert ready.ensure_customer(customer(parts)) == siigo_site.state["customers"][0]["id"]
    assert "PUT /v1/customers/{id}" not in siigo_site.state["calls"]
    ready.ensure_customer(customer(parts) | {"address": {"address": "Otra", "city": {
        "country_code": "Co", "state_code": "05", "city_code": "05001"}}})
    assert siigo_site.state["customers"][0]["address"]["address"] == "Otra"
    assert siigo_site.state["calls"]["PUT /v1/customers/{id}"] == 1


def test_a_product_is_created_once(ready, siigo_site):
    for _time in range(2):
        ready.ensure_product({"code": "TV1", "name": "TV", "account_group": 1253})
    assert siigo_site.state["products"] == ["INT100", "X1", "TV1"]


def test_pending_then_accepted(ready, siigo_site):
    siigo_site.fault("stamp_pending", asks=2)
    found = ready.create(INVOICES, body(), "FAC1")
    assert found.pending and found.key == ""
    assert [ready.document(INVOICES, found.id).pending for _time in range(2)] == [True, False]


def test_rejected_by_the_dian_then_corrected_under_its_number(ready, siigo_site):
    siigo_site.fault("stamp_rejected")
    found = ready.create(INVOICES, body(), "FAC1")
    assert found.status == "Rejected"
    assert ready.stamp_errors(INVOICES, found.id)[0].startswith("Regla: FAK24, Rechazo")
    again = ready.edit(found.id, body())
    assert (again.status, again.number) == ("Accepted", found.number)


@pytest.mark.parametrize("fault", ["lost_answer", "garbage", "error_500", "error_after"])
@pytest.mark.parametrize("seed", [1, 2])
def test_after_sending_nobody_knows_and_the_same_key_tells(ready, siigo_site, fault, seed):
    siigo_site.fault(fault, seed=seed, only="/v1/invoices" if fault != "error_after" else "")
    with pytest.raises(Unknown):
        ready.create(INVOICES, body(), "FAC1")
    ready.create(INVOICES, body(), "FAC1")
    assert siigo_site.state["documents_total"] == 1


@pytest.mark.parametrize("fault", ["rate_limited", "service_down"])
def test_certainly_not_done(ready, siigo_site, fault):
    siigo_site.fault(fault)
    with pytest.raises(Unavailable):
        ready.create(INVOICES, body(), "FAC1")
    assert siigo_site.state["documents_total"] == 0


def test_an_expired_token_is_renewed_once(ready, siigo_site):
    siigo_site.fault("token_expired")
    assert ready.create(INVOICES, body(), "FAC1").number == 22
    assert siigo_site.state["calls"]["POST /auth"] == 2


def test_access_that_is_not_accepted(siigo_site):
    with pytest.raises(AccessRefused):
        Siigo(siigo_site.address, Access("api@isp.example", "falsa")).catalogs()
    with pytest.raises(AccessRefused):
        Siigo(siigo_site.address, Access("api@isp.example", "CLAVE", "dos palabras")).catalogs()
    assert "falsa" not in repr(Access("x", "falsa"))


def test_refused_in_siigo_s_words(ready):
    with pytest.raises(Rejected) as caught:
        ready.create(INVOICES, body() | {"payments": [{"id": 5636, "value": 1, "due_date": "2025-03-15"}]}, "FAC1")
    assert caught.value.code == "invalid_total_payments"
    assert calculated_total(caught.value.message) == D(100000)


@pytest.mark.parametrize("name", ["siigo_error_400_mayuscula.json", "siigo_error_400_minuscula.json"])
def test_both_spellings_of_an_error(name):
    content = (SAMPLES / name).read_bytes()
    assert explain(Answer(400, {}, content))[0] == "invalid_total_payments"


@pytest.mark.parametrize(("content", "expected"), [
    (b"<html>x</html>", ("400", "<html>x</html>")), (b"[]", ("400", "")), (b'{"errors": "x"}', ("400", "")),
    (b'{"Errors": [{"Code": "a", "Message": "b", "Params": ["c", "d"]}]}', ("a", "b (c, d)"))])
def test_whatever_an_error_says(content, expected):
    assert explain(Answer(400, {}, content)) == expected


def test_no_more_calls_than_the_limit():
    now, slept = [0.0], []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    limiter = Limiter(10, sleep, lambda: now[0])
    for _time in range(25):
        limiter.take()
        now[0] += 1
    assert slept == [50.0, 50.0]


def test_nobody_is_there():
    with pytest.raises(Unavailable):
        Siigo("http://127.0.0.1:9", Access("x", "y")).create(INVOICES, {}, "K")
