"""What legal documents put into the frame."""

from core import companies, setup, slots
from core import deeds as known_deeds
from core.i18n import lazy
from modules.accounting.ports import attachers, holdings
from modules.accounting.ports import closing as closing_checks
from modules.einvoice import closing, desk, holding, queries
from modules.einvoice.deeds import WORDS as DEEDS
from modules.einvoice.files import Attached

slots.add("home.todo", "einvoice", lazy("Electronic documents"), desk.todo, permission="einvoice.view_documents",
          order=20)
slots.add("home.charts", "einvoice", lazy("Electronic documents of this month"), desk.chart,
          permission="einvoice.view_documents", order=40)
slots.add("invoice.parts", "einvoice", lazy("Tax authority"), desk.invoice_part, permission="einvoice.view_documents",
          order=10)
slots.add("setup.steps", "einvoice", lazy("Electronic invoices"), desk.setup_steps, permission="einvoice.enable",
          order=20)
slots.add("setup.steps", "einvoice.invoice", lazy("First invoice"), desk.invoice_steps,
          permission="accounting.issue_documents", order=80)
setup.facts.register("einvoice.newest_authorized", desk.newest_authorized)
holdings.register("einvoice", holding.Documents())
closing_checks.register("einvoice", closing.Documents())
attachers.register("einvoice", Attached())
companies.number_holders.register("einvoice", queries.number_held)
known_deeds.add(DEEDS)
