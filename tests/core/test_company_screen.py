"""The company's own data on screen: its tax condition changes on purpose only, its number until documents bear it."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from core import companies, scope
from core.db import db
from core.models import AuditRecord, Company

Login = Callable[..., FlaskClient]
OTHER = "30-99000030-8"


def values(company: Company, **changes: str) -> dict[str, Any]:
    """What the form sends."""
    names = ("name", "trade_name", "tax_id", "tax_condition", "street", "city", "region", "postal_code", "email",
             "phone", "website", "timezone", "color")
    return {**{name: getattr(company, name) for name in names}, **changes}


def said(page: Any) -> str:
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text)))


def recorded() -> list[dict[str, Any]]:
    return list(db.session.scalars(sa.select(AuditRecord.changes).where(
        AuditRecord.action == "core.edit_company").order_by(AuditRecord.id)))


def test_another_condition_is_asked_about_and_put_on_record(login: Login, company: Company) -> None:
    browser = login("core.edit_company")
    page = browser.get("/company").text
    assert 'name="sure"' not in page and 'value="30990000103"' in page
    asked = browser.post("/company", data=values(company, tax_condition="MO", phone="+54 9 358"))
    assert asked.status_code == 422 and "se emiten con la nueva condición" in said(asked)
    assert 'name="sure"' in asked.text and "+54 9 358" in asked.text
    db.session.refresh(company)
    assert company.tax_condition == "RI" and recorded() == []
    done = browser.post("/company", data=values(company, tax_condition="MO", sure="y"), follow_redirects=True)
    assert "mire los impuestos de sus planes" in said(done)
    db.session.refresh(company)
    assert company.tax_condition == "MO" and recorded() == [{"tax_condition": ["RI", "MO"]}]


def test_a_wrong_number_is_corrected_while_no_document_bears_it(login: Login, company: Company) -> None:
    browser = login("core.edit_company")
    wrong = browser.post("/company", data=values(company, tax_id="30-99000030-9"))
    assert wrong.status_code == 422 and 'value="30-99000030-9"' in wrong.text and "dígito" in said(wrong)
    done = browser.post("/company", data=values(company, tax_id=OTHER), follow_redirects=True)
    assert "los certificados están a nombre del número anterior" in said(done)
    db.session.refresh(company)
    assert company.tax_id == "30990000308" and recorded() == [{"tax_id": ["30990000103", "30990000308"]}]


def test_nothing_is_put_on_record_where_nothing_changed(login: Login, company: Company) -> None:
    browser = login("core.edit_company")
    assert browser.post("/company", data=values(company, tax_id="30-99000010-3")).status_code == 302
    assert recorded() == []


@pytest.mark.parametrize("condition", ["", "CF", "nonsense"])
def test_what_is_no_condition_of_an_issuer_is_refused(login: Login, company: Company, condition: str) -> None:
    page = login("core.edit_company").post("/company", data=values(company, tax_condition=condition, sure="y"))
    assert page.status_code == 422 and "debe elegir una condición fiscal" in said(page)
    db.session.refresh(company)
    assert company.tax_condition == "RI"


def test_the_regime_of_ecuador_follows_the_condition(app: Any) -> None:
    from modules.einvoice_ec import access

    made = companies.create_company("EC", "Andina", "1790012344001", code="andina", tax_condition="GENERAL")
    with scope.company_scope(made):
        for condition, regime in (("RIMPE_E", "RIMPE_E"), ("RIMPE_NP", "RIMPE_NP"), ("GENERAL", "")):
            companies.change_identity(made, made.tax_id, condition, True)
            assert access.profile().rimpe == regime


def test_mexico_gathers_a_month_where_the_regime_allows_no_two(app: Any) -> None:
    from modules.einvoice_mx import access

    made = companies.create_company("MX", "Mexicana", "ABC010101AB9", code="mexicana", tax_condition="621")
    with scope.company_scope(made):
        access.profile().global_period = "05"
        companies.change_identity(made, made.tax_id, "601", True)
        assert access.profile().global_period == "04"


def test_the_steps_of_electronic_invoices_lead_there(login: Login, company: Company) -> None:
    page = login("core.edit_company", "einvoice.enable").get("/einvoice/enable?step=data")
    assert 'href="/company">Corregir el número o la condición fiscal' in page.text


def test_the_province_is_chosen_and_what_was_written_otherwise_is_kept(login: Login, company: Company) -> None:
    company.region = "Pcia. de Córdoba"
    db.session.commit()
    browser = login("core.edit_company")
    page = browser.get("/company").text
    assert '<option value="X">Córdoba</option>' in page
    assert '<option selected value="Pcia. de Córdoba">Pcia. de Córdoba</option>' in page
    browser.post("/company", data=values(company, region="X"))
    db.session.refresh(company)
    assert company.region == "X"
    assert browser.post("/company", data=values(company, region="ZZ")).status_code == 422
