"""Simulator of CobroDigital's web service 3, as `/cobrodigital/ws3/`.

It knows nothing of this product's client: it reads forms as PHP does, and refuses what the service refuses.
"""

from __future__ import annotations

from core.i18n import lazy as _
from core.simulators import Simulator
from modules.gateways.providers.cobrodigital.simulator.app import OWN, Service

# the app factory: create_app(box) → Service
create_app = Service

SIMULATOR = Simulator(name="cobrodigital", title=_("CobroDigital: payers, slips, transactions"),
                      create_app=create_app, faults=OWN)
