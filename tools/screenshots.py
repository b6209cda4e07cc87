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
from screens import ABROAD, ADMINS, FORMS, HOME, NOBODY, OUTSIDE, SCREENS

ROOT = Path(__file__).resolve().parent.parent
ABONA = Path(sys.executable).with_name("abona")
SIZES = {"wide": (1280, 900), "phone": (360, 740)}
# the end of a picture's name, its size, whether in the dark
LOOKS = (("wide", "wide", False), ("phone", "phone", False), ("dark", "wide", True))


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


# a spreadsheet as people have them
SPREADSHEET = ROOT / "tests" / "data" / "import" / "planilla_ar_latin1.csv"
# who has the longest name of the demo
LONG = "Güiraldes"
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


def visit(browser: Any, address: str, size: str, dark: bool = False) -> Any:
    """A page of a browser that nobody has entered with."""
    width, height = SIZES[size]
    return browser.new_context(viewport={"width": width, "height": height}, locale="es-AR", base_url=address,
                               color_scheme="dark" if dark else "light").new_page()


def enter(browser: Any, address: str, size: str, dark: bool = False) -> Any:
    """The same, its person inside."""
    page = visit(browser, address, size, dark)
    page.goto("/login")
    page.fill("#email", ADMIN)
    page.fill("#password", PASSWORD)
    page.click("button.btn-primary")
    page.wait_for_selector("#search")
    return page


def take(page: Any, name: str, place: str, path: Path) -> None:
    """One picture; a screen that is not there is told, and not taken."""
    base, _mark, then = place.partition(">")
    wanted = leading_from(page, base[1:]) if base.startswith("@") else [base]
    if not any(page.goto(one).ok and follow(page, then) for one in wanted):
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


def follow(page: Any, then: str) -> bool:
    """Whether the page, or the one that its first link beginning so leads to, is there."""
    if not then:
        return True
    links = page.eval_on_selector_all("main a", "all => all.map(one => one.href.replace(location.origin, ''))")
    found = next((link for link in links if link.startswith(then)), "")
    return bool(found) and bool(page.goto(found).ok)


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


def begin(browser: Any, address: str) -> None:
    """What the demo leaves to people: another person to talk with, a change of prices, payments of a spreadsheet."""
    page = enter(browser, address, "wide")
    choose_company(page, HOME)
    page.goto(leading_from(page, "/customers/+contacts/new")[0])
    page.fill("#name", "Encargada de pagos")
    send(page)
    page.goto("/billing/revisions/new")
    page.fill("#name", "Enero de 2027")
    page.fill("#percent", "8")
    send(page)
    page.goto("/imports/payments")
    page.fill("textarea", "38\t28/11/2026\t12000\n58\t28/11/2026\t9000")
    send(page)
    page.context.close()


def send(page: Any) -> None:
    page.click("main form .btn-primary")
    page.wait_for_load_state()


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
    """Refused forms and names that are longer than anything has room for."""
    for kind, size, dark in LOOKS:
        page = enter(browser, address, size, dark)
        choose_company(page, HOME)
        for name, place in FORMS.items():
            take_refused(page, name, place, folder / f"refused-{name}-{kind}.png")
        take(page, "long", f"/customers/?q={LONG}&state=", folder / f"long-names-{kind}.png")
        page.click("main td a, main .lead a")
        for tab in ("", "contracts", "account", "documents"):
            page.goto(f"{page.url.split('?')[0]}?tab={tab}" if tab else page.url)
            page.screenshot(path=folder / f"long-name-{tab or 'first'}-{kind}.png", full_page=True)
        page.context.close()


def take_outside(browser: Any, address: str, folder: Path, names: list[str]) -> None:
    """What is seen before anybody enters; a page that is not there is one of them."""
    for kind, size, dark in LOOKS:
        page = visit(browser, address, size, dark)
        for name, place in OUTSIDE.items():
            if not names or name in names:
                page.goto(place)
                page.screenshot(path=folder / f"{name}-{kind}.png", full_page=True)
        page.context.close()


def take_empty(browser: Any, address: str, folder: Path, names: list[str]) -> None:
    """A company that has nothing yet, how it is made, and what its first spreadsheet would bring."""
    for kind, size, dark in LOOKS:
        page = enter(browser, address, size, dark)
        for name in NOBODY:
            if not names or name in names:
                take(page, name, SCREENS[name], folder / f"{name}-empty-{kind}.png")
        for name, place in ADMINS.items():
            if not names or name in names:
                take(page, name, place, folder / f"{name}-{kind}.png")
        if not names or "import" in names:
            take_import(page, folder / f"import-{kind}.png")
        page.context.close()


def main(folder: Path, names: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    chosen = {name: place for name, place in SCREENS.items() if not names or name in names}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        with demo() as address:
            take_outside(browser, address, folder, names)
            begin(browser, address)
            take_full(browser, address, folder, chosen)
            take_abroad(browser, address, folder, names)
            if not names:
                take_odd(browser, address, folder)
        with empty() as address:
            take_empty(browser, address, folder, names)
        browser.close()


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), sys.argv[2:])
