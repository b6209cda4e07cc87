"""Payments: recorded once whatever is sent twice, applied to documents, taken back by a reversing entry."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from core import audit, clock, jobs
from core.db import db, find, lock
from core.errors import DomainError
from core.i18n import _
from core.money import quantize
from core.scope import current_company, current_user_id
from modules.accounting import allocations, ledger, numbering
from modules.accounting.errors import NotPossible, WrongAmount
from modules.accounting.events import PaymentRecorded, PaymentReversed
from modules.accounting.ledger import Accounts, NewEntry, Side
from modules.accounting.models import CashAccount, Entry, Invoice, Payment, PaymentMedium
from modules.accounting.services import reversal_of
from modules.crm.models import Customer

ZERO = Decimal("0.00")


@dataclass(frozen=True)
class Medium:
    """A part of a payment; without `cash_account_id` it goes into the default cash account."""

    amount: Decimal
    method: str = "cash"
    cash_account_id: int | None = None
    reference: str = ""


@dataclass(frozen=True)
class PaymentData:
    """A payment to be recorded. `pays` are (invoice id, amount); what is left over pays the oldest documents.

    With `only_these` the rest stays in favour instead. `source` and `external_id` name a notice or a line of a file.
    """

    customer_id: int
    media: Sequence[Medium]
    paid_on: dt.date | None = None
    currency: str = ""
    pays: Sequence[tuple[int, Decimal]] = ()
    only_these: bool = False
    source: str = ""
    external_id: str | None = None
    notes: str = ""
    form_key: str | None = None


def record_payment(data: PaymentData) -> Payment:
    """Record a payment of the company in scope; the same notice or form again answers with the first one.

    Raises PeriodLocked, WrongAmount, WrongCurrency or NotPossible; nothing is written then.
    """
    if found := _recorded(data):
        return _same(found, data)
    try:
        with db.session.begin_nested():
            payment = _record(data)
    except IntegrityError:
        found = _recorded(data)
        if found is None:
            raise
        return _same(found, data)
    jobs.publish(PaymentRecorded(payment.id))
    audit.record("accounting.record_payment", payment, {"customer": payment.customer_id, "amount": payment.amount,
                                                        "currency": payment.currency})
    return payment


def _recorded(data: PaymentData) -> Payment | None:
    same = []
    if data.external_id:
        same.append(sa.and_(Payment.source == data.source, Payment.external_id == data.external_id))
    if data.form_key:
        same.append(Payment.form_key == data.form_key)
    return db.session.scalar(sa.select(Payment).where(sa.or_(*same))) if same else None


def _same(found: Payment, data: PaymentData) -> Payment:
    """The payment that was recorded before; another amount under the same id is refused, never mixed up."""
    total = sum((one.amount for one in data.media), ZERO)
    if found.amount != total or found.customer_id != data.customer_id:
        raise NotPossible(_("Recording this payment is not possible because %(id)s was recorded before as %(amount)s "
                            "(receipt %(number)s).", id=data.external_id or _("this form"), amount=found.amount,
                            number=found.number), code="recorded_differently")
    return found


def _record(data: PaymentData) -> Payment:
    company = current_company()
    currency, day = data.currency or company.currency, data.paid_on or clock.today()
    total = _check(data, currency, day)
    find(Customer, data.customer_id)
    ledger.lock_customers([data.customer_id])
    payment = Payment(
        number=numbering.take(numbering.RECEIPT)[0], customer_id=data.customer_id, paid_on=day, currency=currency,
        amount=total, open_amount=total, source=data.source, external_id=data.external_id, notes=data.notes[:300],
        form_key=data.form_key, created_by=current_user_id(), media=_media(data, currency))
    db.session.add(payment)
    db.session.flush()
    _book(payment)
    _pay(payment, data)
    return payment


def _check(data: PaymentData, currency: str, day: dt.date) -> Decimal:
    """The total of the media; refused where a part is not an amount that can be paid."""
    if not data.media:
        raise WrongAmount(_("To record a payment you must say how much was paid."), field="amount")
    for one in data.media:
        if one.amount <= 0 or quantize(one.amount, currency) != one.amount:
            raise WrongAmount(_("To record a payment its amount must be above zero and have no parts of a cent; "
                                "%(amount)s was given.", amount=one.amount), field="amount")
    if day > clock.today():
        raise DomainError(_("To record a payment its date must not lie in the future."), field="paid_on")
    ledger.check_open(day)
    return sum((one.amount for one in data.media), ZERO)


def _media(data: PaymentData, currency: str) -> list[PaymentMedium]:
    return [PaymentMedium(method=one.method, amount=one.amount, reference=one.reference[:100],
                          cash_account=cash_account(one.cash_account_id, currency)) for one in data.media]


def cash_account(account_id: int | None, currency: str = "") -> CashAccount:
    """The cash account with this id, or the default one; its currency must be that of the payment."""
    found = find(CashAccount, account_id) if account_id else db.session.scalar(
        sa.select(CashAccount).where(CashAccount.is_default))
    if found is None:
        raise DomainError(_("To record a payment you must first make one cash account the default one."),
                          field="cash_account_id")
    own = found.currency or current_company().currency
    if currency and own != currency:
        raise DomainError(_("To record a payment in %(currency)s you must choose a cash account in %(currency)s; "
                            "%(name)s is in %(own)s.", currency=currency, name=found.name, own=own),
                          field="cash_account_id")
    return found


def _book(payment: Payment) -> None:
    """Cash against the customer's account."""
    sides = [Side(one.cash_account.account_id, one.amount) for one in payment.media]
    sides.append(Side(Accounts()["receivable"], -payment.amount, payment.customer_id))
    ledger.write([NewEntry(payment.paid_on, "payment", payment.currency, sides, payment_id=payment.id)])


def _pay(payment: Payment, data: PaymentData) -> None:
    for invoice_id, amount in data.pays:
        invoice = db.session.scalars(lock(sa.select(Invoice).where(Invoice.id == invoice_id))).one_or_none()
        if invoice is None:
            raise NotPossible(_("Paying document %(id)s is not possible because it does not exist.", id=invoice_id))
        allocations.allocate(payment, invoice, amount)
    if not data.only_these:
        allocations.pay_oldest(payment)
    db.session.flush()


def reverse_payment(payment: Payment, reason: str) -> None:
    """Take a payment back (a cheque that bounced, a wrong customer): what it paid is open again."""
    ledger.lock_customers([payment.customer_id])
    payment = db.session.scalars(lock(sa.select(Payment).where(Payment.id == payment.id))
                                 .execution_options(populate_existing=True)).one()
    if payment.state == "reversed":
        raise NotPossible(_("Taking the payment back is not possible because that was done already."))
    if not reason.strip():
        raise DomainError(_("To take a payment back you must say why."), field="reason")
    allocations.release_all(payment)
    entry = db.session.scalars(sa.select(Entry).where(Entry.payment_id == payment.id, Entry.kind == "payment")).one()
    ledger.write([reversal_of(entry, "reversal", clock.today(), reason)])
    payment.state, payment.open_amount = "reversed", ZERO
    payment.reversed_on, payment.reversal_reason = clock.today(), reason[:300]
    db.session.flush()
    jobs.publish(PaymentReversed(payment.id))
    audit.record("accounting.reverse_payment", payment, {"amount": payment.amount}, reason)
