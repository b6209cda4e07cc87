"""ARCA's master data on screen: what may be saved, and what is refused in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from core.db import db
from core.models import Company
from modules.einvoice_ar import access
from modules.einvoice_ar.models import FiscalProfile, ServiceAddress, Threshold

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
