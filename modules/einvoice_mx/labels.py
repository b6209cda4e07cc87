"""Words for what a receipt of payment or a global invoice has come to, with the tone in which they are shown."""

from __future__ import annotations

from typing import Any

from core.i18n import lazy

STATES: dict[str, tuple[Any, str]] = {
    "pending": (lazy("waiting"), "mute"), "sending": (lazy("being sent"), "warn"),
    "authorized": (lazy("stamped"), "ok"), "rejected": (lazy("refused"), "bad"),
    "cancelling": (lazy("being cancelled"), "warn"), "cancelled": (lazy("cancelled"), "mute"),
}
ENVIRONMENTS = {"rehearsal": lazy("rehearsal"), "testing": lazy("the authority's testing service"),
                "production": lazy("production")}
PERIODS = {"01": lazy("day"), "02": lazy("week"), "03": lazy("half a month"), "04": lazy("month"),
           "05": lazy("two months")}
