"""A subscriber pays by card at CardNET, whatever happens on the way (reference 8.1, 8.2)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
import sqlalchemy as sa

from core import clock
from core.db import db
from modules.gateways.models import Checkout, Transaction
from tests.modules.accounting.books import findings, open_of
from tests.modules.gateways.shop import NOW, Shop


def pay(shop: Shop, page: Checkout, code: str = "00") -> None:
    """The payer posts our form, and presses a button on CardNET's page."""
    form = dict(page.data["form"])
    assert shop.site.browser(page.url, form).status_code == 200
    shop.site.browser(page.url, {**form, "code": code})


def come_back(shop: Shop, page: Checkout) -> int:
    """CardNET's page lets the browser post the session to us."""
    return shop.client.post(f"/gateways/{shop.account.token}/notice",
                            data={"SESSION": page.provider_ref, "Description": ""}).status_code


def key_of(page: Checkout) -> str | None:
    return db.session.get_one(Checkout, page.id, populate_existing=True).key


def test_a_card_pays_and_the_way_back_makes_us_read_it(shop: Shop) -> None:
    page = shop.open()
    assert page.state == "open" and page.data["form"] == {"SESSION": page.provider_ref}
    pay(shop, page)
    for _time in range(3):
        assert come_back(shop, page) == 200
        shop.drain()
    assert shop.states() == [("approved", "booked")] and shop.notices() == [("waiting", "ok", 3)]
    with clock.freeze(NOW + dt.timedelta(minutes=1)):  # who comes back again and again is read once a minute
        shop.drain()
    assert shop.states() == [("approved", "booked")] and shop.notices() == [("done", "ok", 3)]
    assert (open_of(shop.invoice), shop.balance, findings()) == (["0.00"], 0, {})


def test_a_payer_who_never_comes_back_is_found_and_the_key_is_forgotten(shop: Shop) -> None:
    page = shop.open()
    shop.ask(page)
    assert shop.states() == [("pending", "noted")] and key_of(page)
    shop.site.fault("lost_return")
    pay(shop, page)
    shop.ask(page)
    shop.ask(page)
    assert shop.states() == [("approved", "booked")] and key_of(page) is None


def test_a_slow_issuer_is_asked_again(shop: Shop) -> None:
    page = shop.open()
    shop.site.fault("slow_issuer", seconds=90)
    pay(shop, page)
    come_back(shop, page)
    shop.drain()
    assert shop.states() == [("pending", "noted")]
    shop.site.post("config", offset=120)
    shop.ask(page)
    assert shop.states() == [("approved", "booked")]


@pytest.mark.parametrize(("fault", "code", "cause"), [
    ("other_order", "00", "contradicts_us"), ("other_amount", "00", "contradicts_us"), ("", "10", "contradicts_us"),
    ("", "51", ""), ("unknown_code", "00", "")])
def test_what_is_not_plainly_paid_is_not_booked(shop: Shop, fault: str, code: str, cause: str) -> None:
    page = shop.open()
    if fault:
        shop.site.fault(fault)
    pay(shop, page, code)
    come_back(shop, page)
    shop.drain()
    assert shop.causes() == [cause] and shop.balance == Decimal("1500.00")


def test_a_wrong_terminal_is_told_to_staff(shop: Shop) -> None:
    shop.account.settings = {**shop.account.settings, "merchant_terminal": "1"}
    page = shop.open()
    pay(shop, page)
    shop.ask(page)
    assert shop.causes() == ["misconfigured"]


def test_what_the_gateway_never_tells_waits_for_a_person_in_the_end(shop: Shop) -> None:
    page = shop.open()
    pay(shop, page, "96")
    for day in (9, 10, 13):
        with clock.freeze(NOW.replace(day=day)):
            shop.ask(page)
    assert shop.causes() == ["never_told"]
    assert db.session.scalars(sa.select(Transaction.state)).all() == ["waiting"]


def test_a_session_of_somebody_else_proves_nothing(shop: Shop) -> None:
    shop.open()
    sent = {"SESSION": "sess-of-another-shop"}
    assert shop.client.post(f"/gateways/{shop.account.token}/notice", data=sent).status_code == 200
    shop.drain()
    assert shop.notices() == [("failed", "ok", 1)] and shop.states() == []


def test_a_notification_with_the_key_is_read_and_booked_by_a_person(shop: Shop) -> None:
    """Stored cards are not charged from here: such a payment is nobody's until somebody says whose it is."""
    from modules.gateways import accounts

    accounts.apply_settings(shop.account, {"private_key": "llave-privada-de-prueba"})
    db.session.commit()
    shop.site.post("charge", order="ELSEWHERE", amount=150000, url=f"http://x/gateways/{shop.account.token}/notice")
    assert shop.told() == [200]
    shop.drain()
    assert shop.causes() == ["unknown_reference"]
