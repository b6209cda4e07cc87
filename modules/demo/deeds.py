"""The actions that this module puts on record, in words."""

from __future__ import annotations

from core.i18n import lazy

WORDS = {
    "demo.load": lazy("Demonstration loaded"),
    "demo.take": lazy("Demonstration: payments through a gateway"),
    "demo.stopped": lazy("Demonstration: payments through a gateway stopped half-way"),
}
