"""Payments: over several documents and media, in favour, taken back; told twice and recorded once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from core.db import db
from core.errors import DomainError, NotFound
from core.models import Job
from modules.accounting import allocations, queries, services
from modules.accounting.errors import NotPossible, WrongAmount, WrongCurrency
from modules.accounting.models import (
    Account,
    AccountRole,
    Allocation,
    CashAccount,
    Entry,
    Invoice,
    Payment,
    Posting,
)
from modules.accounting.payments import Medium, PaymentData, record_payment, reverse_payment
from modules.crm.models import Customer
from tests.modules.accounting.books import DAY, draft, findings, gross, issue, open_of, pay, statements

pytestmark = pytest.mark.usefixtures("own_numbers")


def medium(amount: str, method: str = "cash", **values: Any) -> Medium:
    return Medium(Decimal(amount), method, **values)


def sides(payment: Payment, kind: str = "payment") -> list[tuple[str, str]]:
    """(role of the account, amount) in order of role."""
    rows = db.session.execute(
        sa.select(AccountRole.role, Posting.amount).join(Entry, Entry.id == Posting.entry_id)
        .join(AccountRole, AccountRole.account_id == Posting.account_id)
        .where(Entry.payment_id == payment.id, Entry.kind == kind).order_by(AccountRole.role, Posting.amount))
    return [(row.role, f"{row.amount:.2f}") for row in rows]


def test_a_payment_pays_the_oldest_first_and_leaves_the_rest_in_favour(customer: Customer) -> None:
    new = issue(customer, "500", due_date=DAY + dt.timedelta(30))
    old = issue(customer, "300", due_date=DAY - dt.timedelta(30))
    payment = pay(customer, "950")
    assert open_of(old, new, payment) == ["0.00", "0.00", "150.00"]
    assert [(invoice.id, amount) for invoice, amount in queries.documents_paid(payment.id)] == [
        (old.id, Decimal("300.00")), (new.id, Decimal("500.00"))]
    following = issue(customer, "1000")
    assert open_of(following, payment) == ["850.00", "0.00"]
    assert queries.balance(customer.id) == Decimal("850")
    assert findings() == {}


def test_a_part_is_paid(customer: Customer) -> None:
    invoice = issue(customer, "1000")
    pay(customer, "250")
    second = pay(customer, "250")
    assert open_of(invoice, second) == ["500.00", "0.00"]
    assert [amount for _payment, _note, amount in queries.paid_by([invoice.id])[invoice.id]] == [Decimal("250")] * 2


def test_a_person_says_what_is_paid(customer: Customer) -> None:
    old, new = issue(customer, "300", due_date=DAY), issue(customer, "500", due_date=DAY + dt.timedelta(30))
    payment = pay(customer, "450", pays=[(new, "400")])
    assert open_of(old, new, payment) == ["250.00", "100.00", "0.00"]
    kept = pay(customer, "1000", pays=[(new, "100")], only_these=True)
    assert open_of(old, new, kept) == ["250.00", "0.00", "900.00"]
    assert queries.in_favour(customer.id) == Decimal("900")
    assert findings() == {}


def test_several_media_go_into_several_accounts(customer: Customer) -> None:
    bank = db.session.scalars(sa.select(CashAccount).where(CashAccount.kind == "bank")).one()
    payment = record_payment(PaymentData(customer.id, [
        medium("100"), medium("250", "transfer", cash_account_id=bank.id, reference="TRF 8812"),
        medium("30", "withholding", reference="Cert. 17")]))
    assert payment.amount == Decimal("380")
    assert sides(payment) == [("bank", "250.00"), ("cash", "100.00"), ("receivable", "-380.00"),
                              ("withholdings", "30.00")]
    assert [(one.method, one.reference, one.cash_account_id is None) for one in payment.media] == [
        ("cash", "", False), ("transfer", "TRF 8812", False), ("withholding", "Cert. 17", True)]
    assert findings() == {}


@pytest.mark.parametrize("amount", ["0", "-5", "10.001"])
def test_an_amount_that_cannot_be_paid_is_refused(customer: Customer, amount: str) -> None:
    with pytest.raises(WrongAmount):
        pay(customer, amount)
    with pytest.raises(WrongAmount):
        record_payment(PaymentData(customer.id, [medium("5"), medium(amount)]))
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Payment)) == 0


def test_nothing_is_paid_with_nothing_or_in_the_future(customer: Customer) -> None:
    with pytest.raises(WrongAmount):
        record_payment(PaymentData(customer.id, []))
    with pytest.raises(DomainError) as refused:
        pay(customer, "5", paid_on=DAY + dt.timedelta(1))
    assert refused.value.field == "paid_on"


def test_more_than_is_owed_on_a_document_is_refused_as_a_whole(customer: Customer) -> None:
    invoice = issue(customer, "100")
    with pytest.raises(WrongAmount, match=r"100,00"):
        pay(customer, "150", pays=[(invoice, "150")])
    with pytest.raises(WrongAmount):
        pay(customer, "50", pays=[(invoice, "60")])
    assert open_of(invoice) == ["100.00"]
    assert pay(customer, "10").number == 1  # no number was lost
    assert findings() == {}


def test_a_document_of_somebody_else_or_nobody_is_refused(make_customer: Callable[..., Customer]) -> None:
    one, other = make_customer(), make_customer()
    invoice = issue(other, "100")
    with pytest.raises(NotPossible, match="otro cliente"):
        pay(one, "100", pays=[(invoice, "100")])
    with pytest.raises(NotPossible):
        record_payment(PaymentData(one.id, [medium("100")], pays=[(987654, Decimal("1"))]))
    with pytest.raises(NotFound):
        record_payment(PaymentData(987654, [medium("100")]))


def test_neither_an_annulled_document_nor_a_credit_note_is_paid(customer: Customer) -> None:
    invoice, note = issue(customer, "100"), services.issue_invoice(draft(customer, gross("50"), kind="credit_note"))
    services.cancel_invoice(invoice, "Error")
    for document in (invoice, note):
        with pytest.raises(NotPossible):
            pay(customer, "50", pays=[(document, "50")])


def test_an_invoice_pays_nothing(customer: Customer) -> None:
    first, second = issue(customer, "100"), issue(customer, "100")
    with pytest.raises(NotPossible):
        allocations.allocate(first, second, Decimal("50"))


def test_another_currency_is_refused(customer: Customer) -> None:
    account = db.session.scalars(sa.select(Account).where(Account.code == "1.1.01")).one()
    dollars = CashAccount(name="Caja USD", kind="cash", account_id=account.id, currency="USD")
    db.session.add(dollars)
    db.session.flush()
    invoice = issue(customer, "100")
    with pytest.raises(WrongCurrency):
        record_payment(PaymentData(customer.id, [medium("10", cash_account_id=dollars.id)], currency="USD",
                                   pays=[(invoice.id, Decimal(10))]))
    with pytest.raises(DomainError) as refused:
        record_payment(PaymentData(customer.id, [medium("10")], currency="USD"))
    assert refused.value.field == "cash_account_id"
    payment = record_payment(PaymentData(customer.id, [medium("10", cash_account_id=dollars.id)], currency="USD"))
    assert open_of(payment, invoice) == ["10.00", "100.00"]
    assert findings() == {}


def test_a_cash_account_out_of_use_takes_nothing(customer: Customer) -> None:
    bank = db.session.scalars(sa.select(CashAccount).where(CashAccount.kind == "bank")).one()
    bank.active = False
    db.session.flush()
    with pytest.raises(DomainError) as refused:
        record_payment(PaymentData(customer.id, [medium("10", cash_account_id=bank.id)]))
    assert refused.value.field == "cash_account_id"


# --- told twice ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("known_by", [{"source": "mp:1", "external_id": "777"}, {"form_key": "abc"}])
def test_a_payment_told_twice_is_recorded_once(customer: Customer, known_by: dict[str, str]) -> None:
    first = pay(customer, "100", **known_by)
    before = db.session.scalar(sa.select(sa.func.count()).select_from(Job))
    assert pay(customer, "100", **known_by).id == first.id
    assert queries.balance(customer.id) == Decimal("-100")
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Job)) == before
    assert findings() == {}


def test_the_same_id_of_two_gateways_are_two_payments(customer: Customer) -> None:
    assert pay(customer, "100", source="mp:1", external_id="7").id != pay(
        customer, "100", source="siro:1", external_id="7").id


@pytest.mark.parametrize("change", [{"amount": "101"}, {"currency": "USD"}, {"other": True}])
def test_the_same_id_with_something_else_is_refused(make_customer: Callable[..., Customer], change: Any) -> None:
    one, other = make_customer(), make_customer()
    pay(one, "100", source="mp:1", external_id="7")
    with pytest.raises(NotPossible) as refused:
        pay(other if change.get("other") else one, change.get("amount", "100"), source="mp:1", external_id="7",
            currency=change.get("currency", ""))
    assert refused.value.code == "recorded_differently"


def test_receipts_are_numbered_without_a_gap_whatever_is_refused(customer: Customer) -> None:
    invoice = issue(customer, "100")
    numbers = []
    for round_ in range(4):
        numbers.append(pay(customer, "1", form_key=f"f{round_}").number)
        with pytest.raises(WrongAmount):
            pay(customer, "5000", pays=[(invoice, "5000")])
    assert numbers == [1, 2, 3, 4]
    assert findings() == {}


# --- taken back -------------------------------------------------------------------------------------------


def test_a_payment_taken_back_opens_what_it_paid(customer: Customer) -> None:
    first, second = issue(customer, "300"), issue(customer, "500")
    payment = pay(customer, "700")
    reverse_payment(payment, "Cheque rechazado")
    assert open_of(first, second, payment) == ["300.00", "500.00", "0.00"]
    assert (payment.state, payment.reversed_on, payment.reversal_reason) == ("reversed", DAY, "Cheque rechazado")
    assert sides(payment, "reversal") == [("cash", "-700.00"), ("receivable", "700.00")]
    assert queries.balance(customer.id) == Decimal("800")
    assert queries.documents_paid(payment.id) == []
    assert findings() == {}


def test_other_credit_takes_its_place(customer: Customer) -> None:
    invoice = issue(customer, "300")
    payment, other = pay(customer, "300"), pay(customer, "200")
    reverse_payment(payment, "Cliente equivocado")
    assert open_of(invoice, other) == ["100.00", "0.00"]
    assert findings() == {}


def test_a_payment_is_taken_back_once_and_with_a_reason(customer: Customer) -> None:
    payment = pay(customer, "700")
    with pytest.raises(DomainError) as refused:
        reverse_payment(payment, " ")
    assert refused.value.field == "reason"
    reverse_payment(payment, "Error")
    with pytest.raises(NotPossible, match="ya"):
        reverse_payment(payment, "Error")
    assert queries.balance(customer.id) == 0
    assert findings() == {}


def test_a_payment_taken_back_pays_nothing_any_more(customer: Customer) -> None:
    payment = pay(customer, "700")
    reverse_payment(payment, "Error")
    invoice = issue(customer, "100")
    assert open_of(invoice) == ["100.00"]
    with pytest.raises(WrongAmount):
        allocations.allocate(payment, invoice, Decimal(100))


def test_a_payment_is_moved_to_another_document(customer: Customer) -> None:
    wrong, right = issue(customer, "300", due_date=DAY), issue(customer, "300", due_date=DAY + dt.timedelta(30))
    payment = pay(customer, "300")
    assert allocations.take_off(payment, wrong) == Decimal("300")
    allocations.allocate(payment, right, Decimal("300"))
    assert open_of(wrong, right, payment) == ["300.00", "0.00", "0.00"]
    with pytest.raises(NotPossible):
        allocations.take_off(payment, wrong)
    assert [row.amount for row in db.session.scalars(sa.select(Allocation).order_by(Allocation.id))] == [
        Decimal("300"), Decimal("-300"), Decimal("300")]
    assert findings() == {}


def test_what_the_session_read_before_does_not_count(customer: Customer) -> None:
    """A page reads an invoice, somebody else pays it, then the page's payment must see that."""
    invoice = issue(customer, "300")
    assert invoice.open_amount == Decimal("300")
    db.session.execute(sa.update(Invoice).where(Invoice.id == invoice.id).values(open_amount=Decimal("100")),
                       execution_options={"synchronize_session": False})
    with pytest.raises(WrongAmount, match=r"100,00"):
        pay(customer, "300", pays=[(invoice, "300")])


