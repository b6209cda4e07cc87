"""A1: the month-end list says what is not closed, with a link for each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from core import clock
from core.db import db
from modules.accounting.models import CashAccount
from modules.einvoice.models import Document
from modules.gateways import rehearsing
from modules.gateways.models import Account
from tests.browser.conftest import Site
from tests.browser.desk import STORY, enter_as, idle, inside, said, sound
from tests.browser.money import internal, invoice, payment, person

pytestmark = STORY


@pytest.fixture(scope="module")
def month(site: Site) -> str:
    """Last month: an invoice to who has no address, money of who owes nothing, a deposit that nobody knows.

    This month: documents for ARCA, one of them without the condition that it asks for.
    """
    with inside(site):
        for number in range(1, 5):
            invoice(person(f"Numerada {number}", f"30{number}"), 12100)
        invoice(person("Sin Condición, Ana", "310", tax_condition=""), 12100)
        internal()
        day = clock.today().replace(day=1) - dt.timedelta(3)
        invoice(person("Sin Correo, Juan", "201", emails=""), 12100, day)
        payment(person("Adelantado, Luis", "202"), 1500, day)
        place = db.session.scalars(sa.select(CashAccount).where(CashAccount.kind == "bank")).first()
        bank = Account(provider="bank", name="Banco Galicia", cash_account_id=place.id)
        db.session.add(bank)
        db.session.flush()
        sheet = f"Fecha;Descripción;Referencia;Nombre;Importe\n{day};DEPOSITO SUC 14;77310;;512,00\n"
        rehearsing.bring(bank, sheet.encode(), "extracto.csv")
        return day.strftime("%Y-%m")


def lose(site: Site) -> None:
    """Of what is authorised one gets no answer, and the number of another is as if it had never been used."""
    with inside(site):
        rows = db.session.scalars(sa.select(Document).where(Document.state == "authorized").order_by(
            Document.number)).all()
        rows[-1].number = rows[-1].number + 1
        rows[0].state, rows[0].authorization_code = "unknown", ""


@pytest.fixture
def page(chromium: Any, site: Site, month: str) -> Iterator[Any]:
    complaints: list[str] = []
    found = enter_as("accountant", chromium, site, 1280, complaints)
    idle(site, found)
    yield found
    found.context.close()
    assert complaints == []


def test_each_thing_that_is_open_opens_its_list(page: Any, site: Site, month: str) -> None:
    page.goto(f"/month-end?month={month}")
    assert "sin cerrar" in said(page) and "en orden" in said(page)
    sound(page, "a1-month-end")
    page.click("main a:has-text('a favor')")
    page.wait_for_url("**/payments?*")
    assert "Adelantado" in said(page)
    page.goto(f"/month-end?month={month}")
    page.click("main a:has-text('movimiento del banco')")
    page.wait_for_url("**/gateways/bank?*")
    assert "DEPOSITO SUC 14" in said(page)
    this = clock.now().strftime("%Y-%m")
    page.goto(f"/month-end?month={this}")
    assert "todavía no terminó" in said(page)
    page.click("main a:has-text('dirección')")
    page.wait_for_url("**/notices/?*")
    assert "Sin Correo" in said(page)
    lose(site)
    for link, shown, hidden in (("rechazado", "Sin Condición", "Numerada"), ("sin respuesta", "Numerada 1", "Sin Cond"),
                                ("Números que faltan", "Numerada 4", "Sin Condición")):
        page.goto(f"/month-end?month={this}")
        page.click(f"main a:has-text('{link}')")
        page.wait_for_url("**/einvoice/?*")
        assert shown in said(page) and hidden not in page.inner_text("table")
    page.goto("/month-end?month=2020-01")
    assert "se puede cerrar el mes" in said(page)
    sound(page, "a1-in-order")
