"""Simulator of ComboPay, as `/combopay/…` of `abona simulators serve`.

It knows nothing of this product's client: it answers as four public integrations show it (reference 5).
"""

from __future__ import annotations

from core.i18n import lazy as _
from core.simulators import Simulator
from modules.gateways.providers.combopay.simulator.app import OWN, Service

# the app factory: create_app(box) → Service
create_app = Service

SIMULATOR = Simulator(name="combopay", title=_("ComboPay: links, states, notices"), create_app=create_app, faults=OWN)
