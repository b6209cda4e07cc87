"""Simulator of ARCA: WSAA, WSFEv1 and constancia de inscripción, as `/arca/…` of `abona simulators serve`.

It knows nothing of this product's client: it reads the wire as ARCA does, and refuses what ARCA refuses.
"""

from __future__ import annotations

from core.i18n import lazy as _
from core.simulators import Simulator
from modules.einvoice_ar.simulator.app import Arca, error_page, spares
from modules.einvoice_ar.simulator.faults import OWN

# the app factory: create_app(box) → Arca
create_app = Arca

SIMULATOR = Simulator(name="arca", title=_("ARCA of Argentina: WSAA, WSFEv1, register of taxpayers"),
                      create_app=create_app, faults=OWN, spares=spares, error_page=error_page)
