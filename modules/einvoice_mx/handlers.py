"""What happens below and concerns receipts of payment."""

from __future__ import annotations

from core.i18n import lazy
from core.jobs import on
from core.scope import current_company
from modules.accounting.events import InvoiceReady, PaymentReversed, PaymentsRecorded
from modules.einvoice_mx import receipts


@on(PaymentsRecorded, queue="einvoice", words=lazy("Make receipts of payment"))
def make_receipts(event: PaymentsRecorded) -> None:
    """What is paid of stamped PPD invoices gets its receipt."""
    if current_company().country == "MX":
        receipts.open_receipts(event.payment_ids)


@on(InvoiceReady, queue="einvoice", words=lazy("Make receipts of invoices that were paid before"))
def make_receipts_of_invoices(event: InvoiceReady) -> None:
    """Invoices that were paid before they were stamped get their receipts now."""
    if current_company().country == "MX":
        receipts.open_receipts(receipts.of_invoices(event.invoice_ids))


@on(PaymentReversed, queue="einvoice", words=lazy("Cancel receipts of payments that were taken back"))
def cancel_receipts(event: PaymentReversed) -> None:
    """A payment that was taken back has no receipt."""
    if current_company().country == "MX":
        receipts.cancel_of(event.payment_id)
