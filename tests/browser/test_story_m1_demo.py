"""M1: a demo that is alive: odd customers, three months of history, debts, cuts, a refusal, money without owner."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.config import ROOT
from tests.browser.desk import STORY, said, sound
from tests.installation import Installation, eventually, free_port

pytestmark = STORY
PEOPLE, MONTHS = 24, 3
LOGIN, PASSWORD = "encargada@demo.example", "correct horse"


def commands() -> list[str]:
    """What `make demo` does, as make would do it."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}  # not of `make test`
    said = subprocess.run(["make", "--dry-run", "--always-make", "demo"], cwd=ROOT, text=True, check=True,
                          capture_output=True, env=ours)
    return said.stdout.splitlines()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The demonstration as its command makes and serves it, with fewer people; the environment is there already."""
    folder: Path = tmp_path_factory.mktemp("demo")
    port = str(free_port())
    made = Installation(folder, f"sqlite:///{folder / 'd.sqlite'}", {
        "ABONA_DEMO_PASSWORD": PASSWORD, "ABONA_SIMULATORS_URL": f"http://127.0.0.1:{free_port()}"})
    words = commands()[-1].split()[1:]
    process = made.start(*words, "--subscribers", str(PEOPLE), "--countries", "AR", "--history", str(MONTHS),
                         "--port", port)
    try:
        address = f"http://127.0.0.1:{port}"
        eventually(lambda: address in made.log(process) or process.poll() is not None, 180)
        printed = made.log(process)
        assert address in printed and LOGIN in printed, printed
        yield address
    finally:
        made.stop()


@pytest.fixture
def page(chromium: Any, address: str) -> Iterator[Any]:
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, locale="es-AR", base_url=address)
    found = context.new_page()
    found.goto("/login")
    found.fill("#email", LOGIN)
    found.fill("#password", PASSWORD)
    found.click("button.btn-primary")
    found.wait_for_selector("#search")
    yield found
    context.close()


def rows(page: Any, path: str) -> int:
    page.goto(path)
    return int(page.locator("main table tbody tr").count())


def test_two_commands_are_all() -> None:
    environment, demo = commands()
    assert "tools/make-env run" in environment and demo == ".venv/bin/abona demo run"


def test_everything_that_a_provider_has_is_there(page: Any) -> None:
    sound(page, "m1-home")
    assert rows(page, "/billing/runs") >= MONTHS + 1
    for path in ("/invoices?state=overdue", "/contracts/?state=suspended", "/einvoice/?state=rejected", "/debtors",
                 "/payments?state=reversed", "/notices/?group=sent"):
        assert rows(page, path), path
        sound(page, "m1" + path.split("?")[0].replace("/", "-"))
    page.goto("/payments?state=favour")
    assert "Transferencias sin identificar" in said(page)
    page.goto("/search?q=sin%20identificar")
    page.wait_for_url("**/customers/*")
    page.click(".tabs a:has-text('Historia')")
    assert "Pagó" in said(page)
    sound(page, "m1-history")
    page.goto("/month-end")
    sound(page, "m1-month-end")
