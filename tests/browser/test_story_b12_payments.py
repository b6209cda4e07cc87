"""B12: a transfer pays two invoices and leaves 150 in favour; the next invoice takes it. And many from a sheet."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from core import clock
from core.db import db
from modules.accounting import queries
from modules.accounting.models import Invoice, Payment
from modules.crm.models import Customer
from tests.browser.conftest import Site, enter
from tests.browser.desk import STORY, agree, idle, inside, said, sound
from tests.browser.money import internal, invoice, person

pytestmark = STORY
SHEET = """Extracto del banco;;;;
Cliente;Fecha;Importe;Medio;Referencia
202;{day};1.000,00;Transferencia;OP-1
28.987.654;{day};2.500,50;efectivo;
999;{day};100,00;;OP-3
202;{day};cien;;OP-4
"""


@pytest.fixture(scope="module")
def ids(site: Site) -> dict[str, int]:
    """Who owes two invoices, and two for the sheet."""
    with inside(site):
        internal()
        made = {code: person(name, code, number) for code, name, number in (
            ("201", "Ñáñez, María José", "27123456"), ("202", "Vera, Luis", "27222333"),
            ("203", "Gutiérrez, Raúl", "28987654"))}
        invoice(made["201"], 1000)
        invoice(made["201"], 2000)
        return {code: row.id for code, row in made.items()}


@pytest.fixture
def page(chromium: Any, site: Site, ids: dict[str, int]) -> Iterator[Any]:
    complaints: list[str] = []
    found = enter(chromium, site.address, 1280, complaints)
    yield found
    found.context.close()
    assert [one for one in complaints if "422" not in one] == []


def test_a_transfer_pays_two_invoices_and_the_rest_pays_the_next(page: Any, site: Site, ids: dict[str, int]) -> None:
    page.goto("/payments/new?q=nanez")  # the only one that fits is taken
    page.wait_for_url("**/payments/new?customer=*")
    assert page.evaluate("document.activeElement.id") == "media-0-amount"
    page.keyboard.type("cien")
    page.keyboard.press("Enter")
    page.wait_for_selector(".field-error")
    assert page.input_value("#media-0-amount") == "cien"
    sound(page, "b12-wrong")
    page.fill("#media-0-amount", "3150")
    page.select_option("#media-0-method", "transfer")
    page.fill("#media-0-reference", "OP 7781")
    page.wait_for_selector("#live:has-text('150')")
    assert "a favor" in page.inner_text("#live")
    sound(page, "b12-form")
    page.dblclick("button[value=record].btn-primary")
    page.wait_for_url(re.compile(r"/payments/\d+$"))
    page.wait_for_selector("main .notice-ok")
    assert "150,00" in said(page) and "OP 7781" in said(page) and said(page).count("Factura") >= 2
    sound(page, "b12-payment")
    with inside(site):
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Payment)) == 1
        following = invoice(db.session.get_one(Customer, ids["201"]), 500).id
    idle(site, page)
    page.goto(f"/invoices/{following}")
    assert "350,00" in said(page) and "150,00" in said(page)
    data = page.request.get(f"/invoices/{following}/pdf").body()
    assert "150,00" in text_of(data)


def test_the_invoice_in_front_of_one_is_paid_not_the_oldest(page: Any, site: Site) -> None:
    with inside(site):
        customer = person("Sosa, Nélida", "204", "27444555")
        old, new = invoice(customer, 700, due=5).id, invoice(customer, 900, due=25).id
    idle(site, page)
    page.goto(f"/invoices/{new}")
    page.click("main a:has-text('Cobrar')")
    page.wait_for_selector("#live:has-text('900,00')")
    assert page.input_value(f"[name='pay-{new}']") == "900,00" and page.is_visible(f"[name='pay-{new}']")
    sound(page, "b12-this-one")
    page.click("button[value=record].btn-primary")
    page.wait_for_url(re.compile(r"/payments/\d+$"))
    with inside(site):
        left = {one: db.session.get_one(Invoice, one).open_amount for one in (old, new)}
    assert left == {old: Decimal("700.00"), new: Decimal("0.00")}


def text_of(data: bytes) -> str:
    import pypdf

    return " ".join(part.extract_text() for part in pypdf.PdfReader(io.BytesIO(data)).pages)


def test_many_payments_come_from_a_sheet_once_and_the_refused_come_back(
        page: Any, site: Site, ids: dict[str, int], tmp_path: Path) -> None:
    sheet = tmp_path / "banco.csv"
    with inside(site):
        sheet.write_text(SHEET.replace("{day}", clock.today().strftime("%d/%m/%Y")), encoding="latin-1")
    for recorded, known in ((2, 0), (0, 2)):
        page.goto("/payments")
        page.click("main a:has-text('planilla')")
        page.set_input_files("#file", sheet)
        page.click("main form button.btn-primary")
        page.wait_for_selector("#refused")
        assert "999" in page.inner_text("#refused") and "cien" in page.inner_text("#refused")
        if not recorded:
            assert page.locator(".figure-value").nth(1).inner_text() == str(known)
            assert not page.locator(".page-head button.btn-primary").count()
            break
        sound(page, "b12-sheet")
        agree(page, ".page-head button.btn-primary")
        page.wait_for_selector("#payments-progress:not([data-poll])", state="attached")
        idle(site, page)
        page.reload()
        assert f"{recorded} pagos" in said(page)
        sound(page, "b12-recorded")
        with page.expect_download() as download:
            page.click("a:has-text('CSV')")
        rows = list(csv.reader(io.StringIO(Path(download.value.path()).read_text("utf-8-sig")), delimiter=";"))
        assert len(rows) == 3 and "999" in rows[1][-1]
    with inside(site):
        assert queries.balance(ids["202"]) == Decimal("-1000.00") and queries.balance(ids["203"]) == Decimal("-2500.50")


def test_lines_are_pasted_and_kept_when_they_cannot_be_read(page: Any) -> None:
    page.goto("/imports/payments")
    sound(page, "b12-paste")
    page.fill("#lines", "importe\tfecha\n5\t1/1/2026")
    page.click("main form button.btn-primary")
    page.wait_for_selector(".notice-bad")
    assert page.input_value("#lines").startswith("importe\tfecha")
    page.fill("#lines", "203\t\t77,70\tefectivo\tP-1")
    page.click("main form button.btn-primary")
    page.wait_for_selector(".page-head button.btn-primary")
    assert "77,70" in said(page) and "Gutiérrez" in said(page)


def test_a_payment_is_recorded_on_a_phone(page: Any, site: Site, ids: dict[str, int]) -> None:
    with inside(site):
        before = queries.balance(ids["203"])
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"/customers/{ids['203']}")
    page.click("main a[href^='/payments/new']")
    page.fill("#media-0-amount", "99,90")
    page.click("button[value=record].btn-primary")
    page.wait_for_url(re.compile(r"/payments/\d+$"))
    assert "99,90" in said(page)
    sound(page, "b12-phone")
    with inside(site):
        assert queries.balance(ids["203"]) == before - Decimal("99.90")
