"""Simulators of outside services: one local server, paths /<name>/…, with state and faults on purpose.

A module or provider brings one as `simulator.py` (or a package of that name) with

    SIMULATOR = Simulator(name="arca", title=lazy("…"), create_app=create_app, faults={"cascade": lazy("…")})

`create_app(box)` answers a `Service`: a WSGI app with `state(query)` and `reset()`. Nothing here needs a database.
"""

from __future__ import annotations

from core.simulators.commands import cli
from core.simulators.discovery import available, get
from core.simulators.faults import COMMON, Cut, Fault, Faults, parse_fault
from core.simulators.frame import Box, Mounted, Service, Simulator, Site
from core.simulators.serving import Running, running, serve

__all__ = ["COMMON", "Box", "Cut", "Fault", "Faults", "Mounted", "Running", "Service", "Simulator", "Site",
           "available", "cli", "get", "parse_fault", "running", "serve"]
