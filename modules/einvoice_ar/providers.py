"""What this module plugs into the ports of others."""

from core import deeds as known_deeds
from core import outside, slots
from core.i18n import lazy
from modules.accounting.ports import collectors, layouts
from modules.contracts.ports import billing_checks
from modules.einvoice.ports import enablers, issuers, previewers
from modules.einvoice_ar import desk
from modules.einvoice_ar.billing import ArgentineBillingCheck
from modules.einvoice_ar.deeds import WORDS as DEEDS
from modules.einvoice_ar.enabling import ArgentineEnabler
from modules.einvoice_ar.issuer import ArgentineIssuer
from modules.einvoice_ar.layout import ArgentineLayout
from modules.einvoice_ar.perceptions import ArgentineCollector
from modules.einvoice_ar.previewer import previewer

issuers.register("AR", ArgentineIssuer())
enablers.register("AR", ArgentineEnabler())
layouts.register("AR", ArgentineLayout())
collectors.register("AR", ArgentineCollector())
billing_checks.register("AR", ArgentineBillingCheck())
outside.services.register("arca", desk.standing)
slots.add("home.todo", "einvoice_ar", lazy("ARCA"), desk.announcements, permission="einvoice.view_documents", order=60)
slots.add("home.todo", "einvoice_ar.certificates", lazy("Certificates"), desk.certificates,
          permission="einvoice.enable", order=30)
slots.add("customer.summary", "einvoice_ar", lazy("ARCA's register"), desk.customer_summary,
          permission="crm.view_customers", order=40)
slots.add("customer.summary", "einvoice_ar.perceptions", lazy("Perceptions"), desk.customer_perceptions,
          permission="crm.view_customers", order=45)
previewers.register("AR", previewer)
known_deeds.add(DEEDS)
