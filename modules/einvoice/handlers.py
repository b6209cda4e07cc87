"""What happens here when things happen below."""

from __future__ import annotations

from core.i18n import lazy
from core.jobs import on
from modules.accounting.events import InvoicesIssued
from modules.einvoice import queries, services
from modules.einvoice.events import DocumentsAuthorized


@on(InvoicesIssued, queue="einvoice", words=lazy("Open legal documents"))
def open_legal_documents(event: InvoicesIssued) -> None:
    """Every issued invoice that needs the authority gets its document; one job per chunk of invoices."""
    services.open_documents(event.invoice_ids)


@on(DocumentsAuthorized, queue="einvoice", words=lazy("Send notes that waited for their invoice"))
def send_notes_of_authorized(event: DocumentsAuthorized) -> None:
    """Notes that waited for their invoice to be authorised are sent now; that it was signed is not enough."""
    services.retry_all(queries.notes_waiting_for(event.document_ids))