# --- the current account -----------------------------------------------------------------------------------


def test_the_current_account_runs(customer: Customer) -> None:
    invoice = issue(customer, "1000", issue_date=dt.date(2026, 10, 1))
    payment = pay(customer, "400", paid_on=dt.date(2026, 10, 10))
    reverse_payment(payment, "Cheque rechazado")
    services.cancel_invoice(invoice, "Error")
    lines = queries.statement(customer.id)
    assert [(one.kind, one.amount, one.balance) for one in lines] == [
        ("cancel", Decimal(-1000), Decimal(0)), ("reversal", Decimal(400), Decimal(1000)),
        ("payment", Decimal(-400), Decimal(600)), ("issue", Decimal(1000), Decimal(1000))]
    assert lines[0].invoice is invoice and lines[1].payment is payment


def test_the_current_account_goes_on_page_by_page(customer: Customer) -> None:
    for day in range(1, 8):
        issue(customer, "100", issue_date=dt.date(2026, 10, day))
    first = queries.statement(customer.id, limit=3)
    second = queries.statement(customer.id, limit=3, before_id=first[-1].id)
    assert [one.balance for one in first + second] == [Decimal(100 * left) for left in (7, 6, 5, 4, 3, 2)]
    assert [one.date.day for one in queries.statement(
        customer.id, since=dt.date(2026, 10, 3), until=dt.date(2026, 10, 4))] == [4, 3]


def test_what_is_owed_in_all_counts_debtors_only(make_customer: Callable[..., Customer]) -> None:
    for amount in ("100", "300", "200"):
        issue(make_customer(), amount)
    pay(make_customer(), "50")
    assert queries.owed_in_all() == (3, Decimal("600"))


def test_the_last_payments_of_many_customers_take_two_statements(make_customer: Callable[..., Customer]) -> None:
    people = [make_customer() for _number in range(5)]
    for person in people:
        for amount in ("1", "2", "3", "4"):
            pay(person, amount, paid_on=dt.date(2026, 10, int(amount)))
    reverse_payment(pay(people[0], "9"), "Error")
    db.session.flush()
    ids = [person.id for person in people]
    with statements() as seen:
        found = queries.last_payments(ids, 3)
    assert len(seen) == 2  # payments, and their media
    assert {tuple(payment.amount for payment in found[key]) for key in ids} == {(Decimal(4), Decimal(3), Decimal(2))}
