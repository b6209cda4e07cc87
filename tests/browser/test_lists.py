"""Lists in a real browser: choosing rows by mouse and keyboard, suggestions, totals, downloads, the way back."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from waitress.server import create_server

from core import companies, worker
from core.db import db
from core.models import Job, User
from core.security import hash_password
from tests.browser.conftest import CHROMIUM
from tests.core.things import app_with_things, make

pytestmark = [
    pytest.mark.browser,
    pytest.mark.once,
    pytest.mark.skipif(not CHROMIUM, reason="no chromium here"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning"),
]
ROWS = 12_000


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A served list of many rows, with a worker beside it."""
    folder: Path = tmp_path_factory.mktemp("lists")
    with app_with_things(folder, f"sqlite:///{folder / 'l.sqlite'}") as app:
        app.config["WTF_CSRF_ENABLED"] = True
        with app.app_context():
            company = companies.create_company("AR", "Río Cuarto Wireless S.A.", "30990000103", code="rcw")
            user = User(email="a@example.com", name="Ana", is_admin=True, locale="es",
                        password_hash=hash_password("correct horse"))
            db.session.add(user)
            db.session.add(Job(function="modules.x.jobs.y", state="failed", error="boom", company_id=company.id))
            db.session.commit()
            make(ROWS, company.id, owner_id=lambda n: user.id if n == 7 else None,
                 name=lambda n: f"Cooperativa de Electricidad y Servicios Públicos de la Zona Limitada {n:05d}")
        working = worker.Embedded(app, threads=1)
        working.start()
        server: Any = create_server(app, host="127.0.0.1", port=0, threads=4)
        threading.Thread(target=server.run, daemon=True).start()
        yield f"http://127.0.0.1:{server.effective_port}"
        server.close()
        working.stop()


@pytest.fixture(params=[1280, 360])
def page(request: pytest.FixtureRequest, chromium: Any, address: str) -> Iterator[Any]:
    """The page of an administrator; nothing may be dropped, and nothing come from outside."""
    context = chromium.new_context(viewport={"width": request.param, "height": 800}, locale="es-AR", base_url=address)
    found, complaints = context.new_page(), []
    found.on("request", lambda sent: sent.url.startswith((address, "data:")) or complaints.append(sent.url))
    found.on("pageerror", lambda error: complaints.append(str(error)))
    found.on("console", lambda said: said.type == "error" and complaints.append(said.text))
    found.goto("/login?next=/account")
    found.fill("#email", "a@example.com")
    found.fill("#password", "correct horse")
    found.click("button.btn-primary")
    found.wait_for_selector("#search")
    yield found
    context.close()
    assert complaints == []


def chosen(page: Any) -> int:
    return int(page.eval_on_selector_all("input[name=id]", "all => all.filter(one => one.checked).length"))


def box(page: Any, place: int) -> Any:
    return page.locator("input[name=id]").nth(place)


def test_rows_are_chosen_one_by_one_in_ranges_and_all(page: Any) -> None:
    page.goto("/things")
    bar = page.locator("[data-list-bar]")
    assert not bar.is_visible()
    box(page, 1).click()
    box(page, 5).click(modifiers=["Shift"])
    assert chosen(page) == 5 and bar.is_visible() and "Elegidas: 5" in bar.inner_text()
    page.check("[data-list-everything]")
    assert chosen(page) == 50 and "Elegidas: Más de 10.000" in bar.inner_text()
    box(page, 3).click()
    assert not page.is_checked("[data-list-everything]") and "Elegidas: 49" in bar.inner_text()
    page.keyboard.press("Escape")
    assert chosen(page) == 0 and not bar.is_visible()


def test_the_keyboard_walks_chooses_and_opens(page: Any) -> None:
    page.goto("/jobs?state=failed")
    page.keyboard.press("j")
    page.keyboard.press("x")
    assert chosen(page) == 1
    page.keyboard.press("x")
    assert chosen(page) == 0
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Enter")
    page.wait_for_url("**/jobs/*")


