"""A payment that is taken back by a gateway that does not say which one: SIRO, CobroDigital, PRISMA, banks' files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from core.db import db
from core.errors import DomainError
from modules.accounting import queries
from modules.accounting.payments import reverse_payment
from modules.accounting.refunds import refund_payment
from modules.crm.models import Customer
from modules.gateways import booking, tray
from modules.gateways.models import Account, PayerCode
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


def by_hand(number: str) -> None:
    """Somebody takes a payment back on its page of the accounting."""
    payment = row(number).payment
    assert payment is not None
    reverse_payment(payment, "El banco avisó por teléfono")
    db.session.flush()


def test_what_a_person_took_back_first_does_not_make_it_take_the_payment_of_the_month_before(
        account: Account, customer: Customer, told: Make) -> None:
    booking.take(account, [told("oct", "150", customer=customer.code, paid_at=dt.date(2026, 10, 9)),
                           told("nov", "150", customer=customer.code)])
    by_hand("nov")
    booking.take(account, [told("r", "150", "reversed", customer=customer.code, paid_at=LATER)])
    assert (row("r").state, row("r").cause, queries.balance(customer.id)) == (
        "waiting", "reversal_of_several", Decimal("-150.00"))


def test_of_several_it_never_chooses_by_itself_again(account: Account, customer: Customer, told: Make) -> None:
    booking.take(account, [told(f"{number}", "150", customer=customer.code, paid_at=dt.date(2026, 8, day))
                           for number, day in ((77, 12), (78, 13))])
    back = told("r", "150", "reversed", customer=customer.code, paid_at=LATER)
    booking.take(account, [back])
    by_hand("77")
    for when in (back, replace(back, paid_at=dt.date(2026, 11, 11))):  # on which only the second one is of late
        booking.take(account, [when])
        assert (row("r").cause, queries.balance(customer.id)) == ("reversal_of_several", Decimal("-150.00"))
    tray.takes_back(row("r"), "78")
    assert (row("r").state, row("r").reverses, queries.balance(customer.id), findings()) == ("booked", "78", 0, {})


def test_the_only_one_which_a_person_took_back_is_not_taken_back_twice(account: Account, customer: Customer,
                                                                      told: Make) -> None:
    booking.take(account, [told("77", "150", customer=customer.code)])
    by_hand("77")
    booking.take(account, [told("r", "150", "reversed", customer=customer.code)])
    assert (row("r").state, row("r").reverses, queries.balance(customer.id), findings()) == ("booked", "77", 0, {})


@pytest.mark.parametrize(("day", "state"), [(dt.date(2026, 8, 11), "waiting"), (dt.date(2026, 8, 12), "booked")])
def test_one_of_long_ago_is_only_taken_back_by_a_person(account: Account, customer: Customer, told: Make,
                                                        day: dt.date, state: str) -> None:
    booking.take(account, [told("77", "150", customer=customer.code, paid_at=day)])
    booking.take(account, [told("r", "150", "reversed", customer=customer.code, paid_at=LATER)])
    assert row("r").state == state
    if state == "waiting":
        assert [one.external_id for one in tray.payments_taken_back(row("r"))] == ["77"]
        tray.takes_back(row("r"), "77")
    assert (row("r").state, queries.balance(customer.id)) == ("booked", 0)


def test_one_that_waits_may_be_the_one_that_is_meant(account: Account, customer: Customer, told: Make) -> None:
    booking.take(account, [told("oct", "150", customer=customer.code, paid_at=dt.date(2026, 10, 9)),
                           told("nov", "150", customer=customer.code)])
    row("nov").state, row("nov").payment_id = "waiting", None
    db.session.flush()
    booking.take(account, [told("r", "150", "reversed", customer=customer.code, paid_at=LATER)])
    assert row("r").cause == "reversal_of_several"


def test_a_second_reversal_takes_the_other_payment_back(account: Account, customer: Customer, told: Make) -> None:
    booking.take(account, [told(f"{number}", "150", customer=customer.code) for number in (77, 78)])
    booking.take(account, [told("r", "150", "reversed", customer=customer.code)])
    tray.takes_back(row("r"), "77")
    booking.take(account, [told("s", "150", "reversed", customer=customer.code)])
    assert (row("s").state, row("s").reverses, queries.balance(customer.id)) == ("booked", "78", 0)


@pytest.mark.parametrize("codes", [("1001", "0001001"), ("0001001", "1001"), ("01001", "001001")])
def test_one_that_comes_before_its_payment_knows_it_by_the_customer_however_the_code_is_filled_up(
        account: Account, customer: Customer, told: Make, codes: tuple[str, str]) -> None:
    assert customer.code == "1001"
    booking.take(account, [told("r", "150", "reversed", customer=codes[0])])
    booking.take(account, [told("77", "150", customer=codes[1])])
    assert (row("r").state, row("r").reverses, queries.balance(customer.id)) == ("booked", "77", 0)


def test_it_knows_its_payment_by_whose_it_is_where_that_names_the_document_alone(
        account: Account, customer: Customer, told: Make) -> None:
    invoice = issue(customer, "150")
    db.session.add(PayerCode(account_id=account.id, customer_id=customer.id, code="tarjeta 9"))
    booking.take(account, [told("r", "150", "reversed", customer="tarjeta 9")])
    booking.take(account, [told("77", "150", customer=customer.code, invoice=f"{invoice.id}")])
    assert (row("r").state, row("r").reverses, open_of(invoice)) == ("booked", "77", ["150.00"])


def test_what_nobody_has_is_known_by_its_code_however_it_is_filled_up(account: Account, customer: Customer,
                                                                     told: Make) -> None:
    booking.take(account, [told("77", "150", customer="0099")])
    tray.assign(row("77"), customer)
    booking.take(account, [told("r", "150", "reversed", customer="99")])
    assert (row("r").state, row("r").reverses, queries.balance(customer.id)) == ("booked", "77", 0)


def test_what_another_one_took_back_is_not_taken_back_by_a_person_again(account: Account, customer: Customer,
                                                                       told: Make) -> None:
    booking.take(account, [told(f"{number}", "150", customer=customer.code) for number in (77, 78, 79)])
    for name in ("r", "s"):
        booking.take(account, [told(name, "150", "reversed", customer=customer.code)])
    tray.takes_back(row("r"), "77")
    with pytest.raises(DomainError, match=r"r (ya devolvió el pago|took payment) 77"):
        tray.takes_back(row("s"), "77")
    assert (row("s").state, row("s").reverses, queries.balance(customer.id)) == ("waiting", "", Decimal("-300.00"))
    tray.takes_back(row("s"), "78")
    assert (row("s").state, queries.balance(customer.id), findings()) == ("booked", Decimal("-150.00"), {})


def test_a_guess_that_the_books_refuse_is_no_answer(account: Account, customer: Customer, told: Make) -> None:
    """Part of the only one that fits was given back here: a person says what it takes back."""
    booking.take(account, [told("77", "150", customer=customer.code)])
    payment = row("77").payment
    assert payment is not None
    refund_payment(payment, Decimal("50"), "Pagó de más")
    booking.take(account, [told("r", "150", "reversed", customer=customer.code)])
    assert (row("r").state, row("r").cause, row("r").reverses, row("r").payment_id) == (
        "waiting", "reversal_too_large", "", None)
