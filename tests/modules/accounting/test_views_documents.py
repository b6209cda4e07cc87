"""The screens of documents, as their roles use them."""

from __future__ import annotations

import datetime as dt
import html
import io
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from openpyxl import load_workbook
from pypdf import PdfReader

from core import jobs
from core.db import db
from core.models import Company
from core.scope import company_scope
from modules.accounting import notes, opening, services
from modules.accounting.models import CashAccount, Invoice, Payment
from modules.contracts.models import ExchangeRate
from modules.crm.models import Customer
from modules.notifications.models import Message
from tests.modules.accounting.books import DAY, draft, findings, gross, issue, line, open_of, pay

pytestmark = pytest.mark.usefixtures("own_numbers")
Login = Callable[..., FlaskClient]
SEE, ISSUE, CREDIT = "accounting.view_documents", "accounting.issue_documents", "accounting.issue_credit_notes"
CANCEL, SEND, PAYMENTS = "accounting.cancel_documents", "accounting.send_documents", "accounting.view_payments"
RECORD, REVERSE, LOCK = "accounting.record_payments", "accounting.reverse_payments", "accounting.lock_periods"
ALL = {SEE, ISSUE, CREDIT, CANCEL, SEND, PAYMENTS, RECORD, REVERSE, LOCK}


def text(response: Any) -> str:
    """What a reader sees, blanks made one."""
    plain = re.sub(r"<[^>]+>", " ", response.get_data(as_text=True))
    return re.sub(r"\s+", " ", html.unescape(plain))


def fields(response: Any) -> dict[str, str]:
    """The inputs of a page with what stands in them."""
    found = {}
    for tag in re.findall(r"<input[^>]*>", response.get_data(as_text=True)):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and not ("type=\"radio\"" in tag and "checked" not in tag):
            found[name[1]] = html.unescape(value[1]) if value else ""
    return found


@pytest.fixture
def invoice(customer: Customer) -> Invoice:
    made = issue(customer, "12100")
    db.session.commit()
    return made


@pytest.fixture
def foreign(other_company: Company) -> dict[str, int]:
    """A document and a payment of another company."""
    from modules.crm.drafts import CustomerData
    from modules.crm.services import create_customer

    with company_scope(other_company):
        theirs = create_customer(CustomerData(name="Ajena", tax_condition="CF"))
        ids = {"customer": theirs.id, "invoice": issue(theirs).id, "payment": pay(theirs, "10").id}
        db.session.commit()
    return ids


# --- who may ------------------------------------------------------------------------------------------------

ADDRESSES = [
    ("GET", "/invoices", SEE), ("GET", "/invoices/{invoice}", SEE), ("GET", "/invoices/{invoice}/pdf", SEE),
    ("POST", "/invoices/{invoice}/send", SEND), ("POST", "/invoices/{invoice}/cancel", CANCEL),
    ("GET", "/invoices/new", ISSUE), ("GET", "/invoices/new?customer={customer}", ISSUE),
    ("GET", "/invoices/{invoice}/credit", CREDIT), ("GET", "/invoices/{invoice}/debit", ISSUE),
    ("GET", "/payments", PAYMENTS), ("GET", "/payments/{payment}", PAYMENTS),
    ("GET", "/payments/{payment}/receipt", PAYMENTS), ("POST", "/payments/{payment}/send", SEND),
    ("GET", "/payments/new", RECORD), ("GET", "/payments/new?customer={customer}", RECORD),
    ("POST", "/payments/{payment}/reverse", REVERSE),
    ("POST", "/payments/{payment}/take-off/{invoice}", RECORD), ("POST", "/payments/{payment}/apply/{invoice}", RECORD),
    ("GET", "/debtors", SEE), ("POST", "/customers/{customer}/use-credit", RECORD),
    ("GET", "/customers/{customer}/statement", SEE), ("POST", "/customers/{customer}/statement/send", SEND),
    ("GET", "/locked-periods", LOCK),
]


@pytest.mark.parametrize(("method", "address", "permission"), ADDRESSES)
def test_each_page_asks_for_its_permission(login: Login, invoice: Invoice, method: str, address: str,
                                           permission: str) -> None:
    payment = pay(db.session.get_one(Customer, invoice.customer_id), "10")
    db.session.commit()
    url = address.format(invoice=invoice.id, payment=payment.id, customer=invoice.customer_id)
    assert login(*(ALL - {permission})).open(url, method=method).status_code == 403
    assert login(permission).open(url, method=method).status_code in {200, 302, 409, 422}


