"""The frame in a real browser: nothing from outside, no dropped script, keys, one sending, narrow screens."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from waitress.server import create_server

from core import companies, config, schema, scope
from core.app import create_app
from core.db import db
from core.models import Job, User
from core.security import hash_password
from modules.crm.services import create_customer
from tests.browser.conftest import CHROMIUM, EMAIL, PASSWORD, enter

pytestmark = [
    pytest.mark.browser,
    pytest.mark.once,
    pytest.mark.skipif(not CHROMIUM, reason="no chromium here"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning"),
]
PAGES = ("/", "/jobs?state=all", "/account", "/people", "/people/1", "/roles", "/company", "/audit", "/search?q=zz",
         "/admin/", "/nothing-here")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A served installation with an administrator and some jobs."""
    folder: Path = tmp_path_factory.mktemp("browser")
    app = create_app(config.load(instance=folder, database_url=f"sqlite:///{folder / 'b.sqlite'}", redis_url="",
                                 secret_key="k", testing=True))
    app.config["WTF_CSRF_ENABLED"] = True
    with app.app_context():
        schema.upgrade()
        company = companies.create_company("AR", "Río Cuarto Wireless S.A.", "30990000103", code="rcw")
        with scope.company_scope(company):
            create_customer(name="Gómez, Ana", tax_condition="CF")
        db.session.add(User(email=EMAIL, name="Ana", is_admin=True, locale="es",
                            password_hash=hash_password(PASSWORD)))
        db.session.add_all([Job(function="modules.x.jobs.y", state="failed", error="boom") for _n in range(3)])
        db.session.commit()
    server: Any = create_server(app, host="127.0.0.1", port=0, threads=4)
    threading.Thread(target=server.run, daemon=True).start()
    yield f"http://127.0.0.1:{server.effective_port}"
    server.close()
    with app.app_context():
        db.engine.dispose()


@pytest.fixture(params=[1280, 360])
def page(request: pytest.FixtureRequest, chromium: Any, address: str) -> Iterator[Any]:
    """A page of the administrator; at its end nothing may have come from outside or have been dropped."""
    complaints: list[str] = []
    found = enter(chromium, address, request.param, complaints)
    yield found
    found.context.close()
    assert complaints == []


def test_every_page_fits_its_width_and_asks_nobody_else(page: Any) -> None:
    too_wide = []
    for path in PAGES:
        page.goto(path)
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            too_wide.append(path)
    assert too_wide == []


