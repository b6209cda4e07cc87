"""Asking PayU what became of a reference of ours (reference 1.6): the net under its confirmations."""

from __future__ import annotations

from modules.gateways.access import Access
from modules.gateways.providers.payu import mapping
from modules.gateways.providers.payu.client import PayU
from modules.gateways.shapes import Opened, Reading


class PayUPoll:
    """Reports knows orders by our reference and by their number; it lists nothing, so pages are asked about by name."""

    def read(self, access: Access, payment_id: str = "", reference: str = "",
             opened: Opened | None = None) -> list[Reading]:
        """The attempts of a reference, with what was taken back of them; of an order, where only that is known."""
        number = str(opened.data.get("order") or "") if opened else ""
        if reference:
            orders = PayU(access).orders(reference)
        elif number.isascii() and number.isdigit():
            found = PayU(access).order(int(number))
            orders = [found] if found else []
        else:
            return []
        return [one for order in orders for one in mapping.readings(access, order)]

    def since(self, access: Access, cursor: str) -> tuple[list[Reading], str, bool]:
        """PayU lists no changes."""
        return [], cursor, False
