"""Credit and debit notes: whole, by lines, by amount; never more than was invoiced, never a cent left over."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from core.db import db
from core.errors import DomainError
from modules.accounting import notes, opening, queries, services
from modules.accounting.errors import NotPossible, WrongAmount
from modules.accounting.models import Invoice, InvoiceTax
from modules.crm.models import Customer
from tests.modules.accounting.books import DAY, EXEMPT, VAT105, draft, findings, gross, issue, line, open_of, pay

PERCEPTION = {"code": "IIBB", "jurisdiction": "904", "description": "Percepción IIBB Córdoba", "base": "1300.00",
              "rate": "3", "amount": "39.00"}


@pytest.fixture
def mixed(customer: Customer) -> Invoice:
    """1,000 at 21 %, 200 at 10.5 %, 100 exempt, and a perception of 39: 1,570.00 in all."""
    made = services.issue_invoice(draft(
        customer, line("1000"), line("200", "Router", taxes=VAT105), line("100", "Libro", taxes=EXEMPT),
        document_taxes=(PERCEPTION,)))
    assert made.total == Decimal("1570.00")
    return made


def taxes(note: Invoice) -> dict[str, tuple[str, str]]:
    """Tax with its rate -> (base, amount)."""
    rows = db.session.scalars(sa.select(InvoiceTax).where(InvoiceTax.invoice_id == note.id).order_by(InvoiceTax.id))
    return {f"{row.code} {row.rate.normalize():f}" if row.rate is not None else row.code:
            (f"{row.base:.2f}", f"{row.amount:.2f}") for row in rows}


def test_a_whole_document_is_taken_back_as_it_was(mixed: Invoice) -> None:
    note = notes.credit(mixed, "Nunca se instaló")
    for amount in ("total", "net", "exempt", "tax_total"):
        assert getattr(note, amount) == getattr(mixed, amount)
    assert taxes(note) == taxes(mixed)
    assert (note.original_id, note.reason, note.legal_state) == (mixed.id, "Nunca se instaló", "pending")
    assert open_of(mixed, note) == ["0.00", "0.00"]
    assert queries.balance(mixed.customer_id) == 0
    assert notes.creditable(mixed) == 0
    with pytest.raises(WrongAmount):
        notes.credit(mixed, "Otra vez")
    assert findings() == {}


def test_lines_are_taken_back_with_their_part_of_the_perceptions(mixed: Invoice) -> None:
    note = notes.credit(mixed, "Router devuelto", lines=[2])
    assert note.total == Decimal("200") + Decimal("21") + Decimal("6")
    assert taxes(note) == {"VAT 10.5": ("200.00", "21.00"), "IIBB 3": ("200.00", "6.00")}
    with pytest.raises(WrongAmount, match="renglón 2"):
        notes.credit(mixed, "Otra vez", lines=[1, 2])
    rest = notes.credit(mixed, "Lo demás", lines=[1, 3])
    assert note.total + rest.total == mixed.total
    assert open_of(mixed) == ["0.00"]
    assert findings() == {}


def test_an_unknown_line_is_refused(mixed: Invoice) -> None:
    with pytest.raises(WrongAmount) as refused:
        notes.credit(mixed, "No", lines=[1, 9])
    assert refused.value.field == "lines"


@pytest.mark.parametrize("amount", ["0.01", "0.03", "1.00", "333.33", "785.00", "1569.99", "1570.00"])
def test_an_amount_is_taken_back_to_the_cent_with_all_its_taxes(mixed: Invoice, amount: str) -> None:
    note = notes.credit(mixed, "Corte del servicio", amount=Decimal(amount))
    assert note.total == Decimal(amount)
    assert open_of(mixed) == [f"{Decimal('1570') - Decimal(amount):.2f}"]
    if Decimal(amount) > 300:
        assert set(taxes(note)) >= {"VAT 21", "VAT 10.5", "IIBB 3"}
        part = Decimal(amount) / Decimal("1570")
        assert abs(note.net - Decimal("1200") * part) < Decimal("0.02")
        assert abs(Decimal(taxes(note)["IIBB 3"][1]) - Decimal("39") * part) < Decimal("0.02")
    assert findings() == {}


def test_amounts_in_sum_never_pass_the_total(mixed: Invoice) -> None:
    notes.credit(mixed, "Corte", amount=Decimal("1000"))
    with pytest.raises(WrongAmount, match=r"570,00"):
        notes.credit(mixed, "Corte", amount=Decimal("570.01"))
    with pytest.raises(WrongAmount):
        notes.credit(mixed, "Todo")
    notes.credit(mixed, "Corte", amount=Decimal("570.00"))
    assert notes.creditable(mixed) == 0
    assert findings() == {}


def test_negative_lines_do_not_disturb_the_division(customer: Customer) -> None:
    invoice = services.issue_invoice(draft(customer, line("1000"), line("-50", "Crédito", taxes=EXEMPT)))
    assert invoice.total == Decimal("1160")
    assert notes.credit(invoice, "Corte", amount=Decimal("580")).total == Decimal("580")
    assert findings() == {}


def test_what_the_customer_withholds_is_credited_less(customer: Customer) -> None:
    both = ({"code": "VAT", "rate": "21"}, {"code": "RET", "rate": "2.5", "withheld": True})
    invoice = services.issue_invoice(draft(customer, line("1000", taxes=both)))
    assert invoice.total == Decimal("1185")
    assert notes.credit(invoice, "Corte", amount=Decimal("500")).total == Decimal("500")
    assert findings() == {}


def test_line_by_line_no_cent_is_left_over(customer: Customer) -> None:
    """Tax is computed on the sum: three lines of 33.33 bear 21.00 together, but 7.00 each would be 7 + 7 + 7."""
    invoice = services.issue_invoice(draft(customer, line("33.37"), line("33.37"), line("33.37"), line("0.05")))
    for position in (1, 2, 3, 4):
        notes.credit(invoice, "De a uno", lines=[position])
    assert notes.creditable(invoice) == 0
    assert open_of(invoice) == ["0.00"]
    assert findings() == {}


@pytest.mark.parametrize("prices", [("9.99", "9.99", "9.99"), ("0.07", "0.07", "0.07", "0.07"), ("12.34", "56.78")])
def test_in_any_order_no_cent_is_left_over(customer: Customer, prices: tuple[str, ...]) -> None:
    invoice = services.issue_invoice(draft(customer, *[line(price) for price in prices]))
    for position in reversed(range(1, len(prices) + 1)):
        notes.credit(invoice, "De a uno", lines=[position])
    assert notes.creditable(invoice) == 0
    assert findings() == {}


def test_credit_on_a_paid_invoice_is_in_favour(customer: Customer) -> None:
    invoice = issue(customer, "1000")
    payment = pay(customer, "1000")
    note = notes.credit(invoice, "Corte", amount=Decimal("300"))
    assert open_of(invoice, payment, note) == ["0.00", "0.00", "300.00"]
    assert queries.in_favour(customer.id) == Decimal("300")
    following = issue(customer, "500")
    assert open_of(following, note) == ["200.00", "0.00"]
    assert findings() == {}


def test_credit_pays_its_own_document_first_then_the_oldest(customer: Customer) -> None:
    old, own = issue(customer, "100", due_date=DAY - dt.timedelta(40)), issue(customer, "500")
    pay(customer, "450", pays=[(own, "450")])
    note = notes.credit(own, "Corte", amount=Decimal("200"))
    assert open_of(own, old, note) == ["0.00", "0.00", "50.00"]
    assert findings() == {}


def test_a_note_names_whom_its_document_named(customer: Customer) -> None:
    """An invoice went to the wrong company name: the note takes back that one, not the corrected one."""
    invoice = issue(customer)
    services.record_legal_results([services.LegalResult(invoice.id, "authorized", "B 0003-00000001")])
    customer.name, customer.tax_condition = "Güemes S.A.", "RI"
    db.session.flush()
    note = notes.credit(invoice, "Razón social equivocada")
    assert note.snapshot["customer"]["name"] == "María Ñandú Güemes"
    assert note.snapshot["customer"]["tax_condition"] == "CF"
    services.record_legal_results([services.LegalResult(note.id, "rejected")])
    services.refresh_snapshot(note)
    assert note.snapshot["customer"]["tax_condition"] == "CF"
    assert issue(customer).snapshot["customer"]["name"] == "Güemes S.A."


def test_the_same_form_credits_once(mixed: Invoice) -> None:
    first = notes.credit(mixed, "Corte", amount=Decimal("1570"), form_key="n1")
    assert notes.credit(mixed, "Corte", amount=Decimal("1570"), form_key="n1").id == first.id
    with pytest.raises(NotPossible) as refused:
        notes.credit(mixed, "Corte", amount=Decimal("10"), form_key="n1")
    assert refused.value.code == "issued_differently"
    assert queries.balance(mixed.customer_id) == 0


@pytest.mark.parametrize("wanted", [{"amount": Decimal("0")}, {"amount": Decimal("-1")}, {"amount": Decimal("1.005")}])
def test_an_amount_that_cannot_be_credited_is_refused(mixed: Invoice, wanted: Any) -> None:
    with pytest.raises(WrongAmount) as refused:
        notes.credit(mixed, "Corte", **wanted)
    assert refused.value.field == "amount"


def test_where_a_note_makes_no_sense_it_is_refused(customer: Customer, own_numbers: None) -> None:
    invoice = issue(customer)
    note = notes.credit(invoice, "Corte", amount=Decimal("10"))
    for on, why in ((note, "nota de crédito"), (_cancelled(customer), "anulado"),
                    (_brought(customer), "saldo inicial")):
        with pytest.raises(NotPossible, match=why):
            notes.credit(on, "Corte")
    with pytest.raises(DomainError) as refused:
        notes.credit(invoice, "  ")
    assert refused.value.field == "reason"
    with pytest.raises(DomainError) as refused:
        notes.credit(invoice, "Corte", issue_date=DAY - dt.timedelta(1))
    assert refused.value.field == "issue_date"


def _cancelled(customer: Customer) -> Invoice:
    invoice = issue(customer)
    services.cancel_invoice(invoice, "Error")
    return invoice


def _brought(customer: Customer) -> Invoice:
    opening.record_opening_balances([(customer.id, Decimal("500"), "m:1")], DAY)
    return db.session.scalars(sa.select(Invoice).where(Invoice.origin == "import")).one()


def test_a_refused_document_gets_no_note(customer: Customer) -> None:
    invoice = issue(customer)
    services.record_legal_results([services.LegalResult(invoice.id, "rejected")])
    with pytest.raises(NotPossible, match="rechazado"):
        notes.credit(invoice, "Corte")


def test_a_document_with_notes_is_not_annulled(customer: Customer, own_numbers: None) -> None:
    invoice = issue(customer, "1000")
    note = notes.credit(invoice, "Corte", amount=Decimal("300"))
    with pytest.raises(NotPossible, match="Nota de crédito 00000001"):
        services.cancel_invoice(invoice, "Error")
    services.cancel_invoice(note, "Error")
    assert notes.creditable(invoice) == Decimal("1000")
    services.cancel_invoice(invoice, "Error")
    assert queries.balance(customer.id) == 0
    assert findings() == {}


def test_a_debit_note_is_owed_too(customer: Customer) -> None:
    pay(customer, "50")
    invoice = issue(customer, "1000")
    note = notes.debit(invoice, "Interés por mora", [gross("121", text="Interés")], due_date=DAY)
    assert (note.kind, note.total, note.original_id) == ("debit_note", Decimal("121"), invoice.id)
    assert queries.balance(customer.id) == Decimal("1071")
    assert [one.id for one in queries.open_documents(customer.id)] == [note.id, invoice.id]
    with pytest.raises(WrongAmount):
        notes.credit(note, "Perdonado", amount=Decimal("122"))
    notes.credit(note, "Perdonado")
    assert open_of(note) == ["0.00"]
    assert findings() == {}


def test_notes_in_another_currency_keep_it(customer: Customer) -> None:
    invoice = issue(customer, "121", currency="USD", exchange_rate=Decimal("1450.5"))
    note = notes.credit(invoice, "Corte", amount=Decimal("21"))
    assert (note.currency, note.exchange_rate) == ("USD", Decimal("1450.5"))
    assert queries.currencies(customer.id) == [("ARS", Decimal(0)), ("USD", Decimal(100))]
    assert findings() == {}


def test_opening_balances_are_debts_and_credits_of_their_own(make_customer: Callable[..., Customer]) -> None:
    debtor, lucky = make_customer(), make_customer()
    entries = opening.record_opening_balances(
        [(debtor.id, Decimal("3000"), "a"), (lucky.id, Decimal("-150.50"), "b")], DAY)
    assert opening.sum_of_opening_balances(entries) == Decimal("2849.50")
    rows = db.session.scalars(sa.select(Invoice).order_by(Invoice.id)).all()
    assert [(str(row), row.legal_state, row.legal_number) for row in rows] == [
        ("Saldo inicial", "not_required", ""), ("Saldo inicial a favor", "not_required", "")]
    assert queries.balances([debtor.id, lucky.id]) == {debtor.id: Decimal("3000"), lucky.id: Decimal("-150.50")}
    assert open_of(issue(lucky, "200")) == ["49.50"]
    assert open_of(rows[0]) == ["3000.00"]
    pay(debtor, "3000")
    assert open_of(rows[0]) == ["0.00"]
    with pytest.raises(sa.exc.IntegrityError), db.session.begin_nested():
        opening.record_opening_balances([(debtor.id, Decimal("3000"), "a")], DAY)
    assert findings() == {}


def test_an_opening_balance_that_was_wrong_is_annulled(customer: Customer) -> None:
    invoice = _brought(customer)
    services.cancel_invoice(invoice, "Ya lo había pagado en el sistema anterior")
    assert queries.balance(customer.id) == 0
    assert findings() == {}
