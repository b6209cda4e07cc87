"""Giving money back through the gateway that took it: asked for once, asked about before it is asked for again.

The books follow the gateway: what it gave back is a transaction like any other, told by its answer, a notice or a poll.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

import sqlalchemy as sa

from core import audit, clock, jobs
from core.db import among, db, find, lock
from core.errors import DomainError, Rejected, Unavailable, Unknown
from core.i18n import _, format_amount, format_date
from core.money import quantize
from core.scope import current_user_id
from modules.accounting import queries
from modules.gateways import accounts, booking, ports
from modules.gateways.access import Access
from modules.gateways.models import Account, Alias, RefundRequest, Transaction
from modules.gateways.shapes import ZERO, Reading

SEND = "modules.gateways.jobs.give_back"
UNSURE = ("pending", "asking", "unknown")
# the gateway's word for a return that is neither done nor refused
OPEN = ("pending", "unknown")


def can_give_back(row: Transaction) -> bool:
    """Whether it is a payment in the books whose gateway can be asked to give it back."""
    return (row.kind == "payment" and row.state == "booked" and row.account.provider in ports.refunds
            and row.payment is not None and row.payment.state == "recorded")


def requests_of(row: Transaction) -> Sequence[RefundRequest]:
    """What was asked for so far, the oldest first."""
    return db.session.scalars(sa.select(RefundRequest).where(RefundRequest.transaction_id == row.id)
                              .order_by(RefundRequest.id)).all()


def left(row: Transaction) -> Decimal:
    """What can still be given back: neither given back before nor asked for."""
    if row.payment is None or row.payment.state != "recorded":
        return ZERO
    return row.payment.amount - row.payment.refunded - sum(
        (one.amount for one in requests_of(row) if is_open(one)), ZERO)


def is_open(one: RefundRequest) -> bool:
    """Whether the gateway may still give it back: it is not in the books, and not refused."""
    if one.state in UNSURE:
        return True
    return one.state == "asked" and (one.told is None or (one.told.state != "booked" and one.told.status != "rejected"))


def request(row: Transaction, amount: Decimal, reason: str) -> RefundRequest:
    """Have the gateway give back a payment, or a part of it; a job asks it. DomainError says why that cannot be."""
    row = db.session.scalars(lock(sa.select(Transaction).where(Transaction.id == row.id))
                             .execution_options(populate_existing=True)).one()
    _check(row, amount, reason)
    payment = row.payment
    assert payment is not None  # _check has seen it
    whole = amount == payment.amount and not payment.refunded
    if problem := ports.refunds.get(row.account.provider).problem(accounts.access(row.account), amount, whole):
        raise DomainError(problem, field="amount")
    made = RefundRequest(account_id=row.account_id, transaction_id=row.id, amount=amount, whole=whole,
                         reason=reason.strip()[:300], known=_told_names(row), created_by=current_user_id())
    db.session.add(made)
    db.session.flush()
    audit.record("gateways.give_back", row, {"amount": amount}, reason)
    jobs.enqueue(SEND, request_id=made.id, key=f"gateways.give_back:{made.id}")
    return made


def _check(row: Transaction, amount: Decimal, reason: str) -> None:
    if not can_give_back(row):
        raise DomainError(_("Giving this back through the gateway is not possible: it is not in the books, was taken "
                            "back, or its gateway gives nothing back from here."))
    if any(one.state in UNSURE for one in requests_of(row)):
        raise DomainError(_("Giving money back is being asked for already. Wait until the gateway has answered."))
    most = left(row)
    if amount <= 0 or amount > most or quantize(amount, row.currency) != amount:
        raise DomainError(_("To give money back the amount must be above zero and at most %(left)s; found: %(found)s.",
                            left=format_amount(most, row.currency), found=f"{amount:f}"), field="amount")
    if not reason.strip():
        raise DomainError(_("To give money back you must say why."), field="reason")
    closed = queries.locked_until()
    if closed is not None and clock.today() <= closed:
        raise DomainError(_("Giving money back is not possible because the books are closed until %(day)s.",
                            day=format_date(closed)))


# --- at the gateway ------------------------------------------------------------------------------------------


def send(request_id: int) -> None:
    """Ask the gateway: claim, talk, record. Where it was asked before, it is asked first what came of that. Commits."""
    one = find(RefundRequest, request_id)
    if one.state not in UNSURE:
        return
    was_asked, one.state = one.state != "pending", "asking"
    paid, amount, whole, key = one.transaction, one.amount, one.whole, one.key
    access, known, number, ours = accounts.access(one.account), dict(paid.raw), paid.external_id, paid.attempt_code
    told: list[Reading] = []
    try:
        with jobs.outside():
            if was_asked:
                told = _ask(access, number, ours)
        if was_asked and _found(request_id, told):
            return
        with jobs.outside():
            answer = ports.refunds.get(access.provider).refund(access, number, amount, whole, key, known)
    except (Unavailable, Unknown) as trouble:
        _end(request_id, "unknown", str(trouble))
        raise Unavailable(str(trouble), retry_after=getattr(trouble, "retry_after", None)) from trouble
    except (Rejected, DomainError) as refusal:
        _end(request_id, "refused", str(refusal))
        return
    _take(request_id, answer)


def _ask(access: Access, number: str, reference: str) -> list[Reading]:
    """What the gateway tells of the payment now; nothing where it cannot be asked."""
    if access.provider not in ports.polls:
        return []
    try:
        return ports.polls.get(access.provider).read(access, payment_id=number, reference=reference)
    except Rejected:
        return []


def _found(request_id: int, told: Sequence[Reading]) -> bool:
    """Whether what was asked for before is there: a return of this amount that nobody told of until then. Commits."""
    one = find(RefundRequest, request_id)
    booking.take(one.account, told)
    returns = db.session.scalars(sa.select(Transaction).where(
        Transaction.account_id == one.account_id, Transaction.kind == "reversal",
        among(Transaction.reverses, _names(one.transaction)), Transaction.amount == one.amount,
        Transaction.status.in_(("reversed", "pending")),
        Transaction.id.not_in(sa.select(RefundRequest.told_id).where(RefundRequest.told_id.is_not(None))))
        .order_by(Transaction.id)).all()
    row = next((row for row in returns if row.external_id not in one.known), None)
    if row is not None:
        one.state, one.told_id, one.error = "asked", row.id, ""
    db.session.commit()
    return row is not None


def _take(request_id: int, answer: Reading) -> None:
    """The gateway's answer is a reading like any other; later notices of the same refund find it."""
    one = find(RefundRequest, request_id)
    booking.take(one.account, [answer])
    row = db.session.scalar(sa.select(Transaction).where(Transaction.account_id == one.account_id,
                                                         Transaction.external_id == answer.external_id))
    taken = row is not None and db.session.scalar(
        sa.select(RefundRequest.id).where(RefundRequest.told_id == row.id, RefundRequest.id != one.id)) is not None
    one.told_id = row.id if row is not None and not taken else None
    one.state = "refused" if answer.status == "rejected" else "asked"
    one.error = answer.reason[:500] if one.state == "refused" else ""
    db.session.commit()


