"""What `_sim/config` changes: clock, delay, tolerances, lists of identifications."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from core.simulators.settings import Settings

GUAYAQUIL = dt.timezone(dt.timedelta(hours=-5))


def _texts(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        raise ValueError(value)
    return tuple(str(one) for one in value)


_READ: dict[str, Any] = {
    "delay": lambda value: None if value in (None, "never") else value * 1.0,
    "tolerance": lambda value: Decimal(str(value)), "window_minutes": int, "unknown_buyers": _texts,
    "missing_buyers": _texts, "open_register": bool,
}


@dataclass(frozen=True)
class Config(Settings):
    """Values in force. `delay`: how long a voucher is in process, None: for ever; `window_minutes`: its age at most."""

    ZONE = GUAYAQUIL
    READ = _READ

    delay: float | None = 2.0
    tolerance: Decimal = Decimal("0.01")
    window_minutes: int = 129_600
    # buyers whose RUC is not in the register (69), whose identification does not exist (59)
    unknown_buyers: tuple[str, ...] = ()
    missing_buyers: tuple[str, ...] = ()
    # every RUC is known and may do everything
    open_register: bool = False
