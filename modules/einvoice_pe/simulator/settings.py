"""What `_sim/config` changes: clock, window of dates, how soon SUNAT answers, what it decides."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.simulators.settings import Settings

LIMA = dt.timezone(dt.timedelta(hours=-5))


def _count(value: Any) -> int:
    if int(value) < 0:
        raise ValueError(value)
    return int(value)


_READ: dict[str, Any] = {
    "days_back": _count, "factura_consults": _count, "boleta_consults": _count,
    "boleta_seconds": lambda value: None if value is None else _count(value), "void_consults": _count, "zips": bool,
    "decisions": lambda value: {str(key): str(code) for key, code in value.items()},
}


@dataclass(frozen=True)
class Config(Settings):
    """Values in force.

    `…_consults` say after how many questions SUNAT has answered, `boleta_seconds` after which time at the latest;
    `decisions` are SUNAT's return codes by `tipo-serie-numero`.
    """

    ZONE = LIMA
    READ = _READ

    days_back: int = 3
    factura_consults: int = 0
    boleta_consults: int = 1
    boleta_seconds: int | None = None
    void_consults: int = 1
    zips: bool = False
    decisions: Mapping[str, str] = field(default_factory=dict)
