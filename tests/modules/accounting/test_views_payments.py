"""The screens of payments, the statement and closed periods."""

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
from pypdf import PdfReader

from core import jobs, storage
from core.db import db
from core.models import Company
from modules.accounting import ledger, queries, services
from modules.accounting.models import CashAccount, Invoice, Payment
from modules.accounting.payments import reverse_payment
from modules.crm.models import Customer
from modules.crm.services import deactivate_customer
from modules.notifications.models import Message
from tests.modules.accounting.books import DAY, findings, issue, open_of, pay
from tests.modules.accounting.test_views_documents import LOCK, PAYMENTS, RECORD, REVERSE, SEE, SEND, fields, text

pytestmark = pytest.mark.usefixtures("own_numbers")
Login = Callable[..., FlaskClient]


@pytest.fixture
def form(customer: Customer, company: Company) -> dict[str, Any]:
    """What the form sends for a payment of 1,000 in cash."""
    box = db.session.scalars(sa.select(CashAccount).where(CashAccount.is_default)).one()
    db.session.commit()
    return {"customer": customer.id, "media-0-amount": "1.000,00", "media-0-method": "cash",
            "media-0-cash_account_id": box.id, "paid_on": "2026-11-03", "currency": "ARS", "form_key": "p1",
            "step": "record"}


def recorded() -> list[Payment]:
    return list(db.session.scalars(sa.select(Payment).order_by(Payment.id)))


def test_who_pays_is_found_first(login: Login, customer: Customer) -> None:
    issue(customer, "500")
    db.session.commit()
    browser = login(RECORD)
    assert browser.get("/payments/new?q=ñandú").location == f"/payments/new?customer={customer.id}"
    page = text(browser.get(f"/payments/new?customer={customer.id}"))
    assert "debe $500,00" in page and "pagar todo" in page and "Factura 00000001" in page


def test_a_former_customer_is_found_where_one_asks_for_him(login: Login, customer: Customer) -> None:
    deactivate_customer(customer)
    db.session.commit()
    browser = login(RECORD)
    page = browser.get("/payments/new?q=ñandú")
    assert "Nadie coincide" in text(page) and "Buscar también entre los clientes anteriores" in text(page)
    (url,) = re.findall(r'href="([^"]*former=1[^"]*)"', page.get_data(as_text=True))
    assert browser.get(html.unescape(url)).location == f"/payments/new?customer={customer.id}"


def test_all_of_it_is_filled_in_by_a_link(login: Login, customer: Customer) -> None:
    issue(customer, "1234.50")
    db.session.commit()
    page = login(RECORD).get(f"/payments/new?customer={customer.id}&amount=1234.50")
    assert fields(page)["media-0-amount"] == "1234,50"


def collect(browser: FlaskClient, invoice: Invoice) -> Any:
    """The page that the button on the document opens."""
    page = browser.get(f"/invoices/{invoice.id}").get_data(as_text=True)
    return browser.get(html.unescape(re.findall(r'href="(/payments/new\?[^"]*pays=[^"]*)"', page)[0]))


def sent(browser: FlaskClient, page: Any, **change: str) -> Any:
    """Send the form of the page as it stands."""
    typed = {name: value for name, value in fields(page).items() if name not in ("only_these", "again")}  # not ticked
    for name, options in re.findall(r'<select[^>]* name="([^"]*)"[^>]*>(.*?)</select>', page.text, re.S):
        offered = re.findall(r'<option (selected )?value="([^"]*)"', options)
        typed[name] = next((value for selected, value in offered if selected), offered[0][1])
    return browser.post(page.request.full_path, data={**typed, "step": "record", **change})


@pytest.mark.parametrize(("change", "left"), [
    ({}, ["500.00", "0.00"]), ({"media-0-amount": "300"}, ["500.00", "600.00"]),
    ({"media-0-amount": "1000"}, ["400.00", "0.00"])])
