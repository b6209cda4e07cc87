"""Which payment or credit note pays which document. Rows are only added: taking back is a negative one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from core import audit, clock
from core.db import db, is_postgresql
from core.i18n import _, format_amount
from modules.accounting import ledger
from modules.accounting.errors import NotPossible, WrongAmount, WrongCurrency
from modules.accounting.models import Allocation, Invoice, Payment

ZERO = Decimal("0.00")
Credit = Payment | Invoice


# --- locking ---------------------------------------------------------------------------------------------


def hold(row: Credit) -> Any:
    """Lock the customer's account and all that a change of this payment or document may touch; the row as it is now."""
    ledger.lock_customers([row.customer_id])
    pairs = db.session.execute(sa.select(Allocation.invoice_id, Allocation.credit_note_id, Allocation.payment_id)
                               .where(_of(row))).all()
    payments = {pair.payment_id for pair in pairs if pair.payment_id}
    invoices = {one for pair in pairs for one in (pair.invoice_id, pair.credit_note_id) if one}
    (payments if isinstance(row, Payment) else invoices).add(row.id)
    lock_rows(row.customer_id, invoices, payments)
    return fresh(type(row), row.id)


def lock_rows(customer_id: int, invoices: Iterable[int] = (), payments: Iterable[int] = ()) -> None:
    """Lock what is open of a customer, and these rows too: documents by id, then payments by id.

    The customer's account must be held: that lock, taken first by everybody, is what orders those who come at once.
    """
    if not is_postgresql():
        return
    for model, ids in ((Invoice, invoices), (Payment, payments)):
        db.session.execute(
            sa.select(model.id).where(model.customer_id == customer_id,
                                      sa.or_(model.open_amount != 0, model.id.in_(sorted(ids))))
            .order_by(model.id).with_for_update()).all()


def fresh(model: type[Any], row_id: int) -> Any:
    """The row as the database has it now, also where the session has read it before; None where it does not exist."""
    return db.session.scalars(sa.select(model).where(model.id == row_id)
                              .execution_options(populate_existing=True)).one_or_none()


# --- paying ----------------------------------------------------------------------------------------------


def allocate(credit: Credit, invoice: Invoice, amount: Decimal) -> Allocation:
    """Pay so much of a document with what is left of a payment or credit note; both must be held."""
    _check(credit, invoice, amount)
    credit.open_amount -= amount
    invoice.open_amount -= amount
    return _add(credit, invoice, amount)


def _check(credit: Credit, invoice: Invoice, amount: Decimal) -> None:
    if isinstance(credit, Invoice) and credit.kind != "credit_note":
        raise NotPossible(_("Paying with %(document)s is not possible because it is no credit note.",
                            document=str(credit)))
    if invoice.kind == "credit_note" or invoice.state != "issued":
        raise NotPossible(_("Paying %(document)s is not possible because nothing is owed on it.",
                            document=str(invoice)))
    if credit.customer_id != invoice.customer_id:
        raise NotPossible(_("Paying %(document)s is not possible because it belongs to another customer.",
                            document=str(invoice)))
    if credit.currency != invoice.currency:
        raise WrongCurrency(_("Paying %(document)s is not possible because it is in %(theirs)s and the payment in "
                              "%(ours)s.", document=str(invoice), theirs=invoice.currency, ours=credit.currency))
    if amount <= 0 or amount > invoice.open_amount:
        raise WrongAmount(_("To pay %(document)s the amount must be above zero and at most %(open)s.",
                            document=str(invoice),
                            open=format_amount(invoice.open_amount, invoice.currency)), field="amount")
    if amount > credit.open_amount:
        raise WrongAmount(_("Paying %(amount)s of %(document)s is not possible because only %(left)s are left.",
                            amount=format_amount(amount, credit.currency), document=str(invoice),
                            left=format_amount(credit.open_amount, credit.currency)), field="amount")


def _add(credit: Credit, invoice: Invoice, amount: Decimal) -> Allocation:
    row = Allocation(invoice_id=invoice.id, amount=amount, date=clock.today(),
                     **({"payment_id": credit.id} if isinstance(credit, Payment) else {"credit_note_id": credit.id}))
    db.session.add(row)
    db.session.flush()
    return row


def pay_oldest(credit: Credit, first: Sequence[Invoice] = ()) -> list[Allocation]:
    """Pay open documents with what is left, these first, then by due date."""
    made: list[Allocation] = []
    if not credit.open_amount:
        return made
    for invoice in [*first, *open_invoices(credit.customer_id, credit.currency)]:
        amount = min(credit.open_amount, invoice.open_amount)
        if amount > 0:
            made.append(allocate(credit, invoice, amount))
    return made


def open_invoices(customer_id: int, currency: str) -> list[Invoice]:
    """What the customer owes in a currency, oldest due first, read anew."""
    return list(db.session.scalars(
        sa.select(Invoice).where(Invoice.customer_id == customer_id, Invoice.currency == currency,
                                 Invoice.open_amount != 0, Invoice.kind != "credit_note", Invoice.state == "issued")
        .order_by(sa.func.coalesce(Invoice.due_date, Invoice.issue_date), Invoice.id)
        .execution_options(populate_existing=True)))


