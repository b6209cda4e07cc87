"""The actions that this module puts on record, in words."""

from __future__ import annotations

from core.i18n import lazy

WORDS = {
    "accounting.apply_credit": lazy("Credit used"),
    "accounting.cancel_invoice": lazy("Document annulled"),
    "accounting.issue_invoice": lazy("Document issued"),
    "accounting.lock_period": lazy("Period locked"),
    "accounting.open_period": lazy("Period opened"),
    "accounting.record_payment": lazy("Payment recorded"),
    "accounting.record_payments": lazy("Payments recorded"),
    "accounting.refund_payment": lazy("Part of a payment given back"),
    "accounting.reissue": lazy("Issued again to the right name"),
    "accounting.reverse_payment": lazy("Payment taken back"),
    "accounting.revise_design": lazy("Look of documents changed"),
    "accounting.take_off": lazy("Payment taken off a document"),
}
