"""B4: twelve documents are refused; the cause of eight is corrected at once, the others one by one, all go again."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from core import clock
from core.db import db
from modules.accounting.drafts import DraftLine, InvoiceDraft
from modules.accounting.services import issue_invoice
from modules.crm import services as crm
from modules.crm.models import Customer
from modules.einvoice.models import Document
from tests.browser.conftest import Site, enter
from tests.browser.desk import STORY, VAT21, agree, idle, inside, said, sound

pytestmark = STORY
EIGHT = [f"Sin Condición {letter}, cuyo nombre es largo y no cabe en una línea" for letter in "ABCDEFGH"]
# in ARCA's register: not active, and without activity
INACTIVE, UNRELIABLE = "20990001503", "30990001606"


def invoice(name: str, **identity: str) -> None:
    customer = crm.create_customer(name=name, emails=("a@example.com",), **identity)
    line = DraftLine("Traslado de antena", Decimal(1), Decimal(24200), price_includes_tax=True, taxes=VAT21)
    issue_invoice(InvoiceDraft(customer.id, clock.today(), (line,)))


@pytest.fixture(scope="module")
def page(chromium: Any, site: Site) -> Iterator[Any]:
    with inside(site):
        for name in EIGHT:
            invoice(name)
        for name in ("Luna, Jorge", "Luna, Pedro", "Luna, Rita"):
            invoice(name, tax_id_kind="CUIT", tax_id=INACTIVE, tax_condition="CF")
        invoice("Transportes Dudosos", tax_id_kind="CUIT", tax_id=UNRELIABLE, tax_condition="RI")
    complaints: list[str] = []
    found = enter(chromium, site.address, 1280, complaints)
    idle(site, found)
    yield found
    found.context.close()
    assert [one for one in complaints if "422" not in one] == []


def states(site: Site) -> list[tuple[str, int]]:
    with inside(site):
        rows = db.session.execute(sa.select(Document.state, sa.func.count()).group_by(Document.state)
                                  .order_by(Document.state))
        return [(row[0], row[1]) for row in rows]


def cause(page: Any, words: str) -> Any:
    return page.locator("section.card", has_text=words)


def test_the_tray_groups_by_cause_with_both_wordings(site: Site, page: Any) -> None:
    assert states(site) == [("rejected", 12)]
    page.goto("/einvoice/refused")
    text = said(page)
    assert "12 comprobantes" in text and "8 comprobantes" in text and "3 comprobantes" in text
    inactive = cause(page, "10247").inner_text()
    assert "CUIT receptora inactiva" in inactive and "Para enviarlo debe hablar con el cliente" in inactive
    sound(page, "b4-tray")


def test_the_condition_of_all_eight_is_corrected_at_once(site: Site, page: Any) -> None:
    page.goto("/einvoice/refused")
    eight = cause(page, "8 comprobantes")
    eight.locator("form:has(button:has-text('8')) select").select_option("CF")
    page.once("dialog", lambda dialog: dialog.accept())
    eight.locator("button:has-text('8')").dblclick()
    page.wait_for_url("**/runs/*")
    page.wait_for_selector("#run:not([data-poll]) .figures", timeout=30_000)
    assert page.locator("#run .figure-value").first.inner_text() == "8"
    sound(page, "b4-run")
    idle(site, page)
    assert states(site) == [("authorized", 8), ("rejected", 4)]
    with inside(site):
        conditions = db.session.scalars(sa.select(Customer.tax_condition).where(Customer.name.in_(EIGHT)))
        assert set(conditions) == {"CF"}


def test_one_is_mended_in_its_row_and_what_was_typed_wrong_stays(site: Site, page: Any) -> None:
    page.goto("/einvoice/refused")
    row = page.locator("tr", has_text="Luna, Rita")
    row.locator("select[name=tax_id_kind]").select_option("DNI")
    row.locator("input[name=tax_id]").fill("12.34")
    row.locator("button").click()
    page.wait_for_selector("main .field-error")
    row = page.locator("tr", has_text="Luna, Rita")
    assert row.locator("input[name=tax_id]").input_value() == "12.34"
    assert row.locator("select[name=tax_id_kind]").input_value() == "DNI"
    sound(page, "b4-slip")
    row.locator("input[name=tax_id]").fill("12.345.678")
    row.locator("button").click()
    page.wait_for_selector(".notice-ok")
    idle(site, page)
    assert states(site) == [("authorized", 9), ("rejected", 3)]


def test_sending_again_what_is_still_wrong_asks_the_authority_and_comes_back(site: Site, page: Any) -> None:
    page.goto("/einvoice/refused")
    agree(page, "form:has(input[name=cause][value='10247']) button")
    page.wait_for_selector("#run:not([data-poll]) .figures", timeout=30_000)
    page.goto("/einvoice/refused")
    page.wait_for_selector("#sending:not([data-poll])", state="attached", timeout=30_000)
    idle(site, page)
    page.goto("/einvoice/refused")
    assert states(site) == [("authorized", 9), ("rejected", 3)]


def test_typing_in_one_row_is_not_lost_by_sending_another(page: Any) -> None:
    page.goto("/einvoice/refused")
    page.locator("tr", has_text="Luna, Jorge").locator("input[name=tax_id]").fill("22.333.444")
    asked: list[str] = []
    page.once("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.locator("tr", has_text="Luna, Pedro").locator("button").click()
    page.wait_for_timeout(800)
    assert asked == ["beforeunload"]
    assert page.locator("tr", has_text="Luna, Jorge").locator("input[name=tax_id]").input_value() == "22.333.444"
    assert page.locator("tr", has_text="Luna, Pedro").locator("button").get_attribute("aria-disabled") is None
    page.once("dialog", lambda dialog: dialog.accept())
    page.goto("/")


def test_the_same_is_mended_on_a_phone(site: Site, page: Any) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto("/einvoice/refused")
    row = page.locator("tr", has_text="Luna, Jorge")
    row.locator("select[name=tax_id_kind]").select_option("DNI")
    row.locator("input[name=tax_id]").fill("22.333.444")
    row.locator("button").click()
    page.wait_for_selector(".notice-ok")
    idle(site, page)
    page.set_viewport_size({"width": 1280, "height": 800})
    assert states(site) == [("authorized", 10), ("rejected", 2)]
