"""Simulator of SIRO: session, debt files, lists, payment button with its page, slips, as `/siro/…`.

It knows nothing of this product's client: it reads files and calls as the bank's manuals say, and refuses what SIRO
refuses. `_sim/pay`, `_sim/slip`, `_sim/intent` play the payers.
"""

from __future__ import annotations

from core.i18n import lazy as _
from core.simulators import Simulator
from modules.gateways.providers.siro.simulator.app import SiroBank
from modules.gateways.providers.siro.simulator.bank import OWN

# the app factory: create_app(box) → SiroBank
create_app = SiroBank

SIMULATOR = Simulator(name="siro", title=_("SIRO of Banco Roela: debt files, slips, payment button, renditions"),
                      create_app=create_app, faults=OWN)
