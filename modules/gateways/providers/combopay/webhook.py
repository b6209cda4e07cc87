"""Notices of ComboPay (reference 5): without signature, so they only make us read the link. Pure."""

from __future__ import annotations

from modules.gateways.access import Access
from modules.gateways.providers import hints, values
from modules.gateways.providers.combopay import mapping
from modules.gateways.shapes import Incoming, Notice


class ComboPayWebhook:
    """Forms or JSON, to an address that nobody can guess."""

    def notice(self, access: Access, incoming: Incoming) -> Notice:
        """Whether it came to our address, and which link to read."""
        reason, told = hints.reason(access, incoming), hints.fields(incoming)
        payment, ticket = mapping.noticed(told), values.text(told.get("ticket_id"))
        event = f"{ticket}:{values.text(told.get('transaction_state'))}" if ticket else hints.digest(incoming)
        if payment is None:
            return Notice(reason == hints.OK, reason, event[:200], action="ignore")
        return Notice(reason == hints.OK, reason, event[:200], payment.external_id, "read", payment,
                      is_hint=True)

    def answer(self, notice: Notice) -> tuple[int, str, str]:
        """200 for what came to our address; 401 for the rest."""
        return (200 if notice.authentic else 401), "", "text/plain"
