"""B6: a manual invoice for an antenna in three instalments; the others appear in the next months by themselves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from core import clock, months
from core.db import db
from core.scope import current_company
from modules.accounting.models import Invoice
from modules.contracts import billing
from modules.crm.models import Customer
from tests.browser.conftest import Site, enter
from tests.browser.desk import STORY, idle, inside, plan, said, sound, subscriber

pytestmark = STORY


@pytest.fixture(scope="module")
def page(chromium: Any, site: Site) -> Iterator[Any]:
    with inside(site):
        subscriber("Ñáñez, María José", plan("H50", "Hogar 50", 12100))
    complaints: list[str] = []
    found = enter(chromium, site.address, 1280, complaints)
    yield found
    found.context.close()
    assert [one for one in complaints if "422" not in one] == []


def lines(site: Site) -> list[list[str]]:
    """Line by line, each invoice with its amounts."""
    with inside(site):
        return [[f"{line.description}: {line.total:.2f}" for line in one.lines]
                for one in db.session.scalars(sa.select(Invoice).order_by(Invoice.id))]


def test_the_invoice_is_divided_looked_at_and_issued_once(site: Site, page: Any) -> None:
    page.goto("/customers/1?tab=account")
    page.click("main a[href*='invoices/new']")
    page.fill("input[name='lines-0-description']", "Antena Ubiquiti LiteBeam")
    page.fill("input[name='lines-0-price']", "100.000")
    page.fill("#instalments", "0")
    page.click(".form-actions button[value=look]")
    page.wait_for_selector(".field-error")
    assert page.input_value("input[name='lines-0-description']") == "Antena Ubiquiti LiteBeam"
    page.fill("#instalments", "3")
    page.wait_for_selector("#live:has-text('cuota 1 de 3')")
    shown = said(page)
    assert "$33.333,34" in shown and shown.count("$33.333,33") == 2 and "Llega con la factura de" in shown
    sound(page, "b6-form")
    page.dblclick("button[value=issue]")
    page.wait_for_url("**/invoices/*")
    page.wait_for_selector(".notice-ok")
    assert "Antena Ubiquiti LiteBeam, cuota 1 de 3" in said(page)
    assert lines(site) == [["Antena Ubiquiti LiteBeam, cuota 1 de 3: 33333.34"]]


def test_the_contract_says_what_is_to_come(page: Any) -> None:
    page.goto("/contracts/1")
    text = said(page)
    assert "Antena Ubiquiti LiteBeam" in text and "$66.666,66" in text
    sound(page, "b6-contract")


def test_the_next_months_bring_the_others_by_themselves(site: Site, page: Any) -> None:
    with inside(site):
        following = months.add(months.of(clock.today()), 1)
    for month in (following, months.add(following, 1), months.add(following, 2)):
        bill(site, page, month)
    antenna = [[line for line in one if line.startswith("Antena")] for one in lines(site)]
    assert antenna == [["Antena Ubiquiti LiteBeam, cuota 1 de 3: 33333.34"],
                       ["Antena Ubiquiti LiteBeam, cuota 2 de 3: 33333.33"],
                       ["Antena Ubiquiti LiteBeam, cuota 3 de 3: 33333.33"], []]
    with inside(site):
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Customer)) == 1


def bill(site: Site, page: Any, month: dt.date) -> None:
    with inside(site):
        billing.start_run(current_company(), month)
    idle(site, page)
