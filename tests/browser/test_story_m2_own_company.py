"""M2: my own company, from nothing: who I am, what I sell, and my customers as my spreadsheet has them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pypdf
import pytest
from PIL import Image

from tests.browser.conftest import Site, enter
from tests.browser.desk import STORY, said, sound
from tests.browser.first_evening import first_evening

pytestmark = STORY
SHEET = """Código;Apellido y nombre;DNI/CUIT;Condición IVA;E-mail;Dirección;Localidad;Plan;Precio
101;Ñáñez, María José;27.123.456;CF;maria@example.com;Sobremonte 1200;Río Cuarto;Hogar 100;12.100,00
102;Pereyra Hermanos S.R.L.;30-71234567-1;RI;pagos@example.com;Ruta 8 km 601;Holmberg;Hogar 100;12.100,00
103;Godoy, Raúl;28.987.654;CF;raul@example.com;Paraná 44;Río Cuarto;Hogar 100;doce mil
"""


@pytest.fixture(scope="module")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with first_evening(tmp_path_factory.mktemp("blank")) as found:
        yield found


@pytest.fixture(scope="module")
def page(chromium: Any, blank: Site) -> Iterator[Any]:
    complaints: list[str] = []
    found = enter(chromium, blank.address, 1280, complaints)
    yield found
    found.context.close()
    assert [one for one in complaints if "422" not in one] == []


def test_the_first_login_leads_to_the_company_and_its_country(page: Any) -> None:
    page.goto("/")
    assert page.url.endswith("/setup/company")
    for country in ("Argentina", "Ecuador", "Colombia", "México", "Perú"):
        assert country in said(page)
    sound(page, "m2-country")
    page.click("main a:has-text('Argentina')")
    page.wait_for_selector("#tax_id")


def test_a_wrong_tax_number_is_said_and_nothing_typed_is_lost(page: Any) -> None:
    page.fill("#name", "Valle Fibra S.A.")
    page.fill("#trade_name", "Valle Fibra")
    page.fill("#tax_id", "30-99000010-4")
    page.select_option("#tax_condition", "RI")
    page.fill("#street", "Sobremonte 550")
    page.fill("#city", "Río Cuarto")
    page.fill("#email", "cobros@valle.example")
    page.click("main form button.btn-primary")
    page.wait_for_selector(".field-error")
    assert page.input_value("#name") == "Valle Fibra S.A." and page.input_value("#tax_id") == "30-99000010-4"
    sound(page, "m2-company")
    page.fill("#tax_id", "30-99000010-3")
    page.click("main form button.btn-primary")
    page.wait_for_url("**/setup")


def test_the_set_up_shows_what_is_done_and_what_is_next(page: Any) -> None:
    page.goto("/setup")
    assert "Datos de la empresa" in page.locator("ol.steps li.is-done").all_inner_texts()[0]
    assert "Datos fiscales" in page.inner_text("#step-title")
    assert "Ensayo" in page.inner_text(".banner")
    sound(page, "m2-setup")
    page.click("ol.steps a:has-text('Planes')")
    page.wait_for_selector("#step-title:has-text('Planes')")
    page.click("section.card .btn-primary")
    page.wait_for_selector("#name")


def test_a_plan_is_written_and_the_way_back_is_there(page: Any) -> None:
    page.fill("#name", "Hogar 100")
    page.fill("#code", "H100")
    page.fill("#price", "12.100,00")
    page.click("main form button.btn-primary")
    page.wait_for_url("**/plans/*")
    page.click(".setup-back")
    page.wait_for_selector("ol.steps")
    assert "Planes" in " ".join(page.locator("ol.steps li.is-done").all_inner_texts())


def test_my_spreadsheet_comes_in_and_what_is_refused_comes_back_as_a_file(page: Any, tmp_path: Path) -> None:
    page.goto("/setup?step=import")
    page.click("section.card .btn-primary")
    page.wait_for_selector("#file")
    sheet = tmp_path / "abonados.csv"
    sheet.write_text(SHEET, encoding="latin-1")
    load(page, sheet)
    assert "Godoy" in page.inner_text("#refused") or "103" in page.inner_text("#refused")
    sound(page, "m2-what-would-happen")
    with page.expect_download() as handed:
        page.click("#refused a:has-text('CSV')")
    back = tmp_path / "back.csv"
    handed.value.save_as(back)
    confirmed(page)
    sound(page, "m2-brought-in")
    heading, refused = csv.reader(back.open(encoding="utf-8-sig"), delimiter=";")
    assert heading[:-1] == SHEET.splitlines()[0].split(";") and refused[:-1] == SHEET.splitlines()[3].split(";")
    assert heading[-1].startswith("MOTIVO") and "doce mil" in refused[-1]
    mended = tmp_path / "corregida.csv"
    mended.write_text(back.read_text(encoding="utf-8-sig").replace("doce mil", "12.100,00"), encoding="utf-8")
    assert len(list(csv.reader(mended.open(encoding="utf-8"), delimiter=";"))) == 2  # the head and the one line
    page.goto("/imports/")
    load(page, mended)
    confirmed(page)
    page.goto("/customers/")
    for name in ("Ñáñez", "Pereyra", "Godoy"):
        assert said(page).count(name) == 1
    page.goto("/setup")
    assert "Sus clientes" in " ".join(page.locator("ol.steps li.is-done").all_inner_texts())


def printed(page: Any) -> Any:
    """The first page of a document as the company's design draws it now."""
    answer = page.request.get("/design/preview")
    assert answer.status == 200 and answer.headers["content-type"] == "application/pdf"
    return pypdf.PdfReader(io.BytesIO(answer.body())).pages[0]


