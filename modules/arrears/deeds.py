"""The actions that this module puts on record, in words."""

from __future__ import annotations

from core.i18n import lazy

WORDS = {
    "arrears.promise": lazy("Promise of payment noted"),
    "arrears.withdraw_promise": lazy("Promise of payment taken back"),
}
