"""What this module plugs into the ports of others; providers/ holds the two ways to the DIAN."""

from core import deeds as known_deeds
from core import outside, slots
from core.i18n import lazy
from core.jobs import enqueue, on
from modules.accounting import totals
from modules.accounting.events import InvoiceReady
from modules.accounting.ports import attachers, layouts
from modules.contracts.ports import billing_checks, place_taxes
from modules.einvoice.ports import enablers, issuers, listings, papers, previewers
from modules.einvoice_co import attaching, desk, fetching, jobs
from modules.einvoice_co.amounts import CO
from modules.einvoice_co.billing import ColombianBillingCheck
from modules.einvoice_co.deeds import WORDS as DEEDS
from modules.einvoice_co.enabling import ColombianEnabler
from modules.einvoice_co.estratos import EstratoRule
from modules.einvoice_co.fetching import Containers
from modules.einvoice_co.issuer import ColombianIssuer, SiigoListing
from modules.einvoice_co.layout import ColombianLayout
from modules.einvoice_co.papers import ColombianPapers
from modules.einvoice_co.previewer import previewer

totals.RULES["CO"] = CO
issuers.register("CO", ColombianIssuer())
listings.register("CO", SiigoListing())
enablers.register("CO", ColombianEnabler())
papers.register("CO", ColombianPapers())
layouts.register("CO", ColombianLayout())
billing_checks.register("CO", ColombianBillingCheck())
place_taxes.register("CO", EstratoRule())
outside.services.register("dian", desk.standing)
slots.add("home.todo", "einvoice_co.endings", lazy("DIAN"), desk.running_out, permission="einvoice.enable", order=30)
slots.add("home.todo", "einvoice_co.undecided", lazy("Documents at the DIAN"), desk.undecided,
          permission="einvoice.view_documents", order=31)
slots.add("customer.summary", "einvoice_co", lazy("Data of the RUT"), desk.customer_summary,
          permission="crm.view_customers", order=40)
slots.add("home.todo", "einvoice_co.attachments", lazy("PDFs at The Factory HKA"), desk.attachments,
          permission="einvoice.view_documents", order=32)
slots.add("invoice.parts", "einvoice_co", lazy("PDF at The Factory HKA"), desk.invoice_part,
          permission="einvoice.view_documents", order=15)
attachers.register("einvoice_co", Containers())
previewers.register("CO", previewer)
known_deeds.add(DEEDS)


@on(InvoiceReady, queue="einvoice", words=lazy("Send our PDFs to the provider"))
def follow_accepted(event: InvoiceReady) -> None:
    """Accepted documents get our PDF where the provider's mail waits for it, and what the law wants kept."""
    waiting, accepted = attaching.begin(event.invoice_ids), fetching.of_invoices(event.invoice_ids)
    for function, ids in ((jobs.attach, waiting), (jobs.fetch_files, accepted)):
        for start in range(0, len(ids), jobs.BATCH):
            enqueue(function, document_ids=ids[start:start + jobs.BATCH])
