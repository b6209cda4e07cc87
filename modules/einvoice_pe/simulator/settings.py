"""What `_sim/config` changes: clock, window of dates, how soon SUNAT answers, what it decides."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from core import clock
from core.i18n import _
from core.simulators import frame

LIMA = dt.timezone(dt.timedelta(hours=-5))


@dataclass(frozen=True)
class Config:
    """Values in force. `offset` is how many seconds the clock is ahead of this machine's.

    `…_consults` say after how many questions SUNAT has answered, `boleta_seconds` after which time at the latest;
    `decisions` are SUNAT's return codes by `tipo-serie-numero`.
    """

    offset: float = 0.0
    days_back: int = 3
    factura_consults: int = 0
    boleta_consults: int = 1
    boleta_seconds: int | None = None
    void_consults: int = 1
    zips: bool = False
    decisions: Mapping[str, str] = field(default_factory=dict)

    def now(self) -> dt.datetime:
        """Nubefact's time, in Lima."""
        return (clock.now() + dt.timedelta(seconds=self.offset)).astimezone(LIMA)

    def changed(self, given: Mapping[str, Any]) -> Config:
        """With these values of `_sim/config`; frame.BadRequest names what cannot be used."""
        values: dict[str, Any] = {}
        for key, value in given.items():
            if key not in _READ:
                raise frame.BadRequest(_("There is no setting %(name)s; known: %(known)s.", name=key,
                                         known=", ".join(_READ)))
            try:
                values["offset" if key == "now" else key] = _READ[key](value)
            except (TypeError, ValueError, AttributeError) as error:
                raise frame.BadRequest(_("The value of %(name)s cannot be used: %(value)s.", name=key,
                                         value=value)) from error
        return replace(self, **values)

    def as_json(self) -> dict[str, Any]:
        """As it is kept and shown."""
        return {**asdict(self), "decisions": dict(self.decisions)}

    @classmethod
    def restored(cls, kept: Mapping[str, Any] | None) -> Config:
        return cls(**kept) if kept else cls()


def _offset(value: Any) -> float:
    if value is None:
        return 0.0
    moment = dt.datetime.fromisoformat(value)
    return ((moment if moment.tzinfo else moment.replace(tzinfo=LIMA)) - clock.now()).total_seconds()


def _count(value: Any) -> int:
    if int(value) < 0:
        raise ValueError(value)
    return int(value)


_READ: dict[str, Any] = {
    "now": _offset, "days_back": _count, "factura_consults": _count, "boleta_consults": _count,
    "boleta_seconds": lambda value: None if value is None else _count(value), "void_consults": _count, "zips": bool,
    "decisions": lambda value: {str(key): str(code) for key, code in value.items()},
}
