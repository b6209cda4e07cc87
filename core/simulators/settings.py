"""What `_sim/config` of a simulator changes: its clock, and what else it declares; kept in its store."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar, Generic, Self, TypeVar

from core import clock
from core.i18n import _
from core.simulators.frame import BadRequest
from core.simulators.store import Store


@dataclass(frozen=True)
class Settings:
    """Values in force; a subclass adds fields with defaults, its zone, and by field how a value is read (`READ`).

    `offset` is how many seconds its clock is ahead of this machine's; it is set by `now`, a moment or null.
    """

    ZONE: ClassVar[dt.tzinfo] = dt.UTC
    READ: ClassVar[Mapping[str, Callable[[Any], Any]]] = {}

    offset: float = 0.0

    def now(self) -> dt.datetime:
        """The authority's time, in its zone."""
        return (clock.now() + dt.timedelta(seconds=self.offset)).astimezone(self.ZONE)

    def today(self) -> dt.date:
        """The authority's day."""
        return self.now().date()

    def changed(self, given: Mapping[str, Any]) -> Self:
        """With these values of `_sim/config`; BadRequest names what cannot be used."""
        readers: Mapping[str, Callable[[Any], Any]] = {"now": self._ahead, "offset": float, **self.READ}
        values: dict[str, Any] = {}
        for key, value in given.items():
            if key not in readers:
                raise BadRequest(_("There is no setting %(name)s; known: %(known)s.", name=key,
                                   known=", ".join(readers)))
            try:
                values["offset" if key == "now" else key] = readers[key](value)
            except (TypeError, ValueError, InvalidOperation, AttributeError) as error:
                raise BadRequest(_("The value of %(name)s cannot be used: %(value)s.", name=key,
                                   value=value)) from error
        return replace(self, **values)

    def _ahead(self, value: Any) -> float:
        """Seconds from this machine's clock to the given moment; the clock runs on from there."""
        if value is None:
            return 0.0
        moment = dt.datetime.fromisoformat(value)
        return (moment.replace(tzinfo=moment.tzinfo or self.ZONE) - clock.now()).total_seconds()

    def as_json(self) -> dict[str, Any]:
        """As `_sim/config` takes it, and the clock."""
        return {**{key: _plain(value) for key, value in asdict(self).items()},
                "now": self.now().isoformat(timespec="seconds")}

    @classmethod
    def restored(cls, kept: Mapping[str, Any] | None) -> Self:
        """From what `as_json` gave; the clock goes on."""
        return cls().changed({key: value for key, value in (kept or {}).items() if key in {"offset", *cls.READ}})


Kind = TypeVar("Kind", bound=Settings)


class Configured(Generic[Kind]):
    """A simulator's settings in force, changed by requests and kept in its store."""

    def __init__(self, store: Store, kind: type[Kind]) -> None:
        self._store, self._kind, self._guard = store, kind, threading.Lock()
        self.config: Kind = kind.restored(store.meta("config"))

    def configure(self, given: Mapping[str, Any]) -> Kind:
        """Change settings and keep them; BadRequest where they cannot be used."""
        with self._guard:
            config = self.config.changed(given)
            self._store.set_meta("config", config.as_json())
            self.config = config
        return config

    def release(self) -> None:
        """The server ends: let another one have the state."""
        self._store.release()

    def begin_again(self) -> None:
        """Forget what a reset forgets, settings too."""
        with self._guard:
            self._store.forget()
            self.config = self._kind()


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    return str(value) if isinstance(value, Decimal | dt.date) else value
