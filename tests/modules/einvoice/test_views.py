"""The staff's pages: list, tray, mending in place, stopped sequences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from core.db import db
from modules.accounting.models import Invoice
from modules.crm.models import Customer
from modules.einvoice import services
from modules.einvoice.models import Document, Sequence

Make = Callable[..., Any]
CLERK = ("einvoice.view_documents", "einvoice.send_documents", "einvoice.abandon_documents",
         "einvoice.manage_sequences")


def customer_of(document: Document) -> Customer:
    invoice = db.session.get_one(Invoice, document.invoice_id)
    return db.session.get_one(Customer, invoice.customer_id)


def test_the_tray_shows_the_authoritys_words_ours_and_the_field(login: Make, make_refused: Make) -> None:
    make_refused("Ana Pérez")
    page = login(*CLERK).get("/einvoice/refused").get_data(as_text=True)
    assert "Documento inválido" in page and "Corrija el documento del cliente." in page
    assert 'name="tax_id"' in page and "Ana Pérez" in page and "10015" in page


def test_a_mended_number_is_saved_and_the_document_sent_again(login: Make, make_refused: Make) -> None:
    document = make_refused()
    answer = login(*CLERK).post(f"/einvoice/{document.id}/retry", data={"tax_id_kind": "DNI", "tax_id": "30111222"})
    assert answer.status_code == 302
    db.session.expire_all()
    assert (document.state, customer_of(document).tax_id) == ("pending", "30111222")


def test_all_of_one_cause_are_mended_at_once(login: Make, make_refused: Make) -> None:
    documents = [make_refused(name, code="10243", message="Condición") for name in ("Ana", "Beto", "Carla")]
    other = make_refused("Dora")
    login(*CLERK).post("/einvoice/refused/retry", data={"cause": "10243", "tax_condition": "EX"})
    db.session.expire_all()
    assert [document.state for document in documents] == ["pending"] * 3
    assert {customer_of(document).tax_condition for document in documents} == {"EX"}
    assert (other.state, customer_of(other).tax_condition) == ("rejected", "CF")


def test_giving_up_without_a_reason_changes_nothing(login: Make, make_refused: Make) -> None:
    document = make_refused()
    browser = login(*CLERK)
    browser.post(f"/einvoice/{document.id}/abandon", data={"reason": ""})
    db.session.expire_all()
    assert document.state == "rejected"
    browser.post(f"/einvoice/{document.id}/abandon", data={"reason": "duplicada"})
    db.session.expire_all()
    assert document.state == "cancelled"


def test_who_may_only_look_cannot_send(login: Make, make_refused: Make) -> None:
    document = make_refused()
    browser = login("einvoice.view_documents")
    assert browser.get("/einvoice/refused").status_code == 200
    assert browser.post(f"/einvoice/{document.id}/retry").status_code == 403
    assert browser.get("/einvoice/enable").status_code == 403


def test_the_list_and_a_document_show_states_in_words(login: Make, make_refused: Make) -> None:
    document = make_refused("Ana Pérez")
    browser = login(*CLERK)
    assert "Ana Pérez" in browser.get("/einvoice/").get_data(as_text=True)
    assert "Ana Pérez" not in browser.get("/einvoice/?state=authorized").get_data(as_text=True)
    page = browser.get(f"/einvoice/{document.id}").get_data(as_text=True)
    assert "Documento inválido" in page


def test_a_stopped_sequence_is_shown_and_let_go_on(login: Make, make_invoice: Make, issuer: Any) -> None:
    services.open_documents([make_invoice().id])
    sequence = db.session.scalars(sa.select(Sequence)).one()
    services.block(sequence.id, "foreign_document", "Otro programa emitió el número 9.")
    db.session.commit()
    issuer.last = 9
    browser = login(*CLERK)
    assert "Otro programa emitió el número 9." in browser.get("/einvoice/refused").get_data(as_text=True)
    browser.post(f"/einvoice/sequences/{sequence.id}/continue", data={"accept": "1"})
    db.session.expire_all()
    assert (sequence.blocked_code, sequence.last_number) == ("", 9)


def test_another_companys_document_does_not_exist(login: Make, make_refused: Make, other_company: Any) -> None:
    document = make_refused()
    db.session.execute(sa.update(Document.__table__).values(company_id=other_company.id))
    db.session.commit()
    db.session.expire_all()
    assert login(*CLERK).get(f"/einvoice/{document.id}").status_code == 404


def test_the_home_page_says_what_waits(login: Make, make_refused: Make) -> None:
    make_refused()
    page = login(*CLERK).get("/").get_data(as_text=True)
    assert "/einvoice/refused" in page