def test_collecting_on_a_document_pays_that_document_first(login: Login, customer: Customer, change: dict[str, str],
                                                           left: list[str]) -> None:
    old, new = issue(customer, "500", due_date=DAY), issue(customer, "900", due_date=DAY + dt.timedelta(30))
    db.session.commit()
    browser = login(SEE, PAYMENTS, RECORD)
    page = collect(browser, new)
    assert fields(page)["media-0-amount"] == fields(page)[f"pay-{new.id}"] == "900,00"
    assert "<details open>" in page.get_data(as_text=True) and "$900,00 a Factura 00000002" in text(page)
    assert sent(browser, page, **change).status_code == 302
    assert open_of(old, new) == left
    assert findings() == {}


def test_nothing_is_collected_on_what_is_paid(login: Login, customer: Customer) -> None:
    invoice = issue(customer, "500")
    pay(customer, "500")
    db.session.commit()
    page = login(RECORD).get(f"/payments/new?customer={customer.id}&pays={invoice.id}")
    assert page.status_code == 409 and "no tiene deuda" in text(page)


def test_a_document_in_dollars_is_not_collected_in_pesos(login: Login, customer: Customer) -> None:
    invoice = issue(customer, "121", currency="USD", exchange_rate=Decimal("1450.5"))
    db.session.commit()
    browser = login("crm.view_customers", SEE, PAYMENTS, RECORD)
    page = collect(browser, invoice)
    assert page.status_code == 409 and "una caja o un banco en USD" in text(page) and "Cajas y bancos" in text(page)
    assert f"pay-{invoice.id}" not in fields(browser.get(f"/payments/new?customer={customer.id}"))  # nor by hand
    tab = browser.get(f"/customers/{customer.id}?tab=account&currency=USD").get_data(as_text=True)
    assert f"/payments/new?customer={customer.id}&amp;currency=USD" in tab


def test_a_document_in_dollars_is_collected_in_dollars(login: Login, customer: Customer) -> None:
    account = db.session.scalars(sa.select(CashAccount.account_id)).first()
    box = CashAccount(name="Caja USD", kind="cash", account_id=account, currency="USD")
    db.session.add(box)
    pesos = issue(customer, "100")
    invoice = issue(customer, "121", currency="USD", exchange_rate=Decimal("1450.5"))
    db.session.commit()
    browser = login(SEE, PAYMENTS, RECORD)
    assert "pagar todos los US$121,00" in text(browser.get(f"/payments/new?customer={customer.id}"))
    assert sent(browser, collect(browser, invoice)).status_code == 302
    (payment,) = recorded()
    assert (payment.currency, payment.amount, payment.media[0].cash_account_id) == ("USD", Decimal("121"), box.id)
    assert open_of(invoice, pesos) == ["0.00", "100.00"]
    assert findings() == {}


def test_a_payment_is_recorded_once_however_often_it_is_sent(login: Login, customer: Customer,
                                                             form: dict[str, Any]) -> None:
    invoice = issue(customer, "700")
    db.session.commit()
    browser = login(PAYMENTS, RECORD)
    first, second = (browser.post("/payments/new", data=form) for _time in range(2))
    assert first.status_code == 302 and first.location == second.location
    (payment,) = recorded()
    assert (payment.amount, open_of(invoice, payment)) == (Decimal("1000"), ["0.00", "300.00"])
    page = text(browser.get(first.location))
    assert "Pago de $1.000,00" in page and "$300,00 a favor" in page and "Factura 00000001" in page
    assert findings() == {}


def test_several_ways_over_chosen_documents(login: Login, customer: Customer, form: dict[str, Any]) -> None:
    bank = db.session.scalars(sa.select(CashAccount).where(CashAccount.kind == "bank")).one()
    old, new = issue(customer, "500", due_date=DAY), issue(customer, "900", due_date=DAY + dt.timedelta(30))
    db.session.commit()
    more = {"media-1-amount": "250,50", "media-1-method": "transfer", "media-1-cash_account_id": bank.id,
            "media-1-reference": "TRF 9", f"pay-{new.id}": "900", "only_these": "y"}
    login(PAYMENTS, RECORD).post("/payments/new", data={**form, **more})
    (payment,) = recorded()
    assert [(one.method, one.amount, one.reference) for one in payment.media] == [
        ("cash", Decimal("1000"), ""), ("transfer", Decimal("250.50"), "TRF 9")]
    assert open_of(old, new, payment) == ["500.00", "0.00", "350.50"]


