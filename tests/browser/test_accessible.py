"""The main screens for people who do not see well, use a keyboard or a reader: by day, by night and on a phone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from core import clock, companies, scope
from core.db import db
from modules.accounting import services as accounting
from modules.accounting.drafts import DraftLine, InvoiceDraft
from modules.contracts import plans
from modules.contracts import services as contracts
from modules.contracts.drafts import ContractData
from modules.crm import services as crm
from tests.browser.accessible import assert_accessible, grave, report
from tests.browser.conftest import CHROMIUM, Site, enter

pytestmark = [
    pytest.mark.browser, pytest.mark.once,
    pytest.mark.skipif(not CHROMIUM, reason="no chromium here"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning"),
]


def test_an_image_without_words_is_found(chromium: Any) -> None:
    """The helper itself: without this a helper that finds nothing would please everybody."""
    page = chromium.new_page()
    page.set_content("<html lang='es'><title>t</title><main><h1>Hola</h1><img src='data:,'></main></html>")
    with pytest.raises(AssertionError, match="image-alt"):
        assert_accessible(page, "an image")
    page.close()


SCREENS = ("/", "/search?q=vera", "/jobs?state=all", "/account", "/people", "/roles", "/company", "/audit", "/admin/",
           "/customers/", "/customers/1", "/customers/1?tab=account", "/customers/new", "/contracts/", "/contracts/1",
           "/contracts/1/plan", "/plans/", "/plans/1", "/billing/", "/billing/runs", "/billing/exceptions",
           "/billing/drafts", "/billing/revisions/new", "/invoices", "/invoices/1", "/invoices/1/credit",
           "/invoices/new?customer=1", "/payments", "/payments/new?customer=1", "/notices/", "/einvoice/",
           "/einvoice/refused", "/einvoice/enable", "/imports/", "/design", "/setup", "/setup/services", "/health",
           "/help", "/month-end", "/ledger", "/ledger/entries", "/debtors", "/contracts/equipment", "/notices/texts",
           "/gateways", "/gateways/accounts", "/gateways/files", "/gateways/bank", "/gateways/reconciliation",
           "/arrears/", "/arrears/cuts", "/arrears/promises", "/arrears/proofs", "/arrears/cut-offs",
           "/arrears/moratoria", "/network/routers", "/network/routers/new", "/network/connections",
           "/network/changes", "/nothing-here")
PARTS = 5
UNFOLD = "document.querySelectorAll('main details:not(.menu)').forEach(one => one.open = true)"
# (width, colours, the only rules that can differ from the look before)
LOOKS = {"light": (1280, "light", ()), "dark": (1280, "dark", ("color-contrast",)), "phone": (360, "light", ())}


@pytest.fixture(scope="module", autouse=True)
def town(site: Site) -> None:
    """One subscriber with a plan and an invoice."""
    with site.app.app_context(), scope.company_scope(companies.find_company("rcw")):
        plan = plans.create_plan({"code": "H50", "name": "Hogar 50", "taxes": [{"code": "VAT", "rate": "21"}],
                                  "includes_tax": True, "period_months": 1, "currency": ""}, Decimal(12100),
                                 dt.date(2020, 1, 1))
        customer = crm.create_customer(name="Vera, Ana", tax_condition="CF", tax_id="27123456", tax_id_kind="DNI")
        contracts.create_contract(ContractData(customer.id, plan.id, billing_from=dt.date(2026, 1, 1)))
        accounting.issue_invoice(InvoiceDraft(customer.id, clock.today(), (DraftLine("Antena", Decimal(1), Decimal(
            12100), price_includes_tax=True, taxes=({"code": "VAT", "rate": "21"},)),)))
        db.session.commit()


@pytest.fixture(scope="module")
def page(chromium: Any, site: Site) -> Iterator[Any]:
    complaints: list[str] = []
    found = enter(chromium, site.address, 1280, complaints)
    yield found
    found.context.close()
    assert complaints == []


def looked_at(page: Any, where: str) -> list[str]:
    """What is grave on the page in each look."""
    found = []
    for look, (width, colours, rules) in LOOKS.items():
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=colours)
        found += [report(broken, f"{where} ({look})")] if (broken := grave(page, rules)) else []
    return found


@pytest.mark.parametrize("part", range(PARTS))
def test_everybody_can_use_the_main_screens(page: Any, part: int) -> None:
    found = []
    for path in SCREENS[part::PARTS]:
        page.goto(path)
        page.evaluate(UNFOLD)
        found += looked_at(page, path)
    assert not found, "\n\n".join(found)


def test_everybody_can_use_menus_and_the_map_of_keys(page: Any) -> None:
    page.goto("/invoices")
    page.keyboard.press("?")
    found = looked_at(page, "the map of keys")
    page.keyboard.press("Escape")
    for place in range(page.locator("details.menu").count()):
        page.evaluate("place => document.querySelectorAll('details.menu').forEach((one, i) => one.open = i === place)",
                      place)
        found += looked_at(page, f"menu {place}")
    page.set_viewport_size({"width": 360, "height": 800})
    page.evaluate("document.getElementById('side-toggle').click()")
    found += [report(broken, "side menu")] if (broken := grave(page)) else []
    assert not found, "\n\n".join(found)