@pytest.mark.parametrize(("method", "address"), [(method, address) for method, address, _permission in ADDRESSES
                                                 if "{" in address])
def test_another_company_s_rows_do_not_exist(login: Login, foreign: dict[str, int], method: str, address: str) -> None:
    assert login(*ALL).open(address.format(**foreign), method=method).status_code == 404


def test_lists_show_only_the_company_in_scope(login: Login, invoice: Invoice, foreign: dict[str, int]) -> None:
    browser = login(*ALL)
    for address in ("/invoices", "/payments", "/debtors"):
        assert "Ajena" not in text(browser.get(address))
    assert "María Ñandú Güemes" in text(browser.get("/invoices"))


# --- the list -----------------------------------------------------------------------------------------------


def test_the_list_is_narrowed_by_what_one_looks_for(login: Login, make_customer: Callable[..., Customer]) -> None:
    ana, beto = make_customer("Zulma Ibáñez"), make_customer("Beto")
    issue(ana, "100", due_date=DAY - dt.timedelta(40), issue_date=DAY - dt.timedelta(50))
    issue(beto, "200")
    pay(beto, "200")
    services.cancel_invoice(issue(beto, "300"), "Error")
    db.session.commit()
    browser = login(SEE)
    cases = {"?state=open": "Zulma", "?state=overdue": "Zulma", "?state=paid": "Beto", "?q=ibañez": "Zulma",
             "?total_from=150&total_to=250": "Beto", "?date_to=2026-09-30": "Zulma", "?q=00000002": "Beto",
             "?q=00000001": "Zulma", f"?customer={beto.id}": "Beto"}
    for query, who in cases.items():
        shown = text(browser.get(f"/invoices{query}"))
        assert who in shown and {"Zulma": "Beto", "Beto": "Zulma"}[who] not in shown, query
    assert "anulado" in text(browser.get("/invoices?state=cancelled"))


def test_the_list_adds_up_signed_and_by_currency(login: Login, customer: Customer) -> None:
    services.issue_invoice(draft(customer, line("1000"), line("100", taxes=())))
    notes.credit(issue(customer, "121"), "Corte", amount=Decimal("21"))
    issue(customer, "121", currency="USD", exchange_rate=Decimal("1450"))
    db.session.commit()
    found = text(login(SEE).get("/invoices?totals=1"))
    assert "Total $1.410,00" in found and "Total US$121,00" in found
    assert "Neto $1.182,64" in found


def test_the_list_goes_out_as_a_file_with_real_numbers(login: Login, invoice: Invoice) -> None:
    notes.credit(invoice, "Corte", amount=Decimal("100"))
    db.session.commit()
    answer = login(SEE).post("/invoices/export?sort=id", data={"kind": "csv_plain", "columns": "all"})
    rows = answer.get_data(as_text=True).splitlines()
    assert answer.mimetype == "text/csv" and len(rows) == 3
    assert "12100.00" in rows[1] and "-100.00" in rows[2] and "María Ñandú Güemes" in rows[1]
    assert "2026-11-03" in rows[1]


def test_many_documents_are_sent_at_once(login: Login, make_customer: Callable[..., Customer]) -> None:
    for _number in range(3):
        issue(make_customer(), "100")
    db.session.commit()
    jobs.run_jobs()
    browser = login(SEE, SEND, "notifications.view_messages")
    page = browser.post("/invoices/do/send", data={"all": "1"}, follow_redirects=True)
    assert "3" in text(page)


def test_missing_pdfs_are_made_and_nothing_is_sent(login: Login, customer: Customer) -> None:
    made, unready = issue(customer, "100"), issue(customer, "200")
    unready.legal_state = "pending"
    db.session.commit()
    db.session.execute(sa.delete(jobs.Job))  # the delivery of both, which did not come to pass
    db.session.commit()
    browser = login(SEE)
    assert "Hacer los PDF" in text(browser.get("/invoices?paper=missing"))
    asked = browser.post("/invoices/do/draw", data={"all": "1"})
    assert "No se envía nada" in text(browser.get(asked.location))
    browser.post(f"{asked.location}/start")
    jobs.run_jobs()
    db.session.expire_all()
    assert made.pdf_file_id and not unready.pdf_file_id
    assert db.session.scalars(sa.select(Message)).all() == []


