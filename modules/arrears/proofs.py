"""Proofs of payment: taken in, restoring while they wait, accepted as a payment or refused with words."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from dataclasses import dataclass
from decimal import Decimal

import sqlalchemy as sa

from core import audit, clock, storage
from core.db import db, find, lock
from core.i18n import _
from core.jobs import enqueue
from core.scope import current_user_id
from modules.accounting import payments
from modules.accounting.models import Payment, PaymentMedium
from modules.arrears import pictures, promising, reading, running, services, telling
from modules.arrears.errors import BadProof, NotPossible
from modules.arrears.models import Proof
from modules.contracts.models import Contract
from modules.crm.models import Customer

# how many may wait at once, and how many that were refused within so many days end the trust in the next one
MOST_WAITING, MOST_REFUSED, TRUST = 5, 2, dt.timedelta(days=60)


@dataclass(frozen=True)
class Said:
    """What the sender says of his payment; all of it may be missing."""

    amount: Decimal | None = None
    paid_on: dt.date | None = None
    operation: str = ""
    notes: str = ""


def take(customer: Customer, data: bytes, said: Said = Said(), *, channel: str = "staff") -> Proof:
    """Keep a proof; the services of the customer that are cut for debt are back at once. The same file finds the first.

    BadProof where it is no picture or PDF, or too many wait.
    """
    sha256 = hashlib.sha256(data).hexdigest()
    db.session.execute(lock(sa.select(Customer.id).where(Customer.id == customer.id)))
    known = db.session.scalar(sa.select(Proof).where(Proof.customer_id == customer.id, Proof.sha256 == sha256))
    if known is not None:
        return known
    if _count(customer.id, "waiting") >= MOST_WAITING:
        raise BadProof(_("Another proof is not possible now because %(count)s wait to be looked at.",
                         count=MOST_WAITING), field="proof")
    content, media_type, ending = pictures.clean(data)
    name = _("proof")  # within an f-string nobody would find it to translate it
    file = storage.store(content, f"{name}-{customer.code}-{clock.today():%Y%m%d}.{ending}", media_type)
    row = Proof(customer_id=customer.id, file_id=file.id, sha256=sha256, amount=said.amount, paid_on=said.paid_on,
                operation=said.operation.strip()[:60], operation_key=operation_key(said.operation),
                notes=said.notes.strip()[:300], channel=channel, sent_by=current_user_id() if channel == "staff" else
                None, keeps_until=_keeps_until(customer))
    db.session.add(row)
    db.session.flush()
    audit.record("arrears.take_proof", customer, {"proof": row.id, "channel": channel})
    if row.keeps_until:
        running.review([customer.id], running.RELIEF)
        services.look_at(customer.id, row.keeps_until, f"arrears.proof:{row.id}")
    return row


def operation_key(text: str) -> str:
    """The number of an operation without what people write between its signs."""
    return re.sub(r"[^0-9A-Z]", "", text.upper()).lstrip("0")[:60]


def _count(customer_id: int, state: str, since: dt.datetime | None = None) -> int:
    wanted = sa.select(sa.func.count(Proof.id)).where(Proof.customer_id == customer_id, Proof.state == state)
    return db.session.scalar(wanted.where(Proof.decided_at > since) if since else wanted) or 0


def _keeps_until(customer: Customer) -> dt.datetime | None:
    """Until when it restores: to an hour at which people are there. None for whose proofs were refused before."""
    if _count(customer.id, "refused", clock.now() - TRUST) >= MOST_REFUSED:
        return None
    known = reading.context()
    contract = db.session.scalar(sa.select(Contract).where(Contract.customer_id == customer.id,
                                                           Contract.state.in_(reading.LIVE)).limit(1))
    rules = known.rules_of(contract.profile_id if contract else None, customer.zone_id)
    wanted = promising.now().local + dt.timedelta(hours=rules.proof_hours)
    return known.calendar.opening(rules, wanted, customer.zone_id, known.region).astimezone(dt.UTC)


# --- looked at ---------------------------------------------------------------------------------------------------


def alike(row: Proof) -> list[str]:
    """What speaks against it, in words: the same picture, or the same operation, was seen before."""
    found = []
    for other in db.session.scalars(sa.select(Proof).where(Proof.sha256 == row.sha256, Proof.id != row.id).limit(5)):
        found.append(_("The same file came from %(customer)s on %(day)s.", customer=other.customer.name,
                       day=f"{clock.local(other.sent_at):%d/%m/%Y}"))
    return found + (same_operation(row.operation, row.id) if row.operation_key else [])


def same_operation(operation: str, but: int = 0) -> list[str]:
    """Other proofs and payments with this number of operation, in words."""
    key = operation_key(operation)
    if not key:
        return []
    found = [_("The operation %(number)s stands in another proof, of %(customer)s.", number=operation,
               customer=other.customer.name)
             for other in db.session.scalars(sa.select(Proof).where(
                 Proof.operation_key == key, Proof.id != but, Proof.state != "refused").limit(5))]
    rows = db.session.scalars(
        sa.select(Payment).join(PaymentMedium, PaymentMedium.payment_id == Payment.id)
        .where(PaymentMedium.reference.in_({operation.strip(), key}), Payment.state == "recorded").distinct().limit(5))
    return found + [_("The operation %(number)s was recorded before: receipt %(receipt)s of %(customer)s.",
                      number=operation, receipt=str(one), customer=one.customer.name) for one in rows]


def accept(row: Proof, medium: payments.Medium, paid_on: dt.date, *, sure: bool = False) -> Payment:
    """It is a payment: recorded as any other, once. `sure`: also where its operation was seen before."""
    row = _waiting(row.id)
    if not sure and (seen := same_operation(medium.reference, row.id)):
        raise NotPossible(" ".join([*seen, _("Tick that you are sure, or refuse it.")]), code="seen_before")
    payment = payments.record_payment(payments.PaymentData(
        row.customer_id, [medium], paid_on=paid_on, notes=_("Proof of payment %(number)s", number=row.id),
        form_key=f"arrears.proof:{row.id}"))
    row.payment_id = payment.id
    _decide(row, "accepted")
    audit.record("arrears.accept_proof", row.customer, {"proof": row.id, "payment": payment.id})
    return payment


def refuse(row: Proof, reason: str) -> None:
    """It is none: the customer is told why, and by the rules cut again."""
    if not reason.strip():
        raise NotPossible(_("To refuse a proof you must say why: the customer reads it."), field="reason")
    row = _waiting(row.id)
    row.reason = reason.strip()[:300]
    _decide(row, "refused")
    telling.tell_refused(row)
    audit.record("arrears.refuse_proof", row.customer, {"proof": row.id}, reason)
    enqueue(services.REVIEW, customer_ids=[row.customer_id])


def _waiting(proof_id: int) -> Proof:
    db.session.flush()
    db.session.execute(lock(sa.select(Proof.id).where(Proof.id == proof_id)))
    row: Proof = find(Proof, proof_id)
    db.session.refresh(row)
    if row.state != "waiting":
        raise NotPossible(_("Deciding is not possible because this proof was decided already."))
    return row


def _decide(row: Proof, state: str) -> None:
    row.state, row.decided_at, row.decided_by = state, clock.now(), current_user_id()
    db.session.flush()
