"""What this module plugs into the ports and slots of others; drivers are found by themselves."""

from __future__ import annotations

import modules.networking.drivers  # noqa: F401  each folder registers its driver
from core import deeds as known_deeds
from core import setup, slots
from core.i18n import lazy
from modules.arrears.ports import stages, timeline
from modules.contracts.ports import strip_parts
from modules.networking import desk, story
from modules.networking.deeds import WORDS as DEEDS

known_deeds.add(DEEDS)
setup.facts.register("networking.trouble", desk.trouble)
slots.add("home.todo", "networking", lazy("Network"), desk.todo, permission="networking.view_network", order=15)
slots.add("contract.aside", "networking", lazy("Connection"), desk.contract_card,
          permission="networking.view_network", order=20)
strip_parts.register("networking", desk.OnItsRouter())
timeline.register("networking", story.OnRouters())
stages.register("networking", story.ByNode())
