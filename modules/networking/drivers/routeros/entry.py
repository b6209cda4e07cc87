"""Plugs MikroTik's routers in."""

from __future__ import annotations

from modules.networking.drivers.routeros.driver import RouterOS
from modules.networking.ports import drivers

drivers.register("routeros", RouterOS())
