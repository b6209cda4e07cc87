"""The actions that this module puts on record, in words."""

from __future__ import annotations

from core.i18n import lazy

WORDS = {
    "arrears.promise": lazy("Promise of payment noted"),
    "arrears.withdraw_promise": lazy("Promise of payment taken back"),
    "arrears.take_proof": lazy("Proof of payment taken in"),
    "arrears.accept_proof": lazy("Proof of payment accepted"),
    "arrears.refuse_proof": lazy("Proof of payment refused"),
    "arrears.rehearse": lazy("Cut-off rehearsed"),
    "arrears.run_batch": lazy("Cut-off run"),
    "arrears.stop_batch": lazy("Cut-off stopped"),
    "arrears.undo_batch": lazy("Cut-off undone"),
    "arrears.begin_moratorium": lazy("Moratorium begun"),
    "arrears.end_moratorium": lazy("Moratorium ended"),
}