def test_what_it_would_pay_is_said_while_one_types(login: Login, customer: Customer, form: dict[str, Any]) -> None:
    issue(customer, "700")
    db.session.commit()
    part = login(RECORD).post("/payments/new", data=form, headers={"X-Part": "live"})
    assert "$700,00 a Factura 00000001 · $300,00 a favor" in text(part) and "<html" not in part.get_data(as_text=True)
    assert recorded() == []


def test_a_tax_withheld_goes_into_no_cash_box(login: Login, form: dict[str, Any]) -> None:
    login(PAYMENTS, RECORD).post("/payments/new", data={**form, "media-0-method": "withholding"})
    assert recorded()[0].media[0].cash_account_id is None
    assert findings() == {}


@pytest.mark.parametrize(("change", "said"), [
    ({"media-0-amount": "mil"}, "Esto no es un importe"), ({"media-0-amount": ""}, "debe indicar cuánto se pagó"),
    ({"media-0-amount": "-5"}, "mayor que cero"), ({"media-0-amount": "0"}, "mayor que cero"),
    ({"paid_on": "2026-11-04"}, "no puede ser futura"), ({"paid_on": "2026-09-01"}, "cerrado hasta el 30/09/2026"),
    ({"paid_on": ""}, "paid_on"), ({"pay-1": "x"}, "debe escribir el importe como 1234,50"),
    ({"pay-999": "10"}, "no existe"), ({"media-0-amount": "10.0001"}, "decimales")])
def test_what_is_wrong_is_said_and_what_was_typed_stays(login: Login, form: dict[str, Any], change: dict[str, str],
                                                        said: str) -> None:
    services.lock_period(dt.date(2026, 9, 30))
    db.session.commit()
    page = login(RECORD).post("/payments/new", data={**form, "notes": "trajo el hijo", **change})
    assert page.status_code == 422
    assert said in (page.get_data(as_text=True) if said == "paid_on" else text(page))
    kept = fields(page)
    assert kept["media-0-amount"] == change.get("media-0-amount", "1.000,00")
    assert kept["paid_on"] == change.get("paid_on", "2026-11-03") and "trajo el hijo" in text(page)
    assert recorded() == []


def test_the_same_amount_on_the_same_day_is_asked_about_once(login: Login, form: dict[str, Any]) -> None:
    browser = login(PAYMENTS, RECORD)
    browser.post("/payments/new", data=form)
    asked = browser.post("/payments/new", data={**form, "form_key": "p2"})
    assert asked.status_code == 422 and "El recibo 00000001 del mismo día también es por $1.000,00" in text(asked)
    assert len(recorded()) == 1
    browser.post("/payments/new", data={**form, "form_key": "p2", "again": "y"})
    assert len(recorded()) == 2


@pytest.mark.parametrize(("change", "asked"), [
    ({"paid_on": "2026-09-03"}, "El 03/09/2026 fue hace más de 60 días"),
    ({"paid_on": "2026-11-01"}, "se emitió el 02/11/2026, después del día del pago, 01/11/2026"),
    ({"media-0-amount": "99.999.999.999,00"}, "el comprobante más grande de este cliente es de $700,00")])
def test_a_day_and_an_amount_out_of_the_usual_are_asked_about_once(
        login: Login, form: dict[str, Any], customer: Customer, change: dict[str, str], asked: str) -> None:
    issue(customer, "700", issue_date=dt.date(2026, 11, 2))
    db.session.commit()
    browser = login(PAYMENTS, RECORD)
    answer = browser.post("/payments/new", data={**form, **change})
    assert answer.status_code == 422 and asked in text(answer) and recorded() == []
    assert browser.post("/payments/new", data={**form, **change, "again": "y"}).status_code == 302
    assert len(recorded()) == 1


