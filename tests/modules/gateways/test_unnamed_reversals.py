"""A payment that is taken back by a gateway that does not say which one: SIRO, CobroDigital, PRISMA, banks' files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from core.db import db
from core.errors import DomainError
from modules.accounting import queries
from modules.crm.models import Customer
from modules.gateways import booking, tray
from modules.gateways.models import Account
from tests.modules.accounting.books import findings, issue, open_of
from tests.modules.gateways.test_booking import row

Make = Callable[..., Any]
LATER = dt.date(2026, 11, 10)


def test_the_only_payment_that_fits_is_taken_back_and_its_debt_is_open_again(account: Account, customer: Customer,
                                                                            told: Make) -> None:
    invoice = issue(customer, "150")
    booking.take(account, [told("77", "150", customer=customer.code)])
    assert open_of(invoice) == ["0.00"]
    for _time in range(2):
        booking.take(account, [told("r", "150", "reversed", customer=f"00{customer.code}", paid_at=LATER)])
    assert (row("r").state, row("r").reverses, open_of(invoice)) == ("booked", "77", ["150.00"])
    booking.take(account, [told("s", "150", "reversed", customer=customer.code, paid_at=LATER)])
    assert (row("s").state, row("s").cause) == ("waiting", "reversal_of_none")
    assert findings() == {}


def test_of_two_alike_the_document_s_code_decides(account: Account, customer: Customer, told: Make) -> None:
    booking.take(account, [told(f"{number}", "150", customer=customer.code, invoice=f"{number}") for number in (8, 9)])
    booking.take(account, [told("r", "150", "reversed", customer=customer.code, invoice="0008")])
    assert (row("r").reverses, queries.balance(customer.id)) == ("8", Decimal("-150.00"))


@pytest.mark.parametrize("values", [{"amount": "140"}, {"paid_at": dt.date(2026, 11, 8)}, {"invoice": "10"},
                                    {"customer": "nadie"}])
def test_what_fits_no_payment_waits_with_true_words(account: Account, customer: Customer, told: Make,
                                                    values: dict[str, Any]) -> None:
    booking.take(account, [told("77", "150", customer=customer.code, invoice="9")])
    given = {"amount": "150", "customer": customer.code, **values}
    booking.take(account, [told("r", given.pop("amount"), "reversed", **given)])
    assert (row("r").state, row("r").cause, queries.balance(customer.id)) == (
        "waiting", "reversal_of_none", Decimal("-150.00"))


def test_one_that_comes_before_its_payment_waits_for_it(account: Account, customer: Customer, told: Make) -> None:
    booking.take(account, [told("r", "150", "reversed", customer=customer.code)])
    assert row("r").cause == "reversal_of_none"
    booking.take(account, [told("77", "150", customer=customer.code)])
    assert (row("r").state, row("r").reverses, queries.balance(customer.id)) == ("booked", "77", 0)


def test_of_several_a_person_chooses(account: Account, customer: Customer, told: Make, login: Make) -> None:
    booking.take(account, [told(f"{number}", "150", customer=customer.code) for number in (77, 78)])
    booking.take(account, [told("r", "150", "reversed", customer=customer.code)])
    assert (row("r").state, row("r").cause) == ("waiting", "reversal_of_several")
    with pytest.raises(DomainError, match="“x”"):
        tray.takes_back(row("r"), "x")
    db.session.commit()
    desk = login("gateways.view_inbox", "gateways.match_payments")
    page = desk.get(f"/gateways/payments/{row('r').id}").text
    assert ">77<" in page and ">78<" in page and "varios pagos" in page
    desk.post(f"/gateways/payments/{row('r').id}/takes-back", data={"payment": "77"})
    assert (row("r").state, row("r").reverses, queries.balance(customer.id)) == ("booked", "77", Decimal("-150.00"))
    assert row("77").payment.state == "reversed" and findings() == {}


def test_more_than_was_paid_is_not_taken_back_by_a_person_either(account: Account, customer: Customer,
                                                                 told: Make) -> None:
    booking.take(account, [told("77", "100", customer=customer.code)])
    booking.take(account, [told("r", "150", "reversed", customer=customer.code)])
    with pytest.raises(DomainError):
        tray.takes_back(row("r"), "77")
    assert (row("r").state, row("r").reverses, queries.balance(customer.id)) == ("waiting", "", Decimal("-100.00"))
