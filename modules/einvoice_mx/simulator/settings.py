"""What `_sim/config` changes: clock, account, stamps, what a document sent again gets, delays of the SAT."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from core.simulators.settings import Settings

CENTRAL = dt.timezone(dt.timedelta(hours=-6))
SAME, WITH_XML, EMPTY = "same_xml", "307_with_xml", "307_empty"


def _seconds(value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or value < 0:
        raise ValueError(value)
    return value


def _mode(value: Any) -> str:
    if value not in (SAME, WITH_XML, EMPTY):
        raise ValueError(value)
    return str(value)


_READ: dict[str, Any] = {
    "user": str, "password": str, "stamps": int, "again": _mode, "again_seconds": _seconds,
    "open_register": bool, "enforce_validity": bool, "sat_seconds": _seconds, "cancel_seconds": _seconds,
}


@dataclass(frozen=True)
class Config(Settings):
    """Values in force."""

    ZONE = CENTRAL
    READ = _READ

    # the provider's published account for tests
    user: str = "UsuarioPruebasWS"
    password: str = "b9ec2afa3361a59af4b4d102d3f704eabdf097d4"
    # timbres that are left
    stamps: int = 100_000
    # what the same document gets when it comes again; with 307_empty for so many seconds only, then its XML
    again: str = EMPTY
    again_seconds: float = 5.0
    # whether everybody is taken for registered, under any name (a rehearsal's customers are not in the list)
    open_register: bool = False
    # the SAT's test certificates have mostly run out: 305 is only for who asks for it
    enforce_validity: bool = False
    # seconds until the SAT's query knows a document, and a cancellation
    sat_seconds: float = 0.0
    cancel_seconds: float = 0.0
