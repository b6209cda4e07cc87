"""U1: the link in my invoice opens what I owe without a password, and I pay it by phone; then the page says paid."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from core.db import db
from modules.accounting.models import Invoice
from modules.gateways import accounts, links
from modules.gateways.providers.mercadopago.about import PROVIDER
from tests.browser.accessible import assert_accessible
from tests.browser.conftest import Site
from tests.browser.desk import STORY, idle, inside
from tests.browser.money import internal, invoice, person

pytestmark = STORY
PHONE = {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def debt(site: Site) -> tuple[int, str]:
    """(the invoice, its link) of a subscriber of a provider that collects through Mercado Pago."""
    # as the installation's own settings would say where it is reached
    site.app.extensions["abona"] = replace(site.app.extensions["abona"], public_url=site.address)
    with inside(site):
        internal()
        account = accounts.create("mercadopago", "Mercado Pago", PROVIDER.extra["rehearsal"]["AR"])
        assert accounts.missing(account) == []
        made = invoice(person("Ñáñez, María José", "201", "27123456"), 12100)
        db.session.flush()
        return made.id, links.of_invoice(made)


@pytest.fixture
def phone(chromium: Any, site: Site) -> Iterator[Any]:
    """A payer's phone: no login, no cookies; what its console complains of fails the story."""
    complaints: list[str] = []
    context = chromium.new_context(viewport=PHONE, locale="es-AR")
    page = context.new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: said.type == "error" and page.url.startswith(site.address)
            and complaints.append(said.text))
    yield page
    context.close()
    assert complaints == []


def sound(page: Any, name: str) -> None:
    """It fits the phone, and everybody can use it."""
    assert not page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"), name
    assert_accessible(page, name)


def words(page: Any) -> str:
    return " ".join(str(page.inner_text("main")).split())


def test_u1_a_link_is_opened_and_paid(phone: Any, site: Site, debt: tuple[int, str]) -> None:
    invoice_id, link = debt
    phone.goto(link)
    said = words(phone)
    assert "12.100,00" in said and "Pague hasta el" in said and "María" not in said
    sound(phone, "u1-owed")
    # by keyboard: the first button is the page of Mercado Pago
    phone.keyboard.press("Tab")
    assert phone.evaluate("[document.activeElement.tagName, document.activeElement.textContent]") == [
        "BUTTON", "Pagar con Mercado Pago"]
    phone.keyboard.press("Enter")
    # it is opened there by a job, and the phone goes on by itself
    phone.wait_for_url("**/mercadopago/checkout/**", timeout=60_000)
    phone.select_option("#holder", "APRO")
    phone.click("button[name=times][value='1']")
    # the gateway sends the payer back and its notice to us, in whichever order
    phone.wait_for_url("**/pay/**", timeout=60_000)
    phone.wait_for_selector("text=Pagado. Gracias", timeout=60_000)
    sound(phone, "u1-paid-here")
    idle(site, phone)
    phone.goto(link)
    assert "Pagado" in words(phone) and phone.locator("form").count() == 0
    sound(phone, "u1-paid")
    with inside(site):
        assert db.session.get_one(Invoice, invoice_id).open_amount == 0
