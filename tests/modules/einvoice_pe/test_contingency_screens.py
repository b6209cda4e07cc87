"""Contingency on screen and in the terminal: forms of documents, the page of one that waits, the command."""

from __future__ import annotations

import datetime as dt
import html

import click
import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from core import cli, schema
from core.db import db
from core.errors import DomainError
from modules.accounting.models import Invoice
from modules.einvoice import services
from modules.einvoice.paper import paper as command
from modules.einvoice_pe import contingency
from tests.issuing import documents
from tests.modules.einvoice_pe.conftest import (
    BOLETA,
    company_customer,
    customer,
    places,
    today,
)

CLERK = ("accounting.view_documents", "accounting.issue_documents", "accounting.issue_credit_notes",
         "crm.view_customers", "einvoice.view_documents", "einvoice.send_documents")


def form(**changes):
    return {"issue_date": f"{today()}", "includes_tax": "1", "lines-0-description": "Cable", "lines-0-quantity": "1",
            "lines-0-price": "11.80", "lines-0-taxes": "VAT:18", "currency": "PEN", "step": "issue", **changes}


def test_an_invoice_by_hand_that_was_on_paper(written, login, work):
    buyer = customer()
    browser = login(*CLERK)
    address = f"/invoices/new?customer={buyer.id}"
    page = browser.get(address).get_data(as_text=True)
    assert "Escrito antes en papel" in page and '<option value="2:0001">Boleta de venta 0001' in page
    tax = html.unescape(page.split('name="lines-0-taxes"')[1].split('value="')[1].split('"')[0])
    typed = form(customer=str(buyer.id), **{"lines-0-taxes": tax})
    for wrong in ({"paper": "2:0001"}, {"paper_number": "55"}, {"paper": "2:0001", "paper_number": "0"},
                  {"paper": "2:B001", "paper_number": "5"}):
        assert browser.post(address, data=typed | wrong).status_code == 422, wrong
    assert db.session.scalar(sa.select(sa.func.count(Invoice.id))) == 0
    answer = browser.post(address, data=typed | {"paper": "2:0001", "paper_number": "55"})
    assert answer.status_code == 302
    again = browser.post(address, data=typed | {"paper": "2:0001", "paper_number": "55"})
    assert again.status_code == 422 and "0001" in again.get_data(as_text=True)
    (invoice,) = db.session.scalars(sa.select(Invoice))
    services.open_documents([invoice.id])
    db.session.commit()
    work()
    assert places() == [("authorized", "0001", "2", 55)]
    assert "número 55" in browser.get(f"/invoices/{invoice.id}").get_data(as_text=True)


def test_notes_by_hand_that_were_on_paper(written, login, work):
    invoice = written(BOLETA, 55, days=2)
    work()
    browser = login(*CLERK)
    day = today() - dt.timedelta(1)
    answer = browser.post(f"/invoices/{invoice.id}/credit", data={
        "what": "amount", "amount": "10.00", "reason": "Descuento", "step": "issue", "paper": "3:0001",
        "paper_number": "9", "paper_date": f"{day}"})
    assert answer.status_code == 302
    early = browser.post(f"/invoices/{invoice.id}/credit", data={
        "what": "amount", "amount": "10.00", "reason": "Descuento", "step": "issue", "paper": "3:0001",
        "paper_number": "10", "paper_date": f"{day - dt.timedelta(9)}"})
    assert early.status_code == 422
    (note,) = db.session.scalars(sa.select(Invoice).where(Invoice.kind == "credit_note"))
    assert (note.issue_date, contingency.papers([note.id])[note.id].number) == (day, 9)


NO_PAPER = {"paper": "", "paper_number": ""}


@pytest.mark.parametrize("first", [{"paper": "2:0001", "paper_number": "55"}, NO_PAPER])
def test_a_form_sent_again_with_another_paper_changes_nothing(written, login, work, first):
    buyer = customer()
    browser = login(*CLERK)
    address = f"/invoices/new?customer={buyer.id}"
    page = browser.get(address).get_data(as_text=True)
    tax = html.unescape(page.split('name="lines-0-taxes"')[1].split('value="')[1].split('"')[0])
    typed = form(customer=str(buyer.id), form_key="once", **{"lines-0-taxes": tax})
    assert browser.post(address, data=typed | first).status_code == 302
    (invoice,) = db.session.scalars(sa.select(Invoice))
    before = [str(one) for one in contingency.papers([invoice.id]).values()]
    _check_refused(browser, address, typed, first)
    services.open_documents([invoice.id])
    db.session.commit()
    work()
    _check_refused(browser, address, typed, first)
    assert browser.post(address, data=typed | first).status_code == 302
    assert [str(one) for one in contingency.papers([invoice.id]).values()] == before
    assert db.session.scalar(sa.select(sa.func.count(Invoice.id))) == 1


