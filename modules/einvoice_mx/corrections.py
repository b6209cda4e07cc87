"""Receipts of payment that are no longer right: found, taken back at the SAT, and made again of what is left.

A receipt is cancelled with those of later instalments of its invoices, the last first, for they tell what was due after
it (reference: Mexico, trap 6). Its allocations are free again once it is cancelled.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from core import audit
from core.db import among, db
from core.errors import DomainError
from core.i18n import _
from core.jobs import enqueue
from modules.accounting.models import Allocation, Payment
from modules.einvoice.models import Document
from modules.einvoice_mx import access, cancels, receipts
from modules.einvoice_mx.models import PaidPart, PaymentReceipt
from modules.einvoice_mx.receipts import LIVE

# motive of what is made again or not at all: issued with errors, without relation
WITHOUT_RELATION = "02"
DELIVER = "modules.einvoice_mx.jobs.deliver_receipts"
STANDING = (*LIVE, "rejected")


def missing(since: dt.datetime) -> list[int]:
    """Payments of which something was applied since then to a stamped invoice, and is on no receipt."""
    return list(db.session.scalars(
        sa.select(Allocation.payment_id).join(Document, Document.invoice_id == Allocation.invoice_id)
        .join(Payment, Payment.id == Allocation.payment_id)
        .outerjoin(PaidPart, PaidPart.allocation_id == Allocation.id)
        .where(Allocation.created_at > since, Allocation.amount > 0, PaidPart.id.is_(None),
               Payment.state == "recorded", Document.state == "authorized", Document.country == "MX",
               Document.environment == access.environment()).distinct().order_by(Allocation.payment_id)))


def overstated(payment_ids: Iterable[int] = (), since: dt.datetime | None = None) -> list[int]:
    """Receipts that say more than their payment pays by now: of these payments, or where something was taken off
    since that moment."""
    wanted = among(PaymentReceipt.payment_id, payment_ids)
    if since is not None:
        wanted = PaymentReceipt.payment_id.in_(sa.select(Allocation.payment_id).where(
            Allocation.amount < 0, Allocation.created_at > since))
    applied = (sa.select(sa.func.coalesce(sa.func.sum(Allocation.amount), 0))
               .where(Allocation.payment_id == PaymentReceipt.payment_id, Allocation.invoice_id == PaidPart.invoice_id)
               .correlate(PaymentReceipt, PaidPart).scalar_subquery())
    said = sa.func.sum(PaidPart.paid).over(partition_by=(PaymentReceipt.payment_id, PaidPart.invoice_id))
    lines = (sa.select(PaymentReceipt.id, said.label("said"), applied.label("applied"))
             .join(PaidPart, PaidPart.receipt_id == PaymentReceipt.id)
             .where(wanted, PaymentReceipt.state.in_(STANDING)).subquery())
    # what the SAT or the customer refused to cancel is for a person
    asked = sa.select(PaymentReceipt.id).where(PaymentReceipt.cancel_code != "")
    lines_wanted = lines.c.id.not_in(asked) if since else sa.true()
    return list(db.session.scalars(sa.select(lines.c.id).where(lines.c.said > lines.c.applied, lines_wanted).distinct()
                                   .order_by(lines.c.id)))


def cancel(row: PaymentReceipt, reason: str) -> None:
    """Have a stamped receipt cancelled, at the wish of a person; what its payment still pays is receipted again."""
    if row.state != "authorized":
        raise DomainError(_("Cancelling is not possible because this receipt is not stamped."))
    if not reason.strip():
        raise DomainError(_("To cancel a receipt you must say why."), field="reason")
    audit.record("einvoice_mx.cancel_asked", row, {"number": str(row)}, reason.strip()[:300])
    take_back([row.id], reason.strip())


def take_back(receipt_ids: Iterable[int], reason: str = "") -> None:
    """Cancel these receipts and those of later instalments: here where they were never stamped, else at the SAT.

    One that is being sent is taken back once it is stamped.
    """
    wanted = _with_later(set(receipt_ids))
    gone = cancels.drop(PaymentReceipt, wanted)
    cancels.begin(PaymentReceipt, receipts.PAPER, sorted(wanted - set(gone), reverse=True), WITHOUT_RELATION,
                  reason or _("What the payment pays has changed."))
    after_cancelled(gone)


def _with_later(found: set[int]) -> set[int]:
    """Together with receipts that tell of a later instalment of the same invoices."""
    while True:
        first = (sa.select(PaidPart.invoice_id, sa.func.min(PaidPart.instalment).label("instalment"))
                 .where(among(PaidPart.receipt_id, sorted(found))).group_by(PaidPart.invoice_id).subquery())
        later = set(db.session.scalars(
            sa.select(PaidPart.receipt_id).join(first, first.c.invoice_id == PaidPart.invoice_id)
            .join(PaymentReceipt, PaymentReceipt.id == PaidPart.receipt_id)
            .where(PaidPart.instalment > first.c.instalment, PaymentReceipt.state.in_(STANDING))))
        if later <= found:
            return found
        found = found | later


def after_cancelled(receipt_ids: Sequence[int]) -> None:
    """Free what cancelled receipts stood for, and receipt again what is still paid of those invoices."""
    if not receipt_ids:
        return
    invoice_ids = list(db.session.scalars(sa.select(PaidPart.invoice_id).where(
        among(PaidPart.receipt_id, receipt_ids)).distinct()))
    db.session.execute(sa.delete(PaidPart).where(among(PaidPart.receipt_id, receipt_ids))
                       .execution_options(synchronize_session=False))
    db.session.expire_all()
    receipts.open_receipts(receipts.of_invoices(invoice_ids))


def after_stamped(receipt_ids: Sequence[int]) -> None:
    """Draw and send what was stamped; what changed while it was on its way is taken back now."""
    payment_ids = list(db.session.scalars(sa.select(PaymentReceipt.payment_id).where(
        among(PaymentReceipt.id, receipt_ids))))
    if wrong := overstated(payment_ids):
        take_back(wrong)
    if good := [one for one in receipt_ids if one not in wrong]:
        enqueue(DELIVER, key=f"einvoice_mx.deliver:{good[0]}:{good[-1]}:{len(good)}", receipt_ids=good)


def retry(row: PaymentReceipt) -> list[int]:
    """Make a refused receipt anew from what stands now; [] where nothing is due any more."""
    if row.state != "rejected":
        raise DomainError(_("Making it again is not possible because this receipt is not refused."))
    audit.record("einvoice_mx.retry_receipt", row)
    db.session.flush()
    cancels.drop(PaymentReceipt, {row.id})
    db.session.execute(sa.delete(PaidPart).where(PaidPart.receipt_id == row.id)
                       .execution_options(synchronize_session=False))
    db.session.expire_all()
    return receipts.open_receipts([row.payment_id])
