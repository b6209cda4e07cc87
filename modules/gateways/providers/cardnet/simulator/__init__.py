"""Simulator of CardNET, as `/cardnet/…` of `abona simulators serve`.

It knows nothing of this product's client: it checks fields and answers as the manual and eight integrations show it
(reference 8.1, 8.3, 8.5).
"""

from __future__ import annotations

from core.i18n import lazy as _
from core.simulators import Simulator
from modules.gateways.providers.cardnet.simulator.app import OWN, Service

# the app factory: create_app(box) → Service
create_app = Service

SIMULATOR = Simulator(name="cardnet", title=_("CardNET: hosted page, results, purchases"), create_app=create_app,
                      faults=OWN)
