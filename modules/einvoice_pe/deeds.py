"""The actions that this module puts on record, in words."""

from __future__ import annotations

from core.i18n import lazy

WORDS = {
    "einvoice_pe.choose_document": lazy("Factura or boleta chosen"),
    "einvoice_pe.choose_series": lazy("Series chosen"),
    "einvoice_pe.edit_profile": lazy("Fiscal profile changed"),
    "einvoice_pe.enter_route": lazy("Route of Nubefact entered"),
    "einvoice_pe.go_live": lazy("Nubefact switched to production"),
    "einvoice_pe.put_on_paper": lazy("Number of a paper written down"),
    "einvoice_pe.record_detraction": lazy("Constancia of a detracción recorded"),
    "einvoice_pe.mark_agent": lazy("Agent of retención marked"),
    "einvoice_pe.test_document": lazy("Test document sent"),
}
