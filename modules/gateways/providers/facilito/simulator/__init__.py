"""Simulator of Facilito's offices, as `/facilito/…` of `abona simulators serve`: here it is us who are called.

`POST /office/<verb>` plays what happens at a counter, against the address in `_sim/config`; `GET /files/YYYY-MM-DD` is
the file at the end of the day. It knows nothing of this product's code: paths, fields and signatures stand here once
more, from the reference.
"""

from __future__ import annotations

from core.i18n import lazy as _
from core.simulators import Simulator
from modules.gateways.providers.facilito.simulator.app import OWN, Office

SIMULATOR = Simulator(name="facilito", title=_("Facilito of Ecuador: an office that asks, collects and takes back"),
                      create_app=Office, faults=OWN)
