"""Pictures of the product: every screen full, as a phone, in the dark, empty, with long names and with refused forms.

    make pictures [FOLDER=pictures] [ONLY="home customer"]

It serves a demo and an empty company of its own (Chromium is needed: Debian package chromium). `docs/img` holds the
best of them.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
ABONA = Path(sys.executable).with_name("abona")
SIZES = {"wide": (1280, 900), "phone": (360, 740)}
# the end of a picture's name, its size, whether in the dark
LOOKS = (("wide", "wide", False), ("phone", "phone", False), ("dark", "wide", True))
# name of the picture -> address; "@" follows the first link of that page that leads deeper, "+" goes on from there
SCREENS = {
    "home": "/", "setup": "/setup", "services": "/setup/services",
    "customers": "/customers/", "customer": "@/customers/", "search": "/search?q=romero",
    "contracts": "/contracts/", "contract": "@/contracts/", "plans": "/plans/", "plan": "@/plans/",
    "billing-desk": "/billing/", "billing-runs": "/billing/runs", "billing-run": "@/billing/runs/",
    "exceptions": "/billing/exceptions", "exceptions-list": "/billing/exceptions/all",
    "preview-exceptions": "/billing/preview/exceptions", "drafts": "/billing/drafts",
    "revisions": "/billing/revisions",
    "new-contract": "/contracts/new", "contract-plan": "@/contracts/+plan", "contract-end": "@/contracts/+end",
    "contract-charge": "@/contracts/+charges/new", "contract-discount": "@/contracts/+discounts/new",
    "contract-suspend": "@/contracts/+suspend", "second-factor": "/account/second-factor",
    "credit-note": "@/invoices/+credit", "debit-note": "@/invoices/+debit", "wrong-name": "@/invoices/+reissue",
    "invoices": "/invoices", "invoice": "@/invoices/", "new-invoice": "/invoices/new", "payments": "/payments",
    "payment": "@/payments/", "payment-files": "/imports/payments", "customer-account": "@/customers/?tab=account",
    "customer-history": "@/customers/?tab=history", "month-end": "/month-end", "ledger": "/ledger",
    "entries": "/ledger/entries", "entry": "@/ledger/entries/",
    "debtors": "/debtors", "documents": "/einvoice/", "document": "@/einvoice/",
    "refused": "/einvoice/refused", "enable": "/einvoice/enable", "outbox": "/notices/", "notice": "@/notices/",
    "texts": "/notices/texts", "text": "/notices/texts/accounting.invoice_ready", "design": "/design",
    "mail-server": "/notices/server", "imports": "/imports/", "company": "/company",
    "people": "/people", "logins": "/people/logins", "roles": "/roles", "role": "@/roles/",
    "role-sees": "/roles/1/sees",
    "jobs": "/jobs?state=all", "queues": "/jobs/queues", "audit": "/audit", "account": "/account",
    "health": "/health", "modules": "/modules", "settings": "/settings",
    "locked-periods": "/locked-periods", "master-data": "/admin/", "help": "/help", "help-topic": "@/help/",
    "gateway-payments": "/gateways", "gateway-payment": "@/gateways/payments/", "gateway-notices": "/gateways/notices",
    "gateway-files": "/gateways/files", "gateway-file": "@/gateways/files/", "gateway-debts": "/gateways/debts",
    "gateways": "/gateways/accounts", "gateway-account": "@/gateways/accounts/",
    "gateway-plan": "@/gateways/accounts/+plan", "gateway-settlements": "/gateways/settlements",
    "bank-movements": "/gateways/bank", "bank-movement": "@/gateways/bank/",
    "reconciliation": "/gateways/reconciliation",
    "arrears": "/arrears/", "cut-offs": "/arrears/cut-offs", "cut-off": "@/arrears/cut-offs/",
    "promises": "/arrears/promises", "proofs": "/arrears/proofs", "proof": "@/arrears/proofs/",
    "moratoria": "/arrears/moratoria", "customer-arrears": "@/customers/?tab=arrears",
    "routers": "/network/routers", "router": "@/network/routers/", "new-router": "/network/routers/new",
    "router-import": "@/network/routers/+import", "router-script": "@/network/routers/+script",
    "connections": "/network/connections", "network-changes": "/network/changes", "cut-page": "/cut",
    "exports": "/einvoice/exports",
}
# the country of the company that is shown whole
HOME = "AR"
# what the companies of the other countries have beside it; the address of the first may depend on the one before
ABROAD = {
    "EC": {"ec-enable": "/einvoice/enable", "ec-invoice": "@/invoices/", "ec-document": "@/einvoice/"},
    "CO": {"co-enable": "/einvoice/enable", "co-invoice": "@/invoices/", "co-attachments": "/einvoice-co/attachments",
           "co-customer": "@/customers/"},
    "MX": {"mx-enable": "/einvoice/enable", "mx-invoice": "@/invoices/", "mx-receipts": "/einvoice-mx/receipts",
           "mx-receipt": "@/einvoice-mx/receipts/", "mx-recover": "/einvoice-mx/recover",
           "mx-globals": "/einvoice-mx/globals", "mx-global": "@/einvoice-mx/globals/"},
    "PE": {"pe-enable": "/einvoice/enable", "pe-invoice": "@/invoices/", "pe-detractions": "/einvoice-pe/detracciones",
           "pe-detraction": "@/einvoice-pe/detracciones/"},
}


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


# of these the text is empty, wrong or too long when they are sent
FORMS = {"customer": "/customers/new", "plan": "/plans/new", "invoice": "/invoices/new", "payment": "/payments/new",
         "revision": "/billing/revisions/new", "person": "/people/new", "mail-server": "/notices/server"}
# screens that only an administrator sees, in the company that has nothing yet
ADMINS = {"new-company": "/setup/company", "new-company-data": "/setup/company?country=AR"}
# a spreadsheet as people have them
SPREADSHEET = ROOT / "tests" / "data" / "import" / "planilla_ar_latin1.csv"
# who has the longest name of the demo
LONG = "Güiraldes"
# screens of a company that has nothing yet
NOBODY = ("home", "customers", "contracts", "plans", "billing-desk", "billing-runs", "exceptions", "drafts",
          "revisions", "invoices", "payments", "debtors", "documents", "refused", "outbox", "imports", "jobs")
ADMIN, PASSWORD = "encargada@demo.example", "correct horse"


@contextmanager
def served(*command: str, folder: Path) -> Iterator[str]:
    """The address of an installation that is served by this command."""
    port = free_port()
    environment = {**os.environ, "ABONA_INSTANCE": str(folder), "ABONA_DEMO_PASSWORD": PASSWORD}
    process = subprocess.Popen([ABONA, *command, "--port", str(port)], env=environment, stdout=subprocess.DEVNULL)
    try:
        address = f"http://127.0.0.1:{port}"
        while not is_ready(f"{address}/login"):
            if process.poll() is not None:
                sys.exit(f"abona {' '.join(command)} ended before it served anything.")
            time.sleep(1)
        yield address
    finally:
        process.terminate()
        process.wait(60)


def is_ready(url: str) -> bool:
    """Whether the page is there: the port is taken long before a demo is made."""
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@contextmanager
def demo() -> Iterator[str]:
    """A served demo."""
    with tempfile.TemporaryDirectory(prefix="abona-") as name, served(
            "demo", "run", "--simulators-port", str(free_port()), folder=Path(name)) as address:
        yield address


@contextmanager
def empty() -> Iterator[str]:
    """A served company that has nothing yet."""
    with tempfile.TemporaryDirectory(prefix="abona-") as name:
        folder = Path(name)
        environment = {**os.environ, "ABONA_INSTANCE": str(folder)}
        for command, said in (
                (("init", "--admin-email", ADMIN, "--password-stdin"), PASSWORD),
                (("company", "create", "--country", "AR", "--name", "Río Cuarto Wireless S.A.", "--tax-id",
                  "30990000103", "--tax-condition", "RI"), "")):
            subprocess.run([ABONA, *command], env=environment, input=said, text=True, check=True, capture_output=True)
        with served("serve", folder=folder) as address:
            yield address


def enter(browser: Any, address: str, size: str, dark: bool = False) -> Any:
    width, height = SIZES[size]
    context = browser.new_context(viewport={"width": width, "height": height}, locale="es-AR", base_url=address,
                                  color_scheme="dark" if dark else "light")
    page = context.new_page()
    page.goto("/login")
    page.fill("#email", ADMIN)
    page.fill("#password", PASSWORD)
    page.click("button.btn-primary")
    page.wait_for_selector("#search")
    return page


def take(page: Any, name: str, place: str, path: Path) -> None:
    """One picture; a screen that is not there is told, and not taken."""
    wanted = leading_from(page, place[1:]) if place.startswith("@") else [place]
    if not any(page.goto(one).ok for one in wanted):
        print(f"{name}: nothing to show", file=sys.stderr)
        return
    page.screenshot(path=path, full_page=True)
    if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        print(f"{path.name}: wider than the screen", file=sys.stderr)


def leading_from(page: Any, place: str) -> list[str]:
    """Where the links of a list lead, each once: not everything that is listed has every verb."""
    base, _mark, query = place.partition("?")
    base, _mark, verb = base.partition("+")
    if not page.goto(base).ok:
        page.goto(base.rstrip("/"))
    links = page.eval_on_selector_all("main a", "all => all.map(one => one.getAttribute('href'))")
    found = dict.fromkeys(link.split("?")[0] for link in links if link and link.startswith(base))
    return ["".join((link, f"/{verb}" if verb else "", f"?{query}" if query else "")) for link in found
            if link.removeprefix(base).isdigit()]


def take_refused(page: Any, name: str, place: str, path: Path) -> None:
    """A form that was sent as it came, with too long a text in its first field."""
    page.goto(place)
    page.eval_on_selector_all("main form", "all => all.forEach(one => one.noValidate = true)")
    page.eval_on_selector_all("main input", "all => all.forEach(one => one.removeAttribute('maxlength'))")
    field = page.query_selector("main form input[type=text]:visible")
    if field is not None:
        field.fill("x" * 400)
    page.click("main form .btn-primary")
    page.wait_for_load_state()
    page.screenshot(path=path, full_page=True)


def take_import(page: Any, path: Path) -> None:
    """What a spreadsheet would bring in, and what it asks, before anything is loaded."""
    page.goto("/imports/")
    page.set_input_files("#file", SPREADSHEET)
    page.click("main form .btn-primary")
    page.wait_for_url(re.compile(r"/imports/\d+"))
    page.locator("main [data-poll]").first.wait_for(state="detached")
    page.screenshot(path=path, full_page=True)


def take_full(browser: Any, address: str, folder: Path, chosen: dict[str, str]) -> None:
    for kind, size, dark in LOOKS:
        page = enter(browser, address, size, dark)
        choose_company(page, HOME)
        for name, place in chosen.items():
            take(page, name, place, folder / f"{name}-{kind}.png")
        page.context.close()


def take_abroad(browser: Any, address: str, folder: Path, names: list[str]) -> None:
    """The screens of the other countries, after a change of company."""
    for kind, size, dark in LOOKS:
        page = enter(browser, address, size, dark)
        for country, screens in ABROAD.items():
            chosen = {name: place for name, place in screens.items() if not names or name in names}
            if chosen:
                choose_company(page, country)
            for name, place in chosen.items():
                take(page, name, place, folder / f"{name}-{kind}.png")
        page.context.close()


def choose_company(page: Any, country: str) -> None:
    page.goto("/")
    button = page.query_selector(f"button[name=company]:has(small:text-is('{country}'))")
    with page.expect_navigation():
        page.evaluate("one => one.click()", button)


def take_odd(browser: Any, address: str, folder: Path) -> None:
    for size in SIZES:
        page = enter(browser, address, size)
        for name, place in FORMS.items():
            take_refused(page, name, place, folder / f"refused-{name}-{size}.png")
        take(page, "long", f"/customers/?q={LONG}&state=", folder / f"long-names-{size}.png")
        page.goto(f"/customers/?q={LONG}&state=")
        page.click("main td a, main .lead a")
        page.screenshot(path=folder / f"long-name-{size}.png", full_page=True)
        page.context.close()


def main(folder: Path, names: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    chosen = {name: place for name, place in SCREENS.items() if not names or name in names}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        with demo() as address:
            take_full(browser, address, folder, chosen)
            take_abroad(browser, address, folder, names)
            if not names:
                take_odd(browser, address, folder)
        with empty() as address:
            for size in SIZES:
                page = enter(browser, address, size)
                for name in set(chosen) & set(NOBODY):
                    take(page, name, SCREENS[name], folder / f"{name}-empty-{size}.png")
                for name in set(ADMINS) & set(names or ADMINS):
                    take(page, name, ADMINS[name], folder / f"{name}-{size}.png")
                if not names or "import" in names:
                    take_import(page, folder / f"import-{size}.png")
                page.context.close()
        browser.close()


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), sys.argv[2:])
