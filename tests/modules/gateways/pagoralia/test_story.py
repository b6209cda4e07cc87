"""A subscriber pays by Pagoralia, whatever happens on the way (reference 7.3, 0.2)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from core import clock
from core.db import db
from modules.gateways import accounts
from modules.gateways.models import Checkout
from tests.modules.accounting.books import findings, open_of
from tests.modules.gateways.shop import NOW, Shop


def test_a_receipt_is_paid_on_the_customers_page_told_read_and_booked(shop: Shop) -> None:
    page = shop.open()
    assert page.state == "open" and "MX" in shop.site.browser(page.url).text
    shop.site.browser(page.url, {"recibo": page.reference})
    assert shop.told() == [200]
    shop.drain()
    assert shop.states() == [("approved", "booked")]
    assert (open_of(shop.invoice), shop.balance, findings()) == (["0.00"], 0, {})


def test_repetitions_forgeries_and_questions_are_one_payment(shop: Shop) -> None:
    page = shop.open()
    for fault in ("duplicate_notice", "forged_notice"):
        shop.site.fault(fault)
    shop.site.post("pay", receipt=page.reference)
    for _time in range(2):
        assert set(shop.told()) == {200}
        shop.drain()
        shop.ask(page)
    assert [state for state, _reason, _times in shop.notices()] == ["waiting"] * 2, "told again, read again"
    with clock.freeze(NOW + dt.timedelta(minutes=1)):
        shop.drain()
    assert shop.states() == [("approved", "booked")]
    assert [state for state, _reason, _times in shop.notices()] == ["failed", "done"], "the forged one is not confirmed"


def test_a_notice_in_another_dialect_is_understood_when_its_fields_are_set(shop: Shop) -> None:
    page = shop.open()
    shop.site.post("config", dialect="b")
    shop.site.post("pay", receipt=page.reference)
    assert shop.told() == [200]
    assert shop.notices() == [("ignored", "ok", 1)]
    accounts.apply_settings(shop.account, {"notice_map": "invoice=referencia\ncustomer=customer_id\namount=amount\n"
                                                         "state=status\ncurrency=currency"})
    db.session.commit()
    shop.site.post("take_back", receipt=page.reference)
    shop.site.post("pay", receipt=page.reference)
    shop.told(2)
    shop.drain()
    assert shop.states() == [("approved", "booked")]


@pytest.mark.parametrize("fault", ["", "old_list"])
def test_what_no_notice_told_the_question_finds(shop: Shop, fault: str) -> None:
    page = shop.open()
    shop.site.fault("notice_lost")
    shop.site.post("pay", receipt=page.reference)
    if fault:
        shop.site.fault(fault)
    shop.ask(page)
    assert shop.told() == [] and shop.states() == [("approved", "booked")]


def test_what_is_taken_back_later_is_seen_by_asking_and_waits_for_a_person(shop: Shop) -> None:
    page = shop.open()
    shop.site.post("pay", receipt=page.reference)
    shop.told()
    shop.drain()
    with clock.freeze(NOW.replace(day=20)):
        row = db.session.get_one(Checkout, page.id, populate_existing=True)
        assert row.poll_at is not None and row.poll_at < clock.now()
        shop.site.fault("notice_lost")
        shop.site.post("take_back", receipt=page.reference)
        shop.ask(page)
    assert shop.causes() == ["contradicted"] and shop.balance == 0, "nothing is taken out of the books by itself"


def test_a_changed_amount_waits_for_a_person(shop: Shop) -> None:
    page = shop.open()
    receipt = shop.site.running.site.mounted["pagoralia"].service.kept  # type: ignore[attr-defined]
    receipt.put("receipt", "isp", page.reference, {**receipt.get("receipt", "isp", page.reference), "total": "1.00"})
    shop.site.post("pay", receipt=page.reference)
    shop.told()
    shop.drain()
    assert shop.causes() == ["amount_differs"] and shop.balance == Decimal("449.50")
