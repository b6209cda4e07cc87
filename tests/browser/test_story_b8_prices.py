"""B8: prices of zone North go up by 8 % from January, rounded to tens; told 30 days before; promises left alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from core import clock, months
from core.db import db
from modules.contracts import jobs, services
from modules.contracts.models import Contract, PriceRevision
from modules.crm import services as crm
from modules.notifications.models import Message
from tests.browser.conftest import Site, enter
from tests.browser.desk import STORY, agree, idle, inside, plan, said, sound, subscriber

pytestmark = STORY
PROMISED = "Promesa, Clara"


@pytest.fixture(scope="module")
def january(site: Site) -> dt.date:
    """The month after the next; in the north two of the plan, one with a price of its own, one with a promise."""
    with inside(site):
        north, south = crm.create_zone("Norte"), crm.create_zone("Sur")
        fifty = plan("H50", "Hogar 50", 12100)
        for name, zone in (("Godoy, Raúl", north), ("Ñáñez, María José", north), ("Vera, Ana", south)):
            subscriber(name, fifty, zone_id=zone.id)
        own = subscriber("Paz, Inés", fifty, zone_id=north.id)
        services.set_price(own, Decimal(10000), first=dt.date(2025, 1, 1))
        kept = subscriber(PROMISED, fifty, zone_id=north.id)
        services.set_price(kept, Decimal(9000), first=dt.date(2025, 1, 1), promised=True)
        return months.add(months.of(clock.today()), 2)


@pytest.fixture(scope="module")
def page(chromium: Any, site: Site, january: dt.date) -> Iterator[Any]:
    complaints: list[str] = []
    found = enter(chromium, site.address, 1280, complaints)
    yield found
    found.context.close()
    assert [one for one in complaints if "422" not in one] == []


def test_the_revision_is_written_down_and_a_slip_loses_nothing(page: Any, january: dt.date) -> None:
    page.goto("/billing/revisions")
    sound(page, "b8-empty")
    page.keyboard.press("n")
    page.wait_for_url("**/revisions/new")
    assert page.input_value("#notice_days") == "30" and page.input_value("#valid_from") == january.isoformat()
    page.fill("#name", "Enero, zona Norte")
    page.fill("#percent", "ocho")
    page.select_option("#rounding", "10")
    page.check("label:has-text('Norte')")
    page.click("main form button.btn-primary")
    page.wait_for_selector(".field-error")
    assert page.input_value("#name") == "Enero, zona Norte" and page.is_checked("label:has-text('Norte')")
    sound(page, "b8-slip")
    page.fill("#percent", "8")
    page.click("main form button.btn-primary")
    page.wait_for_url("**/revisions/1")


def test_the_preview_names_everybody_with_the_price_before_and_after(page: Any, january: dt.date) -> None:
    page.goto("/billing/revisions/1")
    text = said(page)
    assert "$13.070,00" in text and "$10.800,00" in text  # 12.100 and 10.000 by 8 %, to tens
    assert PROMISED in text and "$9.000,00" in text and "Vera, Ana" not in text
    told = january - dt.timedelta(days=30)
    assert told.strftime("%d/%m/%Y") in text
    sound(page, "b8-preview")


def test_the_prices_are_set_once_and_subscribers_are_told_on_their_day(site: Site, page: Any,
                                                                       january: dt.date) -> None:
    page.goto("/billing/revisions/1")
    agree(page, "form[action$='/apply'] button")
    page.wait_for_selector(".notice-ok")
    sound(page, "b8-applied")
    told = january - dt.timedelta(days=30)
    with inside(site):
        assert price(january, "Godoy, Raúl") == 13070 and price(january, PROMISED) == 9000
        assert price(january - months.DAY, "Godoy, Raúl") == 12100 and price(january, "Vera, Ana") == 12100
        if told > clock.today():  # else they were told at once
            jobs.follow_calendar((told - months.DAY).isoformat())
            assert db.session.get_one(PriceRevision, 1).notified_at is None
        jobs.follow_calendar(told.isoformat())
    idle(site, page)
    with inside(site):
        messages = db.session.scalars(sa.select(Message).where(Message.kind == "contracts.price_change")).all()
        assert len(messages) == 3 and {one.state for one in messages} == {"sent"}
        assert not any("9.000" in one.body for one in messages)
    page.reload()
    assert "Se avisó a los abonados" in said(page)


def price(day: dt.date, name: str) -> Decimal | None:
    from modules.contracts.queries import price_on

    contract = next(one for one in db.session.scalars(sa.select(Contract)) if one.customer.name == name)
    return price_on(contract, day)
