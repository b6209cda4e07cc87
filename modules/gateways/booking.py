"""From what a gateway tells to the books: each payment once, whatever is told twice, late or out of order.

`take` is the only way in, for notices, polls and files alike. It works on up to a thousand readings with a number of
statements that does not depend on how many they are.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import sqlalchemy as sa

from core import clock
from core.db import among, db, lock
from core.errors import DomainError
from core.scope import current_company
from modules.accounting import bulk_payments, cash, queries
from modules.accounting.models import Invoice, Payment
from modules.accounting.payments import Medium, PaymentData, reverse_payment
from modules.accounting.refunds import refund_payment
from modules.gateways import accounts, causes, fees, matching, noting, payers, ports, reversals
from modules.gateways.matching import Owner
from modules.gateways.models import Account, Checkout, Transaction
from modules.gateways.shapes import MISCONFIGURED, Reading

ZERO = Decimal("0.00")
# characters that the books have for a payment's identity
LONGEST_NAME = 120
# the gateway's words for what came to nothing
OVER = ("rejected", "expired", "error")
# documents that payments named, by the id of the transaction
Pays = Mapping[int, Sequence[int]]
# states from which a transaction can still be booked by itself
OPEN = ("noted", "waiting")


@dataclass
class Taken:
    """What became of some readings."""

    new: int = 0
    booked: int = 0
    waiting: int = 0
    reversed: int = 0
    # payments were told of before
    known: int = 0

    def add(self, other: Taken) -> None:
        for name in ("new", "booked", "waiting", "reversed", "known"):
            setattr(self, name, getattr(self, name) + getattr(other, name))


def take(account: Account, readings: Iterable[Reading], *, file_id: int | None = None, listed: bool = False) -> Taken:
    """Note what was told, and book what can be. Repeatable: the same again changes nothing. Does not commit.

    `listed`: as noting.note.
    """
    told = list(readings)
    rows, new = noting.note(account, told, file_id, listed)
    payers.replace_secrets(account, [(one.reference.customer, one.secret) for one in told if one.secret])
    taken = Taken(new=new, known=len(rows) - new)
    if rows:
        book(account, rows, taken)
    return taken


def book(account: Account, rows: Sequence[Transaction], taken: Taken | None = None, *,
         pays: Pays | None = None) -> Taken:
    """Book what can be of these transactions, which the caller holds: payments first, then what was taken back.

    `pays` are the documents that a payment (by its id here) named, in their order; else its own, then the oldest.
    """
    taken = taken or Taken()
    _ask_a_person(rows, taken)
    due = _due(account, rows)
    back = [*[row for row in rows if row.kind == "reversal"], *reversals.that_waited(account, rows)]
    reversals.find_owners(account, back)
    _book_payments(account, due, taken, pays or {}, reversals.payers(account, back))
    for row in back:
        _take_back(account, row, taken)
    _book_fees(account, rows)
    db.session.flush()
    return taken


# --- booking ---------------------------------------------------------------------------------------------


def _due(account: Account, rows: Sequence[Transaction]) -> dict[Transaction, bool]:
    """The payments that are to be booked, and whether all is known that the books want."""
    due = [row for row in rows if row.kind == "payment" and row.state in OPEN and row.status == "approved"
           and row.payment_id is None and row.cause not in (causes.TEST_PAYMENT, causes.AMOUNT_DIFFERS)]
    unknown = [row for row in due if row.customer_id is None]
    owners = matching.owners(account, unknown) if unknown else {}
    return {row: _settle_owner(account, row, owners.get(row.id)) for row in due}


def _book_payments(account: Account, due: Mapping[Transaction, bool], taken: Taken, pays: Pays,
                   more: Iterable[int]) -> None:
    """Book what is due; `more` are customers whose payments are taken back after it, and who are held with these."""
    ready = [row for row, known in due.items() if known]
    if not ready:
        bulk_payments.hold(more)
        taken.waiting += len(due)
        return
    bulk_payments.hold({*more, *(row.customer_id for row in ready if row.customer_id is not None)})
    _record(account, ready, pays)
    taken.booked += sum(row.state == "booked" for row in due)
    taken.waiting += sum(row.state == "waiting" for row in due)


def _ask_a_person(rows: Sequence[Transaction], taken: Taken) -> None:
    """What is neither paid nor unpaid, and what the gateway refuses for our settings, waits for somebody to look."""
    for row in rows:
        if row.state in OPEN and row.status == "mismatch":
            _wait(row, causes.CONTRADICTS_US)
            taken.waiting += 1
        elif row.state in OPEN and MISCONFIGURED in row.remarks:
            _wait(row, causes.MISCONFIGURED)
            taken.waiting += 1
        elif row.state == "waiting" and row.status in OVER and row.cause in (causes.CONTRADICTS_US, causes.NEVER_TOLD):
            row.state, row.cause = "noted", ""  # it turned out that nothing was paid


def give_up(account: Account, names: Sequence[str]) -> None:
    """Nobody will ask any more what became of these; where the gateway never said, a person does."""
    rows = db.session.scalars(lock(sa.select(Transaction).where(
        Transaction.account_id == account.id, among(Transaction.external_id, names), Transaction.state == "noted",
        Transaction.status == "unknown"))).all() if names else []
    for row in rows:
        _wait(row, causes.NEVER_TOLD)


def _settle_owner(account: Account, row: Transaction, owner: Owner | None) -> bool:
    """Say whose it is; False where a person must look, with the cause."""
    if owner is not None:
        row.customer_id, row.invoice_id = owner.customer_id, owner.invoice_id
        if owner.checkout_id is not None and not _fits(row, db.session.get_one(Checkout, owner.checkout_id)):
            return _wait(row, causes.AMOUNT_DIFFERS)
    if row.customer_id is None:
        return _wait(row, causes.UNKNOWN_REFERENCE)
    if row.currency != accounts.currency_of(account, current_company()):
        return _wait(row, causes.OTHER_CURRENCY)
    return True


def _fits(row: Transaction, checkout: Checkout) -> bool:
    """What was paid on a page is what the page asked for, on one of its days; the page is done."""
    asked = Decimal(checkout.data["asks_for"]) if checkout.data.get("asks_for") else checkout.amount
    later = {Decimal(amount) for _day, amount in checkout.data.get("dues", [])[1:]}
    if row.currency != checkout.currency or row.amount not in {asked, *later}:
        return False
    if checkout.state != "paid":
        checkout.state, checkout.poll_at = "paid", clock.now() + dt.timedelta(hours=1)
    return True


def _wait(row: Transaction, cause: str) -> bool:
    row.state, row.cause = "waiting", cause
    return False


def _record(account: Account, rows: Sequence[Transaction], pays: Pays) -> None:
    """Record these payments at once; where the books refuse one, it waits with their words."""
    known = _recorded(account, rows)
    for row in rows:
        if _name(row) in known:  # a backup was restored between both, say
            _booked(row, known[_name(row)])
    fresh = [row for row in rows if _name(row) not in known]
    owed = _owed(fresh)
    days = _Days()
    payments = [(row, _payment(account, row, days.of(row), pays=pays.get(row.id))) for row in fresh]
    good = [(row, data) for row, data in payments if _may_be_booked(row, data)]
    db.session.flush()
    own = [row.id for row in rows]
    ids = bulk_payments.record_many([data for _row, data in good])
    _read_again(own)
    for (row, _data), payment_id in zip(good, ids, strict=True):
        _booked(row, payment_id)
    db.session.flush()
    _look_at([row for row, _data in good], owed)
    bulk_payments.tell(ids)


def _read_again(ids: Sequence[int]) -> None:
    """What the books' bulk writing made the session forget, in one statement instead of one per row."""
    db.session.scalars(sa.select(Transaction).where(among(Transaction.id, ids))
                       .execution_options(populate_existing=True)).all()


