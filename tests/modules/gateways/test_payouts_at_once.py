"""One payout that is told, or named, by two at the very same moment is booked once."""

from __future__ import annotations

import datetime as dt
import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from core import storage
from core.db import db
from core.errors import DomainError
from core.scope import company_scope
from modules.accounting import ledger
from modules.accounting.models import Account as LedgerAccount
from modules.accounting.models import CashAccount, Posting
from modules.gateways import bank_lines, payouts, settling
from modules.gateways.models import Account, BankLine, File, Settlement
from modules.gateways.ports import BankLine as Told
from modules.gateways.ports import Settled
from tests import at_once
from tests.at_once import real_transactions
from tests.modules.accounting.books import findings

COMPANY = 1
DAY, ARRIVED = dt.date(2026, 11, 8), dt.date(2026, 11, 10)
Deed = Callable[[], None]
numbers = itertools.count(1)


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """Books with a bank, and a gateway that pays out into it."""
    with real_transactions(tmp_path_factory.mktemp("payouts_at_once"), COMPANY, prepare=open_accounts) as app:
        yield app


def open_accounts() -> None:
    ledger.policy().legal_documents = False
    bank = open_account("bank", "Banco Galicia", "bank", "1.9.97")
    open_account("siro", "SIRO", "gateway", "1.9.99").bank_account_id = bank.cash_account_id


def open_account(provider: str, name: str, kind: str, code: str) -> Account:
    own = LedgerAccount(code=code, name=name, kind="asset")
    db.session.add(own)
    db.session.flush()
    place = CashAccount(name=name, kind=kind, account_id=own.id)
    db.session.add(place)
    db.session.flush()
    made = Account(provider=provider, name=name, cash_account_id=place.id)
    db.session.add(made)
    db.session.flush()
    return made


@pytest.fixture(autouse=True)
def _in_scope(books: Flask) -> Iterator[None]:
    with books.app_context(), company_scope(COMPANY):
        yield
        db.session.rollback()
        assert findings() == {}
        assert in_books("bank") == -in_books("siro")
        db.session.rollback()


@pytest.fixture(autouse=True)
def _meeting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both have looked for what the other one wrote before one of them writes, where nothing makes one wait."""
    gate = threading.Barrier(2)

    def after(look: Callable[..., Any]) -> Callable[..., Any]:
        def looked(*given: Any) -> Any:
            found = look(*given)
            if threading.current_thread() is not threading.main_thread():
                with suppress(threading.BrokenBarrierError):
                    gate.wait(1)
            return found
        return looked

    for name in ("told_by_reports", "join_report", "join_bank"):
        monkeypatch.setattr(payouts, name, after(getattr(payouts, name)))


@pytest.fixture
def amount() -> Decimal:
    """Another one for each test, so that no payout is taken for that of another test."""
    return Decimal(next(numbers) * 1000)


def account(provider: str) -> Account:
    return db.session.scalars(sa.select(Account).where(Account.provider == provider)).one()


def in_books(provider: str) -> Decimal:
    own = sa.select(CashAccount.account_id).join(Account, Account.cash_account_id == CashAccount.id).where(
        Account.provider == provider)
    return db.session.scalar(sa.select(sa.func.sum(Posting.amount)).where(
        Posting.account_id == own.scalar_subquery())) or Decimal("0.00")


def new_file(provider: str) -> int:
    """A file that was stored, and is committed."""
    name = f"file-{next(numbers)}"
    content = storage.store(name.encode(), f"{name}.csv", "text/csv")
    made = File(account_id=account(provider).id, direction="in", kind="statement", name=f"{name}.csv", sha256=name,
                stored_id=content.id, state="imported")
    db.session.add(made)
    db.session.commit()
    return made.id


def report(amount: Decimal, name: str = "payout") -> Deed:
    """The gateway's report tells that it paid this out."""
    file_id, value = new_file("siro"), -amount

    def tell() -> None:
        settling.take(account("siro"), [Settled(f"{name}-{amount}", "payout", value, Decimal(0), Decimal(0), value,
                                                "ARS", DAY)], file_id=file_id)
    return tell


def statement(amount: Decimal, name: str = "line") -> Deed:
    """The bank's statement tells that it came in."""
    file_id = new_file("bank")

    def tell() -> None:
        bank_lines.take(account("bank"), [Told(f"{name}-{amount}", ARRIVED, amount, "ARS", "ACREDITACION")],
                        file_id=file_id)
    return tell


