"""Giving back a part of a payment: what that part paid is open again, the rest stays as it is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

import sqlalchemy as sa

from core import audit, clock, jobs
from core.db import db
from core.errors import DomainError
from core.i18n import _, format_amount
from core.money import quantize
from core.scope import current_user_id
from modules.accounting import allocations, ledger
from modules.accounting.errors import NotPossible, WrongAmount
from modules.accounting.events import PaymentRefunded
from modules.accounting.ledger import NewEntry, Side
from modules.accounting.models import Allocation, Entry, Invoice, Payment, PaymentMedium, Posting, Refund

ZERO = Decimal("0.00")


def refund_payment(payment: Payment, amount: Decimal, reason: str, *, source: str = "",
                   external_id: str | None = None) -> Refund:
    """Give back so much of a payment, booked today; the same id of a source again answers with the first one.

    What is in favour is given back first, then what the payment paid last. WrongAmount, NotPossible or PeriodLocked.
    """
    if external_id and (found := _known(source, external_id)):
        return _same(found, payment, amount)
    payment = allocations.hold(payment)
    _check(payment, amount, reason)
    _free(payment, amount)
    entry_id = ledger.write([_entry(payment, amount, reason)])[0]
    payment.open_amount -= amount
    payment.refunded += amount
    made = Refund(payment_id=payment.id, amount=amount, method=_medium(payment).method, refunded_on=clock.today(),
                  reason=reason.strip()[:300], source=source, external_id=external_id, entry_id=entry_id,
                  created_by=current_user_id())
    db.session.add(made)
    db.session.flush()
    allocations.settle_by_itself(payment.customer_id, payment.currency)
    jobs.publish(PaymentRefunded(made.id))
    audit.record("accounting.refund_payment", payment, {"amount": amount}, reason)
    return made


def _known(source: str, external_id: str) -> Refund | None:
    return db.session.scalar(sa.select(Refund).where(Refund.source == source, Refund.external_id == external_id))


def _same(found: Refund, payment: Payment, amount: Decimal) -> Refund:
    if (found.payment_id, found.amount) != (payment.id, amount):
        raise NotPossible(_("Giving this back is not possible because %(id)s was given back before as %(amount)s.",
                            id=found.external_id, amount=format_amount(found.amount, payment.currency)),
                          code="refunded_differently")
    return found


def _check(payment: Payment, amount: Decimal, reason: str) -> None:
    if payment.state == "reversed":
        raise NotPossible(_("Giving back a part is not possible because the whole payment was taken back."))
    left = payment.amount - payment.refunded
    if amount <= 0 or amount > left or quantize(amount, payment.currency) != amount:
        raise WrongAmount(_("To give back a part of the payment the amount must be above zero and at most %(left)s; "
                            "found: %(amount)s.", left=format_amount(left, payment.currency), amount=f"{amount:f}"),
                          field="amount")
    if not reason.strip():
        raise DomainError(_("To give back a part of a payment you must say why."), field="reason")


def _free(payment: Payment, amount: Decimal) -> None:
    """Make so much of the payment unused: what it paid last is open again first."""
    for invoice_id in _paid_last_first(payment):
        if payment.open_amount >= amount:
            return
        invoice = allocations.fresh(Invoice, invoice_id)
        held = allocations.held_by(payment, invoice)
        allocations.release(payment, invoice, min(held, amount - payment.open_amount))


def _paid_last_first(payment: Payment) -> Sequence[int]:
    newest = sa.func.max(Allocation.id)
    return db.session.scalars(
        sa.select(Allocation.invoice_id).where(Allocation.payment_id == payment.id).group_by(Allocation.invoice_id)
        .having(sa.func.sum(Allocation.amount) != 0).order_by(newest.desc())).all()


def _entry(payment: Payment, amount: Decimal, reason: str) -> NewEntry:
    """The customer owes it again, and it leaves where it came in; never booked before the payment."""
    receivable = db.session.scalar(
        sa.select(Posting.account_id).join(Entry, Entry.id == Posting.entry_id)
        .where(Entry.payment_id == payment.id, Entry.kind == "payment", Posting.customer_id.is_not(None)).limit(1))
    place = _medium(payment).cash_account
    if receivable is None or place is None:
        raise NotPossible(_("Giving back a part is not possible because this payment lies in no cash account."))
    day: dt.date = max(clock.today(), payment.paid_on)
    return NewEntry(day, "refund", payment.currency, [
        Side(receivable, amount, payment.customer_id), Side(place.account_id, -amount)], description=reason[:300])


def _medium(payment: Payment) -> PaymentMedium:
    """The medium whose money is given back: the largest that lies somewhere."""
    return max(payment.media, key=lambda one: (one.cash_account_id is not None, one.amount))