def _end(request_id: int, state: str, error: str) -> None:
    db.session.rollback()
    one = find(RefundRequest, request_id)
    one.state, one.error = state, error[:500]
    db.session.commit()


def _names(row: Transaction) -> list[str]:
    """All identities under which the gateway tells of a payment."""
    return [row.external_id, *db.session.scalars(sa.select(Alias.name).where(Alias.transaction_id == row.id))]


def _told_names(row: Transaction) -> list[str]:
    return list(db.session.scalars(sa.select(Transaction.external_id).where(
        Transaction.account_id == row.account_id, Transaction.kind == "reversal",
        among(Transaction.reverses, _names(row)))))


# --- what people do about it -----------------------------------------------------------------------------------


def try_again(one: RefundRequest) -> None:
    """Ask the gateway again about a request of which nobody knows what became."""
    if one.state not in UNSURE:
        raise DomainError(_("The gateway has answered meanwhile."))
    jobs.enqueue(SEND, request_id=one.id, key=f"gateways.give_back:{one.id}:{int(clock.now().timestamp()) // 10}")


def unsure_since(minutes: int = 30) -> sa.Select[int, int]:
    """(id, company_id) of requests whose job was lost or gave up; of every company."""
    return sa.select(RefundRequest.id, RefundRequest.company_id).join(
        Account, Account.id == RefundRequest.account_id).where(
        Account.active, RefundRequest.state.in_(UNSURE),
        RefundRequest.created_at < clock.now() - dt.timedelta(minutes=minutes)).order_by(RefundRequest.id).limit(200)
