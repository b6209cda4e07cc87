"""M1: a demo that is alive: odd customers, three months of history, debts, cuts, a refusal, money without owner."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from waitress.server import create_server

from core import config
from core.app import create_app
from core.db import db
from modules.demo import running
from modules.demo.services import Wishes
from tests.browser.desk import STORY, said, sound

pytestmark = STORY
PEOPLE, MONTHS = 24, 3
PASSWORD = "correct horse"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The demonstration as its command makes it, served."""
    folder: Path = tmp_path_factory.mktemp("demo")
    patch = pytest.MonkeyPatch()
    patch.setenv("ABONA_DEMO_PASSWORD", PASSWORD)
    app = create_app(config.load(instance=folder, database_url=f"sqlite:///{folder / 'd.sqlite'}", redis_url="",
                                 secret_key="k", testing=True))
    with app.app_context(), running.running(Wishes(PEOPLE, ("AR",), 1, MONTHS), None, lambda _line: None) as outcome:
        assert outcome.trouble == ""
        db.session.remove()
        server: Any = create_server(app, host="127.0.0.1", port=0, threads=4)
        threading.Thread(target=server.run, daemon=True).start()
        yield f"http://127.0.0.1:{server.effective_port}"
        server.close()
        db.engine.dispose()
    patch.undo()


@pytest.fixture
def page(chromium: Any, address: str) -> Iterator[Any]:
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, locale="es-AR", base_url=address)
    found = context.new_page()
    found.goto("/login")
    found.fill("#email", "encargada@demo.example")
    found.fill("#password", PASSWORD)
    found.click("button.btn-primary")
    found.wait_for_selector("#search")
    yield found
    context.close()


def rows(page: Any, path: str) -> int:
    page.goto(path)
    return int(page.locator("main table tbody tr").count())


def test_everything_that_a_provider_has_is_there(page: Any) -> None:
    sound(page, "m1-home")
    assert rows(page, "/billing/runs") >= MONTHS + 1
    for path in ("/invoices?state=overdue", "/contracts/?state=suspended", "/einvoice/?state=rejected", "/debtors",
                 "/payments?state=reversed", "/notices/?group=sent"):
        assert rows(page, path), path
    page.goto("/payments?state=favour")
    assert "Transferencias sin identificar" in said(page)
    page.goto("/search?q=sin%20identificar")
    page.wait_for_url("**/customers/*")
    page.click(".tabs a:has-text('Historia')")
    assert "Pagó" in said(page)
    page.goto("/month-end")
    sound(page, "m1-month-end")
