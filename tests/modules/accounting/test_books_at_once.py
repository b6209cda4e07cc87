"""Several at the same moment, each with a connection and a transaction of its own."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from core.db import db
from core.errors import DomainError
from core.scope import company_scope
from modules.accounting import allocations, ledger, notes, queries, services
from modules.accounting.errors import NotPossible, WrongAmount
from modules.accounting.models import Invoice, Payment
from modules.accounting.payments import reverse_payment
from modules.crm.drafts import CustomerData
from modules.crm.models import Customer
from modules.crm.services import create_customer
from tests import at_once
from tests.at_once import real_transactions
from tests.modules.accounting.books import draft, findings, issue, pay

COMPANY = 1


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    def prepare() -> None:
        ledger.policy().legal_documents = False

    with real_transactions(tmp_path_factory.mktemp("at_once"), COMPANY, prepare=prepare) as app:
        yield app


@pytest.fixture(autouse=True)
def _in_scope(books: Flask) -> Iterator[None]:
    with books.app_context(), company_scope(COMPANY):
        yield
        db.session.rollback()
        with company_scope(COMPANY):
            assert findings() == {}
        db.session.rollback()


def person() -> int:
    return committed(create_customer(CustomerData(name="Ñandú", tax_condition="CF")))


def committed(row: Any) -> int:
    db.session.flush()
    key = int(row.id)
    db.session.commit()
    return key


def customer(key: int) -> Customer:
    found: Customer = db.session.get_one(Customer, key)
    return found


def together(app: Flask, *calls: Callable[[], Any]) -> list[Any]:
    return at_once.together(app, COMPANY, *calls)


def unexpected(answers: list[Any]) -> list[Any]:
    return [one for one in answers if isinstance(one, Exception) and not isinstance(one, DomainError)]


@pytest.mark.parametrize("known_by", [{"source": "mp:1", "external_id": "777"}, {"form_key": "abc"}])
@pytest.mark.parametrize("is_new", [True, False])
def test_one_notice_told_by_many_at_once_is_one_payment(books: Flask, known_by: dict[str, str], is_new: bool) -> None:
    key = person()
    if not is_new:
        committed(pay(customer(key), "1"))
    known_by = {name: f"{value}{key}" for name, value in known_by.items()}
    answers = together(books, *[lambda: pay(customer(key), "100", **known_by) for _time in range(8)])
    assert unexpected(answers) == [] and len(set(answers)) == 1
    assert queries.balance(key) == Decimal(-100 if is_new else -101)


def test_one_form_sent_by_many_at_once_issues_one_invoice(books: Flask) -> None:
    key = person()
    answers = together(books, *[lambda: issue(customer(key), form_key=f"i{key}") for _time in range(8)])
    assert unexpected(answers) == [] and len(set(answers)) == 1
    assert queries.balance(key) == Decimal("12100")


def test_receipts_of_many_at_once_have_no_gap(books: Flask) -> None:
    keys = [person() for _number in range(6)]
    invoice = committed(issue(customer(keys[0]), "10"))

    def work(key: int) -> list[int]:
        numbers = []
        for _round in range(5):
            numbers.append(pay(customer(key), "1").number)
            db.session.commit()
            with pytest.raises(DomainError), db.session.begin_nested():
                pay(customer(key), "99", pays=[(db.session.get_one(Invoice, invoice), "99")])
            db.session.commit()
        return numbers

    first = (db.session.scalar(sa.select(sa.func.max(Payment.number))) or 0) + 1
    answers = together(books, *[lambda key=key: work(key) for key in keys])
    assert unexpected(answers) == []
    assert sorted(number for part in answers for number in part) == list(range(first, first + 30))


def test_a_payment_and_an_invoice_at_the_same_moment_meet(books: Flask) -> None:
    for _round in range(10):
        key = person()
        answers = together(books, lambda key=key: pay(customer(key), "100"),
                           lambda key=key: issue(customer(key), "300"))
        assert unexpected(answers) == []
        left = db.session.get_one(Payment, answers[0]).open_amount
        assert (left, db.session.get_one(Invoice, answers[1]).open_amount) == (0, Decimal("200"))


def test_two_who_pay_the_same_invoice_pay_it_once(books: Flask) -> None:
    key = person()
    invoice = committed(issue(customer(key), "300"))
    answers = together(books, *[
        lambda: pay(customer(key), "300", pays=[(db.session.get_one(Invoice, invoice), "300")]) for _time in range(4)])
    assert sum(isinstance(one, WrongAmount) for one in answers) == 3 and unexpected(answers) == []
    assert queries.balance(key) == 0


def test_two_credit_notes_at_once_take_back_no_more_than_there_is(books: Flask) -> None:
    key = person()
    invoice = committed(issue(customer(key), "300"))
    answers = together(books, *[
        lambda: notes.credit(db.session.get_one(Invoice, invoice), "Corte", amount=Decimal("200"))
        for _time in range(4)])
    assert sum(isinstance(one, WrongAmount) for one in answers) == 3 and unexpected(answers) == []
    assert queries.balance(key) == Decimal("100")


def test_a_payment_is_taken_back_once(books: Flask) -> None:
    key = person()
    payment = committed(pay(customer(key), "300"))
    answers = together(books, *[
        lambda: reverse_payment(db.session.get_one(Payment, payment), "Error") for _time in range(4)])
    assert sum(isinstance(one, NotPossible) for one in answers) == 3 and unexpected(answers) == []
    assert queries.balance(key) == 0


def test_a_period_is_closed_between_two_bookings_not_among_them(books: Flask) -> None:
    """Who books into a period that is being closed comes before the closing, or is refused."""
    october = dt.date(2026, 10, 31)
    keys = [person() for _number in range(3)]
    answers = together(
        books, *[lambda key=key: [committed(issue(customer(key), "1", issue_date=october)) for _time in range(5)]
                 for key in keys], lambda: services.lock_period(october, "Cierre"))
    assert unexpected(answers) == []
    services.lock_period(None, "Fin de la prueba")
    db.session.commit()


def test_whoever_does_what_to_an_account_nobody_waits_for_ever(books: Flask) -> None:
    """Every verb on the same two accounts from four sides: no deadlock, and the books are right."""
    keys = [person(), person()]
    for key in keys:
        for amount in ("100", "200", "300"):
            issue(customer(key), amount)
            pay(customer(key), "90")
    db.session.commit()
    answers = together(books, *[lambda seed=seed: busy(random.Random(seed), keys) for seed in range(4)])
    assert unexpected(answers) == []
    assert sum(answers) > 40


def busy(dice: random.Random, keys: list[int]) -> int:
    """Forty verbs at random; how many were not refused."""
    done = 0
    for _round in range(40):
        key = dice.choice(keys)
        try:
            dice.choice(VERBS)(dice, customer(key))
            db.session.commit()
            done += 1
        except DomainError:
            db.session.rollback()
    return done


def _any(model: Any, dice: random.Random, owner: Customer, *conditions: Any) -> Any:
    rows = db.session.scalars(sa.select(model).where(model.customer_id == owner.id, *conditions)).all()
    if not rows:
        raise NotPossible("nothing there")
    return dice.choice(rows)


def _issue_two(dice: random.Random, owner: Customer) -> None:
    from core.scope import current_company
    from modules.accounting.bulk import issue_many

    others = db.session.scalars(sa.select(Customer).order_by(Customer.id.desc()).limit(2)).all()
    issue_many(current_company(), [draft(one) for one in others])


def _tell(dice: random.Random, owner: Customer) -> None:
    """What the authority says of many documents at once."""
    ids = db.session.scalars(sa.select(Invoice.id).where(Invoice.kind == "invoice")).all()
    services.record_legal_results([services.LegalResult(key, "authorized", f"B 1-{key}") for key in ids])


VERBS: list[Callable[[random.Random, Customer], Any]] = [
    lambda dice, owner: issue(owner, str(dice.randint(10, 400))),
    lambda dice, owner: pay(owner, str(dice.randint(10, 400)), only_these=dice.random() < 0.3),
    lambda dice, owner: reverse_payment(_any(Payment, dice, owner, Payment.state == "recorded"), "Error"),
    lambda dice, owner: services.cancel_invoice(_any(Invoice, dice, owner, Invoice.state == "issued"), "Error"),
    lambda dice, owner: notes.credit(_any(Invoice, dice, owner, Invoice.state == "issued"), "Corte",
                                     amount=Decimal(dice.randint(1, 90))),
    lambda dice, owner: allocations.use_credit(owner.id, "ARS"),
    lambda dice, owner: allocations.take_off(*_pair(dice, owner)),
    _issue_two, _tell,
]


def _pair(dice: random.Random, owner: Customer) -> tuple[Any, Any]:
    payment = _any(Payment, dice, owner, Payment.state == "recorded")
    paid = queries.documents_paid(payment.id)
    if not paid:
        raise NotPossible("nothing there")
    return payment, dice.choice(paid)[0]


