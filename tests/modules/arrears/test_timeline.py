"""The story of a service: what was taken back stands at its minute, with who did it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from core.db import db
from core.models import User
from core.scope import acting_as
from modules.accounting import payments, services
from modules.arrears import timeline


@pytest.fixture
def cashier(app: Any) -> User:
    person = User(email="caja@example.com", name="Caja")
    db.session.add(person)
    db.session.flush()
    return person


def test_a_payment_taken_back_stands_at_its_minute_with_its_author(
        app: Any, cashier: User, make_contract: Any, owe: Any, pay: Any, frozen: Any) -> None:
    contract = make_contract()
    owe(contract, "12100", dt.date(2026, 11, 2))
    made = pay(contract, "12100")
    moment = frozen(2026, 11, 12, 13, 5)
    with acting_as(cashier.id):
        payments.reverse_payment(made, "Cheque")
        db.session.commit()
    with app.test_request_context():
        (one,) = [event for event in timeline.of(contract) if event.words.startswith("Payment taken back")]
    assert (one.at, one.who) == (moment, "Caja")


def test_a_document_annulled_stands_at_its_minute_with_its_author(
        app: Any, cashier: User, make_contract: Any, owe: Any, frozen: Any) -> None:
    contract = make_contract()
    document = owe(contract, "12100", dt.date(2026, 11, 2))
    moment = frozen(2026, 11, 12, 13, 5)
    with acting_as(cashier.id):
        services.cancel_invoice(document, "Se facturó de más")
        db.session.commit()
    with app.test_request_context():
        (one,) = [event for event in timeline.of(contract) if event.words.startswith("Annulled")]
    assert (one.at, one.who) == (moment, "Caja")
