"""S2: "Why was I cut?": one line per event, in words that can be read aloud."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from core import clock
from modules.contracts import services
from tests.browser.conftest import Site
from tests.browser.desk import STORY, enter_as, idle, inside, plan, said, sound, subscriber
from tests.browser.money import internal, invoice, payment

pytestmark = STORY


@pytest.fixture(scope="module")
def caller(site: Site) -> int:
    """Told, overdue, cut, and then paid a part."""
    with inside(site):
        internal()
        contract = subscriber("Ñáñez, María José", plan("H100", "Hogar 100", 12100))
        invoice(contract.customer, 12100, clock.today() - dt.timedelta(40))
        services.suspend(contract, "arrears", "Deuda vencida")
        payment(contract.customer, 100)
        return contract.customer_id


@pytest.fixture
def page(chromium: Any, site: Site, caller: int) -> Iterator[Any]:
    complaints: list[str] = []
    found = enter_as("support", chromium, site, 1280, complaints)
    idle(site, found)
    yield found
    found.context.close()
    assert complaints == []


def test_the_history_answers_in_one_line_per_event(page: Any, caller: int) -> None:
    page.goto(f"/customers/{caller}")
    page.click(".tabs a:has-text('Historia')")
    page.wait_for_selector(".timeline li")
    lines = [text.replace("\xa0", " ") for text in page.locator(".timeline li").all_inner_texts()]
    told = "\n".join(lines)
    for words in ("Se emitió: Factura", "Venció sin pagarse: Factura", "se deben todavía", "Pagó: $100,00",
                  "Aviso:", "Deuda vencida", "Cliente creado"):
        assert words in told, (words, told)
    assert page.locator(".timeline li a").count() >= 4  # each line opens what it tells of
    sound(page, "s2-history")


def test_the_rules_answer_and_a_promise_is_two_clicks_away(page: Any, caller: int) -> None:
    page.goto(f"/customers/{caller}")
    page.click(".tabs a:has-text('Mora')")
    page.wait_for_selector("main h3:has-text('¿Por qué?')")
    assert "Deuda vencida" in said(page) and "12.000,00" in said(page)
    sound(page, "s2-why")
    page.click("main button:has-text('Promesa hasta')")
    page.wait_for_selector("main .notice-ok")
    assert "Prometió pagar hasta" in said(page)
