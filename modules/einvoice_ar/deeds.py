"""The actions that this module puts on record, in words."""

from __future__ import annotations

from core.i18n import lazy

WORDS = {
    "einvoice_ar.choose_point_of_sale": lazy("Point of sale chosen"),
    "einvoice_ar.edit_profile": lazy("Fiscal profile changed"),
    "einvoice_ar.go_live": lazy("ARCA switched to production"),
    "einvoice_ar.install_certificate": lazy("Certificate installed"),
    "einvoice_ar.mark_credit_invoices": lazy("Credit invoices marked"),
    "einvoice_ar.request_certificate": lazy("Certificate requested"),
}