def _check_refused(browser, address, typed, first):
    for other in ({"paper": "2:0001", "paper_number": "56"}, {"paper": "1:0001", "paper_number": "55"}, NO_PAPER):
        if other != first:
            answer = browser.post(address, data=typed | other)
            assert answer.status_code == 422 and "otro contenido" in answer.get_data(as_text=True), other


@pytest.mark.parametrize(("what", "pad"), [("credit", "3:0001"), ("debit", "4:0001")])
def test_a_note_sent_again_with_another_paper_changes_nothing(written, login, work, what, pad):
    invoice = written(BOLETA, 55, days=2)
    work()
    browser, address = login(*CLERK), f"/invoices/{invoice.id}/{what}"
    tax = form()["lines-0-taxes"] if what == "credit" else html.unescape(browser.get(address).get_data(
        as_text=True).split('name="lines-0-taxes"')[1].split('value="')[1].split('"')[0])
    typed = form(what="amount", amount="10.00", reason="Mora", form_key="once", paper=pad,
                 paper_number="9", **{"lines-0-taxes": tax})
    assert browser.post(address, data=typed).status_code == 302
    for other in ({"paper_number": "10"}, NO_PAPER):
        answer = browser.post(address, data=typed | other)
        assert answer.status_code == 422 and "otro contenido" in answer.get_data(as_text=True), other
    assert browser.post(address, data=typed).status_code == 302
    (note,) = db.session.scalars(sa.select(Invoice).where(Invoice.original_id == invoice.id))
    assert contingency.papers([note.id])[note.id].number == 9


def test_on_the_page_of_a_document_that_waits(issue, written, login, work):
    issue("89.00")
    (document,) = documents()
    browser, address = login(*CLERK), f"/einvoice/{document.id}"
    assert "Boleta de venta 0001" in browser.get(address).get_data(as_text=True)
    refused = browser.post(f"{address}/paper", data={"paper": "2:0001", "paper_number": "mil"})
    assert refused.status_code == 422 and 'value="mil"' in refused.get_data(as_text=True)
    assert browser.post(f"{address}/paper", data={"paper": "9:0001", "paper_number": "1"}).status_code == 422
    assert browser.post(f"{address}/paper", data={"paper": "2:0001", "paper_number": "41"}).status_code == 302
    work()
    page = browser.get(address).get_data(as_text=True)
    assert places() == [("authorized", "0001", "2", 41)] and "número 41" in page and 'name="paper"' not in page


@pytest.fixture
def run(app, monkeypatch):
    monkeypatch.setattr(cli, "app", lambda: app)
    monkeypatch.setattr(schema, "require_current", lambda: None)

    def invoke(*arguments):
        db.session.commit()  # the command has a session of its own
        result = CliRunner().invoke(command, [str(one) for one in arguments], standalone_mode=False)
        if result.exception:
            raise result.exception
        return result.return_value

    return invoke


def test_in_the_terminal(issue, written, work, run):
    issue("89.00", to=company_customer())
    number = documents()[0].id
    for wrong in ((number,), (number, "55"), (number, "0002-55"), (number, "0001-55", "--none"),
                  (number, "0001-0")):
        with pytest.raises((DomainError, click.ClickException)):
            run(*wrong)
    assert run(number, "0001-55") == 0
    assert (documents()[0].kind, documents()[0].tried_number) == ("1", 55)
    assert run(number, "--none") == 0
    assert (documents()[0].series, documents()[0].tried_number) == ("F001", None)
    assert run(number, "0001-56", "--kind", "2") == 0
    assert (documents()[0].series, documents()[0].kind, documents()[0].tried_number) == ("0001", "2", 56)
    work()
    assert places() == [("authorized", "0001", "2", 56)]
