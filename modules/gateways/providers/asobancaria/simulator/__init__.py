"""Simulator of a Colombian bank that collects, as `/asobancaria/…` of `abona simulators serve`.

It takes a debt file and writes the payment file of a day. It knows nothing of this product's reader: positions stand
here once more, from the reference.
"""

from __future__ import annotations

from core.i18n import lazy as _
from core.simulators import Simulator
from modules.gateways.providers.asobancaria.simulator.app import Bank
from modules.gateways.providers.asobancaria.simulator.writing import BROKEN

SIMULATOR = Simulator(name="asobancaria", title=_("A bank of Colombia: debt files in, payment files of a day out"),
                      create_app=Bank, faults=BROKEN)