# --- one document --------------------------------------------------------------------------------------------


def test_the_page_says_what_it_is_and_what_paid_it(login: Login, invoice: Invoice) -> None:
    customer = db.session.get_one(Customer, invoice.customer_id)
    pay(customer, "100")
    note = notes.credit(invoice, "Corte del servicio", amount=Decimal("50"))
    notes.debit(invoice, "Interés", [gross("30")])
    db.session.commit()
    page = text(login(SEE, ISSUE, CREDIT, RECORD).get(f"/invoices/{invoice.id}"))
    for wanted in ("Factura 00000001", "quedan $11.950,00 por pagar", "Recibo 00000001", "Nota de crédito 00000001",
                   "Nota de débito 00000001", "IVA 21 %", "$2.100,00", "Hogar 100 Megas"):
        assert wanted in page
    said = text(login(SEE).get(f"/invoices/{note.id}"))
    assert "Corrige a Factura 00000001 : Corte del servicio" in said and "Nota de débito" not in said


def test_the_pdf_opens_in_the_browser_and_downloads(login: Login, invoice: Invoice) -> None:
    browser = login(SEE)
    shown = browser.get(f"/invoices/{invoice.id}/pdf")
    assert shown.mimetype == "application/pdf" and "attachment" not in shown.headers.get("Content-Disposition", "")
    assert "María Ñandú Güemes" in PdfReader(io.BytesIO(shown.data)).pages[0].extract_text()
    jobs.run_jobs()
    kept = browser.get(f"/invoices/{invoice.id}/pdf?download=1")
    assert "attachment" in kept.headers["Content-Disposition"] and "00000001" in kept.headers["Content-Disposition"]


def test_a_document_is_sent_again_on_demand(login: Login, invoice: Invoice) -> None:
    jobs.run_jobs()
    assert db.session.scalars(sa.select(Message.state)).all() == ["sent"]
    page = login(SEE, SEND).post(f"/invoices/{invoice.id}/send", follow_redirects=True)
    assert "Se está enviando a c1@example.com" in text(page)
    assert db.session.scalars(sa.select(Message.state)).all() == ["queued"]


def test_what_is_not_final_is_not_sent(login: Login, invoice: Invoice) -> None:
    services.cancel_invoice(invoice, "Error")
    db.session.commit()
    page = login(SEE, SEND).post(f"/invoices/{invoice.id}/send", follow_redirects=True)
    assert "no es definitivo" in text(page)


def test_without_an_address_one_is_told_so(login: Login, make_customer: Callable[..., Customer]) -> None:
    made = issue(make_customer(emails=()), "100")
    db.session.commit()
    page = login(SEE, SEND).post(f"/invoices/{made.id}/send", follow_redirects=True)
    assert "primero debe cargar una dirección de correo" in text(page)


def test_annulling_asks_why_and_keeps_what_was_typed(login: Login, invoice: Invoice) -> None:
    browser = login(SEE, CANCEL)
    refused = browser.post(f"/invoices/{invoice.id}/cancel", data={"reason": " "})
    assert refused.status_code == 422 and "debe indicar el motivo" in text(refused)
    page = browser.post(f"/invoices/{invoice.id}/cancel", data={"reason": "Duplicada"}, follow_redirects=True)
    assert "Anulado el 03/11/2026: Duplicada" in text(page)
    db.session.refresh(invoice)
    assert invoice.state == "cancelled"


def test_an_opening_balance_has_no_pdf_and_no_notes(login: Login, customer: Customer) -> None:
    opening.record_opening_balances([(customer.id, Decimal("500"), "a")], DAY)
    db.session.commit()
    made = db.session.scalars(sa.select(Invoice)).one()
    page = login(SEE, ISSUE, CREDIT, SEND, CANCEL).get(f"/invoices/{made.id}")
    assert "Saldo inicial" in text(page) and "PDF" not in text(page) and "Nota de crédito" not in text(page)


# --- a new invoice --------------------------------------------------------------------------------------------

LINES = {"lines-0-description": "Instalación", "lines-0-quantity": "1", "lines-0-price": "25.000,00",
         "lines-0-taxes": '[{"code":"VAT","rate":"21"}]', "lines-1-description": "Cable por metro",
         "lines-1-quantity": "32,5", "lines-1-price": "180,25", "lines-1-taxes": '[{"code":"VAT","rate":"10.5"}]',
         "includes_tax": "1", "issue_date": "2026-11-03", "due_date": "2026-11-13", "currency": "ARS"}


