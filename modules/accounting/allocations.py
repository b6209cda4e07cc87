"""Which payment or credit note pays which document. Rows are only added: taking back is a negative one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

import sqlalchemy as sa

from core import clock
from core.db import db, lock
from core.i18n import _
from modules.accounting.errors import NotPossible, WrongAmount, WrongCurrency
from modules.accounting.models import Allocation, Invoice, Payment

ZERO = Decimal("0.00")
Credit = Payment | Invoice


def allocate(credit: Credit, invoice: Invoice, amount: Decimal) -> Allocation:
    """Pay so much of a document with what is left of a payment or credit note."""
    _check(credit, invoice, amount)
    credit.open_amount -= amount
    invoice.open_amount -= amount
    return _add(credit, invoice, amount)


def _check(credit: Credit, invoice: Invoice, amount: Decimal) -> None:
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
                            document=str(invoice), open=invoice.open_amount), field="amount")
    if amount > credit.open_amount:
        raise WrongAmount(_("Paying %(amount)s of %(document)s is not possible because only %(left)s are left.",
                            amount=amount, document=str(invoice), left=credit.open_amount), field="amount")


def _add(credit: Credit, invoice: Invoice, amount: Decimal) -> Allocation:
    row = Allocation(invoice_id=invoice.id, amount=amount, date=clock.today(),
                     **({"payment_id": credit.id} if isinstance(credit, Payment) else {"credit_note_id": credit.id}))
    db.session.add(row)
    db.session.flush()
    return row


def pay_oldest(credit: Credit, first: Sequence[Invoice] = ()) -> list[Allocation]:
    """Pay open documents with what is left, these first, then by due date."""
    made = []
    for invoice in [*first, *open_invoices(credit.customer_id, credit.currency)]:
        amount = min(credit.open_amount, invoice.open_amount)
        if amount > 0:
            made.append(allocate(credit, invoice, amount))
    return made


def open_invoices(customer_id: int, currency: str) -> list[Invoice]:
    """What the customer owes in a currency, oldest due first, locked."""
    return list(db.session.scalars(lock(
        sa.select(Invoice).where(Invoice.customer_id == customer_id, Invoice.currency == currency,
                                 Invoice.open_amount != 0, Invoice.kind != "credit_note", Invoice.state == "issued")
        .order_by(sa.func.coalesce(Invoice.due_date, Invoice.issue_date), Invoice.id))
        .execution_options(populate_existing=True)))


def release_all(row: Credit) -> None:
    """Take back everything that this payment, note or document gave or got; the other side is open again."""
    mine = (Allocation.payment_id == row.id if isinstance(row, Payment)
            else sa.or_(Allocation.invoice_id == row.id, Allocation.credit_note_id == row.id))
    for invoice_id, payment_id, note_id, amount in _net(mine):
        invoice = _locked(Invoice, invoice_id)
        credit = _locked(Payment, payment_id) if payment_id else _locked(Invoice, note_id)
        invoice.open_amount += amount
        credit.open_amount += amount
        _add(credit, invoice, -amount)


def _net(condition: sa.ColumnElement[bool]) -> Iterable[tuple[int, int | None, int | None, Decimal]]:
    """(document, payment, note, what is still allocated) of the rows with this condition."""
    keys = (Allocation.invoice_id, Allocation.payment_id, Allocation.credit_note_id)
    total = sa.func.sum(Allocation.amount)
    rows = db.session.execute(sa.select(*keys, total).where(condition).group_by(*keys).having(total != 0)
                              .order_by(*keys)).all()
    return [(row[0], row[1], row[2], row[3]) for row in rows]


def _locked(model: type[Credit], row_id: int) -> Credit:
    return db.session.scalars(lock(sa.select(model).where(model.id == row_id))).one()
