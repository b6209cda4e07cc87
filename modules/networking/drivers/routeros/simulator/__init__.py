"""Simulator of MikroTik routers: RouterOS' binary protocol on TCP ports, set up as `/routeros/_sim/…`.

It shares no code with the driver: words, queries and refusals are written after the manual and captured answers.
`POST _sim/routers` makes routers, `GET _sim/routers` says on which ports they listen.
"""

from __future__ import annotations

from core.i18n import lazy as _
from core.simulators import Simulator
from modules.networking.drivers.routeros.simulator.app import OWN, Service

# the app factory: create_app(box) → Service
create_app = Service

SIMULATOR = Simulator(name="routeros", title=_("MikroTik routers: secrets, queues, address lists, leases"),
                      create_app=create_app, faults=OWN)
