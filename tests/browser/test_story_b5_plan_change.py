"""B5: a subscriber changed plan on the 17th: two lines that can be explained, and the sum is what the preview said."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

import pytest

from core import clock, months
from tests.browser.conftest import Site, enter
from tests.browser.desk import STORY, agree, idle, inside, plan, said, sound, subscriber

pytestmark = STORY
AMOUNT = re.compile(r"\$\s?([\d.]+,\d\d)")


@pytest.fixture(scope="module")
def day(site: Site) -> dt.date:
    """The 17th of this month, which is not billed yet."""
    with inside(site):
        subscriber("Ñáñez, María José", plan("H50", "Hogar 50", 12100))
        plan("H100", "Hogar 100", 24200)
        return months.of(clock.today()).replace(day=17)


@pytest.fixture(scope="module")
def page(chromium: Any, site: Site, day: dt.date) -> Iterator[Any]:
    complaints: list[str] = []
    found = enter(chromium, site.address, 1280, complaints)
    yield found
    found.context.close()
    assert complaints == []


def test_the_change_is_made_and_the_next_invoice_shows_both_parts(page: Any, day: dt.date) -> None:
    page.goto("/contracts/1/plan")
    page.select_option("#plan_id", label=page.locator("#plan_id option", has_text="Hogar 100").inner_text())
    page.fill("#day", day.isoformat())
    page.fill("#reason", "Pide más velocidad")
    page.click("main form button.btn-primary")
    page.wait_for_load_state()
    if "/plan" in page.url:  # what it means was shown first; pressed again it is done
        page.click("main form button.btn-primary")
    page.wait_for_url("**/contracts/1")
    text = said(page)
    assert "Hogar 50" in text and "Hogar 100" in text
    sound(page, "b5-contract")


def test_preview_and_invoice_say_the_same_in_two_lines(site: Site, page: Any, day: dt.date) -> None:
    page.goto("/billing/")
    shown = AMOUNT.search(said(page))
    assert shown
    agree(page, "form[data-confirm] button")
    page.wait_for_url("**/billing/runs/*")
    page.wait_for_selector("main .notice-ok", timeout=60_000)
    idle(site, page)
    page.goto("/invoices/1")
    text = said(page)
    last = months.last_day(day).day
    old, new = round(12100 * 16 / last, 2), round(24200 * (last - 16) / last, 2)
    assert abs(float(shown[1].replace(".", "").replace(",", ".")) - old - new) < 0.02
    assert f"${shown[1]}" in text  # the sum is what the preview said
    lines = page.locator("main table").first.locator("tbody tr")
    assert lines.count() == 2
    first, second = lines.nth(0).inner_text(), lines.nth(1).inner_text()
    assert "Hogar 50" in first and "16 días" in first and f"÷ {last}" in first
    assert "Hogar 100" in second and f"{last - 16} días" in second and day.strftime("%d/%m/%Y") in second
    sound(page, "b5-invoice")