def test_whom_to_bill_is_found_by_any_word(login: Login, make_customer: Callable[..., Customer]) -> None:
    ana, _other = make_customer("Ana Ibáñez"), make_customer("Beto Ibáñez")
    issue(ana, "100")
    db.session.commit()
    browser = login(ISSUE)
    both = text(browser.get("/invoices/new?q=ibañez"))
    assert "Ana Ibáñez" in both and "Beto Ibáñez" in both and "$100,00" in both
    assert browser.get("/invoices/new?q=ana ibañez").location == f"/invoices/new?customer={ana.id}"
    assert "Nadie" in text(browser.get("/invoices/new?q=zzz"))


def test_the_totals_are_shown_before_anything_is_issued(login: Login, customer: Customer) -> None:
    pay(customer, "1000")
    db.session.commit()
    data = {"customer": customer.id, **LINES}
    shown = text(login(ISSUE).post("/invoices/new", data={**data, "step": "look"}))
    for wanted in ("$30.858,12", "$20.661,16", "quedan $29.858,12 por pagar"):
        assert wanted in shown
    part = login(ISSUE).post("/invoices/new", data=data, headers={"X-Part": "live"})
    assert part.status_code == 200 and "<html" not in part.get_data(as_text=True) and "$30.858,12" in text(part)
    assert db.session.scalars(sa.select(Invoice)).all() == []


def test_an_invoice_is_issued_once_however_often_it_is_sent(login: Login, customer: Customer) -> None:
    db.session.commit()
    browser = login(SEE, ISSUE)
    data = {"customer": customer.id, **LINES, "step": "issue", "form_key": "k1"}
    first, second = (browser.post("/invoices/new", data=data) for _time in range(2))
    assert first.status_code == 302 and first.location == second.location
    made = db.session.scalars(sa.select(Invoice)).one()
    assert (made.total, made.due_date, made.origin) == (Decimal("30858.12"), dt.date(2026, 11, 13), "manual")
    assert findings() == {}


@pytest.mark.parametrize(("change", "said"), [
    ({"lines-0-description": ""}, "debe describirlo"), ({"lines-0-price": ""}, "debe escribir su precio"),
    ({"lines-0-price": "mucho"}, "Esto no es un importe"), ({"lines-1-quantity": "0"}, "mayor que cero"),
    ({"due_date": "2026-11-01"}, "no puede ser anterior al 03/11/2026"), ({"currency": "USD"}, "tipo de cambio"),
    ({"issue_date": "2026-09-30", "due_date": ""}, "cerrado hasta el 30/09/2026")])
def test_what_is_wrong_is_said_beside_it_and_what_was_typed_stays(login: Login, customer: Customer,
                                                                 change: dict[str, str], said: str) -> None:
    services.lock_period(dt.date(2026, 9, 30))
    db.session.commit()
    data = {"customer": customer.id, **LINES, **change, "step": "issue"}
    page = login(ISSUE).post("/invoices/new", data=data)
    assert page.status_code == 422 and said in text(page)
    kept = fields(page)
    for name, typed in data.items():
        if name.endswith(("description", "price", "quantity", "date")):
            assert kept[name] == typed
    assert db.session.scalars(sa.select(Invoice)).all() == []


def test_more_lines_come_and_nothing_typed_is_lost(login: Login, customer: Customer) -> None:
    db.session.commit()
    page = login(ISSUE).post("/invoices/new", data={"customer": customer.id, **LINES, "step": "more"})
    kept = fields(page)
    assert page.status_code == 200 and kept["lines-0-description"] == "Instalación" and "lines-4-price" in kept


def test_an_invoice_without_lines_is_refused(login: Login, customer: Customer) -> None:
    db.session.commit()
    page = login(ISSUE).post("/invoices/new", data={"customer": customer.id, "issue_date": "2026-11-03",
                                                    "includes_tax": "1", "currency": "ARS", "step": "issue"})
    assert page.status_code == 422 and "al menos un renglón" in text(page)


