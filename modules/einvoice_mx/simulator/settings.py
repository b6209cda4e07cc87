"""What `_sim/config` changes: clock, account, stamps, what a document sent again gets, delays of the SAT."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from core import clock
from core.i18n import _
from core.simulators import frame

CENTRAL = dt.timezone(dt.timedelta(hours=-6))
SAME, WITH_XML, EMPTY = "same_xml", "307_with_xml", "307_empty"


@dataclass(frozen=True)
class Config:
    """Values in force. `offset` is how many seconds its clock is ahead of this machine's."""

    offset: float = 0.0
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

    def now(self) -> dt.datetime:
        """The PAC's time, of central Mexico."""
        return (clock.now() + dt.timedelta(seconds=self.offset)).astimezone(CENTRAL)

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
        """As `_sim/config` takes it, and the clock."""
        return {**asdict(self), "now": self.now().isoformat(timespec="seconds")}

    @classmethod
    def restored(cls, kept: Mapping[str, Any] | None) -> Config:
        """From what `as_json` gave."""
        names = {one.name for one in fields(cls)}
        return replace(cls(), **{key: value for key, value in (kept or {}).items() if key in names})


def _offset(value: Any) -> float:
    """Seconds from this machine's clock to the given moment; the clock runs on from there."""
    if value is None:
        return 0.0
    moment = dt.datetime.fromisoformat(value)
    return (moment.replace(tzinfo=moment.tzinfo or CENTRAL) - clock.now()).total_seconds()


def _seconds(value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or value < 0:
        raise ValueError(value)
    return value


def _mode(value: Any) -> str:
    if value not in (SAME, WITH_XML, EMPTY):
        raise ValueError(value)
    return str(value)


_READ: dict[str, Any] = {
    "now": _offset, "user": str, "password": str, "stamps": int, "again": _mode, "again_seconds": _seconds,
    "open_register": bool, "enforce_validity": bool, "sat_seconds": _seconds, "cancel_seconds": _seconds,
}
