"""The month of a clerk in a real browser: a spreadsheet comes in, a month is billed, authorised, drawn and sent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import CHROMIUM, Site, enter

pytestmark = [
    pytest.mark.browser, pytest.mark.once,
    pytest.mark.skipif(not CHROMIUM, reason="no chromium here"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning"),
]
SHEET = """Código;Apellido y nombre;DNI/CUIT;Condición IVA;E-mail;Teléfono;Dirección;Localidad;Plan;Precio
101;Ñáñez, María José;27.123.456;CF;maria@example.com;358 412-3456;Sobremonte 1200;Río Cuarto;Hogar 100;12.100,00
102;Pereyra Hermanos S.R.L.;30-71234567-1;RI;pagos@example.com;358 400-1111;Ruta 8 km 601;Holmberg;Pyme 300;36.300,00
103;Godoy, Raúl;28.987.654;CF;raul@example.com;358 455-7788;Paraná 44;Río Cuarto;Hogar 100;12.100,00
104;Sin Documento, Juan;;CF;;;Sarmiento 1;Río Cuarto;Hogar 100;doce mil
"""


@pytest.fixture(params=[1280, 360], scope="module")
def page(request: pytest.FixtureRequest, chromium: Any, site: Site) -> Iterator[Any]:
    complaints: list[str] = []
    found = enter(chromium, site.address, request.param, complaints)
    found.wide = request.param == 1280
    yield found
    found.context.close()
    assert complaints == []


def confirmed(page: Any, selector: str) -> None:
    """Press a button that asks, and say yes."""
    page.once("dialog", lambda dialog: dialog.accept())
    page.click(selector)


def settled(page: Any) -> None:
    """Wait until nothing on the page is being watched any more."""
    page.locator("main [data-poll]").first.wait_for(state="detached", timeout=90_000)


def test_subscribers_come_in_from_a_spreadsheet(page: Any, tmp_path: Path) -> None:
    sheet = tmp_path / "abonados.csv"
    sheet.write_text(SHEET, encoding="latin-1")
    page.goto("/imports/")
    page.set_input_files("#file", sheet)
    page.click("main form button.btn-primary")
    page.wait_for_selector("#refused")
    assert "104" in page.inner_text("#refused") or "Sin Documento" in page.inner_text("#refused")
    if page.wide:  # the phone comes second: everybody is there already
        confirmed(page, "main .page-head button.btn-primary")
        page.wait_for_load_state()
        settled(page)
        assert "3" in page.inner_text("main .page-head")
    page.goto("/customers/")
    assert "Ñáñez" in page.inner_text("main") and "Pereyra" in page.inner_text("main")


def test_a_month_is_looked_at_billed_and_watched_to_its_end(page: Any) -> None:
    page.goto("/billing/")
    if page.wide:
        assert "3" in page.inner_text("form[data-confirm]")
        confirmed(page, "form[data-confirm] button")
        page.wait_for_url("**/billing/runs/*")
    else:
        page.goto("/billing/runs/1")
    settled(page)
    page.reload()
    text = page.inner_text("main")
    assert re.search(r"\$\s?60\.500,00", text), text  # 12.100 + 36.300 + 12.100
    assert not page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")


def test_each_invoice_has_its_cae_its_letter_and_its_pdf(page: Any) -> None:
    page.goto("/invoices")
    rows = page.inner_text("main")
    assert "A 0003-00000001" in rows and "B 0003-00000002" in rows
    page.click("main a:has-text('A 0003-00000001')")
    page.wait_for_url("**/invoices/*")
    assert re.search(r"\b\d{14}\b", page.inner_text("main"))  # the CAE
    answer = page.request.get(page.url.rstrip("/") + "/pdf")
    assert answer.ok and answer.body().startswith(b"%PDF")


def test_the_outbox_says_what_went_to_whom(page: Any) -> None:
    page.goto("/notices/")
    text = page.inner_text("main")
    assert "maria@example.com" in text and "pagos@example.com" in text


def test_a_payment_settles_the_invoice_and_the_account_shows_it(page: Any) -> None:
    if page.wide:
        page.goto("/customers/")
        page.click("main a:has-text('Ñáñez')")
        page.wait_for_url("**/customers/*")
        page.click("main a[href*='payments/new']")
        page.fill("input[name='media-0-amount']", "12.100,00")
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(r"/payments/\d+"))
        assert "12.100,00" in page.inner_text("main")
    page.goto("/payments")
    assert "Ñáñez" in page.inner_text("main")
