"""A browser, and an installation that is served with its workers and its authority."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from waitress.server import create_server

from core import companies, config, schema, scope
from core.app import create_app
from core.db import db
from core.models import User
from core.security import hash_password
from core.simulators import running
from core.worker import Embedded

CHROMIUM = shutil.which("chromium")
# Chromium without its own windows takes half the time; what it cannot do is show a PDF
SHELL = shutil.which("chromium-headless-shell") or CHROMIUM
EMAIL, PASSWORD = "a@example.com", "correct horse"


@dataclass
class Site:
    """A served provider: where it is, the app behind it, and who works on its jobs."""

    address: str
    app: Flask
    worker: Embedded


@pytest.fixture(scope="session")
def launch() -> Iterator[Callable[[str | None], Any]]:
    """`launch(program)`: a browser that lives as long as this process."""
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright, ExitStack() as stack:
        yield lambda program: stack.enter_context(
            playwright.chromium.launch(executable_path=program, args=["--no-sandbox"]))


@pytest.fixture(scope="session")
def chromium(launch: Callable[[str | None], Any]) -> Any:
    return launch(SHELL)


@pytest.fixture(scope="session")
def pdf_viewer(launch: Callable[[str | None], Any]) -> Any:
    """The whole of Chromium, which shows a PDF inside a page."""
    return launch(CHROMIUM)


@pytest.fixture(scope="session")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a new provider of Argentina, electronic invoices enabled against the simulator, nobody in it."""
    from modules.demo import enabling

    folder = tmp_path_factory.mktemp("provider")
    with running(folder=folder) as simulators:
        app = app_of(folder, simulators.url)
        with app.app_context():
            schema.upgrade()
            company = companies.create_company(
                "AR", "Río Cuarto Wireless S.A.", "30990000103", code="rcw", tax_condition="RI", region="X",
                street="Sobremonte 550", city="Río Cuarto", postal_code="5800")
            db.session.add(User(email=EMAIL, name="Ana", is_admin=True, locale="es",
                                password_hash=hash_password(PASSWORD)))
            db.session.commit()
            with scope.company_scope(company):
                enabling.enable(company)
            db.session.remove()
            db.engine.dispose()
    return folder


def app_of(folder: Path, simulators_url: str) -> Flask:
    return create_app(config.load(instance=folder, database_url=f"sqlite:///{folder / 's.sqlite'}", redis_url="",
                                  simulators_url=simulators_url, secret_key="k", testing=True))


@pytest.fixture(scope="module")
def site(provider: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A copy of the provider, served."""
    with served(provider, tmp_path_factory.mktemp("site")) as made:
        yield made


@contextmanager
def served(provider: Path, folder: Path) -> Iterator[Site]:
    """A copy of the provider in this folder, served: for what can be done only once."""
    shutil.copytree(provider, folder, dirs_exist_ok=True)
    with running(folder=folder) as simulators:
        app = app_of(folder, simulators.url)
        worker = Embedded(app, threads=2)
        worker.start()
        server: Any = create_server(app, host="127.0.0.1", port=0, threads=4)
        threading.Thread(target=server.run, daemon=True).start()
        made = Site(f"http://127.0.0.1:{server.effective_port}", app, worker)
        yield made
        server.close()
        made.worker.stop()
        with app.app_context():
            db.engine.dispose()


def enter(chromium: Any, address: str, width: int, complaints: list[str], email: str = EMAIL) -> Any:
    """A page of the administrator, or of who has this login; what comes from outside or was dropped by the browser
    goes into `complaints`.
    """
    context = chromium.new_context(viewport={"width": width, "height": 800}, locale="es-AR", base_url=address)
    page = context.new_page()
    # the browser's own viewer of PDFs is an extension
    inside = (address, "data:", "blob:", "chrome-extension:", "chrome:")
    page.on("request", lambda sent: sent.url.startswith(inside) or complaints.append(sent.url))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: said.type == "error" and "404" not in said.text and complaints.append(said.text))
    page.goto("/login")
    page.fill("#email", email)
    page.fill("#password", PASSWORD)
    page.click("button.btn-primary")
    page.wait_for_selector("#search")
    return page