def test_without_a_logo_documents_bear_the_name_and_nothing_waits(page: Any) -> None:
    page.goto("/setup")
    done = " ".join(page.locator("ol.steps li.is-done").all_inner_texts())
    assert "Sus clientes" in done and "Logo" not in done
    paper = printed(page)
    assert "Valle Fibra" in paper.extract_text() and pictures(paper) == 0
    page.goto("/setup?step=design")
    assert page.is_enabled("section.card .btn-primary")  # it may be done at any time, and needs nothing
    sound(page, "m2-without-logo")


def test_a_logo_is_chosen_and_stands_on_documents(page: Any) -> None:
    page.goto("/setup?step=design")
    page.click("section.card .btn-primary")
    page.set_input_files("[name=logo]", {"name": "logo.png", "mimeType": "image/png", "buffer": logo()})
    page.wait_for_selector("#logo-part:has(.logo-shown):not(:has(.field-error))")
    page.click("#design .form-actions .btn-primary")
    page.wait_for_selector(".notice-ok")
    assert pictures(printed(page)) == 1
    page.goto("/setup")
    assert "Logo" in " ".join(page.locator("ol.steps li.is-done").all_inner_texts())


def logo() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (900, 300), "#cc3300").save(out, "PNG")
    return out.getvalue()


def pictures(paper: Any) -> int:
    """How many pictures of a logo's shape a page bears; codes to be scanned are square."""
    return sum(one.image.width > 2 * one.image.height for one in paper.images)


def load(page: Any, sheet: Path) -> None:
    """Give a file and see what was understood."""
    page.set_input_files("#file", sheet)
    page.click("main form button.btn-primary")
    page.wait_for_selector("main .page-head button.btn-primary")


def confirmed(page: Any) -> None:
    """Load what can be loaded, and wait for its end."""
    page.once("dialog", lambda dialog: dialog.accept())
    page.click("main .page-head button.btn-primary")
    page.wait_for_load_state()
    page.wait_for_selector("main .page-head .badge-ok", timeout=60_000)  # there once the page has come again by itself
