"""B13: a payment of the wrong person is taken back; both accounts show what happened, nothing disappears."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.conftest import Site, enter
from tests.browser.desk import STORY, idle, inside, said, sound
from tests.browser.money import internal, invoice, payment, person

pytestmark = STORY


@pytest.fixture(scope="module")
def mistake(site: Site) -> dict[str, int]:
    """Both owe 1,000; the money of the second was recorded for the first."""
    with inside(site):
        internal()
        wrong, right = person("Ñáñez, María José", "201"), person("Ñáñez, Mario", "202")
        for one in (wrong, right):
            invoice(one, 1000)
        return {"wrong": wrong.id, "right": right.id, "payment": payment(wrong, 1000).id}


@pytest.fixture
def page(chromium: Any, site: Site, mistake: dict[str, int]) -> Iterator[Any]:
    complaints: list[str] = []
    found = enter(chromium, site.address, 1280, complaints)
    idle(site, found)
    yield found
    found.context.close()
    assert [one for one in complaints if "422" not in one] == []


def test_it_is_taken_back_with_a_reason_and_recorded_for_the_right_one(
        page: Any, site: Site, mistake: dict[str, int]) -> None:
    page.goto(f"/payments/{mistake['payment']}")
    page.click("summary:has-text('Anular')")
    page.click("details[open] button.btn-danger")  # without a reason
    page.wait_for_selector(".field-error")
    sound(page, "b13-no-reason")
    page.fill("#reason", "Era de Mario Ñáñez")
    page.dblclick("details[open] button.btn-danger")
    page.wait_for_selector("main .notice-ok")
    assert "Era de Mario Ñáñez" in said(page)
    sound(page, "b13-taken-back")
    page.goto(f"/payments/new?customer={mistake['right']}&amount=1000")
    page.click("button[value=record].btn-primary")
    page.wait_for_url(re.compile(r"/payments/\d+$"))
    idle(site, page)
    page.goto(f"/customers/{mistake['wrong']}?tab=account")
    account = said(page)
    assert account.count("Era de Mario Ñáñez") >= 1 and account.count("1.000,00") >= 3
    sound(page, "b13-account")
    page.goto(f"/customers/{mistake['wrong']}?tab=history")
    history = said(page)
    assert "Se anuló el pago" in history and "Pagó" in history and "Era de Mario Ñáñez" in history
    sound(page, "b13-history")
    page.goto(f"/customers/{mistake['right']}?tab=account")
    assert "$0,00" in said(page)
