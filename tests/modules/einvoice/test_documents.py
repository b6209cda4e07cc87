"""The states of a document, and what the constraints forbid."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from core.db import db
from core.models import Company
from modules.accounting.models import Invoice
from modules.einvoice import services, states
from modules.einvoice.models import Document
from modules.einvoice.records import Authorization, Claim, Refusal

Make = Callable[..., Any]
DAY = dt.date(2026, 11, 3)


def test_every_state_has_its_ways_and_none_leads_nowhere() -> None:
    assert set(states.TRANSITIONS) == set(states.STATES)
    assert all(after <= set(states.STATES) for after in states.TRANSITIONS.values())


@pytest.mark.parametrize(("before", "after"), [
    ("unknown", "sending"), ("authorized", "pending"), ("authorized", "rejected"), ("rejected", "authorized"),
    ("cancelled", "pending"), ("rejected", "sending")])
def test_what_must_never_happen_is_not_in_the_table(before: str, after: str) -> None:
    assert not states.may_become(before, after)


@pytest.fixture
def document(issuer: Any, make_invoice: Make) -> Document:
    services.open_documents([make_invoice().id])
    return db.session.scalars(sa.select(Document)).one()


def fresh(document: Document) -> Document:
    db.session.flush()
    db.session.refresh(document)
    return document


def test_a_claim_takes_only_pending_documents(document: Document) -> None:
    assert services.claim([Claim(document.id, 1, DAY, {"a": 1})]) == 1
    assert services.claim([Claim(document.id, 2, DAY, {"a": 2})]) == 0
    row = fresh(document)
    assert (row.state, row.number, row.attempts, row.request) == ("sending", 1, 1, {"a": 1})


def authorization(document: Document, number: int = 1) -> Authorization:
    return Authorization(document.id, number, "76000000000001", DAY, {"CAE": "x"}, DAY)


def test_an_authorisation_reaches_the_invoice(document: Document) -> None:
    services.claim([Claim(document.id, 1, DAY, {})])
    services.authorize([authorization(document)])
    row = fresh(document)
    assert (row.state, row.authorization_code, row.number) == ("authorized", "76000000000001", 1)
    invoice = db.session.get_one(Invoice, row.invoice_id, populate_existing=True)
    assert invoice.legal_state == "authorized"


def test_what_is_authorised_stays_so(document: Document) -> None:
    services.claim([Claim(document.id, 1, DAY, {})])
    services.authorize([authorization(document)])
    services.release([document.id])
    services.mark_unknown([document.id])
    assert services.claim([Claim(document.id, 2, DAY, {})]) == 0
    assert fresh(document).state == "authorized"


def test_a_refusal_gives_the_number_back(document: Document) -> None:
    services.claim([Claim(document.id, 1, DAY, {})])
    services.refuse([Refusal(document.id, [{"code": "10015", "message": "no", "field": ""}])])
    row = fresh(document)
    assert (row.state, row.number, row.cause) == ("rejected", None, "10015")


def test_a_released_document_remembers_the_number_it_tried(document: Document) -> None:
    services.claim([Claim(document.id, 7, DAY, {})])
    services.mark_unknown([document.id])
    services.release([document.id])
    row = fresh(document)
    assert (row.state, row.number, row.tried_number) == ("pending", None, 7)


def test_the_invoice_follows_a_lost_answer_there_and_back(document: Document) -> None:
    services.claim([Claim(document.id, 9, DAY, {})])
    services.mark_unknown([document.id])
    assert legal_state(document) == "unknown"
    services.release([document.id])
    assert legal_state(document) == "pending"


def legal_state(document: Document) -> str:
    return db.session.get_one(Invoice, document.invoice_id, populate_existing=True).legal_state


def test_two_documents_never_share_a_number(issuer: Any, make_invoice: Make, company: Company) -> None:
    services.open_documents([make_invoice().id, make_invoice().id])
    first, second = db.session.scalars(sa.select(Document).order_by(Document.id)).all()
    services.claim([Claim(first.id, 1, DAY, {})])
    with pytest.raises(sa.exc.IntegrityError), db.session.begin_nested():
        services.claim([Claim(second.id, 1, DAY, {})])


def test_an_invoice_never_has_two_documents(document: Document) -> None:
    twin = Document(invoice_id=document.invoice_id, country="AR", environment="rehearsal", issue_date=DAY)
    with pytest.raises(sa.exc.IntegrityError), db.session.begin_nested():
        db.session.add(twin)
        db.session.flush()


def test_an_authorised_document_without_code_is_refused_by_the_table(document: Document) -> None:
    with pytest.raises(sa.exc.IntegrityError), db.session.begin_nested():
        db.session.execute(sa.update(Document).where(Document.id == document.id).values(state="authorized"))
