"""B3: the power fails halfway; started again the run goes on by itself, nobody is billed twice, no number is missing.

The ways of dying are tried in tests/chaos; here it is what the clerk sees.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from core.db import db
from core.models import Job
from core.worker import Embedded
from modules.accounting.models import Invoice
from modules.contracts import billing_run
from modules.contracts.models import BilledPeriod, BillingRun
from modules.einvoice.models import Document
from tests.browser.conftest import Site, enter
from tests.browser.desk import STORY, agree, idle, inside, plan, said, sound, subscriber
from tests.installation import eventually

pytestmark = STORY
PEOPLE, CHUNK, BEFORE = 6, 1, 2


@pytest.fixture(scope="module")
def page(chromium: Any, site: Site) -> Iterator[Any]:
    with inside(site):
        fifty = plan("H50", "Hogar 50", 12100)
        for number in range(PEOPLE):
            subscriber(f"Abonado {number:02d}", fifty)
    complaints: list[str] = []
    found = enter(chromium, site.address, 1280, complaints)
    yield found
    found.context.close()
    assert complaints == []


@pytest.fixture
def failing(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of one subscriber; after the second of them everything that works is gone."""
    real, done = billing_run.bill_chunk, []

    def bill(chunk_id: int) -> None:
        real(chunk_id)
        done.append(chunk_id)
        if len(done) == BEFORE:
            site.worker.stopping.set()

    monkeypatch.setattr(billing_run.plan_run, "__defaults__", (CHUNK,))
    monkeypatch.setattr(billing_run, "bill_chunk", bill)


def billed(site: Site) -> int:
    with inside(site):
        return db.session.scalar(sa.select(sa.func.count()).select_from(BilledPeriod)) or 0


def running(site: Site) -> int:
    with inside(site):
        return db.session.scalar(sa.select(sa.func.count()).select_from(Job).where(Job.state == "running")) or 0


def test_the_screen_goes_on_by_itself_when_work_begins_again(site: Site, page: Any, failing: None) -> None:
    page.goto("/billing/")
    agree(page, "form[data-confirm] button")
    page.wait_for_url("**/billing/runs/*")
    eventually(site.worker.stopping.is_set, 60)
    eventually(lambda: not running(site), 60)  # on a slow machine its last part takes its time
    site.worker.stop()
    assert 0 < billed(site) < PEOPLE
    page.reload()
    assert "Sigue sola, aunque cierre esta página" in said(page)
    assert page.locator("#stages[data-poll]").count() == 1
    sound(page, "b3-halfway")

    site.worker = Embedded(site.app, threads=2)
    site.worker.start()
    page.wait_for_selector("main .notice-ok", timeout=120_000)  # nobody touched the page
    assert "$72.600,00" in said(page)
    sound(page, "b3-result")


def test_nobody_is_billed_twice_and_no_number_is_missing(site: Site, page: Any) -> None:
    idle(site, page)
    with inside(site):
        assert db.session.scalars(sa.select(BillingRun.state)).all() == ["billed"]
        customers = db.session.scalars(sa.select(Invoice.customer_id)).all()
        assert len(customers) == len(set(customers)) == PEOPLE
        numbers = db.session.scalars(sa.select(Document.number).order_by(Document.number)).all()
        assert numbers == list(range(1, PEOPLE + 1))
