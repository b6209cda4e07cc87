"""What this module plugs into the ports of others."""

from core import companies, outside, slots
from core import deeds as known_deeds
from core.i18n import lazy
from modules.accounting.ports import closing, collectors, gatherings, layouts
from modules.accounting.totals import RULES
from modules.contracts.ports import billing_checks
from modules.einvoice.ports import cancellers, enablers, issuers, menders, papers, previewers
from modules.einvoice_mx import desk, seed
from modules.einvoice_mx.acuses import MexicanPapers
from modules.einvoice_mx.amounts import RULE
from modules.einvoice_mx.billing import MexicanBillingCheck
from modules.einvoice_mx.closing import MexicanMonth
from modules.einvoice_mx.deeds import WORDS as DEEDS
from modules.einvoice_mx.enabling import MexicanEnabler
from modules.einvoice_mx.issuer import MexicanCanceller, MexicanIssuer
from modules.einvoice_mx.layout import MexicanLayout
from modules.einvoice_mx.mending import MexicanMender
from modules.einvoice_mx.previewer import previewer
from modules.einvoice_mx.public_sales import MexicanGathering
from modules.einvoice_mx.withholding import MexicanCollector

issuers.register("MX", MexicanIssuer())
companies.condition_followers.register("einvoice_mx", seed.follow_change)
cancellers.register("MX", MexicanCanceller())
enablers.register("MX", MexicanEnabler())
menders.register("MX", MexicanMender())
papers.register("MX", MexicanPapers())
layouts.register("MX", MexicanLayout())
collectors.register("MX", MexicanCollector())
gatherings.register("MX", MexicanGathering())
closing.register("einvoice_mx", MexicanMonth())
billing_checks.register("MX", MexicanBillingCheck())
outside.services.register("facturacion_moderna", desk.standing)
slots.add("home.todo", "einvoice_mx.certificates", lazy("Digital seals (CSD)"), desk.certificates,
          permission="einvoice.enable", order=30)
slots.add("home.todo", "einvoice_mx.stamps", lazy("Timbres"), desk.stamps,
          permission="einvoice.view_documents", order=31)
slots.add("home.todo", "einvoice_mx.receipts", lazy("Receipts of payment (CFDI)"), desk.refused_receipts,
          permission="einvoice.view_documents", order=32)
slots.add("home.todo", "einvoice_mx.globals", lazy("Global invoices"), desk.refused_globals,
          permission="einvoice.view_documents", order=33)
slots.add("invoice.parts", "einvoice_mx.public_sale", lazy("General public"), desk.public_sale,
          permission="accounting.view_documents", order=42)
previewers.register("MX", previewer)
known_deeds.add(DEEDS)
RULES["MX"] = RULE
