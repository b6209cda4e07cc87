"""Closing a month: what is open is listed with its way there, and every figure leads to what it is made of."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from core.db import db
from core.models import Company
from modules.accounting import books, closing, payments, queries, services
from modules.accounting.drafts import DraftLine, InvoiceDraft
from modules.accounting.ledger import policy
from modules.accounting.models import Payment
from modules.crm import services as crm
from modules.crm.models import Customer
from tests.modules.accounting.books import pay

LEDGER, DOCUMENTS, PAYMENTS = "accounting.view_ledger", "accounting.view_documents", "accounting.view_payments"
ALL = (LEDGER, DOCUMENTS, PAYMENTS, "accounting.lock_periods", "notifications.view_messages", "crm.view_customers")
OCTOBER = (dt.date(2026, 10, 1), dt.date(2026, 10, 31))


@pytest.fixture
def month(company: Company, frozen: Callable[..., Any]) -> dict[str, int]:
    """An invoice of October without PDF, 1,500 paid by someone who owes nothing."""
    frozen(2026, 10, 15, 15)
    policy().legal_documents = False
    debtor, payer = (crm.create_customer(name=name, tax_condition="CF").id for name in ("Gómez, Ana", "Vera, Luis"))
    invoice = services.issue_invoice(InvoiceDraft(debtor, dt.date(2026, 10, 15), (
        DraftLine("Internet", Decimal(1), Decimal("1000"), taxes=({"code": "VAT", "rate": "21"},)),)))
    paid = payments.record_payment(payments.PaymentData(payer, [payments.Medium(Decimal("1500.00"))]))
    db.session.commit()
    frozen(2026, 11, 6, 15)
    return {"invoice": invoice.id, "payment": paid.id}


def points(client: Any, month: str = "2026-10") -> list[str]:
    page = client.get(f"/month-end?month={month}").get_data(as_text=True)
    found = re.findall(r'<li><a href="([^"]+)">', page)
    return [one.replace("&amp;", "&") for one in found]


def test_what_is_not_closed_stands_there_with_a_link_that_shows_it(month: dict[str, int],
                                                                  login: Callable[..., Any]) -> None:
    client = login(*ALL)
    urls = points(client)
    assert len(urls) == 2
    for url, name in zip(urls, ("Vera, Luis", "Gómez, Ana"), strict=True):
        assert name in client.get(url).get_data(as_text=True)


def test_another_month_is_in_order(month: dict[str, int], login: Callable[..., Any]) -> None:
    client = login(*ALL)
    assert points(client, "2026-09") == []
    assert client.get("/month-end?month=zzz").status_code == 200


def test_nobody_is_told_of_lists_that_he_may_not_see(month: dict[str, int], login: Callable[..., Any]) -> None:
    client = login(LEDGER)
    assert points(client) == []
    page = client.get("/month-end?month=2026-10").get_data(as_text=True)
    assert "se puede cerrar el mes" not in page  # what nobody looked at is not in order
    hidden = page.count("no se le muestra")
    assert f"Hay {hidden} controles que usted no puede ver." in page and hidden > 4
    assert "“Ver los pagos que informan las pasarelas”" in page
    assert login(DOCUMENTS).get("/month-end").status_code == 403


def test_what_another_country_asks_is_no_point_here(month: dict[str, int], login: Callable[..., Any]) -> None:
    page = login(admin=True).get("/month-end?month=2026-10").get_data(as_text=True)
    assert "Comprobantes electrónicos" in page and "SUNAT" not in page and "CFDI" not in page


def test_money_in_favour_of_who_owes_is_the_worse(month: dict[str, int], app: Any) -> None:
    policy().apply_credit = False
    customer = crm.create_customer(name="Sosa", tax_condition="CF").id
    data = payments.PaymentData(customer, [payments.Medium(Decimal(10))], paid_on=dt.date(2026, 10, 20))
    payments.record_payment(data)
    services.issue_invoice(InvoiceDraft(customer, dt.date(2026, 11, 1), (DraftLine("x", Decimal(1), Decimal(5)),)))
    with app.test_request_context():
        assert [one.tone for one in closing.Payments().open_points(*OCTOBER)] == ["bad", "warn"]


def test_every_figure_opens_to_its_entries_and_they_to_the_document(month: dict[str, int],
                                                                    login: Callable[..., Any]) -> None:
    client = login(*ALL)
    page = client.get("/ledger?month=2026-10").get_data(as_text=True)
    urls = re.findall(r'href="(/ledger/entries\?account=[^"]+)"', page)
    listed = client.get(urls[0].replace("&amp;", "&")).get_data(as_text=True)
    entry = re.search(r'href="(/ledger/entries/\d+)"', listed)
    assert entry
    text = client.get(entry[1]).get_data(as_text=True)
    assert re.search(r'href="/(invoices|payments)/\d+"', text)
    for path in (f"/invoices/{month['invoice']}", f"/payments/{month['payment']}"):
        assert "/ledger/entries/" in client.get(path).get_data(as_text=True)


def test_the_ledger_adds_up_to_nothing_and_carries_over(month: dict[str, int]) -> None:
    october = books.moved(*OCTOBER, "ARS")
    assert sum(one.after for one in october) == 0 and sum(one.debit for one in october) == Decimal("2710.00")
    november = books.moved(dt.date(2026, 11, 1), dt.date(2026, 11, 30), "ARS")
    assert [(one.account.id, one.before) for one in november] == [(one.account.id, one.after) for one in october]
    assert all(one.debit == one.credit == 0 for one in november)


def test_a_closed_month_says_who_closed_it_and_opening_leaves_a_trace(month: dict[str, int],
                                                                      login: Callable[..., Any]) -> None:
    client = login(*ALL, "accounting.record_payments")
    client.post("/locked-periods", data={"until": "2026-10-31", "reason": "IVA presentado"})
    page = client.get("/month-end?month=2026-10").get_data(as_text=True)
    assert "IVA presentado" in page and "Ana" in page
    refused = client.post("/payments/new", data={
        "customer": 1, "media-0-amount": "5", "media-0-method": "cash", "paid_on": "2026-10-20"})
    assert refused.status_code in (404, 422)
    client.post("/locked-periods", data={"until": "", "reason": "faltaba una factura"})
    assert "faltaba una factura" in client.get("/locked-periods").get_data(as_text=True)


@pytest.mark.parametrize(("present", "last", "said"), [
    ((1, 2, 3), 3, ""), ((1, 3), 3, "2"), ((2, 3), 3, "1"), ((1, 2), 4, "3–4"), ((), 2, "1–2"),
    ((3, 7), 9, "1–2, 4–6, 8–9"),
    ((2, 4, 6, 8, 10, 12), 12, "1, 3, 5, 7, 9, …")])
def test_missing_numbers_are_named(present: tuple[int, ...], last: int, said: str, customer: Customer) -> None:
    for number in present:
        pay(customer, "1").number = 1000 + number
    db.session.flush()
    assert queries.gaps(Payment.number - 1000, 1, last, Payment.customer_id == customer.id) == said
