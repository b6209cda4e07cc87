"""A subscriber pays by ComboPay, whatever happens on the way (reference 5, 0.2)."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from core.db import db
from modules.gateways.models import Checkout
from tests.modules.accounting.books import findings, open_of
from tests.modules.gateways.shop import Shop


def test_a_link_is_paid_on_its_page_told_read_and_booked(shop: Shop) -> None:
    page = shop.open()
    assert page.state == "open"
    assert shop.site.browser(page.url).status_code == 200
    assert shop.site.browser(page.url, {"method": "CREDIT_CARD"}).status_code == 303
    assert shop.told() == [200]
    shop.drain()
    assert shop.states() == [("approved", "booked")]
    assert (open_of(shop.invoice), shop.balance, findings()) == (["0.00"], 0, {})


@pytest.mark.parametrize("form", ["json", "form"])
def test_repetitions_forgeries_and_questions_are_one_payment(shop: Shop, form: str) -> None:
    shop.site.post("config", form=form)
    page = shop.open()
    for fault in ("duplicate_notice", "forged_notice"):
        shop.site.fault(fault)
    shop.site.post("pay", id=page.provider_ref)
    for _time in range(2):
        assert set(shop.told()) == {200}
        shop.drain()
        shop.ask(page)
    assert shop.states() == [("approved", "booked")] and shop.balance == 0
    assert [times for _state, _reason, times in shop.notices()] == [2, 4]


def test_a_forged_notice_of_a_link_that_nobody_paid_books_nothing(shop: Shop) -> None:
    page = shop.open()
    told = {"transaction_state": "payment_approved", "invoice_number": page.reference, "ticket_id": "1",
            "transaction_value": 89900}
    address = f"/gateways/{shop.account.token}/notice"
    assert shop.client.post(address, data=json.dumps(told)).status_code == 200
    shop.drain()
    assert shop.balance == Decimal("89900.00") and shop.notices()[0][0] == "failed"
    assert shop.client.post("/gateways/guessed/notice", data=json.dumps(told)).status_code == 404


def test_a_notice_of_a_debt_that_we_never_asked_for_is_kept_and_says_why(shop: Shop) -> None:
    told = {"transaction_state": "payment_approved", "invoice_number": "OTHER-1", "ticket_id": "9"}
    shop.client.post(f"/gateways/{shop.account.token}/notice", data=told)
    shop.drain()
    assert shop.notices() == [("failed", "ok", 1)] and shop.states() == []


def test_refused_and_tried_again_with_the_same_link(shop: Shop) -> None:
    page = shop.open()
    shop.site.post("pay", id=page.provider_ref, state="payment_fail")
    shop.told()
    shop.drain()
    assert shop.states() == [("rejected", "noted")]
    shop.site.post("pay", id=page.provider_ref)
    shop.told(1)
    shop.drain()
    assert shop.states() == [("rejected", "noted"), ("approved", "booked")]


def test_a_slow_transfer_is_pending_and_found_by_the_question_when_its_notice_is_lost(shop: Shop) -> None:
    page = shop.open()
    shop.site.post("pay", id=page.provider_ref, method="PSE")
    shop.ask(page)
    assert shop.states() == [("pending", "noted")]
    shop.site.post("config", offset=120)
    shop.site.fault("notice_lost")
    shop.ask(page)
    assert shop.states() == [("approved", "booked")] and shop.told() == []


def test_another_amount_than_the_link_asked_for_waits_for_a_person(shop: Shop) -> None:
    page = shop.open()
    shop.site.fault("wrong_value")
    shop.site.post("pay", id=page.provider_ref)
    shop.told()
    shop.drain()
    assert shop.causes() == ["amount_differs"] and shop.balance == Decimal("89900.00")


def test_a_debt_with_cents_gets_no_link(shop: Shop) -> None:
    from core.errors import DomainError
    from modules.gateways import checkouts
    from tests.modules.accounting.books import issue

    with pytest.raises(DomainError, match="pesos"):
        checkouts.request(shop.account, issue(shop.invoice.customer, "100.50"))


def test_a_gateway_that_is_away_keeps_no_other_page_waiting(shop: Shop) -> None:
    page = shop.open()
    shop.site.fault("refuse_connection", count=5)
    shop.ask(page)
    row = db.session.get_one(Checkout, page.id, populate_existing=True)
    assert row.state == "open" and row.poll_at is not None and "ComboPay" in row.error
