"""Simulator of PagoMisCuentas: the folders Upload and Download of a company, payers, collections.

It knows nothing of this product's files: it reads and writes them by the network's field tables.
"""

from __future__ import annotations

from core.i18n import lazy as _
from core.simulators import Simulator
from modules.gateways.providers.pagomiscuentas.simulator.app import OWN, Network

# the app factory: create_app(box) → Network
create_app = Network

SIMULATOR = Simulator(name="pagomiscuentas", title=_("PagoMisCuentas: files of debts and of collections"),
                      create_app=create_app, faults=OWN)
