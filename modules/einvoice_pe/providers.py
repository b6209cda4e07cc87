"""What this module plugs into the ports of others."""

from core import deeds as known_deeds
from core import outside, slots
from core.i18n import lazy
from modules.accounting.ports import Method, closing, elsewhere, first_on_paper, layouts, methods, print_blocks
from modules.accounting.totals import RULES
from modules.contracts.ports import billing_checks
from modules.einvoice.ports import cancellers, enablers, exports, issuers, papers, previewers, signed_first
from modules.einvoice_pe import desk
from modules.einvoice_pe.amounts import PE
from modules.einvoice_pe.annulment import PeruvianCanceller
from modules.einvoice_pe.billing import PeruvianBillingCheck
from modules.einvoice_pe.closing import Peru
from modules.einvoice_pe.contingency import PeruvianPaper
from modules.einvoice_pe.deeds import WORDS as DEEDS
from modules.einvoice_pe.detractions import METHOD, DetractionBlock, DetractionsElsewhere
from modules.einvoice_pe.enabling import PeruvianEnabler
from modules.einvoice_pe.issuer import PeruvianIssuer
from modules.einvoice_pe.layout import PeruvianLayout
from modules.einvoice_pe.papeles import PeruvianPapers
from modules.einvoice_pe.previewer import previewer
from modules.einvoice_pe.rvie import Rvie

RULES["PE"] = PE
issuers.register("PE", PeruvianIssuer())
signed_first.add("PE")
papers.register("PE", PeruvianPapers())
cancellers.register("PE", PeruvianCanceller())
enablers.register("PE", PeruvianEnabler())
exports.register("PE", (Rvie(),))
layouts.register("PE", PeruvianLayout())
billing_checks.register("PE", PeruvianBillingCheck())
first_on_paper.register("PE", PeruvianPaper())
elsewhere.register("detraccion", DetractionsElsewhere())
methods.register(METHOD, Method(lazy("Detracción")))
print_blocks.register("detraccion", DetractionBlock())
closing.register("einvoice_pe", Peru())
outside.services.register("nubefact", desk.standing)
slots.add("home.todo", "einvoice_pe.undecided", lazy("SUNAT"), desk.undecided, permission="einvoice.view_documents",
          order=30)
slots.add("home.todo", "einvoice_pe.detractions", lazy("Detracciones"), desk.late_detractions,
          permission="accounting.view_documents", order=45)
slots.add("invoice.parts", "einvoice_pe", lazy("Detracción"), desk.invoice_part,
          permission="accounting.view_documents", order=20)
slots.add("customer.summary", "einvoice_pe", lazy("Factura or boleta"), desk.customer_summary,
          permission="crm.view_customers", order=40)
previewers.register("PE", previewer)
known_deeds.add(DEEDS)
