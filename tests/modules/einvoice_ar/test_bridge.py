"""From issued invoices to requests: set-wise, and exactly what the invoice says."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from core.db import db
from core.models import Company
from modules.accounting import notes
from modules.accounting.bulk import issue_many
from modules.accounting.drafts import DraftLine, InvoiceDraft
from modules.accounting.models import Invoice
from modules.accounting.services import issue_invoice
from modules.crm.models import Customer
from modules.crm.services import create_customer
from modules.einvoice import services
from modules.einvoice.models import Document
from modules.einvoice.ports import Opened
from modules.einvoice.records import Authorization, Claim
from modules.einvoice_ar import access, bridge, layout
from modules.einvoice_ar.models import CustomerProfile, Threshold

DAY = dt.date(2026, 11, 3)
VAT = ({"code": "VAT", "rate": "21"},)


def to(condition: str = "CF", kind: str = "", number: str = "", name: str = "Ana Peña") -> Customer:
    return create_customer(name=name, tax_condition=condition, tax_id_kind=kind, tax_id=number)


def issue(customer: Customer, *, price: str = "12100.00", taxes: Any = VAT, **more: Any) -> Invoice:
    line = DraftLine("Internet 100 Mb", Decimal(1), Decimal(price), price_includes_tax=True, taxes=taxes)
    given = {"due_date": dt.date(2026, 11, 10), "service_from": dt.date(2026, 11, 1),
             "service_to": dt.date(2026, 11, 30)} | more
    return issue_invoice(InvoiceDraft(customer.id, DAY, (line,), **given))


def opened(invoice: Invoice) -> Opened:
    return bridge.open_invoices([invoice.id])[0]


def authorize(invoice: Invoice, number: int = 1) -> Document:
    """The invoice's document, as authorised by ARCA."""
    services.open_documents([invoice.id])
    document = db.session.scalars(sa.select(Document).where(Document.invoice_id == invoice.id)).one()
    services.claim([Claim(document.id, number, DAY, document.request)])
    services.authorize([Authorization(document.id, number, f"7600000000{number:04d}", DAY, {}, DAY)])
    db.session.refresh(document)
    return document


def test_a_consumer_and_a_company(company: Company) -> None:
    b, a = opened(issue(to())), opened(issue(to("RI", "CUIT", "30990001118")))
    assert (b.kind, b.series, b.environment, b.problems) == ("6", "0001", "rehearsal", [])
    assert (a.kind, a.request["DocTipo"], a.request["DocNro"]) == ("1", 80, 30990001118)
    assert b.request == {
        "Concepto": 2, "DocTipo": 99, "DocNro": 0, "CbteFch": "20261103", "ImpTotal": "12100.00", "ImpTotConc": "0.00",
        "ImpNeto": "10000.00", "ImpOpEx": "0.00", "ImpTrib": "0.00", "ImpIVA": "2100.00", "FchServDesde": "20261101",
        "FchServHasta": "20261130", "FchVtoPago": "20261110", "MonId": "PES", "MonCotiz": "1",
        "CondicionIVAReceptorId": 5, "Iva": {"AlicIva": [{"Id": 5, "BaseImp": "10000.00", "Importe": "2100.00"}]}}


def test_without_dates_it_is_the_day_of_issue(company: Company) -> None:
    request = opened(issue(to(), due_date=None, service_from=None, service_to=None)).request
    assert [request[name] for name in ("FchServDesde", "FchServHasta", "FchVtoPago")] == ["20261103"] * 3


def test_perceptions_and_dollars(company: Company) -> None:
    invoice = issue(to("RI", "CUIT", "30990001118"), price="121.00", currency="USD", exchange_rate=Decimal("1450.5"),
                    document_taxes=({"code": "IIBB", "jurisdiction": "904", "base": "100.00", "rate": "3"},))
    request = opened(invoice).request
    assert (request["MonId"], request["MonCotiz"], request["ImpTrib"], request["ImpTotal"]) == (
        "DOL", "1450.5", "3.00", "124.00")
    assert request["Tributos"] == {"Tributo": [
        {"Id": 7, "Desc": "Percepción de IIBB Córdoba", "BaseImp": "100.00", "Alic": "3.00", "Importe": "3.00"}]}


def test_what_arca_would_refuse_is_told_with_the_field_to_mend(company: Company) -> None:
    found = opened(issue(to("RI", "DNI", "30111222")))
    assert [(one["code"], one["field"]) for one in found.problems] == [("10013", "tax_id_kind")]


@pytest.mark.parametrize(("condition", "kind"), [("MO", "11"), ("EX", "11")])
def test_class_c_of_issuers_who_charge_no_iva(company: Company, condition: str, kind: str) -> None:
    company.tax_condition = condition
    found = opened(issue(to(), taxes=()))
    assert (found.kind, found.request["ImpNeto"], "Iva" in found.request) == (kind, "12100.00", False)


def test_the_profile_decides_point_of_sale_concept_and_restricted_a(company: Company) -> None:
    profile = access.profile()
    profile.point_of_sale, profile.concept, profile.restricted_a = 12, 3, True
    found = opened(issue(to("RI", "CUIT", "30990001118")))
    assert (found.series, found.kind, found.request["Concepto"]) == ("0012", "51", 3)


