"""A5: a figure opens to its entries, an entry to its document, a document to PDF, XML and the authority's answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.conftest import Site, enter
from tests.browser.desk import STORY, idle, inside, said, sound
from tests.browser.money import invoice, payment, person

pytestmark = STORY


@pytest.fixture(scope="module")
def customer(site: Site) -> int:
    """An authorised invoice, and a part of it paid."""
    with inside(site):
        made = person("Ñáñez, María José", "201", "27123456")
        invoice(made, 12100)
        payment(made, 2100)
        return made.id


@pytest.fixture
def page(chromium: Any, site: Site, customer: int) -> Iterator[Any]:
    complaints: list[str] = []
    found = enter(chromium, site.address, 1280, complaints)
    idle(site, found)
    yield found
    found.context.close()
    assert complaints == []


def test_from_a_figure_of_the_ledger_to_what_the_authority_answered(page: Any) -> None:
    page.goto("/ledger")
    assert "12.100,00" in said(page) and "10.000,00" in said(page)
    sound(page, "a5-ledger")
    page.click("td[data-label='Debe'] a:has-text('12.100,00')")
    page.wait_for_url("**/ledger/entries?*")
    sound(page, "a5-entries")
    page.click("table.list a:has-text('Factura B')")
    page.wait_for_url("**/ledger/entries/*")
    assert "2.100,00" in said(page) and "10.000,00" in said(page)
    sound(page, "a5-entry")
    page.click(".page-head a:has-text('comprobante')")
    page.wait_for_url("**/invoices/*")
    assert page.locator("a:has-text('Asiento')").count() == 1
    link = page.get_attribute(".page-head a.btn-primary", "href")
    assert page.request.get(link).body().startswith(b"%PDF")
    sound(page, "a5-invoice")
    page.click("main a[href^='/einvoice/']")
    page.wait_for_url("**/einvoice/*")
    for name, part in (("request", b"12100"), ("reply", b"CAE")):
        found = page.request.get(page.get_attribute(f"a[href$='/said/{name}']", "href"))
        assert found.headers["content-type"].startswith("application/xml") and part in found.body()
    sound(page, "a5-authority")
