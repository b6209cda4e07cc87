"""Money back through Mercado Pago (reference 1.5)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from core.errors import DomainError, Unavailable
from core.i18n import _
from modules.gateways.access import Access
from modules.gateways.providers.mercadopago.client import NAME, MercadoPago, key_of, nothing_under
from modules.gateways.providers.mercadopago.mapping import NoPayment, readings, refund
from modules.gateways.providers.mercadopago.sites import site_of
from modules.gateways.providers.values import money
from modules.gateways.shapes import Reading


class MercadoPagoRefund:
    """Refunds, whole or in part, within 180 days of the payment."""

    def problem(self, access: Access, amount: Decimal, whole: bool) -> str:
        """Some countries only give back whole payments."""
        site = site_of(access)
        if not whole and site is not None and not site.partial_refunds:
            return _("In %(country)s Mercado Pago only gives back whole payments.", country=site.title)
        return ""

    def refund(self, access: Access, payment_id: str, amount: Decimal, whole: bool, key: str,
               known: Mapping[str, Any] | None = None) -> Reading:
        """Ask for it. The same key asks for the same refund, so it may be repeated whatever came of it."""
        if problem := self.problem(access, amount, whole):
            raise DomainError(problem)
        service = MercadoPago(access)
        payment = service.payment(payment_id)
        if payment is None:
            raise nothing_under(payment_id)
        # without an amount it gives back what is left, which is less where somebody gave back a part meanwhile
        untouched = not money(payment.get("transaction_amount_refunded"))
        made = service.refund(payment_id, {} if whole and untouched else {"amount": amount}, key_of(key))
        try:
            return refund(access, readings(access, payment)[0], made)
        except NoPayment:
            raise Unavailable(_("%(name)s answered something that cannot be read.", name=NAME)) from None
