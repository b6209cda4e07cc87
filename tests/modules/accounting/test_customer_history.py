"""A customer's history: why things are as they are, one line per event, and who changed what."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from core import audit
from core.db import db
from core.models import Company
from modules.accounting import payments, services
from modules.accounting.drafts import DraftLine, InvoiceDraft
from modules.accounting.ledger import policy
from modules.crm import services as crm
from modules.crm.models import Customer

SEE = ("crm.view_customers", "accounting.view_documents", "accounting.view_payments", "notifications.view_messages",
       "contracts.view_contracts")


@pytest.fixture
def ana(company: Company, frozen: Callable[..., Any], run_jobs: Callable[[], int]) -> int:
    """An invoice that nobody paid, one that was paid, a payment for the wrong person, a corrected name."""
    policy().legal_documents = False
    frozen(2026, 9, 1, 15)
    customer = crm.create_customer(name="Gomez, Ana", tax_condition="CF", emails="ana@example.com")
    for price in (1000, 500):
        services.issue_invoice(InvoiceDraft(customer.id, dt.date(2026, 9, 1), (
            DraftLine("Internet", Decimal(1), Decimal(price)),), due_date=dt.date(2026, 9, 10)))
    frozen(2026, 9, 5, 15)
    payments.record_payment(payments.PaymentData(customer.id, [payments.Medium(Decimal("1000.00"))]))
    wrong = payments.record_payment(payments.PaymentData(customer.id, [payments.Medium(Decimal("300.00"))]))
    frozen(2026, 9, 6, 15)
    payments.reverse_payment(wrong, "era de otra persona")
    crm.update_customer(customer, name="Gómez, Ana")
    db.session.commit()
    run_jobs()
    frozen(2026, 9, 20, 15)
    return customer.id


def lines(client: Any, customer_id: int) -> list[str]:
    page = client.get(f"/customers/{customer_id}?tab=history").get_data(as_text=True)
    part = page[page.index('class="timeline"'):]
    return [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", one)).strip() for one in part.split("<li>")[1:]]


def test_it_says_in_words_what_was_issued_told_paid_and_is_due(ana: int, login: Callable[..., Any]) -> None:
    found = lines(login(*SEE), ana)
    for words in ("500", "1.000", "era de otra persona", "Gomez, Ana → Gómez, Ana", "ana@example.com"):
        assert any(words in one for one in found), (words, found)
    # the newest stand first: not paid is the day after which it was due
    assert "10/09/2026" in found[0] and "06/09/2026" in found[1]


def test_who_may_not_see_money_reads_no_money(ana: int, login: Callable[..., Any]) -> None:
    found = lines(login("crm.view_customers"), ana)
    assert found and not any("1.000" in one or "era de otra" in one for one in found)


def test_the_page_begins_with_debt_last_payment_and_last_notice(ana: int, login: Callable[..., Any]) -> None:
    page = login(*SEE).get(f"/customers/{ana}").get_data(as_text=True)
    head = page[page.index('class="summary"'):page.index('class="tabs"')]
    assert "500,00" in head and "1.000,00" in head and "05/09/2026" in head and "/notices/" in head
    poor = login("crm.view_customers", "accounting.view_documents").get(f"/customers/{ana}").get_data(as_text=True)
    head = poor[poor.index('class="summary"'):poor.index('class="tabs"')]
    assert "500,00" in head and "1.000,00" not in head and "/notices/" not in head


def test_who_changed_an_address_or_a_contact_is_told(ana: int, login: Callable[..., Any]) -> None:
    browser = login("crm.view_customers", "crm.edit_customers")
    for street in ("Sobremonte", "Belgrano"):
        browser.post(f"/customers/{ana}/addresses/new?kind=fiscal", data={"street": street, "city": "Río Cuarto"})
    browser.post(f"/customers/{ana}/contacts/new", data={"name": "Rosa", "role": "vecina"})
    customer = db.session.get_one(Customer, ana)
    audit.record("crm.remove_address", customer.addresses[0])  # as it was recorded once
    db.session.commit()
    old, contact, moved, first = lines(browser, ana)[:4]
    assert "Domicilio quitado" in old
    assert "Contacto agregado" in contact and "Contacto: nada → Rosa · vecina" in contact
    assert "Domicilio agregado" in moved
    assert "Dirección para los documentos: Sobremonte, Río Cuarto → Belgrano, Río Cuarto" in moved
    assert "nada → Sobremonte" in first and "· Ana" in first


def test_a_payment_that_was_recorded_later_says_when_it_was_paid(ana: int, login: Callable[..., Any]) -> None:
    payments.record_payment(payments.PaymentData(ana, [payments.Medium(Decimal("500.00"))],
                                                 paid_on=dt.date(2026, 9, 18)))
    db.session.commit()
    paid = [one for one in lines(login(*SEE), ana) if "Pagó" in one or "Cobrado" in one or "recibo" in one.lower()]
    assert "20/09/2026" in paid[0] and "pagado el 18/09/2026" in paid[0]
    assert all("pagado el" not in one for one in paid[1:])
