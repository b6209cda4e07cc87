"""B10: unpaid invoices of a zone older than 30 days: how many, one PDF, a real spreadsheet, or all sent again."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pypdf
import pytest
import sqlalchemy as sa

from core import clock
from core.db import db
from modules.crm import services as crm
from modules.notifications.models import Message
from tests.browser.conftest import Site, enter
from tests.browser.desk import STORY, WIDTHS, idle, inside, said, sound
from tests.browser.money import internal, invoice, payment, person

pytestmark = STORY
MANY = 56  # more than a page of the list, and more than are drawn at once
WANTED = "/invoices?state=overdue&due=more_than_30_days_ago&sort=-date"


@pytest.fixture(scope="module")
def south(site: Site) -> int:
    """Debts of zone South, old and new, and of zone North; some were paid."""
    with inside(site):
        internal()
        south, north = crm.create_zone("Sur").id, crm.create_zone("Norte").id
        old = clock.today() - dt.timedelta(60)
        for number in range(MANY):
            invoice(person(f"Sosa {number:02d}, Ana", f"{200 + number}", zone_id=south), 12100, old)
        invoice(person("Nuevo, Luis", "301", zone_id=south), 5000)
        invoice(person("Del Norte, Eva", "302", zone_id=north), 7000, old)
        payer = person("Paga, Juan", "303", zone_id=south)
        invoice(payer, 900, old)
        payment(payer, 900, old, "transfer")
        return south


@pytest.fixture(params=WIDTHS)
def page(request: pytest.FixtureRequest, chromium: Any, site: Site, south: int) -> Iterator[Any]:
    complaints: list[str] = []
    found = enter(chromium, site.address, request.param, complaints)
    idle(site, found, rounds=900)  # some sixty papers are drawn and sent first
    yield found
    found.context.close()
    assert complaints == []


def choose_all(page: Any, south: int) -> None:
    page.goto(f"{WANTED}&zone={south}")
    page.check("[data-list-all]")
    page.check("[data-list-everything]")
    assert f"Elegidas: {MANY}" in page.inner_text("[data-list-bar]")


def test_the_filter_says_how_many_and_how_much(page: Any, south: int) -> None:
    page.goto(f"{WANTED}&zone={south}")
    assert f"{MANY} comprobantes" in said(page)
    page.click("#list-totals a")
    page.wait_for_selector("#list-totals strong")
    assert "677.600,00" in page.inner_text("#list-totals").replace("\xa0", " ")
    page.click("table.list tbody a")
    page.wait_for_url("**/invoices/*")
    page.click(".crumbs a")
    page.wait_for_url("**/invoices?*zone=*")
    sound(page, "b10-list")


def test_a_spreadsheet_has_real_numbers_and_dates(page: Any, south: int) -> None:
    page.goto(f"{WANTED}&zone={south}")
    page.click(".list-head details.menu:has(form[data-download]) > summary")
    with page.expect_download() as download:
        page.click("form[data-download] button[value=xlsx]")
    with Path(download.value.path()).open("rb") as file:
        rows = list(openpyxl.load_workbook(file).active.iter_rows(values_only=True))
    cells = rows[1]
    assert len(rows) >= MANY + 1
    assert any(isinstance(cell, dt.date) for cell in cells) and any(
        isinstance(cell, (int, float)) and cell == 12100 for cell in cells)


def test_one_paper_of_all_is_made_in_the_background(page: Any, south: int, site: Site) -> None:
    choose_all(page, south)
    page.click("[data-list-bar] details.menu > summary")
    with page.expect_popup() as opened:
        page.click("[data-list-bar] button[value=pdf]")
    paper = opened.value
    paper.wait_for_url("**/runs/*")
    paper.wait_for_selector("#run:not([data-poll])", timeout=90_000)
    sound(paper, "b10-paper")
    found = paper.request.get(paper.get_attribute("main a[href*='/file']", "href"))
    assert len(pypdf.PdfReader(io.BytesIO(found.body())).pages) == MANY
    paper.close()


def test_all_are_sent_again_after_it_was_said_how_many(page: Any, south: int, site: Site) -> None:
    with inside(site):
        before = db.session.scalar(sa.select(sa.func.sum(Message.sendings))) or 0
    choose_all(page, south)
    page.click("[data-list-bar] button[formaction*='do/send']")
    page.wait_for_url("**/runs/*")
    assert f"{MANY} comprobantes" in said(page) and "Todavía no se hizo nada" in said(page)
    sound(page, "b10-question")
    page.dblclick(".form-actions button")
    page.wait_for_selector("#run:not([data-poll])", timeout=90_000)
    idle(site, page)
    with inside(site):
        assert (db.session.scalar(sa.select(sa.func.sum(Message.sendings))) or 0) == before + MANY


def test_receipts_have_all_of_it_too(page: Any, south: int) -> None:
    page.goto(f"/payments?method=transfer&zone={south}")
    assert "1 pago" in said(page)
    page.check("[data-list-all]")
    assert page.locator("[data-list-bar] button[formaction*='do/send']").is_visible()
    for kind in ("xlsx", "pdf", "zip"):
        assert page.locator(f"button[value={kind}]").count(), kind
    sound(page, "b10-receipts")


