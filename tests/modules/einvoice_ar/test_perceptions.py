"""Perceptions: who pays them, on what, how much; on a billed month, on documents by hand, at ARCA and in the books."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from core.db import db
from modules.accounting import collected, notes, services
from modules.accounting.drafts import DraftLine, InvoiceDraft
from modules.accounting.models import Account, AccountRole, Entry, Invoice, Posting
from modules.accounting.totals import Line, compute
from modules.contracts import billing, plans
from modules.contracts import services as contracts
from modules.contracts.drafts import ContractData
from modules.crm import services as crm
from modules.crm.drafts import AddressData
from modules.einvoice_ar import bridge, perceptions
from modules.einvoice_ar.models import CustomerPerception, Perception
from modules.einvoice_ar.perceptions import Receiver, Rule
from tests.modules.contracts.situations import NOVEMBER, run_billing_jobs

VAT = ({"code": "VAT", "rate": "21"},)
EXEMPT = ({"code": "VAT", "category": "exempt"},)
CORDOBA = ("IIBB", "904")
BUSINESS = frozenset({"RI", "MO"})
TEN_THOUSAND = compute([Line(Decimal(1), Decimal("10000.00"), taxes=VAT)])
MIXED = compute([Line(Decimal(1), Decimal("1000.00"), taxes=VAT), Line(Decimal(1), Decimal("500.00"), taxes=EXEMPT)])


def rule(**values: Any) -> Rule:
    return Rule(**{"code": "IIBB", "jurisdiction": "904", "rate": Decimal("3.00"), "applies_to": "residents",
                   "conditions": BUSINESS, **values})


def receiver(**values: Any) -> Receiver:
    return Receiver(**{"condition": "RI", "region": "X", **values})


@pytest.mark.parametrize(("given", "who", "totals", "amounts"), [
    # who
    (rule(), receiver(), TEN_THOUSAND, ["300.00"]),
    (rule(), receiver(condition="CF"), TEN_THOUSAND, []),
    (rule(), receiver(region="B"), TEN_THOUSAND, []),
    (rule(), receiver(region=""), TEN_THOUSAND, []),
    (rule(applies_to="all"), receiver(region="B"), TEN_THOUSAND, ["300.00"]),
    (rule(applies_to="all", conditions=frozenset()), receiver(condition="CF"), TEN_THOUSAND, ["300.00"]),
    (rule(applies_to="listed"), receiver(), TEN_THOUSAND, []),
    # his own: on the list at the general rate, at a rate of his own, at none, excluded
    (rule(applies_to="listed"), receiver(own={CORDOBA: None}), TEN_THOUSAND, ["300.00"]),
    (rule(applies_to="listed"), receiver(own={CORDOBA: Decimal("1.50")}), TEN_THOUSAND, ["150.00"]),
    (rule(), receiver(own={CORDOBA: Decimal("0")}), TEN_THOUSAND, []),
    (rule(), receiver(region="B", condition="EX", own={CORDOBA: Decimal("2")}), TEN_THOUSAND, ["200.00"]),
    (rule(), receiver(own={("IIBB", "902"): Decimal("9")}), TEN_THOUSAND, ["300.00"]),
    (rule(), receiver(excluded=frozenset({CORDOBA})), TEN_THOUSAND, []),
    (rule(), receiver(own={CORDOBA: Decimal("1.5")}, excluded=frozenset({CORDOBA})), TEN_THOUSAND, []),
    # on what, from how much on
    (rule(), receiver(), MIXED, ["45.00"]),
    (rule(base="taxed"), receiver(), MIXED, ["30.00"]),
    (rule(base="total"), receiver(), MIXED, ["51.30"]),
    (rule(minimum_base=Decimal("10000.00")), receiver(), TEN_THOUSAND, ["300.00"]),
    (rule(minimum_base=Decimal("10000.01")), receiver(), TEN_THOUSAND, []),
    (rule(minimum_amount=Decimal("300.01")), receiver(), TEN_THOUSAND, []),
    (rule(rate=Decimal("0.01")), receiver(), compute([Line(Decimal(1), Decimal("10.00"), taxes=VAT)]), []),
    # half to even, as ARCA rounds
    (rule(rate=Decimal("2.50")), receiver(), compute([Line(Decimal(1), Decimal("1.00"), taxes=VAT)]), ["0.02"]),
])
def test_who_pays_what(given: Rule, who: Receiver, totals: Any, amounts: list[str]) -> None:
    assert [tax["amount"] for tax in perceptions.collected([given], who, totals)] == amounts


def test_minimums_are_in_pesos() -> None:
    dear = rule(minimum_base=Decimal("1000000.00"))
    assert not perceptions.collected([dear], receiver(), TEN_THOUSAND)
    assert perceptions.collected([dear], receiver(), TEN_THOUSAND, Decimal("1450.50"))


@pytest.mark.parametrize(("values", "words"), [
    ({}, "Percepción de IIBB Córdoba 3 %"),
    ({"rate": Decimal("2.50"), "description": "Perc. IIBB Córdoba RG 1/26"}, "Perc. IIBB Córdoba RG 1/26 2,5 %"),
    ({"code": "MUNICIPAL", "jurisdiction": "Río Cuarto", "applies_to": "all"},
     "Percepciones por Impuestos Municipales Río Cuarto 3 %"),
    ({"code": "VAT_PERCEPTION", "jurisdiction": "", "applies_to": "all"}, "Percepción de IVA 3 %")])
def test_what_is_printed(values: dict[str, Any], words: str) -> None:
    (tax,) = perceptions.collected([rule(**values)], receiver(), TEN_THOUSAND)
    assert tax["description"] == words


# --- from the tables ---------------------------------------------------------------------------------------


@pytest.fixture
def shop(company: Any, frozen: Any) -> Any:
    """A registered customer in Córdoba, 3 % from January, 4 % from December."""
    frozen(2026, 11, 3, 15)
    for start, rate in ((dt.date(2026, 1, 1), "3.00"), (dt.date(2026, 12, 1), "4.00")):
        db.session.add(Perception(code="IIBB", jurisdiction="904", rate=Decimal(rate), applies_to="residents",
                                  valid_from=start))
    made = crm.create_customer(name="Comercio SRL", kind="business", tax_id_kind="CUIT", tax_id="30990001118",
                               tax_condition="RI", addresses=[AddressData(city="Río Cuarto", region="X")])
    db.session.commit()
    return made


def own(customer: Any, first: dt.date, last: dt.date | None = None, **values: Any) -> None:
    db.session.add(CustomerPerception(customer_id=customer.id, code="IIBB", jurisdiction="904", valid_from=first,
                                      valid_until=last, **values))
    db.session.flush()


def draft(customer: Any, day: dt.date = dt.date(2026, 11, 3), **values: Any) -> InvoiceDraft:
    return InvoiceDraft(customer.id, day, (DraftLine("Internet", Decimal(1), Decimal("10000.00"), taxes=VAT),),
                        due_date=day + dt.timedelta(days=10), **values)


def amounts(wanted: InvoiceDraft) -> list[str]:
    return [tax["amount"] for tax in collected.completed(wanted).document_taxes]


@pytest.mark.parametrize(("day", "expected"), [
    (dt.date(2025, 12, 31), []), (dt.date(2026, 1, 1), ["300.00"]), (dt.date(2026, 11, 30), ["300.00"]),
    (dt.date(2026, 12, 1), ["400.00"])])
def test_the_rate_of_the_documents_day_counts(shop: Any, day: dt.date, expected: list[str]) -> None:
    assert amounts(draft(shop, day)) == expected


def test_a_certificate_of_exclusion_wins_over_the_list_while_it_lasts(shop: Any) -> None:
    own(shop, dt.date(2026, 1, 1), dt.date(2026, 10, 31), excluded=True, certificate="77/2026")
    own(shop, dt.date(2026, 10, 1), rate=Decimal("1.50"))
    assert amounts(draft(shop, dt.date(2026, 10, 31))) == []
    assert amounts(draft(shop, dt.date(2026, 11, 1))) == ["150.00"]


def test_what_is_said_on_the_draft_stays_and_a_credit_note_collects_nothing_anew(shop: Any) -> None:
    fixed = ({"code": "IIBB", "base": "1", "rate": "1", "amount": "0.01"},)
    assert collected.completed(draft(shop, document_taxes=fixed)).document_taxes == fixed
    assert not collected.completed(draft(shop, kind="credit_note")).document_taxes


def test_another_companys_perceptions_are_not_ours(shop: Any, other_company: Any) -> None:
    assert perceptions.ArgentineCollector().on(other_company, dt.date(2026, 11, 3)) is None


def liability(invoice: Invoice) -> Decimal:
    """What the document owes to the province."""
    return -(db.session.scalar(
        sa.select(sa.func.sum(Posting.amount)).join(Account, Account.id == Posting.account_id)
        .join(AccountRole, AccountRole.account_id == Account.id)
        .join(Entry, Entry.id == Posting.entry_id)
        .where(AccountRole.role == "other_taxes_payable", Entry.invoice_id == invoice.id)) or Decimal(0))


def test_a_document_by_hand_owes_it_to_the_province_and_tells_arca(shop: Any) -> None:
    invoice = services.issue_invoice(collected.completed(draft(shop)))
    assert (invoice.net, invoice.tax_total, invoice.total) == (Decimal("10000"), Decimal("2400"), Decimal("12400"))
    assert liability(invoice) == Decimal("300.00")
    (opened,) = bridge.open_invoices([invoice.id])
    assert not opened.problems
    assert opened.request["ImpTrib"] == "300.00" and opened.request["ImpTotal"] == "12400.00"
    assert opened.request["Tributos"]["Tributo"] == [
        {"Id": 7, "Desc": "Percepción de IIBB Córdoba 3 %", "BaseImp": "10000.00", "Alic": "3.00", "Importe": "300.00"}]


def test_notes_give_it_back_and_charge_it(shop: Any) -> None:
    invoice = services.issue_invoice(collected.completed(draft(shop)))
    more = notes.debit(invoice, "Visita", [DraftLine("Visita", Decimal(1), Decimal("1000.00"), taxes=VAT)])
    assert more.total == Decimal("1240.00") and liability(more) == Decimal("30.00")
    back = notes.credit(invoice, "Anulada")
    assert back.total == Decimal("12400.00") and liability(back) == Decimal("-300.00")


def test_a_billed_month_collects_from_who_must_pay(company: Any, shop: Any) -> None:
    neighbour = crm.create_customer(name="Ana", tax_condition="CF", tax_id_kind="DNI", tax_id="30000001",
                                    addresses=[AddressData(city="Río Cuarto", region="X")])
    plan = plans.create_plan({"code": "H", "name": "Hogar", "taxes": list(VAT), "includes_tax": True,
                              "period_months": 1, "currency": ""}, Decimal("12100.00"), dt.date(2020, 1, 1))
    for customer in (shop, neighbour):
        contracts.create_contract(ContractData(customer.id, plan.id, billing_from=dt.date(2026, 1, 1)))
    db.session.commit()
    seen = billing.preview(company, NOVEMBER)["totals"]
    run = billing.start_run(company, NOVEMBER)
    db.session.commit()
    run_billing_jobs()
    db.session.expire_all()
    totals = {one.customer_id: one.total for one in db.session.scalars(sa.select(Invoice))}
    assert run.billed == 2
    assert totals == {shop.id: Decimal("12400.00"), neighbour.id: Decimal("12100.00")}
    assert seen == [{"currency": "ARS", "net": "20000.00", "tax": "4500.00", "total": "24500.00"}]
