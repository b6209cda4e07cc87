"""Files, lists and notices of one account that are read at the very same moment tell of the same page."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from core.db import db, is_postgresql
from core.scope import company_scope
from modules.accounting import ledger, queries
from modules.accounting.models import Account as LedgerAccount
from modules.accounting.models import CashAccount
from modules.crm.drafts import CustomerData
from modules.crm.models import Customer
from modules.crm.services import create_customer
from modules.gateways import booking, naming, noting
from modules.gateways.models import Account, Transaction
from modules.gateways.shapes import Reading
from tests import at_once
from tests.at_once import real_transactions
from tests.modules.accounting.books import findings

COMPANY = 1
Make = Callable[..., Any]


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """Books with an account at SIRO."""
    with real_transactions(tmp_path_factory.mktemp("names_at_once"), COMPANY, prepare=open_account) as app:
        yield app


def open_account() -> None:
    ledger.policy().legal_documents = False
    own = LedgerAccount(code="1.9.99", name="SIRO", kind="asset")
    db.session.add(own)
    db.session.flush()
    place = CashAccount(name="SIRO", kind="gateway", account_id=own.id)
    db.session.add(place)
    db.session.flush()
    db.session.add(Account(provider="siro", name="SIRO", cash_account_id=place.id))


@pytest.fixture(autouse=True)
def _in_scope(books: Flask) -> Iterator[None]:
    with books.app_context(), company_scope(COMPANY):
        yield
        db.session.rollback()
        assert findings() == {}
        db.session.rollback()


@pytest.fixture
def payer() -> Customer:
    made = create_customer(CustomerData(name="Ñandú", tax_condition="CF"))
    db.session.commit()
    return made


@pytest.fixture(autouse=True)
def _meeting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both have read which names are known before one of them writes, where nothing makes the other one wait."""
    gate, read = threading.Barrier(2), naming.names

    def names(*given: Any) -> Any:
        found = read(*given)
        if threading.current_thread() is not threading.main_thread():
            with suppress(threading.BrokenBarrierError):
                gate.wait(1)
        return found

    monkeypatch.setattr(naming, "names", names)


def both(app: Flask, *tellings: tuple[str, Reading]) -> None:
    """`("list", reading)` or `("button", reading)`: all told at once."""
    def telling(by: str, one: Reading) -> Callable[[], None]:
        def take() -> None:
            booking.take(db.session.scalars(sa.select(Account)).one(), [one], listed=by == "list")
        return take

    assert at_once.together(app, COMPANY, *[telling(by, one) for by, one in tellings]) == [None] * len(tellings)


def page_of(told: Make, payer: Customer, name: str, **names: Any) -> Reading:
    page = f"R-{payer.id}"
    made: Reading = told(f"{name}-{payer.id}", "100", customer=payer.code, attempt=page, shared=f"ref:{page}", **names)
    return made


def test_a_page_that_a_list_and_a_notice_tell_first_at_once_is_paid_once(
        books: Flask, payer: Customer, told: Make) -> None:
    both(books, ("list", page_of(told, payer, "line")), ("button", page_of(told, payer, "operation")))
    assert queries.balance(payer.id) == -100


def test_two_files_at_once_do_not_both_hold_the_one_payment_that_the_button_told(
        books: Flask, payer: Customer, told: Make) -> None:
    booking.take(db.session.scalars(sa.select(Account)).one(), [page_of(told, payer, "operation")])
    db.session.commit()
    both(books, ("list", page_of(told, payer, "line1")), ("list", page_of(told, payer, "line2")))
    assert queries.balance(payer.id) == -200
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Transaction).where(
        Transaction.customer_id == payer.id, Transaction.held_at.is_not(None))) == 2


def test_a_payment_of_two_numbers_told_at_once_by_each_is_one(books: Flask, payer: Customer, told: Make) -> None:
    number, result = f"n-{payer.id}", f"r-{payer.id}"
    both(books, ("button", told(number, "100", customer=payer.code, known_as=(result,))),
         ("list", told(result, "100", customer=payer.code)))
    assert queries.balance(payer.id) == -100


def test_a_notice_is_stored_while_a_file_is_taken(books: Flask) -> None:
    """Rows that point to the account do not wait for who tells of it."""
    if not is_postgresql():
        pytest.skip("SQLite has one writer at a time, who is never long")
    account = db.session.scalars(sa.select(Account)).one()
    noting._one_at_a_time(account)
    with sa.orm.Session(db.engine) as other:
        other.execute(sa.text("SET lock_timeout = '2s'"))
        other.execute(sa.text("SELECT id FROM gateways_account FOR KEY SHARE"))
