"""What `_sim/config` changes: clock, delay, tolerances, lists of identifications."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any

from core import clock
from core.i18n import _
from core.simulators import frame

GUAYAQUIL = dt.timezone(dt.timedelta(hours=-5))


@dataclass(frozen=True)
class Config:
    """Values in force. `offset` is how many seconds the SRI's clock is ahead of this machine's; `delay` how long a
    voucher is in process, None for ever; `window_minutes` how old one may be."""

    offset: float = 0.0
    delay: float | None = 2.0
    tolerance: Decimal = Decimal("0.01")
    window_minutes: int = 129_600
    # buyers whose RUC is not in the register (69), whose identification does not exist (59)
    unknown_buyers: tuple[str, ...] = ()
    missing_buyers: tuple[str, ...] = ()
    # every RUC is known and may do everything
    open_register: bool = False

    def now(self) -> dt.datetime:
        """The SRI's time, in Ecuador."""
        return (clock.now() + dt.timedelta(seconds=self.offset)).astimezone(GUAYAQUIL)

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
        """As `_sim/config` takes it."""
        return {**asdict(self), "tolerance": str(self.tolerance), "unknown_buyers": list(self.unknown_buyers),
                "missing_buyers": list(self.missing_buyers)}

    @classmethod
    def restored(cls, kept: Mapping[str, Any] | None) -> Config:
        """From what `as_json` gave."""
        return cls().changed(kept or {})


def _offset(value: Any) -> float:
    """Seconds from this machine's clock to the given moment; the clock runs on from there."""
    if value is None:
        return 0.0
    moment = dt.datetime.fromisoformat(value)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=GUAYAQUIL)
    return (moment - clock.now()).total_seconds()


def _texts(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        raise ValueError(value)
    return tuple(str(one) for one in value)


_READ: dict[str, Any] = {
    "now": _offset, "offset": float, "delay": lambda value: None if value in (None, "never") else value * 1.0,
    "tolerance": lambda value: Decimal(str(value)), "window_minutes": int, "unknown_buyers": _texts,
    "missing_buyers": _texts, "open_register": bool,
}