def naming(amount: Decimal, name: str = "line") -> Deed:
    """A person says that the gateway paid this line out."""
    def say() -> None:
        bank_lines.is_payout(line(amount, name), account("siro"))
    return say


def done(deed: Deed) -> None:
    deed()
    db.session.commit()


def line(amount: Decimal, name: str = "line") -> BankLine:
    return db.session.scalars(sa.select(BankLine).where(BankLine.external_id == f"{name}-{amount}")).one()


def booked(app: Flask, *deeds: Deed) -> tuple[Decimal, list[Any]]:
    """What came into the bank by deeds that were done at once, and what they answered."""
    before = in_books("bank")
    answers = at_once.together(app, COMPANY, *deeds)
    return in_books("bank") - before, answers


def test_a_payout_that_the_report_and_the_statement_tell_at_once(books: Flask, amount: Decimal) -> None:
    came, answers = booked(books, report(amount), statement(amount))
    assert (came, answers) == (amount, [None, None])
    if line(amount).state == "waiting":  # the statement was the first one: it waits for a person, who names it
        done(naming(amount))
    told = db.session.scalars(sa.select(Settlement).where(Settlement.net == -amount)).one()
    assert (line(amount).state, line(amount).settlement_id) == ("payout", told.id)
    assert in_books("bank") == -in_books("siro")


def test_a_payout_that_the_report_tells_while_a_person_names_its_line(books: Flask, amount: Decimal) -> None:
    done(statement(amount))
    assert booked(books, report(amount), naming(amount)) == (amount, [None, None])
    told = db.session.scalars(sa.select(Settlement).where(Settlement.net == -amount)).one()
    assert (line(amount).settlement_id, told.entry_id is not None) == (told.id, True)


def test_a_line_that_two_people_name_at_once(books: Flask, amount: Decimal) -> None:
    done(statement(amount))
    came, answers = booked(books, naming(amount), naming(amount))
    assert came == amount
    assert {type(one) for one in answers} == {DomainError, type(None)}


def test_a_reported_payout_whose_line_two_people_name_at_once(books: Flask, amount: Decimal) -> None:
    done(statement(amount))
    done(report(amount))
    came, answers = booked(books, naming(amount), naming(amount))
    assert came == 0 and {type(one) for one in answers} == {DomainError, type(None)}


def test_two_lines_are_not_both_the_one_payout_that_was_reported(books: Flask, amount: Decimal) -> None:
    """Two of one amount came in, one of them was reported: the other one is a payout of its own."""
    for name in ("one", "two"):
        done(statement(amount, name))
    done(report(amount))
    assert booked(books, naming(amount, "one"), naming(amount, "two")) == (amount, [None, None])
    assert [line(amount, name).settlement_id is None for name in ("one", "two")].count(True) == 1


def test_a_line_is_named_while_the_statement_brings_another_of_its_amount(books: Flask, amount: Decimal) -> None:
    done(statement(amount, "one"))
    done(report(amount))
    came, answers = booked(books, naming(amount, "one"), statement(amount, "two"))
    holders = [name for name in ("one", "two") if line(amount, name).settlement_id is not None]
    assert answers == [None, None]
    assert (holders, came) in ((["one"], Decimal("0.00")), (["two"], amount))


def test_a_payout_that_two_reports_tell_at_once(books: Flask, amount: Decimal) -> None:
    assert booked(books, report(amount), report(amount)) == (amount, [None, None])


def test_the_report_is_taken_back_while_a_person_takes_back_what_he_said(books: Flask, amount: Decimal) -> None:
    """The entry is known by both, and goes once, with the last one."""
    done(statement(amount))
    done(naming(amount))
    done(report(amount))
    file_id = db.session.scalars(sa.select(Settlement.file_id).where(Settlement.net == -amount)).one()
    came, answers = booked(books, lambda: settling.forget(account("siro"), file_id),
                           lambda: bank_lines.take_back(line(amount), "Era otra cosa"))
    assert (came, answers, line(amount).state) == (-amount, [None, None], "waiting")


def test_the_bank_account_is_chosen_while_a_person_names_a_line(books: Flask, amount: Decimal) -> None:
    """Payouts that waited for the bank account to be chosen are booked by one of both."""
    place, account("siro").bank_account_id = account("siro").bank_account_id, None
    done(report(amount))
    done(statement(amount))

    def choose() -> None:
        own = account("siro")
        own.bank_account_id = place
        db.session.flush()
        settling.pay_out_all(own)

    assert booked(books, choose, naming(amount)) == (amount, [None, None])
