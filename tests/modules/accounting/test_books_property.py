"""Whatever is done in whatever order: the books are right, and balance = what is open - what is in favour."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.db import db
from core.errors import DomainError
from core.models import Company
from core.scope import current_company
from modules.accounting import allocations, ledger, notes, opening, queries, services
from modules.accounting.bulk import issue_many
from modules.accounting.models import Account, CashAccount, Invoice, InvoiceLine, Payment
from modules.accounting.payments import Medium, PaymentData, record_payment, reverse_payment
from modules.crm.models import Customer
from tests.modules.accounting.books import DAY, EXEMPT, VAT21, VAT105, draft, findings, gross, line

CENT = Decimal("0.01")
CURRENCIES = ("ARS", "ARS", "ARS", "USD")

amounts = st.integers(1, 500_000).map(lambda cents: cents * CENT)
lines = st.builds(
    lambda price, quantity, taxes, included: (gross if included else line)(
        f"{price}", quantity=f"{quantity}", taxes=taxes),
    amounts, st.sampled_from(["1", "2", "0.5", "3"]), st.sampled_from([VAT21, VAT105, EXEMPT]), st.booleans())
picks = st.integers(0, 9)
steps = st.one_of(
    st.tuples(st.just("issue"), picks, st.sampled_from(CURRENCIES), st.lists(lines, min_size=1, max_size=4),
              st.booleans()),
    st.tuples(st.just("pay"), picks, st.sampled_from(CURRENCIES), st.lists(amounts, min_size=1, max_size=2),
              st.booleans()),
    st.tuples(st.just("pay_this"), picks, amounts),
    st.tuples(st.just("credit"), picks, st.one_of(st.none(), amounts, st.sets(st.integers(1, 4), min_size=1))),
    st.tuples(st.just("debit"), picks, st.lists(lines, min_size=1, max_size=2)),
    st.tuples(st.just("reverse"), picks), st.tuples(st.just("cancel"), picks),
    st.tuples(st.just("allocate"), picks, picks, amounts), st.tuples(st.just("take_off"), picks, picks),
    st.tuples(st.just("use_credit"), picks), st.tuples(st.just("brought"), picks, amounts, st.booleans()),
    st.tuples(st.just("by_itself"), st.booleans()),
)


class Books:
    """Carries out steps on a few customers; a refusal is an answer like any other."""

    def __init__(self, people: Sequence[Customer], dollars: CashAccount) -> None:
        self.people, self.dollars, self.done, self.brought = people, dollars, 0, 0

    def take(self, step: tuple[Any, ...]) -> None:
        verb: Callable[..., Any] = getattr(self, f"_{step[0]}")
        try:
            with db.session.begin_nested():
                verb(*step[1:])
            self.done += 1
        except DomainError:
            pass

    def _one(self, pick: int) -> Customer:
        return self.people[pick % len(self.people)]

    def _row(self, model: Any, pick: int) -> Any:
        rows = db.session.scalars(sa.select(model).order_by(model.id)).all()
        if not rows:
            raise DomainError("nothing there")
        return rows[pick % len(rows)]

    def _issue(self, pick: int, currency: str, of: list[Any], credit: bool) -> None:
        wanted = draft(self._one(pick), *of, currency=currency, kind="credit_note" if credit else "invoice")
        issue_many(current_company(), [wanted, draft(self._one(pick + 1), *of)])

    def _pay(self, pick: int, currency: str, parts: list[Decimal], only_these: bool) -> None:
        account = self.dollars.id if currency == "USD" else None
        record_payment(PaymentData(self._one(pick).id, [Medium(part, cash_account_id=account) for part in parts],
                                   currency=currency, only_these=only_these))

    def _pay_this(self, pick: int, amount: Decimal) -> None:
        invoice = self._row(Invoice, pick)
        record_payment(PaymentData(invoice.customer_id, [Medium(amount)], pays=[(invoice.id, amount)]))

    def _credit(self, pick: int, what: Any) -> None:
        invoice = self._row(Invoice, pick)
        if isinstance(what, set):
            own = set(db.session.scalars(sa.select(InvoiceLine.position).where(InvoiceLine.invoice_id == invoice.id)))
            notes.credit(invoice, "Corte", lines=sorted(what & own) or [99])
        else:
            notes.credit(invoice, "Corte", amount=what)

    def _debit(self, pick: int, of: list[Any]) -> None:
        notes.debit(self._row(Invoice, pick), "Interés", of)

    def _reverse(self, pick: int) -> None:
        reverse_payment(self._row(Payment, pick), "Error")

    def _cancel(self, pick: int) -> None:
        services.cancel_invoice(self._row(Invoice, pick), "Error")

    def _allocate(self, pick: int, other: int, amount: Decimal) -> None:
        allocations.allocate(self._row(Payment, pick), self._row(Invoice, other), amount)

    def _take_off(self, pick: int, other: int) -> None:
        allocations.take_off(self._row(Payment, pick), self._row(Invoice, other))

    def _use_credit(self, pick: int) -> None:
        allocations.use_credit(self._one(pick).id, "ARS")

    def _brought(self, pick: int, amount: Decimal, owed: bool) -> None:
        self.brought += 1
        opening.record_opening_balances([(self._one(pick).id, amount if owed else -amount, f"{self.brought}")], DAY)

    def _by_itself(self, wanted: bool) -> None:
        ledger.policy().apply_credit = wanted


@pytest.fixture
def dollars(company: Company) -> CashAccount:
    account = db.session.scalars(sa.select(Account).where(Account.code == "1.1.01")).one()
    made = CashAccount(name="Caja USD", kind="cash", account_id=account.id, currency="USD")
    db.session.add(made)
    db.session.flush()
    return made


def open_less_favour(customer: Customer, currency: str) -> Decimal:
    """What is open on documents, less what payments and credit notes have left."""
    owed = sum((one.open_amount for one in queries.open_documents(customer.id) if one.currency == currency), Decimal(0))
    return owed - queries.in_favour(customer.id, currency)


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(taken=st.lists(steps, min_size=3, max_size=14))
def test_any_sequence_leaves_the_books_right(
        make_customer: Callable[..., Customer], dollars: CashAccount, own_numbers: None, taken: list[Any]) -> None:
    with db.session.begin_nested() as example:
        people = [make_customer(code=f"P{number}") for number in range(2)]
        books = Books(people, dollars)
        for step in taken:
            books.take(step)
        assert findings() == {}
        for person in people:
            for currency in ("ARS", "USD"):
                stored = queries.balances([person.id], currency)[person.id]
                assert queries.balance(person.id, currency) == stored == open_less_favour(person, currency)
        example.rollback()
    db.session.expire_all()


def test_the_steps_above_do_something(make_customer: Callable[..., Customer], dollars: CashAccount,
                                      own_numbers: None) -> None:
    """Every kind of step is carried out at least once: a test in which all is refused would prove nothing."""
    books = Books([make_customer(), make_customer()], dollars)
    for step in [("issue", 0, "ARS", [gross("100"), gross("50")], False), ("pay", 0, "USD", [Decimal(5)], False),
                 ("pay", 0, "ARS", [Decimal(30), Decimal(20)], True), ("pay_this", 0, Decimal(40)),
                 ("allocate", 1, 0, Decimal(10)), ("take_off", 1, 0), ("use_credit", 0), ("credit", 0, {2}),
                 ("debit", 0, [gross("10")]), ("reverse", 1), ("brought", 0, Decimal(9), True), ("by_itself", False),
                 ("cancel", 1)]:
        before = books.done
        books.take(step)
        assert books.done == before + 1, step
