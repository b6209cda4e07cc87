"""Pictures of the product: every screen of the demo, wide, as a phone and in the dark, into a folder.

    .venv/bin/python tools/screenshots.py FOLDER [NAME…]

It loads and serves a demo of its own (Chromium is needed: Debian package chromium). `docs/img` holds the best of them.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
ABONA = Path(sys.executable).with_name("abona")
SIZES = {"wide": (1280, 900), "phone": (360, 740)}
# name of the picture -> address; "@" follows the first link of the page before that leads deeper
SCREENS = {
    "home": "/", "customers": "/customers/", "customer": "@/customers/", "search": "/search?q=fibra",
    "contracts": "/contracts/", "contract": "@/contracts/", "plans": "/plans/", "plan": "@/plans/",
    "billing-desk": "/billing/", "billing-runs": "/billing/runs", "billing-run": "@/billing/runs/",
    "exceptions": "/billing/exceptions", "drafts": "/billing/drafts", "revisions": "/billing/revisions",
    "invoices": "/invoices", "invoice": "@/invoices/", "new-invoice": "/invoices/new", "payments": "/payments",
    "payment": "@/payments/", "debtors": "/debtors", "documents": "/einvoice/", "document": "@/einvoice/",
    "refused": "/einvoice/refused", "enable": "/einvoice/enable", "outbox": "/notices/", "notice": "@/notices/",
    "texts": "/notices/texts", "mail-server": "/notices/server", "imports": "/imports/", "company": "/company",
    "people": "/people", "roles": "/roles", "jobs": "/jobs?state=all", "audit": "/audit", "account": "/account",
    "locked-periods": "/locked-periods", "master-data": "/admin/",
}


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def demo() -> Iterator[tuple[str, str]]:
    """A served demo: (address, password)."""
    folder, port = Path(tempfile.mkdtemp(prefix="abona-")), free_port()
    environment = {**os.environ, "ABONA_INSTANCE": str(folder), "ABONA_DEMO_PASSWORD": "correct horse"}
    process = subprocess.Popen([ABONA, "demo", "run", "--port", str(port), "--simulators-port", str(free_port())],
                               env=environment, stdout=subprocess.DEVNULL)
    try:
        for _second in range(300):
            with socket.socket() as trial:
                if trial.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(1)
        yield f"http://127.0.0.1:{port}", "correct horse"
    finally:
        process.terminate()
        process.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def enter(browser: Any, address: str, password: str, size: str, dark: bool) -> Any:
    width, height = SIZES[size]
    context = browser.new_context(viewport={"width": width, "height": height}, locale="es-AR", base_url=address,
                                  color_scheme="dark" if dark else "light")
    page = context.new_page()
    page.goto("/login")
    page.fill("#email", "encargada@demo.example")
    page.fill("#password", password)
    page.click("button.btn-primary")
    page.wait_for_selector("#search")
    return page


def take(page: Any, name: str, place: str, path: Path) -> None:
    """One picture; a screen that is not there is told, and not taken."""
    if place.startswith("@"):
        if not page.goto(place[1:]).ok:
            page.goto(place[1:].rstrip("/"))
        links = page.eval_on_selector_all("main a", "all => all.map(one => one.getAttribute('href'))")
        place = next((link for link in links if link and link.startswith(place[1:]) and
                      link.removeprefix(place[1:]).split("?")[0].isdigit()), "")
    answer = page.goto(place) if place else None
    if answer is None or not answer.ok:
        print(f"{name}: nothing to show", file=sys.stderr)
        return
    page.screenshot(path=path, full_page=True)
    if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        print(f"{path.name}: wider than the screen", file=sys.stderr)


def main(folder: Path, names: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    chosen = {name: place for name, place in SCREENS.items() if not names or name in names}
    with demo() as (address, password), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for kind, size, dark in (("wide", "wide", False), ("phone", "phone", False), ("dark", "wide", True)):
            page = enter(browser, address, password, size, dark)
            for name, place in chosen.items():
                take(page, name, place, folder / f"{name}-{kind}.png")
            page.context.close()
        browser.close()


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), sys.argv[2:])
