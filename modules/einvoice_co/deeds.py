"""The actions that this module puts on record, in words."""

from __future__ import annotations

from core.i18n import lazy

WORDS = {
    "einvoice_co.choose_resolution": lazy("Numbering resolution chosen"),
    "einvoice_co.choose_siigo": lazy("Siigo's lists chosen from"),
    "einvoice_co.adopt_debit_note": lazy("Debit note of Siigo Nube recorded"),
    "einvoice_co.attach": lazy("PDF sent to the provider again"),
    "einvoice_co.edit_customer": lazy("Customer's data of the RUT changed"),
    "einvoice_co.edit_profile": lazy("Fiscal profile changed"),
    "einvoice_co.go_live": lazy("DIAN switched to production"),
    "einvoice_co.save_access": lazy("Access to the provider changed"),
    "einvoice_co.test_document": lazy("Test document accepted"),
}
