"""A subscriber pays by PayU: form, confirmation, reading, books; whatever happens on the way."""

from __future__ import annotations

from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa

from core import clock
from core.db import db
from core.errors import DomainError, Unavailable
from modules.gateways import checkouts, refunding
from modules.gateways.models import Checkout, RefundRequest, Transaction
from modules.gateways.providers.payu.refund import PayURefund
from tests.modules.accounting.books import findings, open_of
from tests.modules.gateways.shop import NOW, Shop


def pay(shop: Shop, page: Checkout, **form: str) -> dict[str, list[str]]:
    """Post our form, press a button on PayU's page; with what the browser comes back."""
    shown = shop.site.browser(page.url, dict(page.data["form"]))
    assert shown.status_code == 200, shown.text
    order = shop.site.state()["orders"][-1]["id"]
    done = shop.site.browser(f"{page.url}order/{order}", form)
    return parse_qs(urlsplit(done.headers.get("Location", "")).query)


def transaction_of(shop: Shop, place: int = -1) -> str:
    return str(shop.site.state()["orders"][-1]["transactions"][place]["id"])


def test_a_card_pays_the_invoice_once_with_the_fee_that_payu_tells(shop: Shop) -> None:
    page = shop.open()
    assert (page.state, page.provider_ref) == ("open", page.reference)
    assert pay(shop, page, way="card")["transactionState"] == ["4"]
    assert shop.told() == [200]
    shop.drain()
    paid = db.session.scalars(sa.select(Transaction)).one()
    assert (paid.state, paid.fee_booked, paid.withheld_booked) == ("booked", Decimal("3876.67"), 0)
    assert (open_of(shop.invoice), shop.balance, findings()) == (["0.00"], 0, {})


def test_repetitions_and_questions_are_one_payment(shop: Shop) -> None:
    page = shop.open()
    shop.site.fault("duplicate_notice")
    pay(shop, page, way="card")
    for _time in range(2):
        assert set(shop.told()) == {200}
        shop.drain()
        shop.ask(page)
    assert shop.states() == [("approved", "booked")]
    assert shop.notices() == [("done", "ok", 4)]


def test_refused_then_paid_is_one_payment_of_the_second_attempt(shop: Shop) -> None:
    page = shop.open()
    shop.site.fault("two_attempts")
    pay(shop, page, way="card")
    assert shop.told() == [200, 200]
    shop.drain()
    assert shop.states() == [("rejected", "noted"), ("approved", "booked")]
    assert shop.balance == 0


@pytest.mark.parametrize(("fault", "answers"), [("notice_lost", []), ("wrong_sign", [401])])
def test_what_no_good_notice_told_the_question_finds(shop: Shop, fault: str, answers: list[int]) -> None:
    page = shop.open()
    shop.site.fault(fault)
    pay(shop, page, way="card")
    assert shop.told() == answers
    shop.drain()
    assert shop.states() == []
    shop.ask(page)
    assert shop.states() == [("approved", "booked")] and open_of(shop.invoice) == ["0.00"]


def test_reports_that_lag_behind_are_asked_again_soon(shop: Shop) -> None:
    page = shop.open()
    shop.site.fault("reports_lag", seconds=90)
    pay(shop, page, way="card")
    shop.told()
    shop.drain()
    assert shop.states() == [("pending", "noted")] and shop.notices()[0][0] == "failed"
    row = db.session.get_one(Checkout, page.id, populate_existing=True)
    assert row.poll_at is not None and (row.poll_at - clock.now()).total_seconds() == 60
    shop.site.post("clock", hours=1)
    shop.ask(page)
    assert shop.states() == [("approved", "booked")]


def test_another_amount_that_is_well_signed_is_not_what_is_booked(shop: Shop) -> None:
    page = shop.open()
    shop.site.fault("wrong_value")
    pay(shop, page, way="card")
    assert shop.told() == [200]
    shop.drain()
    assert db.session.scalars(sa.select(Transaction.amount)).all() == [Decimal("89900.00")], "as Reports says"


def test_a_page_that_was_changed_on_its_way_is_not_taken_for_the_debt(shop: Shop) -> None:
    """The number of the account is not signed; the amount is, and PayU refuses it."""
    page = shop.open()
    form = dict(page.data["form"])
    assert shop.site.browser(page.url, {**form, "amount": "1"}).status_code == 400
    assert shop.site.browser(page.url, {**form, "accountId": "512326"}).status_code == 400, "of another country"


def test_a_cash_receipt_is_paid_at_the_counter(shop: Shop) -> None:
    ticket = shop.open("efecty")
    assert ticket.coupon["text"] == ticket.provider_ref and "receipt?vid=" in ticket.coupon["link"]
    shop.ask(ticket)
    assert shop.states() == [("pending", "noted")]
    shop.site.post("pay", transaction=transaction_of(shop))
    assert shop.told() == [200]
    shop.drain()
    assert shop.states() == [("approved", "booked")] and shop.balance == 0


def test_a_receipt_that_ended_and_was_paid_all_the_same_is_booked(shop: Shop) -> None:
    ticket = shop.open("efecty")
    number = transaction_of(shop)
    shop.site.post("clock", days=9)
    assert shop.told() == [200]
    shop.drain()
    assert shop.states() == [("expired", "noted")]
    shop.site.fault("late_cash")
    vid = ticket.coupon["link"].rpartition("vid=")[2]
    shop.site.post("pay", transaction=vid)
    assert shop.told(1) == [200]
    shop.drain()
    assert number == transaction_of(shop)
    assert shop.states() == [("approved", "booked")] and shop.balance == 0


