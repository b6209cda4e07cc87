"""M4: the first invoice in rehearsal, authorised and as a PDF; and production behind one guarded step per service."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

import pytest
from pypdf import PdfReader

from core import companies, scope
from core.db import db
from modules.crm import services as crm
from tests.browser.conftest import Site, enter
from tests.browser.desk import STORY, idle, said, sound
from tests.browser.first_evening import first_evening

pytestmark = STORY


@pytest.fixture(scope="module")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with first_evening(tmp_path_factory.mktemp("blank")) as found:
        yield found


@pytest.fixture(scope="module")
def page(chromium: Any, blank: Site) -> Iterator[Any]:
    """A company that was just created, with one customer."""
    with blank.app.app_context():
        company = companies.create_company(
            "AR", "Valle Fibra S.A.", "30-99000010-3", code="valle", tax_condition="RI", region="X",
            street="Sobremonte 550", city="Río Cuarto", postal_code="5800", email="cobros@valle.example")
        with scope.company_scope(company):
            crm.create_customer(name="Ñáñez, María José", tax_condition="CF", tax_id_kind="DNI", tax_id="27123456")
        db.session.commit()
    complaints: list[str] = []
    found = enter(chromium, blank.address, 1280, complaints)
    yield found
    found.context.close()
    assert [one for one in complaints if "422" not in one] == []


def next_step(page: Any, title: str) -> None:
    """From the set-up to where its present step is done."""
    page.goto("/setup")
    assert title in page.inner_text("#step-title")
    page.click("section.card .btn-primary")


def test_home_shows_the_first_hour_and_leads_on(page: Any) -> None:
    page.goto("/")
    assert "Primeros pasos" in said(page)
    sound(page, "m4-home")
    page.click("main a:has-text('Seguir con la puesta en marcha')")
    page.wait_for_selector("#step-title")


def test_tax_data_and_the_rehearsal_are_done_step_by_step(page: Any) -> None:
    next_step(page, "Datos fiscales")
    page.wait_for_selector("#gross_income_number")
    page.fill("#gross_income_number", "280-990005-0")
    page.fill("#activity_start", "2014-05-01")
    page.click("main form button.btn-primary")
    page.wait_for_selector(".notice-ok")
    next_step(page, "Certificado y punto de venta")
    page.wait_for_selector("#number")
    sound(page, "m4-rehearsal")
    page.fill("#number", "3")
    page.click("main form button.btn-primary")
    page.wait_for_selector(".notice-ok:has-text('Factura B 0')")


def test_the_first_invoice_is_authorised_and_its_pdf_bears_the_watermark(blank: Site, page: Any) -> None:
    page.goto("/setup?step=invoice")
    page.click("section.card .btn-primary")
    page.fill("input[type=search][name=q]:not(#search)", "Ñáñez")
    page.keyboard.press("Enter")
    page.wait_for_selector("input[name='lines-0-description']")  # the only one that fits
    page.fill("input[name='lines-0-description']", "Instalación")
    page.fill("input[name='lines-0-price']", "12.100,00")
    page.click("button[value=issue]")
    page.wait_for_url(re.compile(r"/invoices/\d+"))
    idle(blank, page)
    page.reload()
    text = said(page)
    assert "B 0003-00000001" in text and re.search(r"\b\d{14}\b", text)
    answer = page.request.get(page.url.split("?")[0].rstrip("/") + "/pdf")
    printed = PdfReader(io.BytesIO(answer.body())).pages[0].extract_text()
    assert "B 0003-00000001" in printed or "00000001" in printed
    assert "sin validez" in printed.lower() or "ensayo" in printed.lower()


def test_what_an_invoice_needs_is_done_and_the_checklist_goes(page: Any) -> None:
    page.goto("/setup?step=invoice")
    assert page.locator("#step-title .badge-ok").count() == 1
    assert "Ensayo" in page.inner_text(".banner")


def test_each_service_has_its_own_guarded_step_to_production(page: Any) -> None:
    page.click(".banner a")
    page.wait_for_selector("h2:has-text('ARCA')")
    assert page.locator(".badge-warn").count() == 2
    sound(page, "m4-services")
    page.click("section.card:has-text('Correo') a.btn")
    page.wait_for_selector("#confirm")
    page.fill("#confirm", "30-99000010-9")
    page.click("#rehearsal button.btn-danger")
    page.wait_for_selector("#rehearsal .field-error")
    sound(page, "m4-mail")
    page.fill("#confirm", "30-99000010-3")
    page.click("#rehearsal button.btn-danger")
    page.wait_for_selector("#rehearsal .badge-ok")
    page.goto("/einvoice/enable?step=live")
    assert "producción" in said(page)  # ARCA's own step waits for its certificate
    assert page.locator("main form #confirm").count() == 0
