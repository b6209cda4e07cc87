"""B2: who cannot be billed is mended in the preview, then the month is run, watched, left and found again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from core.worker import Embedded
from modules.contracts import billing_run
from tests.browser.a_month import a_month
from tests.browser.conftest import Site, enter, served
from tests.browser.desk import STORY, WIDTHS, agree, said, sound
from tests.installation import eventually

pytestmark = STORY


@dataclass(frozen=True)
class Screen:
    """A provider of its own, since a month is billed once, and how wide it is looked at."""

    site: Site
    width: int


@pytest.fixture(scope="module", params=WIDTHS)
def screen(request: pytest.FixtureRequest, provider: Path, tmp_path_factory: pytest.TempPathFactory,
           chromium: Any) -> Iterator[Screen]:
    with served(provider, tmp_path_factory.mktemp("b2")) as site:
        a_month(site, chromium)
        yield Screen(site, request.param)


@pytest.fixture
def page(chromium: Any, screen: Screen) -> Iterator[Any]:
    complaints: list[str] = []
    found = enter(chromium, screen.site.address, screen.width, complaints)
    yield found
    found.context.close()
    assert [one for one in complaints if "422" not in one] == []


def row(page: Any, name: str) -> Any:
    return page.locator("#causes tr", has_text=name)


def test_those_who_cannot_be_billed_are_mended_in_the_list_and_looked_at_again(page: Any) -> None:
    page.goto("/billing/")
    first = row(page, "Uno Sin CUIT")
    first.locator("select[name=tax_id_kind]").select_option("CUIT")
    first.locator("input[name=tax_id]").fill("30-71234567-0")  # a slip
    first.locator("button").click()
    page.wait_for_selector("#causes .field-error")
    first = row(page, "Uno Sin CUIT")
    assert first.locator("input[name=tax_id]").input_value() == "30-71234567-0"
    assert first.locator("select[name=tax_condition]").input_value() == "RI"
    sound(page, "b2-refused")

    first.locator("input[name=tax_id]").fill("30-71234567-1")
    first.locator("button").click()
    page.wait_for_selector(".notice-ok")
    assert "Uno Sin CUIT ya se puede facturar" in said(page)

    second = row(page, "Dos Sin Condición")
    second.locator("select[name=tax_condition]").select_option("CF")
    second.locator("button").dblclick()
    page.wait_for_selector(".notice-ok")

    third = row(page, "Tres Sin Precio")
    third.locator("input[name=price]").fill("30.000,00")
    third.locator("button").click()
    page.wait_for_selector(".notice-ok")
    assert page.locator("#causes tr").count() == 0
    assert "$126.800,00" in said(page)  # 72.600 + 12.100 + 12.100 + 30.000


@pytest.fixture
def halting(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of one subscriber; after the second of them nobody works on."""
    real, done = billing_run.bill_chunk, []

    def bill(chunk_id: int) -> None:
        real(chunk_id)
        done.append(chunk_id)
        if len(done) == 2:
            screen.site.worker.stopping.set()

    monkeypatch.setattr(billing_run.plan_run, "__defaults__", (1,))
    monkeypatch.setattr(billing_run, "bill_chunk", bill)


@pytest.mark.usefixtures("halting")
def test_the_run_is_watched_left_and_found_again_with_its_result(screen: Screen, page: Any, chromium: Any) -> None:
    site = screen.site
    page.goto("/billing/")
    agree(page, "form[data-confirm] button")
    page.wait_for_url("**/billing/runs/*")
    eventually(site.worker.stopping.is_set, 60)
    site.worker.stop()
    where = page.url
    page.reload()
    progress = page.locator("#stages .progress-block").first.inner_text()
    assert re.search(r"por segundo · faltan unos .*\d", progress), progress
    sound(page, "b2-watched")
    page.goto("about:blank")  # the browser is closed
    site.worker = Embedded(site.app, threads=2)
    site.worker.start()

    other = enter(chromium, site.address, screen.width, [])
    other.goto(where)
    other.locator("#stages[data-poll]").wait_for(state="detached", timeout=60_000)
    other.wait_for_selector("main .notice-ok")
    text = said(other)
    assert "$126.800,00" in text and "El resultado es lo que decía la vista previa" in text
    sound(other, "b2-result")
    other.goto("/billing/")
    assert "Todos los que se pueden facturar" in said(other) or "ya está" in said(other).lower()
    sound(other, "b2-done")
    other.context.close()
