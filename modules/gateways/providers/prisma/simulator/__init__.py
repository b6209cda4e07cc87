"""Simulator of the acquirer's site for automatic debits: files in, answers on the next banking day.

It knows nothing of this product's files: it reads and writes them by the acquirer's description.
"""

from __future__ import annotations

from core.i18n import lazy as _
from core.simulators import Simulator
from modules.gateways.providers.prisma.simulator.app import OWN, Acquirer

# the app factory: create_app(box) → Acquirer
create_app = Acquirer

SIMULATOR = Simulator(name="prisma", title=_("PRISMA: files of automatic card debits and their answers"),
                      create_app=create_app, faults=OWN)