def _booked(row: Transaction, payment_id: int) -> None:
    row.state, row.cause, row.payment_id = "booked", "", payment_id


def _name(row: Transaction, more: str = "") -> str:
    """The identity of a transaction's payment in the books, where an identity is used once."""
    more = f"#{row.bookings}{more}" if row.bookings else more
    if len(row.external_id) + len(more) <= LONGEST_NAME:
        return row.external_id + more
    return hashlib.sha256(row.external_id.encode()).hexdigest() + more


def _recorded(account: Account, rows: Sequence[Transaction]) -> dict[str, int]:
    found = db.session.execute(
        sa.select(Payment.external_id, Payment.id).where(
            Payment.source == account.source, among(Payment.external_id, [_name(row) for row in rows])))
    return {row.external_id: row.id for row in found if row.external_id}


def _owed(rows: Sequence[Transaction]) -> dict[int, Decimal]:
    """What was open on the documents that these payments were meant for."""
    ids = {row.invoice_id for row in rows if row.invoice_id}
    if not ids:
        return {}
    found = db.session.execute(sa.select(Invoice.id, Invoice.open_amount).where(among(Invoice.id, ids)))
    return {row.id: row.open_amount for row in found}


def _look_at(rows: Sequence[Transaction], owed: dict[int, Decimal]) -> None:
    """Mark what somebody should look at: the second payment of a debt, or one of a debt that was closed before."""
    over = []
    for row in rows:
        if row.invoice_id is not None and row.invoice_id in owed:
            left = owed[row.invoice_id]
            owed[row.invoice_id] = max(left - row.amount, ZERO)
            if left <= 0:
                over.append(row)
    if not over:
        return
    counted: dict[int, int] = dict(db.session.execute(  # type: ignore[arg-type]
        sa.select(Transaction.invoice_id, sa.func.count()).where(
            among(Transaction.invoice_id, {row.invoice_id for row in over if row.invoice_id}),
            Transaction.state == "booked", Transaction.kind == "payment").group_by(Transaction.invoice_id)).all())
    for row in over:
        twice = counted.get(row.invoice_id or 0, 0) > 1
        row.attention = causes.more_urgent(row.attention, causes.PAID_TWICE if twice else causes.CLOSED_DEBT)


