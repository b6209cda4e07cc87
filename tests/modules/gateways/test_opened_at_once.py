"""A page that two workers want to open at the very same moment is opened once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from core.db import db
from core.scope import company_scope
from modules.accounting import ledger
from modules.accounting.models import Account as LedgerAccount
from modules.accounting.models import CashAccount
from modules.crm.drafts import CustomerData
from modules.crm.services import create_customer
from modules.gateways import checkouts
from modules.gateways.models import Account, Checkout
from modules.gateways.shapes import Opened
from tests import at_once
from tests.at_once import real_transactions
from tests.modules.accounting.books import issue

COMPANY = 1


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    with real_transactions(tmp_path_factory.mktemp("opened_at_once"), COMPANY, prepare=open_account) as app:
        yield app


def open_account() -> None:
    ledger.policy().legal_documents = False
    own = LedgerAccount(code="1.9.99", name="Pasarela", kind="asset")
    db.session.add(own)
    db.session.flush()
    place = CashAccount(name="Pasarela", kind="gateway", account_id=own.id)
    db.session.add(place)
    db.session.flush()
    db.session.add(Account(provider="probe", name="Pasarela", cash_account_id=place.id))


@pytest.fixture(autouse=True)
def _in_scope(books: Flask) -> Iterator[None]:
    with books.app_context(), company_scope(COMPANY):
        yield
        db.session.rollback()


@pytest.fixture
def page(probe: Any) -> int:
    """A page that was asked for."""
    invoice = issue(create_customer(CustomerData(name="Ñandú", tax_condition="CF")), "121")
    row = checkouts.request(db.session.scalars(sa.select(Account)).one(), invoice)
    db.session.commit()
    return row.id


class Sessions:
    """A gateway that knows nothing of answers that were lost, and takes a while: each call opens another session."""

    def __init__(self, workers: int) -> None:
        self.gate, self.opened = threading.Barrier(workers), 0

    def open(self, *_given: Any) -> Opened:
        with suppress(threading.BrokenBarrierError):
            self.gate.wait(2)
        self.opened += 1
        return Opened(f"session-{self.opened}", f"https://pay.example/{self.opened}", secret=f"key-{self.opened}")


@pytest.mark.parametrize("tried", [False, True])
def test_two_workers_open_one_page(books: Flask, page: int, probe: Any, monkeypatch: pytest.MonkeyPatch,
                                   tried: bool) -> None:
    sessions = Sessions(2)
    monkeypatch.setattr(probe, "open", sessions.open)
    monkeypatch.setattr(probe, "find", lambda *_given: None)
    if tried:
        db.session.get_one(Checkout, page).state = "opening"
        db.session.commit()
    assert at_once.together(books, COMPANY, *[lambda: checkouts.open_now(page)] * 2) == [None, None]
    row = db.session.get_one(Checkout, page)
    assert (sessions.opened, row.state, row.provider_ref, row.key) == (1, "open", "session-1", "key-1")


def test_what_is_kept_is_not_overwritten_by_who_comes_late(page: int, probe: Any) -> None:
    """A worker that everybody took for gone tells of its session: the payer has the other one."""
    checkouts.open_now(page)
    first = db.session.get_one(Checkout, page).provider_ref
    checkouts._keep(page, Opened("late", "https://pay.example/late", secret="late"))
    checkouts._end_with(page, "refused", "late")
    checkouts._postpone(page, "unknown", "late")
    row = db.session.get_one(Checkout, page)
    assert (row.provider_ref, row.key, row.state) == (first, "s3cret", "open")
