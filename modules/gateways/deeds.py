"""The actions that this module puts on record, in words."""

from __future__ import annotations

from core.i18n import lazy

WORDS = {
    "gateways.assign_payment": lazy("Payment of a gateway given to a customer"),
    "gateways.create_account": lazy("Gateway added"),
    "gateways.import_file": lazy("File of payments imported"),
    "gateways.look_at_payment": lazy("Payment of a gateway looked at"),
    "gateways.set_aside": lazy("Payment of a gateway set aside"),
    "gateways.undo_file": lazy("File of payments taken back"),
}
