"""Two desks that write down the same paper at the same moment, each with a connection and a transaction of its own."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from core import clock
from core.db import db
from core.errors import DomainError
from core.scope import company_scope, current_company
from modules.accounting import services as accounting
from modules.accounting.bulk import issue_many
from modules.accounting.drafts import DraftLine, InvoiceDraft
from modules.accounting.models import Invoice
from modules.crm.models import Customer
from modules.einvoice import services
from modules.einvoice.models import Document
from modules.einvoice_pe import contingency, rehearsal
from modules.einvoice_pe.models import Paper
from tests.at_once import real_transactions, together
from tests.modules.einvoice_pe.cases import OTHER_RUC
from tests.modules.einvoice_pe.conftest import BOLETA, FACTURA, VAT, put, today

COMPANY = 1


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    with real_transactions(tmp_path_factory.mktemp("contingency_at_once"), COMPANY, "PE", "RED ANDINA S.A.C.",
                           OTHER_RUC, prepare=rehearsal.prepare, code="andina", tax_condition="GENERAL",
                           street="Av. Brasil 100", city="Lima", region="15") as app:
        yield app


@pytest.fixture(autouse=True)
def _in_scope(books: Flask) -> Iterator[None]:
    with books.app_context(), company_scope(COMPANY):
        yield
        db.session.rollback()


@pytest.fixture
def both_look_first(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Nobody writes before both have seen that the number is free; on SQLite the second has to wait, and looks later.

    It says of each whether it looked while the other one was looking.
    """
    looking, met, look = threading.Barrier(2), [], contingency._check_free

    def look_and_wait(place: Any, invoice: Invoice) -> None:
        look(place, invoice)
        with suppress(threading.BrokenBarrierError):
            looking.wait(1.5)
            met.append(True)

    monkeypatch.setattr(contingency, "_check_free", look_and_wait)
    return met


def draft() -> InvoiceDraft:
    who = db.session.scalar(sa.select(Customer.id))
    if who is None:
        row = Customer(code="C-1", name="Ana Peña", sort_name="ana pena", tax_id_kind="DNI", tax_id="45678912")
        db.session.add(row)
        db.session.flush()
        who = row.id
    line = DraftLine("Internet 100 Mbps", Decimal(1), Decimal("89.00"), price_includes_tax=True, taxes=VAT)
    return InvoiceDraft(who, today(), (line,), due_date=clock.today() + dt.timedelta(days=10))


def waiting(count: int) -> list[int]:
    """Documents that wait to be sent, under numbers that come later."""
    ids = issue_many(current_company(), [draft() for _one in range(count)])
    services.open_documents(ids)
    db.session.commit()
    return list(db.session.scalars(sa.select(Document.id).where(Document.invoice_id.in_(ids)).order_by(Document.id)))


def put_on_paper(document_id: int, number: int, pad: Any = BOLETA) -> Callable[[], Any]:
    return lambda: services.put_on_paper(db.session.get_one(Document, document_id), pad, number)


def told(answers: list[Any], number: int) -> int:
    """Which of two was refused: in words, beside the number's field; the other one was taken."""
    (place,) = [index for index, answer in enumerate(answers) if isinstance(answer, BaseException)]
    refusal = answers[place]
    assert isinstance(refusal, DomainError), refusal
    assert refusal.field == "paper_number" and str(number) in str(refusal) and "0001" in str(refusal)
    return place


def numbers() -> list[int]:
    return list(db.session.scalars(sa.select(Paper.number).order_by(Paper.number)))


def test_two_that_wait_are_put_on_the_same_paper(books: Flask, both_look_first: list[bool]) -> None:
    ids, before = waiting(2), numbers()
    answers = together(books, COMPANY, put_on_paper(ids[0], 55), put_on_paper(ids[1], 55))
    lost = told(answers, 55)
    # on SQLite writers stand in line from their first row on; elsewhere both have seen the number free
    assert len(both_look_first) == (0 if db.engine.dialect.name == "sqlite" else 2)
    rows = {row.id: row for row in db.session.scalars(sa.select(Document).where(Document.id.in_(ids)))}
    assert (rows[ids[1 - lost]].series, rows[ids[1 - lost]].tried_number) == ("0001", 55)
    # the other one waits as before, and goes out on the paper that it really was on
    assert (rows[ids[lost]].state, rows[ids[lost]].series, rows[ids[lost]].tried_number) == ("pending", "B001", None)
    assert numbers() == [*before, 55]
    services.put_on_paper(rows[ids[lost]], BOLETA, 56)
    db.session.commit()
    assert numbers() == [*before, 55, 56]


def test_two_new_invoices_of_the_same_paper(books: Flask, both_look_first: list[bool]) -> None:
    draft()
    db.session.commit()

    def write() -> Invoice:
        made = accounting.issue_invoice(draft())
        put(made, BOLETA, 70)
        services.open_documents([made.id])
        return made

    count = sa.select(sa.func.count()).select_from(Invoice)
    before = db.session.scalar(count)
    answers = together(books, COMPANY, write, write)
    lost = told(answers, 70)
    # what was refused left nothing behind: neither an invoice nor a document without its paper
    assert db.session.scalar(count) == before + 1
    paper = db.session.scalars(sa.select(Paper).where(Paper.number == 70)).one()
    assert paper.invoice_id == answers[1 - lost]
    document = db.session.scalars(sa.select(Document).where(Document.invoice_id == paper.invoice_id)).one()
    assert (document.series, document.tried_number) == ("0001", 70)


def test_one_document_is_put_on_two_papers(books: Flask) -> None:
    """Its row is locked: the second finds what the first wrote, and one paper is left, which the document names."""
    (one,) = waiting(1)
    answers = together(books, COMPANY, put_on_paper(one, 80), put_on_paper(one, 81))
    assert answers == [one, one]
    left = [number for number in numbers() if number in (80, 81)]
    assert left == [db.session.get_one(Document, one).tried_number]


def test_the_same_number_of_another_kind_is_another_paper(books: Flask) -> None:
    ids = waiting(2)
    answers = together(books, COMPANY, put_on_paper(ids[0], 90), put_on_paper(ids[1], 90, FACTURA))
    assert answers == ids
    assert numbers()[-2:] == [90, 90]
