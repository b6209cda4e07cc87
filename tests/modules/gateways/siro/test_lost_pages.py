"""A page whose opening was lost has the same reference as the one that took its place, and a page is paid twice."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations
from typing import Any

import pytest
import sqlalchemy as sa

from core.db import db
from modules.accounting import queries
from modules.crm.models import Customer
from modules.gateways import booking
from modules.gateways.models import Account, Transaction
from tests.modules.accounting.books import findings

Make = Callable[..., Any]
PAGE = {"attempt": "R-1", "shared": "ref:R-1"}


def booked() -> list[str]:
    return sorted(db.session.scalars(sa.select(Transaction.external_id).where(Transaction.state == "booked")))


@pytest.fixture
def tell(account: Account, customer: Customer, told: Make) -> Make:
    """`tell("button", "A")` or `tell("list", "1")`: a payment of 100 on the page R-1, or of another state."""

    def tell(by: str, *names: str, status: str = "approved") -> None:
        more = PAGE if status == "approved" else {"attempt": "R-1"}
        booking.take(account, [told(name, "100", status, customer=customer.code, **more) for name in names],
                     listed=by == "list")
        db.session.flush()

    return tell


def test_the_page_that_nobody_got_does_not_take_the_payment_of_the_other(tell: Make, customer: Customer) -> None:
    tell("button", "A", status="pending")
    tell("button", "B")
    tell("button", "A", status="pending")
    for _time in range(2):
        tell("list", "1")
    assert (booked(), queries.balance(customer.id)) == (["B"], -100)
    assert findings() == {}


def test_a_pending_page_whose_payment_the_list_told_first_is_paid_once(tell: Make, customer: Customer) -> None:
    tell("button", "A", status="pending")
    tell("list", "1")
    for _time in range(2):
        tell("button", "A")
    assert (booked(), queries.balance(customer.id)) == (["1"], -100)


def test_the_second_payment_of_a_page_in_the_list_of_another_day_is_one_of_its_own(
        tell: Make, customer: Customer) -> None:
    tell("button", "A")
    for number in ("1", "2", "1", "2"):
        tell("list", number)
    assert (booked(), queries.balance(customer.id)) == (["2", "A"], -200)


@pytest.mark.parametrize("order", list(permutations(["A", "B", "1", "2"])))
def test_two_pages_of_a_reference_that_were_both_paid_are_two_payments_in_any_order(
        tell: Make, customer: Customer, order: tuple[str, ...]) -> None:
    for name in (*order, *order):
        tell("list" if name.isdigit() else "button", name)
    assert queries.balance(customer.id) == -200
    assert findings() == {}


def test_both_told_at_once_wait_for_the_list_to_say_that_they_are_two(tell: Make, customer: Customer) -> None:
    tell("button", "A", "B")
    assert queries.balance(customer.id) == -100
    tell("list", "1")
    tell("list", "2")
    assert queries.balance(customer.id) == -200


def test_a_list_that_was_taken_back_and_told_again_in_another_order(tell: Make, customer: Customer) -> None:
    tell("button", "A")
    tell("list", "1")
    for row in db.session.scalars(sa.select(Transaction)):  # as after the file was taken back
        row.held_at = None
    tell("list", "2")
    tell("list", "1")
    assert (booked(), queries.balance(customer.id)) == (["2", "A"], -200)