def test_the_company_s_rate_of_the_day_is_taken_where_none_is_typed(login: Login, customer: Customer) -> None:
    db.session.add_all([ExchangeRate(currency="USD", day=DAY - dt.timedelta(days), rate=Decimal(rate))
                        for days, rate in ((5, "1400"), (1, "1450.507"), (-2, "1500"))])
    db.session.commit()
    browser = login(SEE, ISSUE)
    page = text(browser.get(f"/invoices/new?customer={customer.id}"))
    assert "Si lo deja vacío, la de la empresa: 1.450,507 del 02/11/2026 (USD)." in page
    data = {"customer": customer.id, **LINES, "currency": "USD"}
    shown = text(browser.post("/invoices/new", data={**data, "step": "look"}))
    assert "Con un tipo de cambio de 1.450,507, el de la empresa del 02/11/2026" in shown
    browser.post("/invoices/new", data={**data, "step": "issue"})
    browser.post("/invoices/new", data={**data, "currency": "ARS", "step": "issue", "form_key": "other"})
    assert [(one.currency, one.exchange_rate) for one in db.session.scalars(sa.select(Invoice).order_by(Invoice.id))] \
        == [("USD", Decimal("1450.507")), ("ARS", Decimal(1))]


def test_without_any_rate_one_is_asked_for(login: Login, customer: Customer) -> None:
    db.session.add(ExchangeRate(currency="USD", day=DAY + dt.timedelta(1), rate=Decimal(1500)))  # of tomorrow
    db.session.commit()
    page = login(ISSUE).post("/invoices/new", data={"customer": customer.id, **LINES, "currency": "USD",
                                                    "step": "issue"})
    assert page.status_code == 422 and "tipo de cambio" in text(page)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Invoice)) == 0


def test_an_invoice_in_dollars(login: Login, customer: Customer) -> None:
    db.session.commit()
    login(SEE, ISSUE).post("/invoices/new", data={"customer": customer.id, **LINES, "currency": "USD",
                                                  "exchange_rate": "1450,5", "step": "issue"})
    made = db.session.scalars(sa.select(Invoice)).one()
    assert (made.currency, made.exchange_rate) == ("USD", Decimal("1450.5"))


# --- notes -----------------------------------------------------------------------------------------------------


def test_a_credit_note_takes_two_presses(login: Login, invoice: Invoice) -> None:
    browser = login(SEE, CREDIT)
    url = f"/invoices/{invoice.id}/credit"
    assert "todavía se pueden acreditar $12.100,00" in text(browser.get(url))
    data = {"what": "amount", "amount": "1.210", "reason": "Corte del servicio", "form_key": "n1"}
    shown = text(browser.post(url, data={**data, "step": "look"}))
    assert "$1.000,00" in shown and "$210,00" in shown and "Crédito sobre Factura 00000001: Corte del servicio" in shown
    assert db.session.scalars(sa.select(Invoice).where(Invoice.kind == "credit_note")).all() == []
    for _time in range(2):
        done = browser.post(url, data={**data, "step": "issue"}, follow_redirects=True)
        assert "Nota de crédito 00000001" in text(done)
    note = db.session.scalars(sa.select(Invoice).where(Invoice.kind == "credit_note")).one()
    assert (note.total, note.reason) == (Decimal("1210"), "Corte del servicio")
    assert open_of(invoice) == ["10890.00"]
    assert findings() == {}


@pytest.mark.parametrize(("data", "said"), [
    ({"what": "amount", "amount": "99999", "reason": "x"}, "como máximo $12.100,00"),
    ({"what": "amount", "amount": "", "reason": "x"}, "debe escribirlo"),
    ({"what": "lines", "reason": "x"}, "debe marcar al menos uno"),
    ({"what": "whole", "reason": " "}, "debe indicar el motivo"),
    ({"what": "amount", "amount": "0", "reason": "x"}, "mayor que cero")])
def test_what_cannot_be_credited_is_said_beside_it(login: Login, invoice: Invoice, data: dict[str, str],
                                                   said: str) -> None:
    page = login(SEE, CREDIT).post(f"/invoices/{invoice.id}/credit", data={**data, "step": "issue"})
    assert page.status_code == 422 and said in text(page)
    assert fields(page)["amount"] == data.get("amount", "")


def test_lines_are_credited_once(login: Login, customer: Customer) -> None:
    made = services.issue_invoice(draft(customer, gross("100", text="Cable"), gross("300", text="Router")))
    db.session.commit()
    browser = login(SEE, CREDIT)
    browser.post(f"/invoices/{made.id}/credit", data={"what": "lines", "lines": ["2"], "reason": "x", "step": "issue"})
    page = browser.get(f"/invoices/{made.id}/credit")
    assert "(ya acreditado)" in text(page) and "Todo el comprobante" not in text(page)
    again = browser.post(f"/invoices/{made.id}/credit", data={"what": "lines", "lines": ["2"], "reason": "x",
                                                              "step": "issue"})
    assert again.status_code == 422
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Invoice)) == 2


