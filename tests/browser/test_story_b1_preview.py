"""B1, B2: a month looked at before anything is written, who cannot be billed mended there, then run and watched."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from core import clock, months
from core.db import db
from core.scope import current_company
from core.worker import Embedded
from modules.accounting.models import Invoice
from modules.contracts import billing, billing_run, extras, services
from modules.contracts.models import Contract, Plan
from tests.browser.conftest import Site, enter
from tests.browser.desk import STORY, WIDTHS, agree, idle, inside, plan, said, sound, subscriber
from tests.installation import eventually

pytestmark = STORY


@pytest.fixture(scope="module")
def month(site: Site, chromium: Any) -> dt.date:
    """This month, the one before billed; since then people came, left, changed, and three lack something."""
    with inside(site):
        this = months.of(clock.today())
        slow, fast = plan("H50", "Hogar 50", 12100), plan("H100", "Hogar 100", 24200)
        plan("NEW", "Fibra 300", 30000).prices[0].valid_from = months.add(this, 12)
        for name in ("Godoy, Raúl", "Leal, Carla", "Sosa, Elena", "Vera, Ana", "Ñáñez, María José"):
            subscriber(name, slow)
        subscriber("Paz, Inés", fast)
        db.session.commit()
        billing.start_run(current_company(), months.add(this, -1))
    page = chromium.new_page()
    idle(site, page)
    page.close()
    with inside(site):
        known = {one.customer.name: one for one in db.session.scalars(sa.select(Contract))}
        services.end(known["Leal, Carla"], this - months.DAY)
        services.change_plan(known["Sosa, Elena"], _plan("H100"), this)
        services.set_courtesy(known["Vera, Ana"], this, None, "Antena en su techo")
        extras.add_discount(known["Paz, Inés"], "Tres meses de promoción", percent=Decimal(50), first_month=this)
        subscriber("Nuevo, Andrés", _plan("H50"), since=this)
        subscriber("Uno Sin CUIT", _plan("H50"), since=this, tax_condition="RI")
        subscriber("Dos Sin Condición", _plan("H50"), since=this, tax_condition="")
        subscriber("Tres Sin Precio, con un nombre muy largo que no termina nunca S.A.S.", _plan("NEW"), since=this)
        return this


def _plan(code: str) -> Plan:
    return db.session.scalars(sa.select(Plan).where(Plan.code == code)).one()


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


# --- B2: written once, so at the desk first and on the phone from then on --------------------------------------


@pytest.fixture
def desk(chromium: Any, site: Site, month: dt.date) -> Iterator[Any]:
    complaints: list[str] = []
    found = enter(chromium, site.address, WIDTHS[0], complaints)
    yield found
    found.context.close()
    assert [one for one in complaints if "422" not in one] == []


def row(page: Any, name: str) -> Any:
    return page.locator("#causes tr", has_text=name)


def test_those_who_cannot_be_billed_are_mended_in_the_list_and_looked_at_again(desk: Any) -> None:
    page = desk
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

    page.set_viewport_size({"width": WIDTHS[1], "height": 800})
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
def halting(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of one subscriber; after the second of them nobody works on."""
    real, done = billing_run.bill_chunk, []

    def bill(chunk_id: int) -> None:
        real(chunk_id)
        done.append(chunk_id)
        if len(done) == 2:
            site.worker.stopping.set()

    monkeypatch.setattr(billing_run.plan_run, "__defaults__", (1,))
    monkeypatch.setattr(billing_run, "bill_chunk", bill)


@pytest.mark.usefixtures("halting")
def test_the_run_is_watched_left_and_found_again_with_its_result(site: Site, desk: Any, chromium: Any) -> None:
    desk.goto("/billing/")
    agree(desk, "form[data-confirm] button")
    desk.wait_for_url("**/billing/runs/*")
    eventually(site.worker.stopping.is_set, 60)
    site.worker.stop()
    where = desk.url
    desk.reload()
    progress = desk.locator("#stages .progress-block").first.inner_text()
    assert re.search(r"por segundo · faltan unos .*\d", progress), progress
    sound(desk, "b2-watched")
    desk.goto("about:blank")  # the browser is closed
    site.worker = Embedded(site.app, threads=2)
    site.worker.start()

    other = enter(chromium, site.address, WIDTHS[1], [])
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