@pytest.mark.parametrize("change", [{"paid_on": "2026-11-02"}, {"media-0-amount": "7.700,00"}])
def test_the_day_of_issue_and_ten_months_in_advance_are_usual(
        login: Login, form: dict[str, Any], customer: Customer, change: dict[str, str]) -> None:
    issue(customer, "700", issue_date=dt.date(2026, 11, 2))
    db.session.commit()
    assert login(PAYMENTS, RECORD).post("/payments/new", data={**form, **change}).status_code == 302


def test_whose_payment_it_is_can_be_a_new_customer_s(login: Login, customer: Customer) -> None:
    db.session.commit()
    assert "/customers/new" not in login(RECORD).get("/payments/new").get_data(as_text=True)
    page = login(RECORD, "crm.edit_customers").get("/payments/new")
    assert 'href="/customers/new"' in page.get_data(as_text=True) and "¿De quién?" in text(page)


def test_whose_payment_it_is_is_suggested_while_one_types(login: Login, make_customer: Callable[..., Customer]) -> None:
    ana, former = make_customer("Ana Ibáñez"), make_customer("Beto Ibáñez")
    deactivate_customer(former)
    db.session.commit()
    browser = login(RECORD)
    assert 'data-suggest="/payments/new"' in browser.get("/payments/new").get_data(as_text=True)
    json = {"Accept": "application/json"}
    answer = browser.get("/payments/new?q=ibañez", headers=json)
    assert answer.get_json() == [{"id": ana.id, "label": str(ana)}] and "no-store" in answer.headers["Cache-Control"]
    found = browser.get("/payments/new?former=1&q=ibañez", headers=json).get_json()
    assert {one["id"] for one in found} == {ana.id, former.id}


def test_without_any_customer_one_begins_with_the_first(login: Login, company: Company) -> None:
    page = login(RECORD, "crm.edit_customers").get("/payments/new")
    assert "Todavía no hay clientes" in text(page) and 'href="/customers/new"' in page.get_data(as_text=True)
    assert "¿De quién?" not in text(page)


def test_another_way_of_paying_is_offered_and_nothing_is_lost(login: Login, form: dict[str, Any]) -> None:
    kept = fields(login(RECORD).post("/payments/new", data={**form, "step": "more"}))
    assert kept["media-0-amount"] == "1.000,00" and "media-1-amount" in kept


# --- one payment -------------------------------------------------------------------------------------------


def test_the_receipt_is_a_pdf_of_three_sizes(login: Login, customer: Customer) -> None:
    payment = pay(customer, "100")
    db.session.commit()
    browser = login(PAYMENTS)
    for size, width in (("a4", 210), ("80mm", 80), ("58mm", 58)):
        answer = browser.get(f"/payments/{payment.id}/receipt?size={size}")
        page = PdfReader(io.BytesIO(answer.data)).pages[0]
        assert answer.mimetype == "application/pdf" and round(float(page.mediabox.width) / 72 * 25.4) == width
    assert browser.get(f"/payments/{payment.id}/receipt?size=a0").status_code == 404


def test_a_receipt_is_sent_again(login: Login, customer: Customer) -> None:
    payment = pay(customer, "100")
    db.session.commit()
    jobs.run_jobs()
    page = login(PAYMENTS, SEND).post(f"/payments/{payment.id}/send", follow_redirects=True)
    assert "Se está enviando a" in text(page)
    assert db.session.scalars(sa.select(Message.state)).all() == ["queued"]