def test_the_way_back_keeps_the_filters_and_marks_the_row(page: Any) -> None:
    page.goto("/jobs?state=failed&q=boom")
    page.click("table.list tbody a")
    page.wait_for_url("**/jobs/*")
    page.click(".crumbs a")
    page.wait_for_url("**/jobs?state=failed&q=boom")
    assert page.locator("tr.is-current").count() == 1


def test_filters_make_a_short_address_and_a_record_is_found_by_letters(page: Any) -> None:
    page.goto("/things")
    page.click(".filter-panel > summary")
    page.locator("#f-owner").press_sequentially("a@ex")
    page.wait_for_selector(".suggest-list li")
    page.keyboard.press("Enter")
    assert page.input_value("#f-owner") == "a@example.com"
    page.click(".filter-card button.btn-primary")
    page.wait_for_url("**/things?*owner=*")
    assert "q=" not in page.url and "day" not in page.url.replace("sort=-day", "")
    assert page.locator("table.list tbody tr").count() == 1
    page.click(".chip:has-text('Dueño')")
    page.wait_for_selector("table.list tbody tr:nth-child(50)")


def test_totals_come_into_the_page(page: Any) -> None:
    page.goto("/things")
    page.click("#list-totals a")
    page.wait_for_selector("#list-totals strong")
    assert "12.000 filas" in page.inner_text("#list-totals")


def test_a_download_leaves_the_page_as_it_is_and_may_be_asked_again(page: Any) -> None:
    page.goto("/things?q=00012")
    for _time in range(2):
        page.click(".list-head details.menu:has(form[data-download]) > summary")
        with page.expect_download() as download:
            page.click("form[data-download] button[value=xlsx]")
        assert download.value.suggested_filename.endswith(".xlsx")
        page.wait_for_selector("form[data-sent]", state="detached", timeout=8000)
        page.keyboard.press("Escape")


def test_a_mass_action_asks_works_and_tells_with_the_browser_away(page: Any, address: str) -> None:
    page.goto("/things?q=001&sort=name")
    page.check("[data-list-all]") if page.locator("[data-list-all]").is_visible() else box(page, 0).check()
    page.check("[data-list-everything]")
    page.click("button[formaction*='do/double']")
    page.wait_for_url("**/runs/*")
    assert "Todavía no se hizo nada" in page.inner_text("main") and "Duplicar: 132 filas" in page.inner_text("h1")
    run = page.url
    page.click(".form-actions button")
    page.wait_for_load_state()
    page.goto("/account")
    page.goto(run)
    page.wait_for_selector("#run:not([data-poll])", timeout=60_000)
    assert page.locator(".figure-value").first.inner_text() == "132"


@pytest.mark.parametrize("path", ["/things", "/things?q=Zona&state=open&day=this_year&sort=name", "/things?q=zzz",
                                  "/runs", "/audit", "/things?cols=loud"])
def test_no_list_is_wider_than_the_screen(page: Any, path: str) -> None:
    page.goto(path)
    assert not page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    for menu in page.locator(".list-head details.menu > summary").all():
        menu.click()
        assert page.evaluate("""() => { const box = document.querySelector('.list-head details[open] .menu-list')
            .getBoundingClientRect(); return box.left >= 0 && box.right <= innerWidth }""")
        page.keyboard.press("Escape")


def test_nothing_needs_a_script(chromium: Any, address: str) -> None:
    context = chromium.new_context(java_script_enabled=False, base_url=address, locale="es-AR")
    page = context.new_page()
    page.goto("/login?next=/things%3Fq%3D00013")
    page.fill("#email", "a@example.com")
    page.fill("#password", "correct horse")
    page.click("button.btn-primary")
    page.wait_for_url("**/things?q=00013")
    page.locator("input[name=id]").first.check()
    page.click("button[formaction*='do/double']")
    page.wait_for_url("**/runs/*")
    assert "1 fila" in page.inner_text("h1")
    context.close()
