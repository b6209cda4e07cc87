"""The actions that this module puts on record, in words."""

from __future__ import annotations

from core.i18n import lazy

WORDS = {
    "einvoice_ec.choose_point": lazy("Point of emission chosen"),
    "einvoice_ec.edit_profile": lazy("Fiscal profile changed"),
    "einvoice_ec.go_live": lazy("SRI switched to production"),
    "einvoice_ec.install_certificate": lazy("Certificate installed"),
    "einvoice_ec.test_document": lazy("Test voucher authorised"),
}
