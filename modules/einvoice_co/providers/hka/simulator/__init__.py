"""Simulator of The Factory HKA: emission and attachments, as `/hka/…` of `abona simulators serve`.

It knows nothing of this product's client: it reads the wire as a WCF service does, and refuses what the provider and
the DIAN refuse (reference 2.7).
"""

from __future__ import annotations

from core.i18n import lazy as _
from core.simulators import Simulator
from modules.einvoice_co.providers.hka.simulator.app import OWN, FactoryHka, error_page

# the app factory: create_app(box) → FactoryHka
create_app = FactoryHka

SIMULATOR = Simulator(name="hka", title=_("The Factory HKA of Colombia: emission and attachments"),
                      create_app=create_app, faults=OWN, error_page=error_page)
