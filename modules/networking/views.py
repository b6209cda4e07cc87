"""The pages of the network: lists here, the others in files of their own."""

from __future__ import annotations

from typing import Any

from core import lists as frame
from modules.networking import cut_views, link_views, router_views
from modules.networking.blueprint import bp
from modules.networking.lists import CHANGES, CONNECTIONS, ROUTERS

__all__ = ["bp", "cut_views", "link_views", "router_views"]

frame.attach(bp, "/network/connections", CONNECTIONS)
frame.attach(bp, "/network/changes", CHANGES)


@frame.at(bp, "/network/routers", ROUTERS)
def routers(shown: Any) -> Any:
    """The routers, with what waits on each."""
    return shown.render("networking/routers.html")
