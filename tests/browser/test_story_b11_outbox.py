"""B11: what was sent to whom and when, what came back; the address is corrected there and it goes again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from core.db import db
from modules.crm.models import Email
from modules.notifications import sending
from modules.notifications.models import Message
from tests.browser.conftest import Site, enter
from tests.browser.desk import STORY, idle, inside, said, sound
from tests.browser.money import internal, invoice, person

pytestmark = STORY


@pytest.fixture(scope="module")
def returned(site: Site, chromium: Any) -> int:
    """Two invoices went out; the mail of one came back, since its address does not exist."""
    with inside(site):
        internal()
        invoice(person("Ñáñez, María José", "101", emails="maria@exmaple.com"), 12100)
        invoice(person("Vera, Luis", "102", emails="luis@example.com"), 12100)
    with chromium.new_context() as context:
        idle(site, context.new_page())
    with inside(site):
        row = db.session.scalars(sa.select(Message).where(Message.address == "maria@exmaple.com")).one()
        sending.record("email", [sending.Outcome(row.id, "bounced", "550 5.1.1 No such user here", "", row.address,
                                                 True)])
        return row.id


@pytest.fixture
def page(chromium: Any, site: Site, returned: int) -> Iterator[Any]:
    complaints: list[str] = []
    found = enter(chromium, site.address, 1280, complaints)
    yield found
    found.context.close()
    assert [one for one in complaints if "422" not in one] == []


def test_the_clerk_sees_what_came_back_corrects_the_address_and_it_goes_again(
        page: Any, site: Site, returned: int) -> None:
    page.goto("/")
    page.click("main a:has-text('volvió')")
    assert "Ñáñez" in said(page) and "Vera" not in said(page) and "550 5.1.1" in said(page)
    sound(page, "b11-returned")
    page.click("table.list tbody a")
    page.wait_for_url(f"**/notices/{returned}")
    assert "No such user here" in said(page)
    page.fill("#address", "maria@")
    page.click("form:has(#address) button.btn-primary")
    page.wait_for_selector(".field-error")
    assert page.input_value("#address") == "maria@"
    sound(page, "b11-wrong")
    page.fill("#address", "maria@example.com")
    page.dblclick("form:has(#address) button.btn-primary")
    page.wait_for_selector("main .notice-ok")
    idle(site, page)
    page.goto(f"/notices/{returned}")
    assert "maria@example.com" in said(page) and "enviado" in said(page).lower()
    sound(page, "b11-sent")
    with inside(site):
        row = db.session.get_one(Message, returned)
        assert (row.state, row.address) == ("sent", "maria@example.com")
        kept = {one.address: one.active for one in db.session.scalars(sa.select(Email))}
    assert kept["maria@example.com"] and not kept["maria@exmaple.com"]


def test_everything_that_went_out_stands_there_with_its_hour(page: Any) -> None:
    page.goto("/notices/?group=sent")
    assert "Vera" in said(page) and "luis@example.com" in said(page)
    sound(page, "b11-outbox")
