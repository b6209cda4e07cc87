"""Simulator of Nubefact's JSON API, with the SUNAT behind it, as `/nubefact/…` of `abona simulators serve`.

It knows nothing of this product's client: it reads the wire as Nubefact does, and refuses what Nubefact refuses.
"""

from __future__ import annotations

from core.i18n import lazy as _
from core.simulators import Simulator
from modules.einvoice_pe.simulator.app import Nubefact, error_page
from modules.einvoice_pe.simulator.faults import OWN

# the app factory: create_app(box) → Nubefact
create_app = Nubefact

SIMULATOR = Simulator(name="nubefact", title=_("Nubefact of Peru: JSON API, and the SUNAT behind it"),
                      create_app=create_app, faults=OWN, error_page=error_page)
