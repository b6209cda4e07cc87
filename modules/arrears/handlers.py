"""What happens below and concerns arrears: money came, money went, a service came back by other hands."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from core.db import among, db
from core.i18n import lazy, use_locale
from core.jobs import enqueue, on
from core.scope import current_company
from modules.accounting.events import (
    CreditNoteIssued,
    InvoiceCancelled,
    PaymentRefunded,
    PaymentReversed,
    PaymentsRecorded,
)
from modules.accounting.models import Invoice, Payment, Refund
from modules.arrears import jobs, late_payers, services
from modules.contracts.events import ContractEnded, ServiceRestored
from modules.contracts.models import Contract

BATCH = 200


@on(PaymentsRecorded, words=lazy("Restore who has paid"))
def restore_payers(event: PaymentsRecorded) -> None:
    """Whichever way the money came: who owes nothing old any more is back within seconds."""
    customers = sorted(set(db.session.scalars(
        sa.select(Payment.customer_id).where(among(Payment.id, event.payment_ids)))))
    with use_locale(current_company().locale):
        late_payers.surcharge(event.payment_ids)
    _review(customers, everything=False)


@on(CreditNoteIssued, words=lazy("Restore whose debt was credited"))
def restore_credited(event: CreditNoteIssued) -> None:
    _review(_of_invoice(event.invoice_id), everything=False)


@on(InvoiceCancelled, words=lazy("Restore whose debt was annulled"))
def restore_annulled(event: InvoiceCancelled) -> None:
    _review(_of_invoice(event.invoice_id), everything=False)


@on(PaymentReversed, words=lazy("Look at whose payment was taken back"))
def look_at_reversed(event: PaymentReversed) -> None:
    """The debt is there again; the rules say whether it cuts."""
    _review(list(db.session.scalars(sa.select(Payment.customer_id).where(Payment.id == event.payment_id))))


@on(PaymentRefunded, words=lazy("Look at whose payment was given back"))
def look_at_refunded(event: PaymentRefunded) -> None:
    """As with a payment that was taken back."""
    _review(list(db.session.scalars(
        sa.select(Payment.customer_id).join(Refund, Refund.payment_id == Payment.id)
        .where(Refund.id == event.refund_id))))


def _of_invoice(invoice_id: int) -> list[int]:
    return list(db.session.scalars(sa.select(Invoice.customer_id).where(Invoice.id == invoice_id)))


def _review(customers: Sequence[int], everything: bool = True) -> None:
    """A few at once; those of a whole file in jobs of their own."""
    if len(customers) <= BATCH:
        jobs.review(list(customers), everything)
        return
    for start in range(0, len(customers), BATCH):
        enqueue(jobs.review, customer_ids=list(customers[start:start + BATCH]), everything=everything)


@on(ServiceRestored, words=lazy("Note that a service is back"))
def note_restored(event: ServiceRestored) -> None:
    """Where somebody restored it by hand, the same debt does not cut it again."""
    contract = db.session.get(Contract, event.contract_id)
    if contract is not None and contract.state == "active":
        services.end_cut(contract.id, "staff")


@on(ContractEnded, words=lazy("Note that a contract has ended"))
def note_ended(event: ContractEnded) -> None:
    services.end_cut(event.contract_id, "ended")
