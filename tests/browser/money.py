"""What the stories of documents and money share: people, invoices and payments of a small provider."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from core import clock
from modules.accounting import ledger, payments, services
from modules.accounting.drafts import DraftLine, InvoiceDraft
from modules.accounting.models import Invoice, Payment
from modules.accounting.payments import Medium, PaymentData
from modules.crm import services as crm
from modules.crm.models import Customer
from tests.browser.desk import VAT21

# who lives here; every name has something that people mistype
PEOPLE = (("101", "Ñáñez, María José", "27123456"), ("102", "Gutiérrez, Raúl", "28987654"),
          ("103", "Cooperativa de Electricidad, Obras y Servicios Públicos de Santa Catalina Holmberg", "29111222"))


def internal() -> None:
    """Documents that no authority numbers: they are final at once."""
    ledger.policy().legal_documents = False


def person(name: str, code: str = "", document: str = "", **values: Any) -> Customer:
    given = {"tax_condition": "CF", "tax_id": document, "tax_id_kind": "DNI" if document else "",
             "emails": (f"c{code or document}@example.com",)} | values
    return crm.create_customer(name=name, code=code, **given)


def invoice(customer: Customer, price: int, day: dt.date | None = None, due: int = 10) -> Invoice:
    """An invoice with IVA in its price, to be paid so many days later."""
    day = day or clock.today()
    line = DraftLine("Internet 100 Mbps", Decimal(1), Decimal(price), price_includes_tax=True, taxes=VAT21)
    return services.issue_invoice(InvoiceDraft(customer.id, day, (line,), due_date=day + dt.timedelta(due)))


def payment(customer: Customer, amount: int, day: dt.date | None = None, method: str = "cash") -> Payment:
    return payments.record_payment(PaymentData(customer.id, [Medium(Decimal(amount), method)], day))
