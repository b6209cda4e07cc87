"""Faults on purpose: which, how often, for which requests. Thread-safe and repeatable by their seed."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from core.i18n import _, lazy

# What every simulator can do, in the order in which they are drawn.
COMMON: dict[str, Any] = {
    "refuse_connection": lazy("The connection is reset before anything was read; nothing was done"),
    "timeout_before": lazy("Nothing was done and no answer comes (seconds: how long the client is held, 1)"),
    "slow": lazy("The answer comes late (seconds, 2)"),
    "error_500": lazy("HTTP 500; nothing was done"),
    "garbage": lazy("It was done, but the answer is cut off or something else"),
    "lost_answer": lazy("It was done, and the connection is cut without an answer"),
}
_OPTIONS = {"rate", "count", "seed", "seconds", "only"}


class Cut(Exception):
    """The connection ends here without an answer; `reset` ends it with RST instead of FIN."""

    def __init__(self, reset: bool = False) -> None:
        super().__init__("connection cut on purpose")
        self.reset = reset


class BadFault(ValueError):
    """A fault that this simulator does not have, or values that mean nothing."""


@dataclass
class Fault:
    """One fault in force. `count` is how often it may still strike (None: for ever), `only` limits it to requests
    whose path, SOAPAction or first bytes contain that text; whatever else was given is in `options`."""

    name: str
    rate: float = 1.0
    count: int | None = None
    seed: int | None = None
    seconds: float | None = None
    only: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    struck: int = 0

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)

    def as_dict(self) -> dict[str, Any]:
        return {"fault": self.name, "rate": self.rate, "count": self.count, "seed": self.seed,
                "seconds": self.seconds, "only": self.only, **self.options, "struck": self.struck}


class Faults:
    """The faults of one simulator."""

    def __init__(self, known: Iterable[str]) -> None:
        self.known = frozenset(known)
        self._lock = threading.Lock()
        self._active: dict[str, Fault] = {}

    def set(self, given: Mapping[str, Any]) -> Fault | None:
        """Put a fault in force, or end it with rate 0; BadFault where the values mean nothing."""
        fault = self._read(given)
        with self._lock:
            self._active.pop(fault.name, None)
            if fault.rate > 0 and fault.count != 0:
                self._active[fault.name] = fault
                return fault
        return None

    def clear(self) -> None:
        """End all faults."""
        with self._lock:
            self._active.clear()

    def listed(self) -> list[dict[str, Any]]:
        """The faults in force, with how often each struck."""
        with self._lock:
            return [fault.as_dict() for fault in self._active.values()]

    def __bool__(self) -> bool:
        return bool(self._active)

    def strikes(self, name: str, matches: Callable[[str], bool] = lambda text: True) -> Fault | None:
        """The fault, if it strikes this request; its count goes down."""
        if name not in self._active:  # the common case costs nothing
            return None
        with self._lock:
            fault = self._active.get(name)
            if fault is None or not matches(fault.only) or fault.random.random() >= fault.rate:
                return None
            fault.struck += 1
            if fault.count is not None:
                fault.count -= 1
                if fault.count <= 0:
                    del self._active[name]
            return fault

    def _read(self, given: Mapping[str, Any]) -> Fault:
        name = given.get("fault")
        if name not in self.known:
            raise BadFault(_("There is no fault %(name)s here; known: %(known)s.", name=name,
                             known=", ".join(sorted(self.known))))
        try:
            rate = float(1 if given.get("rate") is None else given["rate"])
            count = None if given.get("count") is None else int(given["count"])
            seed = None if given.get("seed") is None else int(given["seed"])
            seconds = None if given.get("seconds") is None else float(given["seconds"])
        except (TypeError, ValueError) as error:
            raise BadFault(_("To set a fault, rate, count, seed and seconds must be numbers.")) from error
        if not 0 <= rate <= 1:
            raise BadFault(_("To set a fault, its rate must be between 0 and 1."))
        more = {key: value for key, value in given.items() if key not in _OPTIONS | {"fault"}}
        return Fault(str(name), rate, count, seed, seconds, str(given.get("only") or ""), more)


def parse_fault(text: str) -> tuple[str, dict[str, Any]]:
    """`arca:lost_answer=0.2` → ("arca", {"fault": "lost_answer", "rate": 0.2}); BadFault in any other form."""
    simulator, colon, rest = text.partition(":")
    name, equals, rate = rest.partition("=")
    try:
        if not (simulator and colon and name):
            raise ValueError(text)
        return simulator, {"fault": name, "rate": float(rate) if equals else 1.0}
    except ValueError as error:
        raise BadFault(_("To set a fault you must write it as NAME:FAULT=RATE, like arca:lost_answer=0.2; found "
                         "%(text)s.", text=text)) from error