def test_the_keyboard_reaches_search_map_rows_and_menu(page: Any) -> None:
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search"
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    assert page.is_visible("#keys")
    page.keyboard.press("Escape")
    letter = page.get_attribute('a.side-link[href="/customers/"]', "data-go")
    page.keyboard.press("g")
    page.keyboard.press(letter)
    page.wait_for_url("**/customers/")
    page.goto("/jobs?state=all")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/jobs/*")


def test_keys_of_one_letter_can_be_switched_off(page: Any) -> None:
    """WCAG 2.1.4: who dictates would set them off; F1 and Enter are no letters."""
    page.goto("/account")
    page.uncheck("#single_keys")
    page.click('form[action="/account/profile"] button')
    page.wait_for_selector(".notice-ok")
    page.goto("/jobs?state=all")
    here = page.url
    for key in ("/", "?", "j", "x", "n", "g", "h", "h"):
        page.keyboard.press(key)
    assert page.evaluate("document.activeElement === document.body") and not page.is_visible("#keys")
    assert page.query_selector("tr.is-current") is None and page.query_selector(".help-article") is None
    assert page.url == here
    page.goto("/account")
    page.check("#single_keys")
    page.click('form[action="/account/profile"] button')
    page.wait_for_selector(".notice-ok")
    page.goto("/jobs?state=all")
    page.keyboard.press("j")
    assert page.query_selector("tr.is-current") is not None


def test_nothing_that_has_the_focus_hides_below_the_header(page: Any) -> None:
    """WCAG 2.4.11: going back by Shift+Tab or k, from the foot of a long page."""
    page.goto("/account")
    page.set_viewport_size({"width": page.viewport_size["width"], "height": 420})
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    page.evaluate("(all => all[all.length - 1].focus())([...document.querySelectorAll('main a[href], main button')])")
    hidden = []
    for _n in range(60):
        page.keyboard.press("Shift+Tab")
        told = page.evaluate("""() => { const it = document.activeElement, top = document.querySelector('.top');
            if (!it.closest('main')) return null;
            return [it.getBoundingClientRect().top, top.getBoundingClientRect().bottom, it.outerHTML.slice(0, 80)];
        }""")
        if told is None:
            break
        if told[0] < told[1] - 1:
            hidden.append(told)
    assert hidden == []


def test_a_double_click_sends_once(page: Any) -> None:
    page.goto("/account")
    sent: list[str] = []
    page.on("request", lambda request: request.method == "POST" and sent.append(request.url))
    page.dblclick('form[action="/account/profile"] button')
    page.wait_for_selector(".notice-ok")
    assert len(sent) == 1


def test_unsaved_input_is_not_left_without_asking(page: Any) -> None:
    page.goto("/account")
    page.fill("#name", "Otro")
    asked: list[str] = []
    page.once("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.goto("/jobs")
    assert asked == ["beforeunload"]


def fill_customer(page: Any) -> None:
    page.goto("/customers/new")
    page.fill("#name", "Ñandú, María")
    page.fill("#notes", "timbre roto")


def log_in(page: Any) -> None:
    page.fill("#email", EMAIL)
    page.fill("#password", PASSWORD)
    page.click("button.btn-primary")
    page.wait_for_selector("#search")


def test_what_was_typed_comes_back_after_a_lost_session(page: Any) -> None:
    fill_customer(page)
    page.context.clear_cookies()
    page.click("main form .btn-primary")
    page.wait_for_selector("form[data-login]")
    assert "Su sesión terminó; nada se guardó" in page.inner_text("main")
    log_in(page)
    assert page.url.endswith("/customers/new")
    page.wait_for_selector(".notice[role=status] >> text=está aquí de nuevo")
    assert page.input_value("#name") == "Ñandú, María" and page.input_value("#notes") == "timbre roto"
    assert page.evaluate("sessionStorage.getItem('abona:typed')") is None


def test_what_was_typed_is_kept_for_its_own_page_and_no_secret_ever(page: Any) -> None:
    fill_customer(page)
    page.context.clear_cookies()
    page.click("main form .btn-primary")
    page.wait_for_selector("form[data-login]")
    page.goto("/login")
    log_in(page)
    assert page.evaluate("sessionStorage.getItem('abona:typed')") is None
    page.goto("/customers/new")
    assert page.input_value("#name") == ""
    page.goto("/account")
    page.fill("input[type=password] >> nth=0", "muy secreta")
    page.evaluate("""() => { const form = document.querySelector('input[type=password]').form;
        form.addEventListener('submit', event => event.preventDefault()); form.requestSubmit(); }""")
    stored = page.evaluate("sessionStorage.getItem('abona:typed')")
    assert stored and "secreta" not in stored and "csrf" not in stored and "form_key" not in stored


def test_whose_payment_it_is_is_taken_from_the_suggestions(page: Any) -> None:
    page.goto("/payments/new")
    page.keyboard.type("gomez")
    page.wait_for_selector(".suggest-list li")
    assert page.get_attribute("main input[name=q]", "aria-expanded") == "true"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_selector("#paid_on")
    assert "customer=1" in page.url


def test_the_chosen_tab_is_seen_and_the_search_box_has_the_bar(page: Any) -> None:
    page.goto("/customers/1")
    for address in page.eval_on_selector_all(".tabs a", "all => all.map(one => one.href)"):
        page.goto(address)
        left, right, more, width = page.evaluate("""() => { const tabs = document.querySelector('.tabs'),
            chosen = tabs.querySelector('[aria-current]').getBoundingClientRect();
            return [chosen.left, chosen.right, /has-(more|before)/.test(tabs.className)
                    || tabs.scrollWidth <= tabs.clientWidth, innerWidth]; }""")
        assert left >= 0 and right <= width and more, address
    page.focus("#search")
    box = page.locator("#search").bounding_box()
    assert page.viewport_size["width"] > 820 or box["width"] >= page.viewport_size["width"] - 24
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('.top') !== null")
