"""D2: I give a role exactly what it may do, and a test page shows what that role sees."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from waitress.server import create_server

from core import clock, companies, config, installation
from core.app import create_app
from core.db import db
from core.models import User
from core.security import hash_password
from core.security.second_factor import code_at, step_of
from tests.browser.accessible import assert_accessible
from tests.browser.conftest import CHROMIUM, EMAIL, PASSWORD, enter
from tests.installation import fresh_database

pytestmark = [
    pytest.mark.browser, pytest.mark.once,
    pytest.mark.skipif(not CHROMIUM, reason="no chromium here"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning"),
]


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    with fresh_database(tmp_path, migrated=True) as url:
        yield from served(tmp_path, url)


def served(folder: Path, database_url: str) -> Iterator[str]:
    app = create_app(config.load(instance=folder, database_url=database_url, redis_url="", secret_key="k",
                                 testing=True))
    with app.app_context():
        installation.make_roles()
        companies.create_company("AR", "Río Cuarto Wireless S.A.", "30990000103", code="rcw")
        db.session.add(User(email=EMAIL, name="Ana", is_admin=True, locale="es",
                            password_hash=hash_password(PASSWORD)))
        db.session.commit()
    server: Any = create_server(app, host="127.0.0.1", port=0, threads=4)
    threading.Thread(target=server.run, daemon=True).start()
    yield f"http://127.0.0.1:{server.effective_port}"
    server.close()
    with app.app_context():
        db.engine.dispose()


@pytest.mark.parametrize("width", [1280, 360])
def test_d2_a_role_is_made_and_looked_through(chromium: Any, address: str, width: int) -> None:
    complaints: list[str] = []
    page = enter(chromium, address, width, complaints)
    name = f"Mostrador {width}"
    page.goto("/roles/new")
    page.fill("#name", name)
    page.check("[id='p-crm.view_customers']")
    page.check("[id='p-accounting.view_payments']")
    page.click("text=Guardar")
    page.click(f"tr:has-text('{name}') >> text=Qué ve")
    page.wait_for_url("**/sees")
    # the page tells the menu, the screens and the verbs of exactly these two
    assert page.locator("section", has_text="Su menú").locator("li").all_inner_texts() == [
        "Clientes", "Pagos"]
    assert page.locator("tr", has_text="Ver pagos").locator("text=sí").count() == 1
    assert page.locator("tr", has_text="Registrar pagos").locator(".badge").inner_text().strip() == "no"
    fits(page)

    page.click("text=Ver Abona con este rol")
    strip = page.locator(".banner-seen")
    assert name in strip.inner_text()
    assert page.locator("nav.side .side-link").evaluate_all("all => all.map(one => one.textContent.trim())") == [
        "Inicio", "Clientes", "Pagos"]
    assert page.goto("/payments").status == 200 and strip.is_visible()
    fits(page)
    assert page.goto("/people").status == 403
    # nothing can be written meanwhile, and it is said why
    page.goto("/account")
    page.fill("#name", "Otra")
    page.click("form[action='/account/profile'] button")
    assert "todo se puede solo mirar" in page.locator(".notice-bad").inner_text()

    strip.locator("button").click()
    assert strip.count() == 0 and page.locator("h1").inner_text().startswith("Qué ve")
    assert page.goto("/people").status == 200
    page.context.close()
    assert [one for one in complaints if "403" not in one] == []


@pytest.mark.parametrize("width", [1280, 360])
def test_d2_who_touches_money_enters_with_a_second_factor(chromium: Any, address: str, width: int) -> None:
    page = enter(chromium, address, width, [])
    page.goto("/roles/new")
    page.fill("#name", "Caja")
    page.check("[id='p-accounting.record_payments']")
    page.check("#needs_second_factor")
    page.click("main button.btn-primary")
    page.context.close()
    # who manages the installation is bound by it too, from the next login on
    page = logged_in(chromium, address, width)
    page.goto("/payments")
    assert page.url.endswith("/account/second-factor") and "exige un segundo factor" in page.inner_text("main")
    fits(page)
    secret = page.inner_text("#key").replace(" ", "")
    page.fill("#password", PASSWORD)
    page.fill("#code", code_at(secret, step_of(clock.now())))
    page.click("main button.btn-primary")
    assert page.locator("main ol code").count() >= 8
    fits(page)
    page.click("text=Los guardé")
    page.wait_for_selector("#search")
    page.context.close()

    again = logged_in(chromium, address, width)
    again.wait_for_selector("#code")
    fits(again)
    again.fill("#code", code_at(secret, step_of(clock.now()) + 1))  # the one used to set it up is spent
    again.click("button.btn-primary")
    again.wait_for_selector("#search")
    again.context.close()


def logged_in(chromium: Any, address: str, width: int) -> Any:
    """A new browser after name and password, wherever that leads."""
    page = chromium.new_context(viewport={"width": width, "height": 800}, locale="es-AR", base_url=address).new_page()
    page.goto("/login")
    page.fill("#email", EMAIL)
    page.fill("#password", PASSWORD)
    page.click("button.btn-primary")
    page.wait_for_load_state()
    return page


def fits(page: Any) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), page.url
    assert_accessible(page)
