"""What the module puts into the ports of others."""

from __future__ import annotations

from core import deeds
from modules.demo import deeds as own

deeds.add(own.WORDS)
