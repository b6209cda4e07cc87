"""D4: a full disk, a dead mail server, an expiring certificate, a stuck queue: the health page says so in words."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from waitress.server import create_server

from core import clock, companies, config, environment_checks, schema, scope
from core.app import create_app
from core.db import db
from core.models import Job, User
from core.security import hash_password
from modules.einvoice_ar.models import Certificate
from tests.browser.accessible import assert_accessible
from tests.browser.conftest import CHROMIUM, EMAIL, PASSWORD, enter
from tests.installation import free_port

pytestmark = [
    pytest.mark.browser, pytest.mark.once,
    pytest.mark.skipif(not CHROMIUM, reason="no chromium here"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning"),
]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An installation in trouble: no mail server listens, a job waits since yesterday, a certificate ends soon."""
    folder = tmp_path_factory.mktemp("d4")
    app = create_app(config.load(instance=folder, database_url=f"sqlite:///{folder / 'd4.sqlite'}", redis_url="",
                                 smtp_url=f"smtp+plain://127.0.0.1:{free_port()}", secret_key="k", testing=True))
    with app.app_context():
        schema.upgrade()
        company = companies.create_company("AR", "Río Cuarto Wireless S.A.", "30990000103", code="rcw")
        with scope.company_scope(company):
            db.session.add(Certificate(alias="abona", environment="production", active=True, private_key="-",
                                       valid_until=clock.now() + dt.timedelta(days=5)))
            db.session.add(Job(function="modules.accounting.jobs.x", queue="notify",
                               run_at=clock.now() - dt.timedelta(days=1)))
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
def test_d4_the_health_page_says_what_is_wrong_and_whom_it_hurts(
        chromium: Any, address: str, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment_checks.shutil, "disk_usage",
                        lambda _path: SimpleNamespace(total=40 * 2**30, free=50 * 2**20))
    complaints: list[str] = []
    page = enter(chromium, address, width, complaints)
    page.goto("/health")
    assert "5 cosas necesitan atención" in page.locator(".answer").inner_text()
    told = {"disk": ("casi lleno", "no se pueden guardar pagos"),
            "mail": ("no acepta mensajes", "no les llegan facturas"),
            "certificates_expiry": ("vence pronto", "ARCA rechaza"), "stuck_jobs": ("esperan mucho más", "un cliente"),
            "worker": ("Nadie hace el trabajo", "la facturación queda parada")}
    for name, (means, hurts) in told.items():
        text = page.locator(f"#{name}").inner_text()
        assert means in text and hurts in text and "Qué hacer" in text, name
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert_accessible(page)
    # the cause is one click away
    page.goto("/jobs/queues")
    assert "detenida" in page.locator("tr", has_text="Avisos y correo").inner_text()
    page.context.close()
    assert complaints == []
