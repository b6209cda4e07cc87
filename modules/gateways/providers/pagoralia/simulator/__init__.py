"""Simulator of Pagoralia, as `/pagoralia/<abrev>/…` of `abona simulators serve`.

It knows nothing of this product's client: it answers as two integrations and a partner's page show it (reference 7.2).
"""

from __future__ import annotations

from core.i18n import lazy as _
from core.simulators import Simulator
from modules.gateways.providers.pagoralia.simulator.app import OWN, Service

# the app factory: create_app(box) → Service
create_app = Service

SIMULATOR = Simulator(name="pagoralia", title=_("Pagoralia: permanent pages, receipts, notices"),
                      create_app=create_app, faults=OWN)