def open_credits(customer_id: int, currency: str) -> list[Credit]:
    """Payments and credit notes with something left, oldest first, read anew."""
    anew = {"populate_existing": True}
    payments = db.session.scalars(
        sa.select(Payment).where(Payment.customer_id == customer_id, Payment.currency == currency,
                                 Payment.open_amount != 0, Payment.state == "recorded").execution_options(**anew))
    notes = db.session.scalars(
        sa.select(Invoice).where(Invoice.customer_id == customer_id, Invoice.currency == currency,
                                 Invoice.open_amount != 0, Invoice.kind == "credit_note", Invoice.state == "issued")
        .execution_options(**anew))
    dated = [(row.paid_on, 1, row.id, row) for row in payments] + [(row.issue_date, 0, row.id, row) for row in notes]
    return [row for *_key, row in sorted(dated, key=lambda one: one[:3])]


def settle(customer_id: int, currency: str) -> list[Allocation]:
    """Pay what is open with what is in favour, the oldest first on both sides. The account must be held."""
    return [made for credit in open_credits(customer_id, currency) for made in pay_oldest(credit)]


def settle_by_itself(customer_id: int, currency: str) -> None:
    """The same after something was taken back, where the company wants credit to be used by itself."""
    if ledger.policy().apply_credit:
        settle(customer_id, currency)


# --- by hand ---------------------------------------------------------------------------------------------


def use_credit(customer_id: int, currency: str) -> list[Allocation]:
    """Pay a customer's open documents with what is in favour, at the wish of a person."""
    ledger.lock_customers([customer_id])
    lock_rows(customer_id)
    made = settle(customer_id, currency)
    if not made:
        raise NotPossible(_("Using the credit is not possible because nothing is in favour, or nothing is owed."))
    for one in made:
        audit.record("accounting.apply_credit", one, {"invoice": one.invoice_id, "amount": one.amount})
    return made


def use_on(credit: Credit, invoice: Invoice) -> Decimal:
    """Pay one document with what is left of a payment or credit note, as far as it goes; how much that was."""
    credit = hold(credit)
    invoice = fresh(Invoice, invoice.id)
    amount = min(credit.open_amount, invoice.open_amount)
    allocate(credit, invoice, amount)
    audit.record("accounting.apply_credit", credit, {"invoice": invoice.id, "amount": amount})
    return amount


def take_off(credit: Credit, invoice: Invoice) -> Decimal:
    """Take a payment or credit note off one document again, so that it is in favour; how much that was."""
    credit = hold(credit)
    amount = held_by(credit, invoice)
    if not amount:
        raise NotPossible(_("Taking this off %(document)s is not possible because it does not pay it.",
                            document=str(invoice)))
    release(credit, fresh(Invoice, invoice.id), amount)
    audit.record("accounting.take_off", credit, {"invoice": invoice.id, "amount": amount})
    return amount


# --- taking back -----------------------------------------------------------------------------------------


def release_all(row: Credit) -> None:
    """Take back everything that this payment, note or document gave or got; the other side is open again.

    The row must be held.
    """
    for invoice_id, payment_id, note_id, amount in _net(_of(row)):
        credit = fresh(Payment, payment_id) if payment_id else fresh(Invoice, note_id or 0)
        release(credit, fresh(Invoice, invoice_id), amount)


def held_by(credit: Credit, invoice: Invoice) -> Decimal:
    """How much of a document this payment or note pays."""
    own = (Allocation.payment_id if isinstance(credit, Payment) else Allocation.credit_note_id) == credit.id
    return sum((row[3] for row in _net(sa.and_(own, Allocation.invoice_id == invoice.id))), ZERO)


def release(credit: Credit, invoice: Invoice, amount: Decimal) -> None:
    """Take so much of what a payment or note pays of a document back; both must be held."""
    invoice.open_amount += amount
    credit.open_amount += amount
    _add(credit, invoice, -amount)


def _of(row: Credit) -> sa.ColumnElement[bool]:
    if isinstance(row, Payment):
        return Allocation.payment_id == row.id
    return sa.or_(Allocation.invoice_id == row.id, Allocation.credit_note_id == row.id)


def _net(condition: sa.ColumnElement[bool]) -> list[tuple[int, int | None, int | None, Decimal]]:
    """(document, payment, note, what is still allocated) of the rows with this condition."""
    keys = (Allocation.invoice_id, Allocation.payment_id, Allocation.credit_note_id)
    total = sa.func.sum(Allocation.amount)
    rows = db.session.execute(sa.select(*keys, total).where(condition).group_by(*keys).having(total != 0)
                              .order_by(*keys)).all()
    return [(row[0], row[1], row[2], row[3]) for row in rows]
