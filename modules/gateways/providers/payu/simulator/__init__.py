"""Simulator of PayU, as `/payu/…` of `abona simulators serve`.

It knows nothing of this product's client: it judges forms, signs and answers as PayU's manual says (reference 1.1 to
1.9), and refuses what PayU refuses.
"""

from __future__ import annotations

from core.i18n import lazy as _
from core.simulators import Simulator
from modules.gateways.providers.payu.simulator.app import OWN, Service

# the app factory: create_app(box) → Service
create_app = Service

SIMULATOR = Simulator(name="payu", title=_("PayU: page, cash receipts, confirmations, reports, refunds"),
                      create_app=create_app, faults=OWN)
