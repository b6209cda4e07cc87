"""Money that staff give back through a gateway: once, whatever is lost, and never more than there is."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from core.db import db
from core.errors import DomainError, Rejected, Unavailable, Unknown
from modules.accounting import ledger, queries
from modules.crm.models import Customer
from modules.gateways import booking, jobs, ports, refunding
from modules.gateways.models import Account, RefundRequest, Transaction
from modules.gateways.shapes import Reading
from tests.modules.accounting.books import findings, issue
from tests.modules.gateways.test_booking import row

Make = Callable[..., Any]
ALL = ("gateways.view_inbox", "gateways.give_back", "accounting.view_payments")


class Refunds:
    """What the gateway gave back, by key; `lost` answers never arrive, `refusal` is its word against it."""

    def __init__(self, gateway: Any, told: Make) -> None:
        self.gateway, self.told = gateway, told
        self.done: dict[str, Reading] = {}
        self.lost, self.refusal, self.status = 0, "", "reversed"
        self.trouble: Exception | None = None

    def problem(self, access: Any, amount: Decimal, whole: bool) -> str:
        return "" if whole or amount >= 10 else "too little"

    def refund(self, access: Any, payment_id: str, amount: Decimal, whole: bool, key: str,
               known: Any = None) -> Reading:
        if self.trouble is not None:
            raise self.trouble
        if self.refusal:
            raise Rejected(self.refusal, code="no")
        assert key not in self.done, "asked twice with the same key"
        made = self.told(f"R{len(self.done) + 1}", str(amount), self.status, reverses=payment_id)
        self.done[key] = made
        self.gateway.payments.setdefault(payment_id, []).append(made)
        if self.lost:
            self.lost -= 1
            raise Unknown("no answer")
        return made


@pytest.fixture
def refunds(probe: Any, told: Make, monkeypatch: pytest.MonkeyPatch) -> Refunds:
    made = Refunds(probe, told)
    monkeypatch.setitem(ports.refunds._entries, "probe", made)
    return made


@pytest.fixture
def paid(account: Account, customer: Customer, told: Make, refunds: Refunds) -> Transaction:
    """100 of an invoice of 100, paid through the gateway."""
    issue(customer, "100")
    booking.take(account, [told("77", customer=customer.code)])
    db.session.commit()
    return row("77")


def ask(paid: Transaction, amount: str, reason: str = "baja") -> RefundRequest:
    made = refunding.request(paid, Decimal(amount), reason)
    db.session.commit()
    return made


def owed(paid: Transaction) -> Decimal:
    return queries.balance(paid.customer_id or 0)


def test_two_equal_parts_are_two_refunds_and_the_rest_a_third(paid: Transaction, run_jobs: Make,
                                                              refunds: Refunds) -> None:
    for amount, balance in (("30", "30.00"), ("30", "60.00"), ("40", "100.00")):
        ask(paid, amount)
        run_jobs()
        assert owed(paid) == Decimal(balance)
    booking.take(paid.account, refunds.gateway.payments["77"])  # told once more by notices
    assert (owed(paid), len(refunds.done), refunding.left(paid)) == (Decimal("100.00"), 3, 0)
    assert findings() == {}
    with pytest.raises(DomainError):
        ask(paid, "1")


def test_the_whole_payment_is_taken_back(paid: Transaction, run_jobs: Make) -> None:
    ask(paid, "100")
    run_jobs()
    assert paid.payment is not None
    assert (owed(paid), paid.payment.state) == (Decimal("100.00"), "reversed") and findings() == {}


@pytest.mark.parametrize(("amount", "reason"), [("0", "x"), ("-1", "x"), ("100.01", "x"), ("1.001", "x"), ("50", " "),
                                                ("5", "x")])
def test_too_much_nothing_or_without_reason_is_refused_before_anybody_is_asked(
        paid: Transaction, refunds: Refunds, amount: str, reason: str) -> None:
    with pytest.raises(DomainError):
        ask(paid, amount, reason)
    assert refunds.done == {}


def test_a_second_click_asks_for_nothing(paid: Transaction, run_jobs: Make, refunds: Refunds) -> None:
    first = ask(paid, "30")
    with pytest.raises(DomainError, match="pidiendo"):
        ask(paid, "30")
    with pytest.raises(IntegrityError):  # and where two clicks look at the same moment
        db.session.add(RefundRequest(account_id=paid.account_id, transaction_id=paid.id, amount=Decimal(30),
                                     reason="x"))
        db.session.flush()
    db.session.rollback()
    run_jobs()
    refunding.send(first.id)
    assert len(refunds.done) == 1


def test_what_was_lost_on_the_way_is_asked_about_before_it_is_asked_for_again(paid: Transaction,
                                                                            refunds: Refunds) -> None:
    booking.take(paid.account, [refunds.told("R0", "30", "reversed", reverses="77")])  # an older one of this amount
    refunds.lost = 1
    one = ask(paid, "30")
    with pytest.raises(Unavailable):
        refunding.send(one.id)
    assert db.session.get_one(RefundRequest, one.id).state == "unknown"
    assert refunding.left(paid) == Decimal("40.00"), "what nobody knows of is not given back a second time"
    refunding.send(one.id)
    found = db.session.get_one(RefundRequest, one.id)
    assert found.told is not None
    assert (found.state, found.told.external_id, len(refunds.done)) == ("asked", "R1", 1)
    assert owed(paid) == Decimal("60.00") and findings() == {}


def test_a_gateway_that_is_away_is_asked_later(paid: Transaction, refunds: Refunds, run_jobs: Make) -> None:
    refunds.trouble = Unavailable("away")
    one = ask(paid, "30")
    with pytest.raises(Unavailable):
        refunding.send(one.id)
    refunds.trouble = None
    refunding.send(one.id)
    assert (len(refunds.done), owed(paid)) == (1, Decimal("30.00"))


def test_what_the_gateway_reviews_is_booked_when_it_is_done(paid: Transaction, refunds: Refunds, run_jobs: Make,
                                                            told: Make) -> None:
    refunds.status = "pending"
    ask(paid, "30")
    run_jobs()
    assert (owed(paid), refunding.left(paid)) == (0, Decimal("70.00"))
    booking.take(paid.account, [told("R1", "30", "reversed", reverses="77")])
    assert (owed(paid), refunding.left(paid)) == (Decimal("30.00"), Decimal("70.00")) and findings() == {}


def test_a_refusal_leaves_the_books_as_they_are_and_says_why(paid: Transaction, refunds: Refunds, run_jobs: Make,
                                                            login: Make) -> None:
    refunds.refusal = "no hay saldo en la cuenta"
    one = ask(paid, "30")
    run_jobs()
    assert (db.session.get_one(RefundRequest, one.id).state, owed(paid)) == ("refused", 0)
    assert "no hay saldo en la cuenta" in login(*ALL).get(f"/payments/{paid.payment_id}").text
    refunds.refusal = ""
    ask(paid, "30")
    run_jobs()
    assert owed(paid) == Decimal("30.00")


def test_it_is_given_back_from_the_payment_s_page(paid: Transaction, run_jobs: Make, login: Make,
                                                  refunds: Refunds) -> None:
    page = login(*ALL).get(f"/payments/{paid.payment_id}").text
    assert "Devolver dinero" in page and "Pasarela" in page
    desk = login(*ALL)
    for typed in ("", "mucho", "1000"):
        desk.post(f"/gateways/payments/{paid.id}/give-back", data={"amount": typed, "reason": "baja"})
    assert db.session.scalars(sa.select(RefundRequest)).all() == []
    desk.post(f"/gateways/payments/{paid.id}/give-back", data={"amount": "30,00", "reason": "baja"})
    run_jobs()
    page = desk.get(f"/payments/{paid.payment_id}").text
    assert "devuelto" in page and "baja" in page and owed(paid) == Decimal("30.00")
    looks = login("gateways.view_inbox", "accounting.view_payments")
    assert "Devolver dinero" not in looks.get(f"/payments/{paid.payment_id}").text
    assert looks.post(f"/gateways/payments/{paid.id}/give-back", data={"amount": "1", "reason": "x"}).status_code == 403


def test_closed_books_and_reversed_payments_give_nothing_back(paid: Transaction, refunds: Refunds,
                                                             frozen: Make) -> None:
    policy = ledger.policy()
    policy.locked_until = frozen(2026, 11, 10, 15).date()
    db.session.flush()
    with pytest.raises(DomainError, match="cerrados"):
        ask(paid, "30")
    db.session.rollback()
    booking.take(paid.account, [refunds.told("R9", "100", "reversed", reverses="77")])
    with pytest.raises(DomainError):
        ask(paid, "30")
    assert refunds.done == {}


def test_a_request_whose_job_died_is_taken_up_again(paid: Transaction, refunds: Refunds, frozen: Make,
                                                    run_jobs: Make) -> None:
    db.session.add(RefundRequest(account_id=paid.account_id, transaction_id=paid.id, amount=Decimal(30), reason="x",
                                 state="asking"))
    db.session.commit()
    frozen(2026, 11, 10, 17)
    jobs.look_after_refunds()
    db.session.commit()
    run_jobs()
    assert (len(refunds.done), owed(paid)) == (1, Decimal("30.00"))
