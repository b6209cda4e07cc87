"""An invoice that went to the wrong name: credited and issued again in one step, linked, once."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from core.db import db
from core.errors import DomainError
from modules.accounting import notes, queries, reissuing, services
from modules.accounting.models import Invoice
from modules.accounting.services import LegalResult
from modules.crm.models import Customer
from tests.modules.accounting.books import draft, findings, gross, issue, open_of, pay

RIGHT = {"name": "Pereyra Hermanos S.R.L.", "tax_id_kind": "CUIT", "tax_id": "30-71234567-1", "tax_condition": "RI"}


def authorised(invoice: Invoice) -> Invoice:
    services.record_legal_results([LegalResult(invoice.id, "authorized", f"B 0003-{invoice.id:08d}")])
    return invoice


@pytest.fixture
def wrong(customer: Customer) -> Invoice:
    return authorised(issue(customer))


def test_both_documents_are_made_linked_and_say_the_right_names(wrong: Invoice, customer: Customer) -> None:
    name = customer.name
    made = reissuing.reissue(wrong, "Va a nombre de la empresa", RIGHT)
    assert (made.note.kind, made.note.original_id, made.note.reason) == (
        "credit_note", wrong.id, "Va a nombre de la empresa")
    assert made.note.snapshot["customer"]["name"] == name
    assert made.right.snapshot["customer"]["name"] == "Pereyra Hermanos S.R.L."
    assert made.right.snapshot["customer"]["tax_id"] == "30712345671"
    assert made.right.total == made.note.total == wrong.total
    assert [line.description for line in made.right.lines] == [line.description for line in wrong.lines]
    assert {made.note.legal_state, made.right.legal_state} == {"pending"}
    assert open_of(wrong, made.note, made.right) == ["0.00", "0.00", "12100.00"]
    assert all(reissuing.of_invoice(one.id) == made for one in (wrong, made.note, made.right))
    assert findings() == {}


def test_what_was_paid_pays_the_right_invoice(wrong: Invoice, customer: Customer) -> None:
    pay(customer, "12100")
    made = reissuing.reissue(wrong, "Razón social", RIGHT)
    assert open_of(wrong, made.note, made.right) == ["0.00", "0.00", "0.00"]
    assert queries.balance(customer.id) == 0
    assert findings() == {}


def test_a_second_press_answers_with_the_first(wrong: Invoice) -> None:
    first = reissuing.reissue(wrong, "Razón social", RIGHT)
    assert reissuing.reissue(wrong, "Razón social", RIGHT).id == first.id
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Invoice)) == 3


def test_it_goes_to_another_customer_and_the_payment_stays_with_the_first(
        wrong: Invoice, customer: Customer, make_customer: Callable[..., Customer]) -> None:
    pay(customer, "12100")
    other = make_customer("Godoy, Raúl")
    made = reissuing.reissue(wrong, "Era de otro", {}, other)
    assert (made.right.customer_id, made.note.customer_id) == (other.id, customer.id)
    assert (queries.balance(customer.id), queries.balance(other.id)) == (Decimal("-12100.00"), Decimal("12100.00"))
    assert findings() == {}


def test_what_cannot_be_issued_again_says_why(wrong: Invoice, customer: Customer) -> None:
    with pytest.raises(DomainError, match="por qué") as error:
        reissuing.reissue(wrong, " ", RIGHT)
    assert error.value.field == "reason"
    with pytest.raises(DomainError) as error:
        reissuing.reissue(wrong, "Nada cambia", {})
    assert error.value.field == "name"
    with pytest.raises(DomainError) as error:
        reissuing.reissue(wrong, "CUIT mal", RIGHT | {"tax_id": "30-71234567-0"})
    assert error.value.field == "tax_id"
    notes.credit(wrong, "Un día sin servicio", amount=Decimal("100"))
    assert "acreditó" in reissuing.refusal(wrong)
    waiting = services.issue_invoice(draft(customer, gross("12100")))
    assert reissuing.refusal(waiting)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Invoice)) == 3


def test_the_page_keeps_what_was_typed_and_leads_to_the_right_invoice(
        wrong: Invoice, login: Callable[..., FlaskClient]) -> None:
    client = login("accounting.view_documents", "accounting.issue_credit_notes", "accounting.issue_documents",
                   "crm.edit_customers")
    url = f"/invoices/{wrong.id}/reissue"
    answer = client.post(url, data=RIGHT | {"tax_id": "30-71234567-0", "reason": "Razón social"})
    assert answer.status_code == 422 and b'value="30-71234567-0"' in answer.data
    answer = client.post(url, data=RIGHT | {"reason": "Razón social"})
    assert answer.status_code == 302
    page = client.get(answer.location).get_data(as_text=True)
    assert "Razón social" in page and f"/invoices/{wrong.id}" in page
    assert client.get(url).status_code == 302
