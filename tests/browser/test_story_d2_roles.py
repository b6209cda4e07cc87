"""D2: I give a role exactly what it may do, and a test page shows what that role sees."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from waitress.server import create_server

from core import companies, config, installation, schema
from core.app import create_app
from core.db import db
from core.models import User
from core.security import hash_password
from tests.browser.conftest import CHROMIUM, EMAIL, PASSWORD, enter

pytestmark = [
    pytest.mark.browser, pytest.mark.once,
    pytest.mark.skipif(not CHROMIUM, reason="no chromium here"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning"),
]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("d2")
    app = create_app(config.load(instance=folder, database_url=f"sqlite:///{folder / 'd2.sqlite'}", redis_url="",
                                 secret_key="k", testing=True))
    with app.app_context():
        schema.upgrade()
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


def fits(page: Any) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), page.url
