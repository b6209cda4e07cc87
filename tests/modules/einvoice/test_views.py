"""The staff's pages: list, tray, mending in place, stopped sequences."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from core import clock, jobs
from core.db import db
from core.lists.models import Run
from modules.accounting.models import Invoice
from modules.crm.models import Customer
from modules.einvoice import services
from modules.einvoice.models import Document, Sequence
from modules.einvoice.records import Authorization, Claim
from tests.modules.einvoice.conftest import DAY

Make = Callable[..., Any]
CLERK = ("einvoice.view_documents", "einvoice.send_documents", "einvoice.abandon_documents",
         "einvoice.manage_sequences")


def work(answer: Any) -> None:
    """Do what a mass action has noted, without sending anything."""
    assert answer.status_code == 303
    run = db.session.get_one(Run, int(answer.location.rpartition("/")[2]))
    assert run.job_id is not None and jobs.run(run.job_id)
    db.session.expire_all()


def customer_of(document: Document) -> Customer:
    invoice = db.session.get_one(Invoice, document.invoice_id)
    return db.session.get_one(Customer, invoice.customer_id)


def test_the_tray_shows_the_authoritys_words_ours_and_the_field(login: Make, make_refused: Make) -> None:
    make_refused("Ana Pérez")
    page = login(*CLERK).get("/einvoice/refused").get_data(as_text=True)
    assert "Documento inválido" in page and "Corrija el documento del cliente." in page
    assert 'name="tax_id"' in page and "Ana Pérez" in page and "10015" in page


def test_many_of_one_cause_hide_no_other(login: Make, make_refused: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modules.einvoice.views.PER_CAUSE", 2)
    for name in ("Ana", "Beto", "Carla"):
        make_refused(name, code="10243", message="Condición")
    make_refused("Dora")
    page = login(*CLERK).get("/einvoice/refused").get_data(as_text=True)
    assert all(name in page for name in ("Ana", "Beto", "Dora")) and "Carla" not in page
    assert "state=rejected&amp;cause=10243" in page and "Ver los 3 en una lista" in page


def test_a_mended_number_is_saved_and_the_document_sent_again(login: Make, make_refused: Make) -> None:
    document = make_refused()
    answer = login(*CLERK).post(f"/einvoice/{document.id}/retry", data={"tax_id_kind": "DNI", "tax_id": "30111222"})
    assert answer.status_code == 302
    db.session.expire_all()
    assert (document.state, customer_of(document).tax_id) == ("pending", "30111222")


def test_all_of_one_cause_are_mended_at_once(login: Make, make_refused: Make) -> None:
    documents = [make_refused(name, code="10243", message="Condición") for name in ("Ana", "Beto", "Carla")]
    other = make_refused("Dora")
    browser = login(*CLERK)
    answer = browser.post("/einvoice/refused/retry", data={"cause": "10243", "tax_condition": "EX"})
    assert [document.state for document in documents] == ["rejected"] * 3  # the request only asks for it
    assert "data-poll" in browser.get(answer.location).text
    work(answer)
    assert [document.state for document in documents] == ["pending"] * 3
    assert {customer_of(document).tax_condition for document in documents} == {"EX"}
    assert (other.state, customer_of(other).tax_condition) == ("rejected", "CF")
    assert "data-poll" not in browser.get(answer.location).text
    again = browser.post("/einvoice/refused/retry", data={"cause": "10243"}, follow_redirects=True)
    assert again.request.path == "/einvoice/refused" and again.status_code == 200


def test_what_would_be_refused_again_is_told_with_its_customer(login: Make, make_refused: Make, issuer: Any) -> None:
    documents = [make_refused(name, code="10243", message="Condición") for name in ("Ana", "Beto")]
    issuer.problems = {one.invoice_id: [{"code": "10243", "message": "Sigue mal"}] for one in documents}
    browser = login(*CLERK)
    answer = browser.post("/einvoice/refused/retry", data={"cause": "10243", "tax_condition": "EX"})
    work(answer)
    assert [(one.state, customer_of(one).tax_condition) for one in documents] == [("rejected", "EX")] * 2
    page = browser.get(answer.location).text
    assert page.count("Sigue mal") == 2 and page.count("Lo corregido quedó guardado") == 2


def test_documents_refused_without_a_code_are_sent_alone(login: Make, make_refused: Make) -> None:
    nameless, other = make_refused("Ana", code="", message="?"), make_refused("Beto")
    work(login(*CLERK).post("/einvoice/refused/retry", data={"cause": ""}))
    assert (nameless.state, other.state) == ("pending", "rejected")


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


def test_what_was_mended_is_kept_where_it_would_be_refused_again(login: Make, make_refused: Make, issuer: Any) -> None:
    document = make_refused("Ana Pérez")
    issuer.problems[document.invoice_id] = [{"code": "10243", "message": "Condición no corresponde", "field": ""}]
    answer = login(*CLERK).post(f"/einvoice/{document.id}/retry", data={"tax_id_kind": "DNI", "tax_id": "30111222"},
                                follow_redirects=True)
    assert "Condición no corresponde" in answer.get_data(as_text=True)
    db.session.expire_all()
    assert (document.state, document.cause) == ("rejected", "10243")
    customer = db.session.get_one(Invoice, document.invoice_id).customer
    assert customer.tax_id == "30111222"


@pytest.mark.parametrize(("back", "expected"), [("/invoices/1", "/invoices/1"), ("https://bad.example/", "/"),
                                                ("//bad.example/", "/"), ("", "refused")])
def test_a_form_leads_back_to_pages_of_ours_only(login: Make, make_refused: Make, back: str, expected: str) -> None:
    document = make_refused()
    answer = login(*CLERK).post(f"/einvoice/{document.id}/retry", data={"back": back})
    assert answer.location.endswith(expected) and "bad.example" not in answer.location


def test_an_invoice_shows_its_legal_part(login: Make, make_refused: Make, make_invoice: Make, issuer: Any) -> None:
    document = make_refused()
    browser = login(*CLERK, "accounting.view_documents")
    page = browser.get(f"/invoices/{document.invoice_id}").get_data(as_text=True)
    assert "Documento inválido" in page and f"/einvoice/{document.id}/retry" in page

    services.retry(document)
    services.claim([Claim(document.id, 7, DAY, {})])
    services.authorize([Authorization(document.id, 7, "76000000000007", DAY, {}, DAY,
                                      [{"code": "10217", "message": "Crédito fiscal"}])])
    db.session.commit()
    page = browser.get(f"/invoices/{document.invoice_id}").get_data(as_text=True)
    assert "76000000000007" in page and "Crédito fiscal" in page and "0003-00000007" in page


def test_the_home_page_tells_lost_answers_and_what_waits(login: Make, make_invoice: Make, issuer: Any) -> None:
    ids = [make_invoice().id for _index in range(2)]
    services.open_documents(ids)
    first, second = db.session.scalars(sa.select(Document).order_by(Document.id))
    services.claim([Claim(first.id, 1, DAY, {})])
    services.mark_unknown([first.id])
    second.created_at = clock.now() - dt.timedelta(hours=1)
    db.session.commit()
    page = login(*CLERK).get("/").get_data(as_text=True)
    assert "state=unknown" in page and "state=pending" in page


def test_a_document_is_sent_again_from_the_list(make_refused: Make) -> None:
    from modules.einvoice.lists import DOCUMENTS

    document, action = make_refused(), DOCUMENTS.action("retry")
    assert action is not None and action.apply is not None
    assert action.apply([document.id], {}) == {}
    assert document.state == "pending"


def test_documents_with_remarks_are_found(login: Make, make_invoice: Make, issuer: Any) -> None:
    for name, said in (("Zulema", []), ("Beto", [{"code": "10236", "message": "Supera el tope"}])):
        invoice = make_invoice(name)
        services.open_documents([invoice.id])
        document = db.session.scalars(sa.select(Document).where(Document.invoice_id == invoice.id)).one()
        services.claim([Claim(document.id, document.id, DAY, {})])
        services.authorize([Authorization(document.id, document.id, f"7600000000000{document.id}", DAY, {}, DAY, said)])
    db.session.commit()
    page = login(*CLERK).get("/einvoice/?state=remarked").get_data(as_text=True)
    assert "Beto" in page and "Supera el tope" in page and "Zulema" not in page


def test_what_was_typed_stays_in_its_row_when_it_is_wrong(login: Make, make_refused: Make) -> None:
    document, other = make_refused("Ana"), make_refused("Beto")
    answer = login(*CLERK).post(f"/einvoice/{document.id}/retry", data={"tax_id_kind": "DNI", "tax_id": "12.34"})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422 and 'value="12.34"' in page and page.count("field-error") == 1
    db.session.expire_all()
    assert (document.state, other.state, customer_of(document).tax_id) == ("rejected", "rejected", "30000001")


def test_a_condition_that_is_not_chosen_for_all_stays_as_it_was(login: Make, make_refused: Make) -> None:
    documents = [make_refused(name, code="10243", message="Condición") for name in ("Ana", "Beto")]
    work(login(*CLERK).post("/einvoice/refused/retry", data={"cause": "10243", "tax_condition": ""}))
    assert [(one.state, customer_of(one).tax_condition) for one in documents] == [("pending", "CF")] * 2


def test_the_company_s_number_stays_once_a_document_bears_it(login: Make, company: Any, make_invoice: Make,
                                                             issuer: Any) -> None:
    browser = login("core.edit_company")
    services.open_documents([make_invoice().id])
    db.session.commit()
    assert "readonly" not in browser.get("/company").text  # it waits without a number
    row = db.session.scalars(sa.select(Document)).one()
    row.number = 1
    db.session.commit()
    assert "readonly" not in browser.get("/company").text  # a rehearsal binds nobody
    row.environment = "production"
    db.session.commit()
    assert "readonly" in (page := browser.get("/company").text) and "ya hay comprobantes electrónicos" in page
    typed = {"name": company.name, "tax_id": "30-99000030-8", "tax_condition": "RI", "timezone": company.timezone,
             "color": company.color}
    assert browser.post("/company", data=typed).status_code == 422
    assert browser.post("/company", data={**typed, "tax_id": company.tax_id}).status_code == 302
    db.session.refresh(company)
    assert company.tax_id == "30990000103"


def test_where_nothing_is_written_on_paper_first_that_is_said(login: Make, make_refused: Make) -> None:
    document = make_refused()
    page = login("einvoice.view_documents", "einvoice.send_documents").post(f"/einvoice/{document.id}/paper")
    assert page.status_code == 422 and "nada se escribe primero en papel" in page.text
