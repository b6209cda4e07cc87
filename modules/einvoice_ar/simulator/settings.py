"""What `_sim/config` changes: clock, profile, limits, dates, rates."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from core.simulators.settings import Settings

BUENOS_AIRES = dt.timezone(dt.timedelta(hours=-3))
PROFILES = {"production": "Produccion - sr4", "testing": "HomologacionExterno - srt"}


def _one_of_profiles(value: Any) -> str:
    if value not in PROFILES:
        raise ValueError(value)
    return str(value)


def _positive(value: Any) -> int:
    if int(value) < 1:
        raise ValueError(value)
    return int(value)


def _amount(value: Any) -> Decimal:
    amount = Decimal(str(value))
    if not amount.is_finite() or amount < 0:
        raise ValueError(value)
    return amount


_READ: dict[str, Any] = {
    "profile": _one_of_profiles,
    "retention_minutes": lambda value: max(0.0, float(value)),
    "reg_x_req": _positive,
    "threshold": _amount,
    "fce_minimum": _amount,
    "condition_required_from": dt.date.fromisoformat,
    "rates": lambda value: {str(code): _amount(rate) for code, rate in value.items()},
    "open_register": bool,
}


@dataclass(frozen=True)
class Config(Settings):
    """Values in force."""

    ZONE = BUENOS_AIRES
    READ = _READ

    profile: str = "production"
    retention_minutes: float = 10
    reg_x_req: int = 250
    threshold: Decimal = Decimal("10000000.00")
    fce_minimum: Decimal = Decimal("5549862.00")
    condition_required_from: dt.date = dt.date(2026, 12, 1)
    rates: Mapping[str, Decimal] = field(default_factory=lambda: {
        "DOL": Decimal("1450.5"), "060": Decimal("1680.25"), "012": Decimal("268.4"), "011": Decimal("36.15")})
    open_register: bool = False

    @property
    def testing(self) -> bool:
        return self.profile == "testing"
