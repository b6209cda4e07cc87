"""Contracts and the billing desk in a real browser: what polls ends by itself, what is asked is shown first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from core import clock, companies, scope
from core.db import db
from modules.contracts import plans, previews, services
from modules.contracts.drafts import ContractData
from modules.crm import services as crm
from tests.browser.conftest import CHROMIUM, Site, enter

pytestmark = [
    pytest.mark.browser, pytest.mark.once,
    pytest.mark.skipif(not CHROMIUM, reason="no chromium here"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning"),
]
PAGES = ("/contracts/", "/contracts/1", "/contracts/1/plan", "/contracts/1/items/new", "/contracts/1/charges/new",
         "/contracts/1/discounts/new", "/contracts/1/end", "/contracts/1/price", "/contracts/1/edit",
         "/contracts/new?customer=1", "/plans/", "/plans/1", "/plans/new", "/billing/", "/billing/runs",
         "/billing/exceptions", "/billing/drafts", "/billing/revisions", "/billing/revisions/new",
         "/customers/1?tab=contracts", "/admin/contracts-billing-profile/edit/?id=1")


@pytest.fixture(scope="module", autouse=True)
def town(site: Site) -> None:
    """Three subscribers of two plans."""
    with site.app.app_context(), scope.company_scope(companies.find_company("rcw")):
        made = [plans.create_plan(
            {"code": code, "name": name, "taxes": [{"code": "VAT", "rate": "21"}], "includes_tax": True,
             "period_months": 1, "currency": ""}, Decimal(price), dt.date(2020, 1, 1))
            for code, name, price in (("H50", "Hogar 50", 12100), ("H100", "Hogar 100", 24200))]
        for name in ("Ñáñez, María José", "Godoy, Raúl", "Vera, Ana"):
            customer = crm.create_customer(name=name, tax_condition="CF", tax_id="27123456", tax_id_kind="DNI")
            services.create_contract(ContractData(customer.id, made[0].id, billing_from=dt.date(2026, 1, 1)))
        db.session.commit()


@pytest.fixture(params=[1280, 360])
def page(request: pytest.FixtureRequest, chromium: Any, site: Site) -> Iterator[Any]:
    complaints: list[str] = []
    found = enter(chromium, site.address, request.param, complaints)
    found.wide = request.param == 1280
    found.on("dialog", lambda dialog: dialog.accept())
    yield found
    found.context.close()
    assert complaints == []


def test_every_page_fits_and_drops_nothing(page: Any) -> None:
    for path in PAGES:
        answer = page.goto(path)
        assert answer.status == 200, path
        assert not page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"), path
        assert page.locator("main h1").count() == 1, path


def test_a_preview_in_the_background_shows_itself_when_it_is_ready(page: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(previews, "AT_ONCE", 0)
    month = "2027-03" if page.wide else "2027-04"
    page.goto(f"/billing/?month={month}")
    page.click("#preview button")
    page.wait_for_selector("form[data-confirm]", timeout=30_000)
    assert "36.300,00" in page.inner_text("main")


def test_a_month_is_billed_and_the_result_comes_without_reloading(page: Any) -> None:
    if not page.wide:
        pytest.skip("once is enough")
    month = clock.now().strftime("%Y-%m")
    page.goto(f"/billing/?month={month}")
    page.click("form[data-confirm] button")
    page.wait_for_url("**/billing/runs/*")
    page.wait_for_selector("main .figures", timeout=60_000)
    page.locator("#stages[data-poll]").wait_for(state="detached", timeout=90_000)
    page.wait_for_selector("main .notice-ok", timeout=20_000)
    assert "36.300,00" in page.inner_text("main")


def test_a_change_of_plan_shows_credit_and_charge_before_it_is_done(page: Any) -> None:
    if not page.wide:
        pytest.skip("once is enough")
    page.goto("/contracts/1/plan")
    page.select_option("#plan_id", label=page.locator("#plan_id option", has_text="Hogar 100").inner_text())
    page.fill("#reason", "pide más")
    page.click("main form button.btn-primary")
    page.wait_for_selector("main .card table")
    shown = page.inner_text("main .card")
    assert "Hogar 50" in shown and "Hogar 100" in shown and page.input_value("#reason") == "pide más"
    page.click("main form button.btn-primary")
    page.wait_for_url("**/contracts/1")
    assert "Hogar 100" in page.inner_text("main .answer")