def test_the_amount_from_which_consumers_are_identified_is_the_one_in_force(company: Company) -> None:
    assert opened(issue(to(), price="9999999.99")).problems == []
    assert opened(issue(to(), price="10000000.00")).problems[0]["code"] == "10015"
    db.session.add_all([Threshold(code="identify", valid_from=dt.date(2026, 11, 1), amount=Decimal("20000000")),
                        Threshold(code="identify", valid_from=dt.date(2026, 12, 1), amount=Decimal("1"))])
    assert opened(issue(to(), price="10000000.00")).problems == []


# --- notes -----------------------------------------------------------------------------------------------


def test_a_note_waits_for_its_invoice_and_then_refers_to_it(company: Company) -> None:
    invoice = issue(to())
    note = notes.credit(invoice, "baja")
    assert opened(note).problems[0]["code"] == "original_not_authorized"
    authorize(invoice, 119)
    found = opened(note)
    assert (found.kind, found.problems) == ("8", [])
    assert found.request["CbtesAsoc"] == {"CbteAsoc": [{"Tipo": 6, "PtoVta": 1, "Nro": 119, "CbteFch": "20261103"}]}


def test_a_note_keeps_receiver_and_class_of_its_invoice(company: Company) -> None:
    """The customer became registered after the invoice: its credit note is still a B to the same document."""
    customer = to("CF", "DNI", "30111222")
    invoice = issue(customer)
    authorize(invoice)
    customer.tax_condition, customer.tax_id_kind, customer.tax_id = "RI", "CUIT", "20301112223"
    db.session.flush()
    note = notes.credit(invoice, "baja")
    found = opened(note)
    assert (found.kind, found.problems) == ("8", [])
    assert [found.request[name] for name in ("DocTipo", "DocNro", "CondicionIVAReceptorId")] == [96, 30111222, 5]
    printed = layout.ArgentineLayout().parts([note])[note.id]
    assert "RI" not in str(printed.customer)
    authorize(note)
    printed = layout.ArgentineLayout().parts([note])[note.id]
    assert printed.customer[0].value == "DNI 30.111.222 · Consumidor Final"


def test_a_debit_note_too(company: Company) -> None:
    invoice = issue(to("RI", "CUIT", "30990001118"))
    authorize(invoice)
    more = DraftLine("Interés", Decimal(1), Decimal("121.00"), price_includes_tax=True, taxes=VAT)
    assert opened(notes.debit(invoice, "interés", [more])).kind == "2"


# --- credit invoices (FCE) ---------------------------------------------------------------------------------


@pytest.fixture
def large(company: Company) -> Customer:
    """A large company, with a company that issues credit invoices."""
    profile = access.profile()
    profile.credit_invoices, profile.cbu = True, "2850590940090418135201"
    customer = to("RI", "CUIT", "33990001907", "Supermercados Grandes S.A.")
    db.session.add(CustomerProfile(customer_id=customer.id, gets_credit_invoices=True))
    db.session.flush()
    return customer


@pytest.mark.parametrize(("price", "kind"), [("5549861.99", "1"), ("5549862.00", "201")])
def test_from_the_laws_amount_on_a_large_company_gets_a_credit_invoice(large: Customer, price: str, kind: str) -> None:
    found = opened(issue(large, price=price))
    assert (found.kind, found.problems) == (kind, [])
    assert ("Opcionales" in found.request) == (kind == "201")


def test_the_note_of_a_credit_invoice_says_that_it_does_not_annul(large: Customer) -> None:
    invoice = issue(large, price="6050000.00")
    assert opened(invoice).request["Opcionales"] == {"Opcional": [
        {"Id": "2101", "Valor": "2850590940090418135201"}, {"Id": "27", "Valor": "SCA"}]}
    authorize(invoice)
    found = opened(notes.credit(invoice, "descuento", amount=Decimal("1210.00")))
    assert (found.kind, found.problems) == ("203", [])
    assert found.request["Opcionales"] == {"Opcional": [{"Id": "22", "Valor": "N"}]}
    assert found.request["CbtesAsoc"]["CbteAsoc"][0]["Cuit"] == "30990000103"


def test_others_and_companies_without_the_setting_issue_ordinary_ones(large: Customer) -> None:
    assert opened(issue(to("RI", "CUIT", "30990001118"), price="6050000.00")).kind == "1"
    access.profile().credit_invoices = False
    assert opened(issue(large, price="6050000.00")).kind == "1"


def test_without_an_account_the_credit_invoice_says_what_is_missing(large: Customer) -> None:
    access.profile().cbu = ""
    codes = {one["code"] for one in opened(issue(large, price="6050000.00")).problems}
    assert codes & {"10055", "10165"}


# --- cost --------------------------------------------------------------------------------------------------


def test_a_thousand_invoices_cost_as_many_selects_as_one(company: Company) -> None:
    customer = to()
    line = DraftLine("Internet", Decimal(1), Decimal("12100.00"), price_includes_tax=True, taxes=VAT)
    ids = issue_many(company, [InvoiceDraft(customer.id, DAY, (line,)) for _index in range(50)])
    db.session.commit()

    def selects(wanted: list[int]) -> int:
        seen: list[str] = []
        listener: Callable[..., Any] = lambda *args: seen.append(args[2])  # noqa: E731
        db.session.expire_all()
        sa.event.listen(sa.Engine, "before_cursor_execute", listener)
        try:
            assert len(bridge.open_invoices(wanted)) == len(wanted)
        finally:
            sa.event.remove(sa.Engine, "before_cursor_execute", listener)
        return len(seen)

    one = selects(ids[:1])
    assert selects(ids) <= one
