"""The designer and the texts of notices in a real browser: what one types is drawn beside it, by keyboard too."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image

from tests.browser.accessible import assert_accessible
from tests.browser.conftest import CHROMIUM, Site, enter

pytestmark = [
    pytest.mark.browser, pytest.mark.once,
    pytest.mark.skipif(not CHROMIUM, reason="no chromium here"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning"),
]


@pytest.fixture(params=[1280, 360])
def page(request: pytest.FixtureRequest, pdf_viewer: Any, site: Site) -> Iterator[Any]:
    complaints: list[str] = []
    found = enter(pdf_viewer, site.address, request.param, complaints)
    found.wide = request.param == 1280
    found.on("dialog", lambda dialog: dialog.accept())
    yield found
    found.context.close()
    # a browser tells of each refusal that a script got, also of those that are meant
    assert [one for one in complaints if "422" not in one] == []


def drawing() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (900, 300), "#cc3300").save(out, "PNG")
    return out.getvalue()


LOGO = drawing()


def fits(page: Any) -> bool:
    return not page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")


def order(page: Any) -> list[str]:
    return page.eval_on_selector_all("[name=blocks]", "all => all.map(one => one.value)")  # type: ignore[no-any-return]


def is_drawn_from_the_form(response: Any) -> bool:
    return bool(response.request.method == "POST" and response.url.endswith("/design/preview"))


def test_the_preview_is_the_pdf_of_what_is_in_the_form(page: Any) -> None:
    page.goto("/design")
    assert fits(page) and page.locator("main h1").count() == 1
    assert page.is_visible("[data-preview-frame]") is page.wide
    if page.wide:
        # the frame's first drawing, a GET, may still be on its way
        with page.expect_response(is_drawn_from_the_form) as drawn:
            page.fill("[name=text]", "Reclamos al 0800")
        assert drawn.value.status == 200
        assert drawn.value.headers["content-type"] == "application/pdf"
        page.wait_for_selector("[data-preview-frame]:not([aria-busy])")
        assert page.locator("[data-preview-frame] iframe").count() == 1
    with page.expect_popup() as opened:
        page.click("[data-preview-open]")
    opened.value.close()
    page.fill("[name=color]", "#fc0")
    with page.expect_response("**/design/color?*"):
        page.fill("[name=color]", "#ffcc00")
    page.wait_for_selector("#color-note .warn")
    page.click("#design .form-actions .btn-primary")
    page.wait_for_selector(".notice-ok")
    assert page.input_value("[name=color]") == "#ffcc00"


def test_blocks_are_moved_and_a_logo_is_chosen_by_keyboard(page: Any) -> None:
    page.goto("/design")
    assert_accessible(page)
    before = order(page)
    button = page.locator("[data-move='-1']").nth(1)
    button.focus()
    page.keyboard.press("Enter")
    assert order(page) == [before[1], before[0], *before[2:]]
    assert page.evaluate("document.activeElement.closest('li').querySelector('[name=blocks]').value") == before[1]
    assert "lugar 1" in page.inner_text("[data-said]")
    page.set_input_files("[name=logo]", {"name": "x.png", "mimeType": "image/png", "buffer": b"%PDF-1.7"})
    page.wait_for_selector("#logo-part .field-error")
    page.set_input_files("[name=logo]", {"name": "logo.png", "mimeType": "image/png", "buffer": LOGO})
    page.wait_for_selector("#logo-part:has(.logo-shown):not(:has(.field-error))")
    assert fits(page)
    page.click("#design .form-actions .btn-primary")
    page.wait_for_selector(".notice-ok")
    assert order(page)[:2] == [before[1], before[0]] and page.is_visible(".logo-shown")


def test_a_text_is_written_with_placeholders_seen_and_tried(page: Any, site: Site) -> None:
    page.goto("/notices/texts/accounting.payment_received")
    assert_accessible(page)
    assert fits(page) and page.locator("main h1").count() == 1
    page.fill("[name=body]", "Gracias, ")
    page.click("[data-insert='{{ customer_name }}']")
    assert page.input_value("[name=body]") == "Gracias, {{ customer_name }}"
    page.frame_locator("[data-preview-frame] iframe:last-child").locator("text=Gracias, María Ñandú").wait_for()
    page.fill("[name=test_address]", "yo@example.com")
    page.press("[name=test_address]", "Enter")
    page.wait_for_selector(".notice-ok")
    assert page.input_value("[name=body]") == "Gracias, {{ customer_name }}" and fits(page)
    sent = site.app.extensions["abona"].outbox.glob("notice-*.eml")
    assert any(b"yo@example.com" in letter.read_bytes() for letter in sent)
    page.click("#text .form-actions .btn-primary")
    page.wait_for_selector(".notice-ok")
    assert "en uso" in page.inner_text("main") and fits(page)
