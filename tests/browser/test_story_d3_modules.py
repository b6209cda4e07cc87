"""D3: I switch a country's module off; its screens, commands and jobs are gone; its data stays."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from core.config import ROOT
from tests.browser.conftest import CHROMIUM, EMAIL, PASSWORD, enter
from tests.browser.desk import sound
from tests.installation import Installation, eventually, free_port

pytestmark = [
    pytest.mark.browser, pytest.mark.once,
    pytest.mark.skipif(not CHROMIUM, reason="no chromium here"),
]
SCREEN = "/admin/einvoice-ar-profile/"


def test_d3_a_country_s_module_goes_and_comes_back(installation: Installation, chromium: Any) -> None:
    installation.abona("init", "--admin-email", EMAIL, "--password-stdin", stdin=f"{PASSWORD}\n")
    installation.abona("company", "create", "--country", "AR", "--name", "Río Cuarto Wireless S.A.",
                       "--tax-id", "30990000103", "--code", "rcw", "--tax-condition", "RI")
    port = free_port()
    installation.start("serve", "--port", str(port))
    page = eventually(lambda: reached(chromium, f"http://127.0.0.1:{port}", 1280), 60)
    assert page.goto(SCREEN).status == 200
    before = rows(installation)

    page.goto("/modules")
    page.on("dialog", lambda dialog: dialog.accept())
    line = page.locator("#module-einvoice_ar")
    line.locator("button").click()
    page.wait_for_selector("#modules :text('se reinicia solo')")
    eventually(lambda: status(page, SCREEN) == 404, 60)
    page.goto("/modules")
    assert line.locator(".badge").inner_text().strip() == "apagado"
    sound(page, "d3-off")
    # neither its commands nor its jobs are there, and all its data is
    listed = installation.abona("modules", "list", "--json").json["modules"]
    assert [one["name"] for one in listed if not one["enabled"]] == ["einvoice_ar"]
    assert status_of_check(installation) == 2
    assert rows(installation) == before

    line.locator("button").click()
    eventually(lambda: status(page, SCREEN) == 200, 60)
    assert status_of_check(installation) == 0
    assert rows(installation) == before
    page.context.close()


def status_of_check(installation: Installation) -> int:
    """How the module's own check ends: 2 where nobody knows it. In a process of its own, which has loaded nothing."""
    command = [sys.executable, str(Path(sys.executable).with_name("abona")), "check", "--only", "certificates_expiry"]
    return subprocess.run(command, env=installation.environment(), cwd=ROOT, capture_output=True, check=False,
                          timeout=60).returncode


def reached(chromium: Any, address: str, width: int) -> Any:
    try:
        return enter(chromium, address, width, [])
    except chromium_error():
        return None


def status(page: Any, path: str) -> int:
    """What the page answers; 0 while the process starts again."""
    try:
        return int(page.goto(path).status)
    except chromium_error():
        return 0


def chromium_error() -> type[Exception]:
    from playwright.sync_api import Error

    return Error


def rows(installation: Installation) -> dict[str, int]:
    """How many rows each table of the module has."""
    engine = sa.create_engine(installation.database_url)
    with engine.connect() as connection:
        names = [name for name in sa.inspect(connection).get_table_names() if name.startswith("einvoice_ar_")]
        found = {name: connection.execute(sa.text(f"SELECT count(*) FROM {name}")).scalar_one() for name in names}
    engine.dispose()
    assert found["einvoice_ar_profile"] == 1
    return found