def test_a_debit_note_by_hand(login: Login, invoice: Invoice) -> None:
    browser, url = login(SEE, ISSUE), f"/invoices/{invoice.id}/debit"
    data = {"lines-0-description": "Interés", "lines-0-quantity": "1", "lines-0-price": "121", "includes_tax": "1",
            "lines-0-taxes": '[{"code":"VAT","rate":"21"}]', "reason": "Pago tarde", "form_key": "d1"}
    assert "$121,00" in text(browser.post(url, data={**data, "step": "look"}))
    assert browser.post(url, data={**data, "reason": "", "step": "issue"}).status_code == 422
    browser.post(url, data={**data, "step": "issue"})
    made = db.session.scalars(sa.select(Invoice).where(Invoice.kind == "debit_note")).one()
    assert (made.original_id, made.reason, made.total) == (invoice.id, "Pago tarde", Decimal("121"))


# --- the frame -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", [
    "B 0003-00000119", "0003-119", "119", "b 3-119", "factura 119", "Factura B 0003-00000119", "FACTURA Nº 119"])
def test_a_document_is_found_by_any_part_of_its_number(login: Login, customer: Customer, typed: str) -> None:
    from modules.accounting import ledger

    ledger.policy().legal_documents = True
    others = [issue(customer, "10") for _number in range(3)]
    made = issue(customer, "12100")
    services.record_legal_results([
        services.LegalResult(made.id, "authorized", "B 0003-00000119"),
        *[services.LegalResult(one.id, "authorized", f"{head}-00001190")
          for one, head in zip(others, ("A 0003", "B 0003", "B 0004"), strict=True)]])
    db.session.commit()
    assert login(SEE).get("/search", query_string={"q": typed}).location == f"/invoices/{made.id}"


def test_a_receipt_is_found_by_its_number(login: Login, customer: Customer) -> None:
    payment = pay(customer, "10")
    db.session.commit()
    browser = login(PAYMENTS, SEE)
    for typed in ("00000001", "recibo 1", "Recibo 00000001", "recibo nro. 1"):
        assert browser.get("/search", query_string={"q": typed}).location == f"/payments/{payment.id}", typed


def test_the_kind_tells_documents_with_the_same_number_apart(login: Login, customer: Customer) -> None:
    from modules.accounting import ledger

    ledger.policy().legal_documents = True
    made = issue(customer, "100")
    services.record_legal_results([services.LegalResult(made.id, "authorized", "B 0003-00000035")])
    note = notes.credit(made, "error")
    services.record_legal_results([services.LegalResult(note.id, "authorized", "B 0003-00000035")])
    db.session.commit()
    browser = login(SEE)
    for typed, wanted in (("factura 35", made), ("nota de credito 35", note),
                          ("Nota de crédito B 0003-00000035", note)):
        assert browser.get("/search", query_string={"q": typed}).location == f"/invoices/{wanted.id}", typed
    page = browser.get("/invoices?q=factura 35").get_data(as_text=True)
    assert f"/invoices/{made.id}" in page and f"/invoices/{note.id}" not in page


def test_the_home_page_says_what_was_billed_collected_and_is_owed(login: Login, customer: Customer,
                                                                   frozen: Callable[..., Any]) -> None:
    issue(customer, "1000", issue_date=dt.date(2026, 10, 3))
    pay(customer, "300", paid_on=dt.date(2026, 10, 3))
    issue(customer, "500")
    pay(customer, "200")
    frozen(2026, 11, 9, 15)
    db.session.commit()
    page = text(login(SEE, PAYMENTS, LOCK).get("/"))
    for wanted in ("Facturado este mes $500,00", "Cobrado este mes $200,00 $300,00 a esta altura del mes pasado",
                   "Por cobrar $1.000,00 por 1 cliente", "falta cerrar el mes"):
        assert wanted in page
    assert "Por cobrar" not in text(login("crm.view_customers").get("/"))


