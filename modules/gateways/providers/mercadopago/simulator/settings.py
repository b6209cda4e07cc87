"""What `_sim/config` changes: fees, taxes kept back, days until money can be used, how notices leave, the clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from core.simulators.settings import Settings
from modules.gateways.providers.mercadopago.simulator.catalog import COUNTRIES, Country

NOTICES = ("auto", "manual", "off")


def _percent(value: Any) -> Decimal:
    found = Decimal(str(value))
    if not 0 <= found <= 100:
        raise ValueError(value)
    return found


def _by_site(value: Any) -> dict[str, Decimal]:
    if not isinstance(value, Mapping) or set(value) - set(COUNTRIES):
        raise ValueError(value)
    return {site: _percent(one) for site, one in value.items()}


def _notices(value: Any) -> str:
    if value not in NOTICES:
        raise ValueError(value)
    return str(value)


@dataclass(frozen=True)
class Config(Settings):
    """Percentages of the amount, but `fee_tax` of the fee. `report_seconds`: how long a report is being made."""

    READ = {"fee": _percent, "fee_tax": _percent, "withholding": _by_site, "release_days": int, "notices": _notices,
            "report_seconds": int}

    fee: Decimal = Decimal("4.99")
    fee_tax: Decimal = Decimal("21")
    withholding: Mapping[str, Decimal] = field(default_factory=lambda: {"MLA": Decimal("2.5")})
    release_days: int = 10
    notices: str = "auto"
    report_seconds: int = 0

    def fee_of(self, country: Country, amount: Decimal) -> Decimal:
        """What the service keeps for itself, with the tax on it."""
        fee = _share(country, amount, self.fee)
        return fee + _share(country, fee, self.fee_tax)

    def withheld(self, country: Country, amount: Decimal) -> Decimal:
        """What it keeps back for the tax office."""
        return _share(country, amount, self.withholding.get(country.site, Decimal(0)))


def _share(country: Country, amount: Decimal, percent: Decimal) -> Decimal:
    return (amount * percent / 100).quantize(country.cent, rounding=ROUND_HALF_UP)
