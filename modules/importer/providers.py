"""What imports put into the frame: a step of moving in, and a button where there are no customers yet."""

from __future__ import annotations

from core import deeds as known_deeds
from core import slots
from core.i18n import lazy
from modules.importer import desk
from modules.importer.deeds import WORDS as DEEDS

MAY = "importer.import_customers"
slots.add("setup.steps", "importer", lazy("Your customers"), desk.import_steps, MAY, order=60)
slots.add("customers.empty", "importer", lazy("Import a spreadsheet"), desk.import_button, MAY, order=10)
slots.add("payments.actions", "importer", lazy("From a spreadsheet"), desk.payments_button, "importer.import_payments",
          order=10)
known_deeds.add(DEEDS)