def test_taking_back_asks_why_and_opens_what_was_paid(login: Login, customer: Customer) -> None:
    invoice, payment = issue(customer, "100"), None
    payment = pay(customer, "100")
    db.session.commit()
    browser = login(PAYMENTS, REVERSE)
    refused = browser.post(f"/payments/{payment.id}/reverse", data={"reason": ""})
    assert refused.status_code == 422 and "debe indicar el motivo" in text(refused)
    page = browser.post(f"/payments/{payment.id}/reverse", data={"reason": "Cheque rechazado"}, follow_redirects=True)
    assert "Anulado el 03/11/2026: Cheque rechazado" in text(page)
    assert open_of(invoice) == ["100.00"]
    again = browser.post(f"/payments/{payment.id}/reverse", data={"reason": "x"})
    assert again.status_code == 422 and "ya está anulado" in text(again)


def test_a_payment_is_moved_from_one_document_to_another(login: Login, customer: Customer) -> None:
    wrong, right = issue(customer, "100"), issue(customer, "100")
    payment = pay(customer, "100")
    db.session.commit()
    browser = login(PAYMENTS, RECORD)
    page = browser.post(f"/payments/{payment.id}/take-off/{wrong.id}", follow_redirects=True)
    assert "Se quitaron $100,00 de Factura 00000001" in text(page) and "Qué podría pagar" in text(page)
    page = browser.post(f"/payments/{payment.id}/apply/{right.id}", follow_redirects=True)
    assert "$100,00 de este pago se aplicaron a Factura 00000002" in text(page)
    assert open_of(wrong, right, payment) == ["100.00", "0.00", "0.00"]
    refused = browser.post(f"/payments/{payment.id}/apply/{wrong.id}")
    assert refused.status_code in {302, 409}
    assert open_of(wrong) == ["100.00"]
    assert findings() == {}


def test_credit_is_used_by_a_button(login: Login, customer: Customer) -> None:
    ledger.policy().apply_credit = False
    payment, invoice = pay(customer, "100"), issue(customer, "300")
    db.session.commit()
    browser = login("crm.view_customers", SEE, RECORD)
    assert "Usar el saldo a favor" in text(browser.get(f"/customers/{customer.id}?tab=account"))
    page = browser.post(f"/customers/{customer.id}/use-credit", data={"currency": "ARS"}, follow_redirects=True)
    assert "Se usaron $100,00 del saldo a favor" in text(page)
    assert open_of(payment, invoice) == ["0.00", "200.00"]


# --- statement ------------------------------------------------------------------------------------------------


def statement(browser: FlaskClient, customer: Customer, query: str = "") -> str:
    answer = browser.get(f"/customers/{customer.id}/statement{query}")
    assert answer.mimetype == "application/pdf"
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.data)).pages).split())


def test_the_statement_begins_with_what_was_before(login: Login, customer: Customer) -> None:
    issue(customer, "1000", issue_date=dt.date(2026, 9, 1))
    pay(customer, "300", paid_on=dt.date(2026, 10, 2))
    reverse_payment(pay(customer, "50"), "Error")
    db.session.commit()
    said = statement(login(SEE), customer, "?since=2026-10-01&until=2026-10-31")
    for wanted in ("Estado de cuenta", "01/10/2026 al 31/10/2026", "Saldo anterior $1.000,00",
                   "Pago, recibo 00000001 $300,00 $700,00", "Saldo a pagar $700,00"):
        assert wanted in said, said
    assert "Factura" not in said
    assert "Pago anulado, recibo 00000002" in statement(login(SEE), customer)


def test_a_long_statement_has_pages(login: Login, customer: Customer) -> None:
    for number in range(120):
        issue(customer, f"{number + 1}")
    db.session.commit()
    said = statement(login(SEE), customer)
    assert "Factura 00000120" in said and "Página 3 de" in said


def test_days_the_wrong_way_round_are_refused(login: Login, customer: Customer) -> None:
    db.session.commit()
    answer = login(SEE).get(f"/customers/{customer.id}/statement?since=2026-11-02&until=2026-11-01")
    assert answer.status_code in {302, 409}


