"""Help beside the page: opened by key and mouse, searched, left again; on a desk, on a phone, without a script."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.accessible import assert_accessible
from tests.browser.conftest import CHROMIUM, EMAIL, PASSWORD, Site, enter

pytestmark = [
    pytest.mark.browser, pytest.mark.once,
    pytest.mark.skipif(not CHROMIUM, reason="no chromium here"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning"),
]
PANEL, TITLE = "#help-panel", "#help-part h1"


@pytest.fixture(scope="module")
def page(chromium: Any, site: Site) -> Iterator[Any]:
    complaints: list[str] = []
    found = enter(chromium, site.address, 1280, complaints)
    yield found
    found.context.close()
    assert complaints == []


def sound(page: Any, name: str) -> None:
    assert not page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"), name
    assert_accessible(page, name)
    if folder := os.environ.get("ABONA_PICTURES"):
        page.screenshot(path=Path(folder) / f"help-{name}.png")


def opened(page: Any, title: str) -> None:
    page.wait_for_function("title => document.querySelector('#help-part h1')?.textContent === title", arg=title)


def has_focus(page: Any, selector: str) -> bool:
    return bool(page.evaluate("selector => document.activeElement.matches(selector)", selector))


def test_at_a_desk_it_stands_beside_the_page_and_stays_from_page_to_page(page: Any) -> None:
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto("/payments")
    page.keyboard.press("h")
    opened(page, "Pagos")
    assert has_focus(page, TITLE)
    work = page.locator(".main").bounding_box()
    assert work["x"] + work["width"] <= page.locator(PANEL).bounding_box()["x"]
    sound(page, "desk")
    page.click(".side a[href='/customers/']")
    opened(page, "Pagos")  # the steps that one follows
    assert not has_focus(page, TITLE)  # and the page keeps the focus
    page.click("header [data-help]")
    opened(page, "Clientes")
    page.click("header [data-help]")
    assert page.is_hidden(PANEL) and has_focus(page, "[data-help]")
    page.reload()
    assert page.is_hidden(PANEL)


def test_one_reads_on_searches_and_goes_back(page: Any) -> None:
    page.goto("/payments")
    page.keyboard.press("F1")
    opened(page, "Pagos")
    page.click(f"{PANEL} article a:text-is('Un pago')")
    opened(page, "Un pago")
    page.click(f"{PANEL} .help-bar a:has-text('Toda la ayuda')")
    opened(page, "Ayuda")
    page.fill("#help-part input[name=q]", "comprobante rechazado")
    page.keyboard.press("Enter")
    page.click(".help-found li:first-child a")
    opened(page, "Comprobantes rechazados")
    for title in ("Ayuda", "Ayuda", "Un pago", "Pagos"):
        page.click("[data-help-back]")
        opened(page, title)
    assert page.is_hidden("[data-help-back]")
    page.keyboard.press("Escape")
    assert page.is_hidden(PANEL) and page.url.endswith("/payments")


def test_the_map_of_keys_names_it_and_letters_in_a_field_do_not_open_it(page: Any) -> None:
    page.goto("/payments")
    page.keyboard.press("?")
    assert "ayuda de esta página" in page.inner_text("#keys")
    page.keyboard.press("Escape")
    page.click("input[name=q]:not(#search)")
    page.keyboard.type("hotel")
    assert page.is_hidden(PANEL)
    page.keyboard.press("F1")
    opened(page, "Pagos")
    page.click("[data-help-close]")


def test_a_form_keeps_what_was_typed(page: Any) -> None:
    page.goto("/customers/new")
    page.fill("#name", "Vera, Ana")
    page.keyboard.press("F1")
    opened(page, "Alta y datos de un cliente")
    page.keyboard.press("Escape")
    assert page.input_value("#name") == "Vera, Ana"
    page.fill("#name", "")


def test_on_a_phone_it_covers_the_page_which_waits(page: Any) -> None:
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto("/payments")
    page.click("header [data-help]")
    opened(page, "Pagos")
    box = page.locator(PANEL).bounding_box()
    assert (box["x"], box["width"]) == (0, 360)
    assert page.evaluate("document.querySelector('.shell').inert")
    sound(page, "phone")
    page.click("[data-help-close]")
    assert page.is_hidden(PANEL) and not page.evaluate("document.querySelector('.shell').inert")
    page.goto("/help")
    sound(page, "index-phone")
    page.goto("/help/core/moving")
    sound(page, "topic-phone")


def test_without_a_script_it_is_a_page(chromium: Any, site: Site) -> None:
    context = chromium.new_context(java_script_enabled=False, locale="es-AR", base_url=site.address)
    page = context.new_page()
    page.goto("/login")
    page.fill("#email", EMAIL)
    page.fill("#password", PASSWORD)
    page.click("button.btn-primary")
    page.goto("/payments")
    page.click("header [data-help]")
    assert page.url.endswith("/help/accounting/payments") and page.inner_text("article h1") == "Pagos"
    page.click("article a:text-is('Un pago')")
    page.click(".help-more a")
    page.fill("main input[name=q]", "cierre de mes")
    page.click("main button")
    assert page.inner_text(".help-found li:first-child a").startswith("Cierre de mes")
    context.close()
