"""B9: any person is found by half a name, an old phone, a document, an invoice number or a street, in one box."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from modules.crm import services as crm
from modules.crm.drafts import AddressData
from tests.browser.conftest import Site, enter
from tests.browser.desk import STORY, inside, plan, said, sound, subscriber
from tests.browser.money import PEOPLE, internal, invoice, person

pytestmark = STORY
LONG = PEOPLE[2][1]


@pytest.fixture(scope="module")
def town(site: Site) -> dict[str, str]:
    """Three people, a contract and an invoice; what each of them has."""
    with inside(site):
        internal()
        maria, raul, coop = (person(name, code, number) for code, name, number in PEOPLE)
        crm.update_customer(maria, phones="358 412-3456")
        crm.update_customer(maria, phones="358 600-0000")  # the old number stays findable
        crm.add_address(raul, AddressData(street="Sobremonte", number="1200", city="Río Cuarto", region="X",
                                          postal_code="5800"))
        issued = invoice(coop, 12100)
        contract = subscriber("Zabala, Inés", plan("H100", "Hogar 100", 12100))
        return {"invoice": issued.legal_number, "contract": contract.number}


@pytest.fixture(params=[1280, 360])
def page(request: pytest.FixtureRequest, chromium: Any, site: Site, town: dict[str, str]) -> Iterator[Any]:
    complaints: list[str] = []
    found = enter(chromium, site.address, request.param, complaints)
    yield found
    found.context.close()
    assert complaints == []


def first_hit(page: Any, typed: str) -> str:
    """What stands first while one types, after a slash from anywhere."""
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("/")
    page.fill("#search", "")
    asked = f"search.json?q={quote(typed, safe='')}"
    with page.expect_response(lambda answer: answer.url.endswith(asked)):
        page.keyboard.type(typed)
    page.wait_for_selector(".hits:not([hidden]) [role=option]")
    return str(page.locator(".hits [role=option]").first.inner_text())


def test_whatever_is_typed_the_person_stands_first(page: Any, town: dict[str, str]) -> None:
    page.goto("/payments")
    for typed, name in (("nanez", "Ñáñez"), ("mari jos", "Ñáñez"), ("27.123.456", "Ñáñez"), ("27123456", "Ñáñez"),
                        ("0358 15 412-3456", "Ñáñez"), ("gutierres", "Gutiérrez"), ("sobremonte 1200", "Gutiérrez"),
                        ("holmber", "Cooperativa"), ("102", "Gutiérrez"), (town["contract"], town["contract"])):
        assert name in first_hit(page, typed), typed
    # a bare number may be somebody's code as well: the invoice stands in its own group
    first_hit(page, town["invoice"])
    assert f"Factura {town['invoice']}" in page.inner_text(".hits")


def test_the_keyboard_alone_leads_to_the_page(page: Any) -> None:
    page.goto("/payments")
    first_hit(page, "catalina")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/customers/*")
    assert LONG in said(page)


def test_enter_alone_opens_the_only_hit_and_lists_several(page: Any) -> None:
    page.goto("/search?q=gutierrez")
    page.wait_for_url("**/customers/*")
    page.goto("/search?q=a")
    assert "Escriba" in said(page) or "letras" in said(page)
    page.goto("/search?q=zzzz")
    assert "No se encontró nada" in said(page) or "Nada" in said(page)


def test_the_box_can_be_used_by_everybody(page: Any) -> None:
    page.goto("/")
    first_hit(page, "o a")
    sound(page, "b9-hits")
    page.goto("/search?q=in")
    sound(page, "b9-page")
