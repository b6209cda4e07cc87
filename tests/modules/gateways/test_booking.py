"""What gateways tell becomes money in the books exactly once, in whatever order it is told."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from core import clock
from core.db import db
from modules.accounting import ledger, queries
from modules.accounting.models import Invoice, Payment, Refund
from modules.crm.models import Customer
from modules.gateways import booking, checkouts
from modules.gateways.models import Account, Checkout, DebtLine, File, PayerCode, Transaction
from tests.modules.accounting.books import findings, issue, open_of

Make = Callable[..., Any]


def row(external_id: str) -> Transaction:
    return db.session.scalars(sa.select(Transaction).where(Transaction.external_id == external_id)).one()


def checkout(account: Account, invoice: Invoice, reference: str = "ABN-1", amount: str = "") -> Checkout:
    made = Checkout(account_id=account.id, customer_id=invoice.customer_id, invoice_id=invoice.id, reference=reference,
                    amount=Decimal(amount) if amount else invoice.total, currency="ARS", state="open",
                    expires_at=clock.now() + dt.timedelta(days=3))
    db.session.add(made)
    db.session.flush()
    return made


def test_a_payment_is_booked_with_its_fee_and_stands_where_the_gateway_holds_it(
        account: Account, customer: Customer, told: Make, holding: Callable[[], Decimal]) -> None:
    invoice = issue(customer, "1000")
    taken = booking.take(account, [told("77", "1000", customer=customer.code, fee=Decimal("60.38"),
                                        withheld=Decimal("25.00"))])
    assert (taken.new, taken.booked, taken.waiting) == (1, 1, 0)
    assert open_of(invoice) == ["0.00"]
    assert holding() == Decimal("914.62")
    payment = row("77").payment
    assert payment is not None
    assert (payment.source, payment.external_id, payment.paid_on) == (account.source, "77", dt.date(2026, 11, 9))
    assert findings() == {}


@pytest.mark.parametrize("times", [1, 2, 5])
def test_the_same_again_changes_nothing(account: Account, customer: Customer, told: Make, times: int,
                                        holding: Callable[[], Decimal]) -> None:
    for _time in range(times):
        booking.take(account, [told("77", customer=customer.code, fee=Decimal("5"))] * times)
    assert queries.balance(customer.id) == -100
    assert holding() == 95
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Payment)) == 1


@pytest.mark.parametrize("code", ["1001", "0001001", " 1001 "])
def test_a_customer_is_found_by_his_code_with_zeros_and_blanks(account: Account, make_customer: Make, told: Make,
                                                              code: str) -> None:
    owner = make_customer("1001")
    booking.take(account, [told("1", customer=code)])
    assert row("1").customer_id == owner.id


def test_the_code_that_the_gateway_knows_wins_over_the_own_one(account: Account, make_customer: Make,
                                                              told: Make) -> None:
    owner, _other = make_customer("12"), make_customer("900")
    db.session.add(PayerCode(account_id=account.id, customer_id=owner.id, code="900"))
    db.session.flush()
    booking.take(account, [told("1", customer="000000900")])
    assert row("1").customer_id == owner.id


def test_a_page_s_payment_pays_the_page_s_document_first(account: Account, customer: Customer, told: Make) -> None:
    older, newer = issue(customer, "500", due_date=dt.date(2026, 11, 5)), issue(customer, "100")
    page = checkout(account, newer)
    booking.take(account, [told("1", "100", attempt="ABN-1")])
    assert open_of(older, newer) == ["500.00", "0.00"]
    assert page.state == "paid"


def test_a_page_that_had_to_ask_for_more_than_is_owed_leaves_a_credit(account: Account, customer: Customer,
                                                                      told: Make) -> None:
    """Where a currency is collected without cents, the page asks for the next whole amount."""
    invoice = issue(customer, "99.61")
    page = checkout(account, invoice)
    page.data = {"asks_for": "100.00"}
    booking.take(account, [told("1", "99.61", attempt="ABN-1"), told("2", "100.00", attempt="ABN-1")])
    assert [row("1").cause, row("2").state, page.state] == ["amount_differs", "booked", "paid"]
    assert (open_of(invoice), queries.balance(customer.id)) == (["0.00"], Decimal("-0.39"))
    assert findings() == {}


def test_a_slip_that_is_paid_after_its_first_date_asks_for_its_surcharge(account: Account, customer: Customer,
                                                                        told: Make, probe: Any) -> None:
    invoice = issue(customer, "100", due_date=dt.date(2026, 11, 15), second_due_date=dt.date(2026, 11, 25),
                    second_due_total=Decimal("103"))
    page = checkouts.request(account, invoice)
    db.session.commit()
    checkouts.open_now(page.id)
    booking.take(account, [told("1", "101", attempt=page.reference), told("2", "103", attempt=page.reference)])
    assert [row("1").cause, row("2").state, page.state] == ["amount_differs", "booked", "paid"]
    assert open_of(invoice) == ["0.00"] and findings() == {}
    assert "dues" not in checkouts.opened_of(page).data


def test_a_debt_of_a_file_is_found_by_its_number_and_its_customer(account: Account, make_customer: Make, told: Make,
                                                                 company: Any) -> None:
    from core import storage

    mine, other = make_customer(), make_customer()
    invoice, theirs = issue(mine, "100"), issue(other, "100")
    file = File(account_id=account.id, direction="out", kind="debts", name="f", sha256="0" * 64, state="made",
                stored_id=storage.store(b"x", "f", "text/plain").id)
    db.session.add(file)
    db.session.flush()
    for place, one in enumerate((invoice, theirs)):  # the gateway's number is only unique per customer
        db.session.add(DebtLine(account_id=account.id, file_id=file.id, position=place, invoice_id=one.id,
                                invoice_code="0001", currency="ARS", open_amount=one.total,
                                until=dt.date(2026, 11, 20), key=f"k{one.id}", amount=one.total,
                                customer_code=one.customer.code.zfill(9)))
    db.session.flush()
    booking.take(account, [told("1", customer=mine.code, invoice="0001"), told("2", invoice="0001")])
    assert (row("1").invoice_id, row("2").state, row("2").cause) == (invoice.id, "waiting", "unknown_reference")


@pytest.mark.parametrize(("values", "cause"), [
    ({"customer": "nobody"}, "unknown_reference"), ({}, "unknown_reference"),
    ({"customer": "1001", "currency": "USD"}, "other_currency"),
    ({"attempt": "ABN-1", "amount": "99.99"}, "amount_differs"),
    ({"attempt": "ABN-1", "amount": "100.01"}, "amount_differs"),
])
def test_what_cannot_be_booked_waits_for_a_person(account: Account, make_customer: Make, told: Make,
                                                  values: dict[str, Any], cause: str) -> None:
    owner = make_customer("1001")
    page = checkout(account, issue(owner, "100"))
    booking.take(account, [told("1", **values)])
    assert (row("1").state, row("1").cause) == ("waiting", cause)
    assert queries.balance(owner.id) == 100 and page.state == "open"
    assert findings() == {}


@pytest.mark.parametrize(("status", "remarks", "state"), [
    ("pending", (), "noted"), ("rejected", (), "noted"), ("expired", (), "noted"), ("error", (), "noted"),
    ("unknown", (), "noted"), ("mismatch", (), "waiting"), ("error", ("misconfigured",), "waiting"),
])
def test_only_approved_money_is_money(account: Account, customer: Customer, told: Make, status: str,
                                      remarks: tuple[str, ...], state: str) -> None:
    booking.take(account, [told("1", status=status, customer=customer.code, remarks=remarks)])
    assert (row("1").state, queries.balance(customer.id)) == (state, 0)
    booking.take(account, [told("1", customer=customer.code)])
    assert (row("1").state, queries.balance(customer.id)) == ("booked", -100)


def test_the_second_payment_of_a_debt_is_in_favour_and_to_be_looked_at(account: Account, customer: Customer,
                                                                      told: Make) -> None:
    invoice = issue(customer, "100")
    checkout(account, invoice)
    booking.take(account, [told("1", "100", attempt="ABN-1"), told("2", "100", attempt="ABN-1")])
    assert sorted([row("1").attention, row("2").attention]) == ["", "paid_twice"]
    assert queries.in_favour(customer.id) == 100


def test_the_payment_of_a_debt_that_was_paid_elsewhere(account: Account, customer: Customer, told: Make) -> None:
    from modules.accounting.payments import Medium, PaymentData, record_payment

    invoice = issue(customer, "100")
    checkout(account, invoice)
    record_payment(PaymentData(customer.id, [Medium(Decimal(100))]))
    booking.take(account, [told("1", "100", attempt="ABN-1")])
    assert (row("1").state, row("1").attention) == ("booked", "closed_debt")


def test_the_whole_taken_back_reverses_the_payment_and_a_part_gives_it_back(account: Account, customer: Customer,
                                                                           told: Make) -> None:
    first, second = issue(customer, "100"), issue(customer, "60")
    booking.take(account, [told("1", "100", customer=customer.code), told("2", "60", customer=customer.code)])
    back = [told("r1", "100", "reversed", reverses="1"), told("r2", "20", "reversed", reverses="2")]
    for _time in range(3):
        booking.take(account, back)
    assert open_of(first, second) == ["100.00", "20.00"]
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Refund)) == 1
    assert findings() == {}


def test_a_reversal_before_its_payment_waits_and_cancels_it(account: Account, customer: Customer, told: Make) -> None:
    booking.take(account, [told("r", "100", "reversed", reverses="1")])
    assert (row("r").state, row("r").cause) == ("waiting", "reversal_first")
    booking.take(account, [told("1", "100", customer=customer.code)])
    assert (row("r").state, row("1").state, queries.balance(customer.id)) == ("booked", "booked", 0)
    assert findings() == {}


def test_more_taken_back_than_was_paid_waits(account: Account, customer: Customer, told: Make) -> None:
    booking.take(account, [told("1", "100", customer=customer.code), told("r", "101", "reversed", reverses="1")])
    assert (row("r").state, row("r").cause, queries.balance(customer.id)) == ("waiting", "reversal_too_large", -100)


def test_a_chargeback_that_is_won_brings_the_money_back(account: Account, customer: Customer, told: Make) -> None:
    booking.take(account, [told("1", customer=customer.code)])
    booking.take(account, [told("cb", "100", "reversed", reverses="1")])
    assert queries.balance(customer.id) == 0
    for _time in range(2):
        booking.take(account, [told("cb", "100", "rejected", reverses="1")])
    assert queries.balance(customer.id) == -100
    assert findings() == {}


def test_a_taking_back_that_came_to_nothing_and_was_never_told_of_is_nothing(account: Account, customer: Customer,
                                                                             told: Make) -> None:
    both = [told("1", customer=customer.code), told("cb", status="rejected", reverses="1")]
    taken = booking.take(account, both)
    assert (taken.new, taken.booked, queries.balance(customer.id)) == (1, 1, -100)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Transaction)) == 1


def test_what_was_said_earlier_does_not_undo_what_was_said_later(account: Account, customer: Customer,
                                                                told: Make) -> None:
    early, late = dt.datetime(2026, 11, 9, 10, tzinfo=dt.UTC), dt.datetime(2026, 11, 9, 11, tzinfo=dt.UTC)
    booking.take(account, [told("1", customer=customer.code, updated_at=late)])
    booking.take(account, [told("1", status="pending", customer=customer.code, updated_at=early)])
    assert (row("1").status, row("1").attention, queries.balance(customer.id)) == ("approved", "", -100)


def test_money_in_the_books_that_becomes_another_amount_is_shown_and_not_touched(account: Account, customer: Customer,
                                                                                told: Make) -> None:
    booking.take(account, [told("1", "100", customer=customer.code)])
    booking.take(account, [told("1", "90", customer=customer.code)])
    assert (row("1").attention, queries.balance(customer.id)) == ("contradicted", -100)


def test_the_same_payment_under_two_identities_is_one(account: Account, customer: Customer, told: Make) -> None:
    booking.take(account, [told("api-1", customer=customer.code, known_as=("file-1",))])
    booking.take(account, [told("file-1", customer=customer.code)])
    booking.take(account, [told("file-2", customer=customer.code)])
    booking.take(account, [told("api-2", customer=customer.code, known_as=("file-2",))])
    assert queries.balance(customer.id) == -200


def test_a_fee_told_later_is_booked_then_and_the_rule_holds_until_then(
        account: Account, customer: Customer, told: Make, holding: Callable[[], Decimal]) -> None:
    account.fee_percent, account.fee_fixed, account.fee_tax_percent = Decimal("2.5"), Decimal("1.00"), Decimal(21)
    booking.take(account, [told("1", "1000", customer=customer.code)])
    assert holding() == Decimal("968.54")  # (25 + 1) and 21 % on them
    booking.take(account, [told("1", "1000", customer=customer.code, fee=Decimal("40.00"))])
    assert holding() == 960
    assert findings() == {}


def test_a_closed_day_is_booked_today(account: Account, customer: Customer, told: Make) -> None:
    ledger.policy().locked_until = dt.date(2026, 11, 9)
    db.session.flush()
    booking.take(account, [told("1", customer=customer.code, fee=Decimal(5))])
    assert row("1").payment.paid_on == dt.date(2026, 11, 10)  # type: ignore[union-attr]
    booking.take(account, [told("r", "100", "reversed", reverses="1")])
    assert queries.balance(customer.id) == 0


@pytest.mark.parametrize("seed", range(6))
def test_any_order_with_repetitions_gives_the_same_books(account: Account, make_customer: Make, told: Make, seed: int,
                                                        holding: Callable[[], Decimal]) -> None:
    """Payments, whole and partial reversals, shuffled and repeated in batches of any size."""
    chance = random.Random(seed)
    people = [make_customer() for _number in range(3)]
    for person in people:
        issue(person, "300")
    events, expected, held = [], {person.id: Decimal(300) for person in people}, Decimal(0)
    for number in range(12):
        person, amount, fee = chance.choice(people), Decimal(chance.randint(10, 200)), Decimal(chance.randint(0, 5))
        back = chance.choice([Decimal(0), Decimal(0), amount, amount / 2])
        events.append(told(f"p{number}", str(amount), customer=person.code, fee=fee))
        if back:
            events.append(told(f"r{number}", f"{back:.2f}", "reversed", reverses=f"p{number}"))
        expected[person.id] -= amount - back
        held += amount - back - fee
    stream = events * 2
    chance.shuffle(stream)
    while stream:
        size = chance.randint(1, 9)
        booking.take(account, stream[:size])
        del stream[:size]
    assert {person.id: queries.balance(person.id) for person in people} == expected
    assert holding() == held
    assert findings() == {}


def test_the_number_of_statements_does_not_depend_on_the_number_of_payments(account: Account, make_customer: Make,
                                                                           told: Make) -> None:
    from tests.modules.accounting.books import statements

    codes = [make_customer().code for _number in range(40)]
    booking.take(account, [told("warm", customer=codes[0], fee=Decimal(1))])
    counted = []
    for size, name in ((4, "a"), (40, "b")):
        with statements() as seen:
            booking.take(account, [told(f"{name}{number}", customer=codes[number], fee=Decimal(1))
                                   for number in range(size)])
        counted.append(len(seen))
    assert counted[0] == counted[1]


def test_who_is_paid_and_who_is_taken_back_are_held_at_once_and_in_one_order(
        account: Account, make_customer: Make, told: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """One by one, two workers would wait for each other for ever."""
    from modules.accounting import ledger

    first, second, third = make_customer(), make_customer(), make_customer()
    booking.take(account, [told("1", customer=first.code), told("2", customer=second.code)])
    held: list[list[int]] = []
    monkeypatch.setattr(ledger, "lock_customers", lambda ids: held.append(list(ids)))
    booking.take(account, [told("r2", status="reversed", reverses="2"), told("3", customer=third.code),
                           told("r1", status="reversed", reverses="1")])
    assert held[0] == [first.id, second.id, third.id]
