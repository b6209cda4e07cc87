"""What `_sim/config` changes: clock, profile, limits, dates, rates."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from decimal import Decimal, InvalidOperation
from typing import Any

from core import clock
from core.i18n import _
from core.simulators import frame

BUENOS_AIRES = dt.timezone(dt.timedelta(hours=-3))
PROFILES = {"production": "Produccion - sr4", "testing": "HomologacionExterno - srt"}


@dataclass(frozen=True)
class Config:
    """Values in force. `offset` is how many seconds ARCA's clock is ahead of this machine's."""

    profile: str = "production"
    offset: float = 0.0
    retention_minutes: float = 10
    reg_x_req: int = 250
    threshold: Decimal = Decimal("10000000.00")
    fce_minimum: Decimal = Decimal("5549862.00")
    condition_required_from: dt.date = dt.date(2026, 12, 1)
    rates: Mapping[str, Decimal] = field(default_factory=lambda: {
        "DOL": Decimal("1450.5"), "060": Decimal("1680.25"), "012": Decimal("268.4"), "011": Decimal("36.15")})
    open_register: bool = False

    def now(self) -> dt.datetime:
        """ARCA's time, in Buenos Aires."""
        return (clock.now() + dt.timedelta(seconds=self.offset)).astimezone(BUENOS_AIRES)

    def today(self) -> dt.date:
        return self.now().date()

    @property
    def testing(self) -> bool:
        return self.profile == "testing"

    def changed(self, given: Mapping[str, Any]) -> Config:
        """With these values of `_sim/config`; frame.BadRequest names what cannot be used."""
        values: dict[str, Any] = {}
        for key, value in given.items():
            if key not in _READ:
                raise frame.BadRequest(_("There is no setting %(name)s; known: %(known)s.", name=key,
                                         known=", ".join(_READ)))
            try:
                values["offset" if key == "now" else key] = _READ[key](value)
            except (TypeError, ValueError, InvalidOperation, AttributeError) as error:
                raise frame.BadRequest(_("The value of %(name)s cannot be used: %(value)s.", name=key,
                                         value=value)) from error
        return replace(self, **values)

    def as_json(self) -> dict[str, Any]:
        """As `_sim/config` takes it, and the clock."""
        shown = {key: str(value) if isinstance(value, Decimal | dt.date) else value
                 for key, value in asdict(self).items()}
        shown["rates"] = {code: str(rate) for code, rate in self.rates.items()}
        return {**shown, "now": self.now().isoformat(timespec="seconds")}

    @classmethod
    def restored(cls, kept: Mapping[str, Any] | None) -> Config:
        """From what `as_json` gave."""
        names = {one.name for one in fields(cls)} - {"offset"}
        config = cls().changed({key: value for key, value in (kept or {}).items() if key in names})
        return replace(config, offset=float((kept or {}).get("offset", 0)))


def _offset(value: Any) -> float:
    """Seconds from this machine's clock to the given moment; the clock runs on from there."""
    if value is None:
        return 0.0
    moment = dt.datetime.fromisoformat(value)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=BUENOS_AIRES)
    return (moment - clock.now()).total_seconds()


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
    "now": _offset,
    "profile": _one_of_profiles,
    "retention_minutes": lambda value: max(0.0, float(value)),
    "reg_x_req": _positive,
    "threshold": _amount,
    "fce_minimum": _amount,
    "condition_required_from": dt.date.fromisoformat,
    "rates": lambda value: {str(code): _amount(rate) for code, rate in value.items()},
    "open_register": bool,
}
