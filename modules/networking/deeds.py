"""The actions that this module puts on record, in words."""

from __future__ import annotations

from core.i18n import lazy

WORDS = {
    "networking.accept": lazy("Another router or certificate accepted"),
    "networking.arm": lazy("Router let be changed"),
    "networking.create_router": lazy("Router added"),
    "networking.disarm": lazy("Router no longer changed"),
    "networking.edit_node": lazy("Node written down"),
    "networking.edit_pool": lazy("Pool of addresses written down"),
    "networking.give_address": lazy("Address of a pool given"),
    "networking.link": lazy("Contract linked with a router"),
    "networking.link_many": lazy("Contracts linked with what was on a router"),
    "networking.tick": lazy("Work on a router ticked off"),
    "networking.try_now": lazy("Router tried again"),
    "networking.unlink": lazy("Contract taken off a router"),
    "networking.update_router": lazy("Router changed"),
}
