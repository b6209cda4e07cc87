"""Simulator of the SRI: Recepción, Autorización and ConsultaComprobante in pruebas and producción, as `/sri/…`.

It knows nothing of this product's client: it reads the wire as the SRI does, and refuses what the SRI refuses.
"""

from __future__ import annotations

from core.i18n import lazy as _
from core.simulators import Simulator
from modules.einvoice_ec.simulator.app import Sri
from modules.einvoice_ec.simulator.faults import OWN

# the app factory: create_app(box) → Sri
create_app = Sri

SIMULATOR = Simulator(name="sri", title=_("SRI of Ecuador: reception, authorisation and state of vouchers"),
                      create_app=create_app, faults=OWN)