def test_the_statement_goes_by_mail_once_per_form(login: Login, customer: Customer) -> None:
    issue(customer, "1000")
    db.session.commit()
    jobs.run_jobs()
    browser = login("crm.view_customers", SEE, SEND)
    for said in ("Se está enviando el estado de cuenta", "ya estaba en camino"):
        page = browser.post(f"/customers/{customer.id}/statement/send", data={"form_key": "s1"}, follow_redirects=True)
        assert said in text(page)
    (message,) = db.session.scalars(sa.select(Message).where(Message.kind == "accounting.statement")).all()
    assert "Su saldo por pagar es de $1.000,00" in message.body and len(message.attachments) == 1


def test_the_statement_goes_by_mail_for_the_days_above_the_button(login: Login, customer: Customer) -> None:
    issue(customer, "1000", issue_date=dt.date(2025, 1, 7), due_date=dt.date(2025, 1, 17))
    issue(customer, "2000", issue_date=dt.date(2026, 10, 20))
    db.session.commit()
    jobs.run_jobs()
    browser = login("crm.view_customers", SEE, SEND)
    tab = browser.get(f"/customers/{customer.id}?tab=account")
    assert (fields(tab)["since"], fields(tab)["until"]) == ("2026-08-05", "2026-11-03")
    days = {"currency": "ARS", "since": "2025-01-01", "until": "2025-01-31", "form_key": "s2"}
    opened = browser.post(f"/customers/{customer.id}/statement", data=days)
    assert "01/01/2025 al 31/01/2025" in statement(browser, customer, opened.location.partition("statement")[2])
    browser.post(f"/customers/{customer.id}/statement/send", data=days)
    (message,) = db.session.scalars(sa.select(Message).where(Message.kind == "accounting.statement")).all()
    sheet = PdfReader(io.BytesIO(storage.read(message.attachments[0]))).pages[0].extract_text()
    assert "01/01/2025 al 31/01/2025" in " ".join(sheet.split())
    # one goes back to the form and asks for other days
    browser.post(f"/customers/{customer.id}/statement/send", data={**days, "until": "2025-02-28"})
    assert db.session.scalar(sa.select(sa.func.count()).where(Message.kind == "accounting.statement")) == 2


@pytest.mark.parametrize("end", ["statement", "statement/send"])
def test_days_that_were_typed_the_wrong_way_round_stay(login: Login, customer: Customer, end: str) -> None:
    db.session.commit()
    page = login("crm.view_customers", SEE, SEND).post(
        f"/customers/{customer.id}/{end}", data={"currency": "ARS", "since": "2026-11-02", "until": "2026-11-01"},
        follow_redirects=True)
    assert "el primer día no puede ser posterior al último" in text(page)
    assert (fields(page)["since"], fields(page)["until"]) == ("2026-11-02", "2026-11-01")
    assert '<details class="menu push" open>' in page.get_data(as_text=True)


# --- periods --------------------------------------------------------------------------------------------------


def test_a_month_is_closed_and_opened_with_a_trace(login: Login, customer: Customer) -> None:
    db.session.commit()
    browser = login(LOCK)
    page = browser.get("/locked-periods")
    assert "Todos los períodos están abiertos" in text(page) and fields(page)["until"] == "2026-10-31"
    done = browser.post("/locked-periods", data={"until": "2026-10-31", "reason": "Al contador"}, follow_redirects=True)
    assert "No se puede registrar nada con fecha 31/10/2026 o anterior. Lo cerró Ana" in text(done)
    refused = browser.post("/locked-periods", data={"until": "", "reason": ""})
    assert refused.status_code == 422 and "debe indicar el motivo" in text(refused)
    browser.post("/locked-periods", data={"until": "", "reason": "Faltaba una"})
    said = text(browser.get("/locked-periods"))
    assert "Abierto : 31/10/2026 → nada cerrado · Ana · Faltaba una" in said.replace("Abierto:", "Abierto :")
    assert ledger.policy().locked_until is None


def test_a_day_to_come_is_not_closed(login: Login, company: Company) -> None:
    page = login(LOCK).post("/locked-periods", data={"until": "2026-11-03"})
    assert page.status_code == 422 and "debe haber pasado" in text(page)
    assert queries.owed_in_all()[0] == 0
