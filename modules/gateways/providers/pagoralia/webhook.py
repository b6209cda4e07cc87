"""Notices of Pagoralia (reference 7.3): neither fields nor signature were found, so they only make us read. Pure."""

from __future__ import annotations

from modules.gateways.access import Access
from modules.gateways.errors import BadSetting
from modules.gateways.providers import hints, values
from modules.gateways.providers.pagoralia import mapping
from modules.gateways.shapes import Incoming, Notice


class PagoraliaWebhook:
    """JSON or forms, to an address that nobody can guess; which field holds what is a setting."""

    def notice(self, access: Access, incoming: Incoming) -> Notice:
        """Whether it came to our address, and which receipt to read."""
        reason, told = hints.reason(access, incoming), hints.fields(incoming)
        try:
            payment = mapping.noticed(access, told)
            word = values.text(told.get(mapping.fields(access)["state"]))
        except BadSetting:
            payment, word = None, ""
        if payment is None:
            return Notice(reason == hints.OK, reason, hints.digest(incoming), action="ignore")
        event = f"{payment.reference.invoice}:{word}"[:200]
        return Notice(reason == hints.OK, reason, event, payment.external_id, "read", payment,
                      is_hint=True)

    def answer(self, notice: Notice) -> tuple[int, str, str]:
        """200 for what came to our address; 401 for the rest."""
        return (200 if notice.authentic else 401), "", "text/plain"
