"""What happens here when things happen below."""

from __future__ import annotations

from core.i18n import lazy
from core.jobs import on
from modules.accounting.events import InvoiceReady, InvoicesIssued
from modules.einvoice import queries, services


@on(InvoicesIssued, queue="einvoice", words=lazy("Open legal documents"))
def open_legal_documents(event: InvoicesIssued) -> None:
    """Every issued invoice that needs the authority gets its document; one job per chunk of invoices."""
    services.open_documents(event.invoice_ids)


@on(InvoiceReady, queue="einvoice", words=lazy("Send notes that waited for their invoice"))
def send_waiting_notes(event: InvoiceReady) -> None:
    """Notes that waited for their invoice to be authorised are sent now."""
    services.retry_all(queries.notes_waiting_for(event.invoice_ids))
