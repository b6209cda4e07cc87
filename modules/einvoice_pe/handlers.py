"""What happens in Peru when things happen below."""

from __future__ import annotations

from core.i18n import lazy
from core.jobs import on
from modules.accounting.events import InvoiceReady
from modules.einvoice_pe import detractions


@on(InvoiceReady, queue="einvoice", words=lazy("Write down detracciones"))
def open_detractions(event: InvoiceReady) -> None:
    """Facturas that can be handed over and bear a detracción: it is waited for from here on."""
    detractions.open_for(event.invoice_ids)
