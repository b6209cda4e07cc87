"""Payments: recorded once whatever is sent twice, applied to documents, taken back by a reversing entry."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from core import audit, clock, jobs
from core.db import db, find
from core.errors import DomainError
from core.i18n import _, format_amount
from core.money import quantize
from core.scope import current_company, current_user_id
from modules.accounting import allocations, ledger, numbering
from modules.accounting.errors import NotPossible, WrongAmount
from modules.accounting.events import PaymentReversed, PaymentsRecorded
from modules.accounting.ledger import Accounts, NewEntry, Side
from modules.accounting.models import WITHHOLDING, CashAccount, Entry, Invoice, Payment, PaymentMedium
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

    Raises PeriodLocked, WrongAmount, WrongCurrency, NotPossible or NotFound; nothing is written then.
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
    jobs.publish(PaymentsRecorded([payment.id]))
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
    said = (sum((one.amount for one in data.media), ZERO), data.customer_id,
            data.currency or current_company().currency)
    if (found.amount, found.customer_id, found.currency) != said:
        raise NotPossible(
            _("Recording this payment is not possible because %(id)s was recorded before as %(amount)s (receipt "
              "%(number)s).", id=data.external_id or _("this form"), number=str(found),
              amount=format_amount(found.amount, found.currency)), code="recorded_differently")
    return found


def _record(data: PaymentData) -> Payment:
    company = current_company()
    currency, day = data.currency or company.currency, data.paid_on or clock.today()
    total = check(data, currency, day)
    ledger.check_open(day, field="paid_on")
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


def check(data: PaymentData, currency: str, day: dt.date) -> Decimal:
    """The total of the media; refused where a part is not an amount that can be paid."""
    if not data.media:
        raise WrongAmount(_("To record a payment you must say how much was paid."), field="amount")
    for one in data.media:
        if one.amount <= 0 or quantize(one.amount, currency) != one.amount:
            raise WrongAmount(_("To record a payment its amount must be above zero and have no parts of a cent; "
                                "%(amount)s was given.", amount=f"{one.amount:f}"), field="amount")
    if day > clock.today():
        raise DomainError(_("To record a payment its date must not lie in the future."), field="paid_on")
    return sum((one.amount for one in data.media), ZERO)


def _media(data: PaymentData, currency: str) -> list[PaymentMedium]:
    return [PaymentMedium(method=one.method, amount=one.amount, reference=one.reference[:100],
                          cash_account=place(one, currency)) for one in data.media]


def place(medium: Medium, currency: str) -> CashAccount | None:
    """Where the money lies; a tax that the customer withheld lies nowhere."""
    return None if medium.method == WITHHOLDING else cash_account(medium.cash_account_id, currency)


def cash_account(account_id: int | None, currency: str = "") -> CashAccount:
    """The cash account with this id, or the default one; its currency must be that of the payment."""
    found = find(CashAccount, account_id) if account_id else db.session.scalar(
        sa.select(CashAccount).where(CashAccount.is_default))
    if found is None:
        raise DomainError(_("To record a payment you must first make one cash account the default one."),
                          field="cash_account_id")
    if not found.active:
        raise DomainError(_("To record a payment you must choose a cash account in use; %(name)s is not any more.",
                            name=found.name), field="cash_account_id")
    own = found.currency or current_company().currency
    if currency and own != currency:
        raise DomainError(_("To record a payment in %(currency)s you must choose a cash account in %(currency)s; "
                            "%(name)s is in %(own)s.", currency=currency, name=found.name, own=own),
                          field="cash_account_id")
    return found


def _book(payment: Payment) -> None:
    """Cash and withheld taxes against the customer's account."""
    accounts = Accounts()
    sides = [Side(one.cash_account.account_id if one.cash_account else accounts["withholdings"], one.amount)
             for one in payment.media]
    sides.append(Side(accounts["receivable"], -payment.amount, payment.customer_id))
    ledger.write([NewEntry(payment.paid_on, "payment", payment.currency, sides, payment_id=payment.id)])


def _pay(payment: Payment, data: PaymentData) -> None:
    """Apply it to the documents that were named, then to the oldest ones."""
    allocations.lock_rows(payment.customer_id)
    for invoice_id, amount in data.pays:
        invoice = allocations.fresh(Invoice, invoice_id)
        if invoice is None:
            raise NotPossible(_("Paying document %(id)s is not possible because it does not exist.", id=invoice_id))
        allocations.allocate(payment, invoice, amount)
    if not data.only_these:
        allocations.pay_oldest(payment)
    db.session.flush()


def plan(data: PaymentData) -> tuple[list[tuple[Invoice, Decimal]], Decimal]:
    """(document, amount) that this payment would pay, and what would be left in favour; nothing is written."""
    currency = data.currency or current_company().currency
    left = sum((one.amount for one in data.media), ZERO)
    waiting = {one.id: one for one in allocations.open_invoices(data.customer_id, currency)}
    wanted = [(key, amount) for key, amount in data.pays if key in waiting]
    if not data.only_these:
        named = dict(wanted)
        wanted += [(key, one.open_amount - named.get(key, ZERO)) for key, one in waiting.items()]
    found: dict[int, Decimal] = {}
    for key, amount in wanted:
        amount = min(amount, left)
        if amount > 0:
            found[key] = found.get(key, ZERO) + amount
            left -= amount
    return [(waiting[key], amount) for key, amount in found.items()], left


def reverse_payment(payment: Payment, reason: str) -> None:
    """Take a payment back (a cheque that bounced, a wrong customer): what it paid is open again."""
    payment = allocations.hold(payment)
    if payment.state == "reversed":
        raise NotPossible(_("Taking the payment back is not possible because that was done already."))
    if not reason.strip():
        raise DomainError(_("To take a payment back you must say why."), field="reason")
    if payment.refunded:
        raise NotPossible(_("Taking the whole payment back is not possible because %(amount)s of it was given back; "
                            "give back the rest instead.", amount=format_amount(payment.refunded, payment.currency)),
                          code="refunded_in_part")
    allocations.release_all(payment)
    entry = db.session.scalars(sa.select(Entry).where(Entry.payment_id == payment.id, Entry.kind == "payment")).one()
    ledger.write([reversal_of(entry, "reversal", clock.today(), reason)])
    payment.state, payment.open_amount = "reversed", ZERO
    payment.reversed_on, payment.reversal_reason = clock.today(), reason.strip()[:300]
    db.session.flush()
    allocations.settle_by_itself(payment.customer_id, payment.currency)
    jobs.publish(PaymentReversed(payment.id))
    audit.record("accounting.reverse_payment", payment, {"amount": payment.amount}, reason)
