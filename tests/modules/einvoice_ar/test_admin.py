"""ARCA's master data on screen: what may be saved, and what is refused in words."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from core.db import db
from core.models import Company
from modules.crm.models import Customer
from modules.crm.services import create_customer
from modules.einvoice_ar import access
from modules.einvoice_ar.models import (
    CustomerPerception,
    FiscalProfile,
    Perception,
    ServiceAddress,
    Threshold,
)

PERMISSION = "einvoice_ar.edit_settings"
PROFILE = {"point_of_sale": "3", "concept": "2", "gross_income_number": "280-1", "activity_start": "2014-05-01",
           "transfer": "SCA", "cbu": "", "qr_host": ""}


def save_profile(client: Any, **values: str) -> Any:
    return client.post(f"/admin/einvoice-ar-profile/edit/?id={access.profile().id}", data=PROFILE | values)


def profile() -> FiscalProfile:
    return db.session.scalars(sa.select(FiscalProfile).execution_options(populate_existing=True)).one()


def test_the_profile_is_saved(company: Company, login: Callable[..., Any]) -> None:
    client = login(PERMISSION)
    answer = save_profile(client, credit_invoices="y", cbu="2850590940090418135201", concept="3")
    assert answer.status_code == 302
    found = profile()
    assert (found.point_of_sale, found.concept, found.credit_invoices, found.cbu) == (
        3, 3, True, "2850590940090418135201")


@pytest.mark.parametrize(("values", "words"), [
    ({"point_of_sale": "0"}, "99998"), ({"credit_invoices": "y"}, "CBU"), ({"cbu": "123"}, "22"),
    ({"qr_host": "http://x"}, "https://")])
def test_what_the_profile_refuses(company: Company, login: Callable[..., Any], values: dict[str, str],
                                  words: str) -> None:
    answer = save_profile(login(PERMISSION), **values)
    assert words in answer.get_data(as_text=True)
    assert profile().point_of_sale == 1


def test_an_amount_of_the_law_is_added_with_its_day(company: Company, login: Callable[..., Any]) -> None:
    client = login(PERMISSION)
    assert {row.code for row in db.session.scalars(sa.select(Threshold))} == {"identify", "fce"}
    answer = client.post("/admin/einvoice-ar-threshold/new/", data={
        "code": "identify", "valid_from": "2027-01-01", "amount": "12000000.00"})
    assert answer.status_code == 302
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Threshold)) == 3


@pytest.mark.parametrize(("url", "saved"), [("https://wsaa.arca.gob.ar/x", 1), ("http://wsaa.arca.gob.ar/x", 0)])
def test_an_address_is_never_in_the_clear(company: Company, login: Callable[..., Any], url: str, saved: int) -> None:
    login(PERMISSION).post("/admin/einvoice-ar-address/new/", data={
        "environment": "production", "service": "wsaa", "url": url})
    assert db.session.scalar(sa.select(sa.func.count()).select_from(ServiceAddress)) == saved


@pytest.mark.parametrize("page", ["profile", "point-of-sale", "threshold", "address", "certificate"])
def test_every_page_opens_and_asks_for_its_permission(company: Company, login: Callable[..., Any], page: str) -> None:
    client = login("einvoice.view_documents")
    assert client.get(f"/admin/einvoice-ar-{page}/").status_code == 403
    answer = login(PERMISSION).get(f"/admin/einvoice-ar-{page}/")
    assert answer.status_code == 200 and "private_key" not in answer.get_data(as_text=True)


PERCEPTION = {"code": "IIBB", "jurisdiction": "córdoba", "description": "", "rate": "3,00", "base": "net",
              "minimum_base": "0", "minimum_amount": "0", "applies_to": "residents", "conditions": ["RI", "MO"],
              "valid_from": "2026-01-01", "valid_until": ""}


def perceptions_now() -> list[Any]:
    return list(db.session.scalars(sa.select(Perception).execution_options(populate_existing=True)))


def test_a_perception_is_saved_with_the_province_by_its_name(company: Company, login: Callable[..., Any]) -> None:
    client = login(PERMISSION)
    assert client.post("/admin/einvoice-ar-perception/new/", data=PERCEPTION).status_code == 302
    (row,) = perceptions_now()
    assert (row.jurisdiction, row.rate, row.conditions, row.valid_until) == ("904", Decimal("3.00"), "RI,MO", None)
    again = client.get(f"/admin/einvoice-ar-perception/edit/?id={row.id}").get_data(as_text=True)
    assert re.search(r'<option selected[^>]*value="RI"', again)
    assert "Córdoba" in client.get("/admin/einvoice-ar-perception/").get_data(as_text=True)


@pytest.mark.parametrize(("values", "words"), [
    ({"jurisdiction": "Narnia"}, "901"), ({"code": "MUNICIPAL", "jurisdiction": ""}, "municip"),
    ({"code": "VAT_PERCEPTION"}, "provinc"), ({"rate": "100"}, "99,99"), ({"rate": "1,234"}, ""),
    ({"minimum_base": "-1"}, "negativ"), ({"valid_until": "2025-01-01"}, "01/01/2026")])
def test_what_a_perception_refuses(company: Company, login: Callable[..., Any], values: dict[str, str],
                                   words: str) -> None:
    answer = login(PERMISSION).post("/admin/einvoice-ar-perception/new/", data=PERCEPTION | values)
    assert answer.status_code == 200 and words in answer.get_data(as_text=True)
    assert perceptions_now() == []


@pytest.fixture
def collecting(company: Company) -> Customer:
    """The company collects in Córdoba; a customer."""
    db.session.add(Perception(code="IIBB", jurisdiction="904", rate=Decimal("3"), valid_from=dt.date(2026, 1, 1)))
    made = create_customer(name="Comercio SRL", code="77", tax_id_kind="CUIT", tax_id="30990001118",
                           tax_condition="RI")
    db.session.commit()
    return made


OWN = {"customer_code": "77", "perception": "IIBB|904", "rate": "", "certificate": "", "valid_from": "2026-01-01",
       "valid_until": ""}


def test_an_exclusion_is_saved_and_shown_on_the_customers_page(collecting: Customer,
                                                               login: Callable[..., Any]) -> None:
    client = login(PERMISSION, "crm.view_customers")
    page = client.get(f"/customers/{collecting.id}").get_data(as_text=True)
    assert "einvoice-ar-customer-perception/new/?customer=77" in page
    saved = client.post("/admin/einvoice-ar-customer-perception/new/", data=OWN | {
        "excluded": "y", "certificate": "77/2026"})
    assert saved.status_code == 302
    (row,) = db.session.scalars(sa.select(CustomerPerception))
    assert (row.customer_id, row.code, row.jurisdiction, row.excluded) == (collecting.id, "IIBB", "904", True)
    assert "77/2026" in client.get(f"/customers/{collecting.id}").get_data(as_text=True)
    edit = client.get(f"/admin/einvoice-ar-customer-perception/edit/?id={row.id}").get_data(as_text=True)
    assert 'value="77"' in edit
    assert "Comercio SRL" in client.get("/admin/einvoice-ar-customer-perception/?search=comercio").get_data(
        as_text=True)


@pytest.mark.parametrize(("values", "words"), [
    ({"customer_code": "78"}, "78"), ({"excluded": "y"}, "certific"), ({"rate": "100"}, "99,99"),
    ({"excluded": "y", "certificate": "1", "rate": "1"}, "exclusi"), ({"perception": "IIBB|999"}, "")])
def test_what_a_customers_perception_refuses(collecting: Customer, login: Callable[..., Any],
                                             values: dict[str, str], words: str) -> None:
    answer = login(PERMISSION, "crm.view_customers").post("/admin/einvoice-ar-customer-perception/new/",
                                                          data=OWN | values)
    assert answer.status_code == 200 and words in answer.get_data(as_text=True)
    assert not db.session.scalars(sa.select(CustomerPerception)).all()
