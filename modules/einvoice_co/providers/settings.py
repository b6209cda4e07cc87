"""What `_sim/config` of the providers' simulators changes."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from core.simulators.settings import Settings

BOGOTA = dt.timezone(dt.timedelta(hours=-5))


@dataclass(frozen=True)
class Config(Settings):
    """The clock of a provider, in Bogotá."""

    ZONE = BOGOTA
