"""A subscriber pays by Mercado Pago: from the document to the books, whatever happens on the way."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from core.db import db
from core.errors import Unavailable
from core.simulators.couriers import Letter
from modules.accounting import queries
from modules.accounting.models import Invoice
from modules.crm.models import Customer
from modules.gateways import accounts, booking, checkouts, jobs, refunding
from modules.gateways.models import Account, Checkout, Notice, RefundRequest, Transaction
from modules.gateways.providers.mercadopago.about import PROVIDER
from tests.modules.accounting.books import findings, issue, open_of
from tests.modules.gateways.mercadopago.conftest import Site


class Shop:
    """An Argentine company's account at Mercado Pago, and its subscriber's invoice."""

    def __init__(self, account: Account, invoice: Invoice, site: Site, client: FlaskClient) -> None:
        self.account, self.invoice, self.site, self.client = account, invoice, site, client

    def open(self) -> Checkout:
        """A link for the invoice, opened at the gateway."""
        row = checkouts.request(self.account, self.invoice)
        db.session.commit()
        checkouts.open_now(row.id)
        return row

    def told(self) -> list[int]:
        """Bring all notices of the simulator to the product; what it answered."""
        letters: list[Letter] = list(self.site.running.site.mounted["mercadopago"].service.notices.told)  # type: ignore[attr-defined]
        answers = []
        for one in letters:
            parts = urlsplit(one.url)
            answers.append(self.client.post(f"{parts.path}?{parts.query}", data=one.body,
                                            headers=dict(one.headers)).status_code)
        return answers

    def drain(self) -> None:
        """The job that works through the inbox."""
        jobs.drain(self.account.id)

    def poll(self) -> None:
        jobs.poll(self.account.id)


@pytest.fixture
def shop(app: Flask, client: FlaskClient, customer: Customer, site: Site, monkeypatch: pytest.MonkeyPatch) -> Shop:
    settings = app.extensions["abona"]
    monkeypatch.setitem(app.extensions, "abona", replace(settings, simulators_url=site.running.url))
    account = accounts.create("mercadopago", "Mercado Pago", PROVIDER.extra["rehearsal"]["AR"])
    invoice = issue(customer, "12100")
    db.session.commit()
    return Shop(account, invoice, site, client)


def balance(shop: Shop) -> Decimal:
    return queries.balance(shop.invoice.customer_id)


def states() -> list[tuple[str, str]]:
    return [(one.status, one.state) for one in db.session.scalars(
        sa.select(Transaction).order_by(Transaction.id).execution_options(populate_existing=True))]


def test_a_link_is_paid_told_read_and_booked_with_fee_and_withheld_tax(
        shop: Shop) -> None:
    page = shop.open()
    assert page.state == "open" and page.url.endswith(page.provider_ref)
    shop.site.post("pay", preference_id=page.provider_ref)
    assert shop.told() == [200]
    shop.drain()
    paid = db.session.scalars(sa.select(Transaction)).one()
    assert (paid.state, paid.fee_booked, paid.withheld_booked) == ("booked", Decimal("730.59"), Decimal("302.50"))
    assert (open_of(shop.invoice), balance(shop)) == (["0.00"], 0)
    assert db.session.get_one(Checkout, page.id).state in ("paid", "closed")
    assert findings() == {}


def test_notice_poll_and_repetition_are_one_payment(shop: Shop) -> None:
    page = shop.open()
    for fault in ("duplicate_notice", "late_notice"):
        shop.site.fault(fault)
    shop.site.post("pay", preference_id=page.provider_ref)
    for _time in range(2):
        assert set(shop.told()) == {200}
        shop.drain()
        shop.poll()
    assert states() == [("approved", "booked")]
    assert db.session.scalar(sa.select(sa.func.sum(Notice.times))) == 4
    assert findings() == {}


@pytest.mark.parametrize("fault", ["lost_notice", "forged_notice", "unsigned_ipn"])
def test_what_no_notice_told_the_poll_finds(shop: Shop, fault: str) -> None:
    page = shop.open()
    shop.site.fault(fault)
    shop.site.post("pay", preference_id=page.provider_ref)
    assert shop.told() == {"lost_notice": [], "forged_notice": [401], "unsigned_ipn": [200]}[fault]
    shop.drain()
    assert states() == []
    shop.poll()
    assert states() == [("approved", "booked")] and open_of(shop.invoice) == ["0.00"]


def test_a_lost_answer_of_the_link_gives_one_link(shop: Shop) -> None:
    row = checkouts.request(shop.account, shop.invoice)
    db.session.commit()
    shop.site.fault("lost_answer", only="/checkout/preferences")
    with pytest.raises(Unavailable):
        checkouts.open_now(row.id)
    assert db.session.get_one(Checkout, row.id).state == "unknown"
    checkouts.open_now(row.id)
    assert db.session.get_one(Checkout, row.id).state == "open" and len(shop.site.state()["preferences"]) == 1


def test_a_link_is_closed_when_the_document_is_paid_elsewhere(shop: Shop) -> None:
    page = shop.open()
    ticket = shop.site.post("pay", preference_id=page.provider_ref, method="rapipago")
    checkouts.close_now(page.id)
    found = shop.site.state()
    assert found["preferences"][0]["expiration_date_to"] < "2026-11-09T12:00"
    assert [(one["id"], one["status"]) for one in found["payments"]] == [(ticket["id"], "cancelled")]


def test_a_second_payment_a_part_given_back_and_a_chargeback_that_is_won(shop: Shop) -> None:
    page = shop.open()
    first, second = (shop.site.post("pay", preference_id=page.provider_ref)["id"] for _time in range(2))
    shop.told()
    shop.drain()
    assert balance(shop) == Decimal("-12100.00"), "the second is a credit"
    shop.site.post("refund", payment_id=second, amount=100)
    shop.poll()
    assert balance(shop) == Decimal("-12000.00")
    shop.site.post("chargeback", payment_id=first)
    shop.poll()
    shop.poll()
    assert balance(shop) == Decimal("100.00")
    shop.site.post("chargeback", payment_id=first, outcome="won")
    shop.poll()
    assert balance(shop) == Decimal("-12000.00")
    assert findings() == {}


def test_a_chargeback_that_comes_again_after_it_was_won(shop: Shop) -> None:
    page = shop.open()
    number = shop.site.post("pay", preference_id=page.provider_ref)["id"]
    shop.poll()
    for _round in range(2):
        shop.site.post("chargeback", payment_id=number)
        for _time in range(2):
            shop.poll()
            assert balance(shop) == Decimal("12100.00")
        shop.site.post("chargeback", payment_id=number, outcome="won")
        for _time in range(2):
            shop.poll()
            assert balance(shop) == 0
    assert open_of(shop.invoice) == ["0.00"] and findings() == {}


def paid_here(shop: Shop) -> tuple[Transaction, str]:
    """A payment in the books, and its number."""
    page = shop.open()
    number = str(shop.site.post("pay", preference_id=page.provider_ref)["id"])
    shop.poll()
    return db.session.scalars(sa.select(Transaction).where(Transaction.external_id == number)).one(), number


def returned(shop: Shop) -> Decimal:
    """What the gateway says that it gave back."""
    return Decimal(str(shop.site.state()["payments"][0]["transaction_amount_refunded"]))


def test_equal_parts_are_given_back_through_the_gateway_each_once(shop: Shop) -> None:
    row, _number = paid_here(shop)
    for _time in range(2):
        one = refunding.request(row, Decimal("100.00"), "cobro doble")
        db.session.commit()
        refunding.send(one.id)
        shop.told()
        shop.drain()
        shop.poll()  # later notices of the same refund find it
    assert (returned(shop), balance(shop)) == (Decimal(200), Decimal("200.00"))
    rest = refunding.request(row, Decimal("11900.00"), "baja")
    db.session.commit()
    refunding.send(rest.id)
    refunding.send(rest.id)
    shop.poll()
    assert (returned(shop), balance(shop), refunding.left(row)) == (Decimal(12100), Decimal("12100.00"), 0)
    assert findings() == {}


def test_a_refund_whose_answer_was_lost_is_found_and_not_asked_for_again(shop: Shop) -> None:
    row, _number = paid_here(shop)
    one = refunding.request(row, Decimal("12100.00"), "baja")
    db.session.commit()
    shop.site.fault("lost_answer", only="/refunds")
    with pytest.raises(Unavailable):
        refunding.send(one.id)
    assert db.session.get_one(RefundRequest, one.id).state == "unknown"
    refunding.send(one.id)
    found = db.session.get_one(RefundRequest, one.id)
    assert (found.state, found.told.state, balance(shop)) == ("asked", "booked", Decimal("12100.00"))
    assert len([name for name in states() if name == ("reversed", "booked")]) == 1 and findings() == {}


def test_a_refund_that_the_gateway_refuses_says_why_and_changes_nothing(shop: Shop) -> None:
    row, number = paid_here(shop)
    one = refunding.request(row, Decimal("12100.00"), "baja")
    db.session.commit()
    shop.site.post("refund", payment_id=number, amount=5000)  # somebody did it in the gateway's own panel
    refunding.send(one.id)
    found = db.session.get_one(RefundRequest, one.id)
    assert found.state == "refused" and "more than what is left" in found.error
    shop.poll()
    assert (balance(shop), refunding.left(row)) == (Decimal("5000.00"), Decimal("7100.00"))


def test_a_refusal_of_the_gateway_is_shown_and_not_tried_for_ever(shop: Shop) -> None:
    row = checkouts.request(shop.account, shop.invoice)
    db.session.commit()
    shop.site.fault("wrong_site_currency")
    checkouts.open_now(row.id)
    found = db.session.get_one(Checkout, row.id)
    assert found.state == "refused" and "currency" in found.error


def test_the_same_readings_by_every_way_have_the_same_identities(shop: Shop) -> None:
    """What a poll told and what a read by number tells are one transaction each."""
    from modules.gateways.providers.mercadopago.poll import MercadoPagoPoll

    page = shop.open()
    number = str(shop.site.post("pay", preference_id=page.provider_ref)["id"])
    shop.site.post("refund", payment_id=number)
    access, poll = accounts.access(shop.account), MercadoPagoPoll()
    ways = [poll.read(access, number), poll.read(access, reference=page.reference)]
    for told in ways:
        booking.take(shop.account, told)
    shop.poll()
    assert {one.external_id for one in ways[0]} == {one.external_id for one in ways[1]}
    assert states() == [("approved", "booked"), ("reversed", "booked")] and balance(shop) == Decimal("12100.00")
