"""The actions that this module puts on record, in words."""

from __future__ import annotations

from core.i18n import lazy

WORDS = {
    "einvoice_mx.activate_cancelling": lazy("Digital seal uploaded to the PAC"),
    "einvoice_mx.cancel_receipt": lazy("Receipt of payment cancelled"),
    "einvoice_mx.edit_profile": lazy("Fiscal profile changed"),
    "einvoice_mx.go_live": lazy("PAC switched to production"),
    "einvoice_mx.install_certificate": lazy("Digital seal installed"),
    "einvoice_mx.retry_receipt": lazy("Receipt of payment made again"),
    "einvoice_mx.save_account": lazy("Account at the PAC saved"),
    "einvoice_mx.test_document": lazy("Test document stamped"),
}
