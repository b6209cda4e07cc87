"""What legal documents put into the frame."""

from core import slots
from core.i18n import lazy
from modules.einvoice import desk

slots.add("home.todo", "einvoice", lazy("Electronic documents"), desk.todo, permission="einvoice.view_documents",
          order=20)
slots.add("invoice.parts", "einvoice", lazy("Tax authority"), desk.invoice_part, permission="einvoice.view_documents",
          order=10)
slots.add("home.steps", "einvoice", lazy("Enable electronic invoices"), desk.step, permission="einvoice.enable",
          order=80)
