"""What this module puts into the frame and the customer's page."""

from __future__ import annotations

from core import deeds as known_deeds
from modules.arrears.deeds import WORDS

known_deeds.add(WORDS)