def _payment(account: Account, row: Transaction, day: dt.date, name: str = "",
             pays: Sequence[int] | None = None) -> PaymentData:
    """The payment to be; `name` is its identity in the books where it is not the transaction's."""
    named = pays or ([row.invoice_id] if row.invoice_id else [])
    provider = ports.providers.find(account.provider)
    method = (provider.method if provider else "") or account.provider
    medium = Medium(row.amount, method[:20], account.cash_account_id, row.external_id[:100])
    return PaymentData(row.customer_id or 0, [medium], day, row.currency,
                       pays=[(one, row.amount) for one in named], source=account.source,
                       external_id=name or _name(row))


class _Days:
    """Which day a payment is booked on; read once for all payments of a batch."""

    def __init__(self) -> None:
        self.today, self.closed = clock.today(), queries.locked_until()

    def of(self, row: Transaction) -> dt.date:
        """The day it was paid on; today where that is closed in the books, or lies ahead by the gateway's clock."""
        day = row.paid_on
        closed = self.closed is not None and day is not None and day <= self.closed
        return self.today if day is None or day > self.today or closed else day


def _may_be_booked(row: Transaction, data: PaymentData) -> bool:
    problem = bulk_payments.problem(data)
    if problem:
        row.note = problem[:300]
        return _wait(row, causes.NOT_TAKEN)
    return True


# --- taking back -----------------------------------------------------------------------------------------


def _take_back(account: Account, row: Transaction, taken: Taken) -> None:
    """Take the payment back, whole or in part, in the period that is open; again and again is once."""
    if row.state == "booked":
        if row.status == "rejected":
            _restore(account, row)
        elif row.status == "reversed" and row.restored_id is not None:
            _take_back_again(account, row)
        return
    if row.state not in OPEN or row.status != "reversed":
        return
    told, (paid, cause) = row.reverses, reversals.paid_by(account, row)
    if paid is None or paid.payment is None:
        _wait(row, cause)
        taken.waiting += 1
        return
    try:
        with db.session.begin_nested():
            row.refund_id = _give_back(account, row, paid.payment)
    except DomainError as refusal:
        row.note, row.reverses = str(refusal)[:300], told
        _wait(row, causes.REVERSAL_TOO_LARGE)
        taken.waiting += 1
        return
    row.customer_id, row.invoice_id, row.payment_id = paid.customer_id, paid.invoice_id, paid.payment_id
    row.state, row.cause = "booked", ""
    taken.reversed += 1


