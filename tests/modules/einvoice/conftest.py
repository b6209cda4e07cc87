"""Refused and authorised documents, and an issuer that does as it is told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import pytest

from core.db import db
from core.models import Company
from modules.accounting.drafts import DraftLine, InvoiceDraft
from modules.accounting.models import Invoice
from modules.accounting.services import issue_invoice
from modules.crm.models import Customer
from modules.einvoice import services
from modules.einvoice.models import Document
from modules.einvoice.ports import AtAuthority, Explanation, Opened, issuers

DAY = dt.date(2026, 11, 3)
NO_CUIT = {"code": "10015", "message": "Documento inválido"}
EXPLAINED = {"10015": Explanation("Corrija el documento del cliente.", "tax_id"),
             "10243": Explanation("Corrija la condición del cliente.", "tax_condition")}


class FakeIssuer:
    """Opens everything on series 0003, kind 6; finds problems where it is told to."""

    def __init__(self) -> None:
        self.problems: dict[int, list[dict[str, str]]] = {}
        self.worked: list[int] = []
        self.book: dict[int, AtAuthority] = {}
        self.last = 0

    def open(self, invoice_ids: Sequence[int]) -> list[Opened]:
        return [Opened(one, "rehearsal", "0003", "6", DAY, {"total": "1.00"}, self.problems.get(one, []))
                for one in invoice_ids]

    def work(self, sequence_id: int, keep: Callable[[], None]) -> None:
        self.worked.append(sequence_id)

    def last_number(self, environment: str, series: str, kind: str) -> int:
        return self.last

    def find(self, environment: str, series: str, kind: str, number: int) -> AtAuthority | None:
        return self.book.get(number)

    def legal_number(self, series: str, kind: str, number: int) -> str:
        return f"B {series}-{number:08d}"

    def kind_name(self, kind: str) -> str:
        return "Factura B"

    def explain(self, code: str, message: str) -> Explanation:
        return EXPLAINED.get(code, Explanation(""))


@pytest.fixture
def issuer(company: Company, monkeypatch: pytest.MonkeyPatch) -> FakeIssuer:
    fake = FakeIssuer()
    monkeypatch.setattr(services, "issuer_of", lambda country: fake)
    monkeypatch.setattr(issuers, "find", lambda country: fake)
    return fake


@pytest.fixture
def make_invoice(company: Company) -> Callable[..., Invoice]:
    """`make_invoice("Ana")`: an issued invoice that waits for its document; the first is of 1.00, the next of 2.00."""
    count = {"made": 0}

    def make(name: str = "Ana", **changes: Any) -> Invoice:
        count["made"] += 1
        customer = Customer(code=str(count["made"]), name=name, sort_name=name.lower(), tax_id_kind="DNI",
                            tax_id=f"3000000{count['made']}", tax_condition="CF")
        db.session.add(customer)
        db.session.flush()
        price = Decimal(count["made"])
        line = DraftLine("Internet", Decimal(1), price, price_includes_tax=True, taxes=({"code": "VAT", "rate": "21"},))
        invoice = issue_invoice(InvoiceDraft(customer.id, DAY, (line,), **changes))
        db.session.commit()
        return invoice

    return make


@pytest.fixture
def make_refused(issuer: FakeIssuer, make_invoice: Callable[..., Invoice]) -> Callable[..., Document]:
    """A document that the authority refused."""

    def make(name: str = "Ana", **problem: str) -> Document:
        invoice = make_invoice(name)
        issuer.problems[invoice.id] = [NO_CUIT | problem]
        services.open_documents([invoice.id])
        issuer.problems.pop(invoice.id)
        db.session.commit()
        return db.session.scalars(db.select(Document).where(Document.invoice_id == invoice.id)).one()

    return make