def test_the_customer_s_page_has_account_and_documents(login: Login, customer: Customer) -> None:
    issue(customer, "1000", due_date=DAY - dt.timedelta(10), issue_date=DAY - dt.timedelta(20))
    pay(customer, "300")
    db.session.commit()
    browser = login("crm.view_customers", SEE, PAYMENTS, RECORD, ISSUE, SEND)
    account = text(browser.get(f"/customers/{customer.id}?tab=account"))
    for wanted in ("Debe $700,00 1 comprobante vencido desde el 24/10/2026", "Factura 00000001",
                   "Pago, recibo 00000001", "Comprobantes pendientes", "Cobrar", "Nueva factura"):
        assert wanted in account
    papers = text(browser.get(f"/customers/{customer.id}?tab=documents"))
    assert "Factura 00000001" in papers and "00000001 03/11/2026 Efectivo" in papers


def test_the_account_goes_on_page_by_page(login: Login, customer: Customer) -> None:
    for number in range(60):
        issue(customer, f"{number + 1}")
    db.session.commit()
    browser = login("crm.view_customers", SEE)
    first = browser.get(f"/customers/{customer.id}?tab=account")
    following = re.search(r'rel="next" href="([^"]*)"', first.get_data(as_text=True))
    assert following
    second = text(browser.get(html.unescape(following[1])))
    assert "Factura 00000010" in second and "Factura 00000011" not in second.split("Cuenta corriente")[1]


def test_cash_accounts_are_master_data_with_one_default(login: Login, company: Company) -> None:
    bank = db.session.scalars(sa.select(CashAccount).where(CashAccount.kind == "bank")).one()
    db.session.commit()
    browser = login("accounting.edit_accounts")
    assert "Caja" in text(browser.get("/admin/accounting-cash-account/"))
    data = {"name": "Banco Nación", "kind": "bank", "account": bank.account_id, "currency": "", "is_default": "y",
            "active": "y"}
    done = browser.post(f"/admin/accounting-cash-account/edit/?id={bank.id}", data=data)
    assert done.status_code == 302, text(done)
    defaults = db.session.scalars(sa.select(CashAccount).where(CashAccount.is_default)).all()
    assert [one.name for one in defaults] == ["Banco Nación"]
    for address in ("account", "account-role", "policy"):
        assert browser.get(f"/admin/accounting-{address}/").status_code == 200


def test_payments_are_listed_and_exported_too(login: Login, customer: Customer) -> None:
    pay(customer, "150.50", notes="en mano")
    db.session.commit()
    browser = login(PAYMENTS)
    assert "Efectivo" in text(browser.get("/payments?method=cash"))
    assert "María" not in text(browser.get("/payments?method=card"))
    rows = browser.post("/payments/export", data={"kind": "csv_plain", "columns": "all"}).get_data(as_text=True)
    assert "150.50" in rows and "en mano" in rows and "\n00000001,María" in rows


@pytest.mark.parametrize("kind", ["csv", "csv_plain", "xlsx"])
def test_a_receipt_has_the_number_that_is_printed_in_files_too(login: Login, customer: Customer, kind: str) -> None:
    pay(customer, "150.50")
    pay(customer, "10").number = 123_456_789  # longer numbers keep all of their digits
    db.session.commit()
    answer = login(PAYMENTS).post("/payments/export", data={"kind": kind, "columns": "shown"})
    if kind == "xlsx":
        sheet: Any = load_workbook(io.BytesIO(answer.data)).active
        assert {row[0] for row in sheet.iter_rows(min_row=2, values_only=True)} == {"00000001", "123456789"}
    else:
        lines = answer.get_data(as_text=True).lstrip("\ufeff").splitlines()[1:]
        assert {re.split("[,;]", line)[0] for line in lines} == {"00000001", "123456789"}


def test_who_owes_in_two_currencies_stands_there_once(login: Login, make_customer: Callable[..., Customer]) -> None:
    both, small = make_customer("Doble"), make_customer("Chico")
    issue(both, "500")
    issue(both, "10", currency="USD", exchange_rate=Decimal("1000"))
    issue(small, "100", due_date=DAY - dt.timedelta(45), issue_date=DAY - dt.timedelta(60))
    db.session.commit()
    browser = login(SEE)
    page = browser.get("/debtors")
    assert re.findall(r"\?tab=account\">([^<]*)</a>", page.get_data(as_text=True)) == ["Doble", "Chico"]
    assert "Deuda total $600,00" in text(page) and "19/09/2026" in text(page)
    assert "Doble" not in text(browser.get("/debtors?due=more_than_30_days_ago"))
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Payment)) == 0