def _give_back(account: Account, row: Transaction, payment: Payment, name: str = "") -> int | None:
    """Reverse the payment where all of it was taken back at once, else give back the part; the refund's id.

    `name` is the identity in the books where it is not the transaction's.
    """
    reason = row.reason or str(causes.WORDS_OF_REVERSAL)
    if payment.state == "reversed":
        return None
    # some tell of a reversal before its payment, without an amount: all of it
    if row.amount in (payment.amount, ZERO) and not payment.refunded:
        reverse_payment(payment, reason)
        return None
    return refund_payment(payment, row.amount, reason, source=account.source,
                          external_id=name or row.external_id).id


def _restore(account: Account, row: Transaction) -> None:
    """The gateway gave back what it had taken: a chargeback that was won. The money is recorded anew, once a time."""
    if row.restored_id is not None:
        return
    times = row.restored + 1
    data = _payment(account, row, clock.today(), _name(row, ":again" + (str(times) if times > 1 else "")))
    row.restored_id = db.session.scalar(sa.select(Payment.id).where(
        Payment.source == data.source, Payment.external_id == data.external_id))
    if row.restored_id is None:
        row_id, (made,) = row.id, bulk_payments.record_many([data])
        _read_again([row_id])
        row.restored_id = made
        bulk_payments.tell([made])
    row.restored = times
    db.session.flush()


def _take_back_again(account: Account, row: Transaction) -> None:
    """Taken once more, after it was given back: a second chargeback. The payment that was recorded anew goes."""
    restored = db.session.get_one(Payment, row.restored_id)
    try:
        with db.session.begin_nested():
            _give_back(account, row, restored, _name(row, f":back{row.restored}"))
    except DomainError as refusal:
        row.note = str(refusal)[:300]
        row.attention = causes.more_urgent(row.attention, causes.REVERSAL_TOO_LARGE)
        return
    row.restored_id = None


# --- what it cost ----------------------------------------------------------------------------------------


def _book_fees(account: Account, rows: Sequence[Transaction]) -> None:
    """Book what the gateway kept of payments in the books, and what it told anew of earlier ones."""
    kept, days = [], _Days()
    for row in rows:
        if row.kind != "payment" or row.state != "booked":
            continue
        fee, withheld = fees.of(account, row), row.withheld or ZERO
        more, taxes = fee - row.fee_booked, withheld - row.withheld_booked
        if more or taxes:
            kept.append(cash.Kept(account.cash_account, days.of(row), row.currency, more, taxes,
                                  f"{account.name} {row.external_id}"))
            row.fee_booked, row.withheld_booked = fee, withheld
    if kept:
        cash.book_kept(kept)


def unbook(account: Account, rows: Sequence[Transaction], reason: str) -> int:
    """Take payments and their fees out of the books, as if nobody had told of them; how many.

    Told again, they are booked again; but what a person set aside stays so.
    The rows are held. Raises where a payment cannot be taken back; nothing is done then.
    """
    kept, undone = [], 0
    bulk_payments.hold(row.customer_id for row in rows if row.customer_id is not None)
    for row in rows:
        if row.payment is not None and row.payment.state == "recorded":
            reverse_payment(row.payment, reason)
            undone += 1
        if row.fee_booked or row.withheld_booked:
            kept.append(cash.Kept(account.cash_account, clock.today(), row.currency, -row.fee_booked,
                                  -row.withheld_booked, f"{account.name} {row.external_id}"))
        row.status, row.told_at = "", None
        if row.state == "set_aside":
            continue
        row.state, row.cause, row.attention, row.note = "noted", "", "", reason.strip()[:300]
        row.payment_id = row.customer_id = row.invoice_id = row.gateway_changed_at = None
        row.fee_booked, row.withheld_booked, row.bookings = ZERO, ZERO, row.bookings + 1
    cash.book_kept(kept)
    db.session.flush()
    return undone
