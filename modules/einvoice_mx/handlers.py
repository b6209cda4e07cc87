"""What happens below and concerns receipts of payment."""

from __future__ import annotations

from core.db import find
from core.i18n import lazy
from core.jobs import enqueue, on
from modules.accounting.events import InvoiceReady, PaymentRefunded, PaymentReversed, PaymentsRecorded
from modules.accounting.models import Refund
from modules.einvoice_mx import corrections, jobs, receipts


@on(PaymentsRecorded, queue="einvoice", words=lazy("Make receipts of payment"))
def make_receipts(event: PaymentsRecorded) -> None:
    """What is paid of stamped PPD invoices gets its receipt; of many payments in several jobs."""
    if len(event.payment_ids) <= jobs.PAYMENTS:
        receipts.open_receipts(event.payment_ids)
        return
    for start in range(0, len(event.payment_ids), jobs.PAYMENTS):
        enqueue(jobs.open_receipts, payment_ids=list(event.payment_ids[start:start + jobs.PAYMENTS]))


@on(InvoiceReady, queue="einvoice", words=lazy("Make receipts of invoices that were paid before"))
def make_receipts_of_invoices(event: InvoiceReady) -> None:
    """Invoices that were paid before they were stamped get their receipts now."""
    receipts.open_receipts(receipts.of_invoices(event.invoice_ids))


@on(PaymentReversed, queue="einvoice", words=lazy("Cancel receipts of payments that were taken back"))
def cancel_receipts(event: PaymentReversed) -> None:
    """A payment that was taken back has no receipt."""
    _correct(event.payment_id)


@on(PaymentRefunded, queue="einvoice", words=lazy("Correct receipts of payments of which a part was given back"))
def correct_receipts(event: PaymentRefunded) -> None:
    """A payment of which a part was given back has a receipt of what is left."""
    _correct(find(Refund, event.refund_id).payment_id)


def _correct(payment_id: int) -> None:
    if (wrong := corrections.overstated([payment_id])):
        corrections.take_back(wrong)
