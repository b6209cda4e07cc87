"""A4: the month is locked; who posts there is told who locked it and why; unlocking leaves a trace."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from core import clock
from tests.browser.conftest import Site, enter
from tests.browser.desk import STORY, enter_as, inside, said, sound
from tests.browser.money import internal, invoice, person

pytestmark = STORY


@pytest.fixture(scope="module")
def customer(site: Site) -> int:
    with inside(site):
        internal()
        made = person("Vera, Luis", "201")
        invoice(made, 1000)
        return made.id


@pytest.fixture
def page(chromium: Any, site: Site, customer: int) -> Iterator[Any]:
    complaints: list[str] = []
    found = enter(chromium, site.address, 1280, complaints)
    yield found
    found.context.close()
    assert [one for one in complaints if "422" not in one] == []


@pytest.fixture
def clerk(chromium: Any, site: Site, customer: int) -> Iterator[Any]:
    """Somebody else, who records payments and locks nothing."""
    complaints: list[str] = []
    found = enter_as("billing", chromium, site, 1280, complaints)
    yield found
    found.context.close()
    assert [one for one in complaints if "422" not in one and "403" not in one] == []


def test_a_closed_month_names_who_closed_it_and_opening_needs_a_reason(page: Any, clerk: Any, site: Site,
                                                                       customer: int) -> None:
    with inside(site):
        last = clock.today().replace(day=1) - dt.timedelta(1)
    page.goto(f"/month-end?month={last:%Y-%m}")
    page.click(".page-head a.btn-primary")
    page.wait_for_url("**/locked-periods?*")
    assert page.input_value("#until") == last.isoformat()
    page.fill("#reason", "IVA presentado")
    page.click("main form button.btn-primary")
    page.wait_for_selector("main .notice-ok")
    sound(page, "a4-locked")

    clerk.goto(f"/payments/new?customer={customer}&amount=1000")
    clerk.fill("#paid_on", last.isoformat())
    clerk.fill("#media-0-reference", "OP 12")
    amount = clerk.input_value("#media-0-amount")
    clerk.click("button[value=record].btn-primary")
    clerk.wait_for_selector(".field-error")
    assert "Ana" in said(clerk) and "IVA presentado" in said(clerk)
    assert clerk.input_value("#media-0-reference") == "OP 12" and clerk.input_value("#media-0-amount") == amount
    sound(clerk, "a4-refused")
    assert clerk.goto("/locked-periods").status == 403  # nor may the clerk open it again

    page.goto("/locked-periods")
    page.fill("#until", "")
    page.click("main form button.btn-primary")
    page.wait_for_selector(".field-error, .notice-bad")
    page.fill("#reason", "Faltaba un recibo")
    page.click("main form button.btn-primary")
    page.wait_for_selector("main .notice-ok")
    trace = page.inner_text(".timeline")
    assert "Ana" in trace and "IVA presentado" in trace and "Faltaba un recibo" in trace
    sound(page, "a4-opened")