def test_a_lost_answer_of_a_receipt_gives_one_receipt(shop: Shop) -> None:
    row = checkouts.request(shop.account, shop.invoice, "efecty")
    db.session.commit()
    shop.site.fault("lost_answer", only="payments-api")
    with pytest.raises(Exception, match="PayU"):
        checkouts.open_now(row.id)
    assert db.session.get_one(Checkout, row.id).state == "unknown"
    checkouts.open_now(row.id)
    assert db.session.get_one(Checkout, row.id).state == "open" and len(shop.site.state()["orders"]) == 1


def test_a_receipt_and_a_card_pay_the_same_debt_and_the_second_is_credit(shop: Shop) -> None:
    page = shop.open()
    shop.site.browser(page.url, dict(page.data["form"]))
    order = shop.site.state()["orders"][-1]["id"]
    shop.site.browser(f"{page.url}order/{order}", {"way": "EFECTY"})
    receipt = transaction_of(shop)
    shop.site.browser(f"{page.url}order/{order}", {"way": "card"})
    shop.site.post("pay", transaction=receipt)
    shop.told()
    shop.drain()
    assert shop.balance == Decimal("-89900.00") and "paid_twice" in shop.causes()
    assert findings() == {}


def test_a_dispute_that_is_lost_is_seen_though_nobody_tells_it_and_one_that_is_won_ends_it(shop: Shop) -> None:
    page = shop.open()
    pay(shop, page, way="card")
    shop.told()
    shop.drain()
    order = shop.site.state()["orders"][-1]["id"]
    with clock.freeze(NOW.replace(day=29)):
        row = db.session.get_one(Checkout, page.id, populate_existing=True)
        assert row.state == "paid" and row.poll_at is not None and row.poll_at < clock.now()
        shop.site.post("chargeback", order=order)
        shop.ask(page)
        shop.ask(page)
        assert shop.balance == Decimal("89900.00")
        shop.site.post("chargeback", order=order, outcome="won")
        shop.ask(page)
        assert shop.balance == 0
    assert findings() == {}


def test_a_refund_is_reviewed_for_days_and_booked_when_it_is_done(shop: Shop) -> None:
    from modules.gateways import accounts

    page = shop.open()
    pay(shop, page, way="card")
    shop.told()
    shop.drain()
    shop.site.post("clock", hours=1)
    paid = db.session.scalars(sa.select(Transaction)).one()
    access = accounts.access(shop.account)
    asked = [PayURefund().refund(access, paid.external_id, paid.amount, True, "key", paid.raw) for _time in range(2)]
    assert [one.status for one in asked] == ["pending", "pending"]
    assert asked[0].external_id == asked[1].external_id, "the second finds the first"
    shop.ask(page)
    assert shop.balance == 0
    shop.site.post("clock", days=3)
    shop.ask(page)
    assert shop.balance == Decimal("89900.00") and findings() == {}


def test_a_whole_payment_is_given_back_from_its_page_and_parts_are_not(shop: Shop) -> None:
    page = shop.open()
    pay(shop, page, way="card")
    shop.told()
    shop.drain()
    shop.site.post("clock", hours=1)
    paid = db.session.scalars(sa.select(Transaction)).one()
    with pytest.raises(DomainError, match="pagos enteros"):
        refunding.request(paid, Decimal(500), "ajuste")
    one = refunding.request(paid, Decimal(89900), "baja")
    db.session.commit()
    shop.site.fault("lost_answer")
    with pytest.raises(Unavailable):
        refunding.send(one.id)
    refunding.send(one.id)
    assert (db.session.get_one(RefundRequest, one.id).state, refunding.left(paid)) == ("asked", 0)
    assert shop.balance == 0, "PayU looks at it for days"
    shop.site.post("clock", days=3)
    shop.ask(page)
    assert shop.balance == Decimal("89900.00") and findings() == {}
    assert len([row for row in shop.site.state()["orders"][-1]["transactions"] if row["type"] == "REFUND"]) == 1


def test_a_page_that_is_closed_is_still_asked_about_because_payu_cannot_close_it(shop: Shop) -> None:
    page = shop.open()
    form = dict(page.data["form"])
    checkouts.close_settled([shop.invoice.id])  # nothing is closed while it is owed
    assert db.session.get_one(Checkout, page.id).state == "open"
    shop.site.browser(page.url, form)
    from tests.modules.accounting.books import pay as pay_cash

    pay_cash(shop.invoice.customer, "89900", pays=[(shop.invoice, "89900")])
    checkouts.close_settled([shop.invoice.id])
    row = db.session.get_one(Checkout, page.id, populate_existing=True)
    assert row.state == "closed" and row.poll_at is not None
    shop.site.fault("notice_lost")
    shop.site.browser(f"{page.url}order/{shop.site.state()['orders'][-1]['id'] if shop.site.state()['orders'] else 0}",
                      {"way": "card"})
    shop.ask(page)
    assert shop.balance == Decimal("-89900.00") and shop.causes() == ["closed_debt"]
