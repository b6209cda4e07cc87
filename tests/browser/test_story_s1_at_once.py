"""S1: the caller's number or name shows debt, state of the service, last payment and last notice in a second."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from core.db import db
from modules.contracts import services
from modules.crm import services as crm
from modules.networking import services as network
from modules.networking.models import Node, Router
from tests.browser.conftest import Site
from tests.browser.desk import STORY, enter_as, idle, inside, plan, said, sound, subscriber
from tests.browser.money import internal, invoice, payment

pytestmark = STORY


@pytest.fixture(scope="module")
def caller(site: Site) -> int:
    """Cut since today, owes 10,000 of 12,100."""
    with inside(site):
        internal()
        contract = subscriber("Ñáñez, María José", plan("H100", "Hogar 100", 12100))
        customer = contract.customer
        crm.update_customer(customer, phones="358 412-3456")
        invoice(customer, 12100, due=0)
        payment(customer, 2100, method="transfer")
        router = Router(name="Norte-2", node=Node(name="Torre Norte"), host="127.0.0.1", port=1, username="abona",
                        password="secreta")
        db.session.add(router)
        db.session.flush()
        network.link(contract, router, "nanez", address="10.0.0.7")
        services.suspend(contract, "request", "De viaje")  # what is not due yet cuts nobody
        return customer.id


@pytest.fixture(params=[1280, 360])
def page(request: pytest.FixtureRequest, chromium: Any, site: Site, caller: int) -> Iterator[Any]:
    complaints: list[str] = []
    found = enter_as("support", chromium, site, request.param, complaints)
    idle(site, found)
    yield found
    found.context.close()
    assert complaints == []


def test_the_number_that_calls_opens_everything_that_is_asked(page: Any, caller: int) -> None:
    page.goto("/")
    page.keyboard.press("/")
    page.keyboard.type("+54 9 358 412 3456")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/customers/{caller}")
    head = page.inner_text(".summary").replace("\xa0", " ")
    for words in ("10.000,00", "2.100,00", "Transferencia", "Hogar 100", "Último aviso", "router Norte-2"):
        assert words in head, words
    assert "cortado" in head.lower() or "suspendido" in head.lower()
    began = time.monotonic()
    page.goto(f"/customers/{caller}")
    assert time.monotonic() - began < 10  # of a loaded machine; the server's own part is measured elsewhere
    sound(page, "s1-customer")
    assert "Ñáñez" in said(page)


def test_the_connection_and_what_gateways_reported_are_one_click_away(page: Any, caller: int) -> None:
    page.goto(f"/customers/{caller}?tab=contracts")
    page.click("main table a")
    page.wait_for_selector("section:has(h2:has-text('Conexión'))")
    connection = page.locator("section", has=page.locator("h2", has_text="Conexión")).inner_text()
    assert "Norte-2" in connection and "10.0.0.7" in connection
    sound(page, "s1-contract")
    page.goto("/gateways")
    assert page.locator("h1").count() == 1 and page.locator("nav.side .side-link[aria-current]").count() == 1
