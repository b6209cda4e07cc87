"""Simulator of Siigo's API v1, as `/siigo/…` of `abona simulators serve`.

It knows nothing of this product's client: it answers as the API's description says, and refuses what Siigo refuses.
"""

from __future__ import annotations

from core.i18n import lazy as _
from core.simulators import Simulator
from modules.einvoice_co.providers.siigo.simulator.app import OWN, Siigo, error_page

# the app factory: create_app(box) → Siigo
create_app = Siigo

SIMULATOR = Simulator(name="siigo", title=_("Siigo of Colombia: customers, invoices, credit notes"),
                      create_app=create_app, faults=OWN, error_page=error_page)
