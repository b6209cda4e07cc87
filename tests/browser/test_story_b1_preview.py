"""B1: a month looked at before anything is written; each difference opens its contract."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from core import clock
from core.db import db
from modules.accounting.models import Invoice
from tests.browser.a_month import a_month
from tests.browser.conftest import Site, enter
from tests.browser.desk import STORY, WIDTHS, inside, said, sound

pytestmark = STORY


@pytest.fixture(scope="module")
def month(site: Site, chromium: Any) -> dt.date:
    return a_month(site, chromium)


@pytest.fixture(scope="module", params=WIDTHS)
def page(request: pytest.FixtureRequest, chromium: Any, site: Site, month: dt.date) -> Iterator[Any]:
    complaints: list[str] = []
    found = enter(chromium, site.address, request.param, complaints)
    yield found
    found.context.close()
    assert [one for one in complaints if "422" not in one] == []


def group(page: Any, key: str) -> str:
    return str(page.inner_text(f"#{key}"))


def test_the_preview_says_who_is_new_gone_dearer_cheaper_and_free(site: Site, page: Any) -> None:
    page.goto("/billing/")
    text = said(page)
    assert "$72.600,00" in text and "$84.700,00" in text  # this month, and the one before
    assert "Nuevo, Andrés" in group(page, "new") and "Leal, Carla" in group(page, "gone")
    assert "Sosa, Elena" in group(page, "dearer") and "24.200,00" in group(page, "dearer")
    assert "Paz, Inés" in group(page, "cheaper") and "12.100,00" in group(page, "cheaper")
    assert "Vera, Ana" in group(page, "free")
    for name in ("Uno Sin CUIT", "Dos Sin Condición", "Tres Sin Precio"):
        assert name in group(page, "causes")
    sound(page, "b1-preview")
    with inside(site):
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Invoice).where(
            Invoice.issue_date >= clock.today())) == 6  # those of the month before: nothing was written


@pytest.mark.parametrize(("key", "name"), [("dearer", "Sosa, Elena"), ("gone", "Leal, Carla"), ("free", "Vera, Ana")])
def test_a_difference_opens_its_contract(page: Any, key: str, name: str) -> None:
    page.goto("/billing/")
    page.click(f"#{key} a:has-text('{name}')")
    page.wait_for_url("**/contracts/*")
    assert name in said(page)
    page.go_back()
    page.wait_for_selector(f"#{key}")
