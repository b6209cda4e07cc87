"""Cancelling at the authority: sent once, asked about when the answer is lost, and the invoice annulled only then."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import sqlalchemy as sa

from core import jobs
from core.db import db
from core.errors import DomainError, Rejected, Unavailable, Unknown
from modules.accounting import queries as accounting
from modules.accounting.models import Invoice
from modules.einvoice import cancelling, services
from modules.einvoice.answers import No, Wait, Yes
from modules.einvoice.jobs import cancel_document
from modules.einvoice.models import Document
from modules.einvoice.ports import CancelOrder, CancelReason, cancellers
from tests.modules.einvoice.conftest import DAY, FakeIssuer

REASONS = (CancelReason("01", "Con relación", needs_replacement=True), CancelReason("02", "Sin relación"),
           CancelReason("99", "Otro", needs_text=True))


class Canceller:
    """Answers what it is told, and counts."""

    def __init__(self) -> None:
        self.answers: list[Any] = []
        self.called: list[str] = []
        self.forbids = ""

    def reasons(self, document: Document) -> Sequence[CancelReason]:
        if self.forbids:
            raise DomainError(self.forbids)
        return REASONS

    def cancel(self, order: CancelOrder) -> Any:
        return self._say("cancel")

    def ask(self, order: CancelOrder) -> Any:
        return self._say("ask")

    def _say(self, name: str) -> Any:
        self.called.append(name)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def canceller(issuer: FakeIssuer, monkeypatch: pytest.MonkeyPatch) -> Canceller:
    found = Canceller()
    monkeypatch.setattr(cancellers, "find", lambda country: found)
    monkeypatch.setattr(cancellers, "get", lambda country: found)
    return found


@pytest.fixture
def make_authorized(issuer: FakeIssuer, make_invoice: Callable[..., Invoice]) -> Callable[..., Document]:
    def make(number: int = 1) -> Document:
        invoice = make_invoice(f"Ana {number}")
        services.open_documents([invoice.id])
        row = db.session.scalars(sa.select(Document).where(Document.invoice_id == invoice.id)).one()
        services.claim([services.Claim(row.id, number, DAY, {})])
        services.authorize([services.Authorization(row.id, number, f"uuid-{number}", None, {}, DAY)])
        db.session.commit()
        return db.session.get_one(Document, row.id)

    return make


def run(document: Document) -> None:
    """The job once; waiting for later is left to it."""
    db.session.commit()
    try:
        cancel_document(document.id)
        db.session.commit()
    except jobs.RetryLater:
        db.session.rollback()
    db.session.expire_all()


def test_the_invoice_is_annulled_when_the_authority_has_cancelled(
        canceller: Canceller, make_authorized: Callable[..., Document]) -> None:
    document = make_authorized()
    cancelling.request(document, "02")
    canceller.answers = [Yes("acuse-1")]
    run(document)
    invoice = db.session.get_one(Invoice, document.invoice_id)
    assert (document.state, invoice.state, invoice.legal_state) == ("cancelled", "cancelled", "cancelled")
    assert document.data["cancellation"]["proof"] == "acuse-1" and invoice.legal_number == "B 0003-00000001"
    assert accounting.balance(invoice.customer_id, "ARS") == 0


def test_a_lost_answer_is_asked_for(canceller: Canceller, make_authorized: Callable[..., Document]) -> None:
    document = make_authorized()
    cancelling.request(document, "02")
    canceller.answers = [Unknown("no answer"), Yes("acuse-1")]
    run(document)
    assert document.state == "cancelling"
    run(document)
    assert (document.state, canceller.called) == ("cancelled", ["cancel", "ask"])


def test_what_never_came_is_sent_again(canceller: Canceller, make_authorized: Callable[..., Document]) -> None:
    document = make_authorized()
    cancelling.request(document, "02")
    canceller.answers = [Unavailable("down"), Unknown("no answer"), None, Yes("acuse-1")]
    for _time in range(3):
        run(document)
    assert (document.state, canceller.called) == ("cancelled", ["cancel", "cancel", "ask", "cancel"])


def test_the_receiver_must_accept_first(canceller: Canceller, make_authorized: Callable[..., Document]) -> None:
    document = make_authorized()
    cancelling.request(document, "02")
    canceller.answers = [Wait(3600, "En proceso"), Yes("acuse-1")]
    run(document)
    assert document.state == "cancelling"
    run(document)
    assert canceller.called == ["cancel", "ask"] and document.state == "cancelled"


@pytest.mark.parametrize("answer", [No([{"code": "204", "message": "Rechazado por el receptor"}]),
                                    Rejected("Rechazado por el receptor", code="204")])
def test_a_refusal_leaves_everything_as_it_was(canceller: Canceller, make_authorized: Callable[..., Document],
                                               answer: Any) -> None:
    document = make_authorized()
    cancelling.request(document, "02")
    canceller.answers = [answer]
    run(document)
    assert document.state == "authorized" and db.session.get_one(Invoice, document.invoice_id).state == "issued"
    assert document.data["cancellation"]["refused"][0]["message"] == "Rechazado por el receptor"


@pytest.mark.parametrize(("code", "text", "field"), [("", "", "code"), ("77", "", "code"), ("99", " ", "text"),
                                                     ("01", "", "replaced_by")])
def test_an_order_that_lacks_something_is_not_sent(canceller: Canceller, make_authorized: Callable[..., Document],
                                                   code: str, text: str, field: str) -> None:
    with pytest.raises(DomainError) as error:
        cancelling.request(make_authorized(), code, text)
    assert error.value.field == field


def test_replaced_by_another_document(canceller: Canceller, make_authorized: Callable[..., Document]) -> None:
    document, other = make_authorized(1), make_authorized(2)
    cancelling.request(document, "01", replaced_by=other)
    assert cancelling.order_of(document).replaced_by == "uuid-2"


def test_on_screen(canceller: Canceller, make_authorized: Callable[..., Document], login: Any) -> None:
    document, browser = make_authorized(), login("einvoice.view_documents", "einvoice.cancel_documents")
    page = browser.get(f"/einvoice/{document.id}").get_data(as_text=True)
    assert "99 · Otro" in page
    refused = browser.post(f"/einvoice/{document.id}/cancel", data={"code": "99", "text": ""})
    assert refused.status_code == 422
    browser.post(f"/einvoice/{document.id}/cancel", data={"code": "99", "text": "Duplicada"})
    db.session.expire_all()
    assert db.session.get_one(Document, document.id).state == "cancelling"


def test_why_it_cannot_be_cancelled_is_said(canceller: Canceller, make_authorized: Callable[..., Document],
                                            login: Any) -> None:
    canceller.forbids = "El plazo venció: emita una nota de crédito."
    browser = login("einvoice.view_documents", "einvoice.cancel_documents")
    page = browser.get(f"/einvoice/{make_authorized().id}").get_data(as_text=True)
    assert canceller.forbids in page
