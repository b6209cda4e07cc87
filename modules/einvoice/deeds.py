"""The actions that this module puts on record, in words."""

from __future__ import annotations

from core.i18n import lazy

WORDS = {
    "einvoice.abandon": lazy("Refused document given up"),
    "einvoice.cancel": lazy("Document cancelled at the tax authority"),
    "einvoice.cancel_refused": lazy("Cancelling refused by the tax authority"),
    "einvoice.continue_sequence": lazy("Series of numbers let go on"),
    "einvoice.retry": lazy("Refused document sent again"),
}
