"""Simulator of Mercado Pago, as `/mercadopago/…` of `abona simulators serve`.

It knows nothing of this product's client: it answers as the service's documentation says (reference 1.1 to 1.11), and
refuses what the service refuses.
"""

from __future__ import annotations

from core.i18n import lazy as _
from core.simulators import Simulator
from modules.gateways.providers.mercadopago.simulator.app import OWN, Service, error_page

# the app factory: create_app(box) → Service
create_app = Service

SIMULATOR = Simulator(name="mercadopago", title=_("Mercado Pago: links, tickets, notices, refunds, reports"),
                      create_app=create_app, faults=OWN, error_page=error_page)
