"""What may never be credited or debited in Ecuador: its entry in the port `accounting.ports.note_rules`.

A factura to the consumidor final (ficha técnica, 9.10; Res. NAC-DGERCGC25-00000014 with -00000017; ecuador.md, 5.1).
"""

from __future__ import annotations

from typing import Any

from core.i18n import _
from modules.einvoice_ec import catalogs
from modules.einvoice_ec.catalogs import CONSUMIDOR_FINAL, FINAL_CONSUMER


class EcuadorianNoteRule:
    """Asked before a note is issued, so that no note stands in the books that the SRI will never authorise."""

    def refusal(self, invoice: Any, kind: str) -> str:
        """The rule in words, where the buyer is the consumidor final; whatever kind of note is asked for."""
        if invoice.legal_state == "not_required" or not is_final_consumer(invoice):
            return ""
        return _("A note on %(document)s is not possible because the SRI never lets a factura to a consumidor final be "
                 "credited, debited or annulled. What is given back to him is booked as an expense: ask the "
                 "accountant.", document=str(invoice))


def is_final_consumer(invoice: Any) -> bool:
    """Whether the document names nobody, by what it was issued with."""
    customer = (invoice.snapshot or {}).get("customer") or {}
    kind = catalogs.identities().get(customer.get("tax_id_kind") or "", "")
    return kind == CONSUMIDOR_FINAL or customer.get("tax_id") == FINAL_CONSUMER
