"""What cannot be billed, mended where it is said: what was typed is kept, and it is looked at again at once."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from core.db import db
from modules.contracts import billing, differences, previews, services
from modules.contracts.models import ExchangeRate, PlanPrice
from tests.modules.contracts.situations import NOVEMBER, day, run_billing_jobs

CLERK = ("contracts.view_billing", "contracts.view_contracts", "crm.view_customers", "crm.edit_customers")


@pytest.fixture
def without_condition(make_contract):
    contract = make_contract("Sin condición")
    contract.customer.tax_condition = ""
    db.session.commit()
    return contract


@pytest.fixture
def unpriced(make_contract, make_plan):
    plan = make_plan("NEW")
    plan.prices[0].valid_from = dt.date(2030, 1, 1)
    db.session.commit()
    return make_contract("Sin precio", plan_id=plan.id)


def form(contract, cure, **values):
    return {"month": "2026-11", "where": "desk", "contract": contract.id, "cure": cure, **values}


def excepted(isp):
    return [one["name"] for one in billing.preview(isp, NOVEMBER)["exceptions"]]


def test_a_condition_is_set_in_the_list_and_the_contract_can_be_billed(login, isp, without_condition):
    browser = login(*CLERK)
    assert excepted(isp) == ["Sin condición"]
    answer = browser.post("/billing/mend", data=form(without_condition, "condition", tax_condition="CF"))
    assert answer.status_code == 302 and answer.location.endswith("#causes")
    assert "notice-ok" in browser.get(answer.location).get_data(as_text=True)
    assert excepted(isp) == []


def test_the_customer_who_cannot_be_billed_is_a_link_for_who_may_see_him(login, without_condition):
    url = f'href="/customers/{without_condition.customer_id}">Sin condición</a>'
    assert url in login(*CLERK).get("/billing/?month=2026-11").get_data(as_text=True)
    page = login("contracts.view_billing", "contracts.view_contracts").get("/billing/?month=2026-11")
    assert url not in page.get_data(as_text=True) and "Sin condición" in page.get_data(as_text=True)


def test_a_price_is_asked_for_as_the_company_writes_it(login, isp, unpriced):
    isp.number_style = "point"
    db.session.commit()
    answer = login(*CLERK, "contracts.edit_plans").post("/billing/mend", data=form(unpriced, "price", price="nueve"))
    assert "1234.50" in answer.get_data(as_text=True) and "1234,50" not in answer.get_data(as_text=True)


def test_what_was_typed_stays_when_it_is_wrong(login, isp, make_contract):
    contract = make_contract("Sin CUIT")
    contract.customer.tax_condition = "RI"
    db.session.commit()
    data = form(contract, "identity", tax_condition="RI", tax_id_kind="CUIT", tax_id="30-71234567-0")
    answer = login(*CLERK).post("/billing/mend", data=data)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422 and 'value="30-71234567-0"' in page and "field-error" in page
    assert contract.customer.tax_id == "" and excepted(isp) == ["Sin CUIT"]


def test_what_did_not_help_is_said(login, isp, without_condition):
    browser = login(*CLERK)
    answer = browser.post("/billing/mend", data=form(without_condition, "condition", tax_condition="RI"))
    page = browser.get(answer.location).get_data(as_text=True)
    assert "notice-warn" in page and excepted(isp) == ["Sin condición"]


def test_a_plan_gets_its_price_from_the_list(login, isp, unpriced):
    assert login(*CLERK).post("/billing/mend", data=form(unpriced, "price", price="9000")).status_code == 403
    browser = login(*CLERK, "contracts.edit_plans")
    assert browser.post("/billing/mend", data=form(unpriced, "price", price="nueve mil")).status_code == 422
    assert browser.post("/billing/mend", data=form(unpriced, "price", price="9.000,50")).status_code == 302
    prices = db.session.scalars(sa.select(PlanPrice.price).where(PlanPrice.plan_id == unpriced.plan_id))
    assert sorted(map(str, prices)) == ["12100.000000", "9000.500000"] and excepted(isp) == []


def test_an_exchange_rate_is_entered_from_the_list(login, isp, make_contract, make_plan):
    contract = make_contract("En dólares", plan_id=make_plan("USD", "20", currency="USD").id)
    browser = login(*CLERK, "contracts.edit_plans")
    assert browser.post("/billing/mend", data=form(contract, "rate", rate="1450,5")).status_code == 302
    assert [str(one.rate) for one in db.session.scalars(sa.select(ExchangeRate))] == ["1450.500000"]
    assert excepted(isp) == []


def test_a_large_companys_stored_preview_forgets_who_was_mended(login, isp, without_condition, monkeypatch):
    monkeypatch.setattr(previews, "AT_ONCE", 0)
    previews.request_preview(isp, NOVEMBER)
    db.session.commit()
    run_billing_jobs()
    browser = login(*CLERK)
    assert "Sin condición" in browser.get("/billing/?month=2026-11").get_data(as_text=True)
    browser.post("/billing/mend", data=form(without_condition, "condition", tax_condition="CF"))
    db.session.expire_all()
    result = previews.stored(isp, NOVEMBER).result
    assert (result["exceptions"], result["exceptions_count"]) == ([], 0)


def test_a_contract_of_another_company_is_not_found(login, isp, other_company, without_condition):
    assert login(*CLERK).post("/billing/mend", data=form(without_condition, "condition", tax_condition="CF")
                              | {"contract": 999_999}).status_code == 404


def test_the_groups_name_the_contracts_behind_them(make_contract, make_plan, isp, bill):
    dearer, free = make_contract("Sube"), make_contract("Gratis")
    bill(dt.date(2026, 10, 1))
    services.change_plan(dearer, make_plan("H100", "24200"), NOVEMBER)
    services.set_courtesy(free, NOVEMBER, None, "Torre en su techo")
    new = make_contract("Nueva", billing_from=day(1))
    db.session.commit()
    found = {one.key: one for one in differences.groups(billing.preview(isp, NOVEMBER))}
    assert {key: (one.count, [row.name for row in one.rows]) for key, one in found.items()} == {
        "new": (1, ["Nueva"]), "gone": (1, ["Gratis"]), "dearer": (1, ["Sube"]), "free": (1, ["Gratis"])}
    assert [one.id for one in found["new"].rows[0].contracts] == [new.id]
    assert [one.id for one in found["free"].rows[0].contracts] == [free.id] and found["free"].rows[0].why == "courtesy"
