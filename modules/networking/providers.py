"""What this module plugs into the ports and slots of others; drivers are found by themselves."""

from __future__ import annotations

import modules.networking.drivers  # noqa: F401  each folder registers its driver
from core import deeds as known_deeds
from modules.networking.deeds import WORDS as DEEDS

known_deeds.add(DEEDS)
